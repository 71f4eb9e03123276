//! The library and the gateway, driven from outside.
