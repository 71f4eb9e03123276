//! The International Standard Book Number (ISO 2108): ISBN-10 and ISBN-13 are accepted, ISBN-13 without hyphens is
//! kept.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// A checked ISBN-13: thirteen digits, the last of which fits the others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Isbn(String);

impl Isbn {
    /// Reads an ISBN-10 or ISBN-13, hyphens and spaces allowed. `field` is named in the problem.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, Problem> {
        let wrong = |rule: &str, message: String| Problem::invalid(&[field], rule, message);
        let compact: String = text.chars().filter(|&c| c != '-' && !c.is_whitespace()).collect();
        let checked = match compact.len() {
            10 => from_ten(compact.as_bytes()),
            13 => from_thirteen(compact.as_bytes()),
            _ => {
                return Err(wrong(
                    "ISBN-10 or ISBN-13",
                    format!("{field} has {} characters", compact.chars().count()),
                ));
            }
        };
        match checked {
            Ok(digits) => Ok(Self(digits)),
            Err(IsbnError::NotDigits) => {
                Err(wrong("ISBN-10 or ISBN-13", format!("{field} has a character that an ISBN cannot have")))
            }
            Err(IsbnError::Prefix) => {
                Err(wrong("prefix 978 or 979", format!("{field} starts with another prefix")))
            }
            Err(IsbnError::CheckDigit(expected)) => {
                Err(wrong("check digit", format!("the check digit of {field} would be {expected}")))
            }
        }
    }

    /// An ISBN that was checked before it was stored.
    #[must_use]
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The thirteen digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Isbn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

enum IsbnError {
    NotDigits,
    Prefix,
    CheckDigit(char),
}

/// An ISBN-13 from an ISBN-10: the nine digits behind `978`, with a check digit of their own.
fn from_ten(text: &[u8]) -> Result<String, IsbnError> {
    let (body, last) = text.split_at(9);
    let body = digits(body)?;
    let sum: u32 = body.iter().zip((2..=10).rev()).map(|(digit, weight)| digit * weight).sum();
    let check = (11 - sum % 11) % 11;
    let expected = char::from_digit(check, 10).unwrap_or('X');
    match last {
        [last] if char::from(*last).to_ascii_uppercase() == expected => {}
        [b'0'..=b'9' | b'X' | b'x'] => return Err(IsbnError::CheckDigit(expected)),
        _ => return Err(IsbnError::NotDigits),
    }
    let twelve: Vec<u32> = [9, 7, 8].into_iter().chain(body).collect();
    Ok(spell(&twelve))
}

fn from_thirteen(text: &[u8]) -> Result<String, IsbnError> {
    let all = digits(text)?;
    let (twelve, _) = all.split_at(12);
    if !matches!(twelve, [9, 7, 8 | 9, ..]) {
        return Err(IsbnError::Prefix);
    }
    let spelled = spell(twelve);
    if spelled.as_bytes() == text { Ok(spelled) } else { Err(IsbnError::CheckDigit(check_digit(twelve))) }
}

fn digits(text: &[u8]) -> Result<Vec<u32>, IsbnError> {
    text.iter().map(|&byte| char::from(byte).to_digit(10).ok_or(IsbnError::NotDigits)).collect()
}

/// Twelve digits and the check digit that fits them.
fn spell(twelve: &[u32]) -> String {
    let body = twelve.iter().filter_map(|&digit| char::from_digit(digit, 10));
    body.chain([check_digit(twelve)]).collect()
}

/// The digit that makes the sum, weighted 1 and 3 in turn, a multiple of ten.
fn check_digit(twelve: &[u32]) -> char {
    let sum: u32 = twelve.iter().zip([1, 3].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    char::from_digit((10 - sum % 10) % 10, 10).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule_of(text: &str) -> String {
        let Problem::Invalid { rule, path, .. } = Isbn::parse("isbn", text).unwrap_err() else {
            panic!("not invalid")
        };
        assert_eq!(path, ["isbn"]);
        rule
    }

    #[test]
    fn both_forms_of_a_book_come_to_one_isbn() {
        for text in ["0-306-40615-2", "978-0-306-40615-7", "978 0306406157"] {
            assert_eq!(Isbn::parse("isbn", text).unwrap().as_str(), "9780306406157");
        }
        assert_eq!(Isbn::parse("isbn", "080442957x").unwrap().as_str(), "9780804429573");
    }

    #[test]
    fn a_wrong_digit_is_refused_by_the_check_digit() {
        for position in [1, 5, 12] {
            let mut text = "9780306406157".to_owned().into_bytes();
            text[position] = b'0' + (text[position] - b'0' + 1) % 10;
            let text = String::from_utf8(text).unwrap();
            let rule = if position == 1 { "prefix 978 or 979" } else { "check digit" };
            assert_eq!(rule_of(&text), rule);
        }
        assert_eq!(rule_of("0306406153"), "check digit");
    }

    #[test]
    fn what_is_no_isbn_is_refused_without_a_panic() {
        for text in ["", "978", "97803064061५7", "X306406152", "ßßßßß", "97803064061577"] {
            assert_eq!(rule_of(text), "ISBN-10 or ISBN-13", "{text}");
        }
    }
}
