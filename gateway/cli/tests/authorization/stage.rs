//! A subgraph, publishers of keys, and gateways in front of them.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use axum::routing::{get, post};
use axum::{Json, Router};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

pub(crate) const ISSUER: &str = "https://issuer.example/";

const SUPERGRAPH: &str = r#"
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)
  @link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY)
  @link(url: "https://specs.apollo.dev/policy/v0.1", for: SECURITY)
{ query: Query }
enum join__Graph { SHOP @join__graph(name: "shop", url: "http://SUBGRAPH/") }
type Query @join__type(graph: SHOP) {
  open: String
  secret: String @authenticated
  staff: String @requiresScopes(scopes: [["read", "write"], ["admin"]])
  paid: String @policy(policies: [["paid"]])
}
"#;

/// An Ed25519 key, made of a seed.
pub(crate) fn key(seed: u8) -> EncodingKey {
    let mut der =
        vec![0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    der.extend([seed; 32]);
    EncodingKey::from_ed_der(&der)
}

fn public_key() -> Jwk {
    let mut jwk = Jwk::from_encoding_key(&key(1), Algorithm::EdDSA).expect("a key");
    jwk.common.key_id = Some("one".to_owned());
    jwk
}

/// What everybody can read, taken for a shared secret.
pub(crate) fn secret_of_public_key() -> EncodingKey {
    let point = serde_json::to_value(public_key()).expect("JSON")["x"].as_str().expect("base64").to_owned();
    EncodingKey::from_secret(point.as_bytes())
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs()
}

/// Claims that are good for an hour, with others.
pub(crate) fn claims(more: &Value) -> Value {
    let mut claims = json!({ "iss": ISSUER, "aud": "shop", "sub": "u1", "exp": now() + 3600 });
    for (claim, value) in more.as_object().into_iter().flatten() {
        claims[claim] = value.clone();
    }
    claims
}

pub(crate) fn signed(claims: &Value) -> String {
    signed_by(&key(1), Algorithm::EdDSA, "one", claims)
}

pub(crate) fn signed_by(key: &EncodingKey, algorithm: Algorithm, id: &str, claims: &Value) -> String {
    let header = Header { kid: Some(id.to_owned()), ..Header::new(algorithm) };
    encode(&header, claims, key).expect("a token")
}

pub(crate) struct Stage {
    folder: TempDir,
    asked: Arc<Mutex<Vec<String>>>,
    https: String,
    http: String,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let subgraph = listen(subgraph(Arc::clone(&asked)), None).await;
        let keys = json!({ "keys": [public_key()] });
        let router = Router::new().route(
            "/keys",
            get({
                let keys = keys.clone();
                || async { Json(keys) }
            }),
        );
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
        let http = listen(router.clone(), None).await;
        let https = listen(router, Some(acceptor(&made))).await;
        let stage = Self { folder, asked, https, http };
        stage.file("supergraph.graphql", &SUPERGRAPH.replace("SUBGRAPH", &subgraph));
        stage.file("keys.json", &keys.to_string());
        stage.file("ca.pem", &made.cert.pem());
        stage
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }

    pub(crate) fn https_provider(&self) -> String {
        format!("    - jwks: https://{}/keys\n      ca: ca.pem\n      issuers: [\"{ISSUER}\"]\n", self.https)
    }

    pub(crate) fn http_provider(&self) -> String {
        format!("    - jwks: http://{}/keys\n      issuers: [\"{ISSUER}\"]\n", self.http)
    }

    #[expect(clippy::unused_self, reason = "the file is one of the stage's")]
    pub(crate) fn file_provider(&self) -> String {
        format!("    - jwks: keys.json\n      issuers: [\"{ISSUER}\"]\n")
    }

    /// What the subgraph was asked since the last time.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().expect("no test panics in here"))
    }

    fn command(&self, config: &str) -> Command {
        self.file("octavo.yaml", config);
        let mut command = Command::new(env!("CARGO_BIN_EXE_octavo"));
        let arguments = [
            "serve",
            "--supergraph",
            "supergraph.graphql",
            "--config",
            "octavo.yaml",
            "--listen",
            "127.0.0.1:0",
        ];
        command.current_dir(self.folder.path()).args(arguments).env_remove("OCTAVO_LOG");
        command
    }

    pub(crate) fn serve(&self, config: &str) -> Served {
        let mut process = self.command(config).stderr(Stdio::piped()).spawn().expect("it starts");
        let lines = BufReader::new(process.stderr.take().expect("piped")).lines();
        let mut served = Served { address: String::new(), log: Vec::new(), process };
        for line in lines.map_while(Result::ok) {
            let rest = line.split("serving supergraph.graphql at http://").nth(1);
            if let Some(address) = rest.and_then(|rest| rest.split('/').next()) {
                address.clone_into(&mut served.address);
                break;
            }
            served.log.push(line);
        }
        assert!(!served.address.is_empty(), "it does not serve: {:?}", served.log);
        served
    }

    /// The exit code and the message of a gateway that does not start.
    pub(crate) fn refused(&self, config: &str) -> (i32, String) {
        let output = self.command(config).output().expect("it starts");
        (output.status.code().expect("no signal"), String::from_utf8(output.stderr).expect("text"))
    }
}

