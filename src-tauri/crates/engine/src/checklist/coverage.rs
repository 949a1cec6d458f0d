//! What the logs in question cover of a span: which there are, days with events, gaps, edges, blind spots.
//!
//! Owns: what counts as covered. Never touches: whether it matters for a question.
//!
//! A log is the events of one provider that one profile read (and of one organization, where the subject's events name several; of
//! one kind, where the profile says that it reads several logs; of sources of one shape, where nobody described them; of sources
//! that name people in common, where others name none of them: `one_log`). It covers
//! a span when its first event is not more than a day after the start, its last not more than a day before the end, and no stretch
//! without any of its events in between is as long as the checklist's `gap_days`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use witnessmark_checklist::{Checklist, Ground, SourceGround};
use witnessmark_ingest::profile::Profile;
use witnessmark_lens::{Expr, On, Test, fold};
use witnessmark_model::{Field, Instant, Zone};
use witnessmark_store::query::{HistogramSpec, Order, View};

use super::subject::{Subject, span};
use super::words;
use crate::api::{ChecklistCoverage, LogCoverage, SourceCoverage, StretchPart};
use crate::case::Case;
use crate::drill::{both, is, lacks, ms, term};
use crate::error::Result;
use crate::lens::Answer;

pub(super) const DAY: i64 = 24 * 3_600 * 1_000_000_000;
const HOUR: i64 = DAY / 24;
/// Intervals in which silence is looked for.
const MOST_BINS: i64 = 50_000;
/// Sources of a log whose own coverage is told.
const MOST_SOURCES: usize = 20;
/// Logs that are told.
const MOST_LOGS: usize = 200;
/// From one in so many entries on that could not be read, what they hold may be what was looked for.
const REJECTED: u64 = 100;
/// The profile of entries that nobody described.
const GUESS: &str = "guess";

/// A stretch that is not covered.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    pub(super) from: Instant,
    pub(super) to: Instant,
    text: String,
}

/// One log with what it covers.
pub(super) struct Log {
    pub(super) part: LogCoverage,
    /// Its events, by anybody and at any time.
    pub(super) expr: Expr,
    /// The profiles that read it.
    pub(super) profiles: Vec<Arc<Profile>>,
    uncovered: Vec<Stretch>,
    /// Whether it is the log of one account among several.
    is_part: bool,
    /// Set when so many entries of its sources could not be read that these may hold what is looked for.
    unread: Option<String>,
}

impl Log {
    /// Whether there is a part of the whole span that it does not cover.
    pub(super) fn has_gap(&self) -> bool {
        !self.uncovered.is_empty()
    }
}

/// Everything that was found of coverage.
pub(super) struct Covered {
    pub(super) from: Option<Instant>,
    pub(super) to: Option<Instant>,
    pub(super) logs: Vec<Log>,
    pub(super) none_because: String,
    gap_days: u32,
}

impl Covered {
    /// What absence would rest on, from a later moment on if one is given. Only logs that would show such a thing have to cover
    /// the span; `shows` says which, by position.
    pub(super) fn ground(
        &self,
        subject: &Subject,
        from: Option<Instant>,
        undated: u64,
        shows: &[bool],
    ) -> Ground {
        let sources = self.logs.iter().enumerate().map(|(at, log)| {
            let asked = shows.get(at).copied().unwrap_or(true);
            let stretches = log.uncovered.iter().filter(|_| asked);
            SourceGround {
                system: log.part.system.clone(),
                cannot_show: log.part.cannot_show.clone(),
                uncovered: stretches
                    .filter(|s| from.is_none_or(|f| s.to > f))
                    .map(|s| s.text.clone())
                    .collect(),
                unread: log.unread.clone().filter(|_| asked),
                apart: log.is_part.then(|| {
                    "it names other people than the other sources of this system, so it is taken for another account; where it is not, read the sources anew with the same `--label organization.name=…`".to_owned()
                }),
            }
        });
        Ground {
            sources: sources.collect(),
            none_because: self.none_because.clone(),
            unknown_subject: subject.unknown.clone(),
            undated,
        }
    }

