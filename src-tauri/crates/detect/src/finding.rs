//! What a detection found, with everything a person needs to believe it or not.
//!
//! Owns: the shape of findings, their ids, and the words that follow from numbers. Never touches: how something is found.

use sha2::{Digest as _, Sha256};

use crate::{
    about::{Detection, Settings, Severity},
    feed::Feed,
};

/// Events that one finding lists at most; it says how many more there are.
pub const MOST_EVENTS: usize = 1_000;
/// Actors that are listed as lacking history for one detection; it says how many more there are.
pub const MOST_UNLEARNED: usize = 1_000;

/// One number that was measured, beside the threshold of the same name.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// Name; where the detection has a parameter of this name, that is its threshold.
    pub name: &'static str,
    /// What was measured.
    pub value: f64,
}

/// The habit against which something was judged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Baseline {
    /// What was counted, such as `sign-ins with a country`.
    pub of: String,
    /// How many.
    pub n: u64,
    /// The first of them, nanoseconds since 1970 UTC.
    pub from: Option<i64>,
    /// The last of them.
    pub to: Option<i64>,
    /// Event numbers of the last of them, at most a hundred.
    pub events: Vec<u64>,
    /// What was usual, such as `PH (41), SG (3)`.
    pub usual: String,
}

/// Something that a detection found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// `F-` and twelve hex digits of a hash of detection, subject and trigger.
    pub id: String,
    /// Detection, or `sigma:` and the id of a rule.
    pub detection: String,
    /// Title of the detection or the rule.
    pub title: String,
    /// How much it matters.
    pub severity: Severity,
    /// Label of the actor, where one is accused.
    pub actor: Option<String>,
    /// Who identifies that actor, for filters.
    pub who: Option<String>,
    /// What happened, in one sentence. Holds log content.
    pub sentence: String,
    /// Event numbers in order of time, at most [`MOST_EVENTS`].
    pub events: Vec<u64>,
    /// Events beyond these.
    pub left_out: u64,
    /// First event, nanoseconds since 1970 UTC; `i64::MIN` when none of them has a time (only rules find such).
    pub first: i64,
    /// Last event.
    pub last: i64,
    /// What was measured.
    pub measured: Vec<Measure>,
    /// What it was measured against.
    pub thresholds: Vec<(&'static str, f64)>,
    /// The habit it was judged against; absent where none is needed.
    pub baseline: Option<Baseline>,
    /// What would make this no finding.
    pub would_change: Vec<String>,
    /// Innocent reasons that are known to look the same.
    pub benign: Vec<String>,
    /// What the source cannot show that would help here.
    pub cannot_show: Vec<String>,
}

/// Something that could not be judged because there is too little of a habit yet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unlearned {
    /// Detection.
    pub detection: String,
    /// Label of the actor; empty where it is a whole source.
    pub actor: String,
    /// How much there is and how much is needed.
    pub reason: String,
}

/// A detection that a source cannot answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CannotTell {
    /// Detection.
    pub detection: String,
    /// Provider (and organization) of the log.
    pub source: String,
    /// Why.
    pub reason: String,
}

/// A finding as a detection puts it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) severity: Option<Severity>,
    /// Accused actor; 0 for none.
    pub(crate) actor: u32,
    /// What the id is made from beside the detection; the actor's identity is part of it anyway.
    pub(crate) subject: String,
    /// What of the trigger the id is made from; its instant is part of it anyway.
    pub(crate) trigger: String,
    /// The row whose instant goes into the id.
    pub(crate) at: u32,
    pub(crate) sentence: String,
    /// Rows in any order.
    pub(crate) rows: Vec<u32>,
    pub(crate) measured: Vec<Measure>,
    pub(crate) baseline: Option<Baseline>,
    pub(crate) would_change: Vec<String>,
}

/// Where a detection puts what it found.
pub struct Out<'o> {
    feed: &'o Feed,
    detection: &'o Detection,
    settings: Settings<'o>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) unlearned: Vec<Unlearned>,
    pub(crate) unlearned_more: u64,
}

impl<'o> Out<'o> {
    pub(crate) fn new(feed: &'o Feed, detection: &'o Detection, settings: Settings<'o>) -> Self {
        Self {
            feed,
            detection,
            settings,
            findings: Vec::new(),
            unlearned: Vec::new(),
            unlearned_more: 0,
        }
    }

