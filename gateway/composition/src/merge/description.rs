//! Descriptions: the one that most subgraphs give, the first among equals.

/// The most frequent description.
pub(crate) fn merge<'a>(descriptions: impl Iterator<Item = Option<&'a str>>) -> Option<&'a str> {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for text in descriptions.flatten().filter(|text| !text.is_empty()) {
        match counts.iter_mut().find(|(has, _)| *has == text) {
            Some((_, count)) => *count += 1,
            None => counts.push((text, 1)),
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max()?;
    counts.iter().find(|(_, count)| *count == most).map(|(text, _)| *text)
}
