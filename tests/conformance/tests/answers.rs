//! Each service's script on its embedded engine, held by a snapshot, and on its real engine, byte for byte.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use lms_kit::{Service, Sources};
use octavo_conformance::{Script, Transcript, run};
use octavo_engines::shared;

/// The services, with their scripts.
#[derive(Debug, Clone, Copy)]
enum Subject {
    Authors,
    Books,
    Genres,
    Users,
}

impl Subject {
    fn name(self) -> &'static str {
        match self {
            Self::Authors => lms_authors::NAME,
            Self::Books => lms_books::NAME,
            Self::Genres => lms_genres::NAME,
            Self::Users => lms_users::NAME,
        }
    }

    fn script(self) -> Script {
        let text = match self {
            Self::Authors => include_str!("../corpus/authors.yaml"),
            Self::Books => include_str!("../corpus/books.yaml"),
            Self::Genres => include_str!("../corpus/genres.yaml"),
            Self::Users => include_str!("../corpus/users.yaml"),
        };
        Script::read(text).unwrap()
    }

    async fn open(self, url: &str) -> Service {
        let sources = Sources::repeatable();
        let opened = match self {
            Self::Authors => lms_authors::open(url, sources).await,
            Self::Books => lms_books::open(url, sources).await,
            Self::Genres => lms_genres::open(url, sources).await,
            Self::Users => lms_users::open(url, sources).await,
        };
        opened.unwrap()
    }

    async fn transcript(self, url: &str) -> Transcript {
        let service = self.open(url).await;
        let transcript = run(&self.script(), &service).await.unwrap();
        service.close().await;
        transcript
    }

    async fn embedded(self) -> Transcript {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(self.name());
        self.transcript(&format!("sqlite:{}", path.display())).await
    }

    async fn holds_on_sqlite(self) {
        let Transcript(answers) = self.embedded().await;
        insta::with_settings!({ snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/corpus"), prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(self.name(), answers);
        });
    }

    async fn answers_alike_on(self, url: &str) {
        let (Transcript(embedded), Transcript(real)) = (self.embedded().await, self.transcript(url).await);
        let mut lines = embedded.lines().zip(real.lines()).enumerate();
        let difference = lines.find(|(_, (one, other))| one != other);
        assert_eq!(difference, None, "{} differs between its engines", self.name());
        assert_eq!(embedded.len(), real.len());
    }
}

#[tokio::test]
async fn authors_answer_on_sqlite_as_recorded() {
    Subject::Authors.holds_on_sqlite().await;
}

#[tokio::test]
async fn books_answer_on_sqlite_as_recorded() {
    Subject::Books.holds_on_sqlite().await;
}

#[tokio::test]
async fn books_answer_alike_on_sqlite_and_postgres() {
    Subject::Books.answers_alike_on(&shared::postgres_database("books").await.unwrap()).await;
}

#[tokio::test]
async fn genres_answer_on_sqlite_as_recorded() {
    Subject::Genres.holds_on_sqlite().await;
}

#[tokio::test]
async fn authors_answer_alike_on_sqlite_and_postgres() {
    Subject::Authors.answers_alike_on(&shared::postgres_database("authors").await.unwrap()).await;
}

#[tokio::test]
async fn genres_answer_alike_on_sqlite_and_postgres() {
    Subject::Genres.answers_alike_on(&shared::postgres_database("genres").await.unwrap()).await;
}

#[tokio::test]
async fn users_answer_on_sqlite_as_recorded() {
    Subject::Users.holds_on_sqlite().await;
}

#[tokio::test]
async fn users_answer_alike_on_sqlite_and_postgres() {
    Subject::Users.answers_alike_on(&shared::postgres_database("users").await.unwrap()).await;
}

#[test]
fn the_scripts_make_at_least_200_requests() {
    let subjects = [Subject::Authors, Subject::Books, Subject::Genres, Subject::Users];
    let requests: usize = subjects.map(|subject| subject.script().requests()).iter().sum();
    println!("{requests} requests on each engine");
    assert!(requests >= 200, "{requests}");
}
