//! What became of the first entries of a source: which fields are filled, what is wrong, which words mean nothing.
//!
//! Owns: the counting, with one example of each problem. Never touches: bytes, the case file, how entries are mapped.

use std::collections::BTreeMap;

use witnessmark_model::{Batch, Field, Flag};

use crate::api::{EventJson, FilledPart};
use crate::inspect;

/// Events shown.
const SHOWN: usize = 10;

/// Something that is not as it should be, in words, with the first row that shows it.
pub(crate) struct Problem {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) count: u64,
    pub(crate) row: usize,
}

/// What was counted of the rows of a sample.
#[derive(Default)]
pub(crate) struct Trial {
    pub(crate) events: u32,
    pub(crate) shown: Vec<EventJson>,
    pub(crate) filled: Vec<FilledPart>,
    pub(crate) problems: Vec<Problem>,
    /// Each action with its events, and how many of these have no operation.
    pub(crate) words: BTreeMap<String, (u32, u32)>,
}

/// What an event can lack that nearly every event has.
const LACKS: [(&str, &str); 4] = [
    ("undated", "no time"),
    ("no_actor", "no actor"),
    ("no_action", "no action"),
    ("unmapped_verbs", "an action without a meaning"),
];

/// Counts what became of the rows.
pub(crate) fn trial(batch: &Batch) -> Trial {
    let mut filled: BTreeMap<Field, u32> = BTreeMap::new();
    let mut flags: BTreeMap<&str, (u64, usize)> = BTreeMap::new();
    let mut lacks = [(0_u64, 0_usize); LACKS.len()];
    let mut out = Trial::default();
    for (n, row) in batch.rows.iter().enumerate() {
        let (mut action, mut operation, mut actor) = (None, false, false);
        let mut seen = Vec::new();
        for (field, _, text) in batch.row_cells(n) {
            if !seen.contains(&field) {
                seen.push(field);
                *filled.entry(field).or_default() += 1;
            }
            match field {
                Field::EventAction => action = Some(text),
                Field::EventOperation => operation = true,
                Field::UserId | Field::UserEmail | Field::UserName => actor = true,
                Field::Problems => flags.entry(text).or_insert((0, n)).0 += 1,
                _ => {}
            }
        }
        if let Some(action) = action {
            let word = out.words.entry(action.to_owned()).or_default();
            word.0 += 1;
            word.1 += u32::from(!operation);
        }
        let lacking = [
            row.time.is_none(),
            !actor,
            action.is_none(),
            action.is_some() && !operation,
        ];
        for (lack, _) in lacks
            .iter_mut()
            .zip(lacking)
            .filter(|(_, lacking)| *lacking)
        {
            if lack.0 == 0 {
                lack.1 = n;
            }
            lack.0 += 1;
        }
        if n < SHOWN {
            out.shown
                .push(EventJson::from(&inspect::event(batch, n, row)));
        }
    }
    out.events = u32::try_from(batch.rows.len()).unwrap_or(u32::MAX);
    out.filled = filled
        .into_iter()
        .map(|(field, count)| FilledPart {
            field: field.name().to_owned(),
            count,
        })
        .collect();
    let lacking = LACKS.iter().zip(lacks).filter(|(_, lack)| lack.0 > 0);
    let lacking = lacking.map(|((code, message), (count, row))| Problem {
        code: (*code).to_owned(),
        message: (*message).to_owned(),
        count,
        row,
    });
    let flagged = flags.into_iter().map(|(code, (count, row))| Problem {
        message: Flag::from_code(code).map_or_else(String::new, |flag| flag.text().to_owned()),
        code: code.to_owned(),
        count,
        row,
    });
    out.problems = lacking.chain(flagged).collect();
    out
}
