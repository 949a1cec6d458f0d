//! `detect CASE`: the review of a case.
//!
//! Owns: the arguments, how findings look on a terminal, exit code 1 when there are some. Never touches: detections.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use witnessmark_engine::api::{DetectReport, FindingPage, FindingPart};
use witnessmark_engine::{Case, Code, DetectChoices, RuleFiles, visible};

use crate::commands::{open, zone_named};
use crate::{Exit, Failure, host, print};

/// Look for broken habits, attacked credentials, the money path and more; exit code 1 when something is found.
#[derive(Debug, Args)]
pub(crate) struct Detect {
    /// The case file.
    case: PathBuf,
    /// How often a detection would find at other values, such as impossible_travel.kmh=500,1000.
    #[arg(long = "what-if", value_name = "P=V")]
    what_if: Vec<String>,
    /// Sigma rules to run beside the detections: a folder, a zip or a file.
    #[arg(long, value_name = "DIR|ZIP")]
    rules: Vec<PathBuf>,
    /// A database of addresses in the MMDB format, for cities and countries; may be given several times.
    #[arg(long, value_name = "FILE")]
    geo: Vec<PathBuf>,
    /// Only findings that have a row in this filter; the detections look at every event all the same.
    #[arg(long, allow_hyphen_values = true, default_value = "")]
    query: String,
}

/// Show one finding of the last review in full: its rows, its baseline, each number against its threshold.
#[derive(Debug, Args)]
pub(crate) struct Finding {
    /// The case file.
    case: PathBuf,
    /// Id of the finding, such as F-0123456789ab.
    id: String,
    /// Zone of the times of rows.
    #[arg(long, default_value = "UTC")]
    zone: String,
}

/// Runs the command.
pub(crate) fn run(args: Detect, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    // Rules are looked at before the case, so that a misspelt path costs nothing.
    let mut rules = RuleFiles::default();
    for path in &args.rules {
        rules.add(path)?;
    }
    let passphrase = host::passphrase();
    // What is found is kept in the case; while another program holds it, it is found all the same and not kept.
    let case = match Case::open(&args.case, passphrase.as_deref(), host::setting()) {
        Err(error) if error.code == Code::CaseBusy => {
            Case::open_to_read(&args.case, passphrase.as_deref(), host::setting())?
        }
        other => other?,
    };
    for path in &args.geo {
        case.use_addresses(path)?;
    }
    let report = case.detect(&DetectChoices {
        query: args.query,
        what_if: args.what_if,
        rules,
    })?;
    if json {
        print::json(&report, out)?;
    } else {
        text(&report, out)?;
    }
    Ok(if report.open == 0 {
        Exit::Done
    } else {
        Exit::Worrying
    })
}

/// Runs `finding`.
pub(crate) fn page(args: &Finding, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let zone = zone_named(&args.zone)?;
    let page = open(&args.case)?.finding_page(&args.id, &zone)?;
    if json {
        print::json(&page, out)?;
    } else {
        whole(&page, out)?;
    }
    Ok(Exit::Done)
}

fn whole(page: &FindingPage, out: &mut dyn Write) -> io::Result<()> {
    one(&page.finding, out)?;
    if page.stale {
        writeln!(out, "    the case has changed since; `detect` looks anew")?;
    }
    for event in &page.rows {
        let row = &event.row;
        let time = row.time.as_ref().map_or_else(String::new, |t| {
            format!("{} {} {}", t.day, t.clock, t.offset)
        });
        let sentence: Vec<&str> = row.sentence.iter().map(|p| p.text.as_str()).collect();
        writeln!(
            out,
            "    {:>10}  {time}  {}",
            row.event,
            visible(&sentence.join(" "))
        )?;
    }
    let part = |title: &str, lines: &[String], out: &mut dyn Write| -> io::Result<()> {
        if !lines.is_empty() {
            writeln!(out, "  {title}")?;
        }
        for line in lines {
            writeln!(out, "    {}", visible(line))?;
        }
        Ok(())
    };
    let finding = &page.finding;
    part("would be no finding with", &finding.would_change, out)?;
    part("innocent reasons", &finding.benign, out)?;
    part("this log cannot show", &finding.cannot_show, out)?;
    if let Some(v) = &finding.verdict {
        let stale = if v.stale {
            "  (it has other events now)"
        } else {
            ""
        };
        let said = format!("{}: {}  ({}, {}){stale}", v.verdict, v.note, v.who, v.at);
        part("verdict", &[said], out)?;
    }
    if let Some(s) = &finding.suppressed {
        part(
            "hidden",
            &[format!("{}  ({}, {})", s.reason, s.who, s.at)],
            out,
        )?;
    }
    Ok(())
}

