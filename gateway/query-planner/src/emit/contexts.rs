//! Arguments from contexts in a request: where each value is, the variable that takes it, and the `_entities` field once more.

use octavo_index::NameId;
use octavo_query_plan::{Again, ContextArgument, ContextSource};
use octavo_supergraph::FieldId;

use super::representations::{path, value_in};
use super::type_set;
use crate::context::{ContextPlace, ContextState};
use crate::planner::Planner;
use crate::state::{FetchState, PositionId};
use crate::want::Types;

/// Names for the variables that a request adds to the client's. No variable of the client begins like one of them.
pub(crate) struct Variables {
    representations: String,
    argument: String,
    arguments: usize,
}

impl Variables {
    pub(crate) fn new(planner: &Planner<'_>) -> Self {
        let clients = planner.operation.variables();
        let free = |name: &str| {
            let mut name = name.to_owned();
            while clients.iter().any(|variable| planner.operation.text(variable.name).starts_with(&name)) {
                name.insert(0, '_');
            }
            name
        };
        Self { representations: free("representations"), argument: free("contextualArgument"), arguments: 0 }
    }

    /// The variable for the representations of a group; with its number, where there are several.
    pub(crate) fn of_group(&self, number: Option<usize>) -> String {
        match number {
            None => self.representations.clone(),
            Some(number) => format!("{}_{number}", self.representations),
        }
    }

    fn of_argument(&mut self) -> String {
        self.arguments += 1;
        format!("{}_{}", self.argument, self.arguments - 1)
    }
}

/// An argument as it is written behind its field.
pub(crate) struct Written {
    pub(crate) field: FieldId,
    pub(crate) name: NameId,
    /// Its type, as text.
    ty: NameId,
    pub(crate) variable: Box<str>,
}

/// The arguments of a request's fields that come from contexts, in the plan and in the document.
pub(crate) fn arguments(
    planner: &Planner<'_>,
    (position, fetch): (PositionId, &FetchState<'_>),
    variables: &mut Variables,
) -> (Vec<ContextArgument>, Vec<Written>) {
    let argument = |state: &ContextState<'_>| {
        let variable: Box<str> = variables.of_argument().into();
        let ContextState { field, argument, .. } = state;
        let written =
            Written { field: *field, name: argument.name, ty: argument.ty, variable: variable.clone() };
        let own = planner.positions[position].ty;
        let types: Types = (!state.types.contains(&own)).then(|| state.types.iter().copied().collect());
        let sources = state.sources.iter().map(|place| source(planner, place)).collect();
        let required = argument.required;
        (ContextArgument { variable, types: type_set(planner, position, &types), required, sources }, written)
    };
    fetch.contexts.iter().map(argument).unzip()
}

fn source(planner: &Planner<'_>, place: &ContextPlace<'_>) -> ContextSource {
    let types: Types = planner.types_of(place.position, place.ty);
    ContextSource {
        depth: path(planner, place.position).len(),
        types: type_set(planner, place.position, &types),
        fields: value_in(planner, (place.position, place.ty), place.selection),
    }
}

/// The variables of an `_entities` field with their types, the representations first.
pub(crate) fn definitions(
    planner: &Planner<'_>,
    representations: &str,
    written: &[Written],
) -> Vec<(Box<str>, Box<str>)> {
    let arguments = written
        .iter()
        .map(|argument| (argument.variable.clone(), planner.supergraph.name(argument.ty).into()));
    std::iter::once((representations.into(), "[_Any!]!".into())).chain(arguments).collect()
}

/// The field once more: `parts` are those between which the numbers of variables stand.
pub(crate) fn again(key: &str, definitions: &[(Box<str>, Box<str>)], parts: Vec<Box<str>>) -> Again {
    let mut defined = Vec::new();
    let mut open = String::new();
    for (name, ty) in definitions {
        defined.push(format!("{open}${name}").into());
        open = format!(": {ty}, ");
    }
    defined.push(open.into());
    let mut field: Vec<Box<str>> = vec![format!(" {key}").into()];
    for (number, part) in parts.into_iter().enumerate() {
        field.push(if number == 0 { format!(": {part}").into() } else { part });
    }
    Again { definitions: defined, field }
}
