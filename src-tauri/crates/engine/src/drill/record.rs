//! Audited objects: the list of them, and the biography of one.
//!
//! Owns: which events speak of a record, and what is told of them. Never touches: the folding of changes.

use std::collections::HashMap;

use serde::Deserialize;
use witnessmark_lens::{Expr, On, Test, fold, to_text};
use witnessmark_model::{Field, Instant, Zone};
use witnessmark_store::query::{Axis, Order, Tally, View};

use super::biography::Life;
use super::{both, by_count, is, of_record, span, term};
use crate::api::{CountedFilter, RecordReport, RecordRow, RecordsReport};
use crate::case::Case;
use crate::error::{Code, Error, Result};

/// Events of one record that are read whole; a record with more writes than this is a table, not a record.
const MOST_WRITES: u64 = 200_000;

/// What the list of records should hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RecordsWanted {
    /// Only this kind of object; empty for all.
    pub kind: String,
    /// Part of an id or name, case ignored; empty for all.
    pub search: String,
    /// First record of the page, from 0.
    pub first: usize,
    /// The most records of the page.
    pub limit: usize,
}

/// Acts that change nothing.
fn looks() -> Expr {
    Expr::or(
        ["read", "list", "export"]
            .map(|op| is(Field::EventOperation, op))
            .to_vec(),
    )
}

