//! The life of one record as its events tell it: states, who set what, what came back, what cannot be known.
//!
//! Owns: the folding of changes into states. Never touches: where events come from, how times are shown.
//!
//! A failed act changes nothing. An undated change cannot be put in order, so it changes no state and is told as a gap.
//! The old value that a change gives is evidence of what was before: where it is not what the log had said, something
//! changed in between that is not in the log.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use witnessmark_model::{Change, ChangeKind, Event, Field, Instant};

use crate::api::{FieldChange, FieldState, GapPart, RevertPart, StepPart};

/// Values that came back, and things that the log cannot know, which are told of one record; all are counted.
const TOLD: usize = 1_000;
/// Values between a value and its return that are told.
const BETWEEN: usize = 20;

/// What is known of a field at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Known {
    /// It has this value.
    Value(String),
    /// It was taken away.
    Removed,
    /// It changed, and the log does not say to what.
    Unknown,
    /// The record began another life, and the log has not said yet what the field is in it: neither what it was before
    /// nor that it is gone.
    Anew,
}

/// One moment of one field.
#[derive(Clone, Debug)]
struct Moment {
    known: Known,
    event: u64,
    at: Option<Instant>,
    actor: Option<String>,
    /// The old value that the change gave.
    old: Option<String>,
    /// Whether the change gave a new value and no old one, although there was one before.
    only_new: bool,
    /// Whether the field only went because a whole that it is a part of was set anew.
    with_whole: bool,
}

/// A record's life.
#[derive(Default)]
pub(super) struct Life {
    /// Those of the page that was asked for.
    pub(super) steps: Vec<StepPart>,
    pub(super) steps_total: u64,
    /// The first of them.
    pub(super) reverts: Vec<RevertPart>,
    pub(super) reverts_total: u64,
    /// The first of them, and all of the steps of the page.
    pub(super) gaps: Vec<GapPart>,
    pub(super) gaps_total: u64,
    pub(super) lives: u32,
    page: Range<u64>,
    alive: bool,
    /// Moment of the last event that was told.
    last: Option<Instant>,
    fields: BTreeMap<String, Vec<Moment>>,
    /// Deletions and creations that took effect: moment, event, whether the record is there afterwards.
    turns: Vec<(Instant, u64, bool)>,
    first: Option<(Option<Instant>, u64, bool)>,
}

/// What an event does to the record.
fn step_of(event: &Event) -> &'static str {
    match event.get(Field::EventOperation).unwrap_or_default() {
        "create" | "join" | "invite" => "create",
        "delete" => "delete",
        "read" | "list" | "export" => "read",
        "update" | "enable" | "disable" | "grant" | "revoke" | "approve" | "reject" => "update",
        _ if !event.changes.is_empty() => "update",
        _ => "other",
    }
}

fn actor_of(event: &Event) -> Option<String> {
    [
        Field::UserEmail,
        Field::UserName,
        Field::UserId,
        Field::UserType,
    ]
    .into_iter()
    .find_map(|f| event.get(f).map(str::to_owned))
}

fn is_removed(moments: &[Moment]) -> bool {
    moments.last().is_some_and(|m| m.known == Known::Removed)
}

/// A value, absent where the field was taken away; the event that gave it and when.
type Held<'m> = (Option<&'m str>, u64, Option<Instant>);

/// Each different value that a field held, the one before the first change included.
fn held(moments: &[Moment]) -> Vec<Held<'_>> {
    let mut held: Vec<Held<'_>> = Vec::new();
    for moment in moments {
        let new = match &moment.known {
            Known::Value(value) => Some(Some(value.as_str())),
            Known::Removed if !moment.with_whole => Some(None),
            _ => None,
        };
        for value in [moment.old.as_deref().map(Some), new].into_iter().flatten() {
            if held.last().is_none_or(|h| h.0 != value) {
                held.push((value, moment.event, moment.at));
            }
        }
    }
    held
}

