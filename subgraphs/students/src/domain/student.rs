//! A student of the library.

use jiff::{Timestamp, Unit, civil::Date, tz::TimeZone};
use lms_kit::{
    Problem,
    text::{self, TextMatch, TextRule},
};
use serde::{Deserialize, Serialize};

use super::{Slots, Standing};

/// The youngest that a student may be at registration, in years.
const MINIMUM_AGE: i32 = 12;
/// The most genres that one student may be interested in.
const MOST_INTERESTS: usize = 32;

const NAME: TextRule = TextRule { field: "name", min: 1, max: 150 };
const INTEREST: TextRule = TextRule { field: "interests", min: 1, max: 128 };
const USER_ID: TextRule = TextRule { field: "userId", min: 1, max: 64 };

/// A student as the library keeps one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Student {
    /// "YYYY/n": the year of registration and a number within it.
    pub(crate) number: String,
    /// The name.
    pub(crate) name: String,
    /// "YYYY-MM-DD".
    pub(crate) birth_date: String,
    /// As the student writes it.
    pub(crate) phone: String,
    /// Names of genres, in the order given.
    pub(crate) interests: Vec<String>,
    /// The account that belongs to the student.
    pub(crate) user_id: Option<String>,
    /// When the student consented to the processing of personal data, which is the time of registration.
    pub(crate) consented_at_ms: i64,
    /// Moves with each change that a client makes, from 1.
    pub(crate) version: i32,
    /// What the student has borrowed, or is about to.
    #[serde(default)]
    pub(crate) slots: Slots,
    /// What may be done.
    #[serde(default)]
    pub(crate) standing: Standing,
}

impl Student {
    /// The key under which names sort and match.
    pub(crate) fn name_key(&self) -> String {
        text::key(&self.name)
    }

    /// The key under which telephone numbers match.
    pub(crate) fn phone_key(&self) -> String {
        phone_key(&self.phone)
    }
}

/// The digits of a telephone number, after a `+` if it starts with one.
pub(crate) fn phone_key(phone: &str) -> String {
    let phone = phone.trim_start();
    let plus = if phone.starts_with('+') { "+" } else { "" };
    phone.chars().filter(char::is_ascii_digit).fold(plus.to_owned(), |mut key, digit| {
        key.push(digit);
        key
    })
}

/// What a registration says, unchecked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Registration {
    /// The name.
    pub name: String,
    /// "YYYY-MM-DD".
    pub birth_date: String,
    /// A telephone number.
    pub phone: String,
    /// Whether the student agrees to the processing of personal data.
    pub gdpr_consent: bool,
    /// Names of genres.
    pub interests: Vec<String>,
    /// The account that belongs to the student.
    pub user_id: Option<String>,
}

impl Registration {
    /// The student that would be registered at that time, still without a number; or every rule broken.
    pub(crate) fn check(self, now_ms: i64) -> Result<Student, Vec<Problem>> {
        let mut problems = Vec::new();
        let name = keep(NAME.check(&self.name), &mut problems);
        let birth_date = keep(check_birth_date(&self.birth_date, now_ms), &mut problems);
        let phone = keep(check_phone(&self.phone), &mut problems);
        if !self.gdpr_consent {
            let message = "the library may not keep a student's data without consent";
            problems.push(Problem::invalid(&["gdprConsent"], "must be true", message));
        }
        let interests = keep(check_interests(&self.interests), &mut problems);
        let user_id = keep(self.user_id.map(|id| USER_ID.check(&id)).transpose(), &mut problems);
        let (Some(name), Some(birth_date), Some(phone), Some(interests), Some(user_id), true) =
            (name, birth_date, phone, interests, user_id, problems.is_empty())
        else {
            return Err(problems);
        };
        let number = String::new();
        let consented_at_ms = now_ms;
        let (version, slots, standing) = (1, Slots::default(), Standing::Active);
        Ok(Student {
            number,
            name,
            birth_date,
            phone,
            interests,
            user_id,
            consented_at_ms,
            version,
            slots,
            standing,
        })
    }
}

/// What a student's record should be changed to; what is not named stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct StudentChange {
    /// The name.
    pub(crate) name: Option<String>,
    /// A telephone number.
    pub(crate) phone: Option<String>,
    /// Names of genres, all of them.
    pub(crate) interests: Option<Vec<String>>,
}

impl StudentChange {
    /// The student after the change, one version on; or every rule broken.
    pub(crate) fn apply(self, student: &Student) -> Result<Student, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut changed = student.clone();
        if let Some(name) = self.name.and_then(|name| keep(NAME.check(&name), &mut problems)) {
            changed.name = name;
        }
        if let Some(phone) = self.phone.and_then(|phone| keep(check_phone(&phone), &mut problems)) {
            changed.phone = phone;
        }
        if let Some(all) = self.interests.and_then(|all| keep(check_interests(&all), &mut problems)) {
            changed.interests = all;
        }
        changed.version += 1;
        if problems.is_empty() { Ok(changed) } else { Err(problems) }
    }
}

