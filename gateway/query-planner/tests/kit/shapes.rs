//! Operations and supergraphs on which planners have been seen to explode, each in a size of its own.

use std::fmt::Write as _;

use crate::schema::{fields, joined, keyed, supergraph};

/// A supergraph and an operation, made larger by a number.
pub(crate) struct Shape {
    /// What grows.
    pub(crate) name: &'static str,
    /// The size at which it is measured.
    pub(crate) size: usize,
    /// Whether the sources to choose from at one place grow with it too.
    pub(crate) widens: bool,
    /// The SDL and the operation of one size.
    pub(crate) make: fn(usize) -> (String, String),
}

const fn shape(name: &'static str, size: usize, widens: bool, make: fn(usize) -> (String, String)) -> Shape {
    Shape { name, size, widens, make }
}

/// All of them.
pub(crate) const SHAPES: &[Shape] = &[
    shape("aliases of a root field that 60 subgraphs share", 1_024, false, root_aliases),
    shape("aliases of an entity's field that 60 subgraphs share", 440, false, entity_aliases),
    shape("aliases of objects that 60 subgraphs share", 300, false, object_aliases),
    shape("aliases over the fields of 60 subgraphs", 300, false, spread_aliases),
    shape("levels, each shared by 60 subgraphs", 61, false, shared_levels),
    shape("levels, each in another subgraph than the one above", 61, false, hopping_levels),
    shape("levels that provide the next", 120, false, providing_levels),
    shape("keys in a chain", 120, true, key_chain),
    shape("keys in a chain, a field of each", 60, true, key_chain_fields),
    shape("fields that require one another", 60, true, requires_chain),
    shape("requirements of entities that 10 subgraphs share", 60, false, requires_shared),
    shape("implementations of an interface", 500, false, implementations),
    shape("implementations in subgraphs of their own", 120, true, scattered),
    shape("members of a union", 300, false, members),
    shape("subgraphs that share every field", 200, true, all_shared),
    shape("subgraphs with a field each", 200, true, one_each),
    shape("types that lead to each other in 10 subgraphs", 9, false, tangle),
];

fn root_aliases(size: usize) -> (String, String) {
    let types = format!("type Query{} {{ field: Int }}", joined(0..60));
    (supergraph(60, &types), format!("{{ {} }}", aliases(size, "field")))
}

fn entity_aliases(size: usize) -> (String, String) {
    let types = format!(
        "type Query{} {{ item: Item{} }} type Item{} {{ id: ID value: Int{} }}",
        joined(0..60),
        fields([0]),
        keyed(0..60, "id"),
        fields(1..60)
    );
    (supergraph(60, &types), format!("{{ item {{ {} }} }}", aliases(size, "value")))
}

fn object_aliases(size: usize) -> (String, String) {
    let types = format!(
        "type Query{} {{ item: Item }} type Item{} {{ id: ID next: Item value: Int{} }}",
        joined(0..60),
        keyed(0..60, "id"),
        fields(30..60)
    );
    (supergraph(60, &types), format!("{{ item {{ {} }} }}", aliases(size, "next { value next { value } }")))
}

fn spread_aliases(size: usize) -> (String, String) {
    let mut types =
        format!("type Query{} {{ item: Item }} type Item{} {{ id: ID", joined(0..60), keyed(0..60, "id"));
    for graph in 0..60 {
        let _ = write!(types, " f{graph}: Int{}", fields([graph]));
    }
    types.push_str(" }");
    let wanted = (0..size).map(|n| format!(" a{n}: f{}", n % 60)).collect::<Vec<_>>().concat();
    (supergraph(60, &types), format!("{{ item {{{wanted} }} }}"))
}

fn shared_levels(size: usize) -> (String, String) {
    let types = format!(
        "type Query{} {{ node: Node }} type Node{} {{ id: ID next: Node value: Int{} }}",
        joined(0..60),
        keyed(0..60, "id"),
        fields([59])
    );
    (supergraph(60, &types), format!("{{ node {} }}", nested(size, "next", "value")))
}

fn hopping_levels(size: usize) -> (String, String) {
    let mut types = format!("type Query{} {{ t0: T0{} }}", joined(0..10), fields([0]));
    for n in 0..10 {
        let _ = write!(
            types,
            " type T{n}{} {{ id: ID value: Int{} t{}: T{}{} }}",
            keyed(0..10, "id"),
            fields([(n + 5) % 10]),
            (n + 1) % 10,
            (n + 1) % 10,
            fields([(n + 3) % 10])
        );
    }
    let mut query = String::from("{ t0 { value");
    for n in 1..size {
        let _ = write!(query, " t{} {{ value", n % 10);
    }
    query.push_str(&" }".repeat(size + 1));
    (supergraph(10, &types), query)
}

