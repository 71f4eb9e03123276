//! A valid operation, bound to the supergraph and normalised.
