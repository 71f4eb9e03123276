//! Conditions, orders and windows in the query language of the protocol.

use mongodb::bson::{Bson, Document as Fields, doc};

use super::{Find, FindEach};
use crate::{
    documents::Match,
    page::{Cursor, SortKey},
};

pub(super) fn value(key: &SortKey) -> Bson {
    match key {
        SortKey::Int(number) => Bson::Int64(*number),
        SortKey::Text(text) => Bson::String(text.clone()),
        SortKey::Null => Bson::Null,
    }
}

pub(super) fn one_of(column: &str, values: &[String]) -> Fields {
    match values {
        [value] => doc! { column: value },
        values => doc! { column: { "$in": values } },
    }
}

pub(super) fn sort(find: &Find) -> Fields {
    let direction = direction(find);
    doc! { find.order: direction, "_id": direction }
}

pub(super) fn page(find: &Find) -> Fields {
    all_of(conditions(find))
}

/// The filter and the sort that put the pages of these values one after the other.
pub(super) fn each_page(find: &FindEach, values: &[String]) -> (Fields, Fields) {
    let mut all = vec![one_of(find.by, values)];
    all.extend(conditions(&find.find));
    let direction = direction(&find.find);
    (all_of(all), doc! { find.by: 1, find.find.order: direction, "_id": direction })
}

fn direction(find: &Find) -> i32 {
    if find.walks_down() { -1 } else { 1 }
}

fn all_of(mut conditions: Vec<Fields>) -> Fields {
    if conditions.len() == 1 {
        conditions.remove(0)
    } else {
        doc! { "$and": conditions }
    }
}

fn conditions(find: &Find) -> Vec<Fields> {
    let mut all = vec![doc! { find.order: { "$ne": Bson::Null } }];
    all.extend(find.matches.iter().map(|condition| match condition {
        Match::Equals(column, key) => doc! { *column: value(key) },
        Match::Contains(column, text) => doc! { *column: { "$regex": literal(text) } },
        Match::StartsWith(column, text) => doc! { *column: { "$regex": format!("^{}", literal(text)) } },
        Match::Present(column) => doc! { *column: { "$ne": Bson::Null } },
    }));
    let forward = if find.descending { "$lt" } else { "$gt" };
    let backward = if find.descending { "$gt" } else { "$lt" };
    all.extend(find.window.after.as_ref().map(|cursor| beyond(find.order, cursor, forward)));
    all.extend(find.window.before.as_ref().map(|cursor| beyond(find.order, cursor, backward)));
    all
}

fn beyond(order: &str, cursor: &Cursor, operator: &str) -> Fields {
    let (sort, id) = (value(&cursor.sort), value(&cursor.id));
    doc! { "$or": [
        { order: { operator: sort.clone() } },
        { order: sort, "_id": { operator: id } },
    ] }
}

/// A pattern that matches this text and nothing else, in every dialect that a server may use.
fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii_punctuation() {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_takes_its_text_literally() {
        assert_eq!(literal("o'neil (1.5) ß"), "o\\'neil \\(1\\.5\\) ß");
    }
}
