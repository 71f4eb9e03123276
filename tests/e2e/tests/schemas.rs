//! What is in `schema/` fits together: the operations of clients, and what editors read beside a subgraph.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use octavo_e2e::{SERVICES, SUGGESTED, root};
use octavo_language::{Limits, ValidDocument, ValidSchema};

#[test]
fn every_operation_is_valid_for_clients() -> anyhow::Result<()> {
    let schema = schema(&[read("api.graphql")?])?;
    let folder = root().join("schema/operations");
    let files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| anyhow::Ok(entry?.path())).collect::<Result<_, _>>()?;
    assert!(files.len() > 2, "{files:?}");
    for file in files {
        let text = fs::read_to_string(&file)?;
        if let Err(errors) = ValidDocument::parse(&schema, &text, Limits::OPERATION) {
            panic!("{}: {errors:?}", file.display());
        }
    }
    Ok(())
}

#[test]
fn the_suggested_query_is_one_of_them() -> anyhow::Result<()> {
    let suggested: Vec<&str> = SUGGESTED.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(read("operations/shelf.graphql")?.trim_end(), suggested.join("\n"));
    Ok(())
}

#[test]
fn editors_know_every_directive_of_a_subgraph() -> anyhow::Result<()> {
    let federation = read("federation.graphql")?;
    for name in SERVICES {
        let subgraph = read(&format!("subgraphs/{name}.graphql"))?;
        assert!(
            schema(std::slice::from_ref(&subgraph)).is_err(),
            "{name} says nothing that federation.graphql defines"
        );
        schema(&[subgraph, federation.clone()]).with_context(|| name.to_owned())?;
    }
    Ok(())
}

fn schema(texts: &[String]) -> anyhow::Result<ValidSchema> {
    let parsed = ValidSchema::parse("schema.graphql", &texts.join("\n"), Limits::SCHEMA);
    parsed.map_err(|errors| anyhow::anyhow!("{errors:?}"))
}

fn read(path: &str) -> anyhow::Result<String> {
    let path = root().join("schema").join(path);
    fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))
}
