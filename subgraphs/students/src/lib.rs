//! The students service.
