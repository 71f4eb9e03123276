//! The flags.

use std::{net::SocketAddr, path::PathBuf};

use clap::Parser;

/// The whole library and its gateway in one process.
#[derive(Parser, Debug)]
#[command(name = "lms", version, about)]
pub(crate) struct Arguments {
    /// The address of the gateway and its playground
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:4000")]
    pub(crate) listen: SocketAddr,
    /// The folder in which the library is kept
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub(crate) data: PathBuf,
    /// Asks callers for a token of the library; without it, everyone is a local administrator
    #[arg(long)]
    pub(crate) secured: bool,
    /// Makes the user `admin`, if there is none, with the password in a file (or in the variable `ADMIN_PASSWORD`)
    #[arg(long, value_name = "FILE")]
    pub(crate) admin_password_file: Option<PathBuf>,
    /// Lets the gateway keep entities until it hears that they have changed; what has just changed may then be seen a moment late
    #[arg(long)]
    pub(crate) cache: bool,
    /// Starts with an empty library, without the sample
    #[arg(long)]
    pub(crate) empty: bool,
}
