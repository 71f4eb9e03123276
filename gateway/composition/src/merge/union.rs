//! Unions merge by union.

use crate::code::Code;
use crate::merge::Context;
use crate::merged::MergedType;

/// Merges the members of a union.
pub(crate) fn merge_members<'a>(context: &mut Context<'a, '_>, merged: &mut MergedType<'a>) {
    for (graph, ty) in &merged.sources {
        for &member in ty.members.keys() {
            merged.members.entry(member).or_default().push(*graph);
        }
    }
    for (member, graphs) in &merged.members {
        let Some((graph, ty)) = merged.sources.iter().find(|(graph, _)| !graphs.contains(graph)) else {
            continue;
        };
        let message = format!("`{}` has the member `{member}` only in some subgraphs", merged.name);
        let place = context.place(*graph, ty.span);
        context.report.hint(Code::InconsistentUnionMember, message, place);
    }
}