    /// Whether there are logs and all of them cover all of the span.
    pub(super) fn is_whole(&self) -> bool {
        !self.logs.is_empty() && self.logs.iter().all(|l| l.uncovered.is_empty())
    }

    pub(super) fn part(&self) -> ChecklistCoverage {
        ChecklistCoverage {
            from: self.from.map(Instant::rfc3339),
            to: self.to.map(Instant::rfc3339),
            from_ms: self.from.map(ms),
            to_ms: self.to.map(ms),
            covered: self.is_whole(),
            gap_days: self.gap_days,
            logs: self.logs.iter().map(|l| l.part.clone()).collect(),
        }
    }
}

/// The providers that a checklist speaks of, as a filter.
pub(super) fn of_systems(checklist: &Checklist) -> Expr {
    if checklist.systems.is_empty() {
        return Expr::All;
    }
    let each = checklist
        .systems
        .iter()
        .map(|s| is(Field::EventProvider, s));
    Expr::or(each.collect())
}

/// One log in question, as a filter.
#[derive(Clone, Default)]
struct Wanted {
    provider: Option<String>,
    /// Names of the profiles that read it: one id, in all versions.
    profiles: Vec<String>,
    /// The kind of log, where its profile reads several.
    kind: Option<(Field, String)>,
    /// Sources of one shape, where nobody described the log; or of one account, where others of the case name other people.
    sources: Vec<u32>,
    /// Whether it is the log of one account among several.
    is_part: bool,
    organization: Option<(Field, String)>,
}

impl Wanted {
    fn expr(&self) -> Expr {
        let mut parts = vec![match &self.provider {
            Some(name) => is(Field::EventProvider, name),
            None => lacks(Field::EventProvider),
        }];
        let read_by = self.profiles.iter().map(|p| is(Field::Profile, p));
        parts.push(Expr::or(read_by.collect()));
        let from = self.sources.iter().map(|s| of_source(*s));
        parts.push(Expr::or(from.collect()));
        if let Some((field, value)) = &self.organization {
            parts.push(is(*field, value));
        }
        // A log may write its kind in capitals or not.
        if let Some((field, folded)) = &self.kind {
            parts.push(term(On::Fields(vec![*field]), Test::Is(folded.clone())));
        }
        // A time that cannot be true says nothing of what a log covers.
        parts.push(untrue().negate());
        Expr::and(parts)
    }

    /// Whether another is the same log of another organization.
    fn is_beside(&self, other: &Self) -> bool {
        self.provider == other.provider
            && self.profiles == other.profiles
            && self.kind == other.kind
            && self.sources == other.sources
    }
}

pub(super) fn of_source(source: u32) -> Expr {
    term(On::Source, Test::Is(source.to_string()))
}

/// Events whose time cannot be true.
pub(super) fn untrue() -> Expr {
    let flagged = Test::Is("out_of_range".to_owned());
    term(On::Fields(vec![Field::Problems]), flagged)
}

