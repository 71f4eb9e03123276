//! Traces: what a process tells a collector of the way of a request.
//!
//! [`start`] switches it on for the process, if its environment or its settings name a collector. A [`Span`] is one
//! piece of work; it is told when it is dropped. Its parent, and what it hands on, are texts as the
//! [Trace Context](https://www.w3.org/TR/trace-context/) has them, since that is how they travel: in headers, in
//! events, in rows. When nothing was started, or the trace is not sampled, a span costs a look at one atomic.
//!
//! Of GraphQL it knows what an operation is called, and nothing of messages: only spans and the way to a collector.

mod context;
mod export;
mod span;

pub use context::{TRACEPARENT, TRACESTATE};
pub use export::{Settings, StartError, Tracing, VARIABLES, start};
pub use span::{Attribute, Kind, Span};
