//! Schemas of a size that people have: nothing recurses as deep as a schema is long.

use std::fmt::Write;
use std::thread;

use octavo_composition::{Composition, Options, SubgraphInput, compose};

const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\", \"@shareable\", \"@external\", \"@requires\"])\n";
const LONG: usize = 20_000;
const STACK: usize = 2 << 20;

/// Composes on a stack of two megabytes.
fn compose_on_small_stack(subgraphs: Vec<(String, String)>) -> Composition {
    let composing = move || {
        let inputs: Vec<SubgraphInput> =
            subgraphs.iter().map(|(name, sdl)| SubgraphInput { name, url: "", sdl }).collect();
        compose(&inputs, &Options::default())
    };
    let thread = thread::Builder::new().stack_size(STACK).spawn(composing).expect("a thread");
    thread.join().expect("the thread ends well")
}

fn composes(subgraphs: Vec<(String, String)>) {
    let composition = compose_on_small_stack(subgraphs);
    let errors: Vec<&str> = composition.diagnostics.iter().map(|d| &*d.message).take(3).collect();
    assert!(composition.supergraph_sdl.is_some(), "{errors:?}");
}

/// `text(at)` for each place of a chain.
fn chain(text: impl Fn(usize) -> String) -> String {
    (0..LONG).fold(LINK.to_owned(), |mut sdl, at| {
        let _ = writeln!(sdl, "{}", text(at));
        sdl
    })
}

#[test]
fn a_chain_of_entities_composes() {
    let types = |field: &str| {
        chain(|at| {
            let next = if at + 1 < LONG { format!("{field}: T{}", at + 1) } else { String::new() };
            format!("type T{at} @key(fields: \"id\") {{ id: ID! {next} }}")
        })
    };
    let first = types("next") + "type Query { first: T0 }";
    composes(vec![("a".to_owned(), first), ("b".to_owned(), types("other"))]);
}

#[test]
fn a_chain_of_input_types_composes() {
    let inputs = chain(|at| {
        let next = if at + 1 < LONG { format!("next: I{}", at + 1) } else { String::new() };
        format!("input I{at} {{ id: ID! {next} }}")
    });
    composes(vec![("a".to_owned(), inputs + "type Query { first(input: I0): ID }")]);
}

#[test]
fn a_chain_of_keys_that_tell_one_another_composes() {
    let a = "type Query { first: T }\ntype T @key(fields: \"k0\") { k0: ID! }";
    let mut subgraphs = vec![("a".to_owned(), format!("{LINK}{a}"))];
    for at in 0..60 {
        let next = at + 1;
        let sdl = format!(
            "{LINK}type T @key(fields: \"k{at}\") @key(fields: \"k{next}\") {{ k{at}: ID! k{next}: ID! f{at}: Int }}"
        );
        subgraphs.push((format!("s{at:03}"), sdl));
    }
    composes(subgraphs);
}

#[test]
fn a_chain_of_requirements_composes() {
    const LAST: usize = LONG / 5;
    let entity = |at: usize, fields: &str| format!("type T{at} @key(fields: \"id\") {{ id: ID! {fields} }}");
    let a = chain(|at| match at {
        0..LAST => entity(at, &format!("next: T{}", at + 1)),
        LAST => entity(at, "full: Int"),
        _ => String::new(),
    });
    // Two subgraphs in turn, since what is required is of another one.
    let requiring = |turn: usize| {
        chain(|at| match (at % 2 == turn, at) {
            (true, 0..LAST) => entity(
                at,
                &format!("next: T{} @external full: Int @requires(fields: \"next {{ full }}\")", at + 1),
            ),
            (false, 1..=LAST) => entity(at, "full: Int @external"),
            _ => String::new(),
        })
    };
    composes(vec![
        ("a".to_owned(), a + "type Query { first: T0 }"),
        ("b".to_owned(), requiring(0)),
        ("c".to_owned(), requiring(1)),
    ]);
}

#[test]
fn an_entity_that_many_subgraphs_extend_composes() {
    let subgraph = |at: usize| {
        let fields = (0..20).fold(String::new(), |mut fields, field| {
            let _ = write!(fields, " f{at}x{field}: Int");
            fields
        });
        let root = if at == 0 { "type Query { hub: Hub }" } else { "" };
        format!("{LINK}type Hub @key(fields: \"id\") {{ id: ID! again: Hub @shareable {fields} }} {root}")
    };
    composes((0..100).map(|at| (format!("s{at:03}"), subgraph(at))).collect());
}
