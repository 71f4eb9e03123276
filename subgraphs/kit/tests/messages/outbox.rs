//! From the change to the bus.

use std::{sync::Arc, time::Duration};

use lms_kit::{
    bus::Topic,
    change::{Begun, Change},
    changes::{Changes, SqlChanges},
    outbox::{Claim, ClaimOptions, Outbox, Relay, RelayOptions, Settlement, SqlOutbox, Turn, Wake},
    service::{Engine, SqlEngine},
    sql::{Db, DbOptions, Sql},
};
use serde_json::Value;

use crate::{
    wire::Wire,
    world::{ALL, Database, ENGINES, command, put, side_by_side, soon},
};

#[tokio::test]
async fn a_commit_wakes_the_relay_which_looks_by_itself_otherwise() {
    for engine in ENGINES {
        let (notes, wire) = (Database::of(engine).await, Arc::new(Wire::default()));
        let relay = |wake: Wake, poll: Duration| {
            let outbox = Arc::new(SqlOutbox::new(notes.db.clone()));
            let options = RelayOptions { poll, ..RelayOptions::default() };
            tokio::spawn(Relay::new("notes", outbox, Arc::clone(&wire) as _, wake, options).run())
        };
        let has_left = |count| {
            let wire = Arc::clone(&wire);
            async move || wire.sent.lock().unwrap().len() == count
        };
        let woken = relay(notes.db.wake().clone(), Duration::from_hours(1));
        for written in 1..=2 {
            notes.write("a", 0).await;
            assert!(soon(has_left(written)).await, "{engine}: {written}");
        }
        woken.abort();
        let looking = relay(Wake::default(), Duration::from_millis(20));
        notes.write("a", 0).await;
        assert!(soon(has_left(3)).await, "{engine}: nobody looks");
        looking.abort();
    }
}

#[tokio::test]
async fn events_leave_in_the_order_of_their_aggregate_and_once() {
    for engine in ENGINES {
        let (notes, wire) = (Database::of(engine).await, Arc::new(Wire::default()));
        for value in 0..5 {
            for id in ["a", "b", "c"] {
                notes.write(id, value).await;
            }
        }
        let relay = notes.relay(&wire, ClaimOptions { depth: 2, ..ALL });
        while relay.turn().await.unwrap().claimed > 0 {}
        for id in ["a", "b", "c"] {
            assert_eq!(wire.seqs(id), [1, 2, 3, 4, 5], "{engine}");
        }
        assert_eq!(wire.sent.lock().unwrap().len(), 15, "{engine}: none twice");
        let outbox = SqlOutbox::new(notes.db.clone());
        assert_eq!(outbox.backlog().await.unwrap().events, 0, "{engine}");
        let archived = notes.db.row(&Sql::new("SELECT COUNT(*) AS n FROM outbox")).await.unwrap().unwrap();
        assert_eq!(archived.int("n").unwrap(), 15, "{engine}: what has left is kept");
    }
}

#[tokio::test]
async fn what_left_on_a_topic_that_was_lost_leaves_once_more_and_nothing_else_does() {
    for engine in ENGINES {
        let (notes, wire) = (Database::of(engine).await, Arc::new(Wire::default()));
        for id in ["asked", "answered", "said"] {
            notes.write(id, 1).await;
        }
        let asked = [("asked", "Command", "genres.commands"), ("answered", "Reply", "sagas.replies")];
        for (id, kind, topic) in asked {
            let to = Sql::new("UPDATE outbox SET topic = $1, aggregate_type = $2 WHERE aggregate_id = $3");
            notes.db.run(&to.bind(topic).bind(kind).bind(id)).await.unwrap();
            let head = Sql::new("UPDATE outbox_heads SET aggregate_type = $1 WHERE aggregate_id = $2");
            notes.db.run(&head.bind(kind).bind(id)).await.unwrap();
        }
        let relay = notes.relay(&wire, ALL);
        while relay.turn().await.unwrap().claimed > 0 {}
        let outbox = SqlOutbox::new(notes.db.clone());
        assert_eq!(outbox.send_again(&Topic::commands("genres")).await.unwrap(), 1, "{engine}");
        // One that waits is not passed over.
        assert_eq!(outbox.send_again(&Topic::commands("genres")).await.unwrap(), 1, "{engine}");
        while relay.turn().await.unwrap().claimed > 0 {}
        let sent: Vec<_> = wire.sent.lock().unwrap().iter().map(|message| message.key.clone()).collect();
        let times = |key| sent.iter().filter(|sent| *sent == key).count();
        assert_eq!((times("asked"), times("answered"), times("said")), (2, 1, 1), "{engine}: {sent:?}");
        assert_eq!(outbox.backlog().await.unwrap().events, 0, "{engine}");
    }
}

