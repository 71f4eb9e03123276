//! Entities kept in memory and in Redis.
