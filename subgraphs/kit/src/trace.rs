//! One trace from a client's mutation to its last effect: what each step of the way says of itself.
//!
//! 1. A request's span is the parent of what the request does: its `traceparent` goes into the change's [`Command`], and from
//!    there into the event and the outbox row.
//! 2. The relay's span has the change for its parent, and takes its place in the message that leaves. The archive keeps
//!    the event as it was written.
//! 3. The inbox's span has the message for its parent, and takes its place in what the handler is given: what that
//!    says, a reply or a command, goes on from there.
//!
//! A saga keeps the place where it began, so that what it does by itself belongs to the same trace, after a restart too. What
//! belongs to no trace begins none. Attributes name services, topics, kinds and identifiers of messages, never what is in
//! them.
//!
//! [`Command`]: crate::idempotency::Command

use async_graphql::parser::types::OperationType;
use octavo_telemetry::{Kind, Span};

use crate::{
    bus::{BusError, Outgoing},
    event::{Envelope, OutboxRow},
    inbox::HandleError,
};

/// The request of a client, or of a gateway on its behalf.
pub(crate) fn answering(service: &'static str, traceparent: &mut Option<String>) -> Span {
    let mut span = Span::begin("graphql", Kind::Server, traceparent.as_deref());
    span.say([("octavo.service", service.into()), ("http.route", "/graphql".into())]);
    if let Some(own) = span.traceparent() {
        *traceparent = Some(own);
    }
    span
}

/// What a request asks for, once it is known.
pub(crate) fn asked(span: &mut Span, operation: OperationType, name: Option<&str>) {
    let kind = match operation {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    };
    span.operation(kind, name);
}

/// An event on its way out: the message that leaves belongs to this.
pub(crate) fn publishing(service: &str, event: &OutboxRow, outgoing: &mut Outgoing) -> Span {
    let Some(parent) = event.traceparent.as_deref().filter(|_| Span::are_told()) else {
        return Span::default();
    };
    let topic = outgoing.topic.name();
    let mut span = Span::begin(format!("send {topic}"), Kind::Producer, Some(parent));
    span.say([
        ("messaging.operation.type", "send".into()),
        ("messaging.destination.name", topic.to_owned().into()),
        ("messaging.message.id", event.event_id.clone().into()),
        ("octavo.service", service.to_owned().into()),
        ("octavo.message.type", event.kind.clone().into()),
    ]);
    if let Some(own) = span.traceparent() {
        // In a text within JSON the quotes would be escaped: this is the event's own attribute.
        let attribute = |place: &str| format!("\"traceparent\":\"{place}\"");
        outgoing.body = outgoing.body.replacen(&attribute(parent), &attribute(&own), 1);
    }
    span
}

/// What came of sending.
pub(crate) fn published(spans: Vec<Span>, results: &[Result<(), BusError>]) {
    for (mut span, result) in spans.into_iter().zip(results) {
        match result {
            Ok(()) => {}
            Err(BusError::Away(_)) => span.fail("away"),
            Err(BusError::Timeout(_)) => span.fail("timeout"),
            Err(BusError::TooLarge { .. }) => span.fail("too_large"),
            Err(BusError::Refused(_)) => span.fail("refused"),
        }
    }
}

/// A message that is applied: what its handler does belongs to this.
pub(crate) fn applying(consumer: &'static str, event: &mut Envelope) -> Span {
    let Some(parent) = event.traceparent.as_deref().filter(|_| Span::are_told()) else {
        return Span::default();
    };
    let name = format!("process {}.{}", event.service(), event.what());
    let mut span = Span::begin(name, Kind::Consumer, Some(parent));
    span.say([
        ("messaging.operation.type", "process".into()),
        ("messaging.consumer.group.name", consumer.into()),
        ("messaging.message.id", event.id.clone().into()),
        ("octavo.service", consumer.into()),
        ("octavo.message.source", event.service().to_owned().into()),
        ("octavo.message.type", event.what().to_owned().into()),
    ]);
    if let Some(saga) = &event.sagaid {
        span.say([("octavo.saga.id", saga.clone().into())]);
    }
    if let Some(own) = span.traceparent() {
        event.traceparent = Some(own);
    }
    span
}

/// What came of applying. A batch that fails as a whole is applied again one by one, which is told again.
pub(crate) fn applied(span: &mut Span, outcome: &Result<(), HandleError>) {
    match outcome {
        Ok(()) => {}
        Err(HandleError::Unreadable(_) | HandleError::Poison(_)) => span.fail("poison"),
        Err(HandleError::Store(_)) => span.fail("store"),
    }
}
