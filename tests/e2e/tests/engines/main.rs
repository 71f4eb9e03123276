//! Five services as processes of their own on real engines, behind a gateway with a shared cache.

mod cache;
mod entities;
mod figures;
mod stack;
