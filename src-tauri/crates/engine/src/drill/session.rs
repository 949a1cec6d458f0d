//! One session with everything done in it: from an id of the vendor, or from any event.
//!
//! Owns: which events are one session, their filter, their order. Never touches: the rule of idle time itself (the model
//! has it).
//!
//! The events of a session that no vendor names are found in the rows of its actor around the event: backwards and
//! forwards until a gap is longer than the limit. The same cut, made over a longer time, gives the same session, because
//! a session never reaches over such a gap.

use std::collections::HashSet;

use witnessmark_lens::{Expr, to_text};
use witnessmark_model::idle::Sessions;
use witnessmark_model::weight::KINDS;
use witnessmark_model::{Field, Instant, Zone};
use witnessmark_store::query::{Axis, Query, RowRef};

use super::stints::{self, Rows, Stint};
use super::{between, both, is, is_or_lacks, lacks, of_actor, seconds, span, within};
use crate::api::{ActPart, CountedFilter, ScopePart, SessionReport, SessionRow};
use crate::case::Case;
use crate::error::{Code, Error, Result};
use crate::lens::Answer;
use crate::rows;

/// Which session is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionOf {
    /// The vendor's id.
    Id(String),
    /// The session that holds an event.
    Event(u64),
}

/// The order of the acts of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SessionOrder {
    /// Earliest first.
    Time,
    /// Most sensitive first: money, keys, roles and exports before others of the same level; then by time.
    #[default]
    Sensitivity,
}

/// Minutes of the longest limit that can be chosen: a week.
const MOST_MINUTES: u32 = 7 * 24 * 60;
const MINUTE: i64 = 60 * 1_000_000_000;

/// The limit in nanoseconds.
pub(super) fn idle(minutes: u32) -> Result<i64> {
    if minutes == 0 || minutes > MOST_MINUTES {
        return Err(Error::new(
            Code::InvalidOption,
            format!("{minutes} minutes are no idle time"),
            format!("Choose 1 to {MOST_MINUTES} minutes."),
        ));
    }
    Ok(i64::from(minutes) * MINUTE)
}

/// A session as found.
struct Found {
    expr: Expr,
    rows: Rows,
    stint: Stint,
    by: &'static str,
    from: Option<usize>,
    /// Others that have the same id.
    scopes: Vec<ScopePart>,
}

impl Case {
    /// A session with what was done in it; at most `limit` acts from the `first` on.
    pub fn session(
        &self,
        of: &SessionOf,
        idle_minutes: u32,
        order: SessionOrder,
        (first, limit): (usize, usize),
        zone: &Zone,
    ) -> Result<SessionReport> {
        let gap = idle(idle_minutes)?;
        let found = match of {
            SessionOf::Id(id) => self.by_id(id)?,
            SessionOf::Event(number) => self.by_event(*number, gap)?,
        };
        self.told(of, found, idle_minutes, order, (first, limit), zone)
    }

    fn by_id(&self, id: &str) -> Result<Found> {
        let mut expr = is(Field::SessionId, id);
        let mut answer = self.answer_expr(&expr)?;
        if answer.mask.is_empty() {
            return Err(Error::new(
                Code::NoSuchItem,
                format!("no event names the session `{id}`"),
                "Give an event instead: its session is cut by actor, address, device and idle time.",
            ));
        }
        let scopes = self.scopes(&answer)?;
        if let Some(shown) = scopes.first().filter(|_| scopes.len() > 1) {
            expr = both(&expr, shown.expr.clone());
            answer = self.answer_expr(&expr)?;
        }
        let rows = Rows::of(&self.query(&answer.snapshot), &answer.mask)?;
        let stint = whole(&rows);
        Ok(Found {
            expr,
            rows,
            stint,
            by: "vendor",
            from: None,
            scopes: super::scopes::told(&scopes),
        })
    }

