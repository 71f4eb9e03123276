//! `CONTEXT_NAME_INVALID`, `CONTEXT_NOT_SET`, `NO_CONTEXT_IN_SELECTION`, `CONTEXT_NO_RESOLVABLE_KEY`: contexts have names, and arguments use
//! those that exist, where the gateway can fill them in.

use super::context_selection;
use crate::code::Code;
use crate::field_set::split_context;
use crate::maps::HashMap;
use crate::model::{Applied, Argument, Builtin, Field, Kind, Subgraph, TypeDefinition};
use crate::report::{Place, Report};

/// The types that set each context.
type Setters<'a, 's> = HashMap<&'a str, Vec<&'s TypeDefinition<'a>>>;

pub(crate) fn check(subgraph: &Subgraph<'_>, report: &mut Report) {
    let setters = check_names(subgraph, report);
    for ty in subgraph.schema.types.values() {
        for field in ty.fields.values() {
            for argument in field.arguments.values() {
                if let Some(applied) = from_context(argument) {
                    let mut at = Use { subgraph, ty, field, argument, applied, report };
                    at.check_place();
                    at.check_value(&setters);
                }
            }
        }
    }
    for directive in subgraph.schema.directives.values() {
        for applied in directive.arguments.values().filter_map(from_context) {
            let message =
                format!("`@{}` is a directive, whose arguments come from no context", directive.name);
            let place = Place { subgraph: subgraph.name, span: applied.span };
            report.error(Code::ContextNotSet, message, place);
        }
    }
}

fn from_context<'a, 's>(argument: &'s Argument<'a>) -> Option<&'s Applied<'a>> {
    argument.applied.iter().find(|applied| applied.is(Builtin::FromContext))
}

fn check_names<'a, 's>(subgraph: &'s Subgraph<'a>, report: &mut Report) -> Setters<'a, 's> {
    let mut setters: Setters<'a, 's> = HashMap::default();
    for ty in subgraph.schema.types.values() {
        for applied in ty.all(Builtin::Context) {
            let Some(name) = applied.string("name") else { continue };
            let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic());
            if !starts_well || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
                let message = format!(
                    "the context `{name}` of `{}` must be named by a letter and then letters and digits",
                    ty.name
                );
                let place = Place { subgraph: subgraph.name, span: applied.span };
                report.error(Code::ContextNameInvalid, message, place);
            }
            setters.entry(name).or_default().push(ty);
        }
    }
    setters
}

/// An argument that comes from a context.
struct Use<'a, 's, 'r> {
    subgraph: &'s Subgraph<'a>,
    ty: &'s TypeDefinition<'a>,
    field: &'s Field<'a>,
    argument: &'s Argument<'a>,
    applied: &'s Applied<'a>,
    report: &'r mut Report,
}

impl Use<'_, '_, '_> {
    fn error(&mut self, code: Code, problem: &str) {
        let message = format!(
            "the argument `{}` of `{}.{}` {problem}",
            self.argument.name, self.ty.name, self.field.name
        );
        let place = Place { subgraph: self.subgraph.name, span: self.applied.span };
        self.report.error(code, message, place);
    }

    /// Whether the gateway can fill the argument in at all.
    fn check_place(&mut self) {
        if self.ty.kind != Kind::Object {
            self.error(Code::ContextNotSet, "belongs to an interface, and so cannot come from a context");
            return;
        }
        for interface in self.ty.implements.keys() {
            let interface = self.subgraph.schema.types.get(interface);
            if let Some(interface) = interface.filter(|ty| ty.fields.contains_key(self.field.name)) {
                let problem =
                    format!("cannot come from a context, since `{}` has the field too", interface.name);
                self.error(Code::ContextNotSet, &problem);
            }
        }
        if self.argument.default.is_some() {
            self.error(Code::ContextNotSet, "comes from a context, and so has no use for a default");
        }
        if self.ty.keys.iter().all(|key| key.resolvable == Some(false)) {
            let problem = format!("needs `{}` to have a key that resolves", self.ty.name);
            self.error(Code::ContextNoResolvableKey, &problem);
        }
    }

    fn check_value(&mut self, setters: &Setters<'_, '_>) {
        let value = self.applied.string("field").and_then(split_context);
        let Some((name, selection)) = value.filter(|(_, selection)| !selection.is_empty()) else {
            self.error(
                Code::NoContextInSelection,
                "must name its context and a field, as in `$name { field }`",
            );
            return;
        };
        let Some(setters) = setters.get(name) else {
            let problem = format!("uses the context `{name}`, which nothing here sets");
            self.error(Code::ContextNotSet, &problem);
            return;
        };
        let found = context_selection::check(&self.subgraph.schema, selection, setters, self.argument.ty);
        if let Err(problem) = found {
            let selection = selection.trim();
            self.error(
                Code::ContextInvalidSelection,
                &format!("selects `{selection}` from `${name}`: {problem}"),
            );
        }
    }
}
