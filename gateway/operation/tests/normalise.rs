//! Operations written out: what is asked at each position, for which types, under which conditions.

use std::fmt::Write as _;

use octavo_language::{Limits, ValidDocument};
use octavo_operation::{BindError, Item, ItemField, Operation, SetId, When};
use octavo_supergraph::Supergraph;

const SUPERGRAPH: &str = r#"
schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) {
  query: Query
}
enum join__Graph {
  ALL @join__graph(name: "all", url: "http://all")
}
type Query @join__type(graph: ALL) {
  items: [Item]
  node: Node
}
type Node @join__type(graph: ALL) {
  node: Node
  text: String
}
interface Item @join__type(graph: ALL) {
  id: ID
  like: Item
}
interface Paper @join__type(graph: ALL) {
  id: ID
  pages(unit: String, from: Int): Int
}
type Book implements Item & Paper
  @join__type(graph: ALL)
  @join__implements(graph: ALL, interface: "Item")
  @join__implements(graph: ALL, interface: "Paper")
{
  id: ID
  like: Item
  pages(unit: String, from: Int): Int
  title: String
}
type Film implements Item @join__type(graph: ALL) @join__implements(graph: ALL, interface: "Item") {
  id: ID
  like: Item
  title: String
  name: String
}
type Map implements Item & Paper
  @join__type(graph: ALL)
  @join__implements(graph: ALL, interface: "Item")
  @join__implements(graph: ALL, interface: "Paper")
{
  id: ID
  like: Item
  pages(unit: String, from: Int): Int
}
"#;

fn bind(query: &str) -> Result<String, BindError> {
    let supergraph = Supergraph::parse(SUPERGRAPH).expect("the supergraph is valid");
    let document =
        ValidDocument::parse(supergraph.api_schema(), query, Limits::OPERATION).expect("the query is valid");
    let operation = document.operation(None).expect("one operation");
    let bound = Operation::bind(&supergraph, &document, operation)?;
    let mut text = String::new();
    Writer { supergraph: &supergraph, operation: &bound }.set(bound.root(), &mut text);
    Ok(text)
}

fn written(query: &str) -> String {
    bind(query).expect("the query can be bound")
}

struct Writer<'w> {
    supergraph: &'w Supergraph,
    operation: &'w Operation,
}

impl Writer<'_> {
    fn set(&self, set: SetId, text: &mut String) {
        text.push('{');
        for (index, item) in self.operation.set(set).items.iter().enumerate() {
            text.push_str(if index > 0 { " " } else { "" });
            self.item(item, text);
        }
        text.push('}');
    }

    /// `key:Type.field(arguments)[types]?conditions{children}`
    fn item(&self, item: &Item, text: &mut String) {
        let _ = write!(text, "{}:", self.operation.text(item.key));
        match item.field {
            ItemField::Typename => text.push_str("__typename"),
            ItemField::Introspection => text.push_str("introspection"),
            ItemField::Field(id) | ItemField::Refused(id) => {
                let field = self.supergraph.field(id);
                let (parent, name) =
                    (self.supergraph.type_name(field.parent), self.supergraph.name(field.name));
                let _ = write!(text, "{parent}.{name}");
            }
        }
        if let Some(arguments) = item.arguments {
            let _ = write!(text, "({})", self.operation.text(self.operation.arguments(arguments).text));
        }
        if let Some(types) = &item.types {
            let names: Vec<&str> = types.iter().map(|&ty| self.supergraph.type_name(ty)).collect();
            let _ = write!(text, "[{}]", names.join("|"));
        }
        if !item.when.is_always() {
            let _ = write!(text, "?{}", self.conditions(&item.when));
        }
        if let Some(children) = item.children {
            self.set(children, text);
        }
    }

    fn conditions(&self, when: &When) -> String {
        let literal = |literal: &octavo_operation::Literal| {
            format!("{}{}", if literal.value { "" } else { "!" }, self.operation.text(literal.variable))
        };
        let all = when.alternatives().iter().map(|all| all.iter().map(literal).collect::<Vec<_>>().join("&"));
        all.collect::<Vec<_>>().join("|")
    }
}

#[test]
fn uses_of_one_key_become_one_item() {
    let query =
        "{ node { text } ...More node { node { text } } } fragment More on Query { node { again: text } }";
    let expected = "{node:Query.node{text:Node.text again:Node.text node:Node.node{text:Node.text}}}";
    assert_eq!(written(query), expected);
}

#[test]
fn arguments_have_one_spelling() {
    let query =
        r#"{ items { ... on Paper { a: pages(unit: "cm", from: 1) b: pages(from: 1, unit: "cm") } } }"#;
    let arguments = r#"(from: 1, unit: "cm")"#;
    let expected = format!(
        "{{items:Query.items{{a:Paper.pages{arguments}[Book|Map] b:Paper.pages{arguments}[Book|Map]}}}}"
    );
    assert_eq!(written(query), expected);
}

