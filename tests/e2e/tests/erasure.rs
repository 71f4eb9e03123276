//! What is left of a student who was erased: every file of the library is searched for what was known of them.

use std::fs;
use std::path::Path;

use anyhow::Context;
use octavo_e2e::{Running, ask_as, files_with};
use serde_json::{Value, json};
use tempfile::TempDir;

/// What is known of the student, each of which nothing else in the library holds. Names are kept in small letters as
/// well, and numbers without spaces: files are searched without regard to case.
const KNOWN: [(&str, &str); 9] = [
    ("name", "Quillonda Vextrapple"),
    ("later name", "Quillonda Marrowfinch"),
    ("username", "qvex.trapple"),
    ("address", "qvextrapple@quillmail.example"),
    ("telephone number", "+351 917 260 413"),
    ("telephone number to search by", "+351917260413"),
    ("date of birth", "1987-06-19"),
    ("interest", "Zymoscopic Kites"),
    ("comment after a lending", "a zorbulating tale of tidal clocks"),
];
/// A comment that was added directly, and one that was taken back.
const SAID: [(&str, &str); 2] = [
    ("comment", "my grandmother Ottavine wept"),
    ("deleted comment", "I take nothing of this back, Brindlewick"),
];

const ISBNS: [&str; 3] = ["9780306406157", "9780439023481", "9780547928227"];

/// A library in one process, asked as somebody.
struct Library {
    process: Running,
    admin: String,
}

impl Library {
    async fn open(folder: &Path) -> anyhow::Result<Self> {
        let secret = folder.join("secret");
        fs::write(&secret, "correct horse\n")?;
        let (data, secret) = (folder.join("data"), secret.to_string_lossy().into_owned());
        let data = data.to_string_lossy();
        let arguments = ["--data", &data, "--empty", "--secured", "--admin-password-file", &secret];
        let mut library = Self { process: Running::start("lms", &arguments).await?, admin: String::new() };
        library.admin = library.login("admin").await?;
        Ok(library)
    }

    /// What a field comes to that is answered without problems.
    async fn done(&self, token: &str, field: &str, wanted: &str) -> anyhow::Result<Value> {
        let query = format!("mutation {{ done: {field} {{ {wanted} problems {{ code message }} }} }}");
        let answer = ask_as(self.process.address(), token, &query, json!({})).await?;
        let done = answer.data()?["done"].clone();
        anyhow::ensure!(done["problems"] == json!([]), "{field}: {done}");
        Ok(done)
    }

    /// The saga that a field begins, which is to end well.
    async fn saga(&self, token: &str, field: &str, wanted: &str) -> anyhow::Result<Value> {
        let wanted = format!("saga {{ phase problem {{ code message }} warnings {{ message }} {wanted} }}");
        let saga = self.done(token, field, &wanted).await?["saga"].clone();
        anyhow::ensure!(saga["phase"] == "COMPLETED" && saga["warnings"] == json!([]), "{field}: {saga}");
        Ok(saga)
    }

    async fn get(&self, token: &str, query: &str) -> anyhow::Result<Value> {
        Ok(ask_as(self.process.address(), token, query, json!({})).await?.data()?.clone())
    }

    async fn login(&self, username: &str) -> anyhow::Result<String> {
        let field =
            format!("login(username: \"{username}\", password: \"correct horse\", idempotencyKey: \"l\")");
        let given = self.done("", &field, "token").await?;
        Ok(given["token"].as_str().context("a token")?.to_owned())
    }

    /// A student with all that is known of them; the number.
    async fn live(&self) -> anyhow::Result<(String, String)> {
        let [
            (_, name),
            (_, later),
            (_, username),
            (_, email),
            (_, phone),
            _,
            (_, born),
            (_, interest),
            (_, told),
        ] = KNOWN;
        for isbn in ISBNS {
            let book = format!(
                "catalogueBook(isbn: \"{isbn}\", title: \"Book {isbn}\", genre: \"Essays\", authors: [{{ name: \"A\", \
                 bio: \"B\" }}], awaitCompletion: \"PT30S\", idempotencyKey: \"{isbn}\")"
            );
            self.saga(&self.admin, &book, "").await?;
        }
        let register = format!(
            "registerStudentWithAccount(username: \"{username}\", name: \"{name}\", email: \"{email}\", \
             password: \"correct horse\", birthDate: \"{born}\", phone: \"{phone}\", gdprConsent: true, \
             interests: [\"{interest}\"], awaitCompletion: \"PT30S\", idempotencyKey: \"k\")"
        );
        self.done("", &register, "saga { id } user { id state }").await?;
        let wrong = format!("login(username: \"{username}\", password: \"wrong\", idempotencyKey: \"w\")");
        assert!(self.done("", &wrong, "token").await.is_err(), "it is not the password");
        let token = self.login(username).await?;
        let own = format!(
            "{{ userByUsername(username: \"{username}\") {{ id student {{ studentNumber phone }} }} }}"
        );
        let own = self.get(&token, &own).await?["userByUsername"].clone();
        assert_eq!(own["student"]["phone"], phone);
        let number = own["student"]["studentNumber"].as_str().context("a number")?.to_owned();
        self.act(&token, &number, own["id"].as_str().context("an id")?, (later, told)).await?;
        Ok((number, token))
    }

