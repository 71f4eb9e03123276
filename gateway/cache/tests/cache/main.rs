//! The cache as the executor sees it, in memory and with a real Redis server that goes away and comes back.

mod changes;
mod entities;
mod following;
mod redis_server;
