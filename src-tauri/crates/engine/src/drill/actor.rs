//! One actor's page: identity, hours, addresses, devices, sessions, verbs, records, failures.
//!
//! Owns: putting the page together from counts of one filter. Never touches: how counts are made.

use std::collections::HashMap;

use rayon::prelude::*;
use witnessmark_lens::{Expr, On, Test, to_text};
use witnessmark_model::mixed::Mixed;
use witnessmark_model::{Field, Instant, Zone, verbs::SENSITIVITIES};
use witnessmark_store::query::{Axis, Query, Tally};

use super::counted::{Counts, first_of, most, of_elements, tallies};
use super::stints::{
    self, ACTOR, ADDRESS, COUNTRY, DEVICE, MORE, OPERATION, OUTCOME, Rows, SENSITIVITY, number_of,
};
use super::{both, is, of_identity, of_record, span, term, within};
use crate::api::{
    ActorReport, AddressPart, IdentityPart, OutcomeCounts, SpanValue, TouchedPart, VerbPart,
};
use crate::case::Case;
use crate::error::{Code, Error, Result};

/// Values of a list on the page.
const SHOWN: usize = 100;
/// Failed verbs on the page.
const FAILED_VERBS: usize = 20;

/// What the page takes out of the rows beside what sessions need.
const BESIDE: [Axis; 4] = [
    Axis::Field(Field::EventAction),
    Axis::Identity,
    Axis::Field(Field::OrganizationName),
    Axis::Field(Field::OrganizationId),
];
const ACTION: usize = MORE;
const IDENTITY: usize = MORE + 1;
const ORGANIZATION: usize = MORE + 2;
const ORGANIZATION_ID: usize = MORE + 3;

/// The rows of a page, taken out of the case once; every panel counts in them.
struct Page<'a> {
    q: &'a Query<'a>,
    base: &'a Expr,
    rows: Rows,
    authenticate: u32,
    success: u32,
    failure: u32,
}

/// Values of a list with their number in all.
type Listed = (Vec<SpanValue>, u64);

/// Somebody whose id, e-mail or name is exactly this.
fn named(who: &str) -> Expr {
    let fields = vec![Field::UserId, Field::UserEmail, Field::UserName];
    term(On::Fields(fields), Test::Exact(who.to_owned()))
}

impl Case {
    /// The filter of a person whom somebody typed: `actor:` with the name as it was typed, a whole filter where it is one.
    /// What reads as a pattern, and is how the log calls somebody, such as `*`, is that somebody.
    pub fn actor_filter(&self, who: &str, zone: &Zone) -> Result<String> {
        let plain = format!("actor:{who}");
        let test = self.parse(&plain, zone).ok().and_then(|q| match q.expr {
            Expr::Term(t) if t.span.end == plain.len() => Some(t.test),
            _ => None,
        });
        match test {
            Some(Test::Is(_)) if !who.trim().is_empty() => {
                let found = self.answer(&plain, zone)?;
                if !found.mask.is_empty() {
                    return Ok(plain);
                }
            }
            Some(_) if !who.trim().is_empty() => {
                let exact = self.answer_expr(&named(who))?;
                if exact.mask.is_empty() {
                    return Ok(plain);
                }
            }
            _ => {}
        }
        self.actor_named(who)
    }

    /// The filter of an actor by a name that the log gives, which is never a pattern or a filter. What names nobody so may be
    /// how a list calls an actor of whom the log knows no more than a kind, such as `system`.
    pub fn actor_named(&self, who: &str) -> Result<String> {
        let named = named(who);
        let filter = to_text(&named);
        let answer = self.answer_expr(&named)?;
        if !answer.mask.is_empty() {
            return Ok(filter);
        }
        let values = self.query(&answer.snapshot).values(Axis::Actor)?;
        let called = (1..values.len() as u32).filter(|n| values.text(*n) == who);
        let called: Vec<Expr> = called.map(|n| super::of_actor(&values, n)).collect();
        Ok(match called.is_empty() {
            true => filter,
            false => to_text(&Expr::or(called)),
        })
    }

