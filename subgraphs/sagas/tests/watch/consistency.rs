//! How far a consumer is behind, as the graph tells it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::World;

const CONSISTENCY: &str = "{ consistency { services { name away outbox oldest stuck }
    edges { from to consumer kind behind waiting oldest parked oldestParked dead lastSeen healthy } } }";

/// The edge from the notes to the ear.
fn heard(data: &Value) -> Value {
    let edges = data["consistency"]["edges"].as_array().unwrap();
    edges.iter().find(|edge| edge["to"] == "ear").cloned().unwrap_or_default()
}

/// A length of less than a minute.
fn seconds(length: &Value) -> f64 {
    let text = length.as_str().unwrap_or_else(|| panic!("{length} is no length"));
    text.strip_prefix("PT").and_then(|text| text.strip_suffix('S')).unwrap().parse().unwrap()
}

fn is_healthy(data: &Value) -> bool {
    heard(data)["healthy"] == true
}

#[tokio::test]
async fn a_consumer_that_stood_still_for_ten_seconds_is_ten_behind() {
    let world = World::new().await;
    let _joined = [world.join(&world.notes), world.join(&world.sagas)];
    let hearing = world.join(&world.ear);
    world.write("a", "fine").await;
    let edge = heard(&world.until(CONSISTENCY, is_healthy).await);
    let way = (&edge["from"], &edge["to"], &edge["consumer"], &edge["kind"]);
    assert_eq!(way, (&json!("notes"), &json!("ear"), &json!("ear"), &json!("EVENTS")));
    assert!(seconds(&edge["behind"]) < 1.0 && edge["lastSeen"].is_string(), "{edge}");
    assert_eq!((&edge["waiting"], &edge["parked"], &edge["dead"]), (&json!(0), &json!(0), &json!(0)));

    hearing.abort();
    tokio::time::sleep(Duration::from_secs(10)).await;
    let edge = heard(&world.ask(CONSISTENCY, json!({})).await);
    let behind = seconds(&edge["behind"]);
    assert!((9.0..=11.0).contains(&behind), "{edge}");
    assert_eq!(edge["healthy"], false, "nothing is parked, and no marker returned: {edge}");
    println!("stopped for 10 s, {behind} s behind");

    let _again = world.join(&world.ear);
    let edge = heard(&world.until(CONSISTENCY, is_healthy).await);
    assert!(seconds(&edge["behind"]) < 1.0, "{edge}");
}

#[tokio::test]
async fn what_is_parked_or_dead_shows_though_the_markers_return() {
    let world = World::new().await.with_one_away();
    let _joined = world.join_all().await;
    world.until(CONSISTENCY, is_healthy).await;
    world.publish("a", 2).await;
    let edge = heard(&world.until(CONSISTENCY, |data| heard(data)["parked"] == 1).await);
    assert!(seconds(&edge["behind"]) > 0.0 && seconds(&edge["oldestParked"]) >= 0.0, "{edge}");
    assert_eq!((&edge["healthy"], &edge["waiting"]), (&json!(false), &json!(1)));
    let later = heard(&world.until(CONSISTENCY, |data| seconds(&heard(data)["behind"]) > 1.0).await);
    assert!(seconds(&later["oldestParked"]) > 1.0, "it goes on waiting: {later}");
    world.publish("a", 1).await;
    world.until(CONSISTENCY, is_healthy).await;

    world.write("b", "poison").await;
    let dead = world.until(CONSISTENCY, |data| heard(data)["dead"] == 1).await;
    assert_eq!(heard(&dead)["healthy"], false);
    let services = dead["consistency"]["services"].as_array().unwrap();
    let told: Vec<_> =
        services.iter().map(|service| (service["name"].as_str().unwrap(), &service["away"])).collect();
    let (here, away) = (json!(false), json!(true));
    assert_eq!(told, [("ear", &here), ("nobody", &away), ("notes", &here), ("sagas", &here)]);
}

#[tokio::test]
async fn what_has_not_left_waits_at_its_service() {
    let world = World::new().await;
    let _sagas = world.join(&world.sagas);
    world.write("a", "fine").await;
    let data = world.until(CONSISTENCY, |data| data["consistency"]["services"][1]["outbox"] == 1).await;
    let notes = &data["consistency"]["services"][1];
    assert_eq!((&notes["name"], &notes["stuck"]), (&json!("notes"), &json!(0)));
    assert!(notes["oldest"].is_string(), "{notes}");
    let edge = heard(&data);
    assert_eq!(
        (&edge["from"], &edge["behind"], &edge["healthy"]),
        (&json!("notes"), &Value::Null, &json!(false)),
        "nobody can say"
    );
}
