//! Subgraph SDL composed into a supergraph.
//!
//! Pipeline: ingest (parse, resolve links, fold, upgrade) → validate each subgraph → merge type by type → validate what was
//! merged → render → prove that every query can be planned. It knows no file, no network and no clock; findings carry Apollo's
//! codes, the subgraph's name and the place in its text.

mod access;
mod code;
mod emit;
mod field_set;
mod ingest;
mod merge;
mod merged;
mod model;
mod report;
mod satisfy;
mod validate;

pub use code::Code;

use octavo_diagnostics::Diagnostic;
use report::Report;
use validate::MergedSchema;

/// A subgraph as it is handed in.
#[derive(Clone, Copy, Debug)]
pub struct SubgraphInput<'i> {
    /// Its name.
    pub name: &'i str,
    /// Where it is reached; may be empty.
    pub url: &'i str,
    /// Its schema.
    pub sdl: &'i str,
}

/// What can be chosen.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {}

/// The result of a composition.
#[derive(Clone, Debug, Default)]
pub struct Composition {
    /// The supergraph; `None` when there are errors.
    pub supergraph_sdl: Option<String>,
    /// The schema that clients see; `None` when there are errors.
    pub api_sdl: Option<String>,
    /// Errors and hints.
    pub diagnostics: Vec<Diagnostic>,
}

/// Composes subgraphs. All errors of a stage are reported; a stage begins only when the one before it found none.
#[must_use]
pub fn compose(inputs: &[SubgraphInput<'_>], options: &Options) -> Composition {
    let Options {} = options;
    let mut report = Report::default();
    let (supergraph_sdl, api_sdl) = match run(inputs, &mut report) {
        Some((supergraph, api)) => (Some(supergraph), Some(api)),
        None => (None, None),
    };
    Composition { supergraph_sdl, api_sdl, diagnostics: report.into_diagnostics() }
}

fn run(inputs: &[SubgraphInput<'_>], report: &mut Report) -> Option<(String, String)> {
    let parsed = ingest::parse(inputs, report);
    let subgraphs = ingest::ingest(&parsed, report);
    if report.has_errors() {
        return None;
    }
    validate::validate_subgraphs(&subgraphs, report);
    if report.has_errors() {
        return None;
    }
    validate::validate_before_merging(&subgraphs, report);
    let merged = merge::merge(&subgraphs, report);
    let schema = MergedSchema { subgraphs: &subgraphs, merged: &merged };
    validate::validate_merged(schema, report);
    if report.has_errors() {
        return None;
    }
    let supergraph = emit::supergraph(&merged, &subgraphs);
    validate::validate_supergraph(&supergraph, report);
    if !report.has_errors() {
        satisfy::satisfy(&supergraph, schema, report);
    }
    (!report.has_errors()).then(|| (supergraph, emit::api(&merged)))
}
