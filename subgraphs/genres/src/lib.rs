//! The genres service.
