//! `@override`: which subgraph no longer resolves a field, and under which label.

use crate::code::Code;
use crate::merge::Context;
use crate::merge::sharing::through_interface_objects;
use crate::merged::{MergedType, Sources};
use crate::model::{Applied, Builtin, Field, GraphId, Kind, TypeDefinition};

/// What became of a field that another subgraph overrides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Override {
    /// It can go.
    Unused,
    /// The subgraph still needs it for itself.
    Used,
}

/// Overrides of one field.
#[derive(Debug, Default)]
pub(crate) struct Takeover<'a> {
    overridden: Vec<(GraphId, Override)>,
    labels: Vec<(GraphId, &'a str)>,
}

impl<'a> Takeover<'a> {
    /// What became of the field in that subgraph.
    pub(crate) fn of(&self, graph: GraphId) -> Option<Override> {
        self.overridden.iter().find(|(overridden, _)| *overridden == graph).map(|(_, how)| *how)
    }

    /// The label under which that subgraph takes over or gives up the field.
    pub(crate) fn label(&self, graph: GraphId) -> Option<&'a str> {
        self.labels.iter().find(|(labelled, _)| *labelled == graph).map(|(_, label)| *label)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.overridden.is_empty() && self.labels.is_empty()
    }
}

/// Finds and checks the overrides of one field.
pub(crate) fn find<'a>(
    context: &mut Context<'a, '_>,
    parent: &MergedType<'a>,
    coordinate: &str,
    sources: &Sources<'a, Field<'a>>,
) -> Takeover<'a> {
    let mut takeover = Takeover::default();
    for &(graph, field) in sources {
        let Some(applied) = field.get(Builtin::Override) else { continue };
        let on = context.subgraphs[graph].schema.types.get(parent.name);
        let on_interface = on.is_some_and(|ty| ty.kind == Kind::Interface);
        let on_interface_object = on.is_some_and(TypeDefinition::is_interface_object);
        let place = context.place(graph, applied.span);
        if on_interface {
            let message =
                format!("`{coordinate}` is a field of an interface, which nothing resolves to override");
            context.report.error(Code::OverrideOnInterface, message, place);
            continue;
        }
        if on_interface_object {
            let message = format!(
                "`{coordinate}` is a field of an `@interfaceObject`, which stands for those of all implementations and cannot override"
            );
            context.report.error(Code::OverrideCollisionWithAnotherDirective, message, place);
            continue;
        }
        let mut step = Step { context, parent, coordinate, sources, takeover: &mut takeover };
        step.apply(graph, field, applied);
    }
    takeover
}

struct Step<'a, 'c, 'r, 's> {
    context: &'c mut Context<'a, 'r>,
    parent: &'s MergedType<'a>,
    coordinate: &'s str,
    sources: &'s Sources<'a, Field<'a>>,
    takeover: &'s mut Takeover<'a>,
}

