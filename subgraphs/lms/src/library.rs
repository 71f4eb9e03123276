//! The eight services on embedded databases and the one that keeps nothing, each behind a port of its own, and the
//! bus between them.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use crate::changes::Changes;
use anyhow::{Context, Result};
use futures::future::join_all;
use lms_kit::{
    Service, Sources,
    access::{Access, Keyring},
    bus::{Bus, LocalBus, Topic},
    changes::LocalOwners,
    service::Surroundings,
};
use tokio::{fs::DirBuilder, net::TcpListener, sync::watch, task::JoinSet};

/// The services, open.
pub(crate) struct Library {
    pub(crate) authors: Service,
    pub(crate) books: Service,
    pub(crate) genres: Service,
    lendings: Service,
    node: Service,
    reports: Service,
    sagas: Service,
    pub(crate) students: Service,
    pub(crate) users: Service,
    bus: Arc<LocalBus>,
}

/// How long between two looks for messages: whoever writes one is in this process, and wakes whoever takes it.
const POLL: Duration = Duration::from_secs(5);
/// The file of the bus in the library's folder.
const BUS: &str = "bus.sqlite";

impl Library {
    /// Opens the databases in a folder, which is made if it is not there.
    pub(crate) async fn open(data: &Path) -> Result<Self> {
        let shown = data.display();
        folder().create(data).await.with_context(|| format!("the folder {shown} cannot be made"))?;
        let url = |name: &str| database_url(data, name);
        let (authors, books, genres, lendings, reports, sagas, students, users) = (
            url(lms_authors::NAME),
            url(lms_books::NAME),
            url(lms_genres::NAME),
            url(lms_lendings::NAME),
            reports_url(data),
            url(lms_sagas::NAME),
            url(lms_students::NAME),
            url(lms_users::NAME),
        );
        let (authors, books, genres, lendings, reports, sagas, students, users) = tokio::try_join!(
            lms_authors::open(&authors, Sources::system()),
            lms_books::open(&books, Sources::system()),
            lms_genres::open(&genres, Sources::system()),
            lms_lendings::open(&lendings, Sources::system()),
            lms_reports::open(&reports, Sources::system()),
            lms_sagas::open(&sagas, Sources::system(), lms_sagas::Times::default()),
            lms_students::open(&students, Sources::system()),
            lms_users::open(&users, Sources::system()),
        )?;
        let node = lms_node::open(Sources::system())?;
        let bus = LocalBus::open(&data.join(BUS)).await.context("the bus cannot be opened")?;
        Ok(Self {
            authors,
            books,
            genres,
            lendings,
            node,
            reports,
            sagas,
            students,
            users,
            bus: Arc::new(bus),
        })
    }

    /// Serves each service on a free port of this machine until it is told to stop. Secured, the services take
    /// whoever brings a token of the users service for its user.
    pub(crate) async fn serve(&self, secured: bool) -> Result<Serving> {
        let (stop, stopped) = watch::channel(false);
        let mut owners = LocalOwners::default();
        for service in self.services() {
            if let Some(messages) = service.messages() {
                owners.insert(service.name(), messages.changes);
            }
        }
        let mut around = Surroundings::new(self.bus.clone(), Arc::new(owners));
        for service in self.services() {
            around.peers.insert(service.name(), service.clone());
        }
        (around.relay.poll, around.inbox.poll) = (POLL, POLL);
        // The disk has rest while nobody looks.
        around.markers.always = false;
        let (mut listeners, mut servers) = (Vec::new(), JoinSet::new());
        for service in self.services() {
            let listener =
                TcpListener::bind("127.0.0.1:0").await.context("no port is free on this machine")?;
            listeners.push((service, listener.local_addr()?, listener));
        }
        let urls = listeners.iter().map(|(service, address, _)| (service.name(), url(*address)));
        let urls: Vec<_> = urls.collect();
        let keys = listeners.iter().find(|(service, ..)| secured && service.name() == lms_users::NAME);
        let keys = keys.map(|(_, address, _)| format!("http://{address}{}", lms_users::JWKS_PATH));
        let access = match &keys {
            Some(place) => Access::Secured(Keyring::open(place).await?),
            None => Access::Open,
        };
        for (service, _, listener) in listeners {
            let service = service.clone().with_access(access.clone());
            let (mut stopped, around) = (stopped.clone(), around.clone());
            servers.spawn(async move {
                // An end of the sender is a stop as well.
                let until = async move { drop(stopped.wait_for(|stop| *stop).await) };
                tokio::select! {
                    served = service.serve(listener, until) => if let Err(error) = served {
                        tracing::error!(service = service.name(), %error, "a service ended");
                    },
                    () = service.take_part(&around) => {}
                    () = service.purge_hourly() => {}
                }
            });
        }
        Ok(Serving { urls, keys, stop, servers })
    }

    /// Closes the databases.
    pub(crate) async fn close(&self) {
        join_all(self.services().map(Service::close)).await;
        self.bus.close().await;
    }

    /// What the services say of their changes.
    pub(crate) fn changes(&self) -> Changes {
        let says = |service: &&Service| service.messages().is_some();
        let topics = self.services().into_iter().filter(says).map(|service| Topic::events(service.name()));
        Changes { bus: Arc::clone(&self.bus), topics: topics.collect() }
    }

    fn services(&self) -> [&Service; 9] {
        let Self { authors, books, genres, lendings, node, reports, sagas, students, users, .. } = self;
        [authors, books, genres, lendings, node, reports, sagas, students, users]
    }
}

/// The services, behind their ports.
pub(crate) struct Serving {
    /// Name and URL of each.
    pub(crate) urls: Vec<(&'static str, String)>,
    /// Where the keys are that tokens are checked with, if they are.
    pub(crate) keys: Option<String>,
    stop: watch::Sender<bool>,
    servers: JoinSet<()>,
}

impl Serving {
    /// Tells the services to stop, and waits for their requests under way.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        self.servers.join_all().await;
    }
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}/graphql")
}

/// Makes a folder that only its owner reads: hashes of passwords and the keys that sign tokens are kept in it.
fn folder() -> DirBuilder {
    let mut folder = DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    folder.mode(0o700);
    folder
}

/// The embedded database of a service.
pub(crate) fn database_url(data: &Path, name: &str) -> String {
    format!("sqlite:{}", data.join(format!("{name}.sqlite")).display())
}

/// The index of the reports.
fn reports_url(data: &Path) -> String {
    format!("{}:{}", lms_reports::SCHEME, data.join("reports.index").display())
}
