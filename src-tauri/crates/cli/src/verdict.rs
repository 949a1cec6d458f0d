//! `verdict` and `suppress`: a person's word on findings.
//!
//! Owns: the arguments and what is printed. Never touches: what a verdict means.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use witnessmark_engine::{Case, Suppression, visible};

use crate::{Exit, Failure, host, print};

/// Say what was found out about a finding; an earlier verdict is taken back and stays in the case.
#[derive(Debug, Args)]
pub(crate) struct Verdict {
    /// The case file.
    case: PathBuf,
    /// Id of the finding, such as F-0123456789ab.
    finding: String,
    /// confirmed_compromised, confirmed_safe, benign_true_positive or remediated.
    #[arg(required_unless_present = "take_back")]
    verdict: Option<String>,
    /// Why, in your words.
    #[arg(long, default_value = "")]
    note: String,
    /// Take the verdict back.
    #[arg(long, conflicts_with = "verdict")]
    take_back: bool,
}

/// Hide findings that are known to be innocent, for a reason and until a day; without a detection or actor, list them.
#[derive(Debug, Args)]
pub(crate) struct Suppress {
    /// The case file.
    case: PathBuf,
    /// Findings of this detection, or of `sigma:` and the id of a rule.
    #[arg(long)]
    detection: Option<String>,
    /// Findings of this actor.
    #[arg(long)]
    actor: Option<String>,
    /// Why.
    #[arg(long, default_value = "")]
    reason: String,
    /// Until this day or moment (UTC); until it is taken back if not given.
    #[arg(long)]
    until: Option<String>,
    /// Take the suppression with this number back.
    #[arg(long, value_name = "N", conflicts_with_all = ["detection", "actor", "reason", "until"])]
    take_back: Option<u64>,
}

/// Runs `verdict`.
pub(crate) fn verdict(args: &Verdict, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let case = open(&args.case)?;
    let said = match &args.verdict {
        Some(verdict) => {
            case.judge(&args.finding, verdict, &args.note)?;
            verdict.as_str()
        }
        None => {
            case.withdraw_verdict(&args.finding)?;
            "taken back"
        }
    };
    if json {
        print::json(
            &serde_json::json!({ "finding": args.finding, "verdict": said }),
            out,
        )?;
    } else {
        writeln!(out, "{}: {}", visible(&args.finding), visible(said))?;
    }
    Ok(Exit::Done)
}

/// Runs `suppress`.
pub(crate) fn suppress(args: &Suppress, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let case = open(&args.case)?;
    if let Some(id) = args.take_back {
        case.unsuppress(id)?;
    } else if args.detection.is_some() || args.actor.is_some() || !args.reason.is_empty() {
        case.suppress(&Suppression {
            detection: args.detection.clone(),
            actor: args.actor.clone(),
            reason: args.reason.clone(),
            until: args.until.clone(),
        })?;
    }
    let report = case.suppressions()?;
    if json {
        print::json(&report, out)?;
        return Ok(Exit::Done);
    }
    for s in &report.suppressions {
        let of = [s.detection.as_deref(), s.actor.as_deref()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" of ");
        let until = s.until.as_ref().map_or_else(String::new, |t| {
            format!(", until {t}{}", if s.expired { " (over)" } else { "" })
        });
        writeln!(
            out,
            "{}  {}: {}{until}  ({}, {})",
            s.id,
            visible(&of),
            visible(&s.reason),
            visible(&s.who),
            s.at
        )?;
    }
    Ok(Exit::Done)
}

fn open(path: &Path) -> Result<Case, Failure> {
    Ok(Case::open(
        path,
        host::passphrase().as_deref(),
        host::setting(),
    )?)
}
