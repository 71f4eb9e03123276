//! No bus: for a service that runs alone.

use std::future::pending;

use async_trait::async_trait;

use super::{Bus, BusError, Delivery, Outgoing, Receipt, Subscription, SubscriptionName, Topic};

/// Takes every message and keeps none, and delivers nothing. What a service says is in its own archive all
/// the same, and whoever comes later begins with the service's state.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoBus;

#[async_trait]
impl Bus for NoBus {
    async fn declare(&self, _: &[Topic], _: &[SubscriptionName]) -> Result<(), BusError> {
        Ok(())
    }

    async fn publish(&self, messages: Vec<Outgoing>) -> Vec<Result<(), BusError>> {
        messages.iter().map(|_| Ok(())).collect()
    }

    async fn partition_keys(&self, _: &Topic) -> Result<Vec<String>, BusError> {
        Ok(Vec::new())
    }

    async fn subscribe(&self, _: &SubscriptionName) -> Result<Box<dyn Subscription>, BusError> {
        Ok(Box::new(Silence))
    }

    async fn ping(&self) -> Result<(), BusError> {
        Ok(())
    }

    async fn close(&self) {}
}

/// A subscription to which nothing ever comes.
struct Silence;

#[async_trait]
impl Subscription for Silence {
    async fn receive(&mut self, _: usize) -> Result<Vec<Delivery>, BusError> {
        pending().await
    }

    async fn acknowledge(&mut self, _: &[Receipt]) -> Result<(), BusError> {
        Ok(())
    }
}
