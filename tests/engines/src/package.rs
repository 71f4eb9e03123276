//! What cargo tells whatever it starts, and what must not reach another cargo.

use std::env;
use std::ffi::OsString;

/// How the names of variables begin that tell of the package that is run.
const OF_THE_PACKAGE: [&str; 2] = ["CARGO_PKG_", "CARGO_MANIFEST_"];

/// The variables by which cargo has told this process of the package that it is run from. A cargo that inherits them runs build
/// scripts anew that look at them, and so does the next one without them; all that depends on those is compiled again.
pub fn variables_of_the_package() -> impl Iterator<Item = OsString> {
    let told = |name: &OsString| {
        name.to_str().is_some_and(|name| OF_THE_PACKAGE.iter().any(|start| name.starts_with(start)))
    };
    env::vars_os().map(|(name, _)| name).filter(told)
}
