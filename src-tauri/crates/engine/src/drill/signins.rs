//! The review of sign-ins as it is told: rows with their comparison, the map, the counts.
//!
//! Owns: words and the page. Never touches: the rules (the model has them) and the pass over all sign-ins (`review`).

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use witnessmark_enrich::{Database, EnrichError};
use witnessmark_lens::{Expr, to_text};
use witnessmark_model::baseline::{self, Compared};
use witnessmark_model::geo;
use witnessmark_model::{Event, Field, IdentityKey, Instant, Zone};
use witnessmark_store::query::{Query, RowRef, Snapshot};

use super::chosen::Chosen;
use super::review::{self, ADDRESS, COUNTRY, DEVICE, NETWORK, Review};
use super::{both, is, is_or_lacks, of_actor};
use crate::api::{
    AgainstPart, GeoDatabase, GeoValue, MapArc, MapPlace, OutcomeCounts, SigninRow, SigninRules,
    SigninsReport, TravelPart,
};
use crate::case::Case;
use crate::error::{Code, Error, Result};

/// Ways that the map shows.
const ARCS: usize = 40;
/// Places that the map shows.
const PLACES: usize = 400;
const DAY: i64 = 24 * 3_600 * 1_000_000_000;

/// Which sign-ins a page should hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SigninShow {
    /// All of them.
    #[default]
    All,
    /// Those that do not look like the account's.
    Unfamiliar,
    /// Those of which it cannot be told.
    CannotTell,
    /// Those that failed.
    Failed,
    /// Those with a new address, network, device or country.
    New,
    /// Those that came too fast from the place before.
    TooFast,
}

/// What the review of sign-ins should hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Signins {
    /// Which.
    pub show: SigninShow,
    /// Earliest first; else latest first. Undated ones come last in both.
    pub oldest_first: bool,
    /// First sign-in of the page, from 0.
    pub first: usize,
    /// The most sign-ins of the page.
    pub limit: usize,
}

/// Databases of addresses and the last review.
#[derive(Default)]
pub(crate) struct Geo {
    databases: Mutex<Vec<Arc<Database>>>,
    last: Mutex<Option<(Key, Arc<Review>)>>,
}

/// What a review depends on.
struct Key {
    snapshot: Snapshot,
    merges: Vec<Vec<IdentityKey>>,
    databases: Vec<Arc<Database>>,
}

impl Key {
    fn is(&self, other: &Self) -> bool {
        let same = |(a, b): (&Arc<Database>, &Arc<Database>)| Arc::ptr_eq(a, b);
        self.snapshot.is(&other.snapshot)
            && self.merges == other.merges
            && self.databases.len() == other.databases.len()
            && self.databases.iter().zip(&other.databases).all(same)
    }
}

impl From<EnrichError> for Error {
    fn from(error: EnrichError) -> Self {
        let code = match error {
            EnrichError::NotReadable { .. } => Code::NotReadable,
            EnrichError::NotADatabase { .. } => Code::InvalidOption,
        };
        Self::new(
            code,
            error.to_string(),
            "Bring a file such as GeoLite2-City.mmdb, dbip-city-lite.mmdb or an ASN database in the same format.",
        )
    }
}

pub(crate) fn day(seconds: u64) -> String {
    let at = i64::try_from(seconds)
        .ok()
        .and_then(|s| s.checked_mul(1_000_000_000));
    at.filter(|at| *at > 0)
        .map_or(String::new(), |at| Instant(at).rfc3339()[..10].to_owned())
}

impl Case {
    /// Uses a database of addresses for places and networks, beside those in use. The case keeps nothing of it.
    pub fn use_addresses(&self, path: &Path) -> Result<GeoDatabase> {
        let database = Database::open(path)?;
        let told = GeoDatabase {
            name: database.name().to_owned(),
            built: day(database.built()),
        };
        (self
            .geo
            .databases
            .lock()
            .unwrap_or_else(PoisonError::into_inner))
        .push(Arc::new(database));
        Ok(told)
    }

    pub(crate) fn databases(&self) -> Vec<Arc<Database>> {
        (self
            .geo
            .databases
            .lock()
            .unwrap_or_else(PoisonError::into_inner))
        .clone()
    }

