//! `INVALID_SUBGRAPH_NAME`: the supergraph tells subgraphs apart by their names, each as a value of `join__Graph`.

use crate::SubgraphInput;
use crate::code::Code;
use crate::emit::graph_value;
use crate::model::Span;
use crate::report::{Place, Report};

/// Reports names that are reserved or given twice; `inputs` are in the order of their names.
pub(super) fn check(inputs: &[&SubgraphInput<'_>], report: &mut Report) {
    for pair in inputs.windows(2) {
        if let [a, b] = pair
            && a.name == b.name
        {
            error(a, format!("two subgraphs are named `{}`", a.name), report);
        }
    }
    for input in inputs {
        let value = graph_value(input.name);
        if input.name == "_" || input.name.is_empty() {
            error(input, format!("`{}` cannot be the name of a subgraph", input.name), report);
        } else if value.starts_with("__") {
            let message = format!(
                "`{}` cannot be the name of a subgraph: the supergraph would call it `{value}`, and what starts with `__` \
                 belongs to introspection",
                input.name
            );
            error(input, message, report);
        }
    }
}

/// The name stands nowhere in the text, so that the text's beginning stands for all of it.
fn error(input: &SubgraphInput<'_>, message: String, report: &mut Report) {
    let text = input.sdl.trim_start();
    let start = input.sdl.len() - text.len();
    let line = text.lines().next().unwrap_or_default().trim_end();
    let place = Place { subgraph: input.name, span: Span::new(start, start + line.len()) };
    report.error(Code::InvalidSubgraphName, message, place);
}
