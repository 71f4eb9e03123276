//! What a test may do to any engine that it started itself.

use std::future::Future;

use anyhow::Context as _;

use crate::disk::Disk;
use crate::server::Server;

/// An engine that runs as a process of this test run.
pub trait Engine {
    /// The process behind the engine.
    fn server(&mut self) -> &mut Server;

    /// Ends the process at once, as `kill -9` does; its data stays for [`Engine::restart`].
    fn kill9(&mut self) -> anyhow::Result<()> {
        self.server().kill9()
    }

    /// Stops the process from running, as a machine that hangs does; connections stay open.
    fn pause(&mut self) -> anyhow::Result<()> {
        self.server().pause()
    }

    /// Lets a paused process run on.
    fn resume(&mut self) -> anyhow::Result<()> {
        self.server().resume()
    }

    /// Leaves it no room to write, where it has a disk of its own.
    fn fill_disk(&mut self) -> anyhow::Result<()> {
        self.server().disk().context("it has no disk of its own")?.fill()
    }

    /// Gives it room again, if it has a disk of its own.
    fn free_disk(&mut self) -> anyhow::Result<()> {
        self.server().disk().map_or(Ok(()), Disk::free)
    }

    /// Starts the process again on the same port and data, and waits until it answers.
    fn restart(&mut self) -> impl Future<Output = anyhow::Result<()>> + Send
    where
        Self: Send,
    {
        async { self.server().restart().await }
    }

    /// Stops the engine in an orderly way.
    fn stop(&mut self) -> impl Future<Output = anyhow::Result<()>> + Send
    where
        Self: Send,
    {
        async { self.server().stop().await }
    }
}
