//! What the driver's errors mean.

use mongodb::error::{Error, ErrorKind, WriteFailure};

use crate::StoreError;

/// The server's code for a unique key that is taken.
const DUPLICATE_KEY: i32 = 11_000;

pub(super) fn corrupt(source: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::corrupt("document", source)
}

pub(super) fn is_away(error: &Error) -> bool {
    matches!(
        *error.kind,
        ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. } | ErrorKind::ServerSelection { .. }
    )
}

pub(super) fn refusal(error: Error) -> StoreError {
    StoreError::Refused(Box::new(error))
}

pub(super) fn is_duplicate(error: &Error) -> bool {
    match error.kind.as_ref() {
        ErrorKind::Write(WriteFailure::WriteError(write)) => write.code == DUPLICATE_KEY,
        ErrorKind::Command(command) => command.code == DUPLICATE_KEY,
        _ => false,
    }
}

/// How many documents of an unordered insert were refused because they were there already.
pub(super) fn taken<T>(answer: mongodb::error::Result<T>) -> Result<usize, StoreError> {
    let Err(error) = answer else { return Ok(0) };
    if let ErrorKind::InsertMany(failures) = error.kind.as_ref()
        && failures.write_concern_error.is_none()
        && let Some(writes) = &failures.write_errors
        && writes.iter().all(|write| write.code == DUPLICATE_KEY)
    {
        return Ok(writes.len());
    }
    Err(refusal(error))
}
