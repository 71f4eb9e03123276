//! The moves that a query can make between subgraphs.
