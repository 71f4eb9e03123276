//! What was declared, and whether it is there still: a topic that somebody deletes is made anew, and whoever declared it is told.
//!
//! A topic is known by what it was made with. One that another service has made anew is found by that as well.

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::Mutex;

use super::admin::Admin;
use crate::bus::{BusError, SubscriptionName, Topic};

/// What a service has declared.
pub(super) struct Declared {
    admin: Arc<Admin>,
    needs: Mutex<Needs>,
}

#[derive(Default)]
struct Needs {
    /// With the mark of each; none as long as nobody has looked.
    topics: BTreeMap<Topic, Option<String>>,
    subscriptions: Vec<SubscriptionName>,
}

impl Declared {
    pub(super) fn new(admin: Arc<Admin>) -> Self {
        Self { admin, needs: Mutex::default() }
    }

    /// Creates what is missing.
    pub(super) async fn declare(
        &self,
        topics: &[Topic],
        subscriptions: &[SubscriptionName],
    ) -> Result<(), BusError> {
        self.admin.declare(topics, subscriptions).await?;
        let mut needs = self.needs.lock().await;
        let subscribed = subscriptions.iter().map(|subscription| &subscription.topic);
        for topic in topics.iter().chain(subscribed) {
            needs.topics.entry(topic.clone()).or_default();
        }
        let known = needs.subscriptions.clone();
        needs.subscriptions.extend(subscriptions.iter().filter(|one| !known.contains(one)).cloned());
        Ok(())
    }

    /// Creates what has gone since; the topics that were made anew since this was asked last. A topic that is refused keeps none of the
    /// others.
    pub(super) async fn lost(&self) -> Result<Vec<Topic>, BusError> {
        let mut needs = self.needs.lock().await;
        let Needs { topics, subscriptions } = &mut *needs;
        for (topic, known) in topics {
            let own = subscriptions.iter().filter(|subscription| subscription.topic == *topic);
            match self.look(topic, known.as_ref(), &own.cloned().collect::<Vec<_>>()).await {
                Ok(found) => *known = found,
                Err(BusError::Refused(why)) => {
                    tracing::warn!(topic = topic.name(), %why, "a topic is not as it was declared");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(std::mem::take(&mut *self.admin.made()).into_iter().collect())
    }

    /// The mark that a topic has, made anew if it is gone.
    async fn look(
        &self,
        topic: &Topic,
        known: Option<&String>,
        subscriptions: &[SubscriptionName],
    ) -> Result<Option<String>, BusError> {
        let found = self.admin.mark_of(topic).await?;
        let is_another = known.is_some() && known != found.as_ref();
        if found.is_none() {
            // A broker that was set up anew has no namespace either.
            self.admin.create_namespace().await?;
        }
        if is_another || found.is_none() {
            self.admin.declare(std::slice::from_ref(topic), subscriptions).await?;
        }
        if is_another {
            self.admin.made().insert(topic.clone());
        }
        match found {
            Some(_) => Ok(found),
            None => self.admin.mark_of(topic).await,
        }
    }
}
