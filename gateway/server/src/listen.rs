//! Connections: accepted, served, and brought to an end.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use crate::{Gateway, router};

/// How long a client may take to send its headers, and how large a connection's buffer may grow for them.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
const BUFFER: usize = 128 * 1024;
/// A pause after the system refuses a connection (too many open files): without it the loop would spin.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves `gateway` on `listener` until `stop` is ready. Then nothing new is accepted, and requests under way may end within
/// the drain time of the gateway's options.
pub async fn serve(
    gateway: Arc<Gateway>,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let service = TowerToHyperService::new(router(Arc::clone(&gateway)));
    let server = server();
    let connections = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                set_up(&stream);
                let connection = server.serve_connection(TokioIo::new(stream), service.clone());
                let connection = connections.watch(connection.into_owned());
                tokio::spawn(async move {
                    if let Err(error) = connection.await {
                        tracing::debug!(error, "a connection ended early");
                    }
                });
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection can be accepted");
                sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    gateway.begin_stop();
    tracing::info!(connections = connections.count(), "stopping");
    if timeout(gateway.options().drain, connections.shutdown()).await.is_err() {
        tracing::warn!("requests were still running at the end of the drain time");
    }
    Ok(())
}

fn server() -> Builder<TokioExecutor> {
    let mut server = Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(BUFFER)
        .pipeline_flush(true);
    server.http2().timer(TokioTimer::new());
    server
}

fn set_up(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its delay");
    }
}

/// The client went away before it was accepted; the next one is not concerned.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