    /// Everything about the events of an actor, `who` being a filter, within a further filter.
    pub fn actor(
        &self,
        who: &str,
        query: &str,
        zone: &Zone,
        idle_minutes: u32,
        sessions: usize,
    ) -> Result<ActorReport> {
        let gap = super::session::idle(idle_minutes)?;
        let base = both(&self.expr(who, zone)?, self.expr(query, zone)?);
        let answer = self.answer_expr(&base)?;
        if answer.mask.is_empty() {
            return Err(self.nobody(who, query));
        }
        let q = self.query(&answer.snapshot);
        let page = Page::of(&q, &base, Rows::with(&q, &answer.mask, &BESIDE)?);
        let gathered = &page.rows.rows;
        let of_actor = page.tallies(ACTOR, |_| true);
        let numbers: Vec<u32> = of_actor.iter().map(|t| t.number).collect();
        let identities = page.identities();
        // The panels do not wait for each other.
        let ((verbs, (addresses, records)), (lists, (week, (latest, sessions_total)))) =
            rayon::join(
                || {
                    let count = numbers.len() as u32;
                    let (a, b) = rayon::join(|| page.addresses(count), || page.touched());
                    (page.verbs(), (a, b))
                },
                || {
                    let lists = [OPERATION, DEVICE, COUNTRY, ORGANIZATION, ORGANIZATION_ID];
                    let lists = lists.map(|axis| page.list(axis));
                    (
                        lists,
                        (q.week(&answer.mask, zone), page.rows.latest(gap, sessions)),
                    )
                },
            );
        let ((verbs, verbs_total), (addresses, addresses_total)) = (verbs?, addresses?);
        let ((records, records_total), week) = (records?, week?);
        let [operations, devices, countries, by_name, by_id] = lists;
        let organizations = if by_name.0.is_empty() {
            by_id.0
        } else {
            by_name.0
        };
        let told: Result<Vec<_>> = (latest.iter().rev())
            .map(|stint| self.session_row(&q, &page.rows, stint, &base))
            .collect();
        let failed = both(&base, is(Field::EventOutcome, "failure"));
        let name = match numbers.as_slice() {
            [one] => page.rows.values[ACTOR].text(*one).to_owned(),
            _ => who
                .strip_prefix("actor:")
                .unwrap_or(who)
                .trim_matches('"')
                .to_owned(),
        };
        let keys: Vec<&str> = identities.iter().map(|i| i.key.as_str()).collect();
        let merges: Vec<_> = (self.merges()?.into_iter())
            .filter(|m| m.keys.iter().any(|k| keys.contains(&k.as_str())))
            .collect();
        let of_identity = page.tallies(IDENTITY, |_| true);
        let proposals = self.proposals_of(&q, of_identity.iter().map(|t| t.number))?;
        let found = self.findings_of(&answer, SHOWN)?;
        Ok(ActorReport {
            name,
            filter: to_text(&base),
            zone: zone.name(),
            events: answer.mask.len(),
            undated: answer.mask.undated(),
            first: gathered.times.first().map(|t| Instant(*t).rfc3339()),
            last: gathered.times.last().map(|t| Instant(*t).rfc3339()),
            confirmed: identities.len() > 1 && numbers.len() == 1,
            identities,
            merges,
            proposals,
            sign_ins: page.sign_ins(),
            failures: page.count(|row| page.rows.failed(row)),
            failed_verbs: page
                .told(ACTION, &failed, FAILED_VERBS, |r| page.rows.failed(r))
                .0,
            week: week.iter().map(|day| day.to_vec()).collect(),
            operations: operations.0,
            verbs,
            verbs_total,
            addresses,
            addresses_total,
            devices: devices.0,
            devices_total: devices.1,
            countries: countries.0,
            organizations,
            sessions: told?,
            sessions_total,
            idle_minutes,
            records,
            records_total,
            blind_spots: self.blind(&q, &answer.mask)?,
            findings: found.rows,
            findings_total: found.total,
            findings_at: found.at,
            findings_stale: found.stale,
        })
    }

    fn nobody(&self, who: &str, query: &str) -> Error {
        let within = if query.is_empty() {
            String::new()
        } else {
            format!(" within `{query}`")
        };
        Error::new(
            Code::NoSuchItem,
            format!("no event matches `{who}`{within}"),
            "List the actors with `actors`; a name may hold stars, such as 'maria*'.",
        )
    }
}

impl<'a> Page<'a> {
    fn of(q: &'a Query<'a>, base: &'a Expr, rows: Rows) -> Self {
        Self {
            q,
            base,
            authenticate: number_of(&rows.values[OPERATION], "authenticate"),
            success: number_of(&rows.values[OUTCOME], "success"),
            failure: number_of(&rows.values[OUTCOME], "failure"),
            rows,
        }
    }

