//! Files that arguments name.

use std::path::Path;

use crate::exit::Failure;

/// The text of a file; `what` it is stands in the message.
pub(crate) fn read(what: &str, path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::Usage(format!("the {what} {} cannot be read: {error}", path.display())))
}
