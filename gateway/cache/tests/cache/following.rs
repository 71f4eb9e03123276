//! The task that follows a feed of changes: what it makes of messages, and of a feed that is lost.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use octavo_cache::{ChangeFeed, Changes, EntityCache, FeedError, Options, RedisOptions, follow};
use octavo_executor::CachePort;
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::task::JoinSet;

use crate::changes::{cache, has, keep, scope};
use crate::redis_server::{Redis, eventually};

type Said = Result<Bytes, FeedError>;

/// A feed that says what the test says, to whoever listened last; none before the test lets it.
#[derive(Default)]
struct Feed(Mutex<Option<UnboundedSender<Said>>>, Mutex<bool>);

impl Feed {
    fn say(&self, said: Said) {
        let listener = self.0.lock().expect("no test panics in here");
        listener.as_ref().expect("somebody listens").send(said).expect("it still does");
    }

    fn open(&self, is_open: bool) {
        *self.1.lock().expect("no test panics in here") = is_open;
    }
}

impl ChangeFeed for Feed {
    fn listen(&self) -> BoxFuture<'_, Result<Changes, FeedError>> {
        async {
            if !*self.1.lock().expect("no test panics in here") {
                return Err(FeedError("it is closed".to_owned()));
            }
            let (sender, receiver) = mpsc::unbounded_channel();
            *self.0.lock().expect("no test panics in here") = Some(sender);
            let said = futures::stream::unfold(receiver, async |mut receiver| {
                Some((receiver.recv().await?, receiver))
            });
            Ok(said.boxed())
        }
        .boxed()
    }
}

struct Followed {
    cache: Arc<EntityCache>,
    feed: Arc<Feed>,
    _task: JoinSet<()>,
}

impl Followed {
    fn start(redis: Option<&Redis>) -> Self {
        let redis = redis.map(|redis| RedisOptions::at(redis.url()));
        let cache = EntityCache::new(&Options { redis, hears: true, ..Options::default() }).expect("a cache");
        let (cache, feed) = (Arc::new(cache), Arc::new(Feed::default()));
        let mut task = JoinSet::new();
        task.spawn(follow(cache.clone(), feed.clone()));
        Self { cache, feed, _task: task }
    }

    async fn has(&self, number: u32) -> bool {
        has(&self.cache, &scope(&[]), number).await
    }

    /// Keeps an entity as soon as anything is kept.
    async fn keeps(&self, number: u32) {
        eventually("it keeps again", async || {
            keep(&self.cache, &scope(&[]), number, self.cache.moment());
            self.has(number).await
        })
        .await;
    }

    fn say(&self, message: &str) {
        self.feed.say(Ok(Bytes::from(message.to_owned())));
    }
}

const CHANGED: &str = r#"{"specversion": "1.0", "id": "1", "source": "/books", "type": "changed", "time": "2026-01-01T00:00:00Z",
    "data": {"touches": [{"type": "Book", "keys": [{"id": "1"}], "subgraph": "books"}]}}"#;

#[tokio::test]
async fn what_a_message_touches_is_forgotten() {
    let followed = Followed::start(None);
    followed.feed.open(true);
    followed.keeps(1).await;
    followed.keeps(2).await;
    followed.say(r#"{"id": "0", "source": "/books", "data": {}}"#);
    followed.say(CHANGED);
    eventually("it is forgotten", async || !followed.has(1).await).await;
    assert!(followed.has(2).await, "what is not touched stays");
    let hearing = followed.cache.hearing().expect("it hears");
    assert!(hearing.connected && hearing.messages == 2 && hearing.last_ms > 0, "{hearing:?}");
    assert!(hearing.lag_ms > 1_000, "it was said long ago: {hearing:?}");
}

#[tokio::test]
async fn a_message_that_cannot_be_read_makes_it_forget_everything() {
    for message in
        ["{", r#"{"id": "1"}"#, r#"{"id": "1", "source": "/b", "data": {"touches": [{"type": "Book"}]}}"#]
    {
        let followed = Followed::start(None);
        followed.feed.open(true);
        followed.keeps(1).await;
        followed.say(message);
        eventually("it is forgotten", async || !followed.has(1).await).await;
        followed.keeps(1).await;
    }
}

#[tokio::test]
async fn a_feed_that_is_lost_leaves_nothing_that_was_kept_before() {
    let followed = Followed::start(None);
    keep(&followed.cache, &scope(&[]), 1, followed.cache.moment());
    assert!(!followed.has(1).await, "nobody listens yet");
    followed.feed.open(true);
    followed.keeps(1).await;

    followed.feed.open(false);
    followed.feed.say(Err(FeedError("the connection is lost".to_owned())));
    eventually("nothing is given out", async || !followed.has(1).await).await;
    assert!(!followed.cache.hearing().expect("it is to hear").connected);
    let before = followed.cache.moment();
    keep(&followed.cache, &scope(&[]), 2, before);
    assert!(!followed.has(2).await);

    followed.feed.open(true);
    followed.keeps(3).await;
    assert!(!followed.has(1).await && !followed.has(2).await, "what was kept before it listened may be old");
    keep(&followed.cache, &scope(&[]), 4, before);
    assert!(!followed.has(4).await, "and so may be what was asked for before");
    keep(&followed.cache, &scope(&[]), 4, followed.cache.moment());
    assert!(followed.has(4).await);
}

#[tokio::test]
async fn two_sources_may_call_their_messages_the_same() {
    let redis = Redis::start().await;
    let (other, witness) = (cache(Some(&redis)).await, cache(Some(&redis)).await);
    let followed = Followed::start(Some(&redis));
    followed.feed.open(true);
    followed.keeps(1).await;
    followed.say(&CHANGED.replace("/books", "/genres").replace("Book", "Genre"));
    eventually("it is shared", async || {
        keep(&followed.cache, &scope(&[]), 1, followed.cache.moment());
        has(&witness, &scope(&[]), 1).await
    })
    .await;
    followed.say(CHANGED);
    eventually("it is forgotten", async || !followed.has(1).await).await;
    assert!(!has(&other, &scope(&[]), 1).await, "Redis was told of both");
}
