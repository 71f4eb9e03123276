//! Files that arguments name.

use std::path::Path;

use serde::de::DeserializeOwned;

use crate::exit::Failure;

/// The text of a file; `what` it is stands in the message.
pub(crate) fn read(what: &str, path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::Usage(format!("the {what} {} cannot be read: {error}", path.display())))
}

/// YAML as a value; `what` it is and its `name` stand in the message.
pub(crate) fn parse_yaml<T: DeserializeOwned>(what: &str, name: &str, yaml: &str) -> Result<T, Failure> {
    // A switch is `true` or `false`: whoever quotes "no" means a text, and whether it is one is not guessed.
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(yaml, options).map_err(|error| {
        // The reader of YAML knows no file: its pictures of the place name none.
        let told = error.to_string().replace("--> <input>:", &format!("--> {name}:"));
        let told = told.strip_prefix("error: ").unwrap_or(&told);
        Failure::Usage(format!("the {what} {name} is not valid: {told}"))
    })
}
