//! The admin API: what a topic needs is there before the first message.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::http::{Method, StatusCode};
use reqwest::Url;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::{PulsarOptions, WhenFull, rest::Rest};
use crate::{
    bus::{BROKERS_TAKE, BusError, BusOpenError, SubscriptionName, Topic, largest},
    error::Cause,
};

/// The property of a topic that no other has, not one of its name either that is made when it was deleted.
const MARK: &str = "library-mark";
/// What a topic with properties is made of.
const METADATA: &str = "application/vnd.partitioned-topic-metadata+json";

/// What a service creates, and asks for.
pub(super) struct Admin {
    rest: Rest,
    options: Arc<PulsarOptions>,
    namespace: OnceCell<()>,
    largest: OnceCell<usize>,
    made: Mutex<BTreeSet<Topic>>,
}

impl Admin {
    pub(super) fn new(base: &str, options: Arc<PulsarOptions>) -> Result<Self, BusOpenError> {
        let connect = |base| Rest::new(base, options.ca.as_deref(), options.token.clone(), options.timeout);
        let rest = Url::parse(base).map_err(Cause::from).and_then(connect).map_err(|reason| {
            BusOpenError::Flag { flag: "--bus-admin-url", value: crate::engine::redact(base), reason }
        })?;
        let (namespace, largest, made) = (OnceCell::new(), OnceCell::new(), Mutex::default());
        Ok(Self { rest, options, namespace, largest, made })
    }

    /// Creates what is missing: the namespace, topics in partitions, subscriptions from the earliest.
    pub(super) async fn declare(
        &self,
        topics: &[Topic],
        subscriptions: &[SubscriptionName],
    ) -> Result<(), BusError> {
        self.namespace.get_or_try_init(|| self.create_namespace()).await?;
        let subscribed = subscriptions.iter().map(|subscription| &subscription.topic);
        for topic in topics.iter().chain(subscribed) {
            self.create_topic(topic).await?;
        }
        for subscription in subscriptions {
            self.create_subscription(subscription).await?;
        }
        Ok(())
    }

    /// Topics that were not there, or a subscription to which was not, until they were declared; whoever takes them out tells of them.
    pub(super) fn made(&self) -> MutexGuard<'_, BTreeSet<Topic>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// By what a topic is told from another of its name: what it was made with; nothing where somebody else has made it. None: it is
    /// not there.
    pub(super) async fn mark_of(&self, topic: &Topic) -> Result<Option<String>, BusError> {
        let path = ["persistent", &self.options.tenant, &self.options.namespace, topic.name(), "partitions"];
        let (status, body) = self.rest.call(Method::GET, &path, None).await?;
        match status {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => {
                let is_there = body["partitions"].as_u64().is_some_and(|partitions| partitions > 0);
                Ok(is_there.then(|| body["properties"][MARK].as_str().unwrap_or_default().to_owned()))
            }
            status => Err(unexpected(&format!("topic `{}`", topic.name()), status, &body)),
        }
    }

    /// The most that a message may have; where the broker may not be asked, what brokers take by default.
    pub(super) async fn largest(&self) -> usize {
        let asked = self.largest.get_or_try_init(|| async {
            let (status, body) =
                self.rest.call(Method::GET, &["brokers", "configuration", "runtime"], None).await?;
            let configured = body["maxMessageSize"].as_str().and_then(|size| size.parse().ok());
            match configured {
                Some(size) => Ok(largest(size)),
                None if status.is_success()
                    || status == StatusCode::UNAUTHORIZED
                    || status == StatusCode::FORBIDDEN =>
                {
                    Ok(largest(BROKERS_TAKE))
                }
                None => Err(unexpected("its configuration", status, &body)),
            }
        });
        match asked.await {
            Ok(size) => *size,
            Err(error) => {
                tracing::debug!(%error, "the broker's maxMessageSize is not known yet");
                largest(BROKERS_TAKE)
            }
        }
    }

    /// Creates the namespace, if it is not there.
    pub(super) async fn create_namespace(&self) -> Result<(), BusError> {
        let path = ["namespaces", &self.options.tenant, &self.options.namespace];
        let policies = self.policies();
        let (status, body) = self.rest.call(Method::GET, &path, None).await?;
        if status.is_success() {
            for loss in losses(&body) {
                tracing::warn!("messages of the namespace may be lost: {loss}");
            }
            return Ok(());
        }
        let (status, body) = self.rest.call(Method::PUT, &path, Some(&policies)).await?;
        match status {
            // Another service was quicker.
            StatusCode::CONFLICT => Ok(()),
            status if status.is_success() => Ok(()),
            status => Err(unexpected(&format!("namespace `{}`", path[1..].join("/")), status, &body)),
        }
    }

