//! `pull CASE CONNECTOR` and `connectors`: remote logs.
//!
//! Owns: the arguments, progress on a terminal, what is printed. Never touches: requests. No argument holds a secret,
//! because arguments can be read by others on the same machine; `secret` says where one comes from.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use witnessmark_engine::api::{CoveragePart, PullProgress, PullReport, PullRequest, TriedReport};
use witnessmark_engine::{Case, Code, Connectors, Error, Zone, pull_target, visible};

use crate::secret::{self, Found, Told};
use crate::{Exit, Failure, host, print};

/// Pull a remote log into a case up to the present; a later pull goes on where this one ended.
#[derive(Debug, Args)]
#[command(
    after_help = "The secret is read from the environment variable WITNESSMARK_SECRET, else from the keyring of the system if it is kept there \
                  for this connector and address, else asked for at the terminal; never from an argument. \
                  WITNESSMARK_KEYRING=none leaves the keyring alone."
)]
pub(crate) struct Pull {
    /// The case file; it is made if it is not there.
    case: PathBuf,
    /// Id of a connector (`witnessmark connectors` lists them), or a connector file ending in .toml.
    connector: String,
    /// Where a first pull begins, such as 2026-04-01; as far back as the vendor keeps, or as the connector says, if not given.
    /// A later pull then also asks for what lies between it and the first.
    #[arg(long)]
    since: Option<String>,
    /// A setting of the connector.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// Your own server instead of the vendor's, such as https://github.example.com/api/v3.
    #[arg(long, value_name = "ADDRESS")]
    base: Option<String>,
    /// Allow servers on this machine and in private networks.
    #[arg(long)]
    allow_private: bool,
    /// File with PEM certificates that are trusted beside the system's.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Ask for the last span of time once more at the end, such as 24h, for entries that came late; not for logs that cannot be
    /// asked by time.
    #[arg(long, value_name = "SPAN")]
    settle: Option<String>,
    /// Only this stream of the connector; can be repeated.
    #[arg(long = "stream", value_name = "NAME")]
    streams: Vec<String>,
    /// Ask for one page, show it, and keep nothing of it.
    #[arg(long = "try")]
    trial: bool,
    /// Keep the secret in the keyring of the system once the server has taken it; it is used for this connector at this
    /// scheme, host and port, with these settings only.
    #[arg(long)]
    keep_secret: bool,
    /// Take the secret that is kept for this connector and address out of the keyring, and pull nothing.
    #[arg(long, conflicts_with_all = ["keep_secret", "trial"])]
    forget_secret: bool,
}

/// A report, and beside it what became of the secret.
#[derive(Serialize)]
struct Answer<'a, T> {
    #[serde(flatten)]
    report: &'a T,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a Told>,
}

/// List the connectors, or print the text of one to be copied and changed.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Id of a connector.
    connector: Option<String>,
}

/// The remote logs of a case: what they cover, and every request.
#[derive(Debug, Args)]
pub(crate) struct Pulled {
    /// The case file.
    case: PathBuf,
}

/// Runs `pull`.
pub(crate) fn run(args: &Pull, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let request = request(args)?;
    let target = pull_target(&request)?;
    if args.forget_secret {
        return secret::forget(&target, json, out);
    }
    let keyring = host::keyring();
    let found = Found::look(&target, keyring, args.keep_secret)?;
    let secret = found.secret();
    let made = !args.case.exists();
    let case = if made {
        let name = args
            .case
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Case::create(
            &args.case,
            &name,
            host::passphrase().as_deref(),
            &Zone::UTC,
            host::setting(),
        )?
    } else {
        Case::open(&args.case, host::passphrase().as_deref(), host::setting())?
    };
    let done = if args.trial {
        case.pull_trial(&request, secret.as_ref())
            .map(|tried| (Some(tried), None))
    } else {
        let show = io::stderr().is_terminal() && !json;
        let mut tell = |p: &PullProgress| {
            if show {
                progress(p);
            }
            ControlFlow::Continue(())
        };
        let report = case.pull(&request, secret.as_ref(), &mut tell);
        if show {
            print::progress_end();
        }
        report.map(|report| (None, Some(report)))
    };
    let nothing = done.as_ref().map_or(true, |(_, report)| {
        report
            .as_ref()
            .is_none_or(|r| r.streams.iter().all(|stream| stream.pages == 0))
    });
    if made && nothing {
        // A case that this very command made and for which no page was answered is no evidence; leaving it would only surprise. One
        // that was answered with nothing is: it says what was asked for, and what it covers.
        case.discard_new()?;
    }
    match done.map_err(|error| found.explained(error))? {
        (Some(tried), _) => {
            let told = found.taken(keyring);
            if json {
                let (report, secret) = (&tried, told.as_ref());
                print::json(&Answer { report, secret }, out)?;
            } else {
                trial(&tried, out)?;
                told.map_or(Ok(()), |told| told.say(out))?;
            }
            Ok(Exit::Done)
        }
        (_, Some(report)) => {
            let stopped = report.streams.iter().find_map(|s| s.stopped.clone());
            // Whether a server took the secret is known only where one answered to the end.
            let told = match stopped {
                None => found.taken(keyring),
                Some(_) => None,
            };
            if json {
                let (report, secret) = (&report, told.as_ref());
                print::json(&Answer { report, secret }, out)?;
            } else {
                receipt(&report, out)?;
                told.map_or(Ok(()), |told| told.say(out))?;
            }
            out.flush()?;
            match stopped {
                Some(error) => Err(found.explained(error).into()),
                None if report.streams.iter().any(|s| s.rejected > 0) => Ok(Exit::Rejected),
                None => Ok(Exit::Done),
            }
        }
        (None, None) => Ok(Exit::Done),
    }
}

