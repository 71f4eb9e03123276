//! Filters of lists.

use async_graphql::InputObject;

use crate::text::TextMatch;

/// What a text must have; case and composition of letters do not matter.
#[derive(InputObject, Debug, Clone, Default)]
pub struct TextFilter {
    /// This text, anywhere.
    pub contains: Option<String>,
    /// This text, at the beginning.
    pub starts_with: Option<String>,
}

impl From<TextFilter> for TextMatch {
    fn from(filter: TextFilter) -> Self {
        Self { contains: filter.contains, starts_with: filter.starts_with }
    }
}
