//! Supergraph SDL as a frozen, indexed schema.
