//! Who there is.

use async_graphql::{ID, Object, SimpleObject};

const USERS: [(&str, &str); 6] = [
    ("Ada Lovelace", "ada"),
    ("Charles Babbage", "charles"),
    ("Grace Hopper", "grace"),
    ("Alan Turing", "alan"),
    ("Edsger Dijkstra", "edsger"),
    ("Barbara Liskov", "barbara"),
];

#[derive(SimpleObject)]
struct User {
    id: ID,
    name: &'static str,
    username: &'static str,
}

pub(crate) struct Accounts;

#[Object]
impl Accounts {
    async fn users(&self) -> Vec<User> {
        (1..)
            .zip(USERS)
            .map(|(number, (name, username))| User { id: ID::from(number), name, username })
            .collect()
    }

    #[graphql(entity)]
    async fn user(&self, id: ID) -> Option<User> {
        let number: usize = id.parse().ok()?;
        let (name, username) = *USERS.get(number.checked_sub(1)?)?;
        Some(User { id, name, username })
    }
}
