//! Subgraph requests over HTTP.
