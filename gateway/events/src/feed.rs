//! The cache's port: all partitions of all topics, as one stream.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, StreamExt, TryStreamExt};
use octavo_cache::{ChangeFeed, Changes, FeedError};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::client::{Client, connect, detached};
use crate::line::Line;
use crate::options::{Options, SetupError};

/// How often the partitions are counted: an operator may add some.
const COUNT_EVERY: Duration = Duration::from_secs(10);
/// How many partitions are opened at a time.
const AT_ONCE: usize = 16;
/// How many messages wait to be taken.
const WAITING: usize = 500;

/// Messages, or why there are no more.
pub(crate) type Heard = mpsc::Sender<Result<Bytes, FeedError>>;

/// Topics of a Pulsar cluster, read from when somebody begins to listen.
pub struct PulsarFeed {
    options: Arc<Options>,
}

impl PulsarFeed {
    /// A feed; nothing is connected before somebody listens.
    pub fn new(options: Options) -> Result<Self, SetupError> {
        options.check()?;
        // The driver asks for the process's choice; one that was made before is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        Ok(Self { options: Arc::new(options) })
    }
}

impl ChangeFeed for PulsarFeed {
    fn listen(&self) -> BoxFuture<'_, Result<Changes, FeedError>> {
        async {
            let client = connect(&self.options).await?;
            let counts = count(&client, &self.options.topics).await?;
            let names: Vec<String> =
                counts.iter().flat_map(|(topic, count)| partitions(topic, *count)).collect();
            let open = |name: String| detached(Line::open(client.clone(), name));
            let lines: Vec<Line> =
                stream::iter(names).map(open).buffer_unordered(AT_ONCE).try_collect().await?;
            Ok(changes(client, counts, lines))
        }
        .boxed()
    }
}

/// What the lines hear. They end when it is dropped.
fn changes(client: Client, counts: BTreeMap<String, u32>, lines: Vec<Line>) -> Changes {
    let (heard, receiver) = mpsc::channel(WAITING);
    let mut tasks = JoinSet::new();
    for line in lines {
        tasks.spawn(line.run(heard.clone()));
    }
    tasks.spawn(watch(client, counts, heard));
    let next = async |(mut receiver, tasks): (mpsc::Receiver<_>, JoinSet<()>)| {
        Some((receiver.recv().await?, (receiver, tasks)))
    };
    stream::unfold((receiver, tasks), next).boxed()
}

/// How many partitions each topic has; nought for one that is not divided.
async fn count(client: &Client, topics: &[String]) -> Result<BTreeMap<String, u32>, FeedError> {
    let mut counts = BTreeMap::new();
    for topic in topics {
        let (client, name) = (client.clone(), topic.clone());
        let counted = async move { Box::pin(client.lookup_partitioned_topic_number(name)).await };
        let count = detached(counted).await.map_err(|FeedError(why)| FeedError(format!("{topic}: {why}")))?;
        counts.insert(topic.clone(), count);
    }
    Ok(counts)
}

fn partitions(topic: &str, count: u32) -> Vec<String> {
    match count {
        0 => vec![topic.to_owned()],
        count => (0..count).map(|number| format!("{topic}-partition-{number}")).collect(),
    }
}

/// Says that there are other partitions than those which are read.
async fn watch(client: Client, read: BTreeMap<String, u32>, heard: Heard) {
    let topics: Vec<String> = read.keys().cloned().collect();
    let error = loop {
        sleep(COUNT_EVERY).await;
        match count(&client, &topics).await {
            Ok(found) if found == read => {}
            Ok(_) => break FeedError("a topic has other partitions than before".to_owned()),
            Err(error) => break error,
        }
    };
    // Nobody may listen any more.
    drop(heard.send(Err(error)).await);
}
