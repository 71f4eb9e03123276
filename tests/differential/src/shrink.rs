//! An operation made smaller while what is wrong with it stays wrong: one selection after the other is left out.

use apollo_compiler::ast::{Definition, Document, Selection};

/// The smallest text that is found for which `fails` still holds.
pub(crate) fn shrink(text: &str, fails: impl Fn(&str) -> bool) -> String {
    let mut smallest = text.to_owned();
    let mut at = 0;
    while let Some(smaller) = without(&smallest, at) {
        if smaller.len() < smallest.len() && fails(&smaller) {
            smallest = smaller;
        } else {
            at += 1;
        }
    }
    smallest
}

/// The operation without one selection, by number, if its set has others, and without what is used no more; `None` past the last.
fn without(text: &str, number: usize) -> Option<String> {
    let mut document = Document::parse(text, "operation.graphql").ok()?;
    let mut left = number;
    let found = document.definitions.iter_mut().any(|definition| match definition {
        Definition::OperationDefinition(operation) => {
            remove(&mut operation.make_mut().selection_set, &mut left)
        }
        Definition::FragmentDefinition(fragment) => remove(&mut fragment.make_mut().selection_set, &mut left),
        _ => false,
    });
    if !found {
        return None;
    }
    loop {
        let text = document.to_string();
        let before = document.definitions.len();
        document.definitions.retain(|definition| match definition {
            Definition::FragmentDefinition(fragment) => text.contains(&format!("...{}", fragment.name)),
            _ => true,
        });
        if document.definitions.len() == before {
            break;
        }
    }
    let text = document.to_string();
    for definition in &mut document.definitions {
        if let Definition::OperationDefinition(operation) = definition {
            let uses = |name: &str| text.match_indices(&format!("${name}")).count();
            operation.make_mut().variables.retain(|variable| uses(&variable.name) > 1);
        }
    }
    Some(document.serialize().no_indent().to_string())
}

/// Takes the selection out that comes at `left`, unless it is the only one of its set. Whether there is one.
fn remove(selections: &mut Vec<Selection>, left: &mut usize) -> bool {
    for index in 0..selections.len() {
        if *left == 0 {
            if selections.len() > 1 {
                selections.remove(index);
            }
            return true;
        }
        *left -= 1;
        let below = match &mut selections[index] {
            Selection::Field(field) => &mut field.make_mut().selection_set,
            Selection::InlineFragment(fragment) => &mut fragment.make_mut().selection_set,
            Selection::FragmentSpread(_) => continue,
        };
        if remove(below, left) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::shrink;

    #[test]
    fn what_is_not_needed_is_left_out() {
        let text = "query Client($a: Int, $b: Boolean!) { x(y: $a) one { ...Part two @skip(if: $b) } } fragment Part on One { z needed }";
        let shrunk = shrink(text, |text| text.contains("needed"));
        let expected = "query Client { one { ...Part } } fragment Part on One { needed }";
        assert_eq!(shrunk.split_whitespace().collect::<Vec<_>>().join(" "), expected);
    }
}
