//! Whatever the texts are, composition ends, and ends with a supergraph or with errors that have codes and places.
//!
//! Texts are those of the corpus, changed by a generator of numbers that look random and are the same in every run.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use octavo_composition::{Code, Options, SubgraphInput, compose};
use octavo_diagnostics::{Severity, Sources, render};
use octavo_supergraph::Supergraph;

const RUNS: usize = 2_000;
/// No text here is so long that a composition should take a noticeable part of this, on a busy machine and unoptimised.
const LONGEST: Duration = Duration::from_mins(2);
const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.14\", import: [\"@key\", \"@requires\", \
    \"@provides\", \"@external\", \"@shareable\", \"@override\", \"@inaccessible\", \"@tag\", \"@interfaceObject\", \
    \"@composeDirective\", \"@context\", \"@fromContext\", \"@cost\", \"@listSize\", \"@policy\", \"@authenticated\", \
    \"@requiresScopes\", \"@extends\"])\n";

type Subgraphs = Vec<(String, String)>;

/// Findings of one composition that are also rendered.
const RENDERED: usize = 20;

/// Composes, and holds what comes of it to what is promised of every text; whether there is a supergraph.
fn hold(subgraphs: &Subgraphs) -> bool {
    let inputs: Vec<SubgraphInput> =
        subgraphs.iter().map(|(name, sdl)| SubgraphInput { name, url: "", sdl }).collect();
    let start = Instant::now();
    let composition = compose(&inputs, &Options::default());
    assert!(start.elapsed() < LONGEST, "{:?} for {subgraphs:#?}", start.elapsed());
    let sources: Sources = subgraphs.iter().map(|(name, sdl)| (name.as_str(), sdl.as_str())).collect();
    for found in &composition.diagnostics {
        assert!(Code::ALL.iter().any(|code| code.as_str() == found.code), "{}", found.code);
        assert!(!found.message.is_empty());
        for label in &found.labels {
            let Some(span) = label.span.clone() else { continue };
            let text = sources.text(&label.source).expect("a label is in a subgraph");
            assert!(text.get(span.clone()).is_some(), "{span:?} of {text}: {}", found.message);
        }
    }
    let errors = composition.diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
    assert_eq!(composition.supergraph_sdl.is_none(), errors > 0, "{subgraphs:#?}");
    if let Some(sdl) = &composition.supergraph_sdl {
        assert!(Supergraph::parse(sdl).is_ok(), "{subgraphs:#?}\n{sdl}");
    }
    let some = &composition.diagnostics[..composition.diagnostics.len().min(RENDERED)];
    let rendered =
        [render::human(some, &sources), render::json(some, &sources), render::github(some, &sources)];
    assert!(some.is_empty() || rendered.iter().all(|text| !text.is_empty()));
    composition.supergraph_sdl.is_some()
}

fn alone(sdl: &str) {
    hold(&vec![("a".to_owned(), sdl.to_owned())]);
}

/// Numbers that look random and are the same in every run (xorshift64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end.max(1)).unwrap_or(1)).unwrap_or_default()
    }

    fn pick<'t, T>(&mut self, list: &'t [T]) -> Option<&'t T> {
        list.get(self.below(list.len()))
    }
}

/// What may be put anywhere.
const ODDITIES: [&str; 34] = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "!",
    "@",
    "\"",
    "\"\"\"",
    "#",
    "$",
    "...",
    "|",
    "&",
    "=",
    ",",
    ":",
    "\u{feff}",
    "\u{0}",
    "é",
    "\u{202e}",
    "🦀",
    "__typename",
    "Query",
    "_Entity",
    "@key(fields: \"id\")",
    "@external",
    "@shareable",
    "@inaccessible",
    "on FIELD",
    "-1",
    "1e999",
    "null",
];

/// Names, numbers, strings and marks, each with the blanks before it.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let inside = |c: char| c.is_alphanumeric() || c == '_';
        let joins = inside(before) && inside(c) || before.is_whitespace();
        if !joins && at > start {
            pieces.push(&text[start..at]);
            start = at;
        }
        before = c;
    }
    pieces.push(&text[start..]);
    pieces
}