/// SQLite has one writer at a time, so no change commits behind another.
#[tokio::test]
async fn a_change_that_commits_late_is_not_skipped() {
    let (notes, wire) = (Database::of("postgres").await, Arc::new(Wire::default()));
    let relay = notes.relay(&wire, ALL);
    let late_command = command();
    let Begun::Fresh(mut late) = Change::begin::<Value>(&notes.db, &late_command).await.unwrap() else {
        panic!("it is new")
    };
    put(&mut late, "late", 1).await;
    notes.write("early", 1).await;
    relay.turn().await.unwrap();
    assert_eq!((wire.seqs("early"), wire.seqs("late")), (vec![1], vec![]));
    late.commit(Value::Null).await.unwrap();
    relay.turn().await.unwrap();
    assert_eq!(wire.seqs("late"), [1]);
}

/// The head is locked by the change while the relay wants to settle it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_commits_while_the_one_before_is_settled_leaves_too() {
    let (notes, wire) = (Database::of("postgres").await, Arc::new(Wire::default()));
    notes.write("n", 1).await;
    let outbox = Arc::new(SqlOutbox::new(notes.db.clone()));
    let claims = outbox.claim(ALL).await.unwrap();
    let second = command();
    let Begun::Fresh(mut change) = Change::begin::<Value>(&notes.db, &second).await.unwrap() else {
        panic!("it is new")
    };
    // What a change says last it writes when it commits.
    put(&mut change, "n", 2).await;
    put(&mut change, "n", 3).await;
    let settled = settled(&claims[0], 1);
    let settling = tokio::spawn({
        let outbox = Arc::clone(&outbox);
        async move { outbox.settle(&[settled]).await.unwrap() }
    });
    // The settlement waits for the head, which the change holds.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!settling.is_finished());
    change.commit(Value::Null).await.unwrap();
    assert_eq!(settling.await.unwrap(), 1);
    notes.relay(&wire, ALL).turn().await.unwrap();
    assert_eq!(wire.seqs("n"), [2, 3]);
}

/// A change holds one head and wants the other while the relay settles both, whichever of them the database takes first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_settlement_never_waits_for_a_change_that_waits_for_it() {
    for (held, wanted) in [("a", "b"), ("b", "a")] {
        let notes = Database::of("postgres").await;
        notes.write("a", 1).await;
        notes.write("b", 1).await;
        let outbox = Arc::new(SqlOutbox::new(notes.db.clone()));
        let settlements: Vec<_> =
            outbox.claim(ALL).await.unwrap().iter().map(|claim| settled(claim, 1)).collect();
        let both = command();
        let Begun::Fresh(mut change) = Change::begin::<Value>(&notes.db, &both).await.unwrap() else {
            panic!("it is new")
        };
        put(&mut change, held, 2).await;
        put(&mut change, held, 3).await;
        let settling = tokio::spawn(async move { outbox.settle(&settlements).await });
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(!settling.is_finished(), "{held} is the change's");
        put(&mut change, wanted, 2).await;
        change.commit(Value::Null).await.unwrap();
        assert_eq!(settling.await.unwrap().unwrap(), 2);
        assert_eq!(
            SqlOutbox::new(notes.db.clone()).backlog().await.unwrap().events,
            3,
            "what came then waits"
        );
    }
}

