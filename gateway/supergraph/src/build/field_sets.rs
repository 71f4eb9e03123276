//! What directives name by fields: keys, what fields require and provide, and what arguments take from objects around.

use octavo_index::SchemaMap;
use octavo_language::{ast, parse_field_set};

use super::Build;
use crate::arguments::canonical_arguments;
use crate::context::ContextUse;
use crate::error::SupergraphError;
use crate::model::{ContextArgument, FieldId, FieldSelection, FieldSet, Key, SubgraphId, TypeId};

/// Where a field set goes once all fields are known.
pub(super) enum Pending<'a> {
    Key { ty: TypeId, subgraph: SubgraphId, resolvable: bool, text: &'a str },
    Requires { field: FieldId, join: usize, text: &'a str },
    Provides { field: FieldId, join: usize, text: &'a str },
    Context { field: FieldId, join: usize, argument: ContextUse<'a> },
}

/// Field sets by their texts, most of which stand at many places.
type FieldSets<'a> = SchemaMap<&'a str, Result<Vec<ast::Selection>, String>>;

impl<'a> Build<'a> {
    /// Binds all of them, once all fields are known.
    pub(super) fn field_sets(&mut self) {
        let mut parsed = FieldSets::default();
        for pending in std::mem::take(&mut self.pending) {
            match pending {
                Pending::Key { ty, subgraph, resolvable, text } => {
                    let place = self.names.resolve(self.types[ty].name).to_owned();
                    let Some(fields) = self.field_set(&place, ty, (text, &mut parsed)) else { continue };
                    let join = self.types[ty].joins.iter_mut().find(|j| j.subgraph == subgraph);
                    if let Some(join) = join {
                        join.keys.push(Key { fields, resolvable });
                    }
                }
                Pending::Requires { field, join, text } => {
                    let parent = self.fields[field].parent;
                    let set = self.field_set(&self.coordinate(field), parent, (text, &mut parsed));
                    self.fields[field].joins[join].requires = set;
                }
                Pending::Provides { field, join, text } => {
                    let ty = self.fields[field].ty.named();
                    let set = self.field_set(&self.coordinate(field), ty, (text, &mut parsed));
                    self.fields[field].joins[join].provides = set;
                }
                Pending::Context { field, join, argument } => match self.context(field, argument) {
                    Ok(argument) => self.fields[field].joins[join].contexts.push(argument),
                    Err(error) => self.errors.push(error),
                },
            }
        }
    }

    /// An argument with its value's place in each type that sets the context.
    fn context(
        &mut self,
        field: FieldId,
        argument: ContextUse<'a>,
    ) -> Result<ContextArgument, SupergraphError> {
        let place = self.coordinate(field);
        let setters = self.setters.get(argument.context).cloned().ok_or_else(|| {
            let (argument, context) = (argument.name.to_owned(), argument.context.to_owned());
            SupergraphError::UnknownContext { place: place.clone(), argument, context }
        })?;
        let mut values = Vec::new();
        for (on, selection) in argument.selections(&place)? {
            let types = match on.map(|on| self.type_id(&on)) {
                None => setters.clone(),
                Some(Some(on)) => vec![on],
                Some(None) => {
                    return Err(argument.error(&place, "it names a type that is not defined".to_owned()));
                }
            };
            for ty in types {
                let bound = self.selections(ty, std::slice::from_ref(&selection));
                let bound = bound.map_err(|why| argument.error(&place, why))?;
                values.extend(bound.into_iter().map(|selection| (ty, selection)));
            }
        }
        let (name, ty) = (self.names.intern(argument.name), self.names.intern(argument.ty));
        let of = (self.names.intern(argument.context), self.names.intern(argument.selection));
        Ok(ContextArgument { name, ty, required: argument.ty.ends_with('!'), of, values })
    }

    fn coordinate(&self, field: FieldId) -> String {
        let field = &self.fields[field];
        let parent = self.names.resolve(self.types[field.parent].name);
        format!("{parent}.{}", self.names.resolve(field.name))
    }

    fn field_set(
        &mut self,
        place: &str,
        on: TypeId,
        (text, parsed): (&'a str, &mut FieldSets<'a>),
    ) -> Option<FieldSet> {
        let parse = || parse_field_set(text).map_err(|errors| errors[0].message.clone());
        let bound = match parsed.entry(text).or_insert_with(parse) {
            Ok(selections) => self.selections(on, selections),
            Err(why) => Err(why.clone()),
        };
        bound
            .map_err(|why| {
                let (place, fields) = (place.to_owned(), text.to_owned());
                self.errors.push(SupergraphError::FieldSet { place, fields, why });
            })
            .ok()
    }

    fn selections(&mut self, on: TypeId, selections: &[ast::Selection]) -> Result<FieldSet, String> {
        let mut bound = Vec::new();
        for selection in selections {
            match selection {
                ast::Selection::Field(field) => bound.push(self.selection(on, field)?),
                ast::Selection::InlineFragment(fragment) => {
                    let on = match &fragment.type_condition {
                        Some(name) => {
                            self.type_id(name).ok_or_else(|| format!("the type `{name}` is not defined"))?
                        }
                        None => on,
                    };
                    bound.extend(self.selections(on, &fragment.selection_set)?);
                }
                ast::Selection::FragmentSpread(spread) => {
                    return Err(format!("`...{}` is a fragment spread", spread.fragment_name));
                }
            }
        }
        Ok(bound)
    }

    fn selection(&mut self, on: TypeId, field: &ast::Field) -> Result<FieldSelection, String> {
        if field.name == "__typename" {
            return Ok(FieldSelection { on, field: None, arguments: None, selections: Vec::new() });
        }
        let name = self.names.get(&field.name);
        let id = name.and_then(|name| self.fields_by_name.get(&(on, name)).copied()).ok_or_else(|| {
            let parent = self.names.resolve(self.types[on].name);
            format!("`{parent}` has no field `{}`", field.name)
        })?;
        let arguments = canonical_arguments(&field.arguments);
        let arguments = (!arguments.is_empty()).then(|| self.names.intern(&arguments));
        let selections = self.selections(self.fields[id].ty.named(), &field.selection_set)?;
        Ok(FieldSelection { on, field: Some(id), arguments, selections })
    }
}
