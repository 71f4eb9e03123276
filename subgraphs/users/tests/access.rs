//! Who may register, see and change whom, where the service checks tokens.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use lms_kit::{
    Service, Sources,
    access::{Access, Keyring},
    service::Headers,
};
use lms_users::AdminPassword;
use serde_json::{Value, json};

const UPDATE: &str = "mutation($id: ID!, $version: Int!, $key: String!, $name: String, $roles: [Role!],
    $password: String, $current: String) {
    done: updateUser(id: $id, name: $name, roles: $roles, password: $password, currentPassword: $current,
        expectedVersion: $version, idempotencyKey: $key) { user { version } problems { code path } } }";

/// A secured service with the user `admin` of its own.
struct Library {
    service: Service,
    admin: String,
    _folder: tempfile::TempDir,
}

impl Library {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("users.sqlite").display());
        let sources = Sources::repeatable();
        assert!(lms_users::create_admin(&url, sources.clone(), password("system horse")).await.unwrap());
        assert!(!lms_users::create_admin(&url, sources.clone(), password("another horse")).await.unwrap());
        let service = lms_users::open(&url, sources).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let keys = format!("http://{}{}", listener.local_addr().unwrap(), lms_users::JWKS_PATH);
        let serving = service.clone();
        tokio::spawn(async move { serving.serve(listener, std::future::pending()).await });
        let access = Access::Secured(Keyring::open(&keys).await.unwrap());
        let mut library =
            Self { service: service.with_access(access), admin: String::new(), _folder: folder };
        library.admin = library.login("admin", "system horse").await;
        library
    }

    async fn ask(&self, token: &str, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let authorization = (!token.is_empty()).then(|| format!("Bearer {token}"));
        // A name that a caller gives itself counts for nothing here.
        let headers = Headers { authorization, caller: "admin".into(), ..Headers::default() };
        serde_json::from_slice(&self.service.answer(body.as_bytes(), headers).await).unwrap()
    }

    async fn register(&self, token: &str, username: &str, roles: Value) -> Value {
        let query = "mutation($username: String!, $roles: [Role!]) {
            registerUser(username: $username, name: \"Zoë\", email: \"zoe@example.org\", roles: $roles,
                password: \"correct horse\", idempotencyKey: $username) { user { id email } problems { code } } }";
        let variables = json!({ "username": username, "roles": roles });
        self.ask(token, query, variables).await["data"]["registerUser"].clone()
    }

    async fn login(&self, username: &str, password: &str) -> String {
        let query = "mutation($username: String!, $password: String!) {
            login(username: $username, password: $password, idempotencyKey: \"l\") { token user { email } } }";
        let answer = self.ask("", query, json!({ "username": username, "password": password })).await;
        assert_eq!(answer.get("errors"), None, "whoever logs in sees its own address");
        answer["data"]["login"]["token"].as_str().unwrap_or_default().to_owned()
    }

    /// What an update of a user at a version comes to: its problems' codes and paths.
    async fn update(&self, token: &str, mut variables: Value, key: &str) -> Value {
        variables["key"] = json!(key);
        self.ask(token, UPDATE, variables).await["data"]["done"]["problems"].clone()
    }
}

fn password(text: &str) -> AdminPassword {
    AdminPassword::read(None, Some(text.to_owned())).unwrap().unwrap()
}

fn refused(code: &str) -> Value {
    json!([{ "code": code, "path": [] }])
}

#[tokio::test]
async fn anyone_becomes_a_student_and_only_an_administrator_makes_others() {
    let library = Library::open().await;
    let student = library.register("", "zoe", Value::Null).await;
    assert_eq!(student["user"]["email"], "zoe@example.org", "a registration shows what it brought");
    let zoe = library.login("zoe", "correct horse").await;
    for roles in [json!(["ADMIN"]), json!(["LIBRARIAN"]), json!(["STUDENT", "ADMIN"])] {
        assert_eq!(
            library.register("", "eve", roles.clone()).await["problems"],
            json!([{ "code": "UNAUTHENTICATED" }])
        );
        assert_eq!(library.register(&zoe, "eve", roles).await["problems"], json!([{ "code": "FORBIDDEN" }]));
    }
    let librarian = library.register(&library.admin, "lib", json!(["LIBRARIAN"])).await;
    assert_eq!(librarian["problems"], json!([]));
    let lib = library.login("lib", "correct horse").await;
    assert_eq!(
        library.register(&lib, "eve", json!(["ADMIN"])).await["problems"],
        json!([{ "code": "FORBIDDEN" }])
    );
}

#[tokio::test]
async fn a_user_changes_itself_and_its_roles_are_an_administrators() {
    let library = Library::open().await;
    let id = library.register("", "zoe", Value::Null).await["user"]["id"].clone();
    library.register("", "eve", Value::Null).await;
    let (zoe, eve) =
        (library.login("zoe", "correct horse").await, library.login("eve", "correct horse").await);
    let name = json!({ "id": id, "version": 1, "name": "Other" });
    assert_eq!(library.update("", name.clone(), "a").await, refused("UNAUTHENTICATED"));
    assert_eq!(library.update(&eve, name.clone(), "a").await, refused("FORBIDDEN"));
    assert_eq!(library.update(&zoe, name, "a").await, json!([]));
    let roles = json!({ "id": id, "version": 2, "roles": ["ADMIN"] });
    assert_eq!(library.update(&zoe, roles.clone(), "b").await, refused("FORBIDDEN"));
    assert_eq!(library.update(&library.admin, roles, "b").await, json!([]));
}

#[tokio::test]
async fn another_password_needs_the_current_one_or_an_administrator() {
    let library = Library::open().await;
    let id = library.register("", "zoe", Value::Null).await["user"]["id"].clone();
    let zoe = library.login("zoe", "correct horse").await;
    let needs = json!([{ "code": "INVALID", "path": ["currentPassword"] }]);
    let mut change = json!({ "id": id, "version": 1, "password": "battery staple" });
    assert_eq!(library.update(&zoe, change.clone(), "a").await, needs);
    change["current"] = json!("wrong horse");
    assert_eq!(library.update(&zoe, change.clone(), "a").await, needs);
    change["current"] = json!("correct horse");
    assert_eq!(library.update(&zoe, change.clone(), "a").await, json!([]));
    assert_eq!(library.update(&zoe, change, "a").await, json!([]), "the same again is answered as before");
    assert_eq!(library.login("zoe", "correct horse").await, "");
    assert_ne!(library.login("zoe", "battery staple").await, "");
    let reset = json!({ "id": id, "version": 2, "password": "forgotten horse" });
    assert_eq!(library.update(&library.admin, reset, "a").await, json!([]), "keys belong to their callers");
    assert_ne!(library.login("zoe", "forgotten horse").await, "");
}

#[tokio::test]
async fn an_address_is_for_its_user_and_for_those_who_look_after_the_library() {
    let library = Library::open().await;
    let id = library.register("", "zoe", Value::Null).await["user"]["id"].clone();
    library.register("", "eve", Value::Null).await;
    library.register(&library.admin, "lib", json!(["LIBRARIAN"])).await;
    let query = "query($id: ID!) { user(id: $id) { username email } }";
    for (username, code) in
        [("zoe", None), ("lib", None), ("eve", Some("FORBIDDEN")), ("", Some("UNAUTHENTICATED"))]
    {
        let token =
            if username.is_empty() { String::new() } else { library.login(username, "correct horse").await };
        let answer = library.ask(&token, query, json!({ "id": id })).await;
        assert_eq!(answer["data"]["user"]["username"], "zoe", "the rest is there: {answer}");
        assert_eq!(answer["errors"][0]["extensions"]["code"].as_str(), code, "{username}");
        assert_eq!(answer["data"]["user"]["email"].is_string(), code.is_none(), "{answer}");
        let found = "{ users(filter: { email: { contains: \"zoe@\" } }) { edges { node { username } } } }";
        let answer = library.ask(&token, found, json!({})).await;
        let allowed = username == "lib";
        assert_eq!(answer["data"].is_object(), allowed, "a filter tells as much as a field: {answer}");
    }
}

#[tokio::test]
async fn a_token_that_is_not_good_is_refused_whatever_is_asked() {
    let library = Library::open().await;
    library.register("", "zoe", Value::Null).await;
    let token = library.login("zoe", "correct horse").await;
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (header, _) = signed.split_once('.').unwrap();
    let forged = format!("{header}.{}.{signature}", "eyJzdWIiOiJ1MSIsInNjb3BlIjoiYWRtaW4ifQ");
    for wrong in [forged.as_str(), "nonsense", "a.b.c"] {
        let answer = library.ask(wrong, "{ __typename }", json!({})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{answer}");
        assert_eq!(answer["data"], Value::Null);
    }
    assert_eq!(library.ask(&token, "{ __typename }", json!({})).await["data"]["__typename"], "Query");
}

#[tokio::test]
async fn a_name_that_was_taken_makes_no_administrator() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("users.sqlite").display());
    let service = lms_users::open(&url, Sources::system()).await.unwrap();
    let query = "mutation { registerUser(username: \"ADMIN\", name: \"Eve\", email: \"eve@example.org\",
        password: \"correct horse\", idempotencyKey: \"e\") { problems { code } } }";
    let body = json!({ "query": query }).to_string();
    service.answer(body.as_bytes(), Headers::default()).await;
    let error = lms_users::create_admin(&url, Sources::system(), password("system horse")).await.unwrap_err();
    assert!(error.to_string().contains("is no administrator"), "{error}");
    let other = format!("sqlite:{}", folder.path().join("other.sqlite").display());
    let short = lms_users::create_admin(&other, Sources::system(), password("short")).await;
    assert!(short.unwrap_err().to_string().contains("password has 5 characters"));
}