    /// The review of every sign-in of a snapshot, made once for what it depends on.
    fn review(&self, snapshot: &Snapshot) -> Result<Arc<Review>> {
        let databases = self.databases();
        let key = Key {
            snapshot: snapshot.clone(),
            merges: self.store.merges()?,
            databases: databases.clone(),
        };
        let mut last = self.geo.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, review)) = &*last
            && known.is(&key)
        {
            return Ok(Arc::clone(review));
        }
        let query = self.query(snapshot);
        let mask = query.filter(&is(Field::EventOperation, "authenticate"), &self.terms)?;
        let find = |address: &str| {
            let each = databases.iter().enumerate();
            each.filter_map(|(at, d)| Some((at, d.find(address)?)))
                .collect()
        };
        let review = Arc::new(Review::of(&query, &mask, &find)?);
        *last = Some((key, Arc::clone(&review)));
        Ok(review)
    }

    /// The sign-ins of the events that match, each against all sign-ins of its actor in the case before it.
    pub fn signins(&self, query: &str, zone: &Zone, wanted: &Signins) -> Result<SigninsReport> {
        let base = both(
            &self.expr(query, zone)?,
            is(Field::EventOperation, "authenticate"),
        );
        let answer = self.answer_expr(&base)?;
        let review = self.review(&answer.snapshot)?;
        let query = self.query(&answer.snapshot);
        let chosen = Chosen::of(&review, &answer.mask);
        let with = |flag: u16| chosen.with(flag);
        let total = chosen.total();
        let (success, failure) = (with(review::SUCCEEDED), with(review::FAILED));
        let (unfamiliar, cannot_tell) = (with(review::UNFAMILIAR), with(review::CANNOT_TELL));
        let any_new = review::NEW.iter().fold(0, |a, b| a | b);
        let flag = match wanted.show {
            SigninShow::All => None,
            SigninShow::Unfamiliar => Some(review::UNFAMILIAR),
            SigninShow::CannotTell => Some(review::CANNOT_TELL),
            SigninShow::Failed => Some(review::FAILED),
            SigninShow::New => Some(any_new),
            SigninShow::TooFast => Some(review::TOO_FAST),
        };
        let page = chosen.page(&review, flag, wanted);
        let (rows, arcs) = rayon::join(
            || self.signin_rows(&query, &review, &page),
            || arcs(&query, &review, &chosen),
        );
        Ok(SigninsReport {
            filter: to_text(&base),
            counts: OutcomeCounts {
                total,
                success,
                failure,
                unknown: total - success - failure,
            },
            undated: answer.mask.undated(),
            familiar: total - unfamiliar - cannot_tell,
            unfamiliar,
            cannot_tell,
            new_address: with(review::NEW[ADDRESS]),
            new_network: with(review::NEW[NETWORK]),
            new_device: with(review::NEW[DEVICE]),
            new_country: with(review::NEW[COUNTRY]),
            too_fast: with(review::TOO_FAST),
            located: chosen.sites.iter().map(|count| count[0]).sum(),
            places: places(&review, &chosen, &base),
            arcs: arcs?,
            rows: rows?,
            rows_total: flag.map_or(total, with),
            rules: SigninRules {
                enough_sign_ins: baseline::ENOUGH,
                enough_days: (baseline::LONG_ENOUGH / DAY) as u32,
                settle_hours: (baseline::SETTLE / DAY * 24) as u32,
                speed_limit: review::SPEED_LIMIT as u32,
                shared_by: review::SHARED_BY,
            },
            databases: self
                .databases()
                .iter()
                .map(|d| GeoDatabase {
                    name: d.name().to_owned(),
                    built: day(d.built()),
                })
                .collect(),
            blind_spots: self.blind(&query, &answer.mask)?,
        })
    }

    fn signin_rows(
        &self,
        query: &Query<'_>,
        review: &Review,
        page: &[usize],
    ) -> Result<Vec<SigninRow>> {
        let places: Vec<RowRef> = page.iter().map(|r| review.rows.row(*r)).collect();
        let events = query.events(&places)?;
        let databases = self.databases();
        page.iter()
            .zip(&events)
            .map(|(row, event)| {
                let known = review.compared(*row).map(|c| (c, review.from(*row)));
                let mut told = self.signin_row(review, *row, event, known, &databases);
                let actor = review.actor(*row);
                if actor != 0 {
                    told.actor = Some(review.actors.text(actor).to_owned());
                    told.actor_filter = Some(to_text(&of_actor(&review.actors, actor)));
                }
                if let Some((_, Some(from))) = known {
                    let number = query.event_number(review.rows.row(from))?;
                    told.travel = travel(review, from, *row, number, review.flags[*row]);
                }
                if let Some(t) = told.travel.as_ref().filter(|t| t.judged == "too_fast") {
                    let speed = t
                        .km_h
                        .map_or("at the same moment".to_owned(), |v| format!("{v:.0} km/h"));
                    told.why
                        .push(format!("{:.0} km from {}: {speed}", t.km, t.from));
                }
                Ok(told)
            })
            .collect()
    }

    fn signin_row(
        &self,
        review: &Review,
        row: usize,
        event: &Event,
        known: Option<(Compared, Option<usize>)>,
        databases: &[Arc<Database>],
    ) -> SigninRow {
        let get = |field: Field| event.get(field).map(str::to_owned);
        let flags = review.flags[row];
        let compared = known.map(|k| k.0);
        let address = review.numbers[ADDRESS][row];
        let against = |which: usize, noun: &str, value: Option<String>| {
            against(review, row, which, noun, value, compared, event.time)
        };
        let network = match review.numbers[NETWORK][row] {
            0 => None,
            n => review.networks.get(n as usize - 1).cloned(),
        };
        let device = review.numbers[DEVICE][row];
        let country = match review.numbers[COUNTRY][row] {
            0 => get(Field::SourceCountry).or_else(|| get(Field::SourceCountryName)),
            n => review.countries.get(n as usize - 1).cloned(),
        };
        let (places, disagree) = given(review, address, event, databases);
        let city = get(Field::SourceCity)
            .or_else(|| review.site(row).filter(|s| s.city).map(|s| s.name.clone()));
        let parts = [
            against(ADDRESS, "address", get(Field::SourceIp)),
            against(NETWORK, "network", network),
            against(
                DEVICE,
                "device",
                match device {
                    0 => get(Field::UserAgentOriginal).or_else(|| get(Field::UserAgentName)),
                    n => Some(review.devices.text(n).to_owned()),
                },
            ),
            against(COUNTRY, "country", country),
        ];
        let answer = if flags & review::CANNOT_TELL != 0 {
            "cannot_tell"
        } else if flags & review::UNFAMILIAR != 0 {
            "unfamiliar"
        } else {
            "familiar"
        };
        let mut why = Vec::new();
        match compared {
            None if event.time.is_none() => {
                why.push("it has no time, so nothing is before it".to_owned())
            }
            None => why.push("the log names no actor".to_owned()),
            Some(c) if !c.is_enough() => why.push(few(&c)),
            Some(_) => {}
        }
        if parts.iter().all(|p| p.state == "none") {
            why.push("neither address nor device nor country is logged".to_owned());
        }
        why.extend(
            parts
                .iter()
                .filter(|p| p.state == "new")
                .map(|p| p.text.clone()),
        );
        let failed_from = review.failed_from[address as usize];
        // Also of a shared address: an office is where a guesser may sit.
        if failed_from >= review::SHARED_BY
            && matches!(parts[ADDRESS].state.as_str(), "new" | "shared")
        {
            why.push(format!(
                "sign-ins of {failed_from} accounts failed from this address"
            ));
        }
        let [address_part, network, device, country] = parts;
        SigninRow {
            event: event.number,
            time: event.time.map(Instant::rfc3339),
            actor: None,
            actor_filter: None,
            action: get(Field::EventAction),
            system: crate::rows::system(event, &self.library()),
            outcome: get(Field::EventOutcome).unwrap_or_else(|| "unknown".to_owned()),
            reason: get(Field::EventReason),
            earlier: compared.map_or(0, |c| c.earlier),
            days: compared.map_or(0, |c| ((c.until - c.since) / DAY) as u32),
            enough: compared.is_some_and(|c| c.is_enough()),
            address: address_part,
            network,
            device,
            agent: crate::agents::in_words(event),
            country,
            shared_by: review.shared_by[row],
            failed_from,
            city,
            places,
            disagree,
            travel: None,
            answer: answer.to_owned(),
            why,
        }
    }
}

