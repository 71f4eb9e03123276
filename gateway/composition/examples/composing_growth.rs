//! How time and memory of composing grow with the number of subgraphs: `cargo run --release -p octavo-composition --example
//! composing_growth`.
//!
//! Each subgraph has fifty entities; each of them points at the next, the last one at the first of the next subgraph, which also
//! extends ten of them. With `--hub` all subgraphs extend one entity by ten fields each instead. Every size runs in a process of its
//! own, so that its peak of memory is its own.
//!
//! Arguments are numbers of subgraphs, in place of the usual ones; `--write DIR` writes each graph's subgraphs below that folder
//! instead of composing them.

#![expect(clippy::print_stdout, reason = "its table is what it is run for")]

use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use std::{env, fs, io};

use mimalloc::MiMalloc;
use octavo_composition::{Options, SubgraphInput, compose};

/// As in the command.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const LINK: &str =
    "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.9\", import: [\"@key\"])\n";
const SIZES: [usize; 5] = [5, 10, 50, 100, 500];
const TYPES: usize = 50;
const EXTENDED: usize = 10;
/// Small sizes are composed several times: the first time and the best count.
const ENOUGH: usize = 100;

/// What a graph is made of.
#[derive(Clone, Copy)]
enum Shape {
    Chain,
    Hub,
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let sizes: Vec<usize> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if sizes.is_empty() { SIZES.to_vec() } else { sizes };
    let shape = if has("--hub") { Shape::Hub } else { Shape::Chain };
    if let Some(at) = arguments.iter().position(|argument| argument == "--write") {
        let folder = arguments.get(at + 1).ok_or_else(|| io::Error::other("--write needs a folder"))?;
        return sizes.iter().try_for_each(|&size| write(Path::new(folder), shape, size));
    }
    if has("--alone") {
        return sizes.iter().try_for_each(|&size| measure(shape, size));
    }
    println!("subgraphs  bytes in   bytes out       first        best      peak");
    for size in sizes {
        let mut alone = Command::new(env::current_exe()?);
        let flags = arguments.iter().filter(|argument| argument.starts_with("--"));
        let status = alone.args(flags).args(["--alone", &size.to_string()]).status()?;
        if !status.success() {
            return Err(io::Error::other(format!("{size} subgraphs: {status}")));
        }
    }
    Ok(())
}

fn measure(shape: Shape, size: usize) -> io::Result<()> {
    let subgraphs = subgraphs(shape, size);
    let inputs: Vec<SubgraphInput> =
        subgraphs.iter().map(|(name, sdl)| SubgraphInput { name, url: "", sdl }).collect();
    let (mut first, mut best, mut out) = (f64::INFINITY, f64::INFINITY, 0);
    for time in 0..(ENOUGH / size).max(1) {
        let start = Instant::now();
        let composition = compose(&inputs, &Options::default());
        let took = start.elapsed().as_secs_f64() * 1000.0;
        first = if time == 0 { took } else { first };
        best = best.min(took);
        let sdl = composition.supergraph_sdl.ok_or_else(|| io::Error::other("the graph does not compose"))?;
        out = sdl.len();
    }
    let text: usize = subgraphs.iter().map(|(_, sdl)| sdl.len()).sum();
    let peak = peak_memory()?;
    println!("{size:9} {text:9} {out:11} {first:8.1} ms {best:8.1} ms {peak:6.0} MB");
    Ok(())
}

/// The most memory that this process had so far, in megabytes.
fn peak_memory() -> io::Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<f64>().ok());
    kilobytes.map(|kilobytes| kilobytes / 1000.0).ok_or_else(|| io::Error::other("no peak of memory"))
}

fn write(folder: &Path, shape: Shape, size: usize) -> io::Result<()> {
    let folder = folder.join(size.to_string());
    fs::create_dir_all(&folder)?;
    subgraphs(shape, size)
        .into_iter()
        .try_for_each(|(name, sdl)| fs::write(folder.join(name).with_extension("graphql"), sdl))
}

fn subgraphs(shape: Shape, size: usize) -> Vec<(String, String)> {
    let text = |at| match shape {
        Shape::Chain => in_chain(at, size),
        Shape::Hub => of_hub(at),
    };
    (0..size).map(|at| (format!("s{at:03}"), format!("{LINK}{}", text(at)))).collect()
}

fn of_hub(at: usize) -> String {
    let mut sdl =
        format!("type Query {{ first{at}(id: ID!): Hub }}\ntype Hub @key(fields: \"id\") {{ id: ID!\n");
    for field in 0..EXTENDED {
        let _ = writeln!(sdl, "  f{at}x{field}: Int");
    }
    sdl + "}\n"
}

fn in_chain(at: usize, size: usize) -> String {
    let mut sdl = String::new();
    let _ = writeln!(sdl, "type Query {{ first{at}(id: ID!): T{at}x0 }}");
    for ty in 0..TYPES {
        let next =
            if ty + 1 < TYPES { format!("T{at}x{}", ty + 1) } else { format!("T{}x0", (at + 1) % size) };
        let _ = writeln!(
            sdl,
            "type T{at}x{ty} @key(fields: \"id\") {{ id: ID! name: String! many(first: Int = 10): [String!] next: {next} }}"
        );
    }
    let _ =
        writeln!(sdl, "type T{}x0 @key(fields: \"id\", resolvable: false) {{ id: ID! }}", (at + 1) % size);
    let before = (at + size - 1) % size;
    for ty in 0..EXTENDED {
        let _ = writeln!(sdl, "type T{before}x{ty} @key(fields: \"id\") {{ id: ID! added{ty}: Int }}");
    }
    sdl
}