impl Life {
    /// A life of which nothing is known yet. `page` are the steps that are told, from 0.
    pub(super) fn new(page: Range<usize>) -> Self {
        Self {
            lives: 1,
            alive: true,
            page: page.start as u64..page.end as u64,
            ..Self::default()
        }
    }

    /// Folds the next event of the record in; they come in order of time with undated ones last.
    pub(super) fn tell(&mut self, event: &Event) {
        let failed = event.get(Field::EventOutcome) == Some("failure");
        let step = step_of(event);
        // What failed says nothing of whether the record is there.
        if self.first.is_none() && !failed {
            self.first = Some((event.time, event.number, step == "create"));
        }
        self.turn(event, step, failed);
        let changes = self.changes(event, failed);
        let tie = event.time.is_some() && self.steps_total > 0 && self.last == event.time;
        if tie
            && self.page.contains(&(self.steps_total - 1))
            && let Some(before) = self.steps.last_mut()
        {
            before.tie = true;
        }
        if self.page.contains(&self.steps_total) {
            self.steps.push(StepPart {
                event: event.number,
                time: event.time.map(Instant::rfc3339),
                step: step.to_owned(),
                action: event.get(Field::EventAction).map(str::to_owned),
                actor: actor_of(event),
                outcome: event.get(Field::EventOutcome).map(str::to_owned),
                life: self.lives,
                changes,
                other_targets: event.targets.len().saturating_sub(1) as u64,
                tie,
            });
        }
        self.steps_total += 1;
        self.last = event.time;
    }

    /// What is told once every event has been.
    pub(super) fn end(&mut self) {
        self.begins_late();
        self.find_reverts();
    }

    fn gap(&mut self, code: &str, field: Option<&str>, event: u64, text: String) {
        self.gaps_total += 1;
        if self.gaps.len() < TOLD || self.page.contains(&self.steps_total) {
            self.gaps.push(GapPart {
                code: code.to_owned(),
                field: field.map(str::to_owned),
                event,
                text,
            });
        }
    }

    /// Births and deaths.
    fn turn(&mut self, event: &Event, step: &str, failed: bool) {
        let number = event.number;
        if failed {
            if step != "read" {
                self.gap(
                    "failed",
                    None,
                    number,
                    format!("event {number} failed, so it changed nothing"),
                );
            }
            return;
        }
        let Some(at) = event.time else {
            if step != "read" {
                self.gap("undated", None, number, format!("event {number} has no time, so its place in the order is not known and it changes no state here"));
            }
            return;
        };
        match step {
            "delete" => {
                self.alive = false;
                self.turns.push((at, number, false));
            }
            "create" => {
                if !self.alive {
                    self.lives += 1;
                    self.end_fields(event);
                }
                self.alive = true;
                self.turns.push((at, number, true));
            }
            "read" => {}
            _ if !self.alive => {
                self.gap("after_delete", None, number, format!("event {number} changes the record after its deletion; that it was made again is not in the log"));
                self.lives += 1;
                self.end_fields(event);
                self.alive = true;
                self.turns.push((at, number, true));
            }
            _ => {}
        }
    }

    /// What a record was in its last life says nothing of what it is in the next.
    fn end_fields(&mut self, event: &Event) {
        for moments in self.fields.values_mut() {
            moments.push(Moment {
                known: Known::Anew,
                event: event.number,
                at: event.time,
                actor: actor_of(event),
                old: None,
                only_new: false,
                with_whole: false,
            });
        }
    }

    fn changes(&mut self, event: &Event, failed: bool) -> Vec<FieldChange> {
        let mut told = Vec::new();
        for change in event.changes.iter().filter(|c| !c.field.is_empty()) {
            let mut part = FieldChange {
                field: change.field.clone(),
                kind: change.kind.map(|k| k.as_str().to_owned()),
                old: change.old.clone(),
                new: change.new.clone(),
                inferred_old: None,
                inferred_from: None,
            };
            if !failed && event.time.is_some() {
                self.apply(event, change, &mut part);
            }
            told.push(part);
        }
        told
    }

