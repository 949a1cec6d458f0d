//! `cargo xtask`: the README's two commands, and the chores beside them.
//!
//! Owns: which steps there are and their order. Never touches: what a step checks; each is a program of its own.

mod bench;
mod bindings;
mod conformance;
mod frames;
mod licences;
mod peers;
mod pictures;
mod run;
mod steps;
mod system;
mod test;

use std::io::Write as _;
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask run        install what is missing, build, make the sample case, open the window
cargo xtask test       install what is missing, then every check and every test
    [STEP]...          only these steps; `cargo xtask test --list` names them
cargo xtask bindings   write the TypeScript types of the window from the Rust ones
cargo xtask pictures   photograph the real window into out/pictures, and for the README
cargo xtask bench      the benchmarks, with their figures
    detect             the review, and Sigma rules beside their peer
    drill              the pages of the drill-downs, the actor's beside DuckDB's best
    frames [ROWS]      how long frames take in the real window on that many events
cargo xtask conformance  the profiles against the real exports of WITNESSMARK_CORPUS; writes docs/conformance.md
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let rest = words.get(1..).unwrap_or_default();
    let done = match words.first().map(String::as_str) {
        Some("run") => run::run(),
        Some("test") => test::test(rest),
        Some("bindings") => bindings::write(),
        Some("pictures") => pictures::pictures(),
        Some("conformance") => conformance::conformance(),
        Some("bench") if rest.first().is_some_and(|w| w == "frames") => frames::frames(&rest[1..]),
        Some("bench") => bench::bench(rest),
        None | Some("help" | "--help" | "-h") => {
            steps::say(HELP);
            Ok(())
        }
        Some(other) => Err(format!("there is no `cargo xtask {other}`\n\n{HELP}").into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell when the terminal is gone.
            let _ = writeln!(std::io::stderr(), "\nerror: {error}");
            ExitCode::FAILURE
        }
    }
}
