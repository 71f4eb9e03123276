//! Apache Pulsar: the real broker, alone in one process.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use rustix::process::Signal;

use crate::artefacts::pulsar_jars;
use crate::engine::Engine;
use crate::folder::Folder;
use crate::health::Health;
use crate::ports::free_address;
use crate::programs::require;
use crate::server::{Recipe, Server};

const SETTINGS: &str = include_str!("../pulsar/standalone.conf");

/// What the broker reaches into.
const OPENED: [&str; 5] = [
    "java.base/sun.net",
    "java.base/java.lang",
    "java.base/java.util.zip",
    "java.management/sun.management",
    "jdk.management/com.sun.management.internal",
];

/// What a broker asks of its clients, and what it shows them.
#[derive(Debug, Clone)]
pub struct Security {
    /// The broker's certificate for 127.0.0.1, in PEM.
    pub certificate: String,
    /// The certificate's key, in PEM.
    pub key: String,
    /// The secret that tokens are signed with (HS256).
    pub secret: Vec<u8>,
    /// A token of the role `admin`, which may do everything.
    pub admin_token: String,
}

/// A Pulsar broker of this test run.
pub struct Pulsar {
    server: Server,
    broker: SocketAddr,
    admin: SocketAddr,
    /// The ports that speak TLS, for a broker that has a certificate.
    secured: Option<(SocketAddr, SocketAddr)>,
}

impl Pulsar {
    /// Brings the broker's jars when that was not done before.
    pub async fn prepare() -> anyhow::Result<()> {
        pulsar_jars().await.map(drop)
    }

    /// Starts a broker and waits until its own health check passes.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with(None).await
    }

    /// Starts a broker that speaks TLS, on ports of its own, and wants a token from everyone.
    pub async fn start_secured(security: &Security) -> anyhow::Result<Self> {
        Self::start_with(Some(security)).await
    }

    async fn start_with(security: Option<&Security>) -> anyhow::Result<Self> {
        let jars = pulsar_jars().await?;
        let (broker, admin) = (free_address()?, free_address()?);
        let folder = Folder::new("pulsar")?;
        let mut settings =
            format!("{SETTINGS}\nbrokerServicePort={}\nwebServicePort={}\n", broker.port(), admin.port());
        let mut secured = None;
        if let Some(security) = security {
            let ports = (free_address()?, free_address()?);
            settings.push_str(&security.settings(&folder, ports)?);
            secured = Some(ports);
        }
        let token = security.map(|security| security.admin_token.as_str());
        let recipe = Recipe {
            name: "Pulsar",
            program: require("java")?,
            arguments: arguments(&jars, &folder, &settings)?,
            health: Health::http_with(admin, "/admin/v2/brokers/health", token),
            ready_within: Duration::from_mins(4),
            stop: Signal::TERM,
            abort: Signal::KILL,
        };
        Ok(Self { server: Server::start(recipe, folder).await?, broker, admin, secured })
    }

    /// The broker's URL; with TLS if it has a certificate.
    #[must_use]
    pub fn url(&self) -> String {
        match self.secured {
            Some((broker, _)) => format!("pulsar+ssl://{broker}"),
            None => format!("pulsar://{}", self.broker),
        }
    }

    /// The URL of the admin API; with TLS if the broker has a certificate.
    #[must_use]
    pub fn admin_url(&self) -> String {
        match self.secured {
            Some((_, admin)) => format!("https://{admin}"),
            None => format!("http://{}", self.admin),
        }
    }
}

impl Engine for Pulsar {
    fn server(&mut self) -> &mut Server {
        &mut self.server
    }
}

impl Security {
    /// The broker's own client goes on without TLS, on the ports that everyone else has to leave alone.
    fn settings(&self, folder: &Folder, (broker, admin): (SocketAddr, SocketAddr)) -> anyhow::Result<String> {
        let file = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
            anyhow::Ok(path.display().to_string())
        };
        let certificate = file("broker.pem", self.certificate.as_bytes())?;
        let key = file("broker.key", self.key.as_bytes())?;
        let secret = file("token.secret", &self.secret)?;
        Ok(format!(
            "brokerServicePortTls={}\nwebServicePortTls={}\n\
             tlsCertificateFilePath={certificate}\ntlsKeyFilePath={key}\ntlsTrustCertsFilePath={certificate}\n\
             authenticationEnabled=true\nauthorizationEnabled=true\nsuperUserRoles=admin\n\
             authenticationProviders=org.apache.pulsar.broker.authentication.AuthenticationProviderToken\n\
             tokenSecretKey=file://{secret}\n\
             brokerClientAuthenticationPlugin=org.apache.pulsar.client.impl.auth.AuthenticationToken\n\
             brokerClientAuthenticationParameters=token:{}\n",
            broker.port(),
            admin.port(),
            self.admin_token,
        ))
    }
}

fn arguments(jars: &Path, folder: &Folder, settings: &str) -> anyhow::Result<Vec<String>> {
    let conf = folder.path().join("standalone.conf");
    fs::write(&conf, settings).with_context(|| format!("cannot write {}", conf.display()))?;
    let metadata = folder.inside("metadata")?.join("db");
    let bookkeeper = folder.inside("bookkeeper")?;

    let mut arguments: Vec<String> =
        ["-Xmx1g", "-XX:MaxDirectMemorySize=1g", "-XX:TieredStopAtLevel=1"].map(str::to_owned).to_vec();
    for module in OPENED {
        arguments.extend(["--add-opens".to_owned(), format!("{module}=ALL-UNNAMED")]);
    }
    arguments.extend(["-cp".to_owned(), format!("{}/*", jars.display())]);
    arguments.push("org.apache.pulsar.PulsarStandaloneStarter".to_owned());
    arguments.extend(["-nfw", "-nss", "-a", "127.0.0.1", "-c"].map(str::to_owned));
    arguments.push(conf.display().to_string());
    arguments.extend(["--metadata-dir".to_owned(), metadata.display().to_string()]);
    arguments.extend(["--bookkeeper-dir".to_owned(), bookkeeper.display().to_string()]);
    Ok(arguments)
}
