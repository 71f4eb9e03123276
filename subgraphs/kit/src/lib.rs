//! What every service of the library shares.
