//! How long values may be kept: `@cacheControl`, which composition carries as `@join__directive`
//! (<https://specs.apollo.dev/join/v0.4/>), since it counts for the subgraph that says it.

use octavo_language::{Node, ast};

use crate::SubgraphId;

/// For how long a subgraph lets a value be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CachePolicy {
    /// The subgraph that says so.
    pub subgraph: SubgraphId,
    /// Seconds; `None` when only the scope is said.
    pub max_age: Option<u32>,
    /// Whether the value belongs to the caller alone.
    pub private: bool,
}

/// The policies among the directives of an element; `graph` finds a subgraph by its name in `join__Graph`.
pub(crate) fn policies(
    directives: &[Node<ast::Directive>],
    join_directive: &str,
    graph: impl Fn(&str) -> Option<SubgraphId>,
) -> Vec<CachePolicy> {
    let mut policies = Vec::new();
    for directive in directives.iter().filter(|d| d.name == join_directive) {
        let argument = |name: &str| directive.specified_argument_by_name(name).map(|value| &**value);
        if argument("name").and_then(ast::Value::as_str) != Some("cacheControl") {
            continue;
        }
        let arguments = argument("args").and_then(ast::Value::as_object).unwrap_or_default();
        let get = |name: &str| arguments.iter().find(|(key, _)| key == name).map(|(_, value)| &**value);
        let max_age = get("maxAge").and_then(ast::Value::to_i32).and_then(|age| u32::try_from(age).ok());
        let private = matches!(get("scope"), Some(ast::Value::Enum(scope)) if scope == "PRIVATE");
        let graphs = argument("graphs").and_then(ast::Value::as_list).unwrap_or_default();
        for name in graphs.iter().filter_map(|value| value.as_enum()) {
            policies.extend(graph(name).map(|subgraph| CachePolicy { subgraph, max_age, private }));
        }
    }
    policies
}
