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

#[test]
fn every_mutation_is_made_alike() -> anyhow::Result<()> {
    let api = schema(&[read("api.graphql")?])?;
    let mutation = api.schema().get_object("Mutation").context("there are mutations")?;
    for (name, field) in &mutation.fields {
        let argument = |argument: &str| {
            let argument = field.arguments.iter().find(|a| a.name == argument);
            argument.map(|a| a.ty.to_string())
        };
        assert_eq!(argument("idempotencyKey").as_deref(), Some("String!"), "{name}");
        if ["update", "rename", "edit", "delete"].iter().any(|verb| name.starts_with(verb)) {
            assert_eq!(argument("expectedVersion").as_deref(), Some("Int!"), "{name}");
        }
        let payload = api.schema().get_object(field.ty.inner_named_type()).context("a payload")?;
        let problems = payload.fields.get("problems").with_context(|| format!("{name} has no problems"))?;
        assert_eq!(problems.ty.to_string(), "[Problem!]!", "{name}");
    }
    assert!(mutation.fields.len() > 10, "{} mutations", mutation.fields.len());
    Ok(())
}

#[test]
fn every_list_of_the_root_is_a_connection() -> anyhow::Result<()> {
    let api = schema(&[read("api.graphql")?])?;
    let query = api.schema().get_object("Query").context("there are queries")?;
    let mut connections = 0;
    for (name, field) in &query.fields {
        // As long as what was asked for: Relay's plural of `node`.
        assert!(!field.ty.is_list() || name == "nodes", "{name} is a bare list");
        let ty = field.ty.inner_named_type();
        if !ty.ends_with("Connection") {
            continue;
        }
        connections += 1;
        let connection = api.schema().get_object(ty).context("a connection")?;
        assert!(
            connection.fields.contains_key("edges") && connection.fields.contains_key("pageInfo"),
            "{ty}"
        );
        for argument in ["first", "after", "last", "before"] {
            assert!(field.arguments.iter().any(|a| a.name == argument), "{name} lacks `{argument}`");
        }
    }
    assert!(connections > 4, "{connections} connections");
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
