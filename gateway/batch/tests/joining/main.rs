//! What joins, what never does, and what becomes of each member.

mod kit;

use std::time::Duration;

use futures::future::join_all;
use kit::{IntoShared as _, RequestExt as _, Stand, ask, entities, names};
use octavo_batch::Options;
use octavo_executor::SubgraphError;
use octavo_query_plan::OperationKind;
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn those_that_come_while_one_is_under_way_leave_together() {
    let stand = Stand::new(Options::default());
    let answers = join_all((0..50).map(|n| stand.call(ask(&[&n.to_string(), "shared"])))).await;
    for (n, answer) in answers.into_iter().enumerate() {
        assert_eq!(names(&answer), [n.to_string(), "shared".to_owned()]);
    }
    let sent = stand.sent();
    assert_eq!(sent.len(), 2, "the first alone, the others together");
    assert_eq!(entities(&sent[1]).len(), 50, "what is equal is asked for once");
}

#[tokio::test(start_paused = true)]
async fn one_alone_waits_for_nobody() {
    let stand = Stand::new(Options::default());
    let began = tokio::time::Instant::now();
    for _ in 0..3 {
        stand.call(ask(&["1"])).await.expect("an answer");
    }
    assert_eq!((stand.sent().len(), began.elapsed()), (3, kit::LATENCY * 3));
}

#[tokio::test(start_paused = true)]
async fn what_tells_callers_or_questions_apart_is_never_joined() {
    let stand = Stand::new(Options::default());
    let mut others = vec![ask(&["1"]); 8];
    others[1].generation = 2;
    others[2].subgraph = "authors".into();
    others[3].headers = vec![("authorization".into(), "one".into())].into_shared();
    others[4].headers = vec![("authorization".into(), "two".into())].into_shared();
    others[5].headers = vec![("cookie".into(), "one".into())].into_shared();
    others[6].change_head("\"first\":1,");
    others[7].change_head("\"first\":2,");
    let count = others.len();
    join_all(others.into_iter().map(|request| stand.call(request))).await;
    assert_eq!(stand.sent().len(), count);
}