    fn by_event(&self, number: u64, gap: i64) -> Result<Found> {
        let all = self.answer_expr(&Expr::All)?;
        let query = self.query(&all.snapshot);
        let event = self.event(&all.snapshot, number)?;
        if let Some(id) = event.get(Field::SessionId) {
            // The same id in another system or organization is another session.
            let scope = [
                Field::SessionId,
                Field::EventProvider,
                Field::OrganizationId,
                Field::OrganizationName,
            ]
            .map(|f| match f {
                Field::SessionId => is(f, id),
                f => is_or_lacks(f, event.get(f).unwrap_or_default()),
            });
            let expr = Expr::and(scope.to_vec());
            let answer = self.answer_expr(&expr)?;
            let rows = Rows::of(&self.query(&answer.snapshot), &answer.mask)?;
            let stint = whole(&rows);
            let from = place(&query, &rows, number)?;
            return Ok(Found {
                expr,
                rows,
                stint,
                by: "vendor",
                from,
                scopes: Vec::new(),
            });
        }
        let Some(time) = event.time else {
            return Err(Error::new(
                Code::NoSuchItem,
                format!(
                    "event {number} names no session and has no time, so what belongs to it cannot be told"
                ),
                "Look at the actor's events instead.",
            ));
        };
        let place_of = query.find(number)?.ok_or_else(|| missing(number))?;
        let who = self.actor_of(&query, place_of)?.ok_or_else(|| {
            Error::new(
                Code::NoSuchItem,
                format!("event {number} names no session and no actor, so what belongs to it cannot be told"),
                "Look at the events around it in the timeline.",
            )
        })?;
        let base = both(&who, lacks(Field::SessionId));
        self.around(&query, base, number, time, gap)
    }

    /// Looks further and further around an event until the session ends inside of what was looked at.
    fn around(
        &self,
        query: &Query<'_>,
        base: Expr,
        number: u64,
        time: Instant,
        gap: i64,
    ) -> Result<Found> {
        let mut reach = gap.saturating_mul(16);
        loop {
            let window = between(
                Instant(time.0.saturating_sub(reach)),
                Instant(time.0.saturating_add(reach)),
            );
            let answer = self.answer_expr(&both(&base, window))?;
            let rows = Rows::of(query, &answer.mask)?;
            let from = place(query, &rows, number)?.ok_or_else(|| missing(number))?;
            let stints = rows.stints(gap);
            // Rows of an actor outside of the session can decide whether an event on trust is its own, so the edge must
            // be one gap away from every row that is looked at, unless nothing lies beyond.
            let quiet = |edge: i64, row: Option<usize>| {
                row.and_then(|r| rows.rows.time(r))
                    .is_none_or(|t| (i128::from(t.0) - i128::from(edge)).abs() > i128::from(gap))
            };
            let edges = (time.0.saturating_sub(reach), time.0.saturating_add(reach));
            let burst = burst(&rows, from, gap);
            let done = quiet(edges.0, Some(burst.0)) && quiet(edges.1, Some(burst.1));
            if !done && reach < i64::MAX / 4 {
                reach = reach.saturating_mul(8);
                continue;
            }
            let stint = stints
                .into_iter()
                .find(|s| s.first <= from && from <= s.last && self.holds(&rows, s, from, gap))
                .ok_or_else(|| missing(number))?;
            let expr = self.stint_expr(&rows, &stint, &base);
            return Ok(Found {
                expr,
                rows,
                stint,
                by: "idle",
                from: Some(from),
                scopes: Vec::new(),
            });
        }
    }

    /// Whether a row is one of a session.
    fn holds(&self, rows: &Rows, stint: &Stint, row: usize, gap: i64) -> bool {
        members(rows, stint, gap).iter().any(|(at, ..)| *at == row)
    }

    /// The filter of a session that was cut by idle time. Events that name another address or device are other sessions;
    /// those that name none are in it by time.
    pub(super) fn stint_expr(&self, rows: &Rows, stint: &Stint, base: &Expr) -> Expr {
        if stint.vendor != 0 {
            let id = rows.values[stints::SESSION].text(stint.vendor);
            return both(base, is(Field::SessionId, id));
        }
        let mut parts = vec![base.clone()];
        if let (Some(first), Some(last)) = (rows.rows.time(stint.first), rows.until(stint)) {
            parts.push(between(first, last));
        }
        if stint.address != 0 {
            let address = rows.values[stints::ADDRESS].text(stint.address);
            parts.push(Expr::or(vec![
                is(Field::SourceIp, address),
                lacks(Field::SourceIp),
            ]));
        }
        if stint.device != 0 {
            let device = within(
                &Expr::All,
                Axis::Device,
                &rows.values[stints::DEVICE],
                stint.device,
            );
            let none = [
                Field::UserAgentName,
                Field::UserAgentOs,
                Field::UserAgentOriginal,
            ]
            .map(lacks);
            parts.push(Expr::or(vec![device, Expr::and(none.to_vec())]));
        }
        Expr::and(parts)
    }

