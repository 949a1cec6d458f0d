//! What earlier sources hold that a later export of the same system and time lacks.
//!
//! Owns: the comparison. Never touches: identity (the case knows which entries attest which events).
//!
//! An export covers a time from its first event to its last. What another source attests inside that time, of the same
//! system and organization, and the export does not, is missing from it: removed at the vendor, filtered out, or changed.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use witnessmark_model::{Event, Field, Instant, Zone};

use crate::api::{AttestedPart, MissingPart, MissingReport};
use crate::case::{Case, shown_name};
use crate::error::{Code, Error, Result};
use crate::numbers::Order;

/// Systems and organizations of one source, at most.
const MOST: usize = 10_000;

impl Case {
    /// Every event of an earlier source that the given one, which covers its time, does not attest.
    pub fn missing(&self, source: u32) -> Result<MissingReport> {
        let info = self.source_info(source)?;
        if info.state == "withdrawn" {
            return Err(Error::new(
                Code::NoSuchItem,
                format!("source {source} was withdrawn"),
                "Compare with one that is in the case.",
            ));
        }
        let mut report = MissingReport {
            source,
            name: shown_name(&info),
            from: info.receipt.first.map(Instant::rfc3339),
            to: info.receipt.last.map(Instant::rfc3339),
            providers: Vec::new(),
            organizations: Vec::new(),
            compared: Vec::new(),
            count: 0,
            undated: 0,
            missing: Vec::new(),
        };
        let scope = self.scope(source)?;
        report.providers = scope.providers.iter().flatten().cloned().collect();
        report.organizations = scope.organizations.iter().flatten().cloned().collect();
        let (Some(first), Some(last)) = (info.receipt.first, info.receipt.last) else {
            return Ok(report);
        };
        let until = Instant(last.0.saturating_add(1));
        let span = format!("after:{} before:{}", first.rfc3339(), until.rfc3339());
        let ids = |profiles: &[String]| -> BTreeSet<String> {
            let id = |p: &String| p.split('@').next().unwrap_or(p).to_owned();
            profiles.iter().map(id).collect()
        };
        let own = ids(&info.profiles);
        let earlier = self.store.sources()?.into_iter().filter(|s| {
            let overlaps = s.receipt.first.is_some_and(|f| f <= last)
                && s.receipt.last.is_some_and(|l| l >= first);
            s.id < source
                && s.state == "complete"
                && overlaps
                && !own.is_disjoint(&ids(&s.profiles))
        });
        let mut compared: BTreeSet<u32> = earlier.map(|s| s.id).collect();
        let mut missing = Vec::new();
        self.each_of(
            &format!("-in:{source} {span}"),
            &scope,
            source,
            &mut |event| {
                compared.extend(
                    event
                        .attested
                        .iter()
                        .map(|a| a.source)
                        .filter(|s| *s < source),
                );
                missing.push(part(event));
            },
        )?;
        let undated = &mut report.undated;
        self.each_of(
            &format!("-in:{source} undated"),
            &scope,
            source,
            &mut |_| *undated += 1,
        )?;
        report.count = missing.len() as u64;
        report.missing = missing;
        report.compared = compared.into_iter().collect();
        Ok(report)
    }

    /// Events that match, are of one of these systems and organizations, and that an earlier source attests.
    fn each_of(
        &self,
        query: &str,
        scope: &Scope,
        source: u32,
        tell: &mut dyn FnMut(&Event),
    ) -> Result<()> {
        let mut query = query.to_owned();
        // The same key again means "or"; what has no provider is asked for only when the source has such events too.
        if !scope.providers.contains(&None) {
            for provider in scope.providers.iter().flatten() {
                let text = provider.replace('\\', "\\\\").replace('"', "\\\"");
                query.push_str(&format!(" event.provider:\"{text}\""));
            }
        }
        self.each_event(&query, &Zone::UTC, Order::Oldest, None, &mut |event| {
            let of = |field| event.get(field).map(str::to_owned);
            let organization = of(Field::OrganizationId).or_else(|| of(Field::OrganizationName));
            let same = scope.providers.contains(&of(Field::EventProvider))
                && scope.organizations.contains(&organization);
            if same && event.attested.iter().any(|a| a.source < source) {
                tell(event);
            }
            ControlFlow::Continue(())
        })
    }

    /// The systems and organizations that the events of a source speak of.
    fn scope(&self, source: u32) -> Result<Scope> {
        let values = |query: &str, field: Field| -> Result<(BTreeSet<Option<String>>, bool)> {
            let answer = self.answer(query, &Zone::UTC)?;
            let facet = self.facets_of(&answer, &[field], MOST)?.fields.remove(0);
            let values = facet.values.into_iter().map(|v| Some(v.value)).collect();
            Ok((values, facet.absent > 0))
        };
        let all = format!("in:{source}");
        let (mut providers, without) = values(&all, Field::EventProvider)?;
        if without {
            providers.insert(None);
        }
        let (mut organizations, nameless) = values(&all, Field::OrganizationId)?;
        if nameless {
            let rest = format!("{all} -has:organization.id");
            let (names, without) = values(&rest, Field::OrganizationName)?;
            organizations.extend(names);
            if without {
                organizations.insert(None);
            }
        }
        Ok(Scope {
            providers,
            organizations,
        })
    }
}

/// Providers, and organizations by id or else by name; none where the log names none.
struct Scope {
    providers: BTreeSet<Option<String>>,
    organizations: BTreeSet<Option<String>>,
}

fn part(event: &Event) -> MissingPart {
    let of = |field| event.get(field).map(str::to_owned);
    let at = event.locator;
    MissingPart {
        event: event.number,
        source: at.source,
        entry: at.entry,
        line: at.line,
        offset: at.offset,
        length: at.length,
        timestamp: event.time.map(Instant::rfc3339),
        action: of(Field::EventAction),
        user: of(Field::UserEmail)
            .or_else(|| of(Field::UserName))
            .or_else(|| of(Field::UserId)),
        message: of(Field::Message),
        attested: event
            .attested
            .iter()
            .map(|a| AttestedPart {
                source: a.source,
                entry: a.entry,
            })
            .collect(),
    }
}