    fn apply(&mut self, event: &Event, change: &Change, part: &mut FieldChange) {
        let path = change.field.as_str();
        let number = event.number;
        let last = self.fields.get(path).and_then(|m| m.last()).cloned();
        match (&last, &change.old) {
            (
                Some(Moment {
                    known: Known::Value(value),
                    event: from,
                    ..
                }),
                None,
            ) if change.kind != Some(ChangeKind::Added) => {
                part.inferred_old = Some(value.clone());
                part.inferred_from = Some(*from);
            }
            (
                Some(Moment {
                    known,
                    event: from,
                    with_whole,
                    ..
                }),
                Some(old),
            ) => {
                let said = match known {
                    Known::Value(value) if value != old => Some(format!("`{value}`")),
                    Known::Removed if !with_whole => Some("no value".to_owned()),
                    _ => None,
                };
                if let Some(said) = said {
                    let text = format!(
                        "between event {from} and event {number} `{path}` went from {said} to `{old}`, and no event says when or by whom"
                    );
                    self.gap("unlogged_change", Some(path), number, text);
                }
            }
            _ => {}
        }
        let known = match (&change.new, change.kind) {
            (_, Some(ChangeKind::Deleted)) => Known::Removed,
            (Some(new), _) => Known::Value(new.clone()),
            // A new value that is empty is left out by logs that give the old one.
            (None, _) if change.old.is_some() => Known::Removed,
            (None, _) => {
                let text = format!("event {number} says that `{path}` changed, and not to what");
                self.gap("value_not_logged", Some(path), number, text);
                Known::Unknown
            }
        };
        let only_new = change.old.is_none()
            && change.kind != Some(ChangeKind::Added)
            && matches!(known, Known::Value(_));
        let moment = Moment {
            known,
            event: number,
            at: event.time,
            actor: actor_of(event),
            old: change.old.clone(),
            only_new,
            with_whole: false,
        };
        // A change of a whole takes its parts with it.
        let inside = format!("{path}.");
        let from = self.fields.range_mut(inside.clone()..);
        for (_, moments) in from.take_while(|(field, _)| field.starts_with(&inside)) {
            if !is_removed(moments) {
                moments.push(Moment {
                    known: Known::Removed,
                    old: None,
                    only_new: false,
                    with_whole: true,
                    ..moment.clone()
                });
            }
        }
        // A change of a part leaves the whole with another value than the one that was told.
        let wholes: Vec<String> = path
            .match_indices('.')
            .map(|(at, _)| path[..at].to_owned())
            .collect();
        for whole in wholes {
            if let Some(moments) = self.fields.get_mut(&whole)
                && moments
                    .last()
                    .is_some_and(|m| m.event != number && matches!(m.known, Known::Value(_)))
            {
                moments.push(Moment {
                    known: Known::Unknown,
                    old: None,
                    only_new: false,
                    ..moment.clone()
                });
            }
        }
        self.fields.entry(path.to_owned()).or_default().push(moment);
    }

    /// Told of the first event that did not fail, which may be a look: the record was there then, whoever made it.
    pub(super) fn seen(&mut self, first: Option<Instant>, event: u64) {
        if self.first.is_none_or(|known| known.1 != event) {
            self.first = Some((first, event, false));
        }
    }

    fn begins_late(&mut self) {
        if let Some((_, event, false)) = self.first {
            let text = format!(
                "no event says when the record was made: the log knows it from event {event} on"
            );
            self.gaps_total += 1;
            self.gaps.insert(
                0,
                GapPart {
                    code: "begins_late".to_owned(),
                    field: None,
                    event,
                    text,
                },
            );
        }
    }

