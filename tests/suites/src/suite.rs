//! A suite composed.

use anyhow::{Result, bail, ensure};
use octavo_composition::{Composition, SubgraphInput, compose};
use octavo_diagnostics::{Severity, Sources, render};
use octavo_supergraph::Supergraph;

use crate::corpus::Suite;
use crate::snapshot::Snapshots;

/// Composes the suite, and compares the supergraph and the client schema with their snapshots.
pub fn check_suite(suite: &Suite) -> Result<()> {
    suite.no_file_is_orphaned()?;
    let composed = Composed::of(suite)?;
    let mut snapshots = Snapshots::default();
    if suite.given()?.is_none() {
        snapshots.compare(&suite.folder.join("supergraph.graphql"), &composed.supergraph_sdl)?;
    }
    snapshots.compare(&suite.folder.join("api.graphql"), &composed.api_sdl)?;
    match snapshots.into_findings() {
        findings if findings.is_empty() => Ok(()),
        findings => bail!(findings.join("\n\n")),
    }
}

/// What composition makes of a suite.
pub(crate) struct Composed {
    pub(crate) supergraph_sdl: String,
    api_sdl: String,
}

impl Composed {
    /// By our composition, or as another composer made it of what ours refuses.
    pub(crate) fn of(suite: &Suite) -> Result<Self> {
        let composed = Self::ours(suite);
        let Some(supergraph_sdl) = suite.given()? else { return composed };
        ensure!(composed.is_err(), "what composes needs no `given.graphql`");
        let Ok(supergraph) = Supergraph::parse(&supergraph_sdl) else {
            bail!("`given.graphql` cannot be read")
        };
        Ok(Self { supergraph_sdl, api_sdl: supergraph.api_schema().schema().to_string() })
    }

    fn ours(suite: &Suite) -> Result<Self> {
        let mut texts = Vec::new();
        for name in &suite.subgraphs {
            texts.push((name.as_str(), format!("http://{name}"), suite.sdl(name)?));
        }
        let inputs: Vec<_> = texts.iter().map(|(name, url, sdl)| SubgraphInput { name, url, sdl }).collect();
        let composition = compose(&inputs, &octavo_composition::Options::default());
        let Composition { supergraph_sdl: Some(supergraph_sdl), api_sdl: Some(api_sdl), .. } = composition
        else {
            let sources: Sources = inputs.iter().map(|input| (input.name, input.sdl)).collect();
            let errors: Vec<_> =
                composition.diagnostics.into_iter().filter(|d| d.severity == Severity::Error).collect();
            bail!("does not compose:\n{}", render::human(&errors, &sources));
        };
        Ok(Self { supergraph_sdl, api_sdl })
    }
}
