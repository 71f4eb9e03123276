//! `@defer` and `@stream` where they stand: the parts that they make.

use octavo_index::NameId;
use octavo_language::ast;
use octavo_supergraph::{FieldId, TypeRef};

use crate::bind::{Binder, Occurrence, Source};
use crate::condition::{Literal, When};
use crate::defer::{Count, DeferId, Here};

impl<'d> Binder<'_, 'd> {
    /// The part of the response that a fragment is or stands in, and the part that those in it are inside of.
    pub(crate) fn part(
        &mut self,
        around: &Source<'d>,
        directives: &ast::DirectiveList,
        here: &mut Here,
    ) -> (Option<DeferId>, Option<DeferId>) {
        let defer = directives.get("defer").filter(|_| self.incremental);
        let Some((label, when)) = defer.and_then(|defer| self.label_and_condition(defer)) else {
            return (around.defer, around.inside);
        };
        let place = std::ptr::from_ref(directives).addr();
        let part = Some(self.defers.at(here, (place, around.inside), (label, when)));
        (part, part)
    }

    /// The part that the further items of a list are. All uses of the field must agree on it; otherwise the list comes as a whole.
    pub(crate) fn stream(
        &mut self,
        field: FieldId,
        occurrences: &[Occurrence<'d>],
        here: &mut Here,
    ) -> Option<DeferId> {
        let (first, others) = occurrences.split_first()?;
        let stream = first.field.directives.get("stream").filter(|_| self.incremental)?;
        let agrees = |other: &Occurrence<'d>| {
            other.defer == first.defer && other.field.directives.get("stream") == Some(stream)
        };
        let is_list = matches!(self.supergraph.field(field).ty, TypeRef::List { .. });
        if !is_list || !others.iter().all(agrees) {
            return None;
        }
        let (label, when) = self.label_and_condition(stream)?;
        let count = match stream.specified_argument_by_name("initialCount").map(|count| &**count) {
            Some(ast::Value::Variable(name)) => Count::Variable(self.texts.intern(name)),
            Some(count) => Count::Of(count.to_i32().and_then(|count| u32::try_from(count).ok()).unwrap_or(0)),
            None => Count::Of(0),
        };
        Some(self.defers.list(here, first.inside, (label, when, count)))
    }

    /// The label of a part, and when it is one; `None` if it never is.
    fn label_and_condition(&mut self, directive: &ast::Directive) -> Option<(Option<NameId>, When)> {
        let when = match directive.specified_argument_by_name("if").map(|value| &**value) {
            Some(ast::Value::Boolean(false)) => return None,
            Some(ast::Value::Variable(name)) => {
                When::literal(Literal { variable: self.texts.intern(name), value: true })
            }
            _ => When::always(),
        };
        let label = directive.specified_argument_by_name("label").and_then(|value| value.as_str());
        Some((label.map(|label| self.texts.intern(label)), when))
    }
}
