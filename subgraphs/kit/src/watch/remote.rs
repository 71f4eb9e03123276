//! A service in another process, asked by HTTP.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Client, RequestBuilder, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{LetterKey, Mended, Peer, PeerError, Replay, Traffic};
use crate::{
    access::PeerToken, deposit::Deposit, error::Cause, inbox::Letters, migrate::Standing, problem::Problem,
    saga::Effect,
};

/// How long an answer may take: somebody waits for it, and for those of the others.
const PATIENCE: Duration = Duration::from_secs(3);

/// A service by the URL of its process.
pub struct HttpPeer {
    client: Client,
    url: Url,
    token: PeerToken,
}

impl HttpPeer {
    /// The service behind a URL such as `http://127.0.0.1:4101/`, which knows other services by this token.
    pub fn new(url: Url, token: PeerToken) -> Result<Self, reqwest::Error> {
        Ok(Self { client: Client::builder().timeout(PATIENCE).build()?, url, token })
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        path: &str,
        request: impl FnOnce(&Client, Url) -> RequestBuilder + Send,
    ) -> Result<T, PeerError> {
        let answer = async {
            let request = request(&self.client, self.url.join(path)?);
            let request = match self.token.secret() {
                Some(secret) => request.bearer_auth(secret),
                None => request,
            };
            let answer = request.send().await?;
            // Nothing else answers so: a 404 may be that of a wrong URL.
            if answer.status() == reqwest::StatusCode::NO_CONTENT {
                return Ok::<_, Cause>(None);
            }
            Ok(Some(answer.error_for_status()?.json().await?))
        };
        answer.await.map_err(PeerError::Away)?.ok_or(PeerError::KeepsNothing)
    }

    /// Asks for what is under a path, of which a parameter says more.
    async fn ask_about<T: DeserializeOwned>(
        &self,
        path: &str,
        (name, value): (&str, &str),
    ) -> Result<T, PeerError> {
        let asked = self.ask(path, |client, mut url| {
            url.query_pairs_mut().append_pair(name, value);
            client.get(url)
        });
        asked.await
    }

    async fn mend(
        &self,
        path: &str,
        wish: &(impl serde::Serialize + Sync),
    ) -> Result<Result<(), Problem>, PeerError> {
        let Mended { problem } = self.ask(path, |client, url| client.post(url).json(wish)).await?;
        Ok(problem.map_or(Ok(()), Err))
    }
}

impl HttpPeer {
    /// How its migrations stand.
    pub(crate) async fn standing(&self) -> Result<Standing, PeerError> {
        self.ask("migrations", Client::get).await
    }
}

#[async_trait]
impl Peer for HttpPeer {
    async fn traffic(&self) -> Result<Traffic, PeerError> {
        self.ask("messages", Client::get).await
    }

    async fn dead_letters(&self) -> Result<Letters, PeerError> {
        self.ask("messages/dead", Client::get).await
    }

    async fn deposit(&self, key: &str) -> Result<Option<Value>, PeerError> {
        let Deposit { deposit } = self.ask_about("deposits", ("key", key)).await?;
        Ok(deposit)
    }

    async fn sagas_after(&self, saga: &str) -> Result<Vec<String>, PeerError> {
        self.ask_about("sagas", ("after", saga)).await
    }

    async fn effects(&self, saga: &str) -> Result<Vec<Effect>, PeerError> {
        self.ask_about("sagas/effects", ("of", saga)).await
    }

    async fn replay(&self, letter: &LetterKey, body: Option<&str>) -> Result<Result<(), Problem>, PeerError> {
        let wish = Replay { letter: letter.clone(), body: body.map(str::to_owned) };
        self.mend("messages/replay", &wish).await
    }

    async fn discard(&self, letter: &LetterKey) -> Result<Result<(), Problem>, PeerError> {
        self.mend("messages/discard", letter).await
    }
}
