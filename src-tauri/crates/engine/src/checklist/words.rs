//! How times, counts and lists are said in sentences of checklists.
//!
//! Owns: wording. Never touches: what is said.

use witnessmark_model::{Instant, Zone};

use crate::clock_text::local_time;

/// `22 Apr 2024 14:32:15`.
pub(super) fn time(at: Instant, zone: &Zone) -> String {
    let local = local_time(at, zone);
    let day = local.day.split_once(' ').map_or(&*local.day, |(_, d)| d);
    format!("{day} {}", local.clock)
}

/// `1 event`, `1,204 events`.
pub(super) fn events(n: u64) -> String {
    format!("{} {}", number(n), if n == 1 { "event" } else { "events" })
}

/// With commas between thousands.
pub(super) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, c) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `a, b and c`; of many the first ones and how many more.
pub(super) fn list(items: &[String], most: usize) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        many if many.len() > most => {
            format!("{} and {} more", many[..most].join(", "), many.len() - most)
        }
        many => {
            let (last, first) = many.split_last().unwrap_or((&many[0], &[]));
            format!("{} and {last}", first.join(", "))
        }
    }
}

/// Begins with a capital and ends in a full stop.
pub(super) fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    closed(&(first.unwrap_or_default() + chars.as_str()))
}

/// Ends in a full stop; begins as it does, with somebody's name perhaps.
pub(super) fn closed(text: &str) -> String {
    let mut out = text.trim().to_owned();
    if !out.ends_with(['.', '!', '?']) && !out.is_empty() {
        out.push('.');
    }
    out
}
