//! The parameters of a GraphQL request, from a JSON body or a query string.
//! See <https://graphql.github.io/graphql-over-http/draft/#sec-Request-Parameters>.

use std::borrow::Cow;

use http::Method;
use http::request::Parts;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::failure::Failure;

/// A GraphQL request; its texts stay in the body or the URL where they can.
#[derive(Debug)]
pub(crate) struct Params<'a> {
    pub(crate) document: Cow<'a, str>,
    pub(crate) operation_name: Option<Cow<'a, str>>,
    /// A JSON object.
    pub(crate) variables: Option<Cow<'a, str>>,
}

/// Reads the parameters of a request that has passed the guard.
pub(crate) fn parse<'a>(head: &'a Parts, body: &'a [u8]) -> Result<Params<'a>, Failure> {
    let raw = if head.method == Method::POST { from_body(body)? } else { from_url(head)? };
    let operation_name = raw.operation_name.filter(|name| !name.is_empty());
    let variables = object("variables", raw.variables)?;
    let extensions = object("extensions", raw.extensions)?;
    match raw.query {
        Some(document) => Ok(Params { document, operation_name, variables }),
        None if extensions.is_some_and(|json| json.contains("\"persistedQuery\"")) => {
            Err(Failure::PersistedQuery)
        }
        None => Err(Failure::BadRequest("`query` is missing".to_owned())),
    }
}

#[derive(Default)]
struct Raw<'a> {
    query: Option<Cow<'a, str>>,
    operation_name: Option<Cow<'a, str>>,
    variables: Option<Cow<'a, str>>,
    extensions: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object with `query`")]
struct Json<'a> {
    #[serde(borrow, default)]
    query: Option<Text<'a>>,
    #[serde(borrow, default)]
    operation_name: Option<Text<'a>>,
    #[serde(borrow, default)]
    variables: Option<&'a RawValue>,
    #[serde(borrow, default)]
    extensions: Option<&'a RawValue>,
}

/// A string that is borrowed where it has no escapes (an `Option<Cow>` by itself never borrows).
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

fn from_body(body: &[u8]) -> Result<Raw<'_>, Failure> {
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(Failure::BadRequest("several operations in one request are not served".to_owned()));
    }
    let json: Json<'_> = serde_json::from_slice(body)
        .map_err(|error| Failure::BadRequest(format!("the body is not a GraphQL request: {error}")))?;
    Ok(Raw {
        query: json.query.map(|text| text.0),
        operation_name: json.operation_name.map(|text| text.0),
        variables: json.variables.map(|json| Cow::Borrowed(json.get())),
        extensions: json.extensions.map(|json| Cow::Borrowed(json.get())),
    })
}

fn from_url(head: &Parts) -> Result<Raw<'_>, Failure> {
    let mut raw = Raw::default();
    for (name, value) in form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()) {
        match &*name {
            "query" => raw.query = Some(value),
            "operationName" => raw.operation_name = Some(value),
            "variables" => raw.variables = json(&name, value)?,
            "extensions" => raw.extensions = json(&name, value)?,
            _ => {}
        }
    }
    Ok(raw)
}

/// The value of a URL parameter that holds JSON.
fn json<'a>(name: &str, value: Cow<'a, str>) -> Result<Option<Cow<'a, str>>, Failure> {
    if value.is_empty() {
        return Ok(None);
    }
    match serde_json::from_str::<&RawValue>(&value) {
        Ok(_) => Ok(Some(value)),
        Err(error) => Err(Failure::BadRequest(format!("`{name}` is not JSON: {error}"))),
    }
}

/// A JSON object, `None` for null.
fn object<'a>(name: &str, json: Option<Cow<'a, str>>) -> Result<Option<Cow<'a, str>>, Failure> {
    match json {
        None => Ok(None),
        Some(json) => match json.trim_ascii_start().as_bytes().first() {
            Some(b'{') => Ok(Some(json)),
            Some(b'n') => Ok(None),
            _ => Err(Failure::BadRequest(format!("`{name}` must be an object"))),
        },
    }
}

#[cfg(test)]
mod tests {
    use http::Request;
    use http::request::Parts;

    use super::{Params, parse};

    fn head(method: &str, uri: &str) -> Parts {
        Request::builder().method(method).uri(uri).body(()).expect("a request").into_parts().0
    }

    fn post(body: &str) -> Result<String, String> {
        parse(&head("POST", "/graphql"), body.as_bytes()).map(shown).map_err(|failure| failure.to_string())
    }

    fn get(uri: &str) -> Result<String, String> {
        parse(&head("GET", uri), b"").map(shown).map_err(|failure| failure.to_string())
    }

    fn shown(params: Params<'_>) -> String {
        let Params { document, operation_name, variables } = params;
        format!("{document}|{}|{}", operation_name.unwrap_or_default(), variables.unwrap_or_default())
    }

    #[test]
    fn bodies_and_urls_carry_the_same_parameters() {
        let body = r#"{"query":"query A{\na}","operationName":"A","variables":{"n": 1},"extensions":{"x":{}},"other":1}"#;
        assert_eq!(post(body).as_deref(), Ok("query A{\na}|A|{\"n\": 1}"));
        let uri = "/graphql?query=query+A%7B%0Aa%7D&operationName=A&variables=%7B%22n%22%3A%201%7D";
        assert_eq!(get(uri).as_deref(), Ok("query A{\na}|A|{\"n\": 1}"));
        assert_eq!(post(r#"{"query":"{a}","operationName":null,"variables":null}"#).as_deref(), Ok("{a}||"));
        assert_eq!(get("/graphql?query={a}&operationName=&variables=").as_deref(), Ok("{a}||"));
    }

    #[test]
    fn what_is_no_request_is_told_why() {
        let bodies = [
            ("", "not a GraphQL request"),
            ("{", "not a GraphQL request"),
            ("7", "an object with `query`"),
            ("{}", "`query` is missing"),
            (r#"{"query":1}"#, "not a GraphQL request"),
            (r#"{"query":"{a}","variables":[1]}"#, "`variables` must be an object"),
            (r#"{"query":"{a}","extensions":"x"}"#, "`extensions` must be an object"),
            (r#"[{"query":"{a}"}]"#, "several operations"),
            (r#"{"extensions":{"persistedQuery":{"version":1}}}"#, "persisted queries"),
        ];
        for (body, why) in bodies {
            let error = post(body).expect_err(body);
            assert!(error.contains(why), "{body}: {error}");
        }
        assert!(
            get("/graphql?query={a}&variables={").expect_err("no JSON").contains("`variables` is not JSON")
        );
    }
}
