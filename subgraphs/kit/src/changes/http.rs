//! Owners in other processes, asked by HTTP.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use reqwest::{Client, Url};

use super::{Owners, Page};
use crate::{access::PeerToken, error::Cause, inbox::LoadError};

/// How long one page may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Owners by the URLs of their services.
pub struct HttpOwners {
    client: Client,
    urls: BTreeMap<String, Url>,
    token: PeerToken,
}

impl HttpOwners {
    /// Owners by name; each URL is that of a service, such as `http://127.0.0.1:4001/`.
    /// `token` is what they know other services by.
    pub fn new(urls: BTreeMap<String, Url>, token: PeerToken) -> Result<Self, reqwest::Error> {
        Ok(Self { client: Client::builder().timeout(PATIENCE).build()?, urls, token })
    }

    async fn ask(&self, owner: &str, parameters: &[(&str, &str)]) -> Result<Page, LoadError> {
        let answer = async {
            let url = self.urls.get(owner).ok_or_else(|| format!("the URL of `{owner}` is not known"))?;
            let mut url = url.join("changes")?;
            url.query_pairs_mut().extend_pairs(parameters);
            let mut request = self.client.get(url);
            if let Some(secret) = self.token.secret() {
                request = request.bearer_auth(secret);
            }
            Ok::<Page, Cause>(request.send().await?.error_for_status()?.json().await?)
        };
        answer.await.map_err(LoadError::Owner)
    }
}

#[async_trait]
impl Owners for HttpOwners {
    async fn changes(&self, owner: &str, from: Option<&str>, limit: u32) -> Result<Page, LoadError> {
        let limit = limit.to_string();
        let mut parameters = vec![("limit", limit.as_str())];
        parameters.extend(from.map(|cursor| ("from", cursor)));
        self.ask(owner, &parameters).await
    }

    async fn change_of(&self, owner: &str, stream: &str) -> Result<Option<String>, LoadError> {
        Ok(self.ask(owner, &[("of", stream)]).await?.changes.pop())
    }
}