fn is_name(piece: &str) -> bool {
    piece.trim().starts_with(|c: char| c.is_ascii_alphabetic())
}

/// One change of a text.
fn change(numbers: &mut Numbers, text: &str) -> String {
    let pieces = pieces(text);
    let (at, other) = (numbers.below(pieces.len()), numbers.below(pieces.len()));
    let (low, high) = (at.min(other), at.max(other));
    let mut changed: Vec<String> = pieces.iter().map(|&piece| piece.to_owned()).collect();
    match numbers.below(15) {
        0 => changed.truncate(at),
        1 => {
            changed.remove(at);
        }
        2 => changed.swap(at, other),
        3 => changed.insert(at, changed[other].clone()),
        4 => pieces[other].clone_into(&mut changed[at]),
        5 => changed.insert(at, format!(" {} ", numbers.pick(&ODDITIES).copied().unwrap_or_default())),
        6 => {
            changed.drain(low..high.min(low + 12));
        }
        7 => {
            let part: Vec<String> = changed[low..high.min(low + 12)].to_vec();
            changed.splice(at..at, part);
        }
        8 => {
            let mark =
                numbers.pick(&["[", "{", "(", "a", "!", "\"", "@a ", "|a"]).copied().unwrap_or_default();
            changed[at] = mark.repeat(1 << numbers.below(12));
        }
        _ => {
            let names: Vec<usize> = (0..pieces.len()).filter(|&at| is_name(pieces[at])).collect();
            if let (Some(&at), Some(&other)) = (numbers.pick(&names), numbers.pick(&names)) {
                changed[at] = format!(" {}", changed[other].trim());
            }
        }
    }
    changed.concat()
}

/// The subgraphs of every case of the corpus.
fn corpus() -> Vec<Subgraphs> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "graphql"));
    paths.sort();
    let texts = paths.into_iter().map(|path| fs::read_to_string(path).expect("cases"));
    texts.flat_map(|text| text.split("### ").skip(1).map(subgraphs).collect::<Vec<_>>()).collect()
}

fn subgraphs(case: &str) -> Subgraphs {
    let parts = case.split("\n## ").skip(1).filter_map(|part| part.split_once('\n'));
    parts
        .map(|(head, sdl)| {
            let link = if head.ends_with(" v1") { "" } else { LINK };
            (head.split(' ').next().unwrap_or_default().to_owned(), format!("{link}{sdl}"))
        })
        .collect()
}

#[test]
fn changed_texts_end_in_a_supergraph_or_in_errors() {
    let corpus = corpus();
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut composed = 0;
    for _ in 0..RUNS {
        let mut subgraphs = numbers.pick(&corpus).cloned().unwrap_or_default();
        for _ in 0..=numbers.below(2) {
            let at = numbers.below(subgraphs.len());
            if let Some((_, sdl)) = subgraphs.get_mut(at) {
                // The link that most texts start with is rarely what changes.
                let start = if sdl.starts_with(LINK) && numbers.below(8) > 0 { LINK.len() } else { 0 };
                *sdl = format!("{}{}", &sdl[..start], change(&mut numbers, &sdl[start..]));
            }
        }
        // Subgraphs of different cases share names, and contradict one another.
        if numbers.below(3) == 0 {
            let others = numbers.pick(&corpus).cloned().unwrap_or_default();
            subgraphs.extend(others.into_iter().map(|(name, sdl)| (format!("{name}2"), sdl)));
        }
        composed += usize::from(hold(&subgraphs));
    }
    // Otherwise the changes are so rough that only the parser is tested.
    assert!(composed > RUNS / 40, "{composed} of {RUNS} compose");
}

#[test]
fn every_beginning_of_a_text_ends() {
    let text = format!(
        "{LINK}\"\"\"A \\\"\"\" é.\"\"\" type Query {{ a(b: [C!]! = [{{ d: \"\\u00e9\" }}]): E @tag(name: \"x\") }}\n\
         input C {{ d: String = \"\"\" \"\"\" }} interface I @key(fields: \"id\") {{ id: ID }}\n\
         type E implements I @key(fields: \"id\") @key(fields: \"f {{ g }}\") {{ id: ID f: F }} type F {{ g: Int }}\n\
         union U = E | F enum V {{ W X }} scalar Y @specifiedBy(url: \"z\") directive @q(r: V = W) repeatable on FIELD"
    );
    alone(&text);
    for (at, _) in text.char_indices().filter(|(at, _)| *at >= LINK.len() - 40) {
        alone(&text[..at]);
    }
}

