//! A place in a trace, as the text that travels.

use std::str::FromStr;

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

/// The header, and the attribute of an event, that says which place in a trace something belongs to.
pub const TRACEPARENT: &str = "traceparent";
/// The header with what the systems on the way say of the trace.
pub const TRACESTATE: &str = "tracestate";

/// Reads `traceparent`, and `tracestate` if there is one. `None`: the text is none that the specification allows.
pub(crate) fn read(traceparent: &str, tracestate: &str) -> Option<SpanContext> {
    let mut parts = traceparent.trim().split('-');
    let version = parts.next().filter(|version| is_hex(version, 2) && *version != "ff")?;
    let trace = parts.next().filter(|trace| is_hex(trace, 32))?;
    let span = parts.next().filter(|span| is_hex(span, 16))?;
    let flags = parts.next().filter(|flags| is_hex(flags, 2))?;
    // A later version may have more parts; this one has not.
    if version == "00" && parts.next().is_some() {
        return None;
    }
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED;
    let trace = TraceId::from_hex(trace).ok()?;
    let span = SpanId::from_hex(span).ok()?;
    let state = TraceState::from_str(tracestate).unwrap_or_default();
    let context = SpanContext::new(trace, span, flags, true, state);
    context.is_valid().then_some(context)
}

/// A place as `traceparent`.
pub(crate) fn written(context: &SpanContext) -> String {
    let flags = context.trace_flags() & TraceFlags::SAMPLED;
    format!("00-{}-{}-{:02x}", context.trace_id(), context.span_id(), flags.to_u8())
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::{read, written};

    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn what_is_read_is_written_again() {
        let context = read(TRACE, "vendor=1").expect("it is valid");
        assert_eq!(written(&context), TRACE);
        assert_eq!(context.trace_state().header(), "vendor=1");
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        let later = format!("{}-more", TRACE.replacen("00", "01", 1));
        assert_eq!(read(&later, "").as_ref().map(written).as_deref(), Some(TRACE));
    }

    #[test]
    fn what_the_specification_does_not_allow_begins_a_trace_of_its_own() {
        let nothing = "0".repeat(32);
        for wrong in [
            "",
            "00-1-2-01",
            &TRACE.to_uppercase(),
            &TRACE.replacen("00", "ff", 1),
            &format!("{TRACE}-more"),
            &TRACE.replace("4bf92f3577b34da6a3ce929d0e0e4736", &nothing),
        ] {
            assert!(read(wrong, "").is_none(), "{wrong}");
        }
        assert!(read(TRACE, "no list at all, =").is_some(), "a bad state alone loses no trace");
    }
}
