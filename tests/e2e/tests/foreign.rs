//! A supergraph that another composer made, with subgraphs that are none of the library's.

use std::fs;
use std::net::SocketAddr;

use axum::routing::post;
use axum::{Json, Router};
use octavo_e2e::{Running, ask};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// In the words of join v0.3, with a specification that this gateway does not know and need not.
const SUPERGRAPH: &str = r#"
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
  @link(url: "https://weather.example/forecast/v1.0")
{
  query: Query
}
directive @forecast repeatable on FIELD_DEFINITION
directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
scalar join__FieldSet
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
enum join__Graph {
  STATIONS @join__graph(name: "stations", url: "http://STATIONS/graphql")
  READINGS @join__graph(name: "readings", url: "http://READINGS/graphql")
}
type Query @join__type(graph: STATIONS) @join__type(graph: READINGS) {
  stations: [Station!]! @join__field(graph: STATIONS) @forecast
}
type Station @join__type(graph: STATIONS, key: "code") @join__type(graph: READINGS, key: "code") {
  code: ID!
  town: String @join__field(graph: STATIONS)
  celsius: Float @join__field(graph: READINGS)
}
"#;

async fn stations(Json(_): Json<Value>) -> Json<Value> {
    let station = |code: &str, town: &str| json!({ "__typename": "Station", "code": code, "town": town });
    Json(json!({ "data": { "stations": [station("B", "Bergen"), station("C", "Cádiz")] } }))
}

/// Colder by a degree for each station asked for.
async fn readings(Json(request): Json<Value>) -> Json<Value> {
    let query = request["query"].as_str().unwrap_or_default();
    let field = if query.contains("warmth") { "warmth" } else { "celsius" };
    let lists = request["variables"].as_object().into_iter().flat_map(serde_json::Map::values);
    let asked = lists.filter_map(Value::as_array).map(Vec::len).sum();
    let entities: Vec<Value> =
        [9.5, 8.5].into_iter().take(asked).map(|degrees| json!({ field: degrees })).collect();
    Json(json!({ "data": { "_entities": entities } }))
}

async fn subgraph(router: Router) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

#[tokio::test]
async fn a_supergraph_of_someone_else_is_served() -> anyhow::Result<()> {
    let stations = subgraph(Router::new().route("/graphql", post(stations))).await?;
    let readings = subgraph(Router::new().route("/graphql", post(readings))).await?;
    let folder = TempDir::new()?;
    let file = folder.path().join("supergraph.graphql");
    let text = SUPERGRAPH.replace("STATIONS/", &format!("{stations}/"));
    fs::write(&file, text.replace("READINGS/", &format!("{readings}/")))?;

    let file = file.to_string_lossy();
    let gateway = Running::start("octavo", &["serve", "--supergraph", &file]).await?;
    let answer = ask(gateway.address(), "{ stations { town warmth: celsius } }", json!({})).await?;
    assert_eq!(
        answer.text,
        r#"{"data":{"stations":[{"town":"Bergen","warmth":9.5},{"town":"Cádiz","warmth":8.5}]}}"#
    );
    let shown =
        ask(gateway.address(), "{ __type(name: \"Station\") { fields { name } } }", json!({})).await?;
    assert_eq!(shown.data()?["__type"]["fields"].as_array().map(Vec::len), Some(3));
    let status = gateway.interrupt().await?;
    assert!(status.success(), "{status}");
    Ok(())
}
