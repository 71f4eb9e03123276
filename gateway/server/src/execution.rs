//! A planned operation executed: as a whole, in parts that are sent as they come, or once for each event.

use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use futures::StreamExt;
use futures::channel::mpsc;
use octavo_admission::Place;
use octavo_authentication::Refusal;
use octavo_executor::{ExecutionReport, ExecutionRequest, IncrementalFormat, Late, Ports};
use octavo_language::CoercedVariables;
use tokio::task::JoinHandle;
use tokio::time::{Sleep, sleep, timeout};

use crate::failure::Failure;
use crate::introspection::Introspection;
use crate::planning::Planned;
use crate::{Gateway, Schema};

/// An operation that is ready to run.
pub(crate) struct Execution {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) schema: Arc<Schema>,
    pub(crate) planned: Arc<Planned>,
    pub(crate) variables: CoercedVariables,
    pub(crate) request: ExecutionRequest,
    /// Held until all of the response has been made, however it is sent.
    pub(crate) place: Option<Place>,
}

/// The payloads of a response in parts. The execution ends when they are dropped.
pub(crate) struct Payloads {
    pub(crate) first: ExecutionReport,
    pub(crate) rest: mpsc::UnboundedReceiver<ExecutionReport>,
    _running: Running,
}

/// The responses of a subscription. It ends when they are dropped.
pub(crate) struct Responses {
    receiver: mpsc::Receiver<ExecutionReport>,
    pub(crate) gateway: Arc<Gateway>,
    running: Running,
    /// When the caller's token is good no longer, if there is one.
    expiry: Option<Pin<Box<Sleep>>>,
}

impl Responses {
    /// The next response; `None`: there are no more. An error: the caller's token is good no longer.
    pub(crate) async fn next(&mut self) -> Result<Option<ExecutionReport>, Failure> {
        let Some(expiry) = &mut self.expiry else { return Ok(self.receiver.next().await) };
        tokio::select! {
            biased;
            () = expiry => Err(Failure::Unauthenticated(Refusal::Expired.to_string())),
            response = self.receiver.next() => Ok(response),
        }
    }

    /// Whether the subscription came to its own end, once there are no more responses.
    pub(crate) async fn ended_well(&mut self) -> bool {
        (&mut self.running.0).await.is_ok()
    }
}

/// A task that ends when nobody waits for it any more.
struct Running(JoinHandle<()>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Execution {
    /// Whether something of the response may come later.
    pub(crate) fn has_parts(&self) -> bool {
        !self.planned.prepared.plan().deferred.is_empty()
    }

    fn introspection(&self) -> Introspection<'_> {
        Introspection { schema: self.schema.api(), planned: &self.planned, variables: &self.variables }
    }

    fn ports<'a>(&'a self, introspection: &'a Introspection<'_>) -> Ports<'a> {
        Ports { subgraphs: &*self.schema.subgraphs, cache: self.gateway.cache(), introspection }
    }

    /// Executes the operation.
    pub(crate) async fn whole(mut self) -> Result<ExecutionReport, Failure> {
        let request = std::mem::take(&mut self.request);
        let introspection = self.introspection();
        let ports = self.ports(&introspection);
        let execution = octavo_executor::execute(&self.planned.prepared, request, ports);
        timeout(self.gateway.options().request_timeout, execution).await.map_err(|_| Failure::Timeout)
    }

    /// Executes the operation in parts. What does not come in time is told in a last payload.
    pub(crate) async fn in_parts(self, format: IncrementalFormat) -> Result<Payloads, Failure> {
        let (sender, mut rest) = mpsc::unbounded();
        let mut running = Running(tokio::spawn(self.send_parts(format, sender)));
        match rest.next().await {
            Some(first) => Ok(Payloads { first, rest, _running: running }),
            None => Err(if (&mut running.0).await.is_ok() { Failure::Timeout } else { Failure::Internal }),
        }
    }

    /// Follows a subscription until a time, if one is given; the next event is taken up once the response to the last one
    /// was taken.
    pub(crate) fn events(mut self, until: Option<SystemTime>) -> Responses {
        // It may last for days, and does nothing most of the time.
        self.place = None;
        let (sender, receiver) = mpsc::channel(0);
        let gateway = Arc::clone(&self.gateway);
        let running = Running(tokio::spawn(self.send_events(sender)));
        let left = |until: SystemTime| until.duration_since(SystemTime::now()).unwrap_or_default();
        let expiry = until.map(|until| Box::pin(sleep(left(until))));
        Responses { receiver, gateway, running, expiry }
    }

    async fn send_events(mut self, responses: mpsc::Sender<ExecutionReport>) {
        let request = std::mem::take(&mut self.request);
        let introspection = self.introspection();
        let ports = self.ports(&introspection);
        octavo_executor::execute_subscription(&self.planned.prepared, request, ports, responses).await;
    }

    async fn send_parts(
        mut self,
        format: IncrementalFormat,
        payloads: mpsc::UnboundedSender<ExecutionReport>,
    ) {
        let request = std::mem::take(&mut self.request);
        let introspection = self.introspection();
        let ports = self.ports(&introspection);
        let late = async {
            sleep(self.gateway.options().request_timeout).await;
            Late { message: Failure::Timeout.to_string(), code: Failure::Timeout.code() }
        };
        let how = (format, late);
        octavo_executor::execute_incrementally(&self.planned.prepared, request, ports, how, payloads).await;
    }
}