impl Case {
    /// What the logs in question cover of the subject's span.
    pub(super) fn covered(
        &self,
        checklist: &Checklist,
        subject: &Subject,
        zone: &Zone,
    ) -> Result<Covered> {
        let systems = of_systems(checklist);
        let mut none_because = match checklist.systems.as_slice() {
            [] => "There is no event in this case.".to_owned(),
            systems => {
                let titles: Vec<String> = systems.iter().map(|s| self.title_of(s)).collect();
                format!("No source of this case is of {}.", words::list(&titles, 5))
            }
        };
        let mut wanted = self.wanted(&both(&systems, subject.own.clone()))?;
        if wanted.is_empty() {
            wanted = self.wanted(&both(&systems, subject.target.clone()))?;
        }
        if wanted.is_empty() {
            // Nothing by the subject: the logs in which it could stand are all of them.
            wanted = self.wanted(&systems)?;
        }
        if wanted.len() > MOST_LOGS {
            none_because = format!("There are more than {MOST_LOGS} logs in question.");
            wanted.clear();
        }
        let mut answers = Vec::new();
        for one in wanted {
            answers.push((self.answer_expr(&one.expr())?, one));
        }
        let (mut first, mut last) = (None::<Instant>, None::<Instant>);
        for (answer, _) in &answers {
            if let Some((a, b)) = self.query(&answer.snapshot).first_last(&answer.mask)? {
                first = Some(first.map_or(a, |f| f.min(a)));
                last = Some(last.map_or(b, |l| l.max(b)));
            }
        }
        // Where one end is given and the logs lie beyond it, the span is that moment, which they do not cover.
        let after = |at: Instant| Instant(at.0.saturating_add(1));
        let (from, to) = match (subject.from, subject.to) {
            (Some(from), None) => (Some(from), last.map(|l| after(l).max(after(from)))),
            (None, Some(to)) => (
                first.map(|f| f.min(Instant(to.0.saturating_sub(1)))),
                Some(to),
            ),
            (None, None) => (first, last.map(after)),
            both => both,
        };
        let beside = |one: &Wanted, same: fn(&Wanted, &Wanted) -> bool| {
            answers.iter().filter(|(_, w)| same(one, w)).count() > 1
        };
        let mut logs = Vec::new();
        for (answer, one) in &answers {
            let mut system = self.system_of(one);
            if let (true, Some((_, organization))) =
                (beside(one, Wanted::is_beside), &one.organization)
            {
                system = format!("{system} ({organization})");
            }
            let undescribed =
                |a: &Wanted, b: &Wanted| a.provider.is_none() && a.provider == b.provider;
            let by_shape = beside(one, undescribed) && !one.is_part;
            if let (true, Some(source)) = (by_shape, one.sources.first()) {
                system = format!("{system} (as in source {source})");
            }
            if let (true, Some(source)) = (one.is_part, one.sources.first()) {
                system = format!("{system} (as in source {source})");
            }
            logs.push(self.log(checklist.gap_days, answer, one, system, (from, to), zone)?);
        }
        logs.sort_by(|a, b| a.part.system.cmp(&b.part.system));
        Ok(Covered {
            from,
            to,
            logs,
            none_because,
            gap_days: checklist.gap_days,
        })
    }

    /// The values of a field among events of a filter, and whether some have none.
    fn split(&self, expr: &Expr, field: Field) -> Result<(Vec<String>, bool)> {
        let answer = self.answer_expr(expr)?;
        let facet = self
            .facets_of(&answer, &[field], MOST_LOGS + 1)?
            .fields
            .remove(0);
        let values = facet.values.into_iter().map(|v| v.value);
        Ok((values.collect(), facet.absent > 0))
    }

    /// The logs that hold events of a filter.
    fn wanted(&self, expr: &Expr) -> Result<Vec<Wanted>> {
        let (values, without) = self.split(expr, Field::EventProvider)?;
        let mut wanted = Vec::new();
        for provider in values.into_iter().map(Some).chain(without.then_some(None)) {
            let of_provider = Wanted {
                provider,
                ..Wanted::default()
            };
            for by_profile in self.logs_by_profile(expr, of_provider)? {
                for one in self.logs_by_kind(expr, by_profile)? {
                    wanted.extend(self.logs_by_organization(expr, one)?);
                }
            }
        }
        Ok(wanted)
    }

    /// The logs of a provider: what one profile reads is one, whatever its version. What was read by a guess is one where its
    /// sources have the same columns.
    fn logs_by_profile(&self, expr: &Expr, log: Wanted) -> Result<Vec<Wanted>> {
        let (names, _) = self.split(&both(expr, log.expr()), Field::Profile)?;
        let mut by_id: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for name in names {
            let id = name.split('@').next().unwrap_or_default().to_owned();
            by_id.entry(id).or_default().push(name);
        }
        let mut found = Vec::new();
        for (id, mut profiles) in by_id {
            profiles.sort();
            let one = Wanted {
                profiles,
                ..log.clone()
            };
            if id != GUESS {
                found.push(one);
                continue;
            }
            for sources in self.of_one_shape(&one.expr())? {
                let log = Wanted {
                    sources,
                    ..one.clone()
                };
                if !self.answer_expr(&both(expr, log.expr()))?.mask.is_empty() {
                    found.push(log);
                }
            }
        }
        if found.is_empty() {
            found.push(log);
        }
        Ok(found)
    }

