//! The authors service.
