//! The connection to the broker.

use std::time::Duration;

use async_trait::async_trait;
use octavo_cache::FeedError;
use pulsar::authentication::Authentication;
use pulsar::error::AuthenticationError;
use pulsar::{ConnectionRetryOptions, Error, OperationRetryOptions, Pulsar, TokioExecutor};
use tokio::time::timeout;

use crate::options::{Options, Token};

/// The longest that one call may take.
const LIMIT: Duration = Duration::from_secs(10);
/// How often a connection is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

pub(crate) type Client = Pulsar<TokioExecutor>;

/// Connects. The driver connects anew by itself when it has to; who reads notices that.
pub(crate) async fn connect(options: &Options) -> Result<Client, FeedError> {
    let connection = ConnectionRetryOptions {
        min_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(1),
        max_retries: 2,
        connection_timeout: LIMIT / 2,
        keep_alive: KEEP_ALIVE,
        ..ConnectionRetryOptions::default()
    };
    let operation = OperationRetryOptions {
        operation_timeout: LIMIT,
        retry_delay: Duration::from_millis(500),
        max_retries: Some(2),
    };
    let mut builder = Client::builder(&options.url, TokioExecutor)
        .with_connection_retry_options(connection)
        .with_operation_retry_options(operation);
    if let Some(certificates) = &options.ca {
        builder = builder.with_certificate_chain(certificates.clone());
    }
    if let Some(token) = &options.token {
        builder = builder.with_auth_provider(Box::new(Bearer(token.clone())));
    }
    let url = &options.url;
    detached(builder.build()).await.map_err(|FeedError(why)| FeedError(format!("{url}: {why}")))
}

/// Runs a call to its end even if nobody waits for it any more: the driver does not bear to be stopped while it connects.
pub(crate) async fn detached<T: Send + 'static>(
    call: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, FeedError> {
    match timeout(LIMIT, tokio::spawn(call)).await {
        Ok(Ok(result)) => result.map_err(|error| FeedError(error.to_string())),
        Ok(Err(ended)) => Err(FeedError(ended.to_string())),
        Err(_) => Err(FeedError(format!("no answer within {} s", LIMIT.as_secs()))),
    }
}

struct Bearer(Token);

#[async_trait]
impl Authentication for Bearer {
    fn auth_method_name(&self) -> String {
        "token".to_owned()
    }

    async fn initialize(&mut self) -> Result<(), AuthenticationError> {
        Ok(())
    }

    async fn auth_data(&mut self) -> Result<Vec<u8>, AuthenticationError> {
        let token = (self.0)().map_err(|error| AuthenticationError::Custom(error.to_string()))?;
        Ok(token.into_bytes())
    }
}