/// The ways that the map shows: those to look at first.
fn arcs(query: &Query<'_>, review: &Review, chosen: &Chosen) -> Result<Vec<MapArc>> {
    let mut arcs = Vec::new();
    let ways = review.ways.iter().map(|row| *row as usize);
    for row in ways.filter(|row| chosen.has(*row)).take(ARCS) {
        let Some(from) = review.from(row) else {
            continue;
        };
        let (Some(a), Some(b)) = (review.site(from), review.site(row)) else {
            continue;
        };
        let before = query.event_number(review.rows.row(from))?;
        let Some(travel) = travel(review, from, row, before, review.flags[row]) else {
            continue;
        };
        arcs.push(MapArc {
            event: query.event_number(review.rows.row(row))?,
            actor: review.actors.text(review.actor(row)).to_owned(),
            from: [a.point.latitude, a.point.longitude],
            to: [b.point.latitude, b.point.longitude],
            travel,
        });
    }
    Ok(arcs)
}

fn few(c: &Compared) -> String {
    let needs = format!(
        "needs {} over {} days",
        baseline::ENOUGH,
        baseline::LONG_ENOUGH / DAY
    );
    match c.earlier {
        0 => format!("no earlier sign-in to compare with: cannot tell ({needs})"),
        1 => format!("only 1 earlier sign-in: cannot tell ({needs})"),
        n if n < baseline::ENOUGH => format!("only {n} earlier sign-ins: cannot tell ({needs})"),
        n => format!(
            "{n} earlier sign-ins, but in only {}: cannot tell ({needs})",
            length(c.until - c.since)
        ),
    }
}

