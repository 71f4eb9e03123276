//! Where a change stands in the new subgraphs: there people look, and there a pull request can be annotated.

use std::ops::Range;

use octavo_language::Name;

use crate::change::{Change, Coordinate, Place};
use crate::view::{TypeView, View, arguments};

/// The places of a change: in its own subgraph, or in every one that has what changed.
pub(crate) fn place_change(change: &Change, subgraphs: &[(&str, View<'_>)]) -> Vec<Place> {
    let mut coordinate = Some(change.coordinate.clone());
    let concerned = |name: &str| change.subgraph.as_deref().is_none_or(|own| own == name);
    while let Some(at) = coordinate {
        let found: Vec<Place> = subgraphs
            .iter()
            .filter(|(name, _)| concerned(name))
            .filter_map(|(name, view)| {
                let span = find(view, &at)?;
                Some(Place { subgraph: (*name).to_owned(), span: Some(span) })
            })
            .collect();
        if !found.is_empty() {
            return found;
        }
        coordinate = parent(at);
    }
    let whole = subgraphs.iter().filter(|(name, _)| change.subgraph.as_deref() == Some(*name));
    whole.map(|(name, _)| Place { subgraph: (*name).to_owned(), span: None }).collect()
}

/// What a thing stands in.
fn parent(coordinate: Coordinate) -> Option<Coordinate> {
    match coordinate {
        Coordinate::Schema | Coordinate::Type(_) | Coordinate::Directive(_) => None,
        Coordinate::Member(ty, _) => Some(Coordinate::Type(ty)),
        Coordinate::Argument(ty, field, _) => Some(Coordinate::Member(ty, field)),
        Coordinate::DirectiveArgument(name, _) => Some(Coordinate::Directive(name)),
    }
}

fn find(view: &View<'_>, coordinate: &Coordinate) -> Option<Range<usize>> {
    let ty = |name: &str| view.types.get(name);
    match coordinate {
        Coordinate::Schema => None,
        Coordinate::Type(name) => span(ty(name)?.name),
        Coordinate::Member(name, member) => span(self::member(ty(name)?, member)?),
        Coordinate::Argument(name, field, argument) => {
            let field = ty(name)?.fields.get(field.as_str())?;
            span(&arguments(&field.arguments).get(argument.as_str())?.name)
        }
        Coordinate::Directive(name) => span(&view.directives.get(name.as_str())?.name),
        Coordinate::DirectiveArgument(name, argument) => {
            let directive = view.directives.get(name.as_str())?;
            span(&arguments(&directive.arguments).get(argument.as_str())?.name)
        }
    }
}

fn member<'v>(ty: &TypeView<'v>, name: &str) -> Option<&'v Name> {
    let field = ty.fields.get(name).map(|field| &field.name);
    let input = || ty.inputs.get(name).map(|input| &input.name);
    let value = || ty.values.get(name).map(|value| &value.value);
    field.or_else(input).or_else(value)
}

fn span(name: &Name) -> Option<Range<usize>> {
    name.location().map(|location| location.offset()..location.end_offset())
}
