//! The examiner's own dated entries beside the events of a filter, and what of a person's words goes into a package.
//!
//! Owns: of which entries a filter holds, where they stand among rows, which notes a scope takes in. Never touches: how they
//! are kept (`notes`), any count: an entry is no event and is counted nowhere.
//!
//! A filter holds of an entry as it would of an event that has a time and a message and nothing else.

use std::borrow::Cow;

use witnessmark_lens::Expr;
use witnessmark_lens::naive::{Facts, matches};
use witnessmark_model::{Event, Field, Instant, Zone};
use witnessmark_package::NoteFacts;
use witnessmark_store::query::{Order, View};

use crate::api::{NotePart, OwnEntryPart};
use crate::case::Case;
use crate::clock_text::local_time;
use crate::error::Result;

const ENTRY: &str = "entry";

/// What an entry, or an event that is only thought of, holds beside its fields: nothing.
pub(crate) struct Nothing;

impl Facts for Nothing {
    fn leaves(&self, event: &Event, visit: &mut dyn FnMut(&[&str], &str)) {
        visit(&["message"], event.get(Field::Message).unwrap_or_default());
    }

    fn raw(&self, event: &Event) -> Cow<'_, [u8]> {
        Cow::Owned(
            event
                .get(Field::Message)
                .unwrap_or_default()
                .as_bytes()
                .to_vec(),
        )
    }

    fn tags(&self, _: &Event) -> Vec<String> {
        Vec::new()
    }

    fn findings(&self, _: &Event) -> Vec<String> {
        Vec::new()
    }

    fn source_name(&self, _: u32) -> Option<String> {
        None
    }

    fn joined_names(&self, _: &Event) -> Vec<String> {
        Vec::new()
    }

    fn overlays(&self, _: &Event, _: &str) -> Vec<String> {
        Vec::new()
    }
}

fn moment(note: &NotePart) -> Option<Instant> {
    note.time.as_deref().and_then(Instant::parse_rfc3339)
}

fn holds(expr: &Expr, entry: &NotePart) -> bool {
    let mut event = Event {
        time: moment(entry),
        ..Event::default()
    };
    event.fields.push((Field::Message, entry.text.clone()));
    matches(expr, &event, &Nothing)
}

impl Case {
    fn entries_within(&self, expr: &Expr) -> Result<Vec<NotePart>> {
        let all = self.notes("", &[ENTRY.to_owned()])?.notes;
        Ok(all.into_iter().filter(|n| holds(expr, n)).collect())
    }

    /// The examiner's own entries that a filter holds of, in the order of rows, each with the rank of the row before which
    /// it stands. Nothing that is counted counts them.
    ///
    /// # Errors
    /// When the view is not open any more, or the case cannot be read.
    pub fn view_entries(&self, view: u32) -> Result<Vec<OwnEntryPart>> {
        let held = self.held(view)?;
        self.entries_among(&held.expr, &held.view, &held.zone)
    }

    /// The same for a filter that was typed.
    ///
    /// # Errors
    /// When the filter is none, or the case cannot be read.
    pub fn entries_of(&self, query: &str, newest: bool, zone: &Zone) -> Result<Vec<OwnEntryPart>> {
        let parsed = self.parse(query, zone)?;
        let answer = self.answer_to(&parsed)?;
        let order = if newest { Order::Newest } else { Order::Oldest };
        let view = View::new(answer.snapshot.clone(), answer.mask.clone(), order);
        self.entries_among(&parsed.expr, &view, zone)
    }

    fn entries_among(&self, expr: &Expr, view: &View, zone: &Zone) -> Result<Vec<OwnEntryPart>> {
        let mut parts = Vec::new();
        for entry in self.entries_within(expr)? {
            let Some(time) = moment(&entry) else {
                continue;
            };
            parts.push(OwnEntryPart {
                id: entry.id,
                time: local_time(time, zone),
                text: entry.text,
                who: entry.who,
                at: entry.at,
                before: view.rank_at(time)?,
            });
        }
        if view.order() == Order::Newest {
            parts.reverse();
        }
        Ok(parts)
    }

    /// What persons said of what a scope holds: of events in it, of actors and records with an event in it, of findings with
    /// all their events in it, and the examiner's entries that the filter holds of.
    pub(crate) fn packed_notes(&self, query: &str, zone: &Zone) -> Result<Vec<NoteFacts>> {
        let parsed = self.parse(query, zone)?;
        let whole = parsed.expr == Expr::All;
        let scope = self.answer_to(&parsed)?;
        let rows = self.query(&scope.snapshot);
        let has = |event: u64| -> Result<bool> {
            Ok(rows.find(event)?.is_some_and(|row| {
                let segment = scope.mask.segments.get(row.segment as usize);
                segment.is_some_and(|m| m.has(row.row))
            }))
        };
        let review = self.last_review()?.unwrap_or_default();
        let mut packed = Vec::new();
        for note in self.notes("", &[])?.notes {
            let inside = match (note.subject.split_once(':'), note.event) {
                _ if whole => true,
                (_, Some(event)) => has(event)?,
                (Some(("finding", id)), _) => match review.findings.iter().find(|f| f.id == id) {
                    Some(found) if found.left_out == 0 => found
                        .events
                        .iter()
                        .map(|e| has(*e))
                        .collect::<Result<Vec<bool>>>()?
                        .into_iter()
                        .all(|inside| inside),
                    _ => false,
                },
                (Some((what, name)), _) => {
                    let about = self.about(what, name)?;
                    let both = Expr::and(vec![about, parsed.expr.clone().without_spans()]);
                    !self.answer_expr(&both)?.mask.is_empty()
                }
                (None, None) => holds(&parsed.expr, &note),
            };
            if inside {
                packed.push(NoteFacts {
                    time: moment(&note),
                    kind: note.kind,
                    subject: note.subject,
                    event: note.event,
                    source_sha256: note.source_sha256,
                    entry: note.entry,
                    text: note.text,
                    who: note.who,
                    at: note.at,
                    gone: note.gone,
                });
            }
        }
        Ok(packed)
    }
}
