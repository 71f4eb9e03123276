//! A place where a service can always be found, whichever process is it now.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// Passes connections on to wherever it leads; shut, it breaks them off.
pub struct Door {
    address: SocketAddr,
    target: Arc<Mutex<Option<SocketAddr>>>,
    task: AbortHandle,
}

impl Door {
    /// One that leads nowhere yet.
    pub async fn open() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, target) = (listener.local_addr()?, Arc::new(Mutex::new(None)));
        let leads = Arc::clone(&target);
        let task = tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let target: Option<SocketAddr> = *leads.lock().unwrap_or_else(PoisonError::into_inner);
                let Some(target) = target else { continue };
                tokio::spawn(async move {
                    let mut server = TcpStream::connect(target).await?;
                    copy_bidirectional(&mut client, &mut server).await
                });
            }
        });
        Ok(Self { address, target, task: task.abort_handle() })
    }

    /// Where to connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Leads new connections there, or nowhere.
    pub fn lead(&self, to: Option<SocketAddr>) {
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = to;
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
    }
}
