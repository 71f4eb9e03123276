//! What must be there before the first command of the README builds.

use std::process::Command;

/// Build scripts with these look for a compiler of another kind, or for a library of the system.
const NEED_MORE: [&str; 6] = ["bindgen", "cmake", "nasm-rs", "openssl-sys", "prost-build", "protobuf-src"];

#[test]
fn what_is_run_first_needs_rust_and_a_c_compiler_alone() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    // Without a package, the tree is that of what `cargo run` starts.
    let asked = ["tree", "--locked", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"];
    let tree = Command::new(env!("CARGO")).args(asked).current_dir(root).output().expect("cargo starts");
    assert!(tree.status.success(), "cargo tree failed: {}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).expect("names are UTF-8");
    let built: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(built.contains(&"lms") && built.contains(&"libsqlite3-sys"), "{built:?}");
    let needing: Vec<_> = NEED_MORE.iter().filter(|name| built.contains(name)).collect();
    assert!(
        needing.is_empty(),
        "README.md: `cargo run` needs Rust and a C compiler, and nothing else; behind {needing:?} is more: \
         `cargo tree --edges normal,build --invert NAME` tells who brings it, make that a feature"
    );
}
