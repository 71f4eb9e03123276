//! The service as its clients see it, on SQLite.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use lms_kit::{Service, Sources, service::Headers};
use serde_json::{Value, json};

struct Library {
    service: Service,
    folder: tempfile::TempDir,
}

impl Library {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { service: open(&folder).await, folder }
    }

    async fn ask(&self, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables }).to_string();
        serde_json::from_slice(&self.service.answer(body.as_bytes(), Headers::default()).await).unwrap()
    }

    async fn register(&self, username: &str, password: &str, key: &str) -> Value {
        let query = "mutation($username: String!, $password: String!, $key: String!) {
            registerUser(username: $username, name: \"Zoë\", email: \"zoe@example.org\", password: $password,
                idempotencyKey: $key) {
                user { id username roles version } problems { code path ... on Invalid { rule } } } }";
        let variables = json!({ "username": username, "password": password, "key": key });
        self.ask(query, variables).await["data"]["registerUser"].clone()
    }

    async fn login(&self, username: &str, password: &str) -> Value {
        let query = "mutation($username: String!, $password: String!) {
            login(username: $username, password: $password, idempotencyKey: \"l\") {
                user { username } token expiresIn problems { code message path } } }";
        self.ask(query, json!({ "username": username, "password": password })).await["data"]["login"].clone()
    }
}

async fn open(folder: &tempfile::TempDir) -> Service {
    let url = format!("sqlite:{}", folder.path().join("users.sqlite").display());
    lms_users::open(&url, Sources::repeatable()).await.unwrap()
}

#[tokio::test]
async fn whoever_registered_can_log_in_and_nobody_else() {
    let library = Library::open().await;
    let registered = library.register("Zoë.G", "correct horse", "k").await;
    assert_eq!(registered["user"]["roles"], json!(["STUDENT"]));
    let welcome = library.login("ZOË.g", "correct horse").await;
    assert_eq!(welcome["user"]["username"], "Zoë.G");
    assert_eq!(welcome["token"].as_str().unwrap().split('.').count(), 3);
    assert_eq!(welcome["expiresIn"], 3600);
    let wrong = library.login("Zoë.G", "Correct horse").await;
    let unknown = library.login("nobody", "correct horse").await;
    assert_eq!(wrong["token"], Value::Null);
    assert_eq!(wrong, unknown, "an answer does not tell whether there is such a user");
}

#[tokio::test]
async fn no_password_and_no_token_is_kept_in_clear() {
    let library = Library::open().await;
    library.register("zoe", "correct horse", "k").await;
    let token = library.login("zoe", "correct horse").await["token"].as_str().unwrap().to_owned();
    library.service.close().await;
    for file in std::fs::read_dir(library.folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let has = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!has("correct horse") && !has(&token));
    }
}

#[tokio::test]
async fn a_username_is_taken_in_any_case() {
    let library = Library::open().await;
    let first = library.register("STRASSE", "correct horse", "a").await;
    let second = library.register("straße", "correct horse", "b").await;
    assert_eq!(second["problems"], json!([{ "code": "DUPLICATE", "path": ["username"] }]));
    assert_eq!(
        library.register("STRASSE", "correct horse", "a").await,
        first,
        "the same again is answered as before"
    );
    let other = library.register("another", "correct horse", "a").await;
    assert_eq!(other["problems"], json!([{ "code": "IDEMPOTENCY_MISMATCH", "path": ["idempotencyKey"] }]));
}

#[tokio::test]
async fn a_refused_user_names_every_broken_rule() {
    let library = Library::open().await;
    let refused = library.register("a", "short", "k").await;
    let broken: Vec<_> =
        refused["problems"].as_array().unwrap().iter().map(|problem| &problem["path"][0]).collect();
    assert_eq!(broken, ["username", "password"]);
}