#[test]
fn deep_texts_end() {
    for depth in [10, 30, 31, 60, 255, 256, 257, 5_000, 100_000] {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        alone(&format!("type Query {{ a: {open}Int{close} }}"));
        alone(&format!("type Query {{ a(b: {open}Int{close}): Int }}"));
        alone(&format!("scalar S type Query {{ a(b: S = {open}{close}): Int }}"));
        alone(&format!(
            "scalar S type Query {{ a(b: S = {}1{}): Int }}",
            "{a:".repeat(depth),
            "}".repeat(depth)
        ));
        alone(&format!("{}type Query {{ a: Int }}", "{".repeat(depth)));
        let set = format!("{}a{}", "a { ".repeat(depth), " }".repeat(depth));
        alone(&format!("{LINK}type Query {{ a: A }} type A @key(fields: \"{set}\") {{ a: A }}"));
        alone(&format!(
            "{LINK}type Query {{ a: A @provides(fields: \"{set}\") }} type A {{ a: A @external }}"
        ));
        let scopes = format!("{open}\"a\"{close}");
        alone(&format!("{LINK}type Query {{ a: Int @requiresScopes(scopes: {scopes}) }}"));
    }
}

#[test]
fn things_that_hold_themselves_end() {
    for sdl in [
        "interface A implements A { a: Int } type Query { a: A }",
        "interface A implements B { a: Int } interface B implements A { a: Int } type Query { a: A }",
        "union A = A type Query { a: A }",
        "input A { a: A! } type Query { a(a: A): Int }",
        "input A { a: [A!]! = [{}] } type Query { a(a: A): Int }",
        "input A { a: A = { a: {} } } type Query { a(a: A = {}): Int }",
        "directive @a(b: Int @a) on ARGUMENT_DEFINITION type Query { a: Int }",
        "directive @a(b: A) on INPUT_FIELD_DEFINITION input A { b: Int @a } type Query { a(a: A): Int }",
        "type Query { a: Query b: [Query!]! } schema { query: Query mutation: Query subscription: Query }",
        "schema { query: Query query: Query } type Query { a: Int }",
        "extend type Query { a: Int } extend type Query { a: Int }",
        "type Query @key(fields: \"a\") { a: Int }",
        "type Query @extends { a: Int @external @requires(fields: \"a\") @provides(fields: \"a\") }",
    ] {
        alone(sdl);
        alone(&format!("{LINK}{sdl}"));
        hold(&vec![("a".to_owned(), sdl.to_owned()), ("b".to_owned(), format!("{LINK}{sdl}"))]);
    }
    let requires = "type Query { a: A } type A @key(fields: \"id\") { id: ID \
                    b: Int @external c: Int @requires(fields: \"b\") }";
    let back = "type A @key(fields: \"id\") { id: ID c: Int @external b: Int @requires(fields: \"c\") }";
    hold(&vec![("a".to_owned(), format!("{LINK}{requires}")), ("b".to_owned(), format!("{LINK}{back}"))]);
}

/// Rows of objects that each set a context in one of two ways, and below each an argument that takes it.
fn rows_that_set_contexts(rows: usize) -> String {
    let mut sdl = format!("{LINK}type Query {{ row: Row0 }} type Row{rows} {{ end: ID }}\n");
    for row in 0..rows {
        let _ = writeln!(sdl, "type Row{row} {{ a: A{row} b: B{row} }}");
        for at in [format!("A{row}"), format!("B{row}")] {
            let _ = writeln!(
                sdl,
                "type {at} @key(fields: \"id\") @context(name: \"{at}\") {{ id: ID value: Int next: Row{} below: Below{at} }} \
                 type Below{at} @key(fields: \"id\") {{ id: ID told(by: Int @fromContext(field: \"${at} {{ value }}\")): Int }}",
                row + 1
            );
        }
    }
    sdl
}

