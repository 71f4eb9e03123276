//! The service on a fresh database of either engine, as its clients see it.

use std::sync::Arc;

use lms_kit::{
    Service, Sources,
    bus::NoBus,
    changes::LocalOwners,
    service::{Headers, Surroundings},
};
use serde_json::{Value, json};

/// The engines that the service runs on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Engine {
    Sqlite,
    Mongo,
}

impl Engine {
    pub(crate) const ALL: [Self; 2] = [Self::Sqlite, Self::Mongo];
}

/// A fresh database, and the folder in which it lies if it lies in one.
pub(crate) struct Database {
    pub(crate) url: String,
    _folder: tempfile::TempDir,
}

impl Database {
    pub(crate) fn of(engine: Engine) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = match engine {
            Engine::Sqlite => format!("sqlite:{}", folder.path().join("students.sqlite").display()),
            Engine::Mongo => octavo_engines::shared::mongo_database("students").unwrap(),
        };
        Self { url, _folder: folder }
    }
}

/// The service on its own database.
#[derive(Clone)]
pub(crate) struct Library {
    pub(crate) service: Service,
    pub(crate) database: Arc<Database>,
}

impl Library {
    pub(crate) async fn open(engine: Engine) -> Self {
        let database = Arc::new(Database::of(engine));
        let service = lms_students::open(&database.url, Sources::repeatable()).await.unwrap();
        Self { service, database }
    }

    /// One more process on the same database.
    pub(crate) async fn again(&self) -> Self {
        let service = lms_students::open(&self.database.url, Sources::repeatable()).await.unwrap();
        Self { service, database: Arc::clone(&self.database) }
    }

    /// The service, which lets go of its events beside its work.
    pub(crate) async fn open_and_relay(engine: Engine) -> Self {
        let library = Self::open(engine).await;
        let alone = Surroundings::new(Arc::new(NoBus), Arc::new(LocalOwners::default()));
        let service = library.service.clone();
        tokio::spawn(async move { service.take_part(&alone).await });
        library
    }

    pub(crate) async fn bytes(&self, query: &str, variables: &Value) -> Vec<u8> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        self.service.answer(body.as_bytes(), Headers::default()).await
    }

    pub(crate) async fn ask(&self, query: &str, variables: Value) -> Value {
        serde_json::from_slice(&self.bytes(query, &variables).await).unwrap()
    }

    /// The data of an answer without errors.
    pub(crate) async fn data(&self, query: &str, variables: Value) -> Value {
        let answer = self.ask(query, variables).await;
        assert_eq!(answer.get("errors"), None, "{answer}");
        answer["data"].clone()
    }

    /// The data of an answer without errors, and how many statements it cost.
    pub(crate) async fn cost(&self, query: &str, variables: Value) -> (Value, u64) {
        let before = self.service.statements();
        let data = self.data(query, variables).await;
        (data, self.service.statements() - before)
    }

    pub(crate) async fn register(&self, name: &str, key: &str) -> Value {
        self.data(REGISTER, registration(name, key)).await["registerStudent"].clone()
    }

    /// A new student's number.
    pub(crate) async fn student(&self, name: &str) -> String {
        let payload = self.register(name, name).await;
        payload["student"]["studentNumber"].as_str().unwrap_or_else(|| panic!("{payload}")).to_owned()
    }

    pub(crate) async fn comment(&self, student: &str, isbn: &str, grade: i32, key: &str) -> Value {
        let variables = json!({ "student": student, "isbn": isbn, "text": format!("{grade} of ten"), "grade": grade, "key": key });
        self.data(ADD_COMMENT, variables).await["addComment"].clone()
    }
}

pub(crate) const REGISTER: &str = "mutation($name: String!, $born: Date!, $phone: String!, $consent: Boolean!,
        $interests: [String!]!, $user: ID, $key: String!) {
    registerStudent(name: $name, birthDate: $born, phone: $phone, gdprConsent: $consent, interests: $interests,
            userId: $user, idempotencyKey: $key) {
        student { studentNumber name birthDate phone registeredAt version interests { name } user { id } }
        problems { __typename code message path ... on Invalid { rule } }
    }
}";

pub(crate) const ADD_COMMENT: &str =
    "mutation($student: ID!, $isbn: ID!, $text: String!, $grade: Int!, $key: String!) {
    addComment(studentNumber: $student, isbn: $isbn, comment: $text, grade: $grade, idempotencyKey: $key) {
        comment { id comment grade version createdAt updatedAt student { studentNumber name } book { isbn } }
        problems { __typename code message path ... on Invalid { rule } }
    }
}";

pub(crate) const UPDATE: &str =
    "mutation($student: ID!, $name: String, $phone: String, $version: Int!, $key: String!) {
    updateStudent(studentNumber: $student, name: $name, phone: $phone, expectedVersion: $version,
            idempotencyKey: $key) {
        student { studentNumber name phone version }
        problems { __typename code message path ... on VersionConflict { current } }
    }
}";

/// What an unremarkable registration says.
pub(crate) fn registration(name: &str, key: &str) -> Value {
    json!({ "name": name, "born": "2000-02-29", "phone": "+351 912 345 678", "consent": true,
            "interests": ["Poetry"], "user": null, "key": key })
}

/// The ISBN-13 of a number.
pub(crate) fn isbn(number: u32) -> String {
    let body = format!("978{number:09}");
    let digits = body.chars().filter_map(|digit| digit.to_digit(10));
    let sum: u32 = digits.zip([1, 3].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}
