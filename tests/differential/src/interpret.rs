//! GraphQL executed as the specification has it (<https://spec.graphql.org/draft/#sec-Execution>), with nothing done early and nothing
//! left out: what a monolith answers, and what each subgraph answers.

use apollo_compiler::ast::{DirectiveList, Type, Value as Literal};
use apollo_compiler::executable::{Field, Selection, SelectionSet};
use apollo_compiler::{ExecutableDocument, Schema};

use crate::coerce::Values;
use crate::data::Value;
use crate::fault::Fault;
use crate::json::{FieldError, Json, Step};

/// Gives objects their fields.
pub(crate) trait Resolver {
    /// What stands for an object.
    type Node;

    /// The name of the object's type, as this server calls it.
    fn type_name(&self, node: &Self::Node) -> &str;

    fn resolve(&self, node: &Self::Node, field: &Field, variables: &Values) -> Resolved<Self::Node>;
}

/// What a field comes to.
pub(crate) enum Resolved<N> {
    Null,
    Failure(String),
    Leaf(String),
    Object(N),
    List(Vec<Resolved<N>>),
}

impl<N> Resolved<N> {
    /// A value, its objects made into nodes.
    pub(crate) fn of(value: Value, node: &dyn Fn(crate::data::Object) -> N) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Failure(message) => Self::Failure(message),
            Value::Leaf(text) => Self::Leaf(text),
            Value::Object(object) => Self::Object(node(object)),
            Value::List(items) => Self::List(items.into_iter().map(|item| Self::of(item, node)).collect()),
        }
    }
}

/// Null where it may not be.
#[derive(Clone, Copy, Debug)]
struct Nulled;

/// One execution.
pub(crate) struct Execution<'e, R: Resolver> {
    pub(crate) schema: &'e Schema,
    pub(crate) document: &'e ExecutableDocument,
    pub(crate) variables: &'e Values,
    pub(crate) resolver: &'e R,
    /// What is done wrong on purpose.
    pub(crate) fault: Option<Fault>,
    path: Vec<Step>,
    errors: Vec<FieldError>,
}

impl<'e, R: Resolver> Execution<'e, R> {
    pub(crate) fn new(
        schema: &'e Schema,
        document: &'e ExecutableDocument,
        variables: &'e Values,
        resolver: &'e R,
    ) -> Self {
        Self { schema, document, variables, resolver, fault: None, path: Vec::new(), errors: Vec::new() }
    }

    /// The data and every error, those beneath a lost object included.
    pub(crate) fn run(mut self, root: &R::Node, selections: &'e SelectionSet) -> (Json, Vec<FieldError>) {
        let data = self.object(&[selections], root).unwrap_or(Json::Null);
        (data, self.errors)
    }

