//! What an operation may ask: depth, aliases, directives, introspection.
//!
//! Fragments count where they are spread. Each is measured once, so that the time grows with the document and not with what
//! it expands to.

use std::collections::HashMap;

use octavo_language::executable::{Operation, Selection, SelectionSet};
use octavo_language::{Name, ValidDocument};

use crate::Options;
use crate::failure::Failure;

/// Refuses an operation that asks more than the options allow.
pub(crate) fn check(
    document: &ValidDocument,
    operation: &Operation,
    options: &Options,
) -> Result<(), Failure> {
    let mut measure = Measure { document, fragments: HashMap::new() };
    let size = measure.set(&operation.selection_set);
    let over = |what, limit: usize, code| {
        Err(Failure::Limit { message: format!("the operation has more than {limit} {what}"), code })
    };
    let limits = &options.limits;
    if size.depth > limits.depth {
        return over("levels of fields", limits.depth, "MAX_DEPTH_EXCEEDED");
    }
    if size.aliases > limits.aliases {
        return over("aliases", limits.aliases, "MAX_ALIASES_EXCEEDED");
    }
    if size.directives > limits.directives {
        return over("directives at one place", limits.directives, "MAX_DIRECTIVES_EXCEEDED");
    }
    if size.introspects && !options.introspection {
        return Err(Failure::Introspection);
    }
    Ok(())
}

/// How much a selection set asks.
#[derive(Clone, Copy, Default)]
struct Size {
    depth: usize,
    aliases: usize,
    directives: usize,
    introspects: bool,
}

struct Measure<'d> {
    document: &'d ValidDocument,
    fragments: HashMap<&'d Name, Size>,
}

impl<'d> Measure<'d> {
    fn set(&mut self, set: &'d SelectionSet) -> Size {
        let mut total = Size::default();
        for selection in &set.selections {
            let one = self.selection(selection);
            total.depth = total.depth.max(one.depth);
            total.aliases = total.aliases.saturating_add(one.aliases);
            total.directives = total.directives.max(one.directives).max(selection.directives().len());
            total.introspects |= one.introspects;
        }
        total
    }

    fn selection(&mut self, selection: &'d Selection) -> Size {
        match selection {
            Selection::Field(field) => {
                let mut size = self.set(&field.selection_set);
                size.depth += 1;
                size.aliases = size.aliases.saturating_add(usize::from(field.alias.is_some()));
                size.introspects |= matches!(field.name.as_str(), "__schema" | "__type");
                size
            }
            Selection::InlineFragment(fragment) => self.set(&fragment.selection_set),
            Selection::FragmentSpread(spread) => self.fragment(&spread.fragment_name),
        }
    }

    fn fragment(&mut self, name: &'d Name) -> Size {
        if let Some(size) = self.fragments.get(name) {
            return *size;
        }
        // Validation leaves neither cycles nor unknown fragments.
        let Some(fragment) = self.document.executable().fragments.get(name) else { return Size::default() };
        let size = self.set(&fragment.selection_set);
        self.fragments.insert(name, size);
        size
    }
}