/// Which students a list holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct StudentFilter {
    /// Those with this telephone number, however it is spaced.
    pub(crate) phone: Option<String>,
    /// Those with such a name.
    pub(crate) name: TextMatch,
}

fn keep<T>(checked: Result<T, Problem>, problems: &mut Vec<Problem>) -> Option<T> {
    checked.map_err(|problem| problems.push(problem)).ok()
}

fn check_birth_date(text: &str, now_ms: i64) -> Result<String, Problem> {
    let date: Date = text.parse().map_err(|_| {
        Problem::invalid(&["birthDate"], "a date YYYY-MM-DD", format!("`{text}` is not a date"))
    })?;
    let today = today(now_ms);
    let years = date.until((Unit::Year, today)).map_or(0, |age| i32::from(age.get_years()));
    if years < MINIMUM_AGE {
        let message = format!("born on {date}, a student would be {} years old", years.max(0));
        return Err(Problem::invalid(&["birthDate"], format!("age >= {MINIMUM_AGE}"), message));
    }
    Ok(date.to_string())
}

fn check_phone(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let allowed = |(place, character): (usize, char)| {
        character.is_ascii_digit() || " -()./".contains(character) || (place == 0 && character == '+')
    };
    if !(6..=15).contains(&digits) || text.len() > 32 || !text.char_indices().all(allowed) {
        let message = format!("`{text}` is not a telephone number");
        return Err(Problem::invalid(&["phone"], "6..=15 digits", message));
    }
    Ok(text.to_owned())
}

fn check_interests(names: &[String]) -> Result<Vec<String>, Problem> {
    if names.len() > MOST_INTERESTS {
        let message = format!("{} interests were given", names.len());
        return Err(Problem::invalid(&["interests"], format!("at most {MOST_INTERESTS}"), message));
    }
    let mut kept: Vec<String> = Vec::with_capacity(names.len());
    for name in names {
        let name = INTEREST.check(name)?;
        if !kept.iter().any(|other| text::key(other) == text::key(&name)) {
            kept.push(name);
        }
    }
    Ok(kept)
}

fn today(now_ms: i64) -> Date {
    let now = Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::MAX);
    now.to_zoned(TimeZone::UTC).date()
}

/// The year that a student number starts with.
pub(crate) fn year_of(now_ms: i64) -> i16 {
    today(now_ms).year()
}

/// The year and the place of a student number.
pub(crate) fn parse_student_number(text: &str) -> Result<(i16, i64), Problem> {
    let parts =
        text.split_once('/').and_then(|(year, place)| Some((year.parse().ok()?, place.parse().ok()?)));
    let canonical =
        |&(year, place): &(i16, i64)| year >= 1000 && place > 0 && format!("{year}/{place}") == text;
    parts.filter(canonical).ok_or_else(|| {
        Problem::invalid(&["studentNumber"], "YYYY/n", format!("`{text}` is not a student number"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2023-11-14.
    const NOW: i64 = 1_700_000_000_000;

    fn registration() -> Registration {
        Registration {
            name: " Zoë Größe ".into(),
            birth_date: "2011-11-14".into(),
            phone: "+351 912-345-678".into(),
            gdpr_consent: true,
            interests: vec!["Poetry".into(), "poetry".into(), "Essays".into()],
            user_id: None,
        }
    }

    fn rules(problems: &[Problem]) -> Vec<(String, String)> {
        let rule = |problem: &Problem| match problem {
            Problem::Invalid { path, rule, .. } => (path.join("."), rule.clone()),
            other => panic!("{other:?}"),
        };
        problems.iter().map(rule).collect()
    }

    #[test]
    fn a_student_may_be_twelve_to_the_day() {
        let student = registration().check(NOW).unwrap();
        assert_eq!(student.name, "Zoë Größe");
        assert_eq!(student.interests, ["Poetry", "Essays"]);
        let problems =
            Registration { birth_date: "2011-11-15".into(), ..registration() }.check(NOW).unwrap_err();
        assert_eq!(rules(&problems), [("birthDate".into(), "age >= 12".into())]);
    }

    #[test]
    fn every_broken_rule_is_named_at_once() {
        let wrong = Registration {
            name: " ".into(),
            birth_date: "2011-02-30".into(),
            phone: "12".into(),
            gdpr_consent: false,
            interests: vec![String::new()],
            user_id: Some("x".repeat(65)),
        };
        let paths: Vec<String> =
            rules(&wrong.check(NOW).unwrap_err()).into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["name", "birthDate", "phone", "gdprConsent", "interests", "userId"]);
    }

    #[test]
    fn a_telephone_number_matches_however_it_is_spaced() {
        assert_eq!(phone_key("+351 912-345-678"), phone_key("+351912345678"));
        assert_ne!(phone_key("351912345678"), phone_key("+351912345678"));
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name() {
        let student = registration().check(NOW).unwrap();
        let changed =
            StudentChange { phone: Some("912 000 000".into()), ..Default::default() }.apply(&student);
        assert_eq!(changed.unwrap(), Student { phone: "912 000 000".into(), version: 2, ..student });
    }
}
