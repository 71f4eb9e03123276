//! Subgraph SDL composed into a supergraph.
//!
//! Pipeline: ingest (parse, resolve links, fold) → validate each subgraph, those of Federation 1 once they are upgraded → merge
//! type by type → validate what was merged → render → prove that every query can be planned → hide what a contract leaves out, for
//! each contract. It knows no file, no network and no clock; findings carry Apollo's codes, the subgraph's name and the place in its
//! text.

mod access;
mod code;
mod composition;
mod contract;
mod emit;
mod field_set;
mod ingest;
mod maps;
mod merge;
mod merged;
mod model;
mod report;
mod satisfy;
mod shared_out;
mod validate;

pub use code::Code;
pub use composition::{Composition, ContractVariant, Options};
pub use contract::Contract;

use report::Report;
use shared_out::{both, threads_for};
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

/// Composes subgraphs. All errors of the single subgraphs are reported, then all of merging, then all of the proof.
#[must_use]
pub fn compose(inputs: &[SubgraphInput<'_>], options: &Options) -> Composition {
    let mut report = Report::default();
    let composition = run(inputs, options, &mut report).unwrap_or_default();
    Composition { diagnostics: report.into_diagnostics(), ..composition }
}

fn run(inputs: &[SubgraphInput<'_>], options: &Options, report: &mut Report) -> Option<Composition> {
    let threads = threads_for(inputs.iter().map(|input| input.sdl.len()).sum());
    let parsed = ingest::parse(inputs, threads, report);
    let ingested = ingest::ingest(&parsed, threads, report);
    let subgraphs = validate::validate_subgraphs(ingested, threads, report)?;
    validate::validate_before_merging(&subgraphs, report);
    let merged = merge::merge(&subgraphs, report);
    let schema = MergedSchema { subgraphs: &subgraphs, merged: &merged };
    let check = || validate::validate_merged(schema, report);
    let ((), supergraph) = both(threads, check, || emit::supergraph(&merged, &subgraphs));
    if report.has_errors() {
        return None;
    }
    // Without directives of its own it is what clients see, which loading it checks.
    if !merged.features.is_empty() {
        validate::validate_supergraph(schema, &emit::supergraph_types(&merged, &subgraphs), report);
    }
    if report.has_errors() {
        return None;
    }
    let prove = || satisfy::satisfy(&supergraph, schema, report);
    let ((), api) = both(threads, prove, || emit::api(&merged));
    if report.has_errors() {
        return None;
    }
    Some(Composition {
        supergraph_sdl: Some(supergraph),
        api_sdl: Some(api),
        contracts: options.contracts.iter().map(|contract| variant(schema, contract)).collect(),
        diagnostics: Vec::new(),
    })
}

/// What was proved of the whole holds for the variant: it hides fields from clients, not from the planner.
fn variant(whole: MergedSchema<'_, '_>, contract: &Contract) -> ContractVariant {
    let mut report = Report::default();
    let merged = contract::apply(whole.merged, contract, &mut report);
    validate::validate_api(MergedSchema { merged: &merged, ..whole }, &mut report);
    let valid = !report.has_errors();
    ContractVariant {
        name: contract.name.clone(),
        supergraph_sdl: valid.then(|| emit::supergraph(&merged, whole.subgraphs)),
        api_sdl: valid.then(|| emit::api(&merged)),
        diagnostics: report.into_diagnostics(),
    }
}
