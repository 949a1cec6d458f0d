//! One actor's page: identity, hours, addresses, devices, sessions, verbs, records, failures.
//!
//! Owns: putting the page together from counts of one filter. Never touches: how counts are made.

use std::collections::HashMap;

use witnessmark_lens::{Expr, On, Test, to_text};
use witnessmark_model::{Field, Instant, Zone};
use witnessmark_store::query::{Axis, Query, Tally};

use super::stints::Rows;
use super::{both, by_count, is, of_identity, of_record, span, term, within};
use crate::api::{ActorReport, AddressPart, IdentityPart, OutcomeCounts, TouchedPart, VerbPart};
use crate::case::Case;
use crate::error::{Code, Error, Result};
use crate::lens::Answer;

/// Values of a list on the page.
const SHOWN: usize = 100;

impl Case {
    /// The filter of a person who was named: `actor:` with the name as it was typed, a whole filter where it is one.
    pub fn actor_filter(&self, who: &str, zone: &Zone) -> Result<String> {
        let plain = format!("actor:{who}");
        let is_one_term = self.parse(&plain, zone).is_ok_and(|q| {
            matches!(&q.expr, Expr::Term(t) if t.span == (0..plain.len()) || t.span.end == plain.len())
        });
        if is_one_term && !who.trim().is_empty() {
            return Ok(plain);
        }
        let fields = vec![Field::UserId, Field::UserEmail, Field::UserName];
        Ok(to_text(&term(
            On::Fields(fields),
            Test::Exact(who.to_owned()),
        )))
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
        let actors = q.values(Axis::Actor)?;
        let numbers: Vec<u32> = q
            .tally(&answer.mask, Axis::Actor)?
            .iter()
            .map(|t| t.number)
            .collect();
        let identities = self.identities(&q, &answer)?;
        let (first, last) = q.first_last(&answer.mask)?.unzip();
        let week = q.week(&answer.mask, zone)?;
        let list = |axis, limit| self.spans(&answer, &base, axis, limit);
        let (operations, _) = list(Axis::Field(Field::EventOperation), SHOWN)?;
        let (devices, devices_total) = list(Axis::Device, SHOWN)?;
        let (countries, _) = list(Axis::Field(Field::SourceCountry), SHOWN)?;
        let (mut organizations, _) = list(Axis::Field(Field::OrganizationName), SHOWN)?;
        if organizations.is_empty() {
            organizations = list(Axis::Field(Field::OrganizationId), SHOWN)?.0;
        }
        let failed = both(&base, is(Field::EventOutcome, "failure"));
        let failures = self.answer_expr(&failed)?;
        let (failed_verbs, _) =
            self.spans(&failures, &failed, Axis::Field(Field::EventAction), 20)?;
        let (verbs, verbs_total) = self.verbs(&answer, &base)?;
        let (addresses, addresses_total) =
            self.addresses(&q, &answer, &base, numbers.len() as u32)?;
        let (records, records_total) = self.touched(&q, &answer, &base)?;
        let rows = Rows::of(&q, &answer.mask)?;
        let mut stints = rows.stints(gap);
        let sessions_total = stints.len() as u64;
        stints.sort_by_key(|s| std::cmp::Reverse(s.first));
        stints.truncate(sessions);
        let sessions: Result<Vec<_>> = (stints.iter())
            .map(|stint| self.session_row(&q, &rows, stint, &base))
            .collect();
        let name = match numbers.as_slice() {
            [one] => actors.text(*one).to_owned(),
            _ => who
                .strip_prefix("actor:")
                .unwrap_or(who)
                .trim_matches('"')
                .to_owned(),
        };
        let keys: Vec<String> = identities.iter().map(|i| i.key.clone()).collect();
        let merges: Vec<_> = (self.merges()?.into_iter())
            .filter(|m| m.keys.iter().any(|k| keys.contains(k)))
            .collect();
        let proposals = (self
            .proposals(&q, &self.answer_expr(&Expr::All)?.mask)?
            .into_iter())
        .filter(|p| p.identities.iter().any(|i| keys.contains(&i.key)))
        .collect();
        Ok(ActorReport {
            name,
            filter: to_text(&base),
            zone: zone.name(),
            events: answer.mask.len(),
            undated: answer.mask.undated(),
            first: first.map(Instant::rfc3339),
            last: last.map(Instant::rfc3339),
            confirmed: identities.len() > 1 && numbers.len() == 1,
            identities,
            merges,
            proposals,
            sign_ins: self.outcomes(&both(&base, is(Field::EventOperation, "authenticate")))?,
            failures: failures.mask.len(),
            failed_verbs,
            week: week.iter().map(|day| day.to_vec()).collect(),
            operations,
            verbs,
            verbs_total,
            addresses,
            addresses_total,
            devices,
            devices_total,
            countries,
            organizations,
            sessions: sessions?,
            sessions_total,
            idle_minutes,
            records,
            records_total,
            blind_spots: self.blind(&q, &answer.mask)?,
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

    /// Events by outcome.
    pub(super) fn outcomes(&self, base: &Expr) -> Result<OutcomeCounts> {
        let total = self.answer_expr(base)?.mask.len();
        let with = |outcome| -> Result<u64> {
            let expr = both(base, is(Field::EventOutcome, outcome));
            Ok(self.answer_expr(&expr)?.mask.len())
        };
        let (success, failure) = (with("success")?, with("failure")?);
        Ok(OutcomeCounts {
            total,
            success,
            failure,
            unknown: total - success - failure,
        })
    }

    fn identities(&self, q: &Query<'_>, answer: &Answer) -> Result<Vec<IdentityPart>> {
        let values = q.values(Axis::Identity)?;
        let mut tallies = q.tally(&answer.mask, Axis::Identity)?;
        by_count(&mut tallies, &values);
        tallies.truncate(SHOWN);
        let told = tallies.iter().map(|t| {
            let identity = &values.identities()[t.number as usize - 1];
            super::merge::part(identity, t.count, to_text(&of_identity(identity)))
        });
        Ok(told.collect())
    }

    fn verbs(&self, answer: &Answer, base: &Expr) -> Result<(Vec<VerbPart>, u64)> {
        let axis = Axis::Field(Field::EventAction);
        let q = self.query(&answer.snapshot);
        let all = self.answer_expr(&Expr::All)?;
        let values = q.values(axis)?;
        let first: HashMap<u32, Option<Instant>> = (q.tally(&all.mask, axis)?.into_iter())
            .map(|t| (t.number, t.first))
            .collect();
        let mut tallies = q.tally(&answer.mask, axis)?;
        let total = tallies.len() as u64;
        by_count(&mut tallies, &values);
        tallies.truncate(SHOWN);
        let told = tallies.iter().map(|t| VerbPart {
            span: span(
                values.text(t.number).to_owned(),
                t,
                &within(base, axis, &values, t.number),
            ),
            first_of_all: (first.get(&t.number).copied().flatten()).map(Instant::rfc3339),
        });
        Ok((told.collect(), total))
    }

    fn addresses(
        &self,
        q: &Query<'_>,
        answer: &Answer,
        base: &Expr,
        actors: u32,
    ) -> Result<(Vec<AddressPart>, u64)> {
        let axis = Axis::Field(Field::SourceIp);
        let (spans, total) = self.spans(answer, base, axis, SHOWN)?;
        let values = q.values(axis)?;
        let beside = q.actors_beside(axis)?;
        let country = Axis::Field(Field::SourceCountry);
        let countries = q.values(country)?;
        let mut places: HashMap<&str, Vec<(u64, &str)>> = HashMap::new();
        let pairs = q.pairs(&answer.mask, axis, country)?;
        for ((address, country), tally) in &pairs {
            let list = places.entry(values.text(*address)).or_default();
            list.push((tally.count, countries.text(*country)));
        }
        // Of one actor every address is its own; of several it must be counted, within each system as the whole is.
        let identities = q.values(Axis::Identity)?;
        let system_of = |n: u32| {
            identities.identities()[n as usize - 1]
                .key
                .provider
                .as_str()
        };
        let mut own: HashMap<&str, HashMap<&str, u32>> = HashMap::new();
        if actors > 1 {
            for (address, identity) in q.pairs(&answer.mask, axis, Axis::Identity)?.keys() {
                let of = own.entry(values.text(*address)).or_default();
                *of.entry(system_of(*identity)).or_default() += 1;
            }
        }
        let number: HashMap<&str, u32> = (q.tally(&answer.mask, axis)?.iter())
            .map(|t| (values.text(t.number), t.number))
            .collect();
        let told = spans.into_iter().map(|span| {
            let mut of = places.remove(span.value.as_str()).unwrap_or_default();
            of.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
            let all = number
                .get(span.value.as_str())
                .map_or(0, |n| beside[*n as usize]);
            let own = own
                .get(span.value.as_str())
                .and_then(|of| of.values().max().copied())
                .unwrap_or(actors.min(1));
            AddressPart {
                countries: of.into_iter().map(|c| c.1.to_owned()).collect(),
                others: u64::from(all.saturating_sub(own)),
                span,
            }
        });
        Ok((told.collect(), total))
    }

    /// Records with the gravest act on each.
    fn touched(
        &self,
        q: &Query<'_>,
        answer: &Answer,
        base: &Expr,
    ) -> Result<(Vec<TouchedPart>, u64)> {
        let values = q.values(Axis::Record)?;
        let tallies = q.tally(&answer.mask, Axis::Record)?;
        let mut levels: HashMap<u32, u8> = HashMap::new();
        // From the least level to the greatest, so that the greatest stays.
        for (level, sensitivity) in witnessmark_model::verbs::SENSITIVITIES.iter().enumerate() {
            let grave = self.answer_expr(&both(base, is(Field::EventSensitivity, sensitivity)))?;
            if !grave.mask.is_empty() {
                let of = q.tally(&grave.mask, Axis::Record)?;
                levels.extend(of.into_iter().map(|t| (t.number, level as u8)));
            }
        }
        let looks = Expr::or(vec![
            is(Field::EventOperation, "read"),
            is(Field::EventOperation, "list"),
        ]);
        let looked = self.answer_expr(&both(base, looks))?;
        let reads: HashMap<u32, u64> = (q.tally(&looked.mask, Axis::Record)?.into_iter())
            .map(|t| (t.number, t.count))
            .collect();
        let total = tallies.len() as u64;
        let mut found: Vec<(u8, u64, &Tally)> = tallies
            .iter()
            .map(|t| {
                let writes = t.count - reads.get(&t.number).copied().unwrap_or(0);
                // What no profile weighed is weighed by whether it was changed.
                let level = levels
                    .get(&t.number)
                    .copied()
                    .unwrap_or(u8::from(writes > 0));
                (level, writes, t)
            })
            .collect();
        found.sort_by(|a, b| {
            (b.0, b.1, b.2.count)
                .cmp(&(a.0, a.1, a.2.count))
                .then_with(|| values.text(a.2.number).cmp(values.text(b.2.number)))
        });
        found.truncate(SHOWN);
        let told = found.into_iter().filter_map(|(level, writes, tally)| {
            let record = values.record(tally.number)?;
            let filter = both(base, of_record(&record.r#type, &record.id));
            Some(TouchedPart {
                span: span(values.text(tally.number).to_owned(), tally, &filter),
                kind: record.r#type.clone(),
                id: record.id.clone(),
                writes,
                level,
            })
        });
        Ok((told.collect(), total))
    }
}
