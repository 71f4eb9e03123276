//! The service among the others: what waits in it, its dead letters, and how far it is behind.

use std::time::Duration;

use lms_kit::watch::{LetterKey, Peer};

use crate::{
    said::{Said, lending},
    world::{World, publish},
};

#[tokio::test(flavor = "multi_thread")]
async fn what_it_cannot_read_is_a_dead_letter_until_somebody_mends_it() {
    let world = World::hearing(&[]).await;
    let good = lending("2026/1", "a", Some("s"), 0, 1);
    let broken = Said { body: good.body.replace("\"lentAt\":0", "\"lentAt\":\"never\""), ..good.clone() };
    publish(&world.bus, &[broken, lending("2026/1", "b", Some("s"), 0, 2)]).await;
    let letter = loop {
        let mut letters = world.service.dead_letters().await.unwrap().letters;
        if let Some(letter) = letters.pop().filter(|letter| letter.behind == 1) {
            break letter;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(letter.reason.contains("cannot be read: invalid type: string \"never\""), "{}", letter.reason);
    let key = LetterKey { consumer: letter.consumer, sequence: letter.sequence, seq: letter.seq };
    world.service.replay(&key, Some(&good.body)).await.unwrap().unwrap();
    while world.reports("topBooks { book { isbn } }").await["topBooks"][0]["book"]["isbn"] != "b" {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(world.service.dead_letters().await.unwrap().letters, []);
}
