//! What a lending is, and the rules that it keeps.

use jiff::tz::TimeZone;
use lms_kit::{
    Problem,
    event::{Event, Touch},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::NAME;

/// The entity's name in the graph.
pub(crate) const LENDING: &str = "Lending";
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// How long a book may be kept, in ms: fifteen days.
const LIMIT_MS: i64 = 15 * DAY_MS;
/// What each day that has begun after the limit costs, in cents.
const CENTS_A_DAY: i64 = 200;

/// A book that a student has, or has had. Instants are in ms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Lending {
    /// `YYYY/n`.
    #[serde(rename = "lendingNumber")]
    pub(crate) number: String,
    pub(crate) isbn: String,
    /// The book's title when it was lent.
    pub(crate) title: String,
    pub(crate) student_number: String,
    pub(crate) lent_at: i64,
    pub(crate) due_at: i64,
    pub(crate) returned_at: Option<i64>,
}

/// A book and the student who takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) isbn: String,
    pub(crate) title: String,
    pub(crate) student_number: String,
}

impl Lending {
    pub(crate) fn new(number: String, pair: Pair, now_ms: i64) -> Self {
        let Pair { isbn, title, student_number } = pair;
        let (lent_at, due_at) = (now_ms, now_ms + LIMIT_MS);
        Self { number, isbn, title, student_number, lent_at, due_at, returned_at: None }
    }

    /// The lending as it ends now, or that it has ended.
    pub(crate) fn returned(self, now_ms: i64) -> Result<Self, Problem> {
        if self.returned_at.is_some() {
            let message = format!("the book of lending {} was returned before", self.number);
            return Err(Problem::invalid(&["lendingNumber"], "an open lending", message));
        }
        // Clocks of processes differ a little: nothing ends before it has begun.
        Ok(Self { returned_at: Some(now_ms.max(self.lent_at)), ..self })
    }

    /// Whether the book is out, and should not be any more.
    pub(crate) fn is_overdue(&self, now_ms: i64) -> bool {
        self.returned_at.is_none() && now_ms > self.due_at
    }

    /// What being late costs, in cents: so far, while the book is out.
    pub(crate) fn fine_cents(&self, now_ms: i64) -> i64 {
        let late_ms = self.returned_at.unwrap_or(now_ms).saturating_sub(self.due_at).max(0);
        let begun_days = late_ms / DAY_MS + i64::from(late_ms % DAY_MS > 0);
        begun_days.saturating_mul(CENTS_A_DAY)
    }

    pub(crate) fn was_opened(&self) -> Event {
        self.event("LendingOpened")
    }

    pub(crate) fn was_returned(&self) -> Event {
        self.event("LendingReturned")
    }

    fn event(&self, kind: &'static str) -> Event {
        Event {
            service: NAME,
            aggregate_type: LENDING,
            aggregate_id: self.number.clone(),
            kind,
            data: json!(self),
            deleted: false,
            touches: vec![
                Touch::new(LENDING, ("lendingNumber", &self.number), NAME),
                Touch::new("Book", ("isbn", &self.isbn), NAME),
                Touch::new("Student", ("studentNumber", &self.student_number), NAME),
            ],
        }
    }
}

/// The year of an instant in ms, in UTC.
pub(crate) fn year_of(ms: i64) -> i16 {
    jiff::Timestamp::from_millisecond(ms).unwrap_or_default().to_zoned(TimeZone::UTC).year()
}

/// There is no lending with this number.
pub(crate) fn no_lending(number: &str) -> Problem {
    Problem::not_found(&["lendingNumber"], format!("there is no lending {number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lending() -> Lending {
        let pair = Pair { isbn: "9780306406157".into(), title: "T".into(), student_number: "2026/1".into() };
        Lending::new("2026/1".into(), pair, 1_000)
    }

    #[test]
    fn each_day_that_has_begun_after_the_limit_costs() {
        let (lending, due) = (lending(), 1_000 + 15 * DAY_MS);
        for (now, cents) in [(0, 0), (due, 0), (due + 1, 200), (due + DAY_MS, 200), (due + DAY_MS + 1, 400)] {
            assert_eq!(lending.fine_cents(now), cents, "{now}");
            assert_eq!(lending.is_overdue(now), cents > 0);
        }
        let returned = lending.returned(due + 1).unwrap();
        assert_eq!((returned.fine_cents(due + 9 * DAY_MS), returned.is_overdue(due + 2)), (200, false));
    }

    #[test]
    fn a_lending_ends_once_and_not_before_it_began() {
        let returned = lending().returned(10).unwrap();
        assert_eq!(returned.returned_at, Some(1_000));
        assert!(matches!(returned.returned(2_000), Err(Problem::Invalid { .. })));
    }
}
