//! A world made ready: composed, its supergraph read, and each server's schema parsed.

use std::sync::Arc;

use anyhow::{Result, anyhow, bail};
use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;
use octavo_composition::{Composition, SubgraphInput, compose};
use octavo_query_graph::{Labels, QueryGraph};
use octavo_supergraph::Supergraph;

use crate::part::{Directory, Part};
use crate::world::World;

/// What all pairs of a world share.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) monolith: Valid<Schema>,
    pub(crate) graph: QueryGraph,
    pub(crate) parts: Vec<Part>,
    pub(crate) directory: Directory,
}

impl Stage {
    pub(crate) fn new(world: World) -> Result<Self> {
        let ids = 0..world.subgraphs.len();
        let texts: Vec<String> = ids.clone().map(|id| world.subgraph_sdl(id)).collect();
        let inputs: Vec<SubgraphInput<'_>> = texts
            .iter()
            .zip(&world.subgraphs)
            .map(|(sdl, part)| SubgraphInput { name: &part.name, url: "", sdl })
            .collect();
        let Composition { supergraph_sdl, diagnostics, .. } =
            compose(&inputs, &octavo_composition::Options::default());
        let Some(supergraph) = supergraph_sdl else {
            let found: Vec<String> =
                diagnostics.iter().map(|d| format!("{} {}", d.code, d.message)).collect();
            bail!("does not compose: {}", found.join("\n"));
        };
        let supergraph = Supergraph::parse(&supergraph);
        let supergraph = supergraph.map_err(|errors| anyhow!("the supergraph cannot be read: {errors:?}"))?;
        let monolith = Schema::parse_and_validate(world.monolith_sdl(), "monolith.graphql");
        let monolith = monolith.map_err(|error| anyhow!("the monolith: {}", error.errors))?;
        let parts = ids.map(|id| Part::new(&world, id)).collect::<Result<_>>()?;
        Ok(Self {
            monolith,
            graph: QueryGraph::new(Arc::new(supergraph), Labels::default()),
            parts,
            directory: Directory::new(&world),
            world,
        })
    }
}
