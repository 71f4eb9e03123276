//! From texts to subgraph schemas.
//!
//! 1. Parse each text, read its links, and find out what its names mean.
//! 2. Compare its definitions of known elements with their specifications.
//! 3. Validate it as GraphQL, with the definitions that it leaves out.
//! 4. Fold extensions, rename root types, state what directives say.
//! 5. Once all of that went well, and across all subgraphs, bring Federation 1 to Federation 2.

mod build;
mod definitions;
mod facts;
mod graphql;
mod link_names;
mod links;
mod specification;
mod subgraph_name;
mod supergraph;
mod upgrade;
mod usage;
mod vocabulary;

use octavo_index::IndexVec;
use octavo_language::{Limits, TypeSystemDocument};

use crate::SubgraphInput;
use crate::code::Code;
use crate::model::{GraphId, Span, Subgraph, Version};
use crate::report::{Place, Report};
use crate::shared_out::on_all;
use crate::validate::validate_language;
use links::Links;
pub(crate) use specification::CONNECT;
use vocabulary::{KnownDefinitions, Vocabulary};

/// A parsed text with the URL of its service.
#[derive(Debug)]
pub(crate) struct Parsed<'i> {
    url: &'i str,
    document: TypeSystemDocument,
}

/// Parses all texts, in the order of their names.
pub(crate) fn parse<'i>(
    inputs: &[SubgraphInput<'i>],
    threads: usize,
    report: &mut Report,
) -> Vec<Parsed<'i>> {
    let mut inputs: Vec<_> = inputs.iter().collect();
    inputs.sort_by_key(|input| input.name);
    subgraph_name::check(&inputs, report);
    let parsed = on_all(threads, inputs, |input| {
        let mut own = Report::default();
        (parse_one(input, &mut own), own)
    });
    those_left(parsed, report)
}

/// What came of the subgraphs one by one, and their findings in their order.
fn those_left<T>(results: Vec<(Option<T>, Report)>, report: &mut Report) -> Vec<T> {
    let left = results.into_iter().filter_map(|(result, own)| {
        report.take(own);
        result
    });
    left.collect()
}

fn parse_one<'i>(input: &SubgraphInput<'i>, report: &mut Report) -> Option<Parsed<'i>> {
    if input.sdl.trim().is_empty() {
        // No place in an empty text could name it.
        let message =
            format!("the schema of subgraph `{}` is empty: it must define a type at least", input.name);
        report.error(Code::InvalidGraphql, message, Place { subgraph: input.name, span: Span::default() });
        return None;
    }
    match TypeSystemDocument::read(input.name, input.sdl, Limits::SCHEMA) {
        Ok(document) => {
            // All else that could be said of it would follow from that.
            if supergraph::is_one(input.name, &document, report) {
                return None;
            }
            Some(Parsed { url: input.url, document })
        }
        Err(errors) => {
            for error in &errors {
                graphql::report(input.name, error, report);
            }
            None
        }
    }
}

/// Makes subgraph schemas of parsed texts; a text with errors yields none.
pub(crate) fn ingest<'a>(parsed: &'a [Parsed<'a>], threads: usize, report: &mut Report) -> Vec<Subgraph<'a>> {
    let known = KnownDefinitions::default();
    let ingested = on_all(threads, parsed, |parsed| {
        let mut own = Report::default();
        (ingest_one(parsed, &known, &mut own), own)
    });
    those_left(ingested, report)
}

/// Brings those of Federation 1 to Federation 2; one that cannot be brought there is left out.
pub(crate) fn upgrade<'a>(
    mut subgraphs: Vec<Subgraph<'a>>,
    report: &mut Report,
) -> IndexVec<GraphId, Subgraph<'a>> {
    upgrade::to_federation_two(&mut subgraphs, report);
    for subgraph in subgraphs.iter_mut().filter(|subgraph| subgraph.is_federation_one()) {
        usage::mark(&mut subgraph.schema, subgraph.version);
    }
    subgraphs.into_iter().collect()
}

/// A subgraph; what its fields are used for is marked, unless it has to be upgraded before.
fn ingest_one<'a>(
    parsed: &'a Parsed<'a>,
    known: &KnownDefinitions,
    report: &mut Report,
) -> Option<Subgraph<'a>> {
    let links = Links::read(&parsed.document, report);
    let mut subgraph = check_and_build(parsed, links, known, report)?;
    if subgraph.version != Version::One {
        usage::mark(&mut subgraph.schema, subgraph.version);
    }
    Some(subgraph)
}

fn check_and_build<'a>(
    parsed: &'a Parsed<'a>,
    links: Links<'a>,
    known: &KnownDefinitions,
    report: &mut Report,
) -> Option<Subgraph<'a>> {
    if report.has_errors() {
        return None;
    }
    let document = &parsed.document;
    links.check_version(document, report);
    let vocabulary = Vocabulary::new(document, &links);
    let undefined = graphql::undefined_types(document);
    if !undefined.is_empty() {
        for found in undefined {
            report.push(found);
        }
        return None;
    }
    let mut definitions = Report::default();
    if let Some(expected) = vocabulary.expected(document) {
        expected.check(document, &vocabulary, &mut definitions);
    }
    let mut language = graphql::validate(document, &vocabulary, known);
    if definitions.has_errors() {
        // Whatever else is wrong may follow from a definition.
        language.retain(graphql::is_undefined);
    }
    report.take(definitions);
    for found in language {
        report.push(found);
    }
    if report.has_errors() {
        return None;
    }
    let schema = build::build(document, &vocabulary, report);
    let Links { all: links, version, .. } = links;
    let subgraph = Subgraph { name: document.name(), url: parsed.url, version, links, schema };
    let mut language = Report::default();
    validate_language(&subgraph, &mut language);
    let is_valid = !language.has_errors();
    report.take(language);
    is_valid.then_some(subgraph)
}
