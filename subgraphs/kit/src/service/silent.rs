//! A service that listens and says nothing of its own, such as a read model.

use async_trait::async_trait;

use crate::{
    changes::{Changes, Page},
    error::StoreError,
    outbox::{Backlog, Claim, ClaimOptions, Outbox, Settlement},
};

/// An outbox in which nothing waits, and a state of which there is nothing.
pub struct Silent;

#[async_trait]
impl Outbox for Silent {
    async fn claim(&self, _: ClaimOptions) -> Result<Vec<Claim>, StoreError> {
        Ok(Vec::new())
    }

    async fn settle(&self, _: &[Settlement]) -> Result<usize, StoreError> {
        Ok(0)
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        Ok(Backlog::default())
    }
}

#[async_trait]
impl Changes for Silent {
    async fn page(&self, _: Option<&str>, _: u32) -> Result<Page, StoreError> {
        Ok(Page::default())
    }

    async fn of(&self, _: &str) -> Result<Option<String>, StoreError> {
        Ok(None)
    }
}
