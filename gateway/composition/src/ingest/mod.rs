//! From texts to subgraph schemas.
//!
//! 1. Parse each text, read its links, and find out what its names mean.
//! 2. Compare its definitions of known elements with their specifications.
//! 3. Validate it as GraphQL, with the definitions that it leaves out.
//! 4. Fold extensions, rename root types, state what directives say.
//! 5. Across all subgraphs, bring Federation 1 to Federation 2.

mod build;
mod definitions;
mod facts;
mod graphql;
mod links;
mod specification;
mod supergraph;
mod upgrade;
mod usage;
mod vocabulary;

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

use octavo_index::IndexVec;
use octavo_language::{Limits, TypeSystemDocument};

use crate::SubgraphInput;
use crate::code::Code;
use crate::model::{GraphId, Span, Subgraph, Version};
use crate::report::{Place, Report};
use links::Links;
use vocabulary::{KnownDefinitions, Vocabulary};

/// Bytes of text whose parsing takes longer than to start a thread for it.
const WORTH_A_THREAD: usize = 8 * 1024;

/// A parsed text with the URL of its service.
#[derive(Debug)]
pub(crate) struct Parsed<'i> {
    url: &'i str,
    document: TypeSystemDocument,
}

/// Parses all texts, in the order of their names.
pub(crate) fn parse<'i>(inputs: &[SubgraphInput<'i>], report: &mut Report) -> Vec<Parsed<'i>> {
    let mut inputs: Vec<_> = inputs.iter().collect();
    inputs.sort_by_key(|input| input.name);
    for pair in inputs.windows(2) {
        if let [a, b] = pair
            && a.name == b.name
        {
            let message = format!("two subgraphs are named `{}`", a.name);
            report.error(
                Code::InvalidSubgraphName,
                message,
                Place { subgraph: a.name, span: Span::default() },
            );
        }
    }
    let parsed = parse_all(&inputs).into_iter().filter_map(|(parsed, own)| {
        report.take(own);
        parsed
    });
    parsed.collect()
}

/// Parses texts in their order, on as many threads as there are processors: nothing else of composing takes so long.
fn parse_all<'i>(inputs: &[&SubgraphInput<'i>]) -> Vec<(Option<Parsed<'i>>, Report)> {
    let parse = |inputs: &[&SubgraphInput<'i>]| -> Vec<_> {
        let parse = |input: &&SubgraphInput<'i>| {
            let mut own = Report::default();
            (parse_one(input, &mut own), own)
        };
        inputs.iter().map(parse).collect()
    };
    let bytes: usize = inputs.iter().map(|input| input.sdl.len()).sum();
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = processors.min(bytes / WORTH_A_THREAD).max(1);
    let mut shares = inputs.chunks(inputs.len().div_ceil(threads).max(1));
    let first = shares.next().unwrap_or_default();
    thread::scope(|scope| {
        let others: Vec<_> = shares.map(|share| scope.spawn(move || parse(share))).collect();
        let mut all = parse(first);
        for other in others {
            all.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        all
    })
}

fn parse_one<'i>(input: &SubgraphInput<'i>, report: &mut Report) -> Option<Parsed<'i>> {
    if input.name == "_" || input.name.is_empty() {
        let message = format!("`{}` cannot be the name of a subgraph", input.name);
        report.error(
            Code::InvalidSubgraphName,
            message,
            Place { subgraph: input.name, span: Span::default() },
        );
    }
    match TypeSystemDocument::parse(input.name, input.sdl, Limits::SCHEMA) {
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

/// Makes subgraph schemas of parsed texts; a text with errors yields none, and then those of Federation 1 are left out too.
pub(crate) fn ingest<'a>(parsed: &'a [Parsed<'a>], report: &mut Report) -> IndexVec<GraphId, Subgraph<'a>> {
    let mut known = KnownDefinitions::default();
    let mut subgraphs: Vec<Subgraph<'a>> =
        parsed.iter().filter_map(|parsed| ingest_one(parsed, &mut known, report)).collect();
    if report.has_errors() {
        // What is written for Federation 1 can be judged only together with all other subgraphs.
        subgraphs.retain(|subgraph| subgraph.version != Version::One);
    } else {
        upgrade::to_federation_two(&mut subgraphs, report);
        if report.has_errors() {
            return IndexVec::new();
        }
    }
    for subgraph in &mut subgraphs {
        usage::mark(&mut subgraph.schema, subgraph.version);
    }
    subgraphs.into_iter().collect()
}

fn ingest_one<'a>(
    parsed: &'a Parsed<'a>,
    known: &mut KnownDefinitions,
    report: &mut Report,
) -> Option<Subgraph<'a>> {
    let mut own = Report::default();
    let document = &parsed.document;
    let links = Links::read(document, &mut own);
    let subgraph = check_and_build(parsed, links, known, &mut own);
    let failed = own.has_errors();
    report.take(own);
    (!failed).then_some(subgraph).flatten()
}

fn check_and_build<'a>(
    parsed: &'a Parsed<'a>,
    links: Links<'a>,
    known: &mut KnownDefinitions,
    report: &mut Report,
) -> Option<Subgraph<'a>> {
    if report.has_errors() {
        return None;
    }
    let document = &parsed.document;
    let vocabulary = Vocabulary::new(document, &links);
    if let Some(expected) = vocabulary.expected(document) {
        expected.check(document, report);
    }
    if report.has_errors() {
        return None;
    }
    graphql::validate(document, &vocabulary, known, report);
    if report.has_errors() {
        return None;
    }
    let schema = build::build(document, &vocabulary, report);
    let Links { links, version } = links;
    Some(Subgraph { name: document.name(), url: parsed.url, version, links, schema })
}
