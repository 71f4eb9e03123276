//! Relay connections, the form of every list.

use std::borrow::Cow;

use async_graphql::{OutputType, SimpleObject, TypeName};

use crate::page::Page;

/// Where a page of a list stands.
#[derive(SimpleObject, Debug, Clone, PartialEq, Eq)]
#[graphql(shareable)]
pub struct PageInfo {
    /// Whether something precedes the page.
    pub has_previous_page: bool,
    /// Whether something follows the page.
    pub has_next_page: bool,
    /// The cursor of the first entry.
    pub start_cursor: Option<String>,
    /// The cursor of the last entry.
    pub end_cursor: Option<String>,
}

/// A page of a list.
#[derive(SimpleObject)]
#[graphql(name_type, shareable)]
pub struct Connection<T: OutputType> {
    /// The entries, in the order of the list.
    pub edges: Vec<Edge<T>>,
    /// Where the page stands.
    pub page_info: PageInfo,
}

impl<T: OutputType> TypeName for Connection<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", T::type_name()).into()
    }
}

/// An entry of a list.
#[derive(SimpleObject)]
#[graphql(name_type, shareable)]
pub struct Edge<T: OutputType> {
    /// The place of the entry in its list.
    pub cursor: String,
    /// The entry.
    pub node: T,
}

impl<T: OutputType> TypeName for Edge<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", T::type_name()).into()
    }
}

/// A page as a connection of the entries' GraphQL types.
pub fn connection<T, N: OutputType + From<T>>(page: Page<T>) -> Connection<N> {
    let edges: Vec<_> = page
        .entries
        .into_iter()
        .map(|(cursor, entry)| Edge { cursor: cursor.encode(), node: N::from(entry) })
        .collect();
    let page_info = PageInfo {
        has_previous_page: page.has_previous,
        has_next_page: page.has_next,
        start_cursor: edges.first().map(|edge| edge.cursor.clone()),
        end_cursor: edges.last().map(|edge| edge.cursor.clone()),
    };
    Connection { edges, page_info }
}
