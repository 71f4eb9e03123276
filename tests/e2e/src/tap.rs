//! A port between two processes that counts what passes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// Passes connections on, and counts certain words in what clients send.
pub struct Tap {
    address: SocketAddr,
    count: Arc<AtomicUsize>,
    task: AbortHandle,
}

impl Tap {
    /// Stands in front of an address and counts these words.
    pub async fn start(target: SocketAddr, words: &'static [&'static [u8]]) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(target).await else { continue };
                let ((from_client, mut to_client), (mut from_server, to_server)) =
                    (client.into_split(), server.into_split());
                let watch = Watch { words, count: Arc::clone(&counted) };
                tokio::spawn(async move { watch.pass(from_client, to_server).await });
                tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
            }
        });
        Ok(Self { address, count, task: task.abort_handle() })
    }

    /// Requests of GraphQL to a service.
    pub async fn of_requests(target: SocketAddr) -> anyhow::Result<Self> {
        Self::start(target, &[b"POST /graphql HTTP/1.1\r\n"]).await
    }

    /// Where to connect instead.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many words passed so far.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Watch {
    words: &'static [&'static [u8]],
    count: Arc<AtomicUsize>,
}

impl Watch {
    async fn pass(self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) -> std::io::Result<()> {
        // A word may arrive in two parts, so what could be the beginning of one is looked at again.
        let longest = self.words.iter().map(|word| word.len()).max().unwrap_or(1);
        let (mut seen, mut read) = (Vec::new(), vec![0; 64 * 1024]);
        loop {
            let length = from.read(&mut read).await?;
            if length == 0 {
                return to.shutdown().await;
            }
            seen.extend_from_slice(&read[..length]);
            let (mut found, mut at) = (0, 0);
            while at + longest <= seen.len() {
                found += usize::from(self.words.iter().any(|word| seen[at..].starts_with(word)));
                at += 1;
            }
            seen.drain(..at);
            self.count.fetch_add(found, Ordering::SeqCst);
            to.write_all(&read[..length]).await?;
        }
    }
}