#[test]
fn overlapping_types_are_told_apart_only_where_they_differ() {
    let query = "{ items { like { id } ... on Book { like { ... on Film { title } } } ... on Film { like { __typename } } } }";
    let expected = "{items:Query.items{\
        like:Book.like[Book]{id:Item.id title:Film.title[Film]} \
        like:Film.like[Film]{id:Item.id __typename:__typename} \
        like:Map.like[Map]{id:Item.id}}}";
    let (written, expected) = (written(query), expected.to_owned());
    assert_eq!(sorted(&written), sorted(&expected));
}

/// The text with the items of one key in the order of their types: which part comes first is of no meaning.
fn sorted(text: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = text.split(" like:").collect();
    parts.sort_unstable();
    parts
}

#[test]
fn one_key_may_mean_another_field_of_another_type() {
    let query = "{ items { ... on Book { text: title } ... on Film { text: name } } }";
    let expected = "{items:Query.items{text:Book.title[Book] text:Film.name[Film]}}";
    assert_eq!(written(query), expected);
}

#[test]
fn a_condition_that_nothing_meets_leaves_nothing() {
    assert_eq!(
        written("{ items { ... on Film { ... on Item { ... on Paper { id } } } id } }"),
        "{items:Query.items{id:Item.id}}"
    );
}

#[test]
fn a_fragment_on_all_types_is_none() {
    let query = "{ items { ... on Item { ... { id } } ... on Paper { ... on Book { title } } } }";
    assert_eq!(written(query), "{items:Query.items{id:Item.id title:Book.title[Book]}}");
}

#[test]
fn conditions_of_fragments_reach_their_fields() {
    let query = "query ($a: Boolean!, $b: Boolean!) {
      node @include(if: $a) { text @skip(if: $b) }
      ... @skip(if: $a) { node { text node { text @include(if: false) } } }
      ...Never @include(if: false)
      ...Always @skip(if: false)
    }
    fragment Never on Query { never: node { text } }
    fragment Always on Query { always: node { text @include(if: $a) @skip(if: $b) } }";
    let expected = "{node:Query.node{text:Node.text?!a|a&!b node:Node.node?!a{}} always:Query.node{text:Node.text?a&!b}}";
    let other_order = expected.replace("?!a|a&!b", "?a&!b|!a");
    let written = written(query);
    assert!(written == expected || written == other_order, "{written}");
}

#[test]
fn a_field_asked_with_and_without_a_condition_is_always_asked() {
    let query = "query ($a: Boolean!) { node { text @include(if: $a) text } node @skip(if: $a) { text } }";
    assert_eq!(written(query), "{node:Query.node{text:Node.text}}");
}

/// Fragments that spread the one before twice, each under a key of its own: as many fields as two to the power of `depth`.
fn doubling(depth: usize) -> String {
    let mut query = "{ node { ...F0 } } fragment F0 on Node { text }".to_owned();
    for level in 1..=depth {
        let below = level - 1;
        let _ = write!(
            query,
            " fragment F{level} on Node {{ a: node {{ ...F{below} }} b: node {{ ...F{below} }} }}"
        );
    }
    query.replacen("...F0", &format!("...F{depth}"), 1)
}

#[test]
fn fragments_that_multiply_are_refused() {
    assert!(bind(&doubling(8)).is_ok());
    assert_eq!(bind(&doubling(40)), Err(BindError::TooManyFields));
}

#[test]
fn one_fragment_spread_often_at_one_place_is_refused_when_it_is_too_much() {
    let fields: String = (0..500).fold(String::new(), |mut text, n| {
        let _ = write!(text, "k{n}: text ");
        text
    });
    let spreads = "...Wide ".repeat(400);
    let query = format!("{{ node {{ {spreads} }} }} fragment Wide on Node {{ {fields} }}");
    assert_eq!(bind(&query), Err(BindError::TooManyFields));
}

fn asked_under(conditions: usize) -> String {
    let variables: Vec<String> = (0..conditions).map(|n| format!("$v{n}: Boolean!")).collect();
    let uses: Vec<String> = (0..conditions).map(|n| format!("items @include(if: $v{n}) {{ id }}")).collect();
    format!("query({}) {{ {} }}", variables.join(", "), uses.join(" "))
}

#[test]
fn no_number_of_conditions_makes_a_field_that_is_always_asked() {
    let written = written(&asked_under(40));
    assert!((0..40).all(|n| written.contains(&format!("v{n}"))), "{written}");
    assert_eq!(bind(&asked_under(65)), Err(BindError::TooManyConditions));
}
