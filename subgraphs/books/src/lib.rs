//! The books service.
