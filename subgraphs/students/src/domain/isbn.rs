//! The number that a book is known by. Books owns what it stands for; here it is checked before a comment
//! is kept under it, since a reference to a number that no book can have would dangle for ever.

use std::fmt;

use lms_kit::Problem;

/// An ISBN-13 without separators, whose check digit is right; an ISBN-10 is kept as the ISBN-13 it became.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Isbn(String);

impl Isbn {
    /// Reads an ISBN with or without hyphens and spaces.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let plain: Vec<char> = text.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
        from_ten(&plain).or_else(|| thirteen(&plain)).map(Self).ok_or_else(|| {
            let message = format!("`{text}` is not an ISBN");
            Problem::invalid(&["isbn"], "ISBN-10 or ISBN-13 with its check digit", message)
        })
    }
}

impl fmt::Display for Isbn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Weights 10 to 1, modulo 11; the last digit may be X for ten.
fn from_ten(text: &[char]) -> Option<String> {
    let (last, front) = text.split_last()?;
    let mut values = front.iter().map(|c| c.to_digit(10)).collect::<Option<Vec<u32>>>()?;
    values.push(if matches!(last, 'X' | 'x') { 10 } else { last.to_digit(10)? });
    let sum: u32 = values.iter().zip((1..=10).rev()).map(|(value, weight)| value * weight).sum();
    if values.len() != 10 || !sum.is_multiple_of(11) {
        return None;
    }
    let mut digits: String = "978".chars().chain(front.iter().copied()).collect();
    let remainder = weighted_sum(&digits) % 10;
    digits.extend(char::from_digit((10 - remainder) % 10, 10));
    Some(digits)
}

fn thirteen(text: &[char]) -> Option<String> {
    let digits: String = text.iter().copied().filter(char::is_ascii_digit).collect();
    let is_book = digits.starts_with("978") || digits.starts_with("979");
    (text.len() == 13 && digits.len() == 13 && is_book && weighted_sum(&digits).is_multiple_of(10))
        .then_some(digits)
}

/// Weights 1 and 3 in turn.
fn weighted_sum(digits: &str) -> u32 {
    digits
        .chars()
        .filter_map(|c| c.to_digit(10))
        .zip([1, 3].into_iter().cycle())
        .map(|(d, weight)| d * weight)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_tell_numbers_apart() {
        for (text, isbn) in [
            ("978-0-14-143951-8", "9780141439518"),
            ("0141439513", "9780141439518"),
            ("0-8044-2957-x", "9780804429573"),
        ] {
            assert_eq!(Isbn::parse(text).unwrap().to_string(), isbn);
        }
        for text in
            ["9780141439519", "0141439514", "9770141439511", "", "X", "978014143951", "97801414395１8"]
        {
            assert!(Isbn::parse(text).is_err(), "{text}");
        }
    }
}
