//! A query plan executed into response payloads.
