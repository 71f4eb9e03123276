//! The feed on a real broker: nothing that is published while somebody listens is missed without a word.

use std::sync::{Arc, Mutex as Shelf};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::StreamExt;
use octavo_cache::{ChangeFeed, Changes, FeedError};
use octavo_engines::{Engine, Pulsar as Broker, Security};
use octavo_events::{Options, PulsarFeed, Token};
use pulsar::{Pulsar, TokioExecutor};
use reqwest::{Client, Method};
use serde_json::json;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{sleep, timeout};

const DIVIDED: &str = "persistent://public/default/books.events";
const WHOLE: &str = "persistent://public/default/genres.events";
const PATIENCE: Duration = Duration::from_mins(3);

/// Brokers are large: one at a time.
async fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::const_new(());
    ONE.lock().await
}

struct World {
    broker: Broker,
    feed: PulsarFeed,
}

impl World {
    /// A broker with a topic of three partitions, and one that is not divided.
    async fn start() -> Self {
        let broker = Broker::start().await.expect("a broker");
        let options =
            Options { url: broker.url(), topics: vec![DIVIDED.into(), WHOLE.into()], token: None, ca: None };
        let feed = PulsarFeed::new(options).expect("a feed");
        let world = Self { broker, feed };
        world.admin(Method::PUT, "books.events/partitions", "3").await;
        world.admin(Method::PUT, "genres.events", "").await;
        world
    }

    async fn admin(&self, method: Method, path: &str, body: &'static str) {
        let url = format!("{}/admin/v2/persistent/public/default/{path}", self.broker.admin_url());
        let request = Client::new().request(method, url).header("content-type", "application/json");
        let answer = request.body(body).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap_or_default());
    }

    /// Publishes messages with these texts, each to the partition that its key belongs to.
    async fn publish(&self, topic: &str, texts: &[&str]) {
        let client: Pulsar<TokioExecutor> =
            Pulsar::builder(self.broker.url(), TokioExecutor).build().await.expect("a client");
        let mut producer = Box::pin(client.producer().with_topic(topic).build()).await.expect("a producer");
        for text in texts {
            let message = producer.create_message().with_content((*text).to_owned()).with_key(*text);
            let sent = Box::pin(message.send_non_blocking()).await.expect("it is sent");
            sent.await.expect("it is stored");
        }
    }

    async fn listen(&self) -> Changes {
        self.feed.listen().await.expect("it listens")
    }
}

/// What comes next; `None` if nothing does.
async fn next(changes: &mut Changes) -> Option<Result<Bytes, FeedError>> {
    timeout(PATIENCE, changes.next()).await.ok().flatten()
}

/// The texts of the next messages, in any order.
async fn texts(changes: &mut Changes, count: usize) -> Vec<String> {
    let mut texts = Vec::new();
    while texts.len() < count {
        let text = next(changes).await.expect("something comes").expect("a message");
        texts.push(String::from_utf8_lossy(&text).into_owned());
    }
    texts.sort();
    texts
}

