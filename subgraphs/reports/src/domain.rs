//! Periods and months, and how averages are ranked. Days are those of UTC.

use std::cmp::Ordering;

use jiff::{Timestamp, civil, tz::TimeZone};
use lms_kit::Problem;

/// The most entries that are asked for at once.
const MOST: u32 = 100;
/// The most months that are asked for at once: fifty years.
const MOST_MONTHS: i64 = 600;
/// How many months are told when nobody says.
const A_YEAR: i64 = 12;

/// The days in which lendings are counted. Instants are in ms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Period {
    /// When the first day begins.
    pub(crate) from: Option<i64>,
    /// When the last day has ended.
    pub(crate) until: Option<i64>,
}

impl Period {
    /// From the first day to the last one, both counted.
    pub(crate) fn new(first: Option<civil::Date>, last: Option<civil::Date>) -> Result<Self, Problem> {
        if let (Some(first), Some(last)) = (first, last)
            && last < first
        {
            let message = format!("the last day, {last}, is before the first one, {first}");
            return Err(Problem::invalid(&["to"], "from <= to", message));
        }
        // The day after the last one there is has no beginning: then nothing ends.
        let until = last.and_then(|last| last.tomorrow().ok()).and_then(beginning);
        Ok(Self { from: first.and_then(beginning), until })
    }
}

fn beginning(day: civil::Date) -> Option<i64> {
    day.to_zoned(TimeZone::UTC).ok().map(|midnight| midnight.timestamp().as_millisecond())
}

/// A month, as the number of months since the year 0 began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Month(i64);

impl Month {
    /// The month of an instant in ms.
    pub(crate) fn of_ms(ms: i64) -> Self {
        let instant = Timestamp::from_millisecond(ms).unwrap_or_default().to_zoned(TimeZone::UTC);
        Self(i64::from(instant.year()) * 12 + i64::from(instant.month()) - 1)
    }

    /// Reads `YYYY-MM`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (year, month) =
            text.split_once('-').filter(|(year, month)| year.len() == 4 && month.len() == 2)?;
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(year) || !is_number(month) {
            return None;
        }
        let month = month.parse::<i64>().ok().filter(|month| (1..=12).contains(month))?;
        Some(Self(year.parse::<i64>().ok()? * 12 + month - 1))
    }

    /// The month after so many others.
    pub(crate) fn of_index(index: i64) -> Self {
        Self(index)
    }

    /// How many months there were before it.
    pub(crate) fn index(self) -> i64 {
        self.0
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:04}-{:02}", self.0.div_euclid(12), self.0.rem_euclid(12) + 1)
    }
}

/// Months in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Months {
    pub(crate) first: Month,
    pub(crate) last: Month,
}

impl Months {
    /// From one month to another, both counted. Without a last one it is this month, without a first one a year of them.
    pub(crate) fn new(first: Option<Month>, last: Option<Month>, now_ms: i64) -> Result<Self, Problem> {
        let last = last.unwrap_or_else(|| Month::of_ms(now_ms));
        let first = first.unwrap_or(Month(last.0 - A_YEAR + 1));
        if last < first {
            let message = format!("the last month, {last}, is before the first one, {first}");
            return Err(Problem::invalid(&["to"], "from <= to", message));
        }
        let number = last.0 - first.0 + 1;
        if number > MOST_MONTHS {
            let message = format!("{number} months cannot be asked for");
            return Err(Problem::invalid(&["from"], format!("at most {MOST_MONTHS} months"), message));
        }
        Ok(Self { first, last })
    }
}

/// How many entries are wanted.
pub(crate) fn limit(first: i32) -> Result<usize, Problem> {
    let limit = u32::try_from(first).ok().filter(|limit| (1..=MOST).contains(limit));
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    limit.ok_or_else(|| {
        Problem::invalid(&["first"], format!("1..={MOST}"), format!("{first} entries cannot be asked for"))
    })
}

/// The grades that something was given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Grades {
    pub(crate) number: i64,
    pub(crate) sum: i64,
}

impl Grades {
    #[expect(clippy::cast_precision_loss, reason = "there are fewer grades than a double counts")]
    pub(crate) fn average(self) -> f64 {
        self.sum as f64 / self.number as f64
    }

    /// The better average first; of equal ones, that of more grades.
    pub(crate) fn compare(self, other: Self) -> Ordering {
        let crosswise = |one: Self, other: Self| i128::from(one.sum) * i128::from(other.number);
        crosswise(other, self).cmp(&crosswise(self, other)).then(other.number.cmp(&self.number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 24 * 60 * 60 * 1000;

    #[test]
    fn a_period_has_its_first_and_its_last_day() {
        let day = |text: &str| Some(text.parse().unwrap());
        let one = Period::new(day("1970-01-02"), day("1970-01-02")).unwrap();
        assert_eq!(one, Period { from: Some(DAY_MS), until: Some(2 * DAY_MS) });
        assert_eq!(Period::new(None, None).unwrap(), Period::default());
        let wrong = Period::new(day("1970-01-02"), day("1970-01-01")).unwrap_err();
        assert!(matches!(wrong, Problem::Invalid { .. }), "{wrong:?}");
        assert_eq!(Period::new(None, day("9999-12-31")).unwrap().until, None);
    }

    #[test]
    fn a_month_is_read_as_it_is_written() {
        for text in ["0000-01", "1969-12", "2026-11", "9999-12"] {
            assert_eq!(Month::parse(text).unwrap().to_string(), text);
        }
        for wrong in ["2026-13", "2026-00", "2026-1", "26-01", "2026-+1", "2026-01-01", "2026"] {
            assert_eq!(Month::parse(wrong), None, "{wrong}");
        }
        assert_eq!(
            (Month::of_ms(-1).to_string(), Month::of_ms(0).to_string()),
            ("1969-12".into(), "1970-01".into())
        );
    }

    #[test]
    fn months_end_with_this_one_and_are_a_year() {
        let month = |text: &str| Month::parse(text);
        let told = |first, last| {
            Months::new(first, last, 0).map(|months| (months.first.to_string(), months.last.to_string()))
        };
        assert_eq!(told(None, None).unwrap(), ("1969-02".into(), "1970-01".into()));
        assert_eq!(told(month("1970-01"), None).unwrap(), ("1970-01".into(), "1970-01".into()));
        assert!(told(month("1970-02"), None).is_err());
        assert!(told(month("1920-02"), None).is_ok() && told(month("1920-01"), None).is_err());
    }

    #[test]
    fn averages_are_compared_without_rounding() {
        let grades = |number, sum| Grades { number, sum };
        assert_eq!(grades(3, 10).compare(grades(1, 3)), Ordering::Less);
        assert_eq!(grades(2, 6).compare(grades(1, 3)), Ordering::Less);
        assert_eq!(grades(1, 3).compare(grades(1, 3)), Ordering::Equal);
    }
}
