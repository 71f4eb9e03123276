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
    /// Starts with an empty library, without the sample
    #[arg(long)]
    pub(crate) empty: bool,
}