    /// Lends, returns, comments and changes, each in the ways that there are.
    async fn act(
        &self,
        token: &str,
        number: &str,
        id: &str,
        (later, told): (&str, &str),
    ) -> anyhow::Result<()> {
        let [(_, said), (_, deleted)] = SAID;
        let lend = format!(
            "lendBook(studentNumber: \"{number}\", isbn: \"{}\", awaitCompletion: \"PT30S\", idempotencyKey: \"l\")",
            ISBNS[0]
        );
        let lending = self.saga(&self.admin, &lend, "lending { lendingNumber student { name } }").await?;
        let lending = lending["lending"]["lendingNumber"].as_str().context("a lending")?.to_owned();
        let refused = self.saga(token, &erase(number, "while a book is out"), "").await;
        assert!(refused.is_err_and(|why| why.to_string().contains("open loans")), "a book is out");
        let back = format!(
            "returnBook(lendingNumber: \"{lending}\", comment: \"{told}\", grade: 9, awaitCompletion: \"PT30S\", \
             idempotencyKey: \"r\")"
        );
        let back = self.saga(&self.admin, &back, "lending { comment { comment grade } }").await?;
        assert_eq!(back["lending"]["comment"]["comment"], told, "{back}");
        for (isbn, said) in [(ISBNS[1], said), (ISBNS[2], deleted)] {
            let add = format!(
                "addComment(studentNumber: \"{number}\", isbn: \"{isbn}\", comment: \"{said}\", grade: 4, \
                 idempotencyKey: \"{isbn}\")"
            );
            self.done(token, &add, "comment { id }").await?;
        }
        let delete = format!(
            "deleteComment(id: \"{number}:{}\", expectedVersion: 1, idempotencyKey: \"d\")",
            ISBNS[2]
        );
        self.done(token, &delete, "comment { id }").await?;
        let rename =
            format!("updateUser(id: \"{id}\", name: \"{later}\", expectedVersion: 1, idempotencyKey: \"u\")");
        self.done(token, &rename, "user { name }").await?;
        let rename = format!(
            "updateStudent(studentNumber: \"{number}\", name: \"{later}\", expectedVersion: 1, idempotencyKey: \"s\")"
        );
        self.done(token, &rename, "student { name }").await?;
        Ok(())
    }
}

fn erase(number: &str, key: &str) -> String {
    format!(
        "eraseStudent(studentNumber: \"{number}\", awaitCompletion: \"PT30S\", idempotencyKey: \"{key}\")"
    )
}

/// In which files of a folder each of these texts is, by the names of the files.
fn places(folder: &Path) -> anyhow::Result<Vec<(&'static str, Vec<String>)>> {
    let all: Vec<_> = KNOWN.into_iter().chain(SAID).collect();
    let found = files_with(folder, &all.iter().map(|(_, text)| *text).collect::<Vec<_>>())?;
    let places = all.into_iter().map(|(what, text)| {
        let files = found.iter().filter(|(_, known)| *known == text);
        let names = files.filter_map(|(file, _)| file.rsplit('/').next().map(str::to_owned));
        (what, names.collect())
    });
    Ok(places.collect())
}

#[tokio::test]
async fn nothing_is_left_of_a_student_who_was_erased() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let data = folder.path().join("data");
    let library = Library::open(folder.path()).await?;
    let (number, token) = library.live().await?;
    for (what, places) in places(&data)? {
        assert!(!places.is_empty(), "the search finds what is there: the {what}");
        let messages = ["bus", "sagas", "lendings", "books"]
            .iter()
            .find(|name| places.iter().any(|place| place.starts_with(*name)));
        // While its saga is under way, sagas keep what is said of a book that comes back.
        let allowed = what == "comment after a lending" && messages == Some(&"sagas");
        assert!(messages.is_none() || allowed, "the {what} left the service that was told it: {places:?}");
    }

    library.saga(&token, &erase(&number, "e"), "student { studentNumber }").await?;
    let left = format!(
        "{{ student(studentNumber: \"{number}\") {{ name }} userByUsername(username: \"{}\") {{ id }} \
         students {{ edges {{ node {{ name }} }} }} \
         said: book(isbn: \"{}\") {{ averageGrade comments {{ edges {{ node {{ comment grade }} }} }} }} }}",
        KNOWN[2].1, ISBNS[1]
    );
    let nothing = json!({ "student": null, "userByUsername": null, "students": { "edges": [] }, "said": {
        "averageGrade": 4.0, "comments": { "edges": [{ "node": { "comment": "", "grade": 4 } }] } } });
    assert_eq!(library.get(&library.admin, &left).await?, nothing, "grades stay, and nothing that was said");
    assert!(library.login(KNOWN[2].1).await.is_err(), "nobody logs in any more");
    let again = format!(
        "registerUser(username: \"{}\", name: \"Other\", email: \"other@example.org\", password: \"correct horse\", \
         idempotencyKey: \"n\")",
        KNOWN[2].1.to_uppercase()
    );
    let again = library.done("", &again, "user { id }").await;
    assert!(again.is_err_and(|why| why.to_string().contains("DUPLICATE")), "a username is never used again");

    assert!(library.process.interrupt().await?.success());
    let left_in: Vec<_> = places(&data)?.into_iter().filter(|(_, places)| !places.is_empty()).collect();
    assert_eq!(left_in, [], "nothing is left of it");
    // What is left can be used.
    let library = Library::open(folder.path()).await?;
    assert_eq!(library.get(&library.admin, &left).await?, nothing);
    Ok(())
}
