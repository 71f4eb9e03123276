//! The few bytes of `PostgreSQL`'s protocol that make a database, so that no client has to be built or installed first.
//! <https://www.postgresql.org/docs/current/protocol-message-formats.html>

use std::net::SocketAddr;

use anyhow::{Context, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PROTOCOL: i32 = 3 << 16;

/// The first message of a connection.
pub(crate) fn startup(role: &str, database: &str) -> Vec<u8> {
    let mut body = PROTOCOL.to_be_bytes().to_vec();
    for text in ["user", role, "database", database, ""] {
        body.extend(text.as_bytes());
        body.push(0);
    }
    framed(&body)
}

/// Makes an empty database on a server that asks for no password.
pub(crate) async fn create_database(server: SocketAddr, role: &str, name: &str) -> anyhow::Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    ensure!(!name.is_empty() && name.chars().all(plain), "`{name}` is not a plain database name");
    let mut stream = TcpStream::connect(server).await.context("PostgreSQL is not reached")?;
    stream.write_all(&startup(role, "postgres")).await?;
    until_ready(&mut stream).await?;

    let statement = format!("CREATE DATABASE {name}\0");
    stream.write_all(b"Q").await?;
    stream.write_all(&framed(statement.as_bytes())).await?;
    until_ready(&mut stream).await.with_context(|| format!("cannot make the database {name}"))
}

/// A message's length counts itself.
fn framed(body: &[u8]) -> Vec<u8> {
    let length = i32::try_from(body.len() + 4).unwrap_or(i32::MAX);
    [&length.to_be_bytes(), body].concat()
}

/// Reads messages until the server waits for the next statement.
async fn until_ready(stream: &mut TcpStream) -> anyhow::Result<()> {
    loop {
        let kind = stream.read_u8().await?;
        let length = usize::try_from(stream.read_i32().await?)?;
        let mut body = vec![0; length.saturating_sub(4)];
        stream.read_exact(&mut body).await?;
        match kind {
            b'Z' => return Ok(()),
            b'E' => bail!("PostgreSQL says: {}", String::from_utf8_lossy(&body).replace('\0', " ")),
            b'R' if body != [0, 0, 0, 0] => bail!("PostgreSQL asks for a password"),
            _ => {}
        }
    }
}