    /// The kinds of a log whose profile says that it reads several.
    fn logs_by_kind(&self, expr: &Expr, log: Wanted) -> Result<Vec<Wanted>> {
        let known = self.profiles_of(&log);
        let Some(field) = known.iter().find_map(|p| p.logs) else {
            return Ok(vec![log]);
        };
        let (kinds, _) = self.split(&both(expr, log.expr()), field)?;
        if kinds.is_empty() {
            return Ok(vec![log]);
        }
        let kinds: BTreeSet<String> = kinds.iter().map(|k| fold(k).into_owned()).collect();
        let each = kinds.into_iter().map(|kind| Wanted {
            kind: Some((field, kind)),
            ..log.clone()
        });
        Ok(each.collect())
    }

    fn logs_by_organization(&self, expr: &Expr, log: Wanted) -> Result<Vec<Wanted>> {
        let mut found = Vec::new();
        let mut rest = both(expr, log.expr());
        for field in [Field::OrganizationId, Field::OrganizationName] {
            let (values, _) = self.split(&rest, field)?;
            found.extend(values.into_iter().map(|value| Wanted {
                organization: Some((field, value)),
                ..log.clone()
            }));
            rest = both(&rest, lacks(field));
        }
        if self.answer_expr(&rest)?.mask.is_empty() {
            return Ok(found);
        }
        let unnamed = Expr::and(vec![
            log.expr(),
            lacks(Field::OrganizationId),
            lacks(Field::OrganizationName),
        ]);
        let accounts = self.of_one_account(&unnamed)?;
        if accounts.len() < 2 {
            found.push(log);
            return Ok(found);
        }
        for sources in accounts {
            let here = Expr::or(sources.iter().map(|s| of_source(*s)).collect());
            if !self.answer_expr(&both(&rest, here))?.mask.is_empty() {
                let is_part = true;
                found.push(Wanted {
                    sources,
                    is_part,
                    ..log.clone()
                });
            }
        }
        Ok(found)
    }

    /// The profiles that read a log; those of its provider where the case has them no more.
    fn profiles_of(&self, log: &Wanted) -> Vec<Arc<Profile>> {
        let read_by = log.profiles.iter().filter_map(|p| self.library().find(p));
        let known: Vec<_> = read_by.collect();
        match &log.provider {
            Some(provider) if known.is_empty() => self.library().of_provider(provider),
            _ => known,
        }
    }

    fn system_of(&self, log: &Wanted) -> String {
        let Some(provider) = &log.provider else {
            return "events of no named system".to_owned();
        };
        let known = self.profiles_of(log).into_iter().next_back();
        let title = known.map_or_else(|| provider.clone(), |p| p.title.clone());
        match &log.kind {
            Some((_, kind)) => format!("{title}, {kind}"),
            None => title,
        }
    }

    fn title_of(&self, provider: &str) -> String {
        let known = self.library().of_provider(provider).into_iter().next();
        known.map_or_else(|| provider.to_owned(), |p| p.title.clone())
    }

