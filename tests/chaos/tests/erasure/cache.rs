//! What Redis holds, in its memory and in the files that it writes where somebody has it do so.

use anyhow::ensure;
use octavo_engines::Redis;
use redis::aio::MultiplexedConnection;

/// Has Redis write each change to a file, and all that it holds to another, both without compressing it.
pub(crate) async fn keep_files(redis: &Redis) -> anyhow::Result<()> {
    let mut connection = connect(redis).await?;
    for (setting, value) in [("rdbcompression", "no"), ("aof-use-rdb-preamble", "no"), ("appendonly", "yes")]
    {
        let () = redis::cmd("CONFIG").arg(("SET", setting, value)).query_async(&mut connection).await?;
    }
    Ok(())
}

/// Has it write both anew, as docs/erasure.md says.
pub(crate) async fn rewrite_files(redis: &Redis) -> anyhow::Result<()> {
    let mut connection = connect(redis).await?;
    let () = redis::cmd("SAVE").query_async(&mut connection).await?;
    let () = redis::cmd("BGREWRITEAOF").query_async(&mut connection).await?;
    loop {
        let state: String = redis::cmd("INFO").arg("persistence").query_async(&mut connection).await?;
        if state.contains("aof_rewrite_in_progress:0") && state.contains("aof_rewrite_scheduled:0") {
            ensure!(state.contains("aof_last_bgrewrite_status:ok"), "{state}");
            return Ok(());
        }
    }
}

/// Each key with its value, as text.
pub(crate) async fn entries(redis: &Redis) -> anyhow::Result<Vec<String>> {
    let mut connection = connect(redis).await?;
    let keys: Vec<Vec<u8>> = redis::cmd("KEYS").arg("*").query_async(&mut connection).await?;
    let mut entries = Vec::new();
    for key in keys {
        let kind: String = redis::cmd("TYPE").arg(&key).query_async(&mut connection).await?;
        // It may have run out in between.
        ensure!(["string", "none"].contains(&kind.as_str()), "{kind} is no kind of value that is searched");
        let value: Option<Vec<u8>> = redis::cmd("GET").arg(&key).query_async(&mut connection).await?;
        let entry = [key, value.unwrap_or_default()].concat();
        entries.push(String::from_utf8_lossy(&entry).into_owned());
    }
    Ok(entries)
}

async fn connect(redis: &Redis) -> anyhow::Result<MultiplexedConnection> {
    Ok(redis::Client::open(redis.url())?.get_multiplexed_async_connection().await?)
}
