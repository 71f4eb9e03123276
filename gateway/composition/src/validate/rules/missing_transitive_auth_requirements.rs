//! `MISSING_TRANSITIVE_AUTH_REQUIREMENTS`: a field that is computed from guarded fields is guarded by the same rules.

use crate::code::Code;
use crate::field_set::{self, Selected, Selection};
use crate::merged::{Access, MergedType};
use crate::report::Report;
use crate::validate::MergedSchema;

pub(crate) fn check(schema: MergedSchema<'_, '_>, report: &mut Report) {
    for ty in schema.merged.types.values() {
        for field in ty.fields.values() {
            for (graph, source) in &field.sources {
                let Some(requires) = &source.requires else { continue };
                let Ok(selections) = field_set::parse(&requires.text) else { continue };
                let has = ty.access.and(&field.access);
                let mut missing = Vec::new();
                collect(schema, ty, &selections, &has, &mut missing);
                for required in missing {
                    let message = format!(
                        "`{}.{}` requires `{required}`, whose access rules it does not carry itself",
                        ty.name, field.name
                    );
                    let place = schema.place(*graph, requires.span);
                    report.error(Code::MissingTransitiveAuthRequirements, message, place);
                }
            }
        }
    }
}

fn collect(
    schema: MergedSchema<'_, '_>,
    parent: &MergedType<'_>,
    selections: &[Selection<'_>],
    has: &Access,
    missing: &mut Vec<String>,
) {
    for selection in selections {
        let below = match selection.what {
            Selected::Fragment { on } => {
                let below = on.map_or(Some(parent), |on| schema.merged.types.get(on));
                if let Some(below) = below
                    && !has.covers(&below.access)
                {
                    missing.push(below.name.to_owned());
                }
                below
            }
            Selected::Field { name, .. } => {
                let Some(field) = parent.fields.get(name) else { continue };
                let below = schema.merged.types.get(field.ty.name);
                let needs =
                    below.map_or_else(|| field.access.clone(), |below| field.access.and(&below.access));
                if !has.covers(&needs) {
                    missing.push(format!("{}.{name}", parent.name));
                }
                below
            }
        };
        if let Some(below) = below {
            collect(schema, below, &selection.children, has, missing);
        }
    }
}
