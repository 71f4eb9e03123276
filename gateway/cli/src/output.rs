//! What a command prints as its result.

use std::io::ErrorKind::BrokenPipe;
use std::io::Write;

use crate::exit::Failure;

/// Writes `text` and a line's end to standard output. A reader that has read enough is no fault.
pub(crate) fn write_out(text: &str) -> Result<(), Failure> {
    let written = writeln!(anstream::stdout(), "{}", text.trim_end());
    let written = written.or_else(|error| if error.kind() == BrokenPipe { Ok(()) } else { Err(error) });
    written.map_err(|error| Failure::System(format!("standard output cannot be written: {error}")))
}
