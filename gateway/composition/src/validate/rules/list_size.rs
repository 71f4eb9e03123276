//! `LIST_SIZE_APPLIED_TO_NON_LIST`, `LIST_SIZE_INVALID_ASSUMED_SIZE`, `LIST_SIZE_INVALID_SIZED_FIELD`,
//! `LIST_SIZE_INVALID_SLICING_ARGUMENT`: what `@listSize` speaks of must be there.

use octavo_language::ast::Value;

use crate::code::Code;
use crate::model::{Applied, Builtin};
use crate::report::{Place, Report};
use crate::validate::FieldAt;

pub(crate) fn check(at: FieldAt<'_, '_>, report: &mut Report) {
    let Some(applied) = at.field.get(Builtin::ListSize) else { return };
    let place = Place { subgraph: at.subgraph.name, span: applied.span };
    let coordinate = format!("{}.{}", at.parent.name, at.field.name);
    if let Some(Value::Int(size)) = applied.argument("assumedSize").map(|value| &**value)
        && size.as_str().starts_with('-')
    {
        let message = format!("the assumed size of `{coordinate}` is negative");
        report.error(Code::ListSizeInvalidAssumedSize, message, place);
    }
    for name in strings(applied, "slicingArguments").unwrap_or_default() {
        let fits = at
            .field
            .arguments
            .get(name)
            .is_some_and(|argument| argument.ty.name == "Int" && !argument.ty.is_list());
        if !fits {
            let message =
                format!("`{coordinate}` has no argument `{name}` of type `Int` that could slice it");
            report.error(Code::ListSizeInvalidSlicingArgument, message, place);
        }
    }
    match strings(applied, "sizedFields") {
        Some(names) => check_sized_fields(at, &names, &coordinate, report, place),
        None if !at.field.ty.is_list() => {
            let message = format!("`{coordinate}` is not a list");
            report.error(Code::ListSizeAppliedToNonList, message, place);
        }
        None => {}
    }
}

fn check_sized_fields(
    at: FieldAt<'_, '_>,
    names: &[&str],
    coordinate: &str,
    report: &mut Report,
    place: Place<'_>,
) {
    let target = at.subgraph.schema.types.get(at.field.ty.name).filter(|target| target.kind.is_composite());
    let Some(target) = target else {
        let message = format!("`{coordinate}` has no fields that could be sized");
        return report.error(Code::ListSizeInvalidSizedField, message, place);
    };
    for name in names {
        match target.fields.get(name) {
            None => {
                let message =
                    format!("`{}` has no field `{name}` that `{coordinate}` could size", target.name);
                report.error(Code::ListSizeInvalidSizedField, message, place);
            }
            Some(field) if !field.ty.is_list() => {
                let message = format!("`{}.{name}` is not a list", target.name);
                report.error(Code::ListSizeAppliedToNonList, message, place);
            }
            Some(_) => {}
        }
    }
}

fn strings<'a>(applied: &Applied<'a>, argument: &str) -> Option<Vec<&'a str>> {
    let items = applied.argument(argument)?.as_list()?;
    Some(items.iter().filter_map(|item| item.as_str()).collect())
}
