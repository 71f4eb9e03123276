//! Days and instants as clients see them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A day, as `YYYY-MM-DD`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Date(pub(crate) String);

/// An instant to the millisecond, as `YYYY-MM-DDThh:mm:ss.mmmZ`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct DateTime(String);

impl DateTime {
    /// The instant that many milliseconds after 1970 began.
    pub(crate) fn from_ms(ms: i64) -> Self {
        let instant = Timestamp::from_millisecond(ms).unwrap_or_default();
        Self(format!("{instant:.3}"))
    }
}

async_graphql::scalar!(Date, "Date", "A day, as `YYYY-MM-DD`.");
async_graphql::scalar!(DateTime, "DateTime", "An instant to the millisecond, as `YYYY-MM-DDThh:mm:ss.mmmZ`.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_always_has_three_decimals() {
        assert_eq!(DateTime::from_ms(1_700_000_000_000).0, "2023-11-14T22:13:20.000Z");
        assert_eq!(DateTime::from_ms(1_700_000_000_120).0, "2023-11-14T22:13:20.120Z");
    }
}