fn providing_levels(size: usize) -> (String, String) {
    let provides = |graphs: [usize; 2]| {
        let join = |graph| format!(" @join__field(graph: S{graph}, provides: \"name\")");
        graphs.map(join).concat()
    };
    let external = (1..4)
        .map(|graph| format!(" @join__field(graph: S{graph}, external: true)"))
        .collect::<Vec<_>>()
        .concat();
    let types = format!(
        "type Query{} {{ user: User }} type User{} {{ id: ID name: Int{}{external} left: User{} right: User{} }}",
        joined([0]),
        keyed(0..4, "id"),
        fields([0]),
        provides([0, 1]),
        provides([2, 3]),
    );
    let query =
        format!("{{ user {}{{ name }}{} }}", "{ right { left ".repeat(size / 2), "} }".repeat(size / 2));
    (supergraph(4, &types), query)
}

/// Each subgraph is entered by what the one before it knows.
fn chained_keys(size: usize) -> String {
    let mut types = format!("type Query{} {{ item: Item }} type Item", joined([0]));
    for graph in 0..size {
        types.push_str(&keyed([graph], &format!("k{graph}")));
        types.push_str(&keyed([graph], &format!("k{}", graph + 1)));
    }
    types.push_str(" {");
    for graph in 0..size {
        let known = graph.saturating_sub(1)..=graph;
        let _ = write!(types, " k{graph}: ID{} f{graph}: Int{}", fields(known), fields([graph]));
    }
    let _ = write!(types, " k{size}: ID{} }}", fields([size - 1]));
    supergraph(size, &types)
}

fn key_chain(size: usize) -> (String, String) {
    (chained_keys(size), format!("{{ item {{ f{} }} }}", size - 1))
}

fn key_chain_fields(size: usize) -> (String, String) {
    let wanted = (0..size).rev().map(|graph| format!(" f{graph}")).collect::<Vec<_>>().concat();
    (chained_keys(size), format!("{{ item {{{wanted} }} }}"))
}

fn requires_chain(size: usize) -> (String, String) {
    let mut types = format!("type Query{} {{ item: Item{} }}", joined(0..10), fields([0]));
    let _ = write!(types, " type Item{} {{ id: ID f0: Int{}", keyed(0..10, "id"), fields([0]));
    types.push_str(" @join__field(graph: S1, external: true)");
    for n in 1..=size {
        let _ = write!(types, " f{n}: Int @join__field(graph: S{}, requires: \"f{}\")", n % 10, n - 1);
        let _ = write!(types, " @join__field(graph: S{}, external: true)", (n + 1) % 10);
    }
    types.push_str(" }");
    (supergraph(10, &types), format!("{{ item {{ f{size} f{} f{} }} }}", size / 2, size / 3))
}

fn requires_shared(size: usize) -> (String, String) {
    let mut types = format!("type Query{} {{ t0: T0 }}", joined(0..10));
    for n in 0..=6 {
        let _ = write!(types, " type T{n}{} {{ id: ID a: Int", keyed(0..10, "id"));
        let _ = write!(types, " b: Int @join__field(graph: S0, external: true){}", fields([1, 2, 3]));
        let _ = write!(
            types,
            " c: Int @join__field(graph: S0, requires: \"b\") @join__field(graph: S4, external: true)"
        );
        let _ = write!(types, " d: Int @join__field(graph: S4, requires: \"c\")");
        let _ = write!(types, " t: T{}{} }}", (n + 1) % 7, fields(5..10));
    }
    (supergraph(10, &types), format!("{{ t0 {} }}", nested(size / 6, "d t", "d c b a")))
}

/// Implementations `I0`, `I1`, … in the subgraphs that `graphs` says, with a field of their own and one of the interface.
fn implemented(size: usize, subgraphs: usize, graphs: impl Fn(usize) -> usize) -> String {
    let mut types = format!(
        "type Query{} {{ all: [Node]{} }} interface Node{} {{ id: ID name: Int }}",
        joined(0..subgraphs),
        fields([0]),
        joined(0..subgraphs)
    );
    for n in 0..size {
        let graph = graphs(n);
        let implements = [0, graph]
            .iter()
            .map(|graph| format!(" @join__implements(graph: S{graph}, interface: \"Node\")"))
            .collect::<Vec<_>>()
            .concat();
        let _ = write!(
            types,
            " type I{n} implements Node{implements}{} {{ id: ID name: Int{} f{n}: Int{} }}",
            keyed([0, graph], "id"),
            fields([graph]),
            fields([graph])
        );
    }
    supergraph(subgraphs, &types)
}

