//! An engine is a URL: `postgres://…`, `sqlite:PATH`, `mongodb://…`, or `SCHEME:PATH` for one that a service brings itself.

use std::path::PathBuf;

use crate::error::OpenError;

/// A database URL whose scheme this crate knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineUrl {
    /// A PostgreSQL server and database.
    Postgres(String),
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A server that speaks MongoDB's protocol.
    Mongo(String),
}

impl EngineUrl {
    /// Reads a URL, and says which part of it is wrong.
    pub fn parse(url: &str) -> Result<Self, OpenError> {
        let Some((scheme, rest)) = url.split_once(':') else {
            return Err(OpenError::Url { url: redact(url), reason: "it has no scheme" });
        };
        let needs = |reason| Err(OpenError::Url { url: redact(url), reason });
        match scheme {
            "postgres" | "postgresql" | "mongodb" if !rest.starts_with("//") || rest.len() == 2 => {
                needs("a host is missing after the scheme")
            }
            "postgres" | "postgresql" => Ok(Self::Postgres(url.to_owned())),
            "mongodb" => Ok(Self::Mongo(url.to_owned())),
            "sqlite" => match rest.strip_prefix("//").unwrap_or(rest) {
                "" => needs("a path is missing after `sqlite:`"),
                ":memory:" => needs("a database in memory cannot be shared by its readers; give a path"),
                path => Ok(Self::Sqlite(PathBuf::from(path))),
            },
            _ => needs("the scheme is none of postgres, sqlite and mongodb"),
        }
    }

    /// The scheme, as messages name the engine.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "postgres",
            Self::Sqlite(_) => "sqlite",
            Self::Mongo(_) => "mongodb",
        }
    }
}

/// The file or folder of an engine that a service brings itself: its URL is `SCHEME:PATH`.
pub fn own_path(service: &'static str, scheme: &'static str, url: &str) -> Result<PathBuf, OpenError> {
    let wrong = |reason| OpenError::Url { url: redact(url), reason };
    let (named, rest) = url.split_once(':').ok_or_else(|| wrong("it has no scheme"))?;
    if named != scheme {
        let engine = named.to_owned();
        return Err(OpenError::Engine { service, engine, supported: scheme });
    }
    match rest.strip_prefix("//").unwrap_or(rest) {
        "" => Err(wrong("a path is missing after the scheme")),
        path => Ok(PathBuf::from(path)),
    }
}

/// A URL without its password, for messages.
pub(crate) fn redact(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let authority = rest.split('/').next().unwrap_or(rest);
    match authority.rsplit_once('@') {
        Some((user, _)) if user.contains(':') => {
            let name = user.split(':').next().unwrap_or_default();
            format!("{scheme}://{name}:***@{}", &rest[user.len() + 1..])
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_scheme_names_its_engine() {
        assert_eq!(EngineUrl::parse("sqlite:a/b.db").unwrap(), EngineUrl::Sqlite("a/b.db".into()));
        assert_eq!(EngineUrl::parse("sqlite:///tmp/b.db").unwrap(), EngineUrl::Sqlite("/tmp/b.db".into()));
        assert_eq!(EngineUrl::parse("postgres://h/d").unwrap().scheme(), "postgres");
        assert_eq!(EngineUrl::parse("mongodb://h:1/d").unwrap().scheme(), "mongodb");
    }

    #[test]
    fn an_engine_of_a_service_is_a_scheme_and_a_path() {
        let path = |url| own_path("reports", "tantivy", url).map_err(|error| error.to_string());
        assert_eq!(path("tantivy:a/b"), Ok("a/b".into()));
        assert_eq!(path("tantivy:///a/b"), Ok("/a/b".into()));
        for (url, reason) in [
            ("a/b", "no scheme"),
            ("tantivy:", "a path is missing"),
            ("postgres://root:secret@h/d", "reports does not run on postgres; it runs on tantivy"),
        ] {
            let message = path(url).unwrap_err();
            assert!(message.contains(reason), "{message}");
            assert!(!message.contains("secret"), "{message}");
        }
    }

    #[test]
    fn a_wrong_url_is_named_without_its_password() {
        for (url, reason) in [
            ("books.db", "no scheme"),
            ("mysql://root:secret@h/d", "none of postgres"),
            ("postgres://", "a host is missing"),
            ("sqlite:", "a path is missing"),
            ("sqlite::memory:", "in memory"),
        ] {
            let message = EngineUrl::parse(url).unwrap_err().to_string();
            assert!(message.contains(reason), "{message}");
            assert!(!message.contains("secret"), "{message}");
        }
    }
}
