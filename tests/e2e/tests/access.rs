//! Who may do what in a secured library, by way of its gateway, and that services know callers without the users service.

use std::fs;
use std::net::SocketAddr;

use anyhow::Context;
use octavo_e2e::{Running, ask_as};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Duration, Instant, sleep};

const PASSWORD: &str = "correct horse";

/// A library that asks for tokens, with the token of each kind of caller.
struct Secured {
    process: Running,
    admin: String,
    librarian: String,
    /// Whose account belongs to the student with this number.
    zoe: String,
    number: String,
    /// Another student.
    eve: String,
}

impl Secured {
    async fn open(folder: &TempDir) -> anyhow::Result<Self> {
        let secret = folder.path().join("secret");
        fs::write(&secret, format!("{PASSWORD}\n"))?;
        let (data, secret) = (folder.path().join("data"), secret.to_string_lossy().into_owned());
        let data = data.to_string_lossy();
        let arguments = ["--data", &data, "--empty", "--secured", "--admin-password-file", &secret];
        let process = Running::start("lms", &arguments).await?;
        let address = process.address();
        let admin = login(address, "admin").await?;
        register(address, &admin, "lib", "LIBRARIAN").await?;
        let user = register(address, "", "zoe", "STUDENT").await?;
        register(address, "", "eve", "STUDENT").await?;
        let (librarian, zoe, eve) =
            (login(address, "lib").await?, login(address, "zoe").await?, login(address, "eve").await?);
        let student = format!(
            "mutation {{ done: registerStudent(name: \"Zoë\", birthDate: \"2001-02-03\", phone: \"+49 30 1234567\", \
             gdprConsent: true, userId: {user}, idempotencyKey: \"s\") {{ student {{ studentNumber phone }} \
             problems {{ code }} }} }}"
        );
        let stolen = ask_as(address, &eve, &student, json!({})).await?;
        assert_eq!(code(&stolen.body), "FORBIDDEN", "an account is given by whoever it belongs to");
        let made = ask_as(address, &zoe, &student, json!({})).await?.data()?["done"].clone();
        assert_eq!(made["student"]["phone"], "+49 30 1234567", "{made}");
        let number = made["student"]["studentNumber"].as_str().context("a number")?.to_owned();
        Ok(Self { process, admin, librarian, zoe, number, eve })
    }

    /// What each kind of caller gets for a mutation: the code of its problem, or nothing.
    async fn codes(&self, query: &str) -> anyhow::Result<[String; 5]> {
        let callers = ["", &self.eve, &self.zoe, &self.librarian, &self.admin];
        let mut codes: [String; 5] = Default::default();
        for (place, token) in callers.iter().enumerate() {
            let query = query.replace("KEY", &format!("{place}"));
            codes[place] = code(&ask_as(self.process.address(), token, &query, json!({})).await?.body);
        }
        Ok(codes)
    }
}

async fn register(address: SocketAddr, token: &str, username: &str, role: &str) -> anyhow::Result<Value> {
    let query = format!(
        "mutation {{ done: registerUser(username: \"{username}\", name: \"{username}\", email: \"{username}@example.org\", \
         password: \"{PASSWORD}\", roles: [{role}], idempotencyKey: \"{username}\") {{ user {{ id }} problems {{ code }} }} }}"
    );
    let answer = ask_as(address, token, &query, json!({})).await?;
    let id = answer.data()?["done"]["user"]["id"].clone();
    anyhow::ensure!(id.is_string(), "{}", answer.text);
    Ok(id)
}

async fn login(address: SocketAddr, username: &str) -> anyhow::Result<String> {
    let query = format!(
        "mutation {{ login(username: \"{username}\", password: \"{PASSWORD}\", idempotencyKey: \"l\") {{ token }} }}"
    );
    let answer = ask_as(address, "", &query, json!({})).await?;
    Ok(answer.data()?["login"]["token"].as_str().context("a token")?.to_owned())
}