    pub(crate) fn settings(&self) -> Settings<'o> {
        self.settings
    }

    /// Says that an actor could not be judged.
    pub(crate) fn unlearned(&mut self, actor: u32, reason: impl FnOnce() -> String) {
        if self.unlearned.len() >= MOST_UNLEARNED {
            self.unlearned_more += 1;
            return;
        }
        let actor = if actor == 0 {
            String::new()
        } else {
            self.feed.who(actor).to_owned()
        };
        self.unlearned.push(Unlearned {
            detection: self.detection.id.to_owned(),
            actor,
            reason: reason(),
        });
    }

    pub(crate) fn find(&mut self, mut draft: Draft) {
        let feed = self.feed;
        draft.rows.sort_unstable();
        draft.rows.dedup();
        let (Some(first), Some(last)) = (draft.rows.first().copied(), draft.rows.last().copied())
        else {
            return;
        };
        let who = (draft.actor != 0).then(|| &feed.actors[draft.actor as usize]);
        let system = who.map_or(feed.system[first as usize], |a| a.system);
        let known = &feed.systems[system as usize];
        let subject = format!(
            "{}\u{1}{}\u{1}{}\u{1}{}",
            known.provider,
            known.organization,
            who.map_or("", |a| a.who.as_str()),
            draft.subject
        );
        let trigger = format!("{}\u{1}{}", feed.at(draft.at), draft.trigger);
        let left_out = draft.rows.len().saturating_sub(MOST_EVENTS) as u64;
        let thresholds: Vec<(&'static str, f64)> = self
            .detection
            .parameters
            .iter()
            .map(|p| (p.name, self.settings.get(p.name)))
            .collect();
        let mut would_change: Vec<String> = draft
            .measured
            .iter()
            .filter_map(|m| would_change(m, &thresholds))
            .collect();
        would_change.extend(draft.would_change);
        self.findings.push(Finding {
            id: id_of(self.detection.id, &subject, &trigger),
            detection: self.detection.id.to_owned(),
            title: self.detection.title.to_owned(),
            severity: draft.severity.unwrap_or(Severity::Medium),
            actor: who.map(|a| a.label.clone()),
            who: who.map(|a| a.who.clone()),
            sentence: draft.sentence,
            events: draft
                .rows
                .iter()
                .take(MOST_EVENTS)
                .map(|row| feed.number[*row as usize])
                .collect(),
            left_out,
            first: feed.at(first),
            last: feed.at(last),
            measured: draft.measured,
            thresholds,
            baseline: draft.baseline,
            would_change,
            benign: self
                .detection
                .benign
                .iter()
                .map(|t| (*t).to_owned())
                .collect(),
            cannot_show: known.blind.sentences.clone(),
        });
    }
}

/// The id of a finding: the same for the same detection, subject and trigger, in every run and in every case.
#[must_use]
pub fn id_of(detection: &str, subject: &str, trigger: &str) -> String {
    let mut hash = Sha256::new();
    for part in [detection, subject, trigger] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    format!("F-{}", hex::encode(&hash.finalize()[..6]))
}

/// In which direction a threshold would have to move.
fn would_change(measure: &Measure, thresholds: &[(&'static str, f64)]) -> Option<String> {
    let (name, threshold) = thresholds.iter().find(|(name, _)| *name == measure.name)?;
    let way = if measure.value >= *threshold {
        "above"
    } else {
        "below"
    };
    Some(format!(
        "`{name}` {way} {} (it is {})",
        number(measure.value),
        number(*threshold)
    ))
}

/// `1,204`; one decimal where the number is small and not whole.
#[must_use]
pub fn number(value: f64) -> String {
    if value.abs() < 100.0 && (value - value.round()).abs() > 0.05 {
        return format!("{value:.1}");
    }
    let digits = format!("{:.0}", value.abs());
    let mut out = String::new();
    for (at, c) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    if value < 0.0 { format!("-{out}") } else { out }
}

/// A span of time in words: `40 minutes`, `3 hours`, `12 days`.
#[must_use]
pub fn span(nanos: i64) -> String {
    let seconds = nanos.unsigned_abs() / 1_000_000_000;
    let (n, unit) = match seconds {
        0..=119 => (seconds, "second"),
        120..=7_199 => (seconds / 60, "minute"),
        7_200..=172_799 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!(
        "{} {unit}{}",
        number(n as f64),
        if n == 1 { "" } else { "s" }
    )
}

/// `1 event`, `3 events`.
#[must_use]
pub fn count(n: usize, what: &str) -> String {
    format!(
        "{} {what}{}",
        number(n as f64),
        if n == 1 { "" } else { "s" }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_depend_on_each_part_and_nothing_else() {
        let id = id_of("a", "b", "c");
        assert_eq!(id, id_of("a", "b", "c"));
        assert_eq!(id.len(), 14);
        for other in [
            id_of("ab", "", "c"),
            id_of("a", "bc", ""),
            id_of("a", "b", "d"),
        ] {
            assert_ne!(id, other);
        }
    }

    #[test]
    fn numbers_and_spans_read_well() {
        assert_eq!(number(1_204_388.0), "1,204,388");
        assert_eq!(number(4.25), "4.2");
        assert_eq!(number(12.0), "12");
        assert_eq!(span(40 * 60 * 1_000_000_000), "40 minutes");
        assert_eq!(span(3 * 86_400 * 1_000_000_000), "3 days");
        assert_eq!(count(1, "event"), "1 event");
    }
}
