//! What a command prints as its result.

use std::io::Write;

use crate::exit::Failure;

/// Writes `text` and a line's end to standard output.
pub(crate) fn write_out(text: &str) -> Result<(), Failure> {
    let written = writeln!(anstream::stdout(), "{}", text.trim_end());
    written.map_err(|error| Failure::System(format!("standard output cannot be written: {error}")))
}
