//! Services as processes of their own on real engines: behind a gateway with a shared cache, and in sagas over Pulsar.

mod cache;
mod entities;
mod events;
mod figures;
mod replicas;
mod sagas;
mod stack;
mod stops;
