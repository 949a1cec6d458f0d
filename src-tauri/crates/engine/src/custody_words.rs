//! What the custody log tells of what persons said, as sentences.
//!
//! Owns: the wording. Never touches: the entries. Texts of persons are not in the log, only their hashes, so a sentence names what
//! something was put on and what kind of thing was done; the details stand beside it.

use serde_json::Value;

/// Digits of a hash that are said.
const SHORT: usize = 12;

fn text<'v>(detail: &'v Value, key: &str) -> &'v str {
    detail[key].as_str().unwrap_or_default()
}

/// ` (entry 3 of source 1a2b3c4d5e6f)`, where the log tells it.
fn place(detail: &Value) -> String {
    match (detail["entry"].as_u64(), text(detail, "source_sha256")) {
        (Some(entry), hash) if !hash.is_empty() => {
            format!(
                " (entry {entry} of source {})",
                hash.get(..SHORT).unwrap_or(hash)
            )
        }
        _ => String::new(),
    }
}

/// Who said it first, where it was carried over from elsewhere.
fn first(detail: &Value) -> String {
    detail["carried"]["who"]
        .as_str()
        .map_or_else(String::new, |who| format!(", said first by {who}"))
}

fn article(kind: &str) -> String {
    let one = if kind.starts_with('e') { "an" } else { "a" };
    format!("{one} {}", kind.replace('_', " "))
}

fn on_event(detail: &Value, added: bool) -> String {
    let kind = article(text(detail, "kind"));
    let event = detail["event"].as_u64().unwrap_or_default();
    let how = if added { "Put" } else { "Took" };
    let where_to = if added { "on" } else { "off" };
    let place = place(detail);
    format!(
        "{how} {kind} {where_to} event {event}{place}{}.",
        first(detail)
    )
}

/// A step of a run: ` at step support of checklist run 7`.
fn step(detail: &Value) -> String {
    match (detail["run"].as_u64(), text(detail, "step")) {
        (Some(run), "") => format!(" of checklist run {run}"),
        (Some(run), step) => format!(" at step {step} of checklist run {run}"),
        (None, _) => match text(detail, "subject") {
            "" => String::new(),
            subject => format!(" of {subject}"),
        },
    }
}

fn said(detail: &Value, added: bool) -> String {
    let subject = text(detail, "subject");
    let taken = |what: String| format!("Took back {what}.");
    match (text(detail, "kind"), added) {
        (kind @ ("note" | "tag" | "bookmark"), true) => {
            format!("Put {} on {subject}{}.", article(kind), first(detail))
        }
        (kind @ ("note" | "tag" | "bookmark"), false) => {
            format!("Took {} off {subject}.", article(kind))
        }
        ("entry", true) => format!("Added an entry of their own at {}.", text(detail, "time")),
        ("entry", false) => taken("an entry of their own".to_owned()),
        ("checklist_answer", true) => {
            let (answer, logs) = (text(detail, "answer"), text(detail, "logs"));
            let how = match (answer == logs, logs) {
                (true, _) => "Confirmed the answer",
                (false, "" | "cannot_tell") => "Gave the answer",
                (false, _) => "Overrode the answer of the logs with",
            };
            let noted = if detail["with_note"].as_bool() == Some(true) {
                ", with a note"
            } else {
                ""
            };
            format!("{how} {}{}{noted}.", answer.replace('_', " "), step(detail))
        }
        ("checklist_answer", false) => taken(format!("an answer{}", step(detail))),
        ("checklist_pin", true) => {
            let event = detail["event"].as_u64().unwrap_or_default();
            format!("Pinned event {event}{}{}.", place(detail), step(detail))
        }
        ("checklist_pin", false) => {
            let event = detail["event"].as_u64();
            let which =
                event.map_or_else(String::new, |e| format!(" of event {e}{}", place(detail)));
            taken(format!("a pin{which}{}", step(detail)))
        }
        ("checklist_run", true) => format!(
            "Began the checklist {subject} about {}.",
            text(detail, "asked_about")
        ),
        ("checklist_run", false) => taken(format!("a run of the checklist {subject}")),
        ("checklist_result", true) => format!("Asked the logs the questions{}.", step(detail)),
        ("checklist_result", false) => {
            format!("Put earlier answers of the logs aside, {subject}.")
        }
        ("checklist_text", true) => format!("Kept the text of the checklist {subject}."),
        ("checklist_own", true) => format!("Kept a checklist of their own, {subject}."),
        ("checklist_own", false) => taken(format!("a checklist of their own, {subject}")),
        ("profile_own", true) => format!("Kept a profile of their own, {subject}."),
        ("profile_own", false) => taken(format!("a profile of their own, {subject}")),
        ("profile_gone", true) => {
            format!("Took the profile {subject} out; what it has read stays as it was read.")
        }
        ("profile_gone", false) => format!("Brought the profile {subject} back."),
        ("places", true) => format!("Kept where marked events of {subject} stood, before it went."),
        ("carried", true) => format!("Kept who said {subject} first, and where."),
        ("verdict", true) => format!("Gave a verdict on {subject}."),
        ("verdict", false) => taken(format!("a verdict on {subject}")),
        ("view", true) => "Kept a filter under a name.".to_owned(),
        ("view", false) => taken("a filter that had a name".to_owned()),
        _ => String::new(),
    }
}

/// What an entry says, where it tells of what a person said; else nothing.
pub(crate) fn says(action: &str, detail: &Value) -> String {
    match action {
        "overlay.add" => on_event(detail, true),
        "overlay.retract" => on_event(detail, false),
        "statement.add" => said(detail, true),
        "statement.retract" => said(detail, false),
        "checklist.print" => format!(
            "Printed checklist run {}.",
            detail["run"].as_u64().unwrap_or_default()
        ),
        "case.copy_from" => format!(
            "Copied sources and {} marks on their events from case {}.",
            detail["marks"].as_u64().unwrap_or_default(),
            text(detail, "from")
        ),
        "disclose" => format!(
            "Opened what package {} hides: {} values, {} entries.",
            text(detail, "package").get(..12).unwrap_or_default(),
            detail["values"].as_u64().unwrap_or_default(),
            detail["entries"].as_u64().unwrap_or_default()
        ),
        "case.copy_to" => format!("Sources were copied to case {}.", text(detail, "to")),
        _ => String::new(),
    }
}
