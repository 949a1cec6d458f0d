//! A run as a page to print: one HTML file, no script, nothing loaded from anywhere.
//!
//! Owns: its markup and style. Never touches: what it says. Every text is escaped, and hidden characters are made visible;
//! the policy in its head forbids everything but its own style.

use std::fmt::Write as _;

use super::words;
use crate::api::{ChecklistReport, ChecklistStep, LogCoverage, LookPart, RowPart};
use crate::visible;

const STYLE: &str = "\
@page{size:A4;margin:16mm 15mm}\
body{font:11pt/1.45 Inter,system-ui,sans-serif;color:#16191d;background:#fff;max-width:180mm;margin:12mm auto;padding:0 6mm;font-variant-numeric:tabular-nums}\
h1{font-size:19pt;line-height:1.2;margin:0 0 1mm}h2{font-size:12.5pt;margin:0}h3{font-size:10pt;margin:4mm 0 1mm;color:#4c535c}\
.sub,.note,th,dt{color:#4c535c}.sub{margin:0 0 5mm}\
section{border-top:.3mm solid #cfccc5;padding:4mm 0;break-inside:avoid-page}\
header{display:flex;gap:6mm;justify-content:space-between;align-items:baseline}\
.answer{border:.3mm solid #16191d;border-radius:1mm;padding:.4mm 2.5mm;white-space:nowrap;font-weight:600}\
.worrying{border-color:#9f1239;color:#9f1239}.reassuring{border-color:#0f766e;color:#0f766e}\
p{margin:1.2mm 0}.stale{border-left:1mm solid #a16207;padding-left:3mm}\
table{border-collapse:collapse;width:100%;font-size:9.5pt;margin:1.5mm 0}th{text-align:left;font-weight:500;font-size:9pt}\
th{white-space:nowrap}th,td{padding:.6mm 2mm .6mm 0;border-bottom:.2mm solid #e3e1dc;vertical-align:top;overflow-wrap:anywhere}\
.m{font-family:'JetBrains Mono',ui-monospace,monospace;font-size:.9em;overflow-wrap:anywhere}\
dl{display:grid;grid-template-columns:34mm 1fr;gap:1mm 4mm;margin:2mm 0}dd{margin:0;overflow-wrap:anywhere}\
.box{border:.3mm solid #cfccc5;border-radius:1.5mm;padding:3mm 4mm;margin:4mm 0;break-inside:avoid}\
.sign{display:grid;grid-template-columns:1fr 1fr 1fr;gap:8mm;margin-top:14mm}.sign div{border-top:.3mm solid #16191d;padding-top:1mm;font-size:9pt;color:#4c535c}\
ul{margin:1mm 0;padding-left:5mm}@media print{body{margin:0;padding:0;max-width:none}}";

fn escaped(text: &str, out: &mut String) {
    for c in visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}

/// An element with text. The name may hold a class; the text is escaped.
fn element(name: &str, text: &str, out: &mut String) {
    let _ = write!(out, "<{name}>");
    escaped(text, out);
    let end = name.split(' ').next().unwrap_or(name);
    let _ = writeln!(out, "</{end}>");
}

/// A paragraph, where there is something to say.
fn said(class: &str, text: &str, out: &mut String) {
    if !text.is_empty() {
        element(&format!("p class=\"{class}\""), text, out);
    }
}

fn answer_words(answer: &str) -> &'static str {
    match answer {
        "yes" => "Yes",
        "no" => "No",
        _ => "Cannot tell",
    }
}

/// The page.
pub(super) fn page(report: &ChecklistReport, case: &str) -> String {
    let mut out = String::with_capacity(1 << 15);
    out.push_str("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n");
    out.push_str("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width\">\n");
    element(
        "title",
        &format!("{} · {}", report.title, report.subject.text),
        &mut out,
    );
    let _ = writeln!(out, "<style>{STYLE}</style></head><body>");
    element("h1", &report.title, &mut out);
    said(
        "sub",
        &format!("{} · case {case}", report.subject.text),
        &mut out,
    );
    out.push_str("<div class=\"box\">");
    said("", &report.supports, &mut out);
    said("note", &report.rests_on, &mut out);
    out.push_str("</div>\n");
    for (at, step) in report.steps.iter().enumerate() {
        section(at + 1, step, &mut out);
    }
    coverage(report, &mut out);
    out.push_str("<section>");
    element("h2", "What was asked, and by whom", &mut out);
    out.push_str("<dl>");
    let run = report
        .run
        .map_or_else(|| "not kept in the case".to_owned(), |r| r.to_string());
    for (name, value) in [
        (
            "Checklist",
            format!("{}, version {}", report.checklist, report.version),
        ),
        ("SHA-256 of its text", report.sha256.clone()),
        ("Its steps are from", report.origin.clone()),
        ("Run", run),
        ("Logs were asked at", report.at.clone()),
        ("By", report.who.clone()),
        ("Times are in", report.zone.clone()),
    ] {
        element("dt", name, &mut out);
        element("dd class=\"m\"", &value, &mut out);
    }
    out.push_str("</dl><div class=\"sign\"><div>Name</div><div>Day</div><div>Signature</div></div></section>\n");
    out.push_str("</body></html>\n");
    out
}