/// It sleeps in the middle of a settlement, say, and would hold the heads until it wakes up.
#[tokio::test]
async fn a_process_that_sleeps_in_a_transaction_loses_what_it_holds() {
    let url = octavo_engines::shared::postgres_database("notes").await.unwrap();
    let timeout = Duration::from_millis(300);
    let db = Db::open("notes", &url, DbOptions { timeout }).await.unwrap();
    let create = Sql::new("CREATE TABLE held (id BIGINT PRIMARY KEY)");
    db.run(&create).await.unwrap();
    db.run(&Sql::new("INSERT INTO held VALUES (1)")).await.unwrap();
    let hold = Sql::new("SELECT id FROM held FOR UPDATE");
    let mut asleep = db.begin().await.unwrap();
    asleep.run(&hold).await.unwrap();
    let mut awake = db.begin().await.unwrap();
    let refused = awake.run(&hold).await.unwrap_err();
    assert!(refused.is_passing(), "{refused}");
    let free = soon(async || db.begin().await.unwrap().run(&hold).await.is_ok());
    assert!(free.await, "it is held for ever");
    let ended = asleep.run(&Sql::new("INSERT INTO held VALUES (2)")).await.unwrap_err();
    assert!(ended.is_passing(), "who slept tries again: {ended}");
}

#[tokio::test]
async fn a_relay_that_lost_its_lease_settles_nothing() {
    for engine in ENGINES {
        let notes = Database::of(engine).await;
        notes.write("n", 1).await;
        let outbox = SqlOutbox::new(notes.db.clone());
        let asleep = outbox.claim(ClaimOptions { lease_ms: 0, ..ALL }).await.unwrap();
        assert!(asleep[0].fence < outbox.claim(ALL).await.unwrap()[0].fence, "{engine}: the lease had ended");
        assert!(outbox.claim(ALL).await.unwrap().is_empty(), "{engine}: this one has not");
        assert_eq!(outbox.settle(&[settled(&asleep[0], 1)]).await.unwrap(), 0, "{engine}");
        assert_eq!(outbox.backlog().await.unwrap().events, 1, "{engine}: it is the other's to settle");
    }
}

#[tokio::test]
async fn two_relays_over_a_slow_bus_do_not_take_all_from_one_another() {
    for engine in ENGINES {
        // All that is claimed at first takes three times as long as the claims hold.
        let wire = Wire { takes: Duration::from_millis(20), ..Wire::default() };
        let (notes, wire, many) = (Database::of(engine).await, Arc::new(wire), 60);
        for number in 0..many {
            notes.write(&number.to_string(), 1).await;
        }
        let both = [(); 2].map(|()| notes.relay(&wire, ClaimOptions { lease_ms: 400, ..ALL }));
        let outbox = SqlOutbox::new(notes.db.clone());
        let sent = side_by_side(&both, async |relay: &Relay| {
            relay.turn().await.unwrap();
            outbox.backlog().await.unwrap().events == 0
        });
        assert!(sent.await, "{engine}: each claim is lost to the other");
        let times = wire.sent.lock().unwrap().len();
        assert!(times < 4 * many, "{engine}: {many} events were sent {times} times");
    }
}

#[tokio::test]
async fn a_bus_that_is_away_loses_nothing_and_keeps_the_order() {
    for engine in ENGINES {
        let (notes, wire) = (Database::of(engine).await, Arc::new(Wire::default()));
        let relay = notes.relay(&wire, ALL);
        *wire.away.lock().unwrap() = true;
        for value in 1..=3 {
            notes.write("n", value).await;
            assert!(relay.turn().await.unwrap().failed <= 1, "{engine}");
        }
        let outbox = SqlOutbox::new(notes.db.clone());
        let backlog = outbox.backlog().await.unwrap();
        assert_eq!((backlog.events, backlog.stuck), (3, 0), "{engine}");
        *wire.away.lock().unwrap() = false;
        // The pause after a failure is by the engine's clock.
        let sent = soon(async || {
            relay.turn().await.unwrap();
            wire.seqs("n") == [1, 2, 3]
        });
        assert!(sent.await, "{engine}: {:?}", wire.seqs("n"));
    }
}

