//! Asks an engine whether it is up, in a few bytes of its own protocol.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(2);

/// The question and the answer that means yes.
pub(crate) struct Health {
    pub(crate) address: SocketAddr,
    pub(crate) question: Vec<u8>,
    /// How the answer begins; empty when an open port is enough.
    pub(crate) answer: &'static [u8],
}

impl Health {
    /// A path that answers 200, to whoever has this token.
    pub(crate) fn http_with(address: SocketAddr, path: &str, token: Option<&str>) -> Self {
        let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let question = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{token}Connection: close\r\n\r\n");
        Self { address, question: question.into_bytes(), answer: b"HTTP/1.1 200" }
    }

    pub(crate) async fn is_up(&self) -> bool {
        matches!(timeout(PATIENCE, self.ask()).await, Ok(Ok(true)))
    }

    async fn ask(&self) -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(&self.question).await?;
        let mut answer = vec![0; self.answer.len()];
        stream.read_exact(&mut answer).await?;
        Ok(answer == self.answer)
    }
}
