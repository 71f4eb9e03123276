//! A bus that keeps what was sent in a list, and fails when it is told to.

use std::{sync::Mutex, time::Duration};

use async_trait::async_trait;
use lms_kit::{
    bus::{Bus, BusError, Outgoing, Subscription, SubscriptionName, Topic},
    event::Envelope,
    inbox::Received,
};

#[derive(Default)]
pub(crate) struct Wire {
    pub(crate) sent: Mutex<Vec<Outgoing>>,
    pub(crate) away: Mutex<bool>,
    /// Bodies that hold this are too large.
    pub(crate) too_large: Mutex<Option<String>>,
    /// How long each message takes.
    pub(crate) takes: Duration,
}

impl Wire {
    /// What was sent, as an inbox receives it.
    pub(crate) fn received(&self) -> Vec<Received> {
        let sent = self.sent.lock().unwrap();
        sent.iter().map(|message| received(&message.body)).collect()
    }

    /// The numbers that were sent of one note, in their order.
    pub(crate) fn seqs(&self, id: &str) -> Vec<i64> {
        let of_note =
            self.received().into_iter().filter(|event| event.sequence.stream == format!("Note/{id}"));
        of_note.map(|event| event.seq).collect()
    }
}

pub(crate) fn received(body: &str) -> Received {
    Received::in_sequence(&Envelope::parse(body.as_bytes()).unwrap(), body.to_owned())
}

#[async_trait]
impl Bus for Wire {
    async fn declare(&self, _: &[Topic], _: &[SubscriptionName]) -> Result<(), BusError> {
        Ok(())
    }

    async fn publish(&self, messages: Vec<Outgoing>) -> Vec<Result<(), BusError>> {
        tokio::time::sleep(self.takes * u32::try_from(messages.len()).unwrap()).await;
        let too_large = self.too_large.lock().unwrap().clone();
        let send = |message: Outgoing| {
            if *self.away.lock().unwrap() {
                return Err(BusError::Away("told to be".into()));
            }
            if too_large.as_ref().is_some_and(|part| message.body.contains(part)) {
                return Err(BusError::TooLarge { bytes: message.body.len(), limit: 1 });
            }
            self.sent.lock().unwrap().push(message);
            Ok(())
        };
        messages.into_iter().map(send).collect()
    }

    async fn partition_keys(&self, _: &Topic) -> Result<Vec<String>, BusError> {
        Ok(vec!["0".to_owned()])
    }

    async fn subscribe(&self, _: &SubscriptionName) -> Result<Box<dyn Subscription>, BusError> {
        Err(BusError::Refused("it only sends".into()))
    }

    async fn ping(&self) -> Result<(), BusError> {
        Ok(())
    }

    async fn close(&self) {}
}
