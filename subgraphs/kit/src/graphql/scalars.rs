//! Instants, days and durations as clients see them.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// An instant to the millisecond, as `YYYY-MM-DDThh:mm:ss.mmmZ`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DateTime(String);

impl DateTime {
    /// The instant that many milliseconds after 1970 began.
    #[must_use]
    pub fn from_ms(ms: i64) -> Self {
        let instant = Timestamp::from_millisecond(ms).unwrap_or_default();
        Self(format!("{instant:.3}"))
    }
}

async_graphql::scalar!(DateTime, "DateTime", "An instant to the millisecond, as `YYYY-MM-DDThh:mm:ss.mmmZ`.");

/// A day, as `YYYY-MM-DD`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Date(pub String);

async_graphql::scalar!(Date, "Date", "A day, as `YYYY-MM-DD`.");

/// A length of time in ISO 8601, such as `PT2.5S` for two and a half seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duration(pub std::time::Duration);

#[Scalar(name = "Duration")]
impl ScalarType for Duration {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        let read = text.parse::<SignedDuration>().ok().and_then(|length| length.try_into().ok());
        let wrong = || InputValueError::custom(format!("`{text}` is no duration such as PT2.5S"));
        read.map(Self).ok_or_else(wrong)
    }

    fn to_value(&self) -> Value {
        let length = SignedDuration::try_from(self.0).unwrap_or(SignedDuration::MAX);
        Value::String(length.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_always_has_three_decimals() {
        assert_eq!(DateTime::from_ms(1_700_000_000_000).0, "2023-11-14T22:13:20.000Z");
        assert_eq!(DateTime::from_ms(1_700_000_000_120).0, "2023-11-14T22:13:20.120Z");
    }

    #[test]
    fn a_duration_is_read_as_iso_8601_has_it() {
        let read = |text: &str| Duration::parse(Value::String(text.to_owned()));
        assert_eq!(read("PT2.5S").unwrap(), Duration(std::time::Duration::from_millis(2_500)));
        assert_eq!(read("PT1M").unwrap().to_value(), Value::String("PT1M".to_owned()));
        assert!(read("-PT1S").is_err() && read("5").is_err(), "neither negative nor bare");
    }
}
