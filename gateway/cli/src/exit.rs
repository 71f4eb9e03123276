//! How a command ends: one message, and a code that says whose turn it is.

use std::process::ExitCode;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The input is not valid: exit 1.
    #[error("{0}")]
    Invalid(String),
    /// A file, an option or the configuration is wrong: exit 2.
    #[error("{0}")]
    Usage(String),
    /// The system refuses something: exit 3.
    #[error("{0}")]
    System(String),
}

impl Failure {
    /// The process's exit code.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Invalid(_) => 1,
            Self::Usage(_) => 2,
            Self::System(_) => 3,
        })
    }
}