fn implementations(size: usize) -> (String, String) {
    let wanted = (0..size).map(|n| format!(" ... on I{n} {{ f{n} }}")).collect::<Vec<_>>().concat();
    (implemented(size, 4, |n| 1 + n % 3), format!("{{ all {{ id name{wanted} }} }}"))
}

fn scattered(size: usize) -> (String, String) {
    let wanted = (0..size).map(|n| format!(" ... on I{n} {{ f{n} }}")).collect::<Vec<_>>().concat();
    (implemented(size, size + 1, |n| n + 1), format!("{{ all {{ id name{wanted} }} }}"))
}

fn members(size: usize) -> (String, String) {
    let mut types = format!("type Query{} {{ all: [Any]{} }}", joined(0..4), fields([0]));
    let names: Vec<_> = (0..size).map(|n| format!("M{n}")).collect();
    let member = names
        .iter()
        .flat_map(|name| (0..4).map(move |g| format!(" @join__unionMember(graph: S{g}, member: \"{name}\")")))
        .collect::<Vec<_>>()
        .concat();
    let _ = write!(types, " union Any{}{member} = {}", joined(0..4), names.join(" | "));
    for (n, name) in names.iter().enumerate() {
        let _ = write!(types, " type {name}{} {{ id: ID f: Int{} }}", keyed(0..4, "id"), fields([1 + n % 3]));
    }
    let wanted = names.iter().map(|name| format!(" ... on {name} {{ id f }}")).collect::<Vec<_>>().concat();
    (supergraph(4, &types), format!("{{ all {{{wanted} }} }}"))
}

fn all_shared(size: usize) -> (String, String) {
    let mut types = format!("type Query{} {{ t0: T0 t1: T1 }}", joined(0..size));
    for n in 0..4 {
        let next = (n + 1) % 4;
        let _ = write!(
            types,
            " type T{n}{} {{ id: ID a: Int b: Int t{next}: T{next} own: Int }}",
            keyed(0..size, "id")
        );
    }
    let level = |n: usize| format!("id a b own t{n}");
    let query = format!(
        "{{ t0 {{ {} {{ {} {{ {} {{ id a }} }} }} }} t1 {{ {} {{ a }} }} }}",
        level(1),
        level(2),
        level(3),
        level(2)
    );
    (supergraph(size, &types), query)
}

fn one_each(size: usize) -> (String, String) {
    let mut types =
        format!("type Query{} {{ item: Item }} type Item{} {{ id: ID", joined([0]), keyed(0..size, "id"));
    for graph in 0..size {
        let _ = write!(types, " f{graph}: Int{}", fields([graph]));
    }
    types.push_str(" }");
    let wanted = (0..size).map(|graph| format!(" f{graph}")).collect::<Vec<_>>().concat();
    (supergraph(size, &types), format!("{{ item {{{wanted} }} }}"))
}

/// Every type leads to every other from every subgraph, and what is asked of each is elsewhere.
fn tangle(size: usize) -> (String, String) {
    let mut types = format!("type Query{} {{ t0: T0 }}", joined(0..10));
    for n in 0..3 {
        let _ = write!(types, " type T{n}{} {{ id: ID", keyed(0..10, "id"));
        for other in 0..3 {
            let _ = write!(types, " t{other}: T{other}{}", fields((n..10).step_by(other + 1)));
        }
        let _ = write!(types, " x: Int{} y: Int{} }}", fields([n, n + 3]), fields([n + 1, n + 6]));
    }
    let mut inner = String::from("x y");
    for level in 0..size {
        inner = format!("x t{} {{ {inner} }} y again: t{} {{ x y }}", level % 3, (level + 1) % 3);
    }
    (supergraph(10, &types), format!("{{ t0 {{ {inner} }} }}"))
}

fn aliases(count: usize, field: &str) -> String {
    (0..count).map(|n| format!(" a{n}: {field}")).collect::<Vec<_>>().concat()
}

/// `inner` under as many levels of `field`.
fn nested(levels: usize, field: &str, inner: &str) -> String {
    format!("{{ {}{inner}{} }}", format!("{field} {{ ").repeat(levels), " }".repeat(levels))
}
