//! `INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE`: who resolves an interface by its key knows all its implementations.

use crate::code::Code;
use crate::model::Kind;
use crate::report::Report;
use crate::validate::MergedSchema;

pub(crate) fn check(schema: MergedSchema<'_, '_>, report: &mut Report) {
    for interface in schema.merged.types.values().filter(|ty| ty.kind == Kind::Interface) {
        for (graph, source) in &interface.sources {
            let resolvable = source.keys.iter().filter(|key| key.resolvable != Some(false));
            if source.kind != Kind::Interface || resolvable.clone().next().is_none() {
                continue;
            }
            let known = schema.subgraphs[*graph].schema.possible_types(interface.name);
            let missing: Vec<String> = schema
                .merged
                .types
                .values()
                .filter(|ty| {
                    ty.kind == Kind::Object && ty.implements.iter().any(|(_, name)| *name == interface.name)
                })
                .filter(|ty| !known.contains(&ty.name))
                .map(|ty| format!("`{}`", ty.name))
                .collect();
            if missing.is_empty() {
                continue;
            }
            for key in resolvable {
                let message = format!(
                    "`{}` has the key `{}` here, so this subgraph must define its implementations {} too",
                    interface.name,
                    key.fields.text,
                    missing.join(", ")
                );
                let place = schema.place(*graph, key.fields.span);
                report.error(Code::InterfaceKeyMissingImplementationType, message, place);
            }
        }
    }
}
