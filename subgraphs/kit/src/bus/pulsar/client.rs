//! The connection to the broker: one client that everything shares, and a new one when it has failed.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use pulsar::{
    ConnectionRetryOptions, OperationRetryOptions, Pulsar, TokioExecutor,
    authentication::Authentication,
    error::{
        AuthenticationError, ConnectionError, ConsumerError, Error, ProducerError, ServiceDiscoveryError,
    },
    message::proto::ServerError,
};
use tokio::sync::Mutex;

use super::{PulsarOptions, Token};
use crate::bus::BusError;

/// How often a connection is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// How many messages may wait for a connection; the next one waits for its turn.
const OUTBOUND: usize = 100;

pub(super) type Client = Pulsar<TokioExecutor>;

/// The client that is in use, made when it is first needed.
#[derive(Clone)]
pub(super) struct Clients {
    options: Arc<PulsarOptions>,
    current: Arc<Mutex<Current>>,
}

#[derive(Default)]
struct Current {
    client: Option<Client>,
    number: u64,
}

impl Clients {
    pub(super) fn new(options: Arc<PulsarOptions>) -> Self {
        Self { options, current: Arc::default() }
    }

    /// Does something with the client, within the time limit. A client with which something failed is not
    /// given out again: a connection that it waits for might never come.
    pub(super) async fn with<T, F>(
        &self,
        call: impl FnOnce(Client) -> F + Send + 'static,
    ) -> Result<T, BusError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let (client, number) = self.client().await?;
        let result = self.detached(call(client)).await;
        if result.is_err() {
            let mut current = self.current.lock().await;
            if current.number == number {
                current.client = None;
            }
        }
        result
    }

    /// How many partitions a topic has; one without any is not a topic of ours.
    pub(super) async fn partitions(&self, topic: &str) -> Result<u32, BusError> {
        let name = topic.to_owned();
        match self.with(|client| count_partitions(client, name)).await? {
            0 => Err(BusError::Refused(
                format!(
                    "there is no topic `{topic}` with partitions: declare it with the admin API's URL given"
                )
                .into(),
            )),
            count => Ok(count),
        }
    }

    /// Forgets the client; what was opened with it closes as it is dropped.
    pub(super) async fn close(&self) {
        self.current.lock().await.client = None;
    }

    async fn client(&self) -> Result<(Client, u64), BusError> {
        let mut current = self.current.lock().await;
        let client = if let Some(client) = current.client.clone() {
            client
        } else {
            let client = self.detached(connect(self.options.clone())).await?;
            current.client = Some(client.clone());
            current.number += 1;
            client
        };
        Ok((client, current.number))
    }

    /// Runs a call to its end even if nobody waits for it any more: the driver does not bear to be stopped
    /// while it connects.
    async fn detached<T: Send + 'static>(
        &self,
        call: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, BusError> {
        let limit = self.options.timeout;
        match tokio::time::timeout(limit, tokio::spawn(call)).await {
            Ok(Ok(result)) => result.map_err(|error| classify(error, limit)),
            Ok(Err(ended)) => Err(BusError::Away(ended.into())),
            Err(_) => Err(BusError::Timeout(limit)),
        }
    }
}

async fn count_partitions(client: Client, topic: String) -> Result<u32, Error> {
    // The driver's futures are large: here and elsewhere they are boxed where they begin.
    match Box::pin(client.lookup_partitioned_topic_number(topic)).await {
        Err(Error::ServiceDiscovery(ServiceDiscoveryError::Query(Some(ServerError::TopicNotFound), _))) => {
            Ok(0)
        }
        counted => counted,
    }
}

async fn connect(options: Arc<PulsarOptions>) -> Result<Client, Error> {
    let connection = ConnectionRetryOptions {
        min_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(1),
        max_retries: 2,
        connection_timeout: options.timeout / 2,
        keep_alive: KEEP_ALIVE,
        ..ConnectionRetryOptions::default()
    };
    let operation = OperationRetryOptions {
        operation_timeout: options.timeout,
        retry_delay: Duration::from_millis(500),
        max_retries: Some(2),
    };
    let mut builder = Client::builder(&options.url, TokioExecutor)
        .with_connection_retry_options(connection)
        .with_operation_retry_options(operation)
        .with_outbound_channel_size(OUTBOUND);
    if let Some(certificates) = &options.ca {
        builder = builder.with_certificate_chain(certificates.clone());
    }
    if let Some(token) = &options.token {
        builder = builder.with_auth_provider(Box::new(TokenFor(token.clone())));
    }
    builder.build().await
}

/// Reads the token for each new connection, and each time the broker asks for it again.
struct TokenFor(Token);

#[async_trait]
impl Authentication for TokenFor {
    fn auth_method_name(&self) -> String {
        "token".to_owned()
    }

    async fn initialize(&mut self) -> Result<(), AuthenticationError> {
        Ok(())
    }

    async fn auth_data(&mut self) -> Result<Vec<u8>, AuthenticationError> {
        let token = self.0.read().map_err(|error| AuthenticationError::Custom(error.to_string()))?;
        Ok(token.into_bytes())
    }
}

/// Sorts the driver's errors by what a caller can do about them.
pub(super) fn classify(error: Error, limit: Duration) -> BusError {
    use ServerError as E;
    let refusal = match &error {
        Error::Authentication(_) => return BusError::Refused(error.into()),
        Error::ServiceDiscovery(ServiceDiscoveryError::Query(kind, _)) => *kind,
        _ => match connection_error(&error) {
            Some(ConnectionError::PulsarError(kind, _)) => *kind,
            Some(ConnectionError::Authentication(_)) => return BusError::Refused(error.into()),
            Some(ConnectionError::Io(cause)) if cause.kind() == std::io::ErrorKind::TimedOut => {
                return BusError::Timeout(limit);
            }
            // The driver has logged why, and keeps it to itself.
            Some(ConnectionError::Io(cause)) if cause.kind() == std::io::ErrorKind::Other => {
                return BusError::Away(format!("{error} (its certificate or the token may be wrong)").into());
            }
            _ => None,
        },
    };
    let refused = matches!(
        refusal,
        Some(
            E::TopicNotFound
                | E::TopicTerminatedError
                | E::AuthenticationError
                | E::AuthorizationError
                | E::SubscriptionNotFound
                | E::IncompatibleSchema
                | E::NotAllowedError
                | E::InvalidTopicName
        )
    );
    if refused { BusError::Refused(error.into()) } else { BusError::Away(error.into()) }
}

fn connection_error(error: &Error) -> Option<&ConnectionError> {
    match error {
        Error::Connection(error)
        | Error::Producer(ProducerError::Connection(error))
        | Error::Consumer(ConsumerError::Connection(error))
        | Error::ServiceDiscovery(ServiceDiscoveryError::Connection(error)) => Some(error),
        Error::Producer(ProducerError::Batch(error)) => connection_error(error),
        _ => None,
    }
}
