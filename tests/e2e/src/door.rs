//! A place where a server can always be found, whichever process is it now, and whatever the wire does to whoever asks.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Duration, sleep};

/// What the wire does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// Passes everything on.
    Open,
    /// Keeps connections open, takes new ones, and passes nothing on.
    Held,
    /// Passes on what is asked, and keeps back what is answered.
    Mute,
    /// Passes each message on when this time is over.
    Slow(Duration),
    /// Breaks off connections, old and new.
    Cut,
}

/// Passes connections on to wherever it leads; without a target it breaks new ones off.
pub struct Door {
    address: SocketAddr,
    target: watch::Sender<Option<SocketAddr>>,
    wire: watch::Sender<Wire>,
    hurt: Arc<AtomicUsize>,
    task: AbortHandle,
}

impl Door {
    /// One that leads nowhere yet.
    pub async fn open() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (target, leads) = watch::channel(None);
        let (wire, does) = watch::channel(Wire::Open);
        let (address, hurt) = (listener.local_addr()?, Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&hurt);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let target: Option<SocketAddr> = *leads.borrow();
                let Some(target) = target else { continue };
                let pass = Pass { wire: does.clone(), hurt: Arc::clone(&counted) };
                tokio::spawn(async move { pass.both(client, TcpStream::connect(target).await?).await });
            }
        });
        Ok(Self { address, target, wire, hurt, task: task.abort_handle() })
    }

    /// Where to connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Leads new connections there.
    pub fn lead(&self, to: Option<SocketAddr>) {
        self.target.send_replace(to);
    }

    /// Lets the wire do this from now on, to connections that are there as well.
    pub fn set(&self, wire: Wire) {
        self.wire.send_replace(wire);
    }

    /// How often something that was sent was held, delayed or cut so far.
    pub fn hurt(&self) -> usize {
        self.hurt.load(Ordering::SeqCst)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Wire {
    fn holds(self, way: Way) -> bool {
        self == Self::Held || (self == Self::Mute && way == Way::Back)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    There,
    Back,
}

#[derive(Clone)]
struct Pass {
    wire: watch::Receiver<Wire>,
    hurt: Arc<AtomicUsize>,
}

impl Pass {
    /// Both ways, until either side or the wire ends it.
    async fn both(self, client: TcpStream, server: TcpStream) -> std::io::Result<()> {
        let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
        let (mut wire, there, back) = (self.wire.clone(), self.clone(), self.clone());
        let passed = async {
            tokio::try_join!(
                there.one(Way::There, from_client, to_server),
                back.one(Way::Back, from_server, to_client)
            )
        };
        tokio::select! {
            _ = wire.wait_for(|wire| *wire == Wire::Cut) => {
                self.hurt.fetch_add(1, Ordering::SeqCst);
                Ok(())
            }
            ended = passed => ended.map(drop),
        }
    }

    async fn one(mut self, way: Way, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) -> std::io::Result<()> {
        let mut read = vec![0; 64 * 1024];
        loop {
            let length = from.read(&mut read).await?;
            if self.wire.borrow().holds(way) {
                self.hurt.fetch_add(1, Ordering::SeqCst);
            }
            // A door that is gone lets nothing through any more.
            if self.wire.wait_for(|wire| !wire.holds(way)).await.is_err() {
                return Ok(());
            }
            let wire = *self.wire.borrow();
            if let Wire::Slow(time) = wire {
                self.hurt.fetch_add(1, Ordering::SeqCst);
                sleep(time).await;
            }
            if length == 0 {
                return to.shutdown().await;
            }
            to.write_all(&read[..length]).await?;
        }
    }
}
