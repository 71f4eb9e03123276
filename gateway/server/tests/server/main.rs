//! The server from outside: HTTP in, HTTP out, over a small supergraph whose subgraphs are closures.

mod authorization;
mod events;
mod kit;
mod limits;
mod overload;
mod overrides;
mod pages;
mod parts;
mod protocol;
mod stop;
mod traffic;
