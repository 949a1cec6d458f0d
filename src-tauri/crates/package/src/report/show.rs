//! Texts of logs made fit for paper: hidden characters shown, length bounded, times with their offset.
//!
//! Owns: how values look. Never touches: which ones.

use witnessmark_model::{Instant, Zone, visible::visible};

/// Longest text of a cell.
const CELL: usize = 160;
/// Longest sentence about a finding.
const PASSAGE: usize = 1_500;

/// A text of a log, with hidden characters shown, cut at the end when it is long.
pub(crate) fn cell(text: &str) -> String {
    cut(text, CELL)
}

/// A sentence of ours, or what a person said of a finding: cut as well, but not before it has said what it has to say.
pub(crate) fn passage(text: &str) -> String {
    cut(text, PASSAGE)
}

fn cut(text: &str, most: usize) -> String {
    let shown = visible(text);
    match shown.char_indices().nth(most) {
        Some((at, _)) => format!("{}… ({} characters)", &shown[..at], shown.chars().count()),
        None => shown.into_owned(),
    }
}

/// A time in a zone, with its offset.
pub(crate) fn time(at: Option<Instant>, zone: &Zone) -> String {
    match at {
        None => "undated".to_owned(),
        Some(at) => {
            let local = at.to_utc().with_timezone(&zone.offset_at(at));
            let text = local.format("%Y-%m-%d %H:%M:%S %:z").to_string();
            text.strip_suffix(" +00:00")
                .map(|utc| format!("{utc}Z"))
                .unwrap_or(text)
        }
    }
}

/// A number with its thousands apart.
pub(crate) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
