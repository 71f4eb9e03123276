//! Who asks, and the rules that resolvers hold a caller to.

use crate::problem::Problem;

/// What a token lets its bearer do, a word of its `scope`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Reads.
    Student,
    /// Looks after books and readers.
    Librarian,
    /// Looks after the system.
    Admin,
}

impl Scope {
    /// Those who look after the catalogue and its readers.
    pub const STAFF: [Self; 2] = [Self::Librarian, Self::Admin];

    /// The word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Student => "student",
            Self::Librarian => "librarian",
            Self::Admin => "admin",
        }
    }

    /// The scopes of a text like `librarian student`; words of others are left out.
    pub(crate) fn read(text: &str) -> Vec<Self> {
        let known = [Self::Student, Self::Librarian, Self::Admin];
        known.into_iter().filter(|scope| text.split_whitespace().any(|word| word == scope.word())).collect()
    }
}

/// Whoever sends a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Nobody in particular: there is no token.
    Anonymous,
    /// The bearer of a verified token.
    Bearer {
        /// The user's id.
        subject: String,
        /// What the token lets its bearer do.
        scopes: Vec<Scope>,
    },
    /// Someone at this machine, who may do everything; with the name that they give themselves.
    Local(String),
}

impl Caller {
    /// What idempotency tells callers apart by.
    pub fn name(&self) -> &str {
        match self {
            Self::Anonymous => "",
            Self::Bearer { subject, .. } => subject,
            Self::Local(name) => name,
        }
    }

    /// Whether the caller is a user, or may stand in for every user.
    pub fn is_user(&self, id: &str) -> bool {
        match self {
            Self::Anonymous => false,
            Self::Bearer { subject, .. } => subject == id,
            Self::Local(_) => true,
        }
    }

    /// Whether the caller has one of these scopes.
    pub fn has_any(&self, scopes: &[Scope]) -> bool {
        match self {
            Self::Anonymous => false,
            Self::Bearer { scopes: own, .. } => own.iter().any(|scope| scopes.contains(scope)),
            Self::Local(_) => true,
        }
    }

    /// Whoever has one of these scopes may go on.
    pub fn need(&self, scopes: &[Scope]) -> Result<(), Problem> {
        if self.has_any(scopes) { Ok(()) } else { Err(self.refused(&words(scopes))) }
    }

    /// A user may go on with what is its own, and whoever has one of these scopes.
    pub fn need_user(&self, owner: Option<&str>, scopes: &[Scope]) -> Result<(), Problem> {
        if owner.is_some_and(|owner| self.is_user(owner)) || self.has_any(scopes) {
            return Ok(());
        }
        Err(self.refused(&format!("whose it is, {}", words(scopes))))
    }

    fn refused(&self, allowed: &str) -> Problem {
        match self {
            Self::Anonymous => Problem::unauthenticated(format!("this needs a token: it is for {allowed}")),
            Self::Bearer { .. } | Self::Local(_) => {
                Problem::forbidden(format!("this is not for the token's user: it is for {allowed}"))
            }
        }
    }
}

fn words(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.word()).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(scopes: &str) -> Caller {
        Caller::Bearer { subject: "u1".into(), scopes: Scope::read(scopes) }
    }

    #[test]
    fn a_rule_lets_through_whom_it_names() {
        assert_eq!(bearer("student librarian").need(&[Scope::Librarian]), Ok(()));
        assert_eq!(Caller::Local(String::new()).need(&[Scope::Admin]), Ok(()));
        assert_eq!(bearer("student").need_user(Some("u1"), &[]), Ok(()));
        let forbidden = bearer("student librarians profile").need(&Scope::STAFF).unwrap_err();
        assert!(matches!(forbidden, Problem::Forbidden { .. }), "{forbidden:?}");
        let other = bearer("student").need_user(Some("u2"), &Scope::STAFF).unwrap_err();
        assert!(matches!(other, Problem::Forbidden { .. }), "{other:?}");
        let nobody = Caller::Anonymous.need_user(None, &Scope::STAFF).unwrap_err();
        assert!(matches!(&nobody, Problem::Unauthenticated { message, .. }
            if message == "this needs a token: it is for whose it is, librarian or admin"));
    }
}