    /// A filter of the actor of a row.
    pub(crate) fn actor_of(&self, query: &Query<'_>, row: RowRef) -> Result<Option<Expr>> {
        let values = query.values(Axis::Actor)?;
        let number = query.number_at(Axis::Actor, row)?;
        Ok((number != 0).then(|| of_actor(&values, number)))
    }

    /// A session as a row of a list.
    pub(super) fn session_row(
        &self,
        query: &Query<'_>,
        rows: &Rows,
        stint: &Stint,
        base: &Expr,
    ) -> Result<SessionRow> {
        let text = |axis: usize, number: u32| {
            (number != 0).then(|| rows.values[axis].text(number).to_owned())
        };
        let (start, end) = (rows.rows.time(stint.first), rows.until(stint));
        // Undated rows stand last, so the last dated one is looked for.
        let end = end.or_else(|| {
            (stint.first..=stint.last).rev().find_map(|r| {
                rows.rows
                    .time(r)
                    .filter(|_| rows.at(stints::SESSION, r) == stint.vendor)
            })
        });
        Ok(SessionRow {
            id: text(stints::SESSION, stint.vendor),
            event: query.event_number(rows.rows.row(stint.first))?,
            start: start.map(Instant::rfc3339),
            end: end.map(Instant::rfc3339),
            seconds: start.zip(end).map_or(0.0, |(a, b)| seconds(a, b)),
            events: stint.events,
            sensitive: stint.sensitive,
            failures: stint.failures,
            address: text(stints::ADDRESS, stint.address),
            addresses: stint.addresses,
            device: text(stints::DEVICE, stint.device),
            country: text(stints::COUNTRY, stint.country),
            on_trust: stint.on_trust,
            contested: stint.contested + stint.beyond.map_or(0, |b| u64::from(b.events)),
            filter: to_text(&self.stint_expr(rows, stint, base)),
        })
    }

    fn told(
        &self,
        of: &SessionOf,
        found: Found,
        idle_minutes: u32,
        order: SessionOrder,
        (first, limit): (usize, usize),
        zone: &Zone,
    ) -> Result<SessionReport> {
        let answer = self.answer_expr(&found.expr)?;
        let query = self.query(&answer.snapshot);
        let rows = &found.rows;
        let gap = idle(idle_minutes)?;
        let mut acts: Vec<(usize, bool, bool)> = match found.by {
            "vendor" => (0..rows.rows.len()).map(|r| (r, false, false)).collect(),
            _ => members(rows, &found.stint, gap),
        };
        let origin = (found.from.and_then(|r| rows.rows.time(r)))
            .or_else(|| rows.rows.time(found.stint.first));
        if order == SessionOrder::Sensitivity {
            acts.sort_by_key(|(row, ..)| (std::cmp::Reverse(rows.act(*row).rank()), *row));
        }
        let counted = Counted::of(rows, &acts);
        let page: Vec<(usize, bool, bool)> = acts.into_iter().skip(first).take(limit).collect();
        let places: Vec<RowRef> = page.iter().map(|(row, ..)| rows.rows.row(*row)).collect();
        let events = query.events(&places)?;
        let marks = self.marks()?;
        let told = page
            .iter()
            .zip(&events)
            .map(|((row, on_trust, contested), event)| {
                let act = rows.act(*row);
                ActPart {
                    row: rows::row(event, zone, &self.library(), &marks),
                    after_seconds: origin.zip(event.time).map(|(a, b)| seconds(a, b)),
                    level: act.level(),
                    kind: act.kind().to_owned(),
                    on_trust: *on_trust,
                    contested: *contested,
                }
            });
        let acts: Vec<ActPart> = told.collect();
        let mut session = self.session_row(&query, rows, &found.stint, &found.expr)?;
        session.filter = to_text(&found.expr);
        counted.put(&mut session, rows);
        let rule = match found.by {
            "vendor" => "The log itself names this session.".to_owned(),
            _ => format!(
                "The log names no session: what one actor did from one address and device, until nothing happened for {idle_minutes} minutes. Events that name neither are in it by actor and time."
            ),
        };
        Ok(SessionReport {
            from_event: match of {
                SessionOf::Event(number) => Some(*number),
                SessionOf::Id(_) => None,
            },
            by: found.by.to_owned(),
            rule,
            idle_minutes: (found.by == "idle").then_some(idle_minutes),
            actors: self.who(&answer, &found.expr)?,
            counts: self.by_operation(&query, &answer, &found.expr)?,
            kinds: self.by_kind(rows, &found, gap)?,
            acts,
            contested: counted.contested,
            scopes: found.scopes,
            blind_spots: self.blind(&query, &answer.mask)?,
            session,
        })
    }