    /// Nothing goes away by itself, and a topic comes into being only by being declared.
    fn policies(&self) -> Value {
        let minutes = self.options.retention.as_secs().div_ceil(60);
        json!({
            "retention_policies": { "retentionTimeInMinutes": minutes, "retentionSizeInMB": -1 },
            "backlog_quota_map": { "destination_storage": {
                "limitSize": self.options.backlog,
                "limitTime": -1,
                "policy": match self.options.when_full {
                    WhenFull::Hold => "producer_request_hold",
                    WhenFull::Refuse => "producer_exception",
                },
            } },
            "message_ttl_in_seconds": 0,
            "subscription_expiration_time_minutes": 0,
            "deduplicationEnabled": false,
            "inactive_topic_policies": {
                "inactiveTopicDeleteMode": "delete_when_no_subscriptions",
                "maxInactiveDurationSeconds": 3600,
                "deleteWhileInactive": false,
            },
            "autoTopicCreationOverride": { "allowAutoTopicCreation": false },
        })
    }

    async fn create_topic(&self, topic: &Topic) -> Result<(), BusError> {
        let path = ["persistent", &self.options.tenant, &self.options.namespace, topic.name(), "partitions"];
        let wanted = self.options.partitions;
        let new = json!({ "partitions": wanted, "properties": { MARK: Uuid::now_v7().to_string() } });
        let (status, body) = self.rest.call_with(Method::PUT, &path, (METADATA, &new)).await?;
        if status != StatusCode::CONFLICT {
            done(&format!("topic `{}`", topic.name()), status, &body)?;
            self.made().insert(topic.clone());
            return Ok(());
        }
        let (status, body) = self.rest.call(Method::GET, &path, None).await?;
        match body["partitions"].as_u64() {
            Some(0) => Err(BusError::Refused(
                format!(
                    "topic `{}` is there without partitions: delete it, or take another namespace",
                    topic.name()
                )
                .into(),
            )),
            Some(found) => {
                if found != u64::from(wanted) {
                    tracing::info!(
                        topic = topic.name(),
                        found,
                        wanted,
                        "the topic keeps its number of partitions"
                    );
                }
                Ok(())
            }
            None => Err(unexpected(&format!("topic `{}`", topic.name()), status, &body)),
        }
    }

    async fn create_subscription(&self, subscription: &SubscriptionName) -> Result<(), BusError> {
        let SubscriptionName { topic, name } = subscription;
        let (tenant, namespace) = (self.options.tenant.as_str(), self.options.namespace.as_str());
        let path = ["persistent", tenant, namespace, topic.name(), "subscription", name];
        let earliest = json!({ "ledgerId": -1, "entryId": -1, "partitionIndex": -1 });
        let (status, body) = self.rest.call(Method::PUT, &path, Some(&earliest)).await?;
        match status {
            StatusCode::CONFLICT => Ok(()),
            status => {
                done(&format!("subscription `{name}` of `{}`", topic.name()), status, &body)?;
                self.made().insert(topic.clone());
                Ok(())
            }
        }
    }
}

fn done(what: &str, status: StatusCode, body: &Value) -> Result<(), BusError> {
    if status.is_success() { Ok(()) } else { Err(unexpected(what, status, body)) }
}

/// What the broker's answer means for a caller.
fn unexpected(what: &str, status: StatusCode, body: &Value) -> BusError {
    let said = body["reason"].as_str().or(body.as_str()).unwrap_or_default();
    let cause: Cause = match status {
        // Brokers answer the one or the other when a known owner may not.
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            format!("{what}: the token is missing or wrong, or its owner may not ({said})").into()
        }
        _ => format!("{what}: {status} {said}").into(),
    };
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        BusError::Away(cause)
    } else {
        BusError::Refused(cause)
    }
}

/// What could lose messages in a namespace that somebody else has made; it is left as it is.
fn losses(policies: &Value) -> Vec<&'static str> {
    let quotas = policies["backlog_quota_map"].as_object();
    let evicts = quotas.is_some_and(|quotas| {
        quotas.values().any(|quota| quota["policy"].as_str() == Some("consumer_backlog_eviction"))
    });
    let above_zero = |name: &str| policies[name].as_i64().is_some_and(|value| value > 0);
    let losses = [
        (evicts, "its backlog quota evicts messages that were not read"),
        (above_zero("message_ttl_in_seconds"), "its messages expire before they are read"),
        (above_zero("subscription_expiration_time_minutes"), "its subscriptions expire"),
        (
            policies["deduplicationEnabled"].as_bool() == Some(true),
            "its deduplication drops what is sent again",
        ),
    ];
    losses.into_iter().filter_map(|(found, loss)| found.then_some(loss)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_loses_messages_is_found() {
        let eviction = json!({ "destination_storage": { "policy": "consumer_backlog_eviction" } });
        for (policies, words) in [
            (json!({ "backlog_quota_map": eviction }), "evicts"),
            (json!({ "message_ttl_in_seconds": 60 }), "messages expire"),
            (json!({ "subscription_expiration_time_minutes": 5 }), "subscriptions expire"),
            (json!({ "deduplicationEnabled": true }), "deduplication"),
        ] {
            let found = losses(&policies);
            assert!(found.len() == 1 && found[0].contains(words), "{policies}: {found:?}");
        }
        let harmless = json!({ "message_ttl_in_seconds": 0, "deduplicationEnabled": false });
        assert!(losses(&harmless).is_empty());
    }
}