    fn axis(at: usize) -> Axis {
        match at.checked_sub(MORE) {
            Some(more) => BESIDE[more],
            None => stints::AXES[at],
        }
    }

    fn tallies(&self, axis: usize, holds: impl Fn(usize) -> bool) -> Vec<Tally> {
        let rows = &self.rows.rows;
        let values = self.rows.values[axis].len();
        tallies(rows, &rows.columns[axis], values, holds)
    }

    fn count(&self, holds: impl Fn(usize) -> bool) -> u64 {
        (0..self.rows.rows.len()).filter(|row| holds(*row)).count() as u64
    }

    /// The most frequent values of an axis in some rows, with the filter of each within a base.
    fn told(
        &self,
        axis: usize,
        base: &Expr,
        limit: usize,
        holds: impl Fn(usize) -> bool,
    ) -> Listed {
        let values = &self.rows.values[axis];
        let mut found = self.tallies(axis, holds);
        let total = found.len() as u64;
        most(&mut found, values, limit);
        let told = found.iter().map(|t| {
            let filter = within(base, Self::axis(axis), values, t.number);
            span(values.text(t.number).to_owned(), t, &filter)
        });
        (told.collect(), total)
    }

    fn list(&self, axis: usize) -> Listed {
        self.told(axis, self.base, SHOWN, |_| true)
    }

    /// Sign-ins by outcome.
    fn sign_ins(&self) -> OutcomeCounts {
        let operations = &self.rows.rows.columns[OPERATION];
        let outcomes = &self.rows.rows.columns[OUTCOME];
        let with = |outcome: Option<u32>| {
            let is = |row: &usize| {
                operations[*row] == self.authenticate
                    && outcome.is_none_or(|o| o != 0 && outcomes[*row] == o)
            };
            match self.authenticate {
                0 => 0,
                _ => (0..operations.len()).filter(is).count() as u64,
            }
        };
        let total = with(None);
        let (success, failure) = (with(Some(self.success)), with(Some(self.failure)));
        OutcomeCounts {
            total,
            success,
            failure,
            unknown: total - success - failure,
        }
    }

    fn identities(&self) -> Vec<IdentityPart> {
        let values = &self.rows.values[IDENTITY];
        let mut found = self.tallies(IDENTITY, |_| true);
        most(&mut found, values, SHOWN);
        let told = found.iter().map(|t| {
            let identity = &values.identities()[t.number as usize - 1];
            super::merge::part(identity, t.count, to_text(&of_identity(identity)))
        });
        told.collect()
    }

    fn verbs(&self) -> Result<(Vec<VerbPart>, u64)> {
        let (spans, total) = self.list(ACTION);
        let all = self.q.tally_of_all(BESIDE[ACTION - MORE])?;
        let values = &self.rows.values[ACTION];
        let mut first: HashMap<&str, Option<Instant>> = HashMap::new();
        for span in &spans {
            first.insert(&span.value, None);
        }
        for tally in all.iter() {
            if let Some(first) = first.get_mut(values.text(tally.number)) {
                *first = tally.first;
            }
        }
        let first: Vec<_> = spans.iter().map(|s| first[s.value.as_str()]).collect();
        let told = (spans.into_iter().zip(first)).map(|(span, first)| VerbPart {
            span,
            first_of_all: first.map(Instant::rfc3339),
        });
        Ok((told.collect(), total))
    }