    fn object(&mut self, selections: &[&'e SelectionSet], node: &R::Node) -> Result<Json, Nulled> {
        let mut groups = Vec::new();
        let type_name = self.resolver.type_name(node).to_owned();
        for selection_set in selections {
            self.collect(selection_set, &type_name, &mut groups);
        }
        let mut fields = Vec::with_capacity(groups.len());
        let mut nulled = false;
        if self.fault == Some(Fault::EffectsReversed) && type_name == "Mutation" {
            groups.reverse();
        }
        for (key, group) in groups {
            self.path.push(Step::Key(key.to_owned()));
            match self.field(&group, node, &type_name) {
                Ok(value) => fields.push((self.written_key(key, &group), value)),
                Err(Nulled) => nulled = true,
            }
            self.path.pop();
        }
        if nulled { Err(Nulled) } else { Ok(Json::Object(fields)) }
    }

    fn written_key(&self, key: &str, group: &[&Field]) -> String {
        match self.fault {
            Some(Fault::AnswerAliasesIgnored) => {
                group.first().map_or(key, |field| field.name.as_str()).to_owned()
            }
            _ => key.to_owned(),
        }
    }

    /// <https://spec.graphql.org/draft/#CollectFields()>
    fn collect(
        &self,
        selections: &'e SelectionSet,
        type_name: &str,
        groups: &mut Vec<(&'e str, Vec<&'e Field>)>,
    ) {
        for selection in &selections.selections {
            if !self.is_included(selection.directives()) {
                continue;
            }
            match selection {
                Selection::Field(field) => {
                    let key = field.response_key().as_str();
                    match groups.iter_mut().find(|(known, _)| *known == key) {
                        Some((_, group)) => group.push(field),
                        None => groups.push((key, vec![field])),
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let on = fragment.type_condition.as_ref();
                    if on.is_none_or(|on| self.applies(on.as_str(), type_name)) {
                        self.collect(&fragment.selection_set, type_name, groups);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let Some(fragment) = self.document.fragments.get(&spread.fragment_name) else { continue };
                    if self.applies(fragment.type_condition().as_str(), type_name) {
                        self.collect(&fragment.selection_set, type_name, groups);
                    }
                }
            }
        }
    }

    fn applies(&self, condition: &str, type_name: &str) -> bool {
        condition == type_name || self.schema.is_subtype(condition, type_name)
    }

    fn is_included(&self, directives: &DirectiveList) -> bool {
        let is = |name: &str| {
            let directive = directives.get(name)?;
            match &**directive.specified_argument_by_name("if")? {
                Literal::Boolean(value) => Some(*value),
                Literal::Variable(variable) => self.variables.get(variable.as_str())?.as_bool(),
                _ => None,
            }
        };
        let included = if self.fault == Some(Fault::IncludesIgnored) { None } else { Some(true) };
        is("skip") != Some(true) && (is("include").is_none() || is("include") == included)
    }

    fn field(&mut self, group: &[&'e Field], node: &R::Node, type_name: &str) -> Result<Json, Nulled> {
        let Some(field) = group.first() else { return Ok(Json::Null) };
        if field.name == "__typename" {
            return Ok(Json::Text(format!("\"{type_name}\"")));
        }
        // The object's own definition may be stricter than that of the interface through which it was asked.
        let own = self.schema.type_field(type_name, field.name.as_str());
        let ty = own.map_or(&field.definition.ty, |own| &own.ty).clone();
        let value = self.resolver.resolve(node, field, self.variables);
        self.complete(&ty, group, value)
    }

    /// <https://spec.graphql.org/draft/#CompleteValue()>
    fn complete(&mut self, ty: &Type, group: &[&'e Field], value: Resolved<R::Node>) -> Result<Json, Nulled> {
        let completed = match value {
            Resolved::Failure(message) => {
                self.errors.push(FieldError { path: self.path.clone(), message: Some(message) });
                Err(Nulled)
            }
            Resolved::Null if ty.is_non_null() => {
                self.errors.push(FieldError { path: self.path.clone(), message: None });
                Err(Nulled)
            }
            Resolved::Null => Ok(Json::Null),
            Resolved::Leaf(text) => Ok(Json::Text(text)),
            Resolved::Object(node) => {
                let selections: Vec<&'e SelectionSet> =
                    group.iter().map(|field| &field.selection_set).collect();
                self.object(&selections, &node)
            }
            Resolved::List(items) => self.list(ty.item_type(), group, items),
        };
        match completed {
            Err(Nulled) if ty.is_non_null() || self.fault == Some(Fault::NullSpreads) => Err(Nulled),
            completed => Ok(completed.unwrap_or(Json::Null)),
        }
    }

    fn list(
        &mut self,
        item: &Type,
        group: &[&'e Field],
        values: Vec<Resolved<R::Node>>,
    ) -> Result<Json, Nulled> {
        let mut items = Vec::with_capacity(values.len());
        let mut nulled = false;
        for (index, value) in values.into_iter().enumerate() {
            self.path.push(Step::Index(index));
            match self.complete(item, group, value) {
                Ok(item) => items.push(item),
                Err(Nulled) => nulled = true,
            }
            self.path.pop();
        }
        if self.fault == Some(Fault::ListsReversed) {
            items.reverse();
        }
        if nulled { Err(Nulled) } else { Ok(Json::List(items)) }
    }
}
