//! What is said of what there is to buy.

use async_graphql::{ComplexObject, ID, Object, SimpleObject};

/// Of which product each review is, and how many characters it has.
const REVIEWS: [(u32, usize); 11] = [
    (1, 445),
    (1, 290),
    (1, 270),
    (1, 145),
    (2, 445),
    (2, 290),
    (2, 270),
    (2, 145),
    (3, 145),
    (4, 145),
    (4, 840),
];
/// How many reviews each user has written.
const BY_ONE: usize = 2;
const WORDS: &str = "It does what it says on the box, and is easy to clean. ";

#[derive(SimpleObject)]
#[graphql(complex)]
struct Review {
    id: ID,
    body: String,
    product: Product,
}

#[ComplexObject]
impl Review {
    /// The same person has written everything.
    async fn author(&self) -> User {
        User { id: ID::from(1), username: "ada" }
    }
}

#[derive(SimpleObject)]
#[graphql(complex)]
struct User {
    id: ID,
    username: &'static str,
}

#[ComplexObject]
impl User {
    async fn reviews(&self) -> Vec<Review> {
        all().take(BY_ONE).collect()
    }
}

#[derive(SimpleObject)]
#[graphql(complex)]
struct Product {
    upc: String,
}

#[ComplexObject]
impl Product {
    async fn reviews(&self) -> Vec<Review> {
        all().filter(|review| review.product.upc == self.upc).collect()
    }
}

fn all() -> impl Iterator<Item = Review> {
    (1..).zip(REVIEWS).map(|(number, (product, length))| Review {
        id: ID::from(number),
        body: WORDS.chars().cycle().take(length).collect(),
        product: Product { upc: product.to_string() },
    })
}

pub(crate) struct Reviews;

#[Object]
impl Reviews {
    /// A subgraph has a root of its own.
    async fn reviews(&self) -> usize {
        REVIEWS.len()
    }

    #[graphql(entity)]
    async fn user(&self, id: ID) -> User {
        User { id, username: "ada" }
    }

    #[graphql(entity)]
    async fn product(&self, upc: String) -> Product {
        Product { upc }
    }
}