impl Case {
    /// The records of the events that match.
    pub fn records(
        &self,
        query: &str,
        zone: &Zone,
        wanted: &RecordsWanted,
    ) -> Result<RecordsReport> {
        let base = self.expr(query, zone)?;
        let answer = self.answer_expr(&base)?;
        let q = self.query(&answer.snapshot);
        let values = q.values(Axis::Record)?;
        let mut tallies = q.tally(&answer.mask, Axis::Record)?;
        let search = fold(wanted.search.trim()).into_owned();
        tallies.retain(|t| {
            values.record(t.number).is_some_and(|r| {
                (wanted.kind.is_empty() || r.r#type == wanted.kind)
                    && (search.is_empty() || fold(&r.id).contains(&search))
            })
        });
        let looked = self.answer_expr(&both(&base, looks()))?;
        let reads: HashMap<u32, u64> = (q.tally(&looked.mask, Axis::Record)?.into_iter())
            .map(|t| (t.number, t.count))
            .collect();
        let writes = |t: &Tally| t.count - reads.get(&t.number).copied().unwrap_or(0);
        tallies.sort_by(|a, b| {
            (writes(b), b.count)
                .cmp(&(writes(a), a.count))
                .then_with(|| values.text(a.number).cmp(values.text(b.number)))
        });
        let total = tallies.len() as u64;
        let page: Vec<Tally> = (tallies.into_iter().skip(wanted.first))
            .take(wanted.limit.max(1))
            .collect();
        let numbers: Vec<u32> = page.iter().map(|t| t.number).collect();
        let actors = q.distinct_of(&answer.mask, Axis::Record, &numbers, Axis::Actor)?;
        let rows = page.iter().filter_map(|t| {
            let record = values.record(t.number)?;
            let filter = both(&base, of_record(&record.r#type, &record.id));
            Some(RecordRow {
                kind: record.r#type.clone(),
                id: record.id.clone(),
                span: span(values.text(t.number).to_owned(), t, &filter),
                writes: writes(t),
                actors: actors.get(&t.number).copied().unwrap_or(0),
            })
        });
        let named = self.answer_expr(&both(&base, has_record()))?;
        let (kinds, _) = self.spans(&answer, &base, Axis::Field(Field::TargetType), 200)?;
        Ok(RecordsReport {
            records: rows.collect(),
            kinds,
            total,
            without: answer.mask.len() - named.mask.len(),
        })
    }

    /// The biography of a record, with its state at a time (absent: at the end of the log); at most `limit` steps from
    /// the `first` on.
    pub fn record(
        &self,
        kind: &str,
        id: &str,
        at: Option<&str>,
        zone: &Zone,
        (first, limit): (usize, usize),
    ) -> Result<RecordReport> {
        let at = at.map(|text| self.moment(text, zone)).transpose()?;
        let base = self.of_typed_record(kind, id);
        let answer = self.answer_expr(&base)?;
        if answer.mask.is_empty() {
            return Err(Error::new(
                Code::NoSuchItem,
                format!("no event speaks of the record {kind} {id}"),
                "List the records with `records`; type and id are those of the log.",
            ));
        }
        let q = self.query(&answer.snapshot);
        // A look that carries changes is no look.
        let changes = Expr::or(
            [Field::ChangeField, Field::ChangeOld, Field::ChangeNew]
                .map(|f| term(On::Fields(vec![f]), Test::Exists))
                .to_vec(),
        );
        let writing = both(&base, Expr::or(vec![looks().negate(), changes]));
        let told = self.answer_expr(&writing)?;
        if told.mask.len() > MOST_WRITES {
            return Err(Error::new(
                Code::LimitExceeded,
                format!(
                    "{kind} {id} was changed {} times; that is more than one biography can hold",
                    told.mask.len()
                ),
                "Look at its events with `events` and a narrower time.",
            ));
        }
        let view = View::new(told.snapshot.clone(), told.mask.clone(), Order::Oldest);
        let events = q.events(&view.rows(0, told.mask.len() as usize)?)?;
        let mut life = Life::of(&events);
        let (first_seen, last_seen) = q.first_last(&answer.mask)?.unzip();
        let all = View::new(answer.snapshot.clone(), answer.mask.clone(), Order::Oldest);
        if let Some(row) = all.rows(0, 1)?.first() {
            life.seen(first_seen, q.event_number(*row)?);
        }
        let looked = both(&base, looks());
        let reads = self.answer_expr(&looked)?;
        let (by_operation, _) =
            self.spans(&reads, &looked, Axis::Field(Field::EventOperation), 8)?;
        let mut state = life.state(at);
        for field in &mut state {
            field.filter = to_text(&both(&base, is(Field::ChangeField, &field.field)));
        }
        let systems = self.systems(&q, &answer.mask)?;
        let (actors, _) = self.spans(&answer, &base, Axis::Actor, 50)?;
        let steps_total = life.steps.len() as u64;
        let steps = std::mem::take(&mut life.steps);
        Ok(RecordReport {
            kind: kind.to_owned(),
            id: id.to_owned(),
            names: self.names_of(&answer, kind, id)?,
            systems,
            filter: to_text(&base),
            events: answer.mask.len(),
            first: first_seen.map(Instant::rfc3339),
            last: last_seen.map(Instant::rfc3339),
            lives: life.lives,
            condition: life.condition(at).to_owned(),
            steps: steps.into_iter().skip(first).take(limit).collect(),
            steps_total,
            reads: (by_operation.into_iter())
                .map(|s| CountedFilter {
                    name: s.value,
                    events: s.events,
                    filter: s.filter,
                })
                .collect(),
            at: at.map(Instant::rfc3339),
            state,
            reverts: std::mem::take(&mut life.reverts),
            gaps: std::mem::take(&mut life.gaps),
            actors,
            blind_spots: self.blind(&q, &answer.mask)?,
        })
    }

    /// A record by the type and id that a person gave: in whatever case, as `target:` in a filter.
    fn of_typed_record(&self, kind: &str, id: &str) -> Expr {
        // Exactly as given where the log has it so; in any case else.
        let exact = of_record(kind, id);
        if self.answer_expr(&exact).is_ok_and(|a| !a.mask.is_empty()) {
            return exact;
        }
        let kind = self.spelt(Field::TargetType, kind);
        let id = self
            .spelt(Field::TargetId, id)
            .or_else(|| self.spelt(Field::TargetName, id));
        match kind.zip(id) {
            Some((kind, id)) => of_record(&kind, &id),
            None => exact,
        }
    }

    /// How the log spells a value that was given in another case.
    fn spelt(&self, field: Field, text: &str) -> Option<String> {
        let all = self.answer_expr(&Expr::All).ok()?;
        let values = self.query(&all.snapshot).values(Axis::Field(field)).ok()?;
        let wanted = fold(text);
        (1..values.len() as u32)
            .map(|n| values.text(n))
            .find(|v| fold(v) == wanted)
            .map(str::to_owned)
    }

    fn names_of(&self, answer: &crate::lens::Answer, kind: &str, id: &str) -> Result<Vec<String>> {
        let q = self.query(&answer.snapshot);
        let axis = Axis::Field(Field::TargetName);
        let values = q.values(axis)?;
        let mut tallies = q.tally(&answer.mask, axis)?;
        by_count(&mut tallies, &values);
        let mut names = Vec::new();
        for tally in tallies.iter().take(50) {
            let name = values.text(tally.number);
            // Other targets of the same events have names too; only those of this record's own target count.
            let rows = View::new(
                answer.snapshot.clone(),
                self.answer_expr(&both(&of_record(kind, id), is(Field::TargetName, name)))?
                    .mask,
                Order::Oldest,
            )
            .rows(0, 1)?;
            let own = q
                .events(&rows)?
                .into_iter()
                .flat_map(|e| e.targets)
                .any(|t| {
                    t.name.as_deref() == Some(name)
                        && (t.id.as_deref().is_some_and(|i| fold(i) == fold(id))
                            || fold(name) == fold(id))
                });
            if own {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    /// A moment that a person typed, as in `after:`.
    pub(super) fn moment(&self, text: &str, zone: &Zone) -> Result<Instant> {
        let expr = self.expr(&format!("after:{text}"), zone)?;
        let mut found = None;
        expr.each_term(&mut |term, _| {
            if let Test::When { from, .. } = &term.test {
                found = *from;
            }
        });
        found.ok_or_else(|| {
            Error::new(
                Code::InvalidOption,
                format!("`{text}` is no time"),
                "Write it as 2024-04-22T06:32:15Z, 2024-04-22 14:32 or 2024-04-22.",
            )
        })
    }
}

/// Events that name a record.
fn has_record() -> Expr {
    Expr::or(
        [Field::TargetId, Field::TargetName]
            .map(|f| term(On::Fields(vec![f]), Test::Exists))
            .to_vec(),
    )
}