/// The code of an answer's first problem or error.
fn code(answer: &Value) -> String {
    let problem = &answer["data"]["done"]["problems"][0]["code"];
    let error = &answer["errors"][0]["extensions"]["code"];
    problem.as_str().or_else(|| error.as_str()).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn each_mutation_is_for_whom_the_rules_name() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let library = Secured::open(&folder).await?;
    let (nobody, no) = ("UNAUTHENTICATED", "FORBIDDEN");
    let number = &library.number;
    let genre =
        "mutation { done: createGenre(name: \"Genre KEY\", idempotencyKey: \"KEY\") { problems { code } } }";
    assert_eq!(library.codes(genre).await?, [nobody, no, no, "", ""]);
    let author = "mutation { done: createAuthor(name: \"A\", bio: \"B\", idempotencyKey: \"KEY\") { problems { code } } }";
    assert_eq!(library.codes(author).await?, [nobody, no, no, "", ""]);
    let book = "mutation { done: deleteBook(isbn: \"9780439023481\", expectedVersion: 1, idempotencyKey: \"KEY\") \
                { problems { code } } }";
    assert_eq!(library.codes(book).await?, [nobody, no, no, "NOT_FOUND", "NOT_FOUND"]);
    let comment = format!(
        "mutation {{ done: addComment(studentNumber: \"{number}\", isbn: \"9780439023481\", comment: \"C\", grade: 7, \
         idempotencyKey: \"KEY\") {{ problems {{ code }} }} }}"
    );
    assert_eq!(library.codes(&comment).await?, [nobody, no, "", "DUPLICATE", no]);
    let edit = format!(
        "mutation {{ done: editComment(id: \"{number}:9780439023481\", grade: 8, expectedVersion: 1, \
         idempotencyKey: \"KEY\") {{ problems {{ code }} }} }}"
    );
    assert_eq!(library.codes(&edit).await?, [nobody, no, "", "VERSION_CONFLICT", no]);
    let update = format!(
        "mutation {{ done: updateStudent(studentNumber: \"{number}\", name: \"Z\", expectedVersion: 1, \
         idempotencyKey: \"KEY\") {{ problems {{ code }} }} }}"
    );
    assert_eq!(library.codes(&update).await?, [nobody, no, "", "VERSION_CONFLICT", "VERSION_CONFLICT"]);
    let lend = format!(
        "mutation {{ done: lendBook(studentNumber: \"{number}\", isbn: \"9780439023481\", awaitCompletion: \"PT30S\", \
         idempotencyKey: \"KEY\") {{ saga {{ phase }} problems {{ code }} }} }}"
    );
    assert_eq!(library.codes(&lend).await?, [nobody, no, no, "", ""]);
    // By now lendings have heard what students say of it.
    sleep(Duration::from_secs(2)).await;
    let lendings = format!(
        "{{ done: student(studentNumber: \"{number}\") {{ lendings {{ edges {{ node {{ dueAt }} }} }} hasOverdue }} }}"
    );
    let seen = library.codes(&lendings).await?;
    assert_eq!(seen, [nobody, no, "", "", ""], "whoever borrows a book still sees it");
    let overdue = "{ done: overdueLendings { edges { node { id } } } }";
    assert_eq!(library.codes(overdue).await?, [nobody, no, no, "", ""]);
    let report = "{ reports { done: topStudents { lendings } } }";
    let callers = ["", &library.eve, &library.zoe, &library.librarian, &library.admin];
    for (caller, refusal) in callers.into_iter().zip([Some(nobody), Some(no), Some(no), None, None]) {
        let answer = ask_as(library.process.address(), caller, report, json!({})).await?.body;
        assert_eq!(answer["errors"][0]["extensions"]["code"].as_str(), refusal, "{answer}");
    }
    let discard =
        "mutation { done: discardDeadLetter(id: \"x\", idempotencyKey: \"KEY\") { problems { code } } }";
    assert_eq!(library.codes(discard).await?, [nobody, no, no, "INVALID", "INVALID"]);
    let replay =
        "mutation { done: replayDeadLetter(id: \"x\", idempotencyKey: \"KEY\") { problems { code } } }";
    assert_eq!(library.codes(replay).await?, [nobody, no, no, "INVALID", "INVALID"]);
    let consistency = "{ done: consistency { services { name } } }";
    assert_eq!(library.codes(consistency).await?, [nobody, no, no, "", ""]);
    let letters = "{ done: deadLetters { edges { node { body } } } }";
    assert_eq!(library.codes(letters).await?, [nobody, no, no, "", ""], "bodies may be personal");
    Ok(())
}

