//! What the times of a sample say about the whole source: whether a zone must be asked for, and in which order dates stand.
//!
//! Owns: the two questions. Never touches: answers (a person or a profile gives them).

use super::scan::{self, DateOrder, Scan, Stated};

/// What a sample of time texts shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// A text that names no zone.
    pub zoneless: Option<String>,
    /// Texts whose order of day and month is not settled by themselves, at most three.
    pub orderless: Vec<String>,
    /// The order that some text settles by a number above 12, when all that settle one agree.
    pub order: Option<DateOrder>,
    /// Texts that are times of any kind, relative ones too.
    pub readable: usize,
    /// Texts that are relative to a moment which is not in the export.
    pub relative: usize,
    /// Texts that are empty.
    pub empty: usize,
    /// All texts.
    pub total: usize,
}

/// Looks at the texts of a sample.
pub fn survey<'t>(texts: impl IntoIterator<Item = &'t str>) -> Survey {
    let mut out = Survey::default();
    let mut orders: Vec<DateOrder> = Vec::new();
    let mut buffer = String::new();
    let (mut lettered, mut example) = (0, None);
    for text in texts {
        out.total += 1;
        if text.trim().is_empty() {
            out.empty += 1;
            continue;
        }
        let mut found = scan::scan(text, None, &mut buffer);
        if found == Scan::OrderNeeded {
            match settled(text) {
                Some(order) if !orders.contains(&order) => orders.push(order),
                Some(_) => {}
                None if out.orderless.len() < 3 => out.orderless.push(text.to_owned()),
                None => {}
            }
            let order = settled(text).unwrap_or(DateOrder::Dmy);
            found = scan::scan(text, Some(order), &mut buffer);
        }
        match found {
            // `0000-00-00` is no day in any zone.
            Scan::Iso(reading, _) | Scan::Other(reading)
                if super::local_seconds(&reading).is_none() => {}
            Scan::Iso(reading, _) | Scan::Other(reading) => {
                out.readable += 1;
                if matches!(reading.stated, Stated::Letters(_)) {
                    lettered += 1;
                    example.get_or_insert(text);
                }
                if reading.stated == Stated::Nothing && out.zoneless.is_none() {
                    out.zoneless = Some(text.to_owned());
                }
            }
            Scan::Epoch(..) => out.readable += 1,
            Scan::Relative => {
                out.readable += 1;
                out.relative += 1;
            }
            Scan::OrderNeeded | Scan::Unreadable => {}
        }
    }
    // Letters that several countries use leave the other times readable; where there are no others, a person must say.
    if lettered > 0 && lettered == out.readable {
        out.zoneless = example.map(str::to_owned);
    }
    if let [order] = orders.as_slice() {
        out.order = Some(*order);
    } else if orders.len() > 1 && out.orderless.is_empty() {
        // Days above 12 on both sides: no single order fits, so a person must say.
        out.orderless
            .push("dates with the day first and dates with the month first".to_owned());
    }
    out
}

/// The order that the first numbers of a date settle: a number above 12 is a day, above 31 a year.
fn settled(text: &str) -> Option<DateOrder> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let mut numbers = text[start..]
        .split(|c: char| !c.is_ascii_digit())
        .map(|n| n.parse::<u32>().ok());
    let (a, b, _) = (numbers.next()??, numbers.next()??, numbers.next()??);
    match (a, b) {
        (32.., 1..=12) => Some(DateOrder::Ymd),
        (13..=31, 1..=12) => Some(DateOrder::Dmy),
        (1..=12, 13..=31) => Some(DateOrder::Mdy),
        _ => None,
    }
}
