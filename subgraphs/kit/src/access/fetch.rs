//! Where published keys are read from: a file, or a URL that is asked over HTTP.

use std::{path::PathBuf, time::Duration};

use reqwest::{Client, Url, redirect::Policy};

/// How long an answer may take: a request waits for it.
const WITHIN: Duration = Duration::from_secs(2);
/// The most bytes of a set of keys.
const MOST_BYTES: usize = 256 * 1024;

/// Where keys are.
pub(super) enum Source {
    File(PathBuf),
    Url(Url, Client),
}

/// Why keys were not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("it is neither an http URL nor a file")]
    Place,
    #[error("the file cannot be read: {0}")]
    File(#[source] std::io::Error),
    #[error("nobody answers: {0}")]
    Unreachable(#[from] reqwest::Error),
    #[error("it has more than {MOST_BYTES} bytes")]
    TooLarge,
    #[error("it is not a JSON Web Key Set: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error("no key in it has an id and can verify a token")]
    NoKeys,
}

impl Source {
    /// A URL if it begins as one, else a file.
    pub(super) fn new(place: &str) -> Result<Self, FetchError> {
        if !place.contains("://") {
            return Ok(Self::File(PathBuf::from(place)));
        }
        let url = Url::parse(place).ok().filter(|url| url.scheme() == "http" && url.has_host());
        let client = Client::builder().timeout(WITHIN).redirect(Policy::none()).build()?;
        Ok(Self::Url(url.ok_or(FetchError::Place)?, client))
    }

    pub(super) fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// The bytes that are there now.
    pub(super) async fn fetch(&self) -> Result<Vec<u8>, FetchError> {
        match self {
            Self::File(path) => tokio::fs::read(path).await.map_err(FetchError::File),
            Self::Url(url, client) => get(client, url).await,
        }
    }
}

async fn get(client: &Client, url: &Url) -> Result<Vec<u8>, FetchError> {
    let mut response = client.get(url.clone()).send().await?.error_for_status()?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > MOST_BYTES {
            return Err(FetchError::TooLarge);
        }
    }
    Ok(body)
}
