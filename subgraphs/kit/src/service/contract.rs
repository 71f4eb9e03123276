//! How a service's migrations stand, and its contract steps, which others ask for.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use futures::future::join_all;
use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::Service;
use crate::{
    error::StoreError,
    migrate::{Contracted, Gate, Kept, MigrateError, Requirements, Standing, Standings},
    watch::{HttpPeer, PeerError},
};

/// How often a process says that it is there.
const EVERY: Duration = Duration::from_secs(10);

/// Where sagas are kept.
#[async_trait]
pub trait KeepsSagas: Send + Sync {
    /// The oldest definition of each kind of saga that is under way; those left out of which none is.
    async fn oldest_definitions(&self) -> Result<BTreeMap<String, u32>, StoreError>;

    /// Forgets sagas that ended long ago, a few at a time; how many.
    async fn forget_ended(&self) -> Result<usize, StoreError>;
}

/// A wish that contract steps be applied, or only looked at: the body of `POST /migrations/contract`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractWish {
    /// All services, which are asked how they stand: their URLs by name.
    pub services: BTreeMap<String, String>,
    /// Whether they are to be applied.
    #[serde(default)]
    pub apply: bool,
}

/// Why contract steps can be neither applied nor looked at.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    /// The service keeps nothing.
    #[error("this service keeps nothing")]
    KeepsNothing,
    /// The ledger or a script.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// A service has no URL.
    #[error("`{url}` is no URL of the service {name}")]
    Url {
        /// The service.
        name: String,
        /// What was given.
        url: String,
    },
    /// Other services cannot be asked.
    #[error("other services cannot be asked: {0}")]
    Peers(#[from] reqwest::Error),
}

impl Service {
    /// How its migrations stand, who runs on its database, and what is still in use there.
    pub async fn standing(&self) -> Result<Standing, PeerError> {
        let kept = self.kept().await.map_err(|error| PeerError::Away(error.into()))?;
        Ok(self.told(kept.ok_or(PeerError::KeepsNothing)?))
    }

    async fn kept(&self) -> Result<Option<Kept>, MigrateError> {
        let Some(mut kept) = self.inner.engine.standing().await? else { return Ok(None) };
        if let Some(sagas) = &self.inner.sagas {
            let definitions = sagas.oldest_definitions().await.map_err(MigrateError::Ledger)?;
            kept.minima.saga_definitions = Some(definitions);
        }
        // This process may not have said yet that it is there.
        let own = &self.inner.process;
        if !kept.processes.contains(own) {
            kept.processes.push(own.clone());
        }
        Ok(Some(kept))
    }

    fn told(&self, kept: Kept) -> Standing {
        let Kept { ledger, pending, processes, minima } = kept;
        let pending = pending.into_iter().map(|(pending, _)| pending).collect();
        Standing { service: self.name().to_owned(), ledger, pending, processes, minima }
    }

    /// Applies the contract steps whose requirements are met, in their order, or says what speaks against each. What
    /// they require is looked at under the lock, so that nobody old comes in between.
    pub async fn contract(&self, wish: &ContractWish) -> Result<Vec<Contracted>, ContractError> {
        let kept = self.kept().await?.ok_or(ContractError::KeepsNothing)?;
        let gate = Asking::new(self, &wish.services)?;
        if wish.apply {
            return Ok(self.inner.engine.contract(&gate, self.inner.sources.clock.as_ref()).await?);
        }
        let mut steps = Vec::new();
        for (pending, requires) in kept.pending {
            if let Some(requires) = requires {
                steps.push(Contracted::new(pending, gate.unmet(requires).await, false));
            }
        }
        Ok(steps)
    }
}

/// Asks all services how they stand.
struct Asking<'s> {
    service: &'s Service,
    others: Vec<(String, HttpPeer)>,
}

impl<'s> Asking<'s> {
    fn new(service: &'s Service, services: &BTreeMap<String, String>) -> Result<Self, ContractError> {
        let others = services.iter().filter(|(name, _)| *name != service.name());
        let others = others.map(|(name, url)| {
            let wrong = |_| ContractError::Url { name: name.clone(), url: url.clone() };
            let url: Url = url.parse().map_err(wrong)?;
            Ok((name.clone(), HttpPeer::new(url, service.peer_token.clone())?))
        });
        Ok(Self { service, others: others.collect::<Result<_, ContractError>>()? })
    }

    async fn standings(&self) -> Standings {
        let asked = self.others.iter().map(|(name, peer)| async move {
            let told = match peer.standing().await {
                Ok(told) => Some(Ok(told)),
                Err(PeerError::KeepsNothing) => None,
                Err(error) => Some(Err(error.to_string())),
            };
            told.map(|told| (name.clone(), told))
        });
        let mut standings: Standings = join_all(asked).await.into_iter().flatten().collect();
        let own = self.service.standing().await.map_err(|error| error.to_string());
        standings.insert(self.service.name().to_owned(), own);
        standings
    }
}

#[async_trait]
impl Gate for Asking<'_> {
    async fn unmet(&self, requires: Requirements) -> Vec<String> {
        let standings = self.standings().await;
        requires.iter().flat_map(|requirement| requirement.unmet(self.service.name(), &standings)).collect()
    }
}

/// Says for ever that this process is there.
pub(super) async fn be_present(service: &Service) {
    loop {
        if let Err(error) = service.inner.engine.present(&service.inner.process).await {
            tracing::debug!(service = service.name(), %error, "that this process runs is not noted");
        }
        tokio::time::sleep(EVERY).await;
    }
}