#[tokio::test(start_paused = true)]
async fn what_tells_traces_apart_is_joined() {
    let stand = Stand::new(Options::default());
    let traced = |n: usize| {
        let mut request = ask(&[&n.to_string()]);
        let header = |name: &str| (name.into(), n.to_string().into());
        request.headers =
            ["traceparent", "tracestate", "X-Request-Id", "b3"].map(header).to_vec().into_shared();
        request
    };
    join_all((0..10).map(|n| stand.call(traced(n)))).await;
    assert_eq!(stand.sent().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_one_entity_goes_to_those_who_asked_for_it() {
    let stand = Stand::new(Options::default());
    let asked: [&[&str]; 4] = [&["0"], &["1", "failing"], &["2"], &["failing", "missing", "3"]];
    let answers = join_all(asked.iter().map(|ids| stand.call(ask(ids)))).await;
    assert_eq!(stand.sent().len(), 2);
    let told: Vec<_> = answers.iter().map(kit::errors).collect();
    let failing = |index: usize| json!([{"message": "it fails", "path": ["_entities", index, "name"]}]);
    assert_eq!(told, [json!(null), failing(1), json!(null), failing(0)]);
    assert_eq!(names(&answers[3]), ["null", "null", "3"]);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_whole_goes_to_all() {
    let stand = Stand::new(Options::default());
    stand.answer_with(r#"{"data":{"_entities":[null,null]},"errors":[{"message":"tired"}]}"#);
    let answers = join_all((0..3).map(|n| stand.call(ask(&[&n.to_string()])))).await;
    for answer in &answers[1..] {
        assert_eq!(kit::errors(answer), json!([{"message": "tired"}]));
    }
}

#[tokio::test(start_paused = true)]
async fn when_a_joined_call_fails_each_member_goes_alone_once() {
    let failures = [
        "",
        r#"{"data":null,"errors":[{"message":"no"}]}"#,
        r#"{"data":{"_entities":[null]}}"#,
        r#"{"data":{"_entities":null}}"#,
        "no JSON",
    ];
    for answer in failures {
        let stand = Stand::new(Options::default());
        stand.fail_joined_with(answer);
        let answers = join_all((0..4).map(|n| stand.call(ask(&[&n.to_string()])))).await;
        assert_eq!(stand.sent().len(), 1 + 1 + 3, "{answer}");
        for (n, answer) in answers.iter().enumerate() {
            assert_eq!(names(answer), [n.to_string()]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_alone_fails_gets_the_failure() {
    let stand = Stand::new(Options::default());
    stand.fail_joined_with("");
    let unreachable = vec![stand.call(ask(&["0"])), stand.call(ask(&["1"])), stand.call(ask(&["away"]))];
    let answers = join_all(unreachable).await;
    assert!(answers[0].is_ok() && answers[1].is_ok());
    assert!(matches!(answers[2], Err(SubgraphError::Unreachable)));
}

#[tokio::test(start_paused = true)]
async fn a_subgraph_that_is_late_or_has_too_much_to_do_is_not_asked_again_by_each() {
    for (failure, error) in [(kit::LATE, SubgraphError::Timeout), (kit::FULL, SubgraphError::Overloaded)] {
        let stand = Stand::new(Options::default());
        stand.fail_joined_with(failure);
        let answers = join_all((0..4).map(|n| stand.call(ask(&[&n.to_string()])))).await;
        assert_eq!(stand.sent().len(), 2, "the first alone, the others together");
        assert!(answers[0].is_ok());
        assert!(answers[1..].iter().all(|answer| answer.as_ref().err() == Some(&error)), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_goes_takes_nobody_along() {
    let stand = Stand::new(Options::default());
    let calls: Vec<_> = (0..4).map(|n| tokio::spawn(stand.call(ask(&[&n.to_string()])))).collect();
    tokio::task::yield_now().await;
    // The first, which is alone under way, and the one that opened the joined call.
    calls[0].abort();
    calls[1].abort();
    for (n, call) in calls.into_iter().enumerate().skip(2) {
        let answer = call.await.expect("not ended");
        assert_eq!(names(&answer), [n.to_string()]);
    }
    let joined = stand.sent().pop().expect("a request");
    assert_eq!(entities(&joined).len(), 2, "who has gone asks for nothing");
}

#[tokio::test(start_paused = true)]
async fn effects_are_never_joined() {
    let stand = Stand::new(Options::default());
    for kind in [OperationKind::Mutation, OperationKind::Subscription] {
        let mut root = kit::root("{ a }");
        root.kind = kind;
        let mut entity = ask(&["1"]);
        entity.kind = kind;
        join_all([root.clone(), root, entity.clone(), entity].map(|request| stand.call(request))).await;
    }
    assert_eq!(stand.sent().len(), 8);
}

#[tokio::test(start_paused = true)]
async fn it_is_turned_off_for_one_subgraph_or_all() {
    let all = Options { entities: false, equal_queries: false, ..Options::default() };
    let one = Options { apart: ["books".to_owned()].into(), ..Options::default() };
    for options in [all, one] {
        let stand = Stand::new(options);
        let requests = [ask(&["1"]), ask(&["1"]), ask(&["2"]), kit::root("{ a }"), kit::root("{ a }")];
        join_all(requests.map(|request| stand.call(request))).await;
        assert_eq!(stand.sent().len(), 5);
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_call_leaves_and_the_next_one_opens() {
    let stand = Stand::new(Options { max_entities: 4, ..Options::default() });
    join_all((0..13).map(|n| stand.call(ask(&[&n.to_string()])))).await;
    let sizes: Vec<_> = stand.sent().iter().map(|body| entities(body).len()).collect();
    assert_eq!(sizes, [1, 4, 4, 4]);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_for_others_than_a_part_of_the_call() {
    let stand = Stand::new(Options::default());
    let began = tokio::time::Instant::now();
    let late = async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let began = tokio::time::Instant::now();
        stand.call(ask(&["late"])).await.expect("an answer");
        began.elapsed()
    };
    let (_, waited) = tokio::join!(stand.call(ask(&["first"])), late);
    assert!(waited <= kit::LATENCY + Duration::from_millis(2), "{waited:?}");
    assert!(began.elapsed() < kit::LATENCY * 2);
}

#[tokio::test(start_paused = true)]
async fn equal_queries_are_sent_once_while_one_is_under_way() {
    let stand = Stand::new(Options::default());
    let asked = ["{ a }", "{ a }", "{ b }", "{ a }"].map(|query| stand.call(kit::root(query)));
    let answers = join_all(asked).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(stand.sent().len(), 2);
    stand.call(kit::root("{ a }")).await.expect("an answer");
    assert_eq!(stand.sent().len(), 3, "what has ended is not asked");
    // The first that asks goes; the other still gets its answer, from the same request.
    let first = tokio::spawn(stand.call(kit::root("{ c }")));
    tokio::task::yield_now().await;
    let second = tokio::spawn(stand.call(kit::root("{ c }")));
    tokio::task::yield_now().await;
    first.abort();
    assert!(second.await.expect("not ended").is_ok());
    assert_eq!(stand.sent().len(), 4);
    // All go: the next one asks anew.
    let gone = tokio::spawn(stand.call(kit::root("{ d }")));
    tokio::task::yield_now().await;
    gone.abort();
    assert!(gone.await.is_err());
    stand.call(kit::root("{ d }")).await.expect("an answer");
    assert_eq!(stand.sent().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn several_lists_of_entities_are_joined_each_with_its_like() {
    let stand = Stand::new(Options::default());
    let asked = |a: &[&str], b: &[&str]| {
        let mut request = ask(a);
        request.add_group("e1", b);
        request
    };
    let calls = [asked(&["1"], &["9"]), asked(&["2", "3"], &["9"]), asked(&["3"], &["8", "failing", "9"])];
    let answers = join_all(calls.map(|request| stand.call(request))).await;
    assert_eq!(stand.sent().len(), 2);
    assert_eq!(kit::names_of(&answers[2], "_entities"), ["3"]);
    assert_eq!(kit::names_of(&answers[2], "e1"), ["8", "null", "9"]);
    assert_eq!(kit::errors(&answers[2]), json!([{"message": "it fails", "path": ["e1", 1, "name"]}]));
    assert_eq!(kit::errors(&answers[1]), json!(null));
}

/// Requests that come by chance (a Poisson process, its numbers from xorshift64): how long each took, in order.
async fn latencies(per_second: f64, entities: bool) -> Vec<Duration> {
    let stand = Stand::new(Options { entities, ..Options::default() });
    let mut state = 7_u64;
    let mut at = Duration::ZERO;
    let begin = tokio::time::Instant::now();
    let mut requests = Vec::new();
    for number in 0..2_000_u32 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let unit = f64::from(u32::try_from(state >> 33).expect("31 bits") + 1) / f64::from(1_u32 << 31);
        at += Duration::from_secs_f64(-unit.ln() / per_second);
        let (due, call) = (begin + at, stand.call(ask(&[&(number % 50).to_string()])));
        requests.push(tokio::spawn(async move {
            tokio::time::sleep_until(due).await;
            call.await.expect("an answer");
            due.elapsed()
        }));
    }
    let mut took =
        join_all(requests).await.into_iter().collect::<Result<Vec<_>, _>>().expect("none ends early");
    took.sort_unstable();
    took
}

#[tokio::test(start_paused = true)]
async fn joining_costs_at_most_two_milliseconds() {
    for per_second in [5.0, 20.0, 200.0, 2_000.0] {
        let (apart, joined) = (latencies(per_second, false).await, latencies(per_second, true).await);
        let p99 = |took: &[Duration]| took[took.len() * 99 / 100];
        let (apart, joined) = (p99(&apart), p99(&joined));
        assert!(
            joined <= apart + Duration::from_millis(2),
            "{per_second} a second: {apart:?} and {joined:?}"
        );
    }
}
