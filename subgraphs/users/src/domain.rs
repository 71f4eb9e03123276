//! Users and the rules that they keep. No type here holds a password but the ones that say so.

use lms_kit::{
    Problem,
    event::{Event, Touch},
    text::{self, TextMatch, TextRule},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::NAME;

const USERNAME: TextRule = TextRule { field: "username", min: 3, max: 64 };
const FULL_NAME: TextRule = TextRule { field: "name", min: 1, max: 150 };
const EMAIL: TextRule = TextRule { field: "email", min: 3, max: 254 };

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Role {
    /// Looks after books and readers.
    Librarian,
    /// Reads.
    Student,
    /// Looks after the system.
    Admin,
}

/// Whether a user may do anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum State {
    /// May log in.
    #[default]
    Active,
    /// May not, and is in no list: the registration is still under way, or the erasure has begun.
    Disabled,
}

impl State {
    /// The word that is stored.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Disabled => "DISABLED",
        }
    }
}

/// A user, without the password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) username: String,
    pub(crate) name: String,
    pub(crate) email: String,
    /// In order, each once.
    pub(crate) roles: Vec<Role>,
    /// Results of an earlier version do not say it.
    #[serde(default)]
    pub(crate) state: State,
    pub(crate) version: i32,
}

impl User {
    /// The key under which the name sorts and matches.
    pub(crate) fn name_key(&self) -> String {
        text::key(&self.name)
    }

    /// The key under which the username is unique.
    pub(crate) fn username_key(&self) -> String {
        text::key(&self.username)
    }

    /// The key under which the address matches.
    pub(crate) fn email_key(&self) -> String {
        text::key(&self.email)
    }

    pub(crate) fn registered(&self) -> Event {
        self.event("UserRegistered")
    }

    pub(crate) fn changed(&self) -> Event {
        self.event("UserChanged")
    }

    /// It has come into this state.
    pub(crate) fn came_to(&self, state: State) -> Event {
        let kind = match state {
            State::Active => "UserActivated",
            State::Disabled => "UserDisabled",
        };
        Self { state, ..self.clone() }.event(kind)
    }

    /// It is gone, and was never there as far as others know.
    pub(crate) fn discarded(&self) -> Event {
        Event { deleted: true, ..self.event("UserDiscarded") }
    }

    /// It is gone, and so is what was known of it.
    pub(crate) fn erased(&self) -> Event {
        Event { deleted: true, ..self.event("UserErased") }
    }

    /// What others need to know: who it is and what it may do. Username, name and address are personal, and stay here.
    fn event(&self, kind: &'static str) -> Event {
        Event {
            service: NAME,
            aggregate_type: "User",
            aggregate_id: self.id.clone(),
            kind,
            data: json!({ "id": self.id, "roles": self.roles, "state": self.state, "version": self.version }),
            deleted: false,
            touches: vec![Touch::new("User", ("id", &self.id), NAME)],
        }
    }
}

/// There is no user with this id.
pub(crate) fn no_user(id: &str) -> Problem {
    Problem::not_found(&["id"], format!("there is no user {id}"))
}

/// Someone else has this username.
pub(crate) fn username_taken(username: &str) -> Problem {
    Problem::duplicate(&["username"], format!("the username {username} is taken"))
}

/// The user's account is not in use, so it is not changed either.
pub(crate) fn not_active(id: &str) -> Problem {
    Problem::invalid(&["id"], "an active user", format!("the user {id} is disabled"))
}

/// What a student gives beside the account. It is passed on to students as it came: the rules are theirs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Particulars {
    pub(crate) name: String,
    pub(crate) birth_date: String,
    pub(crate) phone: String,
    pub(crate) gdpr_consent: bool,
    pub(crate) interests: Vec<String>,
}

/// What a client gives of a new user, as it came, without the password.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct NewUser {
    pub(crate) username: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) roles: Vec<Role>,
}

impl NewUser {
    /// The user with an id, or every rule that is broken.
    pub(crate) fn check(self, id: String) -> Result<User, Vec<Problem>> {
        let mut problems = Vec::new();
        let username = keep(check_username(&self.username), &mut problems);
        let name = keep(FULL_NAME.check(&self.name), &mut problems);
        let email = keep(check_email(&self.email), &mut problems);
        let roles = keep(check_roles(self.roles), &mut problems);
        match (username, name, email, roles) {
            (Some(username), Some(name), Some(email), Some(roles)) => {
                Ok(User { id, username, name, email, roles, state: State::Active, version: 1 })
            }
            _ => Err(problems),
        }
    }
}

