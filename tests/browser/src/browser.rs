//! Chromium, driven by the commands of <https://www.w3.org/TR/webdriver2/>.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use octavo_engines::free_address;
use serde_json::{Value, json};
use tokio::process::{Child, Command};
use tokio::time::sleep;

const PATIENCE: Duration = Duration::from_mins(3);
const POLL: Duration = Duration::from_millis(50);

/// The key under which the standard hands out an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// One browser with one page.
pub struct Browser {
    client: reqwest::Client,
    session: String,
    /// Ends with this value; [`Browser::quit`] ends the browser before it.
    _driver: Child,
}

impl Browser {
    /// Starts a browser with a page of this size.
    pub async fn start(width: u32, height: u32) -> anyhow::Result<Self> {
        let address = free_address()?;
        let driver = Command::new("chromedriver")
            .arg(format!("--port={}", address.port()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("chromedriver is missing: run `cargo xtask test`")?;
        let client = reqwest::Client::new();
        let server = format!("http://{address}");
        until_it_answers(&client, &server).await?;

        let size = format!("--window-size={width},{height}");
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-dev-shm-usage",
            // No host but this machine exists: what asks for one fails, and the console says so.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            &size,
        ];
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let opened = ask(client.post(format!("{server}/session")).json(&wanted)).await?;
        let id = opened["sessionId"].as_str().context("the driver opened no session")?;
        Ok(Self { session: format!("{server}/session/{id}"), client, _driver: driver })
    }

    /// Opens a page.
    pub async fn open(&self, url: &str) -> anyhow::Result<()> {
        self.post("/url", &json!({ "url": url })).await.map(drop)
    }

    /// Clicks on what a CSS selector finds, once it is there.
    pub async fn click(&self, selector: &str) -> anyhow::Result<()> {
        let wanted = json!({ "using": "css selector", "value": selector });
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if let Ok(element) = self.post("/element", &wanted).await {
                let id = element[ELEMENT].as_str().context("an element has an id")?;
                return self.post(&format!("/element/{id}/click"), &json!({})).await.map(drop);
            }
            sleep(POLL).await;
        }
        bail!("the page never had {selector}")
    }

    /// What a script's `return` gives.
    pub async fn run(&self, script: &str) -> anyhow::Result<Value> {
        self.post("/execute/sync", &json!({ "script": script, "args": [] })).await
    }

    /// Waits until the visible text of what a CSS selector finds holds these words, and answers that text.
    pub async fn text_with(&self, selector: &str, words: &str) -> anyhow::Result<String> {
        let script = format!("return document.querySelector({})?.innerText ?? ''", json!(selector));
        let started = Instant::now();
        let mut seen = String::new();
        while started.elapsed() < PATIENCE {
            // An editor writes spaces that do not break.
            seen = self.run(&script).await?.as_str().unwrap_or_default().replace('\u{a0}', " ");
            if seen.contains(words) {
                return Ok(seen);
            }
            sleep(POLL).await;
        }
        bail!("{selector} never showed `{words}`, but:\n{seen}")
    }

    /// What went wrong on the page since this was last asked: errors that it wrote, threw, or met while it loaded.
    pub async fn errors(&self) -> anyhow::Result<Vec<String>> {
        let entries = self.post("/se/log", &json!({ "type": "browser" })).await?;
        let entries = entries.as_array().context("a log is a list")?;
        let errors = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        Ok(errors.map(|entry| entry["message"].to_string()).collect())
    }

    /// Writes a picture of the page.
    pub async fn picture(&self, path: &Path) -> anyhow::Result<()> {
        let shot = ask(self.client.get(format!("{}/screenshot", self.session))).await?;
        let png = BASE64_STANDARD.decode(shot.as_str().context("a picture is text")?)?;
        std::fs::write(path, png).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Ends the browser.
    pub async fn quit(self) -> anyhow::Result<()> {
        ask(self.client.delete(&self.session)).await.map(drop)
    }

    async fn post(&self, command: &str, body: &Value) -> anyhow::Result<Value> {
        ask(self.client.post(format!("{}{command}", self.session)).json(body)).await
    }
}

async fn until_it_answers(client: &reqwest::Client, server: &str) -> anyhow::Result<()> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if client.get(format!("{server}/status")).send().await.is_ok() {
            return Ok(());
        }
        sleep(POLL).await;
    }
    bail!("chromedriver does not answer")
}

/// The value of an answer, or the message of an error.
async fn ask(request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
    let answer = request.send().await?;
    let failed = !answer.status().is_success();
    let mut body: Value = answer.json().await?;
    let value = body["value"].take();
    if failed {
        bail!("the browser refuses: {}", value["message"].as_str().unwrap_or_default());
    }
    Ok(value)
}
