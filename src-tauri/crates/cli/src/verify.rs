//! `witnessmark verify`: checks a package or a case.
//!
//! Owns: its arguments and its words. Never touches: the checks.

use std::io::Write;
use std::path::{Path, PathBuf};

use witnessmark_engine::api::VerifyReport;
use witnessmark_engine::{Code, Error, VerifyOptions, verify};

use crate::{Exit, Failure, host, print};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A package (folder or .zip) or a case file.
    path: PathBuf,
    /// The signer's public key from another way than the package: its word or its file.
    #[arg(long)]
    key: Option<String>,
    /// A head of the custody log that was kept elsewhere: its size and root, such as 62:q83vEjRW…=, which also binds entries
    /// that a redacted package withholds; or its size and hash, such as 62:4c190fd3….
    #[arg(long)]
    head: Option<String>,
    /// Values and entries that the holder of the case opened with `disclose`: the file that was sent.
    #[arg(long, value_name = "FILE")]
    openings: Option<PathBuf>,
}

/// A key as it was given: a file that can be read is the key's file; anything else is taken for its word.
pub(crate) fn key_text(key: &str) -> String {
    std::fs::read_to_string(key).unwrap_or_else(|_| key.to_owned())
}

/// Checks it; exit code 1 when a layer does not hold.
pub(crate) fn run(args: &Args, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let key = args.key.as_deref().map(key_text);
    let passphrase = host::passphrase();
    let openings = args.openings.as_deref().map(text).transpose()?;
    let options = VerifyOptions {
        key: key.as_deref(),
        head: args.head.as_deref(),
        passphrase: passphrase.as_deref(),
        openings: openings.as_deref(),
    };
    let report = verify(&args.path, &options)?;
    if json {
        print::json(&report, out)?;
    } else {
        words(&report, out)?;
    }
    Ok(if report.ok {
        Exit::Done
    } else {
        Exit::Worrying
    })
}

fn text(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|e| {
        Error::new(
            Code::NotReadable,
            format!("the openings `{}` cannot be read: {e}", path.display()),
            "Give the file that `disclose` wrote.",
        )
        .at(path.to_string_lossy())
    })
}

fn words(report: &VerifyReport, out: &mut dyn Write) -> std::io::Result<()> {
    let verdict = if report.ok { "holds" } else { "DOES NOT HOLD" };
    writeln!(out, "This {} {verdict}.", report.kind)?;
    if report.kind == "package" {
        writeln!(out, "signature: {}", report.signature)?;
    }
    for layer in &report.layers {
        let mark = if layer.ok { "ok  " } else { "FAIL" };
        writeln!(out, "\n{mark} {:<12} {}", layer.layer, layer.detail)?;
        writeln!(out, "     proves: {}", layer.proves)?;
        if !layer.does_not_prove.is_empty() {
            writeln!(out, "     does not prove: {}", layer.does_not_prove)?;
        }
    }
    if let Some(comment) = &report.trusted_comment {
        writeln!(out, "\ntrusted comment: {comment}")?;
    }
    Ok(())
}