async fn is_quiet(changes: &mut Changes) -> bool {
    timeout(Duration::from_secs(5), changes.next()).await.is_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_said_from_now_on_is_heard_once() {
    let _alone = alone().await;
    let world = World::start().await;
    world.publish(DIVIDED, &["before"]).await;
    let (mut one, mut other) = (world.listen().await, world.listen().await);
    let said = ["a", "b", "c", "d", "e", "f"];
    world.publish(DIVIDED, &said).await;
    world.publish(WHOLE, &["g"]).await;
    for changes in [&mut one, &mut other] {
        assert_eq!(texts(changes, 7).await, ["a", "b", "c", "d", "e", "f", "g"]);
        assert!(is_quiet(changes).await, "what was said before is past, and nothing comes twice");
    }

    drop(one);
    world.admin(Method::POST, "books.events/partitions", "4").await;
    let grown = next(&mut other).await.expect("it is told").expect_err("one partition is not read");
    assert!(grown.to_string().contains("other partitions"), "{grown}");
    let mut all = world.listen().await;
    let said: Vec<String> = (0..20).map(|number| format!("{number:02}")).collect();
    world.publish(DIVIDED, &said.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert_eq!(texts(&mut all, 20).await, said);
}

/// The driver connects anew by itself, and would miss what is said meanwhile: here somebody speaks all the time.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_is_moved_misses_nothing_without_a_word() {
    let _alone = alone().await;
    let world = World::start().await;
    let numbers: Vec<String> = (0..100).map(|number| format!("{number:03}")).collect();
    let texts: Vec<&str> = numbers.iter().map(String::as_str).collect();
    for turn in 0..5 {
        // What was moved a moment ago may not be found at first.
        let mut changes = until_it_listens(&world).await;
        let speak = async {
            for part in texts.chunks(4) {
                world.publish(WHOLE, part).await;
            }
        };
        let move_it = async {
            sleep(Duration::from_millis(100 * turn)).await;
            world.admin(Method::PUT, "genres.events/unload", "").await;
        };
        let hear = async {
            for number in &numbers {
                match next(&mut changes).await.expect("it is heard, or known to be lost") {
                    Ok(text) => assert_eq!(&text[..], number.as_bytes(), "turn {turn}"),
                    Err(lost) => return assert!(lost.to_string().contains(WHOLE), "{lost}"),
                }
            }
        };
        tokio::join!(speak, move_it, hear);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_hangs_or_dies_is_noticed_soon_and_listened_to_again() {
    let _alone = alone().await;
    let mut world = World::start().await;
    let mut changes = world.listen().await;
    world.broker.pause().expect("it runs");
    let hung = Instant::now();
    let lost = next(&mut changes).await.expect("it is told").expect_err("nobody answers");
    assert!(hung.elapsed() < Duration::from_secs(8), "{lost} after {:?}", hung.elapsed());
    world.broker.resume().expect("it runs");

    let mut changes = until_it_listens(&world).await;
    world.publish(WHOLE, &["again"]).await;
    assert_eq!(texts(&mut changes, 1).await, ["again"]);
    world.broker.kill9().expect("it runs");
    let died = Instant::now();
    let lost = next(&mut changes).await.expect("it is told").expect_err("nobody answers");
    assert!(died.elapsed() < Duration::from_secs(8), "{lost} after {:?}", died.elapsed());
    assert!(world.feed.listen().await.is_err(), "nobody is there");

    world.broker.restart().await.expect("it starts");
    let mut changes = until_it_listens(&world).await;
    world.publish(WHOLE, &["and again"]).await;
    assert_eq!(texts(&mut changes, 1).await, ["and again"]);
}

async fn until_it_listens(world: &World) -> Changes {
    let began = Instant::now();
    loop {
        match world.feed.listen().await {
            Ok(changes) => return changes,
            Err(error) => assert!(began.elapsed() < Duration::from_secs(90), "{error}"),
        }
        sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_shown_and_asked_for_again_and_the_broker_shows_a_certificate() {
    let _alone = alone().await;
    let (secret, admin) = ([7; 32], token("admin", &[7; 32]));
    let issued = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let (certificate, key) = (issued.cert.pem(), issued.signing_key.serialize_pem());
    let security = Security {
        certificate: certificate.clone(),
        key,
        secret: secret.to_vec(),
        admin_token: admin.clone(),
    };
    let broker = Broker::start_secured(&security).await.expect("a broker");
    let shown = Arc::new(Shelf::new(token("admin", &[8; 32])));
    let asked = Arc::clone(&shown);
    let gives: Token = Arc::new(move || Ok(asked.lock().expect("no test panics in here").clone()));
    let options = |ca: &str| Options {
        url: broker.url(),
        topics: vec![WHOLE.into()],
        token: Some(gives.clone()),
        ca: Some(ca.as_bytes().to_vec()),
    };
    let feed = PulsarFeed::new(options(&certificate)).expect("a feed");
    let refused = feed.listen().await.err().expect("the token is another's");
    assert!(refused.to_string().contains(&broker.url()), "{refused}");
    shown.lock().expect("no test panics in here").clone_from(&admin);
    assert!(feed.listen().await.is_ok(), "the token is asked for again");

    let stranger = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let distrusting = PulsarFeed::new(options(&stranger.cert.pem())).expect("a feed");
    assert!(distrusting.listen().await.is_err(), "another's certificate");
}

fn token(role: &str, secret: &[u8]) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(secret);
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &json!({ "sub": role }), &key).expect("a token")
}
