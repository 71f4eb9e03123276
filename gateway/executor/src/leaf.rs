//! Result coercion of leaves (<https://spec.graphql.org/draft/#sec-Scalars.Result-Coercion>): what fits is copied.

use octavo_query_plan::{LeafKind, QueryPlan};

/// A value that its type does not accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Misfit;

/// Writes `text`, a JSON value other than null, as `kind` wants it. What does not fit is not written.
#[inline]
pub(crate) fn write_leaf(
    out: &mut Vec<u8>,
    plan: &QueryPlan,
    kind: LeafKind,
    text: Text<'_>,
) -> Result<(), Misfit> {
    let Text { from, len } = text;
    let text = &from[..len];
    let first = text.first().copied().unwrap_or(0);
    let fits = match kind {
        LeafKind::String => first == b'"',
        LeafKind::Any => true,
        LeafKind::Boolean => matches!(first, b't' | b'f'),
        LeafKind::Int => return write_int(out, text),
        LeafKind::Float => is_number(first) && is_finite(text),
        LeafKind::Id if first == b'"' => true,
        LeafKind::Id => return write_id(out, text),
        LeafKind::Enum(values) => {
            let name = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\""));
            let among = |name: &[u8]| plan.enums[values].binary_search_by(|v| v.as_bytes().cmp(name)).is_ok();
            name.is_some_and(among)
        }
    };
    if !fits {
        return Err(Misfit);
    }
    write_text(out, Text { from, len });
    Ok(())
}

/// Some bytes, and what follows them in their buffer.
#[derive(Clone, Copy)]
pub(crate) struct Text<'t> {
    pub(crate) from: &'t [u8],
    pub(crate) len: usize,
}

/// Appends a text. A short one is copied with what follows it, so that the copy has a constant size, and cut to length.
#[inline]
pub(crate) fn write_text(out: &mut Vec<u8>, Text { from, len }: Text<'_>) {
    const SHORT: usize = 32;
    match from.first_chunk::<SHORT>() {
        Some(chunk) if len <= SHORT => {
            out.extend_from_slice(chunk);
            out.truncate(out.len() - (SHORT - len));
        }
        _ => out.extend_from_slice(&from[..len]),
    }
}

fn is_number(first: u8) -> bool {
    first == b'-' || first.is_ascii_digit()
}

/// Only a long number, or one with an exponent, can be out of range.
fn is_finite(text: &[u8]) -> bool {
    text.len() < 300 && !text.iter().any(|byte| matches!(byte, b'e' | b'E'))
        || number(text).is_some_and(f64::is_finite)
}

fn number(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A whole number of 32 bits; `1.0` and `1e3` are whole.
fn write_int(out: &mut Vec<u8>, text: &[u8]) -> Result<(), Misfit> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if digits.iter().all(u8::is_ascii_digit) && !digits.is_empty() {
        let whole =
            digits.len() < 10 || std::str::from_utf8(text).is_ok_and(|text| text.parse::<i32>().is_ok());
        if !whole {
            return Err(Misfit);
        }
        // No minus stands before zero.
        out.extend_from_slice(if digits == b"0" { digits } else { text });
        return Ok(());
    }
    if !text.first().copied().is_some_and(is_number) {
        return Err(Misfit);
    }
    let value = number(text).ok_or(Misfit)?;
    if value.fract() != 0.0 || !(f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&value) {
        return Err(Misfit);
    }
    // Adding zero takes the minus from it too.
    out.extend_from_slice(format!("{:.0}", value + 0.0).as_bytes());
    Ok(())
}

/// A whole number becomes a string.
fn write_id(out: &mut Vec<u8>, text: &[u8]) -> Result<(), Misfit> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Misfit);
    }
    out.push(b'"');
    out.extend_from_slice(text);
    out.push(b'"');
    Ok(())
}

#[cfg(test)]
mod tests {
    use octavo_index::{Id, IndexVec};
    use octavo_query_plan::{LeafKind, OperationKind, QueryPlan, ShapeId};

    use super::{Misfit, Text, write_leaf};

    fn coerced(kind: LeafKind, text: &str) -> Result<String, Misfit> {
        let plan = QueryPlan {
            kind: OperationKind::Query,
            root: ShapeId::new(0),
            shapes: IndexVec::new(),
            selections: IndexVec::new(),
            fetches: IndexVec::new(),
            conditions: IndexVec::new(),
            enums: [vec!["BLUE".into(), "RED".into()]].into_iter().collect(),
            node: None,
            deferred: IndexVec::new(),
        };
        let mut out = Vec::new();
        write_leaf(&mut out, &plan, kind, Text { from: text.as_bytes(), len: text.len() })?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn an_int_is_whole_and_has_32_bits() {
        for text in ["0", "-1", "2147483647", "-2147483648", "000123456"] {
            assert_eq!(coerced(LeafKind::Int, text), Ok(text.to_owned()));
        }
        assert_eq!(coerced(LeafKind::Int, "1.0"), Ok("1".to_owned()));
        assert_eq!(coerced(LeafKind::Int, "-0"), Ok("0".to_owned()));
        assert_eq!(coerced(LeafKind::Int, "-0.0"), Ok("0".to_owned()));
        assert_eq!(coerced(LeafKind::Int, "1e3"), Ok("1000".to_owned()));
        for text in
            ["2147483648", "-2147483649", "99999999999999999999", "1.5", "1e999", "\"1\"", "true", "[1]"]
        {
            assert_eq!(coerced(LeafKind::Int, text), Err(Misfit), "{text}");
        }
    }

    #[test]
    fn a_float_is_finite() {
        for text in ["1", "-1.5", "1e10", "1.7976931348623157e308"] {
            assert_eq!(coerced(LeafKind::Float, text), Ok(text.to_owned()));
        }
        for text in ["1e999".to_owned(), "9".repeat(400), "\"1\"".to_owned(), "{}".to_owned()] {
            assert_eq!(coerced(LeafKind::Float, &text), Err(Misfit));
        }
    }

    #[test]
    fn an_id_is_written_as_a_string() {
        assert_eq!(coerced(LeafKind::Id, "\"a\""), Ok("\"a\"".to_owned()));
        assert_eq!(coerced(LeafKind::Id, "12345678901234567890"), Ok("\"12345678901234567890\"".to_owned()));
        for text in ["1.5", "1e3", "true", "{}"] {
            assert_eq!(coerced(LeafKind::Id, text), Err(Misfit));
        }
    }

    #[test]
    fn an_enum_value_is_among_those_that_clients_may_see() {
        let colour = LeafKind::Enum(Id::new(0));
        assert_eq!(coerced(colour, "\"RED\""), Ok("\"RED\"".to_owned()));
        for text in ["\"GREEN\"", "RED", "1", "\"\""] {
            assert_eq!(coerced(colour, text), Err(Misfit));
        }
    }

    #[test]
    fn strings_and_booleans_are_not_converted() {
        assert_eq!(coerced(LeafKind::String, "\"1\""), Ok("\"1\"".to_owned()));
        assert_eq!(coerced(LeafKind::String, "1"), Err(Misfit));
        assert_eq!(coerced(LeafKind::Boolean, "false"), Ok("false".to_owned()));
        assert_eq!(coerced(LeafKind::Boolean, "0"), Err(Misfit));
        assert_eq!(coerced(LeafKind::Any, "{\"a\":[1]}"), Ok("{\"a\":[1]}".to_owned()));
    }
}