    fn log(
        &self,
        gap_days: u32,
        answer: &Answer,
        wanted: &Wanted,
        system: String,
        (from, to): (Option<Instant>, Option<Instant>),
        zone: &Zone,
    ) -> Result<Log> {
        let query = self.query(&answer.snapshot);
        let provider = wanted.provider.clone().unwrap_or_default();
        let profiles = self.profiles_of(wanted);
        let mut cannot_show: Vec<String> = Vec::new();
        let mut blind_spots: Vec<String> = Vec::new();
        for profile in &profiles {
            extend(&mut cannot_show, &profile.cannot_show);
            extend(&mut blind_spots, &profile.blind_spots);
        }
        let ends = query.first_last(&answer.mask)?;
        let mut sources = Vec::new();
        let (mut rejected, mut entries) = (0, 0);
        for source in self.store.sources()? {
            if source.state != "complete" {
                continue;
            }
            let here = both(&wanted.expr(), of_source(source.id));
            if !self.answer_expr(&here)?.mask.is_empty() {
                sources.push(source.id);
                rejected += source.receipt.rejected;
                entries += source.receipt.entries;
            }
        }
        let within = self.answer_expr(&both(&wanted.expr(), span(from, to)))?;
        let mut log = Log {
            part: LogCoverage {
                system,
                provider,
                sources,
                events: within.mask.len(),
                first: ends.map(|(first, _)| first.rfc3339()),
                last: ends.map(|(_, last)| last.rfc3339()),
                days: 0,
                days_with_events: 0,
                uncovered: Vec::new(),
                by_source: Vec::new(),
                rejected,
                undated: answer.mask.undated(),
                cannot_show,
                blind_spots,
            },
            expr: wanted.expr(),
            profiles,
            uncovered: Vec::new(),
            is_part: wanted.is_part,
            unread: (rejected.saturating_mul(REJECTED) > entries).then(|| {
                format!(
                    "{} of its {} entries could not be read",
                    words::number(rejected),
                    words::number(entries)
                )
            }),
        };
        let (Some(from), Some(to)) = (from, to) else {
            return Ok(log);
        };
        let days = (i128::from(to.0) - i128::from(from.0) + i128::from(DAY) - 1) / i128::from(DAY);
        log.part.days = u32::try_from(days.max(0)).unwrap_or(u32::MAX);
        log.part.days_with_events = self.days_with(answer, from, log.part.days)?;
        log.part.by_source = self.by_source(&log, gap_days, (from, to), zone)?;
        log.uncovered = self.uncovered(answer, gap_days, ends, (from, to), zone)?;
        if log.uncovered.is_empty() && within.mask.is_empty() {
            // However short a span is: a log that is silent in all of it says nothing of it.
            log.uncovered.push(Stretch {
                from,
                to,
                text: format!(
                    "between {} and {}",
                    words::time(from, zone),
                    words::time(to, zone)
                ),
            });
        }
        log.part.uncovered = log
            .uncovered
            .iter()
            .map(|s| StretchPart {
                from: s.from.rfc3339(),
                to: s.to.rfc3339(),
                from_ms: ms(s.from),
                to_ms: ms(s.to),
                text: s.text.clone(),
            })
            .collect();
        Ok(log)
    }

    /// What each source of a log of several covers by itself, so that the gap of one is not hidden by another.
    fn by_source(
        &self,
        log: &Log,
        gap_days: u32,
        (from, to): (Instant, Instant),
        zone: &Zone,
    ) -> Result<Vec<SourceCoverage>> {
        if log.part.sources.len() < 2 {
            return Ok(Vec::new());
        }
        let mut parts = Vec::new();
        for source in log.part.sources.iter().take(MOST_SOURCES) {
            let own = both(&log.expr, of_source(*source));
            let answer = self.answer_expr(&own)?;
            let ends = self.query(&answer.snapshot).first_last(&answer.mask)?;
            let within = self.answer_expr(&both(&own, span(Some(from), Some(to))))?;
            let uncovered = self.uncovered(&answer, gap_days, ends, (from, to), zone)?;
            parts.push(SourceCoverage {
                source: *source,
                events: within.mask.len(),
                first: ends.map(|(first, _)| first.rfc3339()),
                last: ends.map(|(_, last)| last.rfc3339()),
                days_with_events: self.days_with(&answer, from, log.part.days)?,
                uncovered: uncovered.into_iter().map(|s| s.text).collect(),
            });
        }
        Ok(parts)
    }