impl<'a> Step<'a, '_, '_, '_> {
    fn apply(&mut self, graph: GraphId, field: &'a Field<'a>, applied: &Applied<'a>) {
        let coordinate = self.coordinate;
        let Some(from) = applied.string("from") else { return };
        let place = self.context.place(graph, applied.span);
        let Some(&source) = self.context.by_name.get(from) else {
            let message = format!("`{coordinate}` overrides the subgraph `{from}`, which does not exist");
            return self.context.report.hint(Code::FromSubgraphDoesNotExist, message, place);
        };
        if source == graph {
            let message = format!("`{coordinate}` overrides its own subgraph");
            return self.context.report.error(Code::OverrideFromSelfError, message, place);
        }
        let overridden = self.sources.iter().find(|(other, _)| *other == source).map(|(_, field)| *field);
        if overridden.is_none() && self.stands_in(source) {
            let message = format!(
                "`{from}` has `{coordinate}` only by an `@interfaceObject`, whose fields cannot be overridden for one implementation"
            );
            return self.context.report.error(Code::OverrideCollisionWithAnotherDirective, message, place);
        }
        if let Some(directive) = collision(field, overridden) {
            let message = format!(
                "`@override` of `{coordinate}` goes together neither here nor in `{from}` with `{directive}`"
            );
            return self.context.report.error(Code::OverrideCollisionWithAnotherDirective, message, place);
        }
        let Some(overridden) = overridden else {
            let message = format!("`{from}` has no field `{coordinate}`; the `@override` can be removed");
            return self.context.report.hint(Code::OverrideDirectiveCanBeRemoved, message, place);
        };
        if overridden.has(Builtin::Override) {
            let message = format!("`{coordinate}` overrides a field of `{from}` that itself overrides");
            return self.context.report.error(Code::OverrideSourceHasOverride, message, place);
        }
        if overridden.external {
            let message = format!("`{from}` does not resolve `{coordinate}`; the `@override` can be removed");
            return self.context.report.hint(Code::OverrideDirectiveCanBeRemoved, message, place);
        }
        // A label that says nothing is none.
        match applied.string("label").filter(|label| !label.is_empty()) {
            Some(label) => self.label(graph, source, label, applied),
            None => self.take(source, overridden),
        }
    }

    /// Whether a subgraph has the field by an interface object alone.
    fn stands_in(&self, source: GraphId) -> bool {
        let name = self.sources.first().map_or("", |(_, field)| field.name);
        let found = through_interface_objects(self.context, self.parent, name);
        found.iter().any(|(graph, _)| *graph == source)
    }

    fn take(&mut self, source: GraphId, overridden: &Field<'a>) {
        let how = if overridden.used { Override::Used } else { Override::Unused };
        self.takeover.overridden.push((source, how));
        let what = match how {
            Override::Unused => "can be removed from this subgraph",
            Override::Used => {
                "can be marked `@external` or removed from this subgraph with what uses it there"
            }
        };
        let message = format!("`{}` is overridden and {what}", self.coordinate);
        let place = self.context.place(source, overridden.span);
        self.context.report.hint(Code::OverriddenFieldCanBeRemoved, message, place);
    }

    fn label(&mut self, graph: GraphId, source: GraphId, label: &'a str, applied: &Applied<'a>) {
        let place = self.context.place(graph, applied.span);
        self.takeover.labels.extend([(graph, label), (source, label)]);
        if is_label(label) {
            if let Some(overridden) = self.sources.iter().find(|(other, _)| *other == source)
                && overridden.1.used
            {
                self.takeover.overridden.push((source, Override::Used));
            }
            let message = format!("`{}` is being taken over step by step", self.coordinate);
            self.context.report.hint(Code::OverrideMigrationInProgress, message, place);
        } else {
            let message = format!(
                "the label `{label}` of `{}` is neither `percent(0..100)` nor a name of letters, digits and `_-:./`",
                self.coordinate
            );
            self.context.report.error(Code::OverrideLabelInvalid, message, place);
        }
    }
}

/// The directive that contradicts an override.
fn collision(field: &Field<'_>, overridden: Option<&Field<'_>>) -> Option<&'static str> {
    if field.external {
        return Some("@external");
    }
    let overridden = overridden?;
    if overridden.requires.is_some() {
        return Some("@requires");
    }
    overridden.provides.is_some().then_some("@provides")
}

/// `percent(x)` with x from 0 to 100 and at most 8 decimals, or a name that starts with a letter.
fn is_label(label: &str) -> bool {
    if let Some(number) = label.strip_prefix("percent(").and_then(|rest| rest.strip_suffix(')')) {
        return is_percentage(number);
    }
    let rest_is_fine = |c: char| c.is_ascii_alphanumeric() || "_-:./".contains(c);
    label.starts_with(|c: char| c.is_ascii_alphabetic()) && label.chars().all(rest_is_fine)
}

fn is_percentage(number: &str) -> bool {
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str, most: usize| {
        !text.is_empty() && text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    number == "100" || digits(whole, 2) && digits(decimals, 8)
}

#[cfg(test)]
mod tests {
    use super::is_label;

    #[test]
    fn labels_are_percentages_or_names() {
        for good in
            ["percent(0)", "percent(100)", "percent(2.5)", "percent(0.12345678)", "foo", "f:o-o/b.a_r"]
        {
            assert!(is_label(good), "{good}");
        }
        for bad in [
            "",
            "percent(101)",
            "percent(100.1)",
            "percent(-1)",
            "percent(1.)",
            "percent()",
            "1foo",
            "foo!",
            "percent(0.123456789)",
        ] {
            assert!(!is_label(bad), "{bad}");
        }
    }
}
