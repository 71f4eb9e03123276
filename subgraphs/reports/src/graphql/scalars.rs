//! Days and months as clients write them.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use jiff::civil;

use crate::domain;

/// A day, as `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Date(pub(crate) civil::Date);

/// A day, as `YYYY-MM-DD`.
#[Scalar(name = "Date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        let day = civil::Date::strptime("%Y-%m-%d", text).ok().filter(|day| day.to_string() == *text);
        day.map(Self).ok_or_else(|| InputValueError::custom(format!("`{text}` is no day such as 2026-03-31")))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A month, as `YYYY-MM`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Month(pub(crate) domain::Month);

/// A month, as `YYYY-MM`.
#[Scalar(name = "Month")]
impl ScalarType for Month {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        let wrong = || InputValueError::custom(format!("`{text}` is no month such as 2026-03"));
        domain::Month::parse(text).map(Self).ok_or_else(wrong)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}