/// Objects that all lead to each other and all set one context.
fn all_that_set_one_context(types: usize) -> String {
    let mut sdl = format!(
        "{LINK}type Query {{ first: T0 }} \
         type Below @key(fields: \"id\") {{ id: ID told(by: Int @fromContext(field: \"$all {{ value }}\")): Int }}\n"
    );
    let fields: Vec<String> = (0..types).map(|to| format!("to{to}: T{to}")).collect();
    let fields = fields.join(" ");
    for at in 0..types {
        let _ = writeln!(
            sdl,
            "type T{at} @key(fields: \"id\") @context(name: \"all\") {{ id: ID value: Int below: Below {fields} }}"
        );
    }
    sdl
}

#[test]
fn ways_through_what_sets_contexts_are_not_counted_one_by_one() {
    for sdl in [rows_that_set_contexts(24), all_that_set_one_context(100)] {
        assert!(hold(&vec![("a".to_owned(), sdl)]));
    }
}

#[test]
fn odd_texts_end() {
    let long = "a".repeat(1 << 20);
    let many = |part: &str, times: usize| part.repeat(times);
    let arguments: Vec<String> = (0..5_000).map(|at| format!("a{at}: Int")).collect();
    for sdl in [
        String::new(),
        " \u{feff}\t\r\n,,,".to_owned(),
        "# only a comment".to_owned(),
        "\u{0}".to_owned(),
        "\"\"\"".to_owned(),
        "🦀 type Query { a: Int }".to_owned(),
        "type Qu\u{0435}ry { a: Int }".to_owned(),
        "\"\u{202e}\u{200b}e\u{301}\" type Query { \"🦀🦀\" a(b: String = \"\\uD83E\\uDD80 \\u0000\"): Int }"
            .to_owned(),
        format!("type {long} {{ {long}: {long} }} type Query {{ a: {long} }}"),
        format!("\"{long}\" type Query {{ \"\"\"{long}\"\"\" a(b: String = \"{long}\"): Int }}"),
        format!("{LINK}type Query {{ a: Int @tag(name: \"{long}\") }}"),
        format!("{LINK}type Query {{ a: A }} type A @key(fields: \"{long}\") {{ a: Int }}"),
        format!("{LINK}type Query {{ a: A }} type A {} {{ a: Int }}", many("@key(fields: \"a\") ", 2_000)),
        format!("{LINK}type Query {{ a: A }} type A @key(fields: \"{}\") {{ a: Int }}", many("a ", 20_000)),
        format!("{LINK}type Query {{ a: Int {} }}", many("@tag(name: \"a\") ", 5_000)),
        format!("type Query {{ a({}): Int }}", arguments.join(" ")),
        format!("union U = {} type Query {{ a: U }}", many("Query | ", 5_000) + "Query"),
        format!("extend schema {} type Query {{ a: Int }}", many("@link(url: \"https://a.b/c/v1.0\") ", 500)),
        format!("extend schema @link(url: \"{}\") type Query {{ a: Int }}", many("/", 10_000)),
        "extend schema @link(url: \"https://a.b/c/v99999999999.1\") type Query { a: Int }".to_owned(),
        "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9é\") type Query { a: Int }"
            .to_owned(),
        format!("{LINK}type Query {{ a: [Int] @listSize(assumedSize: 99999999999999999999) }}"),
        format!("{LINK}type Query {{ a: Int @cost(weight: -99999999999999999999) }}"),
        format!(
            "{LINK}type Query @context(name: \"$\") {{ a(b: Int @fromContext(field: \"$ $ $é\")): Int }}"
        ),
    ] {
        alone(&sdl);
    }
}

#[test]
fn odd_names_of_subgraphs_end() {
    for name in
        ["", " ", "_", "__", "é", "🦀", "a\"b", "a\nb", "a\\b", "1", "-", "A", "null", &"a".repeat(100_000)]
    {
        let sdl = "type Query { a: Int }".to_owned();
        hold(&vec![(name.to_owned(), sdl.clone())]);
        hold(&vec![(name.to_owned(), sdl.clone()), (name.to_uppercase(), sdl.clone())]);
        hold(&vec![(name.to_owned(), sdl.clone()), (name.to_owned(), sdl)]);
    }
    hold(&Vec::new());
}
