//! A database that has no connection left to give.

use std::time::{Duration, Instant};

use anyhow::ensure;
use sqlx::{Connection as _, PgConnection};
use tokio::time::sleep;

use crate::run::Scene;

const LENGTH: Duration = Duration::from_secs(6);
/// How long it may take until there is none left.
const PATIENCE: Duration = Duration::from_mins(3);
const POLL: Duration = Duration::from_millis(20);
/// How many operations are acknowledged before something happens.
const FIRST: usize = 20;
/// By which the connections that are taken here are told from those of services.
const TAKER: &str = "taker";
/// Ends a connection of somebody else, so that its place can be taken.
const END: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
    WHERE backend_type = 'client backend' AND application_name <> 'taker'";

/// Scenario 10, without a connection: all are taken, those that services had as well.
pub(crate) async fn no_connection_left(scene: &mut Scene<'_>) -> anyhow::Result<String> {
    scene.acknowledges(FIRST).await?;
    let before = scene.load.again();
    let url = format!("{}?application_name={TAKER}", scene.stack.postgres.url());
    let mut ending = PgConnection::connect(&url).await?;
    let (mut taken, mut ended) = (Vec::new(), 0);
    let (began, mut full) = (Instant::now(), None::<Instant>);
    while full.is_none_or(|full| full.elapsed() < LENGTH) {
        ensure!(began.elapsed() < PATIENCE, "{} connections were taken, and there were more", taken.len());
        if let Ok(connection) = PgConnection::connect(&url).await {
            taken.push(connection);
        } else {
            full.get_or_insert_with(Instant::now);
            ended += sqlx::query_scalar::<_, i64>(END).fetch_one(&mut ending).await?;
            sleep(POLL).await;
        }
    }
    let (held, again) = (taken.len(), scene.load.again() - before);
    drop(taken);
    ensure!(ended > 0, "services had no connection that could be ended");
    ensure!(again > 0, "no client noticed that {held} connections were taken, and {ended} ended");
    Ok(format!(
        "all {held} connections taken for {} s, {ended} of services ended, {again} operations not answered",
        LENGTH.as_secs()
    ))
}
