//! Audited objects: the list of them, and the biography of one.
//!
//! Owns: which events speak of a record, and what is told of them. Never touches: the folding of changes.

use serde::Deserialize;
use witnessmark_lens::{Expr, Test, fold, to_text};
use witnessmark_model::{Field, Instant, Zone};
use witnessmark_store::query::{Axis, Gathered, Query, RecordKey, RowRef, Tally};

use super::biography::Life;
use super::counted::{first_of, most, tallies};
use super::stints::number_of;
use super::{both, is, of_record, of_target, span, within};
use crate::api::{CountedFilter, RecordReport, RecordRow, RecordsReport};
use crate::case::Case;
use crate::error::{Code, Error, Result};
use crate::lens::Answer;

/// Writes of one record that are folded; a record with more than this is a table, not a record.
const MOST_WRITES: usize = 2_000_000;
/// Events that are read whole at once.
const AT_ONCE: usize = 4_096;

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

/// Which record is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RecordOf {
    /// Kind of object, as the log has it.
    pub kind: String,
    /// Its id, or its name.
    pub id: String,
    /// Whether `id` is a name, and the record that is meant has no id in the log.
    pub named: bool,
    /// A filter of the events that are looked at; empty for all.
    pub query: String,
}

impl RecordOf {
    /// A record by its id or name, in all events.
    #[must_use]
    pub fn new(kind: &str, id: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            id: id.to_owned(),
            ..Self::default()
        }
    }
}

/// Operations that change nothing.
const LOOKS: [&str; 3] = ["read", "list", "export"];
const OPERATION: Axis = Axis::Field(Field::EventOperation);
const OUTCOME: Axis = Axis::Field(Field::EventOutcome);