/// A length of time in the unit that people would use.
fn length(nanoseconds: i64) -> String {
    let days = nanoseconds / DAY;
    match days {
        0 => {
            let hours = nanoseconds / (DAY / 24);
            format!("{hours} hour{}", if hours == 1 { "" } else { "s" })
        }
        1 => "1 day".to_owned(),
        2..=60 => format!("{days} days"),
        // A month is the twelfth of a mean year; from here on it is never one.
        _ => format!("{:.0} months", days as f64 / 30.436_875),
    }
}

fn ordinal(n: u32) -> String {
    let suffix = match (n % 10, n % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{n}{suffix}")
}

fn plural(n: u32) -> String {
    format!("{n} earlier sign-in{}", if n == 1 { "" } else { "s" })
}

fn against(
    review: &Review,
    row: usize,
    which: usize,
    noun: &str,
    value: Option<String>,
    compared: Option<Compared>,
    at: Option<Instant>,
) -> AgainstPart {
    let known = review.numbers[which][row] != 0;
    let Some(c) = compared.filter(|_| known) else {
        let (state, text) = match &value {
            None => ("none", format!("the log gives no {noun}")),
            Some(value) if !known => (
                "none",
                format!("the log says `{value}`, which is no {noun} that is known"),
            ),
            Some(_) => ("first", "nothing to compare with".to_owned()),
        };
        return AgainstPart {
            value,
            state: state.to_owned(),
            text,
            ..AgainstPart::default()
        };
    };
    let seen = c.seen[which];
    let shared = review.is_shared(row) && (which == ADDRESS || which == NETWORK);
    let (state, text) = match (c.earlier, seen.times) {
        (0, _) => ("first", "no earlier sign-in to compare with".to_owned()),
        (n, 0) if shared => {
            let many = review.shared_by[row];
            (
                "shared",
                format!(
                    "not seen in {}, but {many} persons had signed in from this address",
                    plural(n)
                ),
            )
        }
        (n, 0) => {
            let since = at.map_or(0, |t| t.0 - c.since);
            (
                "new",
                format!(
                    "{} {noun} in {}, {}",
                    ordinal(seen.distinct + 1),
                    length(since),
                    plural(n)
                ),
            )
        }
        (n, times) => ("seen", format!("{times} of {}", plural(n))),
    };
    AgainstPart {
        value,
        state: state.to_owned(),
        times: seen.times,
        distinct: seen.distinct,
        text,
    }
}

/// Every country and city that the log and the databases give, and whether countries disagree.
fn given(
    review: &Review,
    address: u32,
    event: &Event,
    databases: &[Arc<Database>],
) -> (Vec<GeoValue>, bool) {
    let mut values = Vec::new();
    let mut countries: Vec<String> = Vec::new();
    let day_of = event
        .time
        .map_or(String::new(), |t| t.rfc3339()[..10].to_owned());
    let logged = event
        .get(Field::SourceCountry)
        .or(event.get(Field::SourceCountryName));
    if let Some(country) = logged {
        countries.extend(geo::code(country).map(str::to_owned));
        let city = event.get(Field::SourceCity);
        values.push(GeoValue {
            value: city.map_or_else(|| country.to_owned(), |c| format!("{c}, {country}")),
            source: "log".to_owned(),
            date: day_of,
        });
    }
    for (at, place) in &review.known[address as usize].places {
        let mut words: Vec<String> = place.city.iter().chain(&place.country).cloned().collect();
        if let Some(asn) = place.asn {
            let operator = place.operator.as_deref().unwrap_or_default();
            words.push(format!("AS{asn} {operator}").trim().to_owned());
        }
        countries.extend(place.country.clone());
        values.push(GeoValue {
            value: words.join(", "),
            source: databases
                .get(*at)
                .map_or(String::new(), |d| d.name().to_owned()),
            date: databases.get(*at).map_or(String::new(), |d| day(d.built())),
        });
    }
    let disagree = countries.windows(2).any(|w| w[0] != w[1]);
    (values, disagree)
}

fn travel(review: &Review, from: usize, to: usize, number: u64, flags: u16) -> Option<TravelPart> {
    let way = review.travel(from, to)?;
    let (judged, reason) = if way.shared {
        (
            "not_judged",
            "an address of many actors, such as an office or a VPN",
        )
    } else if way.is_too_fast() {
        ("too_fast", "")
    } else if way.rough && way.km < review::LEAST_KM {
        (
            "not_judged",
            "only countries are known, and they are too near to each other",
        )
    } else if flags & review::CANNOT_TELL != 0 {
        ("not_judged", "too little history")
    } else {
        ("possible", "")
    };
    Some(TravelPart {
        from_event: number,
        from: review.site(from).map_or(String::new(), |s| s.name.clone()),
        km: (way.km * 10.0).round() / 10.0,
        seconds: way.seconds,
        km_h: way.km_h().map(|v| (v * 10.0).round() / 10.0),
        precision: if way.rough { "country" } else { "city" }.to_owned(),
        judged: judged.to_owned(),
        reason: reason.to_owned(),
    })
}

/// A country in each way in which the log writes it.
fn of_country(spelt: &[(String, Option<String>)]) -> Expr {
    let ways = spelt.iter().map(|(country, name)| match name {
        None => is(Field::SourceCountry, country),
        Some(name) => both(
            &is(Field::SourceCountryName, name),
            is_or_lacks(Field::SourceCountry, country),
        ),
    });
    Expr::or(ways.collect())
}

fn places(review: &Review, chosen: &Chosen, base: &Expr) -> Vec<MapPlace> {
    let mut found: Vec<MapPlace> = (review.all_sites.iter().zip(&chosen.sites))
        .filter(|(_, count)| count[0] > 0)
        .map(|(site, &[sign_ins, failed, unfamiliar])| MapPlace {
            name: site.name.clone(),
            country: site.country.clone(),
            latitude: site.point.latitude,
            longitude: site.point.longitude,
            sign_ins,
            failed,
            unfamiliar,
            filter: if site.spelt.is_empty() {
                String::new()
            } else {
                to_text(&both(base, of_country(&site.spelt)))
            },
        })
        .collect();
    found.sort_by(|a, b| {
        b.sign_ins
            .cmp(&a.sign_ins)
            .then_with(|| a.name.cmp(&b.name))
    });
    found.truncate(PLACES);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_that_people_use() {
        assert_eq!(
            [1, 2, 3, 4, 11, 12, 21, 103, 113].map(ordinal).join(" "),
            "1st 2nd 3rd 4th 11th 12th 21st 103rd 113th"
        );
        assert_eq!(
            [
                DAY / 24,
                DAY,
                20 * DAY,
                60 * DAY,
                61 * DAY,
                89 * DAY,
                427 * DAY
            ]
            .map(length)
            .join(", "),
            "1 hour, 1 day, 20 days, 60 days, 2 months, 3 months, 14 months"
        );
        let compared = Compared {
            earlier: 4,
            ..Compared::default()
        };
        assert!(few(&compared).starts_with("only 4 earlier sign-ins: cannot tell"));
    }
}
