//! The clients' operations, each file validated by the client schema.

use std::path::{Path, PathBuf};

use octavo_diagnostics::Diagnostic;
use octavo_language::{Limits, ValidDocument, ValidSchema};

use crate::exit::Failure;
use crate::{file, finding};

/// What became of the operations.
#[derive(Default)]
pub(super) struct Operations {
    /// How many files were read.
    pub(super) files: usize,
    /// The files in which something is wrong, with their texts.
    pub(super) refused: Vec<(String, String)>,
    /// What is wrong.
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Validates every `.graphql` and `.gql` file of a folder, at any depth. A file holds its fragments itself.
pub(super) fn check(folder: &Path, api_sdl: &str) -> Result<Operations, Failure> {
    let schema = ValidSchema::parse("the client schema", api_sdl, Limits::SCHEMA).map_err(|errors| {
        let first = errors.first().map_or("no reason is known", |error| &error.message);
        Failure::Invalid(format!("the client schema is not valid: {first}"))
    })?;
    let mut operations = Operations::default();
    for path in files(folder)? {
        let text = file::read("operation", &path)?;
        operations.files += 1;
        if let Err(errors) = ValidDocument::parse(&schema, &text, Limits::OPERATION) {
            let name = path.display().to_string();
            let found = finding::refused(errors).into_iter().map(|finding| finding.into_diagnostic(&name));
            operations.diagnostics.extend(found);
            operations.refused.push((name, text));
        }
    }
    Ok(operations)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let unread =
            |error| Failure::System(format!("the folder {} cannot be read: {error}", folder.display()));
        for entry in std::fs::read_dir(&folder).map_err(unread)? {
            let entry = entry.map_err(unread)?;
            let path = entry.path();
            // A link to a folder could lead in a circle.
            if entry.file_type().map_err(unread)?.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "graphql" || extension == "gql") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
