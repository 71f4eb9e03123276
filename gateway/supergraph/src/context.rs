//! Arguments that take their values from objects around (<https://specs.apollo.dev/context/v0.1/>).

use octavo_language::{ast, parse_field_set};

use crate::error::SupergraphError;

/// An argument as a join names it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ContextUse<'a> {
    pub(crate) context: &'a str,
    pub(crate) name: &'a str,
    pub(crate) ty: &'a str,
    pub(crate) selection: &'a str,
}

impl<'a> ContextUse<'a> {
    /// The argument that one item of `contextArguments` describes; `None` if a member is missing.
    pub(crate) fn of(item: &'a ast::Value) -> Option<Self> {
        let object = item.as_object()?;
        let text = |name: &str| object.iter().find(|(key, _)| *key == name).and_then(|(_, v)| v.as_str());
        Some(Self {
            context: text("context")?,
            name: text("name")?,
            ty: text("type")?,
            selection: text("selection")?,
        })
    }

    /// The selection for each type that sets the context, by name of the type: its fields, or those of the fragments that name types.
    pub(crate) fn selections(
        &self,
        place: &str,
    ) -> Result<Vec<(Option<String>, ast::Selection)>, SupergraphError> {
        let parsed = parse_field_set(self.selection);
        let parsed = parsed.map_err(|errors| self.error(place, errors[0].message.clone()))?;
        let mut all = Vec::new();
        for selection in parsed {
            match selection {
                ast::Selection::InlineFragment(fragment) => {
                    let on = fragment.type_condition.as_ref().map(ToString::to_string);
                    all.extend(fragment.selection_set.iter().map(|inner| (on.clone(), inner.clone())));
                }
                other => all.push((None, other)),
            }
        }
        Ok(all)
    }

    pub(crate) fn error(&self, place: &str, why: String) -> SupergraphError {
        SupergraphError::FieldSet { place: place.to_owned(), fields: self.selection.to_owned(), why }
    }
}
