//! A bus in a file: the suite, and a process that is killed.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use lms_kit::bus::{Bus, LocalBus, LocalFollower, Outgoing, SharedBus, Topic};
use tokio::time::timeout;

use crate::{
    place::{
        PATIENCE, Place, assert_complete, collect, declare, message, number, publish, subscription, topic,
    },
    suite::suite,
};

suite!(Place::local());

#[tokio::test(flavor = "multi_thread")]
async fn another_process_sees_what_is_published() {
    let place = Place::local();
    let (one, two) = (place.open().await, place.open().await);
    declare(&one, &["a"]).await;
    let mut open = two.subscribe(&subscription("a")).await.unwrap();
    assert!(timeout(Duration::from_millis(100), open.receive(1)).await.is_err());
    publish(&one, 0..10, 1).await;
    assert_complete(&collect(&mut open, 10).await, 0..10);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_in_a_process_one_is_given_the_messages() {
    let place = Place::local();
    let bus = place.open().await;
    declare(&bus, &["a"]).await;
    publish(&bus, 0..20, 1).await;
    let mut one = bus.subscribe(&subscription("a")).await.unwrap();
    let mut two = bus.subscribe(&subscription("a")).await.unwrap();
    assert_eq!(one.receive(10).await.unwrap().len(), 10);
    assert!(timeout(Duration::from_millis(200), two.receive(10)).await.is_err());
    assert_eq!(one.receive(10).await.unwrap().len(), 10);
    drop(one);
    assert_complete(&collect(&mut two, 20).await, 0..20);
}

/// The numbers of the next messages that a follower reads.
async fn read(follower: &mut LocalFollower) -> Vec<usize> {
    let bodies = timeout(PATIENCE, follower.next()).await.expect("something comes").unwrap();
    bodies.iter().map(|body| std::str::from_utf8(body).unwrap().parse().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_reads_what_is_said_from_now_on_whoever_subscribes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus.sqlite");
    let own = LocalBus::open(&path).await.unwrap();
    let other: SharedBus = Arc::new(LocalBus::open(&path).await.unwrap());
    let elsewhere = Topic::events("genres");
    other.declare(&[topic(), elsewhere.clone(), Topic::events("users")], &[subscription("a")]).await.unwrap();
    publish(&other, 0..3, 1).await;
    let mut follower = own.follow(&[topic(), elsewhere.clone()]).await.unwrap();
    assert!(
        timeout(Duration::from_millis(100), follower.next()).await.is_err(),
        "what was said before is past"
    );

    publish(&other, 3..5, 1).await;
    let said = Instant::now();
    let mut seen = read(&mut follower).await;
    while seen.len() < 2 {
        seen.extend(read(&mut follower).await);
    }
    assert_eq!(seen, [3, 4], "from another process, in order");
    assert!(said.elapsed() < Duration::from_secs(5));

    let of = |topic: Topic, number| Outgoing { topic, ..message(number, 1) };
    for result in own.publish(vec![of(Topic::events("users"), 5), of(elsewhere, 6), of(topic(), 7)]).await {
        result.unwrap();
    }
    let mut seen = read(&mut follower).await;
    while seen.len() < 2 {
        seen.extend(read(&mut follower).await);
    }
    assert_eq!(seen, [6, 7], "of all its topics, and of no other");
    assert!(timeout(Duration::from_millis(100), follower.next()).await.is_err(), "each once");
    let mut subscribed = other.subscribe(&subscription("a")).await.unwrap();
    assert_complete(&collect(&mut subscribed, 6).await[..5], 0..5);

    drop(own);
    publish(&other, 8..9, 1).await;
    assert_eq!(read(&mut follower).await, [8], "it outlives the bus that it was made of");
}

#[tokio::test]
async fn a_follower_of_nothing_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let bus = LocalBus::open(&folder.path().join("bus.sqlite")).await.unwrap();
    let refused = bus.follow(&[]).await.err().expect("nothing can be followed");
    assert!(refused.to_string().contains("no topic to follow"), "{refused}");
}

/// Names the folder of the process that is killed; in the test's own process it is not set.
const FOLDER: &str = "BUS_TEST_FOLDER";
const NAME: &str = "local::nothing_acknowledged_is_lost_by_a_kill";
const KEYS: usize = 7;
const PER_LIFE: usize = 400;

/// The test starts itself as the process that is killed: it publishes, two of three subscribers receive.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_by_a_kill() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        live(Path::new(&folder)).await;
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let bus = open(folder.path()).await;
    declare(&bus, &["a", "b", "stopped"]).await;
    bus.close().await;
    for _ in 0..3 {
        let before = numbers(folder.path(), "published").len();
        let mut process = start(folder.path());
        let deadline = Instant::now() + Duration::from_mins(1);
        while numbers(folder.path(), "published").len() < before + PER_LIFE {
            assert!(Instant::now() < deadline, "the process publishes too slowly");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        process.kill().unwrap();
        process.wait().unwrap();
    }

    let bus = open(folder.path()).await;
    let published: BTreeSet<usize> = numbers(folder.path(), "published").into_iter().collect();
    for name in ["a", "b", "stopped"] {
        let mut received = numbers(folder.path(), name);
        if name != "stopped" {
            assert!(received.len() > PER_LIFE, "{name} has received only {}", received.len());
        }
        let mut open = bus.subscribe(&subscription(name)).await.unwrap();
        while let Ok(left) = timeout(Duration::from_secs(2), open.receive(500)).await {
            let left = left.unwrap();
            received.extend(left.iter().map(number));
            let receipts: Vec<_> = left.iter().map(|delivery| delivery.receipt).collect();
            open.acknowledge(&receipts).await.unwrap();
        }
        assert_in_order(&received);
        let received: BTreeSet<usize> = received.into_iter().collect();
        let lost: Vec<_> = published.difference(&received).collect();
        assert!(lost.is_empty(), "{name} has lost {lost:?}");
    }
}

async fn open(folder: &Path) -> SharedBus {
    Arc::new(LocalBus::open(&folder.join("bus.sqlite")).await.unwrap())
}

fn start(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Publishes and receives until it is killed, and writes down what was acknowledged to it, and what it was given
/// before it acknowledges that.
async fn live(folder: &Path) {
    let bus = open(folder).await;
    for name in ["a", "b"] {
        let mut subscription = bus.subscribe(&subscription(name)).await.unwrap();
        let mut log = log(folder, name);
        tokio::spawn(async move {
            loop {
                let received = subscription.receive(20).await.unwrap();
                for delivery in &received {
                    writeln!(log, "{}", number(delivery)).unwrap();
                }
                let receipts: Vec<_> = received.iter().map(|delivery| delivery.receipt).collect();
                subscription.acknowledge(&receipts).await.unwrap();
            }
        });
    }
    let mut log = log(folder, "published");
    let first = numbers(folder, "published").last().map_or(0, |last| last + 1_000);
    for start in (first..).step_by(10) {
        let messages = (start..start + 10).map(|number| message(number, KEYS));
        for (number, result) in (start..).zip(bus.publish(messages.collect()).await) {
            result.unwrap();
            writeln!(log, "{number}").unwrap();
        }
    }
}

fn log_path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.numbers"))
}

fn log(folder: &Path, name: &str) -> File {
    File::options().create(true).append(true).open(log_path(folder, name)).unwrap()
}

/// The numbers of a log; a last line that was cut off is none.
fn numbers(folder: &Path, name: &str) -> Vec<usize> {
    let text = fs::read_to_string(log_path(folder, name)).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(lines, _)| lines);
    whole.lines().map(|line| line.parse().unwrap()).collect()
}

/// Each key's numbers rise, repeats left out.
fn assert_in_order(numbers: &[usize]) {
    let mut seen = BTreeSet::new();
    let mut last = [None; KEYS];
    for number in numbers.iter().filter(|number| seen.insert(**number)) {
        let before = last[number % KEYS].replace(number);
        assert!(before.is_none_or(|before| before < number), "{number} came after {before:?}");
    }
}
