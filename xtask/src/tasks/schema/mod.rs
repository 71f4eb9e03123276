//! `cargo xtask schema`: `schema/` as the services print it and composition puts it together.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, ensure};
use octavo_composition::{Options as Composing, SubgraphInput, compose};
use octavo_diagnostics::render;
use serde::Deserialize;

use crate::{cargo, progress};

/// What federation gives every subgraph, for editors.
const FEDERATION: &str = include_str!("federation.graphql");

/// What `cargo xtask schema` takes.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Changes nothing, and fails with a list of the files that are stale.
    #[arg(long)]
    check: bool,
}

/// `schema/supergraph.yaml`.
#[derive(Deserialize)]
struct Supergraph {
    subgraphs: BTreeMap<String, Subgraph>,
}

#[derive(Deserialize)]
struct Subgraph {
    routing_url: String,
    schema: Source,
}

#[derive(Deserialize)]
struct Source {
    file: String,
}

pub(crate) async fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let supergraph = Supergraph::read()?;
    let services: Vec<String> = supergraph.subgraphs.keys().map(|name| service(name)).collect();
    progress::step("build of the services", cargo::build_packages(&services)).await?;
    let files = supergraph.files(|service| Ok(cargo::binaries_folder().join(service)))?;
    let stale = stale(&files)?;
    if options.check {
        ensure!(stale.is_empty(), "{}", advice(&stale));
    }
    for path in stale {
        match files.get(&path) {
            Some(text) => write(&path, text)?,
            None => fs::remove_file(folder().join(&path))?,
        }
        progress::note(&format!("schema/{path}"));
    }
    Ok(ExitCode::SUCCESS)
}

impl Supergraph {
    fn read() -> anyhow::Result<Self> {
        let text = fs::read_to_string(folder().join("supergraph.yaml"))
            .context("schema/supergraph.yaml cannot be read")?;
        serde_saphyr::from_str(&text).context("schema/supergraph.yaml is not valid")
    }

    /// Every file that is made: its path in `schema/`, and what it should hold.
    fn files(
        &self,
        binary: impl Fn(&str) -> anyhow::Result<PathBuf>,
    ) -> anyhow::Result<BTreeMap<String, String>> {
        let mut texts = BTreeMap::new();
        for name in self.subgraphs.keys() {
            texts.insert(name, printed(&binary(&service(name))?)?);
        }
        let inputs: Vec<SubgraphInput<'_>> = self
            .subgraphs
            .iter()
            .map(|(name, subgraph)| SubgraphInput { name, url: &subgraph.routing_url, sdl: &texts[name] })
            .collect();
        let composition = compose(&inputs, &Composing::default());
        let sources = inputs.iter().map(|input| (input.name, input.sdl)).collect();
        let found =
            || format!("the services do not compose:\n{}", render::human(&composition.diagnostics, &sources));
        let made = [
            ("supergraph.graphql", composition.supergraph_sdl.clone().with_context(found)?),
            ("api.graphql", composition.api_sdl.clone().with_context(found)?),
            ("federation.graphql", FEDERATION.to_owned()),
        ];
        let mut files: BTreeMap<String, String> =
            made.into_iter().map(|(path, text)| (path.to_owned(), ended(&text))).collect();
        files.extend(self.subgraphs.iter().map(|(name, subgraph)| {
            // The services' own text, byte for byte: it is what they answer to `_service` as well.
            (subgraph.schema.file.clone(), texts[name].clone())
        }));
        Ok(files)
    }
}

/// The paths that differ from what they should hold, are missing, or belong to no subgraph.
fn stale(files: &BTreeMap<String, String>) -> anyhow::Result<Vec<String>> {
    let differs = |(path, text): &(&String, &String)| {
        fs::read_to_string(folder().join(path)).ok().as_ref() != Some(*text)
    };
    let mut stale: Vec<String> = files.iter().filter(differs).map(|(path, _)| path.clone()).collect();
    for entry in fs::read_dir(folder().join("subgraphs")).into_iter().flatten() {
        let path = format!("subgraphs/{}", entry?.file_name().to_string_lossy());
        if !files.contains_key(&path) {
            stale.push(path);
        }
    }
    Ok(stale)
}

fn advice(stale: &[String]) -> String {
    let paths: Vec<String> = stale.iter().map(|path| format!("  schema/{path}")).collect();
    format!("stale, run `cargo xtask schema`:\n{}", paths.join("\n"))
}

/// What a service says its schema is.
fn printed(binary: &Path) -> anyhow::Result<String> {
    let shown = binary.display();
    let output = Command::new(binary).arg("--print-sdl").output();
    let output = output.with_context(|| format!("{shown} cannot be started"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{shown} prints no schema: {said}");
    Ok(String::from_utf8(output.stdout)?)
}

fn write(path: &str, text: &str) -> anyhow::Result<()> {
    let path = folder().join(path);
    fs::create_dir_all(path.parent().context("a file lies in a folder")?)?;
    fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))
}

fn ended(text: &str) -> String {
    format!("{}\n", text.trim_end())
}

/// The package and the binary of a service.
fn service(name: &str) -> String {
    format!("lms-{name}")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("schema")
}

#[cfg(test)]
mod tests {
    use super::{Supergraph, advice, stale};

    #[test]
    fn the_folder_holds_what_the_services_print() -> anyhow::Result<()> {
        let files = Supergraph::read()?.files(octavo_engines::binary)?;
        let stale = stale(&files)?;
        assert!(stale.is_empty(), "{}", advice(&stale));
        Ok(())
    }
}
