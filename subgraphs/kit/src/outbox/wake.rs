//! Telling within a process that there is something to do. What is told may be lost with the process, so that
//! whoever waits looks by itself from time to time as well.

use std::{sync::Arc, time::Duration};

use tokio::sync::Notify;

/// Tells somebody that there is something to do.
#[derive(Debug, Clone, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// There is something to do.
    pub fn tell(&self) {
        self.0.notify_one();
    }

    /// Returns when something has been told, or after this long.
    pub async fn wait(&self, longest: Duration) {
        // Both outcomes mean the same: look again.
        let _ = tokio::time::timeout(longest, self.0.notified()).await;
    }
}

/// Lets time pass.
pub async fn pause(length: Duration) {
    tokio::time::sleep(length).await;
}