    /// Addresses with their countries and with how many others use them.
    fn addresses(&self, actors: u32) -> Result<(Vec<AddressPart>, u64)> {
        let values = &self.rows.values[ADDRESS];
        let mut found = self.tallies(ADDRESS, |_| true);
        let total = found.len() as u64;
        most(&mut found, values, SHOWN);
        let beside = self.q.actors_beside(stints::AXES[ADDRESS])?;
        let place: HashMap<u32, usize, Mixed> = found
            .iter()
            .zip(0..)
            .map(|(t, at)| (t.number, at))
            .collect();
        let columns = &self.rows.rows.columns;
        let mut countries: Vec<HashMap<u32, u64, Mixed>> = vec![HashMap::default(); found.len()];
        let mut others: Vec<HashMap<u32, (), Mixed>> = vec![HashMap::default(); found.len()];
        for (row, address) in columns[ADDRESS].iter().enumerate() {
            let Some(at) = place.get(address) else {
                continue;
            };
            let country = columns[COUNTRY][row];
            if country != 0 {
                *countries[*at].entry(country).or_default() += 1;
            }
            // Of one actor every address is its own; of several it must be counted, within each system as the whole is.
            if actors > 1 && columns[IDENTITY][row] != 0 {
                others[*at].insert(columns[IDENTITY][row], ());
            }
        }
        let names = &self.rows.values[COUNTRY];
        let told = found.iter().zip(countries).zip(others);
        let told = told.map(|((tally, countries), identities)| {
            let mut of: Vec<(u64, &str)> = (countries.into_iter())
                .map(|(country, count)| (count, names.text(country)))
                .collect();
            of.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
            let own = self.most_of_one_system(identities.into_keys());
            let own = own.unwrap_or(actors.min(1));
            let all = beside[tally.number as usize];
            let filter = within(self.base, stints::AXES[ADDRESS], values, tally.number);
            AddressPart {
                countries: of.into_iter().map(|c| c.1.to_owned()).collect(),
                others: u64::from(all.saturating_sub(own)),
                span: span(values.text(tally.number).to_owned(), tally, &filter),
            }
        });
        Ok((told.collect(), total))
    }

    /// The most identities that one system has among these; absent when there are none.
    fn most_of_one_system(&self, identities: impl Iterator<Item = u32>) -> Option<u32> {
        let all = self.rows.values[IDENTITY].identities();
        let mut of: HashMap<&str, u32> = HashMap::new();
        for number in identities {
            let system = &all[number as usize - 1].key.provider;
            *of.entry(system).or_default() += 1;
        }
        of.values().max().copied()
    }

    /// Records with the gravest act on each.
    fn touched(&self) -> Result<(Vec<TouchedPart>, u64)> {
        let values = self.q.values(Axis::Record)?;
        let rows = &self.rows.rows;
        let elements = self.q.elements(rows, Axis::Record)?;
        let found = of_elements(rows, &elements, values.len());
        let columns = &rows.columns;
        // One more than the level that the profile gave each sensitivity; 0 where it gave none.
        let weighed: Vec<u8> = (0..self.rows.values[SENSITIVITY].len() as u32)
            .map(|n| {
                let text = self.rows.values[SENSITIVITY].text(n);
                let at = SENSITIVITIES.iter().position(|s| *s == text);
                at.map_or(0, |at| at as u8 + 1)
            })
            .collect();
        let [read, list] = ["read", "list"].map(|op| number_of(&self.rows.values[OPERATION], op));
        let mut gravest: Counts<(u8, u64)> = Counts::new(values.len(), elements.rows.len());
        for (row, number) in elements.rows.iter().zip(&elements.numbers) {
            let row = *row as usize;
            let (level, reads) = gravest.at(*number);
            *level = (*level).max(weighed[columns[SENSITIVITY][row] as usize]);
            let operation = columns[OPERATION][row];
            *reads += u64::from(operation != 0 && (operation == read || operation == list));
        }
        let total = found.len() as u64;
        let mut found: Vec<(u8, u64, Tally)> = (found.into_iter())
            .map(|t| {
                let (level, reads) = *gravest.at(t.number);
                let writes = t.count - reads;
                // What no profile weighed is weighed by whether it was changed.
                let level = level.checked_sub(1).unwrap_or(u8::from(writes > 0));
                (level, writes, t)
            })
            .collect();
        first_of(&mut found, SHOWN, |a, b| {
            (b.0, b.1, b.2.count)
                .cmp(&(a.0, a.1, a.2.count))
                .then_with(|| values.text(a.2.number).cmp(values.text(b.2.number)))
                .then(a.2.number.cmp(&b.2.number))
        });
        let told = found.par_iter().filter_map(|(level, writes, tally)| {
            let record = values.record(tally.number)?;
            let filter = both(self.base, of_record(record));
            Some(TouchedPart {
                span: span(values.text(tally.number).to_owned(), tally, &filter),
                kind: record.r#type.clone(),
                id: record.id.clone(),
                named: record.named,
                writes: *writes,
                level: *level,
            })
        });
        Ok((told.collect(), total))
    }
}
