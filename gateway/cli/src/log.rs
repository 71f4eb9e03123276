//! Logs on standard error: text for a terminal, one JSON object a line for everything else.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;

/// What is logged when `OCTAVO_LOG` does not say.
const DEFAULT: &str = "info,hyper=warn,pulsar=off,redis=warn";

/// Starts logging for this process. A second start changes nothing. `more` says what is logged, when `OCTAVO_LOG` does not say, of crates
/// that a program brings along: `tantivy=error`.
pub fn start(more: &[&str]) {
    let filter = EnvFilter::try_from_env("OCTAVO_LOG").unwrap_or_else(|_| default(more));
    // When nobody reads standard error any more, a log line is lost; telling that there would panic.
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr).log_internal_errors(false);
    let started = if stderr().is_terminal() {
        let colours = std::env::var_os("NO_COLOR").is_none();
        subscriber.with_ansi(colours).with_target(false).try_init()
    } else {
        subscriber.json().flatten_event(true).try_init()
    };
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}

fn default(more: &[&str]) -> EnvFilter {
    EnvFilter::new([&[DEFAULT], more].concat().join(","))
}

#[cfg(test)]
mod tests {
    use tracing::{Level, enabled};

    use super::default;

    #[test]
    fn a_program_says_what_is_logged_of_what_it_brings_along() {
        let subscriber = tracing_subscriber::fmt().with_env_filter(default(&["tantivy=error"])).finish();
        tracing::subscriber::with_default(subscriber, || {
            assert!(!enabled!(target: "tantivy::indexer", Level::WARN));
            assert!(enabled!(target: "tantivy::indexer", Level::ERROR));
            assert!(!enabled!(target: "redis", Level::INFO));
            assert!(enabled!(target: "octavo_server", Level::INFO));
        });
    }
}
