//! Composes files: `compose [--format json] --output FILE NAME=FILE[=URL]...`.

use std::process::ExitCode;

use octavo_composition::{Options, SubgraphInput, compose};
use octavo_diagnostics::{Sources, render};

#[expect(clippy::print_stdout, clippy::disallowed_methods, reason = "an example prints and reads files")]
fn main() -> ExitCode {
    let mut output = None;
    let mut texts = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "compose" => {}
            "--format" => drop(arguments.next()),
            "--output" => output = arguments.next(),
            _ => {
                let mut parts = argument.splitn(3, '=').map(str::to_owned);
                let (name, file, url) = (parts.next(), parts.next(), parts.next());
                let sdl = std::fs::read_to_string(file.unwrap_or_default()).unwrap_or_default();
                texts.push((name.unwrap_or_default(), url.unwrap_or_default(), sdl));
            }
        }
    }
    let inputs: Vec<SubgraphInput> =
        texts.iter().map(|(name, url, sdl)| SubgraphInput { name, url, sdl }).collect();
    let composition = compose(&inputs, &Options::default());
    let sources: Sources = inputs.iter().map(|input| (input.name, input.sdl)).collect();
    if std::env::var_os("HUMAN").is_some() {
        println!("{}", render::human(&composition.diagnostics, &sources));
    } else {
        println!("{}", render::json(&composition.diagnostics, &sources));
    }
    match (composition.supergraph_sdl, output) {
        (Some(sdl), Some(output)) => {
            std::fs::write(output, sdl).map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
        }
        (Some(sdl), None) => {
            println!("{sdl}");
            ExitCode::SUCCESS
        }
        (None, _) => ExitCode::FAILURE,
    }
}