fn section(number: usize, step: &ChecklistStep, out: &mut String) {
    out.push_str("<section><header>");
    element("h2", &format!("{number}. {}", step.title), out);
    let sign = match step.sign.as_str() {
        "worrying" => " worrying",
        "reassuring" => " reassuring",
        _ => "",
    };
    element(
        &format!("span class=\"answer{sign}\""),
        answer_words(&step.answer),
        out,
    );
    out.push_str("</header>\n");
    said("note", &step.question, out);
    said("", &step.reason, out);
    if step.means != step.reason {
        said("", &step.means, out);
    }
    if !step.next.is_empty() {
        said("", &format!("Next: {}", step.next), out);
    }
    if let Some(given) = &step.given {
        let how = if given.overrides {
            "in the place of"
        } else {
            "beside"
        };
        let logs = if step.manual {
            String::new()
        } else {
            format!(
                ", {how} the answer of the logs ({})",
                answer_words(&step.found.answer)
            )
        };
        said(
            "note",
            &format!("Answered by {} at {}{logs}.", given.who, given.at),
            out,
        );
        if !step.manual && given.overrides {
            said("note", &format!("The logs: {}", step.found.reason), out);
        }
    } else if step.needs_person {
        said("note", "A person has not answered this yet.", out);
    }
    if let Some(stale) = &step.stale {
        said("stale", &format!("Stale. {}", stale.text), out);
    }
    rows(step, out);
    for text in step.statement.lines() {
        said("note", text, out);
    }
    for look in &step.looks {
        looked(look, out);
    }
    out.push_str("</section>\n");
}

fn rows(step: &ChecklistStep, out: &mut String) {
    if step.rows.is_empty() {
        return;
    }
    out.push_str("<table><thead><tr><th>Event</th><th>Time</th><th>What</th><th>Address</th><th>System</th></tr></thead><tbody>\n");
    for row in &step.rows {
        let pinned = if step.pins.contains(&row.event) {
            " (pinned)"
        } else {
            ""
        };
        out.push_str("<tr>");
        element("td", &format!("{}{pinned}", row.event), out);
        element("td", &clock(row), out);
        let sentence: String = row.sentence.iter().map(|p| p.text.as_str()).collect();
        element("td", &sentence, out);
        let place = match (&row.ip, &row.country) {
            (Some(ip), Some(country)) => format!("{ip} {country}"),
            (Some(ip), None) => ip.clone(),
            _ => String::new(),
        };
        element("td class=\"m\"", &place, out);
        element("td", &row.system, out);
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table>\n");
    let shown = step
        .rows
        .iter()
        .filter(|r| step.events.contains(&r.event))
        .count() as u64;
    if step.count > shown {
        said(
            "note",
            &format!("{} of {} are shown.", shown, words::events(step.count)),
            out,
        );
    }
}

fn clock(row: &RowPart) -> String {
    match (&row.time, &row.original_time) {
        (Some(time), _) => format!("{} {} {}", time.day, time.clock, time.offset),
        (None, Some(original)) => format!("undated ({original})"),
        (None, None) => "undated".to_owned(),
    }
}

fn looked(look: &LookPart, out: &mut String) {
    let mut text = format!("Looked for: {}", look.what);
    if !look.decides {
        text.push_str(" (shown only)");
    }
    let _ = write!(text, ": {}", words::number(look.count));
    if !look.baseline.is_empty() {
        let _ = write!(text, "; compared with: {}", look.baseline);
    }
    said("note", &text, out);
    if !look.decides && look.count > 0 {
        said("note", &look.reason, out);
    }
    if !look.values.is_empty() {
        out.push_str(
            "<table><thead><tr><th>Field</th><th>Value</th><th>Events</th></tr></thead><tbody>\n",
        );
        for value in &look.values {
            out.push_str("<tr>");
            element("td", &value.field, out);
            element("td", &value.value, out);
            element("td", &words::number(value.count), out);
            out.push_str("</tr>\n");
        }
        out.push_str("</tbody></table>\n");
    }
    said("m", &look.query, out);
}

fn coverage(report: &ChecklistReport, out: &mut String) {
    let Some(first) = report.steps.first() else {
        return;
    };
    out.push_str("<section>");
    element("h2", "What the logs cover", out);
    if first.coverage.logs.is_empty() {
        said("", "No log of this case speaks of it.", out);
    }
    for log in &first.coverage.logs {
        one_log(log, first.coverage.gap_days, out);
    }
    out.push_str("</section>\n");
}

fn one_log(log: &LogCoverage, gap_days: u32, out: &mut String) {
    element("h3", &log.system, out);
    let sources: Vec<String> = log.sources.iter().map(u32::to_string).collect();
    let span = match (&log.first, &log.last) {
        (Some(first), Some(last)) => format!("; the whole log goes from {first} to {last}"),
        _ => String::new(),
    };
    said(
        "",
        &format!(
            "Sources {}: {} in the span, on {} of {} days{span}. {} entries could not be read, {} have no time.",
            words::list(&sources, 20),
            words::events(log.events),
            log.days_with_events,
            log.days,
            words::number(log.rejected),
            words::number(log.undated)
        ),
        out,
    );
    if log.uncovered.is_empty() {
        said(
            "",
            &format!("No stretch of {gap_days} days or more is without an event of it."),
            out,
        );
    } else {
        out.push_str("<ul>\n");
        for gap in &log.uncovered {
            element("li", &format!("No events {}.", gap.text), out);
        }
        out.push_str("</ul>\n");
    }
    if !log.blind_spots.is_empty() {
        said("note", "What it does not log:", out);
        out.push_str("<ul>\n");
        for spot in &log.blind_spots {
            element("li", spot, out);
        }
        out.push_str("</ul>\n");
    }
}