#[tokio::test]
async fn an_event_that_can_never_leave_holds_up_its_own_aggregate_only() {
    for engine in ENGINES {
        let (notes, wire) = (Database::of(engine).await, Arc::new(Wire::default()));
        *wire.too_large.lock().unwrap() = Some("\"value\":666".to_owned());
        for (id, value) in [("bad", 1), ("bad", 666), ("bad", 3), ("good", 1), ("good", 2)] {
            notes.write(id, value).await;
        }
        let relay = notes.relay(&wire, ALL);
        assert_eq!(relay.turn().await.unwrap(), Turn { claimed: 2, failed: 1 }, "{engine}");
        assert_eq!(
            relay.turn().await.unwrap(),
            Turn { claimed: 0, failed: 0 },
            "{engine}: it is not tried for ever"
        );
        assert_eq!(wire.seqs("good"), [1, 2], "{engine}");
        let backlog = SqlOutbox::new(notes.db.clone()).backlog().await.unwrap();
        assert_eq!((backlog.events, backlog.stuck), (2, 1), "{engine}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_relays_share_the_work_and_keep_the_order() {
    for engine in ENGINES {
        let (notes, wire) = (Arc::new(Database::of(engine).await), Arc::new(Wire::default()));
        let few = ClaimOptions { aggregates: 3, depth: 2, ..ALL };
        let relays: Vec<_> = (0..2).map(|_| tokio::spawn(notes.relay(&wire, few).run())).collect();
        for value in 0..10 {
            for id in 0..8 {
                notes.write(&id.to_string(), value).await;
            }
        }
        let sent = soon(async || wire.sent.lock().unwrap().len() >= 80).await;
        assert!(sent, "{engine}: {} of 80", wire.sent.lock().unwrap().len());
        relays.iter().for_each(tokio::task::JoinHandle::abort);
        for id in 0..8 {
            assert_eq!(wire.seqs(&id.to_string()), (1..=10).collect::<Vec<_>>(), "{engine}");
        }
    }
}

#[tokio::test]
async fn what_left_long_ago_is_forgotten_but_for_the_state() {
    for engine in ENGINES {
        let (notes, wire) = (Database::of(engine).await, Arc::new(Wire::default()));
        for value in 0..3 {
            notes.write("old", value).await;
        }
        notes.relay(&wire, ALL).turn().await.unwrap();
        notes.write("old", 3).await;
        let mut tx = notes.db.begin().await.unwrap();
        tx.run(&Sql::new("UPDATE outbox SET recorded_at = 0")).await.unwrap();
        tx.commit().await.unwrap();
        let sql = SqlEngine { db: notes.db.clone(), owner: "notes", migrations: &[] };
        sql.purge(0).await.unwrap();
        let left = notes.db.rows(&Sql::new("SELECT seq FROM outbox ORDER BY seq")).await.unwrap();
        let left: Vec<i64> = left.iter().map(|row| row.int("seq").unwrap()).collect();
        assert_eq!(left, [4], "{engine}: what waits is kept however old, and is the state");
        notes.relay(&wire, ALL).turn().await.unwrap();
        sql.purge(0).await.unwrap();
        assert_eq!(wire.seqs("old"), [1, 2, 3, 4], "{engine}");
        let state = SqlChanges::new(notes.db.clone()).of("Note/old").await.unwrap();
        assert!(state.is_some_and(|body| body.contains("\"seq\":4")), "{engine}");
        notes.write("old", 4).await;
        notes.relay(&wire, ALL).turn().await.unwrap();
        assert_eq!(wire.seqs("old"), [1, 2, 3, 4, 5], "{engine}: the count goes on");
    }
}

fn settled(claim: &Claim, sent: usize) -> Settlement {
    Settlement { aggregate: claim.aggregate.clone(), fence: claim.fence, sent, failure: None }
}