    fn who(&self, answer: &Answer, base: &Expr) -> Result<Vec<CountedFilter>> {
        let (spans, _) = self.spans(answer, base, Axis::Actor, 20)?;
        Ok(spans.into_iter().map(counted).collect())
    }

    fn by_operation(
        &self,
        query: &Query<'_>,
        answer: &Answer,
        base: &Expr,
    ) -> Result<Vec<CountedFilter>> {
        let axis = Axis::Field(Field::EventOperation);
        let values = query.values(axis)?;
        let mut tallies = query.tally(&answer.mask, axis)?;
        super::counted::most(&mut tallies, &values, usize::MAX);
        let told = tallies.iter().map(|t| {
            let filter = within(base, axis, &values, t.number);
            counted(span(values.text(t.number).to_owned(), t, &filter))
        });
        Ok(told.collect())
    }

    /// Money, keys, roles, exports: the filter lists the pairs of category and operation that the session holds of each.
    fn by_kind(&self, rows: &Rows, found: &Found, gap: i64) -> Result<Vec<CountedFilter>> {
        let at: Vec<usize> = match found.by {
            "vendor" => (0..rows.rows.len()).collect(),
            _ => members(rows, &found.stint, gap)
                .into_iter()
                .map(|m| m.0)
                .collect(),
        };
        let mut kinds = Vec::new();
        for kind in KINDS.iter().filter(|k| **k != "other") {
            let of: Vec<usize> = (at.iter().copied())
                .filter(|row| rows.act(*row).kind() == *kind)
                .collect();
            if of.is_empty() {
                continue;
            }
            let mut acts: Vec<[&str; 3]> = of
                .iter()
                .map(|row| {
                    let act = rows.act(*row);
                    [act.category, act.operation, act.sensitivity]
                })
                .collect();
            acts.sort_unstable();
            acts.dedup();
            let any = acts.into_iter().map(|[category, operation, sensitivity]| {
                Expr::and(vec![
                    is_or_lacks(Field::EventCategory, category),
                    is_or_lacks(Field::EventOperation, operation),
                    is_or_lacks(Field::EventSensitivity, sensitivity),
                ])
            });
            kinds.push(CountedFilter {
                name: (*kind).to_owned(),
                events: of.len() as u64,
                filter: to_text(&both(&found.expr, Expr::or(any.collect()))),
            });
        }
        Ok(kinds)
    }
}

fn counted(span: crate::api::SpanValue) -> CountedFilter {
    CountedFilter {
        name: span.value,
        events: span.events,
        filter: span.filter,
    }
}

fn missing(number: u64) -> Error {
    Error::new(
        Code::NoSuchItem,
        format!("there is no event {number} in this case"),
        "List them with `events`.",
    )
}

/// The figures of a session, counted over what its page holds: the rows that a list gives to it may be fewer.
#[derive(Default)]
struct Counted {
    events: u64,
    sensitive: u64,
    failures: u64,
    on_trust: u64,
    contested: u64,
    addresses: HashSet<u32>,
    /// First address, device and country that it names.
    first: [u32; 3],
}