/// What a client changes of a user; what is not named stays.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct UserChange {
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) roles: Option<Vec<Role>>,
}

impl UserChange {
    /// The change as the rules have it, or every rule that is broken.
    pub(crate) fn check(self) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let name = keep(self.name.map(|name| FULL_NAME.check(&name)).transpose(), &mut problems);
        let email = keep(self.email.map(|email| check_email(&email)).transpose(), &mut problems);
        let roles = keep(self.roles.map(check_roles).transpose(), &mut problems);
        match (name, email, roles) {
            (Some(name), Some(email), Some(roles)) => Ok(Self { name, email, roles }),
            _ => Err(problems),
        }
    }

    /// The user after the change, one version on.
    pub(crate) fn apply(self, user: User) -> User {
        User {
            name: self.name.unwrap_or(user.name),
            email: self.email.unwrap_or(user.email),
            roles: self.roles.unwrap_or(user.roles),
            version: user.version + 1,
            ..user
        }
    }
}

/// Which users a list holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct UserFilter {
    pub(crate) name: TextMatch,
    pub(crate) email: TextMatch,
}

fn keep<T>(checked: Result<T, Problem>, problems: &mut Vec<Problem>) -> Option<T> {
    checked.map_err(|problem| problems.push(problem)).ok()
}

fn check_username(username: &str) -> Result<String, Problem> {
    let username = USERNAME.check(username)?;
    let allowed = |character: char| character.is_alphanumeric() || matches!(character, '.' | '_' | '-');
    if !username.chars().all(allowed) {
        let message = format!("`{username}` has another character");
        return Err(Problem::invalid(&["username"], "letters, digits, `.`, `_` and `-`", message));
    }
    Ok(username)
}

/// An address is proved by writing to it; this only catches what cannot be one.
fn check_email(email: &str) -> Result<String, Problem> {
    let email = EMAIL.check(email)?;
    let parts = email.rsplit_once('@').filter(|(local, domain)| {
        !local.is_empty() && domain.split('.').all(|label| !label.is_empty()) && domain.contains('.')
    });
    if parts.is_none() || email.contains(char::is_whitespace) {
        return Err(Problem::invalid(&["email"], "local@domain", format!("`{email}` is not an address")));
    }
    Ok(email)
}

fn check_roles(mut roles: Vec<Role>) -> Result<Vec<Role>, Problem> {
    roles.sort();
    roles.dedup();
    if roles.is_empty() {
        return Err(Problem::invalid(&["roles"], "at least one role", "there is none"));
    }
    Ok(roles)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_user() -> NewUser {
        NewUser {
            username: "zoë.größe".into(),
            name: "Zoë Größe".into(),
            email: "zoe@example.org".into(),
            roles: vec![Role::Student, Role::Librarian, Role::Student],
        }
    }

    fn rules(problems: &[Problem]) -> Vec<(String, String)> {
        let rule = |problem: &Problem| match problem {
            Problem::Invalid { path, rule, .. } => (path.join("."), rule.clone()),
            other => panic!("{other:?}"),
        };
        problems.iter().map(rule).collect()
    }

    #[test]
    fn roles_come_in_order_and_once() {
        assert_eq!(new_user().check("1".into()).unwrap().roles, [Role::Librarian, Role::Student]);
    }

    #[test]
    fn every_broken_rule_is_named_with_its_field() {
        let wrong = NewUser {
            username: "a b c".into(),
            name: " ".into(),
            email: "zoe@org".into(),
            roles: Vec::new(),
        };
        let paths: Vec<String> =
            rules(&wrong.check("1".into()).unwrap_err()).into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["username", "name", "email", "roles"]);
    }

    #[test]
    fn an_event_tells_nothing_personal() {
        let user = new_user().check("1".into()).unwrap();
        for event in [user.registered(), user.came_to(State::Disabled), user.discarded(), user.erased()] {
            let told = format!("{event:?}").to_lowercase();
            assert!(!told.contains("zo") && !told.contains("example.org"), "{told}");
        }
    }
}