#[tokio::test]
async fn personal_fields_are_null_for_others_and_the_rest_is_there() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let library = Secured::open(&folder).await?;
    let address = library.process.address();
    let query = format!(
        "{{ student(studentNumber: \"{}\") {{ name phone birthDate activity {{ edges {{ node {{ kind }} }} }} \
         user {{ username email }} }} }}",
        library.number
    );
    for (token, refusal) in [
        (library.zoe.as_str(), None),
        (&library.librarian, None),
        (&library.admin, None),
        (&library.eve, Some("FORBIDDEN")),
        ("", Some("UNAUTHENTICATED")),
    ] {
        let answer = ask_as(address, token, &query, json!({})).await?.body;
        let student = &answer["data"]["student"];
        assert_eq!(
            (student["name"].as_str(), student["user"]["username"].as_str()),
            (Some("Zoë"), Some("zoe"))
        );
        for place in ["/phone", "/birthDate", "/activity", "/user/email"] {
            let shown = student.pointer(place).is_some_and(|value| !value.is_null());
            assert_eq!(shown, refusal.is_none(), "{place}: {answer}");
        }
        let errors = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        assert_eq!(errors.len(), refusal.map_or(0, |_| 4), "{answer}");
        assert!(errors.iter().all(|error| error["extensions"]["code"].as_str() == refusal), "{answer}");
    }
    let search = "{ students(filter: { phone: \"+49301234567\" }) { edges { node { name } } } }";
    let found = ask_as(address, &library.eve, search, json!({})).await?.body;
    assert_eq!(code(&found), "FORBIDDEN", "a filter tells as much as a field");
    Ok(())
}

/// What services did for a saga is for whoever began it and for those who look after the library.
#[tokio::test]
async fn what_was_done_for_a_saga_is_for_whom_the_saga_is() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let library = Secured::open(&folder).await?;
    let address = library.process.address();
    let erase = format!(
        "mutation {{ done: eraseStudent(studentNumber: \"{}\", awaitCompletion: \"PT30S\", idempotencyKey: \"e\") \
         {{ saga {{ id phase }} problems {{ code }} }} }}",
        library.number
    );
    let saga = ask_as(address, &library.zoe, &erase, json!({})).await?.data()?["done"]["saga"].clone();
    assert_eq!(saga["phase"], "COMPLETED", "{saga}");
    let query = "query($id: ID!) { saga(id: $id) { effectsInStudents { step }
        ... on RegisterStudentSaga { effectsInUsers { step } } ... on EraseStudentSaga { effectsInUsers { step } } } }";
    let seen = json!({
        "effectsInStudents": [{ "step": "beginErasure" }, { "step": "anonymiseStudent" }, { "step": "forgetWhatWasSaid" }],
        "effectsInUsers": [{ "step": "disableUser" }, { "step": "eraseUser" }],
    });
    for (token, refusal) in [
        (library.zoe.as_str(), None),
        (&library.librarian, None),
        (&library.admin, None),
        (&library.eve, Some("FORBIDDEN")),
        ("", Some("UNAUTHENTICATED")),
    ] {
        let answer = ask_as(address, token, query, json!({ "id": saga["id"] })).await?.body;
        assert_eq!(answer["errors"][0]["extensions"]["code"].as_str(), refusal, "{answer}");
        let expected = if refusal.is_none() { &seen } else { &Value::Null };
        assert_eq!(&answer["data"]["saga"], expected, "{answer}");
    }

    // Whoever registers has no token yet.
    let register = "mutation { done: registerStudentWithAccount(username: \"new\", name: \"n\", \
        email: \"n@example.org\", password: \"correct horse\", birthDate: \"2001-02-03\", phone: \"123456\", \
        gdprConsent: true, awaitCompletion: \"PT30S\", idempotencyKey: \"k\") { saga { id phase } problems { code } } }";
    let mut saga = ask_as(address, "", register, json!({})).await?.data()?["done"]["saga"].clone();
    // The account is ready a moment before the coordinator has heard so.
    let until = Instant::now() + Duration::from_secs(30);
    while saga["phase"] == "RUNNING" && Instant::now() < until {
        sleep(Duration::from_millis(50)).await;
        let phase = "query($id: ID!) { saga(id: $id) { id phase } }";
        saga = ask_as(address, "", phase, json!({ "id": saga["id"] })).await?.data()?["saga"].clone();
    }
    assert_eq!(saga["phase"], "COMPLETED", "{saga}");
    let seen = ask_as(address, "", query, json!({ "id": saga["id"] })).await?.data()?["saga"].clone();
    let expected = json!({
        "effectsInStudents": [{ "step": "registerStudent" }],
        "effectsInUsers": [{ "step": "takeUser" }, { "step": "activateUser" }],
    });
    assert_eq!(seen, expected);
    Ok(())
}

