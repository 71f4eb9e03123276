//! The `octavo` command.
