//! A supergraph given as a subgraph: one finding in place of one for each of its types.

use octavo_language::TypeSystemDocument;
use octavo_language::ast::Definition;

use crate::code::Code;
use crate::model::span_of_name;
use crate::report::{Place, Report};

/// Whether a text is a supergraph, which lists what it was composed of; then that is said.
pub(super) fn is_one(subgraph: &str, document: &TypeSystemDocument, report: &mut Report) -> bool {
    let graphs = document.ast().definitions.iter().find_map(|definition| match definition {
        Definition::EnumTypeDefinition(graphs) if graphs.name == "join__Graph" => Some(graphs),
        _ => None,
    });
    let Some(graphs) = graphs else { return false };
    let span = span_of_name(document, &graphs.name);
    let message = format!(
        "`{subgraph}` is a supergraph, not the schema of a subgraph: compose the schemas that it was made of, or serve \
         it as it is"
    );
    report.error(Code::InvalidGraphql, message, Place { subgraph, span });
    true
}