impl Counted {
    fn of(rows: &Rows, acts: &[(usize, bool, bool)]) -> Self {
        let mut counted = Self {
            events: acts.len() as u64,
            ..Self::default()
        };
        let mut first = [usize::MAX; 3];
        for (row, on_trust, contested) in acts {
            counted.sensitive += u64::from(rows.act(*row).is_sensitive());
            counted.failures += u64::from(rows.failed(*row));
            counted.on_trust += u64::from(*on_trust);
            counted.contested += u64::from(*contested);
            let address = rows.at(stints::ADDRESS, *row);
            if address != 0 {
                counted.addresses.insert(address);
            }
            let axes = [stints::ADDRESS, stints::DEVICE, stints::COUNTRY];
            for (at, axis) in axes.into_iter().enumerate() {
                if rows.at(axis, *row) != 0 && *row < first[at] {
                    first[at] = *row;
                    counted.first[at] = rows.at(axis, *row);
                }
            }
        }
        counted
    }

    fn put(&self, session: &mut SessionRow, rows: &Rows) {
        session.events = self.events;
        session.sensitive = self.sensitive;
        session.failures = self.failures;
        session.on_trust = self.on_trust;
        session.contested = self.contested;
        session.addresses = self.addresses.len() as u64;
        let text = |axis: usize, number: u32| {
            (number != 0).then(|| rows.values[axis].text(number).to_owned())
        };
        let [address, device, country] = self.first;
        session.address = text(stints::ADDRESS, address);
        session.device = text(stints::DEVICE, device);
        session.country = text(stints::COUNTRY, country);
    }
}

/// All rows as one session of the vendor.
fn whole(rows: &Rows) -> Stint {
    let mut all = Stint::default();
    for stint in rows.stints(i64::MAX) {
        if all.events == 0 {
            all = stint;
            continue;
        }
        all.first = all.first.min(stint.first);
        all.last = all.last.max(stint.last);
        all.events += stint.events;
    }
    all
}

/// The rows around one that follow each other without a gap longer than the limit.
fn burst(rows: &Rows, from: usize, gap: i64) -> (usize, usize) {
    let time = |r: usize| rows.rows.time(r).map_or(i128::MAX, |t| i128::from(t.0));
    let (mut first, mut last) = (from, from);
    while first > 0 && time(first) - time(first - 1) <= i128::from(gap) {
        first -= 1;
    }
    while last + 1 < rows.rows.times.len() && time(last + 1) - time(last) <= i128::from(gap) {
        last += 1;
    }
    (first, last)
}

/// The rows of a session that was cut by idle time, which are those of its filter: row, on trust, contested. A row is
/// contested when the rule gave it to another session that was open at the same time.
fn members(rows: &Rows, stint: &Stint, gap: i64) -> Vec<(usize, bool, bool)> {
    let mut sessions = Sessions::new(gap);
    let mut placed = Vec::new();
    for row in 0..rows.rows.times.len() {
        let step = rows
            .step(row)
            .filter(|_| rows.at(stints::SESSION, row) == 0);
        if let Some(step) = step.filter(|s| s.actor != 0) {
            placed.push((row, step, sessions.next(&step)));
        }
    }
    let mine = placed
        .iter()
        .find(|p| p.0 == stint.first)
        .map(|p| p.2.session);
    let (first, last) = (rows.rows.time(stint.first), rows.until(stint));
    let fits = |own: u32, value: u32| own == 0 || value == 0 || own == value;
    placed.retain(|(row, step, _)| {
        let at = rows.rows.time(*row);
        at >= first
            && at <= last
            && fits(stint.address, step.address)
            && fits(stint.device, step.device)
    });
    (placed.into_iter())
        .map(|(row, _, p)| (row, p.on_trust, p.contested || Some(p.session) != mine))
        .collect()
}

fn place(query: &Query<'_>, rows: &Rows, number: u64) -> Result<Option<usize>> {
    let Some(wanted) = query.find(number)? else {
        return Ok(None);
    };
    Ok((0..rows.rows.len()).find(|at| rows.rows.row(*at) == wanted))
}