/// Runs `connectors`.
pub(crate) fn list(args: &List, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    if let Some(id) = &args.connector {
        let text = Connectors::text(id)?;
        if json {
            print::json(&serde_json::json!({"id": id, "text": text}), out)?;
        } else {
            out.write_all(text.as_bytes())?;
        }
        return Ok(Exit::Done);
    }
    let report = Connectors::list()?;
    if json {
        print::json(&report, out)?;
        return Ok(Exit::Done);
    }
    for connector in &report.connectors {
        writeln!(out, "{:<24} {}", connector.id, connector.title)?;
        for setting in &connector.settings {
            writeln!(
                out,
                "{:<24}   --set {}=…  {}",
                "", setting.name, setting.hint
            )?;
        }
    }
    Ok(Exit::Done)
}

/// Runs `pulled`.
pub(crate) fn pulled(args: &Pulled, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let case = Case::open_to_read(&args.case, host::passphrase().as_deref(), host::setting())?;
    let report = case.pulled()?;
    if json {
        print::json(&report, out)?;
        return Ok(Exit::Done);
    }
    for stream in &report.streams {
        writeln!(
            out,
            "{} {} {}",
            stream.id,
            visible(&stream.connector),
            visible(&stream.origin)
        )?;
        for (name, value) in &stream.settings {
            writeln!(out, "  {} = {}", visible(name), visible(value))?;
        }
        if !stream.stream.is_empty() {
            writeln!(out, "  stream {}", visible(&stream.stream))?;
        }
        coverage(&stream.coverage, out)?;
        for page in &stream.pages {
            writeln!(
                out,
                "  {} {} {:>6} entries {} {}",
                page.at,
                page.status,
                page.entries,
                page.sha256,
                visible(&page.url)
            )?;
        }
    }
    Ok(Exit::Done)
}

fn request(args: &Pull) -> Result<PullRequest, Failure> {
    let read = |path: &std::path::Path, what: &str| {
        std::fs::read_to_string(path).map_err(|e| {
            Error::new(
                Code::NotReadable,
                format!("{what} `{}` cannot be read: {e}", path.display()),
                "Check the name.",
            )
            .at(path.to_string_lossy())
        })
    };
    let own = args.connector.ends_with(".toml");
    let mut settings = BTreeMap::new();
    for setting in &args.settings {
        let Some((name, value)) = setting.split_once('=') else {
            let message = format!("the setting `{setting}` has no `=`");
            return Err(Error::new(Code::InvalidOption, message, "Write --set name=value.").into());
        };
        settings.insert(name.trim().to_owned(), value.to_owned());
    }
    Ok(PullRequest {
        connector: args.connector.clone(),
        text: if own {
            Some(read(args.connector.as_ref(), "the connector")?)
        } else {
            None
        },
        settings,
        base: args.base.clone(),
        allow_private: args.allow_private,
        authorities: args
            .ca
            .as_deref()
            .map(|path| read(path, "the file of certificates"))
            .transpose()?,
        since: args.since.clone(),
        settle: args.settle.clone(),
        streams: args.streams.clone(),
        schedule: None,
    })
}

fn progress(p: &PullProgress) {
    let waiting = p.waiting.map_or(String::new(), |s| {
        format!(", the server asked to wait {s:.0} s")
    });
    let left = p
        .left
        .map_or(String::new(), |left| format!(", {left} requests left"));
    let ended = p
        .streams
        .iter()
        .filter(|s| matches!(s.state.as_str(), "done" | "stopped"))
        .count();
    let streams = match p.streams.len() {
        0 => String::new(),
        begun => format!("{ended} of {begun} streams begun are done, "),
    };
    // Nobody is left to tell when stderr is gone.
    let _ = write!(
        io::stderr(),
        "\r\x1b[K{streams}{} pages, {} entries, {:.0}/s{left}{waiting}",
        p.pages,
        p.entries,
        p.rate
    );
}

fn receipt(report: &PullReport, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{} from {}", report.connector, visible(&report.origin))?;
    for stream in &report.streams {
        if !stream.stream.is_empty() {
            writeln!(out, "stream {}", visible(&stream.stream))?;
        }
        writeln!(
            out,
            "  {} pages: {} entries = {} stored + {} duplicates + {} rejected",
            stream.pages, stream.entries, stream.stored, stream.duplicates, stream.rejected
        )?;
        coverage(&stream.coverage, out)?;
    }
    for note in &report.notes {
        writeln!(out, "note: {note}")?;
    }
    Ok(())
}

fn coverage(parts: &[CoveragePart], out: &mut dyn Write) -> io::Result<()> {
    for part in parts {
        let word = if part.complete { "covered" } else { "gap    " };
        let reason = if part.reason.is_empty() {
            String::new()
        } else {
            format!(": {}", visible(&part.reason))
        };
        writeln!(out, "  {word} {} to {}{reason}", part.from, part.to)?;
    }
    Ok(())
}

fn trial(tried: &TriedReport, out: &mut dyn Write) -> io::Result<()> {
    for page in &tried.pages {
        writeln!(out, "{} {}", page.status, visible(&page.url))?;
        for (name, value) in &page.headers {
            writeln!(out, "  {}: {}", visible(name), visible(value))?;
        }
    }
    writeln!(
        out,
        "{} entries{}; next: {}",
        tried.entries,
        tried
            .ids
            .map_or(String::new(), |ids| format!(" ({ids} with the id)")),
        visible(
            tried
                .next
                .as_deref()
                .unwrap_or("none, this is the last page")
        )
    )?;
    writeln!(out, "{}", tried.beginning)
}
