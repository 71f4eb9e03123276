//! Subgraph SDL composed into a supergraph.