/// Acts that change nothing.
fn looks_expr() -> Expr {
    Expr::or(LOOKS.map(|op| is(Field::EventOperation, op)).to_vec())
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
        let counts = q.counts(&answer.mask, Axis::Record)?;
        let search = fold(wanted.search.trim()).into_owned();
        let mut found: Vec<u32> = (0_u32..)
            .zip(&counts.by_number)
            .filter(|(number, count)| {
                **count > 0
                    && values.record(*number).is_some_and(|r| {
                        (wanted.kind.is_empty() || r.r#type == wanted.kind)
                            && (search.is_empty() || fold(&r.id).contains(&search))
                    })
            })
            .map(|(number, _)| number)
            .collect();
        let looked = self.answer_expr(&both(&base, looks_expr()))?;
        let reads = q.counts(&looked.mask, Axis::Record)?.by_number;
        let count = |n: u32| counts.by_number[n as usize];
        let writes = |n: u32| count(n) - reads[n as usize];
        let total = found.len() as u64;
        let limit = wanted.limit.max(1);
        first_of(&mut found, wanted.first.saturating_add(limit), |a, b| {
            (writes(*b), count(*b))
                .cmp(&(writes(*a), count(*a)))
                .then_with(|| values.text(*a).cmp(values.text(*b)))
                .then(a.cmp(b))
        });
        let page: Vec<u32> = found.into_iter().skip(wanted.first).collect();
        let told = q.told(&answer.mask, Axis::Record, &page, &[Axis::Actor])?;
        let rows = page.iter().zip(told).filter_map(|(n, told)| {
            let record = values.record(*n)?;
            let filter = both(&base, of_record(record));
            let tally = Tally {
                number: *n,
                count: count(*n),
                first: told.first,
                last: told.last,
            };
            Some(RecordRow {
                kind: record.r#type.clone(),
                id: record.id.clone(),
                named: record.named,
                span: span(values.text(*n).to_owned(), &tally, &filter),
                writes: writes(*n),
                actors: told.distinct[0],
            })
        });
        let (kinds, _) = self.spans(&answer, &base, Axis::Field(Field::TargetType), 200)?;
        Ok(RecordsReport {
            records: rows.collect(),
            kinds,
            total,
            without: answer.mask.len() - counts.events,
        })
    }

    /// The biography of a record, with its state at a time (absent: at the end of the log); at most `limit` steps from
    /// the `first` on.
    pub fn record(
        &self,
        of: &RecordOf,
        at: Option<&str>,
        zone: &Zone,
        (first, limit): (usize, usize),
    ) -> Result<RecordReport> {
        let (kind, id) = (of.kind.as_str(), of.id.as_str());
        let at = at.map(|text| self.moment(text, zone)).transpose()?;
        let missing = || {
            Error::new(
                Code::NoSuchItem,
                format!("no event speaks of the record {kind} {id}"),
                "List the records with `records`; type and id are those of the log.",
            )
        };
        let key = self.typed_record(of)?.ok_or_else(missing)?;
        let mut base = match of.query.trim().is_empty() {
            true => of_record(&key),
            false => both(&self.expr(&of.query, zone)?, of_record(&key)),
        };
        let mut answer = self.answer_expr(&base)?;
        if answer.mask.is_empty() {
            return Err(missing());
        }
        // One id in two organizations is two objects: of those the biography of one is told, and that there are others.
        let scopes = self.scopes(&answer)?;
        if let Some(shown) = scopes.first().filter(|_| scopes.len() > 1) {
            base = both(&base, shown.expr.clone());
            answer = self.answer_expr(&base)?;
        }
        let q = self.query(&answer.snapshot);
        let rows = q.gather(&answer.mask, &[OPERATION, Axis::Actor, OUTCOME])?;
        let failure = number_of(&q.values(OUTCOME)?, "failure");
        let operations = q.values(OPERATION)?;
        let looks = LOOKS.map(|op| number_of(&operations, op));
        let looked =
            |row: usize| rows.columns[0][row] != 0 && looks.contains(&rows.columns[0][row]);
        // A look that carries changes is no look.
        let changes = [Field::ChangeField, Field::ChangeOld, Field::ChangeNew];
        let changes = q.present(&rows, &changes)?;
        let told: Vec<RowRef> = (0..rows.len())
            .filter(|row| !looked(*row) || changes[*row])
            .map(|row| rows.row(row))
            .collect();
        if told.len() > MOST_WRITES {
            return Err(Error::new(
                Code::LimitExceeded,
                format!(
                    "{kind} {id} was changed {} times; that is more than one biography can hold",
                    told.len()
                ),
                "Look at its events with `events` and a narrower time.",
            ));
        }
        let mut life = Life::new(first..first.saturating_add(limit));
        for some in told.chunks(AT_ONCE) {
            for event in q.events(some)? {
                life.tell(&event);
            }
        }
        let [first_seen, last_seen] =
            [rows.times.first(), rows.times.last()].map(|t| t.copied().map(Instant));
        let succeeded = |row: &usize| failure == 0 || rows.columns[2][*row] != failure;
        if let Some(row) = (0..rows.len()).find(succeeded) {
            life.seen(rows.time(row), q.event_number(rows.row(row))?);
        }
        life.end();
        let reads = {
            let base = both(&base, looks_expr());
            let mut found = tallies(&rows, &rows.columns[0], operations.len(), looked);
            most(&mut found, &operations, usize::MAX);
            let each = found.iter().map(|t| CountedFilter {
                name: operations.text(t.number).to_owned(),
                events: t.count,
                filter: to_text(&within(&base, OPERATION, &operations, t.number)),
            });
            each.collect::<Vec<_>>()
        };
        let actors = {
            let values = q.values(Axis::Actor)?;
            let mut found = tallies(&rows, &rows.columns[1], values.len(), |_| true);
            most(&mut found, &values, 50);
            let each = found.iter().map(|t| {
                let filter = within(&base, Axis::Actor, &values, t.number);
                span(values.text(t.number).to_owned(), t, &filter)
            });
            each.collect::<Vec<_>>()
        };
        let mut state = life.state(at);
        for field in &mut state {
            field.filter = to_text(&both(&base, is(Field::ChangeField, &field.field)));
        }
        let systems = self.systems(&q, &answer.mask)?;
        Ok(RecordReport {
            kind: kind.to_owned(),
            id: id.to_owned(),
            names: names_of(&q, &rows, &key)?,
            scopes: super::scopes::told(&scopes),
            systems,
            filter: to_text(&base),
            events: answer.mask.len(),
            first: first_seen.map(Instant::rfc3339),
            last: last_seen.map(Instant::rfc3339),
            lives: life.lives,
            condition: life.condition(at).to_owned(),
            steps: std::mem::take(&mut life.steps),
            steps_total: life.steps_total,
            reads,
            at: at.map(Instant::rfc3339),
            state,
            reverts: std::mem::take(&mut life.reverts),
            reverts_total: life.reverts_total,
            gaps: std::mem::take(&mut life.gaps),
            gaps_total: life.gaps_total,
            actors,
            blind_spots: self.blind(&q, &answer.mask)?,
        })
    }

    /// The record of the type and id that a person gave, in whatever case: what has it for its id; else what has it for its
    /// name and no id; else the one record with an id that was ever called so.
    fn typed_record(&self, of: &RecordOf) -> Result<Option<RecordKey>> {
        let found = |kind: &str, id: &str, named: bool| -> Result<Option<RecordKey>> {
            let key = RecordKey {
                r#type: kind.to_owned(),
                id: id.to_owned(),
                named,
            };
            let is_there = !self.answer_expr(&of_record(&key))?.mask.is_empty();
            Ok(is_there.then_some(key))
        };
        // Exactly as given where the log has it so; in any case else, for which every value of the log is looked at.
        let ways = [false, true]
            .into_iter()
            .filter(|named| *named || !of.named);
        for named in ways.clone() {
            if let Some(key) = found(&of.kind, &of.id, named)? {
                return Ok(Some(key));
            }
        }
        let spelt = |field, text: &str| self.spelt(field, text).unwrap_or_else(|| text.to_owned());
        let kind = spelt(Field::TargetType, &of.kind);
        let name = spelt(Field::TargetName, &of.id);
        for named in ways {
            let id = match named {
                true => name.clone(),
                false => spelt(Field::TargetId, &of.id),
            };
            if let Some(key) = found(&kind, &id, named)? {
                return Ok(Some(key));
            }
        }
        let called = of_target(&kind, &name);
        let answer = self.answer_expr(&called)?;
        let found = self.ids_called(&answer, &kind, &name)?;
        match found.as_slice() {
            [] => Ok(None),
            [id] => Ok(Some(RecordKey {
                r#type: kind,
                id: id.clone(),
                named: false,
            })),
            several => Err(Error::new(
                Code::NoSuchItem,
                format!(
                    "{} records are called {} {}: {}",
                    several.len(),
                    of.kind,
                    of.id,
                    several
                        .iter()
                        .take(10)
                        .cloned()
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
                "Give the id of one of them.",
            )),
        }
    }

    /// The ids of targets of a type that have a name.
    fn ids_called(&self, answer: &Answer, kind: &str, name: &str) -> Result<Vec<String>> {
        let q = self.query(&answer.snapshot);
        let rows = q.gather(&answer.mask, &[])?;
        let ids = std::cell::RefCell::new(std::collections::BTreeSet::new());
        q.target_names(&rows, &|of, id, called| {
            if (kind.is_empty() || of == kind) && called == name && !id.is_empty() {
                ids.borrow_mut().insert(id.to_owned());
            }
            false
        })?;
        Ok(ids.into_inner().into_iter().collect())
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

    /// A moment that a person typed, as in `after:`.
    pub(crate) fn moment(&self, text: &str, zone: &Zone) -> Result<Instant> {
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

/// The names of a record, most frequent first. Other targets of the same events have names too; only those of this
/// record's own target count.
fn names_of(q: &Query<'_>, rows: &Gathered, key: &RecordKey) -> Result<Vec<String>> {
    let found = q.target_names(rows, &|of, id, name| {
        let own = match key.named {
            true => id.is_empty() && name == key.id,
            false => id == key.id,
        };
        (key.r#type.is_empty() || of == key.r#type) && own
    })?;
    let mut names: Vec<(u64, String)> = found.into_iter().map(|(name, n)| (n, name)).collect();
    names.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    Ok(names.into_iter().take(50).map(|(_, name)| name).collect())
}
