//! What the driver's errors mean.

use mongodb::error::{Error, ErrorKind, WriteFailure};

use crate::StoreError;

/// The server's code for a unique key that is taken.
const DUPLICATE_KEY: i32 = 11_000;
/// Its code for a disk that is full, and what one over SQLite says in place of that.
const OUT_OF_DISK_SPACE: i32 = 14_031;
const DISK_FULL: &str = "database or disk is full";
/// Its codes for what others hold, or change at the same time: a lock that was waited for in vain, one that is busy, a conflict of
/// writes.
const CONTENDED: [i32; 3] = [24, 46, 112];

pub(super) fn corrupt(source: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::corrupt("document", source)
}

pub(super) fn is_away(error: &Error) -> bool {
    matches!(
        *error.kind,
        ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. } | ErrorKind::ServerSelection { .. }
    )
}

/// Whether the server has no room to write.
fn is_disk_full(error: &Error) -> bool {
    code(error) == Some(OUT_OF_DISK_SPACE) || error.to_string().contains(DISK_FULL)
}

pub(super) fn refusal(error: Error) -> StoreError {
    let is_contended = code(&error).is_some_and(|code| CONTENDED.contains(&code));
    if is_contended || is_disk_full(&error) {
        StoreError::Contended(Box::new(error))
    } else {
        StoreError::Refused(Box::new(error))
    }
}

pub(super) fn is_duplicate(error: &Error) -> bool {
    code(error) == Some(DUPLICATE_KEY)
}

/// By which the server says why it refused a statement.
fn code(error: &Error) -> Option<i32> {
    match error.kind.as_ref() {
        ErrorKind::Write(WriteFailure::WriteError(write)) => Some(write.code),
        ErrorKind::Command(command) => Some(command.code),
        ErrorKind::InsertMany(failures) => {
            failures.write_errors.iter().flatten().map(|write| write.code).find(|code| *code != DUPLICATE_KEY)
        }
        _ => None,
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
