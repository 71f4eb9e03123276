//! Every `@key`, `@requires` and `@provides` of a subgraph in one shape.

use crate::code::Code;
use crate::field_set::{self, Selected, Selection};
use crate::model::{Field, FieldSet, Subgraph, TypeDefinition, Version};
use crate::report::{Place, Report};

/// Which directive a field set belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Directive {
    Key,
    Requires,
    Provides,
}

/// A field set where it is used.
pub(crate) struct FieldSetUse<'a, 's> {
    pub(crate) subgraph: &'s Subgraph<'a>,
    pub(crate) directive: Directive,
    /// The type that it selects from.
    pub(crate) parent: &'s TypeDefinition<'a>,
    /// The type or field that carries the directive.
    pub(crate) owner: String,
    pub(crate) set: &'s FieldSet<'a>,
    pub(crate) selections: Result<Vec<Selection<'s>>, String>,
}

/// Calls `found` for every field set; those of `@provides` on a field without fields are left to another rule.
pub(crate) fn for_each<'a>(subgraph: &Subgraph<'a>, found: &mut impl FnMut(&FieldSetUse<'a, '_>)) {
    for ty in subgraph.schema.types.values() {
        for key in &ty.keys {
            found(&use_of(subgraph, Directive::Key, ty, ty.name.to_owned(), &key.fields));
        }
        for field in ty.fields.values() {
            let owner = || format!("{}.{}", ty.name, field.name);
            if let Some(set) = &field.requires {
                found(&use_of(subgraph, Directive::Requires, ty, owner(), set));
            }
            let target = subgraph.schema.types.get(field.ty.name).filter(|target| target.kind.is_composite());
            if let (Some(set), Some(target)) = (&field.provides, target) {
                found(&use_of(subgraph, Directive::Provides, target, owner(), set));
            }
        }
    }
}

fn use_of<'a, 's>(
    subgraph: &'s Subgraph<'a>,
    directive: Directive,
    parent: &'s TypeDefinition<'a>,
    owner: String,
    set: &'s FieldSet<'a>,
) -> FieldSetUse<'a, 's> {
    FieldSetUse { subgraph, directive, parent, owner, set, selections: field_set::parse(&set.text) }
}

impl<'a> FieldSetUse<'a, '_> {
    pub(crate) fn error(&self, codes: [Code; 3], message: &str, report: &mut Report) {
        let (name, code) = match self.directive {
            Directive::Key => ("@key", codes[0]),
            Directive::Requires => ("@requires", codes[1]),
            Directive::Provides => ("@provides", codes[2]),
        };
        let place = Place { subgraph: self.subgraph.name, span: self.set.span };
        let message = format!("`{name}` of `{}`, fields `{}`: {message}", self.owner, self.set.text);
        report.error(code, message, place);
    }

    pub(crate) fn is_strict(&self) -> bool {
        self.subgraph.version != Version::One
    }

    /// Calls `visit` for every selected field that exists.
    pub(crate) fn for_each_selected(&self, visit: &mut impl FnMut(&Selection<'_>, &Field<'a>)) {
        if let Ok(selections) = &self.selections {
            self.visit(self.parent, selections, visit);
        }
    }

    fn visit(
        &self,
        parent: &TypeDefinition<'a>,
        selections: &[Selection<'_>],
        visit: &mut impl FnMut(&Selection<'_>, &Field<'a>),
    ) {
        for selection in selections {
            let below = match selection.what {
                Selected::Fragment { on } => field_set::fragment_type(&self.subgraph.schema, parent, on),
                Selected::Field { name, .. } => {
                    let Some(field) = parent.fields.get(name) else { continue };
                    visit(selection, field);
                    self.subgraph.schema.types.get(field.ty.name)
                }
            };
            if let Some(below) = below {
                self.visit(below, &selection.children, visit);
            }
        }
    }
}
