//! Real engines, started and stopped for a test run.