/// Answers each field with its first letter (`staff`: `t`).
fn subgraph(asked: Arc<Mutex<Vec<String>>>) -> Router {
    let answer = move |Json(body): Json<Value>| async move {
        let query = body["query"].as_str().expect("a query").to_owned();
        let all = [("open", "o"), ("secret", "s"), ("staff", "t"), ("paid", "p")];
        let data: serde_json::Map<_, _> = all
            .into_iter()
            .filter(|(field, _)| query.contains(field))
            .map(|(field, value)| (field.to_owned(), json!(value)))
            .collect();
        asked.lock().expect("no test panics in here").push(query);
        Json(json!({ "data": data }))
    };
    Router::new().route("/", post(answer))
}

fn acceptor(made: &rcgen::CertifiedKey<rcgen::KeyPair>) -> TlsAcceptor {
    let chain = vec![CertificateDer::from_pem_slice(made.cert.pem().as_bytes()).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_slice(made.signing_key.serialize_pem().as_bytes()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a pair");
    TlsAcceptor::from(Arc::new(config))
}

/// Serves a router on a free port; gives its address.
async fn listen(router: Router, tls: Option<TlsAcceptor>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move {
        let service = TowerToHyperService::new(router);
        while let Ok((stream, _)) = listener.accept().await {
            let (service, tls) = (service.clone(), tls.clone());
            tokio::spawn(async move {
                let server = Builder::new(TokioExecutor::new());
                match tls {
                    None => drop(server.serve_connection(TokioIo::new(stream), service).await),
                    Some(tls) => {
                        let Ok(stream) = tls.accept(stream).await else { return };
                        drop(server.serve_connection(TokioIo::new(stream), service).await);
                    }
                }
            });
        }
    });
    address
}

/// A running gateway; killed when dropped.
pub(crate) struct Served {
    address: String,
    /// What it logged before it served.
    pub(crate) log: Vec<String>,
    process: Child,
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended, and then there is nothing to kill.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Served {
    pub(crate) fn said(&self, words: &str) -> bool {
        self.log.iter().any(|line| line.contains(words))
    }

    /// The status and the body of the answer to a query.
    pub(crate) async fn ask(&self, query: &str, token: Option<&str>) -> (u16, Value) {
        let body = json!({ "query": query }).to_string();
        let token = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
        let head =
            "POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n";
        let request = format!("{head}{token}content-length: {}\r\n\r\n{body}", body.len());
        let mut stream = TcpStream::connect(&self.address).await.expect("it listens");
        stream.write_all(request.as_bytes()).await.expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a body");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, serde_json::from_str(body).expect("a body of JSON"))
    }
}