    /// Values that a field had, lost and got again.
    fn find_reverts(&mut self) {
        // The event of the return, the field, and the places of return and value among what the field held.
        let mut found = Vec::new();
        for (field, moments) in &self.fields {
            let held = held(moments);
            let mut last: HashMap<&str, usize> = HashMap::new();
            for (at, (value, back, _)) in held.iter().enumerate() {
                let Some(value) = value else { continue };
                if let Some(before) = last.insert(*value, at) {
                    found.push((*back, field, at, before));
                }
            }
        }
        found.sort_unstable();
        self.reverts_total = found.len() as u64;
        found.truncate(TOLD);
        let mut of_field: HashMap<&str, Vec<Held<'_>>> = HashMap::new();
        let told = found.into_iter().map(|(back, field, at, before)| {
            let held = of_field
                .entry(field.as_str())
                .or_insert_with(|| held(&self.fields[field]));
            let (_, left, left_at) = held[before + 1];
            let between = &held[before + 1..at];
            RevertPart {
                field: field.clone(),
                value: held[at].0.unwrap_or_default().to_owned(),
                between: between
                    .iter()
                    .take(BETWEEN)
                    .map(|h| h.0.unwrap_or_default().to_owned())
                    .collect(),
                between_total: between.len() as u64,
                left,
                back,
                away_seconds: left_at.zip(held[at].2).map(|(a, b)| super::seconds(a, b)),
            }
        });
        self.reverts = told.collect();
    }

    /// Whether the record is there at a moment (absent: at the end of the log), as far as the log tells.
    pub(super) fn condition(&self, at: Option<Instant>) -> &'static str {
        let reached = |t: &Instant| at.is_none_or(|at| *t <= at);
        match self.turns.iter().rev().find(|(t, ..)| reached(t)) {
            Some((_, _, true)) => "present",
            Some((_, _, false)) => "deleted",
            None => match self.first {
                Some((Some(first), _, _)) if reached(&first) => "present",
                _ if self.is_before_birth(at) => "not_made_yet",
                _ => "unknown",
            },
        }
    }

    /// Whether the log tells of the making of the record, and that was after a moment.
    fn is_before_birth(&self, at: Option<Instant>) -> bool {
        matches!((self.first, at), (Some((Some(made), _, true)), Some(at)) if at < made)
    }

    /// Every field at a moment; absent: at the end of the log. The moment itself is included.
    pub(super) fn state(&self, at: Option<Instant>) -> Vec<FieldState> {
        let reached = |m: &&Moment| at.is_none_or(|at| m.at.is_some_and(|t| t <= at));
        self.fields
            .iter()
            .filter_map(|(field, moments)| {
                let inferred = moments.iter().any(|m| m.only_new);
                let state = |value, certainty: &str, moment: Option<&Moment>| FieldState {
                    field: field.clone(),
                    value,
                    certainty: certainty.to_owned(),
                    inferred,
                    event: moment.map(|m| m.event),
                    since: moment.and_then(|m| m.at).map(Instant::rfc3339),
                    actor: moment.and_then(|m| m.actor.clone()),
                    changes: moments.len() as u64,
                    filter: String::new(),
                };
                let count = moments.iter().filter(reached).count();
                // Before the first change of a life its old value is what is known.
                let before = (moments.get(count))
                    .and_then(|next| next.old.clone())
                    .map(|old| state(Some(old), "before", None));
                match count.checked_sub(1).map(|last| &moments[last]) {
                    Some(moment) => Some(match &moment.known {
                        Known::Value(value) => state(Some(value.clone()), "logged", Some(moment)),
                        Known::Removed => state(None, "removed", Some(moment)),
                        Known::Unknown => state(None, "unknown", Some(moment)),
                        Known::Anew => {
                            before.unwrap_or_else(|| state(None, "unknown", Some(moment)))
                        }
                    }),
                    None => before.filter(|_| !self.is_before_birth(at)),
                }
            })
            .collect()
    }
}
