//! Ranks, sizes and habits of the tree, held by tests.
