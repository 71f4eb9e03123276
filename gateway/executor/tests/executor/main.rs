//! The executor by its rules: plans built by hand, answers given, responses compared.

#[cfg(test)]
mod caching;
mod completing;
mod entities;
mod errors;
mod hostile;
#[cfg(test)]
mod kit;
mod merging;
mod reading;
mod scheduling;
