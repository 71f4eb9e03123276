//! Free loopback ports.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::Context;

/// Below the range from which outgoing connections take theirs, so that none can slip in before the engine listens.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

static TAKEN: AtomicU16 = AtomicU16::new(0);

/// An address that nothing listens on, and that this process gave out to nobody else.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    let size = RANGE.end - RANGE.start;
    // Processes of one test run begin at different places.
    let first = u16::try_from(std::process::id() * 37 % u32::from(size)).unwrap_or(0);
    let free = |_| {
        let step = TAKEN.fetch_add(1, Ordering::Relaxed) % size;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, RANGE.start + (first + step) % size));
        TcpListener::bind(address).is_ok().then_some(address)
    };
    (0..size).find_map(free).context("no port is free")
}
