//! One piece of work.

use std::borrow::Cow;
use std::sync::OnceLock;

use opentelemetry::trace::{
    self, Link, Span as _, SpanKind, Status, TraceContextExt, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, Span as SdkSpan};

use crate::context::{read, written};

/// What tells the spans of this process; empty until it is started.
static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// What spans of this process are told by from now on; the first start counts.
pub(crate) fn install(provider: &SdkTracerProvider) {
    // A second start changes nothing, and was refused before.
    let _ = TRACER.set(provider.tracer("octavo"));
}

/// What kind of work it is, seen from the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Answers somebody's request.
    Server,
    /// Asks somebody else.
    Client,
    /// Sends a message.
    Producer,
    /// Takes up a message.
    Consumer,
    /// Work within the process.
    Internal,
}

/// What is said of a span: a name of the semantic conventions, and its value.
pub type Attribute = (&'static str, Value);

/// A piece of work; it ends when this is dropped. Without tracing it is nothing.
#[derive(Debug, Default)]
pub struct Span(Option<SdkSpan>);

impl Span {
    /// Whether spans are told at all in this process.
    pub fn are_told() -> bool {
        TRACER.get().is_some()
    }

    /// Begins work that belongs to `parent`, or a trace of its own without one.
    pub fn begin(name: impl Into<Cow<'static, str>>, kind: Kind, parent: Option<&str>) -> Self {
        Self::begin_linked(name, kind, (parent, ""), &[])
    }

    /// The same, with the parent's `tracestate`, and links to other work that it is done for.
    pub fn begin_linked(
        name: impl Into<Cow<'static, str>>,
        kind: Kind,
        (parent, state): (Option<&str>, &str),
        links: &[&str],
    ) -> Self {
        let Some(tracer) = TRACER.get() else { return Self(None) };
        let parent = parent.and_then(|parent| read(parent, state));
        let parent =
            parent.map_or_else(Context::new, |parent| Context::new().with_remote_span_context(parent));
        let links = links.iter().filter_map(|link| read(link, ""));
        let links = links.map(|link| Link::new(link, Vec::new(), 0)).collect();
        let builder = tracer.span_builder(name).with_kind(kind.into()).with_links(links);
        Self(Some(builder.start_with_context(tracer, &parent)))
    }

    /// Whether somebody will read what is said of it.
    fn is_told(&self) -> bool {
        self.0.as_ref().is_some_and(trace::Span::is_recording)
    }

    /// Says something of it.
    pub fn say(&mut self, attributes: impl IntoIterator<Item = Attribute>) {
        if let Some(span) = self.0.as_mut().filter(|span| span.is_recording()) {
            span.set_attributes(attributes.into_iter().map(|(name, value)| KeyValue::new(name, value)));
        }
    }

    /// Gives it a name that was not known when it began.
    fn rename(&mut self, name: impl Into<Cow<'static, str>>) {
        if let Some(span) = &mut self.0 {
            span.update_name(name);
        }
    }

    /// Says which GraphQL operation it is for: `query`, `mutation` or `subscription`, and its name.
    pub fn operation(&mut self, kind: &'static str, name: Option<&str>) {
        if !self.is_told() {
            return;
        }
        self.say([("graphql.operation.type", kind.into())]);
        match name {
            Some(name) => {
                self.say([("graphql.operation.name", name.to_owned().into())]);
                self.rename(format!("{kind} {name}"));
            }
            None => self.rename(kind),
        }
    }

    /// What the log lines of a request are told apart by, those of errors too where nothing else is logged; nothing when
    /// it belongs to no trace.
    pub fn logged(&self) -> tracing::Span {
        self.0.as_ref().map_or_else(
            tracing::Span::none,
            |span| tracing::error_span!("request", trace_id = %span.span_context().trace_id()),
        )
    }

    /// Says that it failed, and by which kind of error. Never the words of an error, which may quote what is personal.
    pub fn fail(&mut self, kind: impl Into<Cow<'static, str>>) {
        if let Some(span) = self.0.as_mut().filter(|span| span.is_recording()) {
            let kind: Cow<'static, str> = kind.into();
            span.set_attribute(KeyValue::new("error.type", kind.into_owned()));
            span.set_status(Status::error(""));
        }
    }

    /// What work that belongs to it is told as its `traceparent`.
    pub fn traceparent(&self) -> Option<String> {
        self.0.as_ref().map(|span| written(span.span_context()))
    }

    /// What work that belongs to it is told as its `tracestate`.
    pub fn tracestate(&self) -> Option<String> {
        let state = self.0.as_ref()?.span_context().trace_state().header();
        (!state.is_empty()).then_some(state)
    }
}

impl From<Kind> for SpanKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Server => Self::Server,
            Kind::Client => Self::Client,
            Kind::Producer => Self::Producer,
            Kind::Consumer => Self::Consumer,
            Kind::Internal => Self::Internal,
        }
    }
}
