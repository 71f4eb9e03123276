//! `INTERFACE_FIELD_NO_IMPLEM`: a type has the fields of its interfaces, wherever they are declared.

use std::collections::BTreeSet;

use crate::code::Code;
use crate::model::Kind;
use crate::report::Report;
use crate::validate::MergedSchema;

pub(crate) fn check(schema: MergedSchema<'_, '_>, report: &mut Report) {
    for ty in schema.merged.types.values() {
        if !matches!(ty.kind, Kind::Object | Kind::Interface) {
            continue;
        }
        let interfaces: BTreeSet<&str> = ty.implements.iter().map(|(_, interface)| *interface).collect();
        for interface in interfaces.into_iter().filter_map(|name| schema.merged.types.get(name)) {
            for field in interface.fields.values().filter(|field| !ty.fields.contains_key(field.name)) {
                let message = format!(
                    "`{}` implements `{}`, but has no field `{}` in any subgraph",
                    ty.name, interface.name, field.name
                );
                report.error(Code::InterfaceFieldNoImplem, message, schema.place_of_type(ty.name));
            }
        }
    }
}