    /// Days of 24 hours from a start that hold an event.
    fn days_with(&self, answer: &Answer, start: Instant, days: u32) -> Result<u32> {
        if days == 0 || i64::from(days) > MOST_BINS {
            return Ok(0);
        }
        let spec = HistogramSpec {
            from: Some(start),
            to: Some(Instant(start.0.saturating_add(i64::from(days) * DAY))),
            bins: days as usize,
            ..HistogramSpec::default()
        };
        let found = self
            .query(&answer.snapshot)
            .histogram(&answer.mask, &spec)?;
        Ok(found.bins.iter().filter(|b| b.count > 0).count() as u32)
    }

    /// Parts of a span that a log does not cover.
    fn uncovered(
        &self,
        answer: &Answer,
        gap_days: u32,
        ends: Option<(Instant, Instant)>,
        (from, to): (Instant, Instant),
        zone: &Zone,
    ) -> Result<Vec<Stretch>> {
        let whole = |text: String| Stretch { from, to, text };
        let Some((first, last)) = ends else {
            return Ok(vec![whole("with a time".to_owned())]);
        };
        let said = |at: Instant| words::time(at, zone);
        if last < from {
            return Ok(vec![whole(format!("after {}", said(last)))]);
        }
        if first >= to {
            return Ok(vec![whole(format!("before {}", said(first)))]);
        }
        let mut found = Vec::new();
        if first.0.saturating_sub(from.0) > DAY {
            found.push(Stretch {
                from,
                to: first,
                text: format!("before {}", said(first)),
            });
        }
        let least = i64::from(gap_days) * DAY;
        for (a, b) in self.silences(answer, (first.max(from), last.min(to)), least)? {
            found.push(Stretch {
                from: a,
                to: b,
                text: format!("between {} and {}", said(a), said(b)),
            });
        }
        if to.0.saturating_sub(last.0) > DAY {
            found.push(Stretch {
                from: last,
                to,
                text: format!("after {}", said(last)),
            });
        }
        Ok(found)
    }

    /// Stretches between successive events that last at least so long, found by intervals and then measured from event to
    /// event.
    fn silences(
        &self,
        answer: &Answer,
        (from, to): (Instant, Instant),
        least: i64,
    ) -> Result<Vec<(Instant, Instant)>> {
        let length = to.0.saturating_sub(from.0);
        if length < least {
            return Ok(Vec::new());
        }
        // Two intervals fit into every stretch that is looked for, so that none is missed.
        let width = (least / 4).min(HOUR * 6).max(length / MOST_BINS + 1);
        let bins = (length / width + 1).max(1);
        let spec = HistogramSpec {
            from: Some(from),
            to: Some(Instant(to.0.saturating_add(1))),
            bins: bins as usize,
            ..HistogramSpec::default()
        };
        let query = self.query(&answer.snapshot);
        let found = query.histogram(&answer.mask, &spec)?;
        let view = View::new(answer.snapshot.clone(), answer.mask.clone(), Order::Oldest);
        let time_at = |rank: u64| -> Result<Option<Instant>> {
            let rows = view.rows(rank, 1)?;
            Ok(query.events(&rows)?.first().and_then(|e| e.time))
        };
        let mut stretches: BTreeMap<Instant, Instant> = BTreeMap::new();
        let mut quiet: Option<usize> = None;
        for at in 0..=found.bins.len() {
            let empty = found.bins.get(at).is_some_and(|b| b.count == 0);
            match (empty, quiet) {
                (true, None) => quiet = Some(at),
                (false, Some(start)) => {
                    let rank = view.rank_at(found.bins[start].start)?;
                    let before = if rank > 0 { time_at(rank - 1)? } else { None };
                    if let (Some(a), Some(b)) = (before, time_at(rank)?)
                        && b.0.saturating_sub(a.0) >= least
                    {
                        stretches.insert(a, b);
                    }
                    quiet = None;
                }
                _ => {}
            }
        }
        Ok(stretches.into_iter().collect())
    }
}

fn extend(into: &mut Vec<String>, from: &[String]) {
    for one in from {
        if !into.contains(one) {
            into.push(one.clone());
        }
    }
}
