//! The coordinator's database came from an older backup: what has begun since is found, and taken up again.

use std::time::Duration;

use crate::world::World;

const ENGINES: [&str; 2] = ["sqlite", "postgres"];
const OFTEN: Duration = Duration::from_millis(100);
/// Longer than a test.
const NEVER: Duration = Duration::from_hours(1);

#[tokio::test]
async fn nothing_stays_held_for_a_saga_that_was_lost_before_its_pivot() {
    for engine in ENGINES {
        let world = World::on(engine).await;
        let _joined = world.join_all_but("authors").await;
        let first = world.coordinator(NEVER).await;
        let saga = first.begin().await;
        first.until_step(&saga, "ensureGenre", "DONE").await;
        first.until_asked(&saga, "proposeAuthor#0").await;
        assert_eq!(world.held("genres").await, 1, "{engine}");
        first.end().await;
        world.restore().await;

        let second = world.coordinator(OFTEN).await;
        let ended = second.until(&saga, "COMPENSATED").await;
        let message = ended["problem"]["message"].as_str().unwrap();
        assert!(message.contains("older backup"), "{engine}: {ended}");
        assert_eq!(world.held("genres").await, 0, "{engine}");

        // What the lost coordinator asked of the authors waits for them: it is done, and its answer is of an older generation.
        let _authors = world.join_named("authors");
        second.until_step(&saga, "proposeAuthor#0", "UNDONE").await;
        second.until(&saga, "COMPENSATED").await;
        assert_eq!((world.acts(), world.held("authors").await), (2, 0), "{engine}");
        assert_eq!(
            second.measured("lms_sagas_missed").await,
            "lms_sagas_missed{service=\"sagas\"} 0.0",
            "{engine}"
        );
    }
}

#[tokio::test]
async fn a_saga_that_was_lost_while_its_pivot_was_asked_for_is_finished() {
    for engine in ENGINES {
        let world = World::on(engine).await;
        let _joined = world.join_all_but("books").await;
        let first = world.coordinator(NEVER).await;
        let saga = first.begin().await;
        first.until_asked(&saga, "createBook").await;
        first.end().await;
        world.restore().await;

        let second = world.coordinator(OFTEN).await;
        second.until(&saga, "RUNNING").await;
        let _books = world.join_named("books");
        let ended = second.until(&saga, "COMPLETED").await;
        assert_eq!(ended["book"]["isbn"], "9780306406157", "{engine}: {ended}");
        assert_eq!((world.held("genres").await, world.held("authors").await), (0, 0), "{engine}");
    }
}

#[tokio::test]
async fn a_saga_that_had_ended_is_known_again_and_nothing_is_done_twice() {
    for engine in ENGINES {
        let world = World::on(engine).await;
        let _joined = world.join_all_but("nobody").await;
        let first = world.coordinator(NEVER).await;
        let saga = first.begin().await;
        first.until(&saga, "COMPLETED").await;
        let acts = world.acts();
        first.end().await;
        world.restore().await;

        // Two at once take it up once.
        let (second, third) = (world.coordinator(OFTEN).await, world.coordinator(OFTEN).await);
        second.until(&saga, "COMPLETED").await;
        third.until(&saga, "COMPLETED").await;
        tokio::time::sleep(3 * OFTEN).await;
        assert_eq!(world.version().await, 1, "{engine}");
        assert_eq!(world.acts(), acts, "{engine}");
    }
}