#[tokio::test]
async fn a_token_that_is_not_good_is_an_error_of_its_own() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let library = Secured::open(&folder).await?;
    let address = library.process.address();
    let forged = format!("{}x", library.admin);
    for token in ["nonsense", &forged] {
        let answer = ask_as(address, token, "{ genres { edges { node { name } } } }", json!({})).await?.body;
        assert_eq!(code(&answer), "UNAUTHENTICATED", "{answer}");
        assert!(answer["data"]["genres"].is_null(), "{answer}");
        assert!(answer["errors"][0]["message"].as_str().is_some_and(|text| text.contains("log in again")));
    }
    Ok(())
}

#[tokio::test]
async fn an_open_library_says_so_and_lets_everyone_do_everything() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let data = folder.path().to_string_lossy();
    let library = Running::start("lms", &["--data", &data, "--empty"]).await?;
    register(library.address(), "", "boss", "ADMIN").await?;
    let address = library.address();
    let genre = "mutation { done: createGenre(name: \"G\", idempotencyKey: \"g\") { problems { code } } }";
    assert_eq!(code(&ask_as(address, "nonsense", genre, json!({})).await?.body), "");
    let mail = ask_as(address, "", "{ users { edges { node { email } } } }", json!({})).await?;
    assert_eq!(mail.data()?["users"]["edges"][0]["node"]["email"], "boss@example.org");
    let said = "Whoever reaches it is a local administrator; --secured asks for tokens.";
    assert_eq!(library.log()?.matches(said).count(), 1, "{}", library.log()?);
    Ok(())
}

#[tokio::test]
async fn services_know_callers_while_the_users_service_is_away() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let secret = folder.path().join("secret");
    fs::write(&secret, PASSWORD)?;
    let database = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
    let secret = secret.to_string_lossy();
    let users = ["--database-url", &database("users"), "--admin-password-file", &secret].map(str::to_owned);
    let users = Running::start("lms-users", &users.each_ref().map(String::as_str)).await?;
    let jwks = format!("http://{}/.well-known/jwks.json", users.address());
    let start = async |name: &str| {
        Running::start("lms-genres", &["--database-url", &database(name), "--jwks", &jwks]).await
    };
    let (warm, cold) = (start("one").await?, start("two").await?);
    let token = login(users.address(), "admin").await?;
    let genre = |name: &str| {
        format!(
            "mutation {{ done: createGenre(name: \"{name}\", idempotencyKey: \"{name}\") {{ problems {{ code }} }} }}"
        )
    };
    assert_eq!(code(&ask_as(warm.address(), &token, &genre("A"), json!({})).await?.body), "");
    users.kill9()?;
    assert_eq!(code(&ask_as(warm.address(), &token, &genre("B"), json!({})).await?.body), "");
    let wrong = ask_as(warm.address(), &format!("{token}x"), &genre("C"), json!({})).await?;
    assert_eq!((wrong.status, code(&wrong.body).as_str()), (401, "UNAUTHENTICATED"));
    // One that never saw the keys cannot say who asks, and says that.
    let unknown = ask_as(cold.address(), &token, &genre("A"), json!({})).await?;
    assert_eq!((unknown.status, code(&unknown.body).as_str()), (503, "UNAVAILABLE"));
    assert_eq!(code(&ask_as(cold.address(), "", &genre("A"), json!({})).await?.body), "UNAUTHENTICATED");
    Ok(())
}