#[tokio::test]
async fn a_change_keeps_what_it_does_not_name() {
    let library = Library::open().await;
    let id = library.register("zoe", "correct horse", "k").await["user"]["id"].clone();
    let update = "mutation($id: ID!, $version: Int!, $password: String) {
        updateUser(id: $id, email: \"new@example.org\", roles: [STUDENT, ADMIN], password: $password,
            expectedVersion: $version, idempotencyKey: \"u\") {
            user { name email roles version } problems { code ... on VersionConflict { current } } } }";
    let stale = library.ask(update, json!({ "id": id, "version": 7 })).await;
    assert_eq!(
        stale["data"]["updateUser"]["problems"],
        json!([{ "code": "VERSION_CONFLICT", "current": 1 }])
    );
    let changed = library.ask(update, json!({ "id": id, "version": 1, "password": "battery staple" })).await;
    let expected =
        json!({ "name": "Zoë", "email": "new@example.org", "roles": ["STUDENT", "ADMIN"], "version": 2 });
    assert_eq!(changed["data"]["updateUser"]["user"], expected);
    assert_eq!(library.login("zoe", "correct horse").await["token"], Value::Null);
    assert!(library.login("zoe", "battery staple").await["token"].is_string());
}

#[tokio::test]
async fn both_keys_lead_to_one_user_and_many_cost_two_queries() {
    let library = Library::open().await;
    let mut all = Vec::new();
    for number in 0..3 {
        let made = library.register(&format!("user{number}"), "correct horse", &number.to_string()).await;
        all.push(json!({ "__typename": "User", "id": made["user"]["id"] }));
        all.push(json!({ "__typename": "User", "username": format!("USER{number}") }));
    }
    all.push(json!({ "__typename": "User", "username": "nobody" }));
    let before = library.service.statements();
    let query = "query($all: [_Any!]!) { _entities(representations: $all) { ... on User { username } } }";
    let answer = library.ask(query, json!({ "all": all })).await;
    assert_eq!(library.service.statements() - before, 2, "one by id, one by username");
    let found: Vec<_> =
        answer["data"]["_entities"].as_array().unwrap().iter().map(|user| &user["username"]).collect();
    assert_eq!(
        found,
        [
            &json!("user0"),
            &json!("user0"),
            &json!("user1"),
            &json!("user1"),
            &json!("user2"),
            &json!("user2"),
            &Value::Null
        ]
    );
    assert_eq!(answer["errors"][0]["path"], json!(["_entities", 6]));
}

#[tokio::test]
async fn filters_match_names_and_addresses() {
    let library = Library::open().await;
    library.register("one", "correct horse", "1").await;
    let query = "query($filter: UserFilter) { users(filter: $filter) { edges { node { username } } } }";
    for (filter, count) in [
        (json!({ "name": { "contains": "ZOE\u{308}" } }), 1),
        (json!({ "email": { "contains": "@EXAMPLE.org" } }), 1),
        (json!({ "name": { "startsWith": "z" }, "email": { "contains": "nowhere" } }), 0),
    ] {
        let answer = library.ask(query, json!({ "filter": filter })).await;
        assert_eq!(answer["data"]["users"]["edges"].as_array().unwrap().len(), count, "{filter}");
    }
}

#[tokio::test]
async fn anyone_can_check_a_token_with_the_published_keys_also_after_a_restart() {
    let library = Library::open().await;
    library.register("zoe", "correct horse", "k").await;
    let token = library.login("zoe", "correct horse").await["token"].as_str().unwrap().to_owned();
    library.service.close().await;
    let service = open(&library.folder).await;
    let keys: jsonwebtoken::jwk::JwkSet =
        serde_json::from_str(&get(&service, lms_users::JWKS_PATH).await).unwrap();
    let key_id = jsonwebtoken::decode_header(&token).unwrap().kid.unwrap();
    let key = jsonwebtoken::DecodingKey::from_jwk(keys.find(&key_id).unwrap()).unwrap();
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    rules.set_audience(&["library"]);
    // The clock of the test stands in the past.
    rules.validate_exp = false;
    let claims = jsonwebtoken::decode::<Value>(&token, &key, &rules).unwrap().claims;
    assert_eq!((claims["username"].as_str(), claims["scope"].as_str()), (Some("zoe"), Some("student")));
}

/// The body that a path of a served service answers.
async fn get(service: &Service, path: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = service.clone();
    let server = tokio::spawn(async move { serving.serve(listener, std::future::pending()).await });
    let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    connection.read_to_string(&mut response).await.unwrap();
    server.abort();
    assert!(response.starts_with("HTTP/1.1 200") && response.contains("application/json"), "{response}");
    response.split_once("\r\n\r\n").unwrap().1.to_owned()
}
