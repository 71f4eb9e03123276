//! `Cache-Control`, `Age` and `Vary` of an answer.

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL, VARY};
use octavo_executor::{CacheHint, Headers};

/// What the answer's headers say, read for a shared cache. An answer that varies with a header of the caller is the caller's alone.
pub(crate) fn read(headers: &HeaderMap, sent: &Headers) -> CacheHint {
    let mut hint = CacheHint::default();
    let (mut max_age, mut shared) = (None, None);
    for directive in words(headers, &CACHE_CONTROL) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        let seconds = || value.trim().trim_matches('"').parse::<u32>().ok();
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" => hint.no_store = true,
            "private" => hint.private = true,
            "max-age" => max_age = seconds(),
            "s-maxage" => shared = seconds(),
            _ => {}
        }
    }
    let age = words(headers, &AGE).next().and_then(|age| age.parse::<u32>().ok()).unwrap_or(0);
    hint.max_age = shared.or(max_age).map(|seconds| seconds.saturating_sub(age));
    for name in words(headers, &VARY) {
        hint.no_store |= name == "*";
        hint.private |= sent.iter().any(|(header, _)| header.eq_ignore_ascii_case(name));
    }
    hint
}

fn words<'a>(headers: &'a HeaderMap, name: &http::HeaderName) -> impl Iterator<Item = &'a str> + use<'a> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use http::HeaderMap;
    use octavo_executor::{CacheHint, Headers};

    fn hint(pairs: &[(&'static str, &'static str)]) -> CacheHint {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().expect("a header value"));
        }
        let sent: Headers = Arc::new(vec![("authorization".into(), Bytes::from_static(b"x"))]);
        super::read(&headers, &sent)
    }

    #[test]
    fn age_is_taken_off_and_shared_lifetimes_come_first() {
        assert_eq!(hint(&[]), CacheHint::default());
        assert_eq!(hint(&[("cache-control", "public, max-age=60"), ("age", "20")]).max_age, Some(40));
        assert_eq!(hint(&[("cache-control", "max-age=60, s-maxage=5"), ("age", "9")]).max_age, Some(0));
    }

    #[test]
    fn what_belongs_to_the_caller_is_private() {
        assert!(hint(&[("cache-control", "PRIVATE")]).private);
        assert!(hint(&[("vary", "Accept-Encoding, Authorization")]).private);
        assert!(!hint(&[("vary", "Accept-Encoding, Cookie")]).private);
        assert!(hint(&[("vary", "*")]).no_store && hint(&[("cache-control", "no-cache")]).no_store);
    }
}