fn text(report: &DetectReport, out: &mut dyn Write) -> io::Result<()> {
    for finding in &report.findings {
        one(finding, out)?;
    }
    writeln!(
        out,
        "{} findings in {} events",
        print::number(report.findings.len() as u64),
        print::number(report.events)
    )?;
    for (n, why) in [
        (report.undated, "have no time"),
        (report.out_of_range, "have a time that cannot be true"),
    ] {
        if n > 0 {
            writeln!(
                out,
                "{} events {why} and were not looked at",
                print::number(n)
            )?;
        }
    }
    for what in &report.what_if {
        writeln!(
            out,
            "at {}={}: {} findings ({} of the present ones gone, {} new)",
            what.parameter,
            what.value,
            what.findings,
            what.gone.len(),
            what.new.len()
        )?;
    }
    for answer in &report.cannot_tell {
        writeln!(
            out,
            "cannot tell  {}  {}: {}",
            answer.detection,
            visible(&answer.source),
            visible(&answer.reason)
        )?;
    }
    let mut detections: Vec<(&str, u64)> = Vec::new();
    for entry in &report.not_enough_history {
        match detections.iter_mut().find(|(d, _)| *d == entry.detection) {
            Some((_, n)) => *n += 1,
            None => detections.push((&entry.detection, 1)),
        }
    }
    for (detection, listed) in detections {
        let more = report
            .not_enough_history_more
            .get(detection)
            .copied()
            .unwrap_or(0);
        let first = report
            .not_enough_history
            .iter()
            .find(|e| e.detection == detection);
        let example = first.map_or_else(String::new, |e| {
            format!(", such as {} ({})", visible(&e.actor), visible(&e.reason))
        });
        writeln!(
            out,
            "not enough history  {detection}  for {}{example}",
            print::number(listed + more)
        )?;
    }
    for rule in &report.rules_not_run {
        writeln!(
            out,
            "not run  {}  {}",
            visible(&rule.id),
            visible(&rule.reason)
        )?;
    }
    Ok(())
}

fn one(finding: &FindingPart, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{:<13}  {}  {}  {}",
        finding.severity,
        finding.id,
        finding.first,
        visible(&finding.title)
    )?;
    writeln!(out, "    {}", visible(&finding.sentence))?;
    let measured: Vec<String> = finding
        .measured
        .iter()
        .map(|(name, value)| match finding.thresholds.get(name) {
            Some(threshold) => format!("{name} {value} (threshold {threshold})"),
            None => format!("{name} {value}"),
        })
        .collect();
    if !measured.is_empty() {
        writeln!(out, "    {}", measured.join(", "))?;
    }
    if let Some(baseline) = &finding.baseline {
        let span = match (&baseline.from, &baseline.to) {
            (Some(from), Some(to)) => format!(" from {from} to {to}"),
            _ => String::new(),
        };
        let usual = if baseline.usual.is_empty() {
            String::new()
        } else {
            format!(": {}", visible(&baseline.usual))
        };
        writeln!(
            out,
            "    against {} {}{span}{usual}",
            baseline.n,
            visible(&baseline.of)
        )?;
    }
    let shown: Vec<String> = finding.events.iter().take(20).map(u64::to_string).collect();
    let more = finding.events.len() as u64 + finding.left_out - shown.len() as u64;
    let more = if more > 0 {
        format!(" and {} more", print::number(more))
    } else {
        String::new()
    };
    writeln!(out, "    events {}{more}", shown.join(", "))
}
