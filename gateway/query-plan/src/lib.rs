//! The query plan and the shape of its response, as plain data.
