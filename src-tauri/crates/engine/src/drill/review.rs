//! Every sign-in of the case against the baseline of its actor, once for each state of the case.
//!
//! Owns: values as numbers, the pass over the history of every actor, and what is kept of it: a few bits and counts for each
//! sign-in, so that a page of them costs what its rows cost. Never touches: the rules (the model has them), words.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;
use witnessmark_enrich::Place;
use witnessmark_model::Field;
use witnessmark_model::baseline::{Baselines, Compared, SETTLE, Seen, SignIn};
use witnessmark_model::geo::{self, Point};
use witnessmark_model::mixed::Mixed;
use witnessmark_model::unsaid::is_unsaid;
use witnessmark_store::query::{Axis, Gathered, Query, Values};

use crate::error::Result;

/// Kilometres an hour that no airliner flies.
pub(super) const SPEED_LIMIT: f64 = 800.0;
/// Kilometres below which a speed means nothing: places of addresses are rough.
pub(super) const LEAST_KM: f64 = 100.0;
/// Actors with whom an address is one of an office, a VPN or a provider.
pub(super) const SHARED_BY: u32 = 5;

pub(super) const FAILED: u16 = 1;
pub(super) const SUCCEEDED: u16 = 1 << 1;
pub(super) const NEW: [u16; 4] = [1 << 2, 1 << 3, 1 << 4, 1 << 5];
pub(super) const ENOUGH: u16 = 1 << 6;
pub(super) const TOO_FAST: u16 = 1 << 7;
pub(super) const UNFAMILIAR: u16 = 1 << 8;
pub(super) const CANNOT_TELL: u16 = 1 << 9;
pub(super) const TRAVELLED: u16 = 1 << 10;

/// Positions of the values of a sign-in.
pub(super) const ADDRESS: usize = 0;
pub(super) const NETWORK: usize = 1;
pub(super) const DEVICE: usize = 2;
pub(super) const COUNTRY: usize = 3;

/// A place where a sign-in came from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Site {
    /// City, else the country's name.
    pub(super) name: String,
    /// ISO code; empty when the place has none.
    pub(super) country: String,
    pub(super) point: Point,
    /// Kilometres around the point that the place may span.
    pub(super) radius_km: f64,
    /// Whether the place is a city.
    pub(super) city: bool,
    /// Where the log itself says that a sign-in came from here, each way in which it does: the country, and the country's
    /// name where the former is none. Empty where that does not find exactly the sign-ins of the place.
    pub(super) spelt: Vec<(String, Option<String>)>,
}

/// What is known of an address.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// From each database that knows it, by its position.
    pub(super) places: Vec<(usize, Place)>,
    /// Number of its network.
    network: u32,
}

/// The review of all sign-ins of a case.
pub(super) struct Review {
    /// All sign-ins in order of time.
    pub(super) rows: Gathered,
    /// Number of the address, network, device and country of each.
    pub(super) numbers: [Vec<u32>; 4],
    pub(super) flags: Vec<u16>,
    /// Number of the site of each, from 1; 0 where it is not known.
    pub(super) sites: Vec<u32>,
    /// One more than the located sign-in of the actor before each located one; 0 where there is none.
    from: Vec<u32>,
    /// Dated sign-ins by actor, in order of time: those of an actor begin where those of the one before end.
    histories: Vec<u32>,
    starts: Vec<u32>,
    /// Sign-ins in the baseline of each, and for each of its values how often it was seen and how many there were.
    counts: Vec<[u32; 9]>,
    /// Sign-ins that came from another place than the one before: those to look at first come first.
    pub(super) ways: Vec<u32>,
    pub(super) all_sites: Vec<Site>,
    /// By number of the address.
    pub(super) known: Vec<Known>,
    pub(super) networks: Vec<String>,
    pub(super) countries: Vec<String>,
    pub(super) devices: Values,
    pub(super) actors: Values,
    /// Persons who had got in from the address of each sign-in by then, as it counts for what is usual: a day before it.
    pub(super) shared_by: Vec<u32>,
    /// By number of the address: actors of whom a sign-in from it failed.
    pub(super) failed_from: Vec<u32>,
}

const AXES: [Axis; 7] = [
    Axis::Actor,
    Axis::Field(Field::SourceIp),
    Axis::Device,
    Axis::Field(Field::SourceCountry),
    Axis::Field(Field::SourceCountryName),
    Axis::Field(Field::EventOutcome),
    Axis::Field(Field::EventProvider),
];

/// Numbers for texts, from 1.
#[derive(Default)]
struct Numbering {
    numbers: HashMap<String, u32>,
    texts: Vec<String>,
}

impl Numbering {
    fn number(&mut self, text: String) -> u32 {
        let next = self.texts.len() as u32 + 1;
        *self.numbers.entry(text).or_insert_with_key(|text| {
            self.texts.push(text.clone());
            next
        })
    }
}

/// The block of an address: its operator is not known without a database, and neighbours usually share one.
fn block(address: &str) -> Option<String> {
    match address
        .trim()
        .parse::<std::net::IpAddr>()
        .ok()?
        .to_canonical()
    {
        std::net::IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            Some(format!("{a}.{b}.{c}.0/24"))
        }
        std::net::IpAddr::V6(ip) => {
            let [a, b, c, ..] = ip.segments();
            Some(format!("{a:x}:{b:x}:{c:x}::/48"))
        }
    }
}

/// For each sign-in, how many persons had got in from its address before, and for each address, how many actors failed
/// from it. Of persons the most that one system names count, so that one person's accounts in five systems are not five.
///
/// Who only tried does not make an address one of many: else whoever guesses passwords makes his own address innocent.
/// Nor does what came less than a day before, for the same reason as with the baseline.
fn persons(rows: &Gathered, flags: &[u16], addresses: usize) -> (Vec<u32>, Vec<u32>) {
    let [actors, of, systems] = [0, 1, 6].map(|c| &rows.columns[c]);
    let mut failed_from = vec![0_u32; addresses];
    let mut failed: HashSet<(u32, u32), Mixed> = HashSet::default();
    let mut known: HashSet<(u32, u32, u32), Mixed> = HashSet::default();
    let mut of_system: HashMap<(u32, u32), u32, Mixed> = HashMap::default();
    let mut most = vec![0_u32; addresses];
    let mut settled = 0;
    let dated = rows.times.len();
    let mut shared_by = Vec::with_capacity(rows.len());
    for row in 0..rows.len() {
        let due =
            |at: usize| row >= dated || rows.times[at].saturating_add(SETTLE) <= rows.times[row];
        while settled < dated && due(settled) {
            let (actor, address, system) = (actors[settled], of[settled], systems[settled]);
            let joins = actor != 0 && address != 0 && flags[settled] & FAILED == 0;
            settled += 1;
            if joins && known.insert((address, system, actor)) {
                let count = of_system.entry((address, system)).or_default();
                *count += 1;
                let most = &mut most[address as usize];
                *most = (*most).max(*count);
            }
        }
        let (actor, address) = (actors[row], of[row]);
        shared_by.push(most[address as usize]);
        let fails = actor != 0 && address != 0 && flags[row] & FAILED != 0;
        if fails && failed.insert((address, actor)) {
            failed_from[address as usize] += 1;
        }
    }
    (shared_by, failed_from)
}

impl Review {
    /// Reviews the sign-ins of a mask, which are all of the case. `find` asks the databases for an address.
    pub(super) fn of(
        query: &Query<'_>,
        mask: &witnessmark_store::query::Mask,
        find: &(dyn Fn(&str) -> Vec<(usize, Place)> + Sync),
    ) -> Result<Self> {
        let mut rows = query.gather(mask, &AXES)?;
        let [actors, addresses, devices, codes, names, outcomes, _] = {
            let values: std::result::Result<Vec<Values>, _> =
                AXES.iter().map(|axis| query.values(*axis)).collect();
            <[Values; 7]>::try_from(values?)
                .map_err(|_| crate::failures::internal("an axis without values"))?
        };
        let address_of = same_addresses(&addresses);
        let device_of = texts_or_none(&devices);
        for (column, numbers) in [(1, &address_of), (2, &device_of)] {
            for number in &mut rows.columns[column] {
                *number = numbers[*number as usize];
            }
        }
        let mut used = vec![false; addresses.len()];
        for number in &rows.columns[1] {
            used[*number as usize] = true;
        }
        let places: Vec<Vec<(usize, Place)>> = (0..addresses.len() as u32)
            .into_par_iter()
            .map(|n| match n {
                0 => Vec::new(),
                n if used[n as usize] => find(addresses.text(n)),
                _ => Vec::new(),
            })
            .collect();
        let mut networks = Numbering::default();
        let known: Vec<Known> = (0_u32..)
            .zip(places)
            .map(|(n, places)| {
                let operator = places.iter().find_map(|(_, p)| {
                    p.asn.map(|asn| match &p.operator {
                        Some(name) => format!("AS{asn} {name}"),
                        None => format!("AS{asn}"),
                    })
                });
                let text =
                    operator.or_else(|| used[n as usize].then(|| block(addresses.text(n)))?);
                Known {
                    network: text.map_or(0, |t| networks.number(t)),
                    places,
                }
            })
            .collect();
        let mut countries = Numbering::default();
        // What is no country, such as `XX` or `Unknown`, is no value: else it would be a new country.
        let mut of_text =
            |t: &str| geo::code(t).map_or(0, |code| countries.number(code.to_owned()));
        let of_code: Vec<u32> = texts(&codes, &mut of_text);
        let of_name: Vec<u32> = texts(&names, &mut of_text);
        let of_address: Vec<u32> = known
            .iter()
            .map(|k| {
                let code = k.places.iter().find_map(|(_, p)| p.country.clone());
                code.map_or(0, |c| countries.number(c))
            })
            .collect();
        let mut sites = Sites::default();
        let mut spelt = Spelt::default();
        let (mut country_of, mut site_of) = (Vec::new(), Vec::new());
        for row in 0..rows.len() {
            let [address, code, name] = [1, 3, 4].map(|c| rows.columns[c][row] as usize);
            let (by_log, way) = if of_code[code] != 0 {
                (of_code[code], (code as u32, 0))
            } else {
                (of_name[name], (code as u32, name as u32))
            };
            let country = if by_log != 0 {
                by_log
            } else {
                of_address[address]
            };
            country_of.push(country);
            let site = sites.of(address, country, &known, &countries.texts);
            spelt.add(site, (by_log != 0).then_some(way));
            site_of.push(site);
        }
        spelt.tell(&mut sites.all, &codes, &names);
        let outcome_of: Vec<u16> = texts(&outcomes, |t| match t {
            "failure" => u32::from(FAILED),
            "success" => u32::from(SUCCEEDED),
            _ => 0,
        })
        .into_iter()
        .map(|f| f as u16)
        .collect();
        let flags = rows.columns[5].iter().map(|n| outcome_of[*n as usize]);
        let flags: Vec<u16> = flags.collect();
        let (shared_by, failed_from) = persons(&rows, &flags, addresses.len());
        let network_of = rows.columns[1].iter().map(|a| known[*a as usize].network);
        let network_of: Vec<u32> = network_of.collect();
        let numbers = [
            std::mem::take(&mut rows.columns[1]),
            network_of,
            std::mem::take(&mut rows.columns[2]),
            country_of,
        ];
        rows.columns.truncate(1);
        let mut review = Self {
            rows,
            numbers,
            flags,
            sites: site_of,
            from: Vec::new(),
            histories: Vec::new(),
            starts: Vec::new(),
            counts: Vec::new(),
            ways: Vec::new(),
            all_sites: sites.all,
            known,
            networks: networks.texts,
            countries: countries.texts,
            devices,
            actors,
            shared_by,
            failed_from,
        };
        review.judge();
        Ok(review)
    }

    pub(super) fn actor(&self, row: usize) -> u32 {
        self.rows.columns[0][row]
    }

    pub(super) fn is_shared(&self, row: usize) -> bool {
        self.shared_by[row] >= SHARED_BY
    }

    pub(super) fn site(&self, row: usize) -> Option<&Site> {
        self.all_sites
            .get((self.sites[row] as usize).checked_sub(1)?)
    }

    fn rows_of(&self, actor: u32) -> &[u32] {
        let at = actor as usize;
        match (self.starts.get(at), self.starts.get(at + 1)) {
            (Some(first), Some(end)) => &self.histories[*first as usize..*end as usize],
            _ => &[],
        }
    }

    /// A dated sign-in of an actor against its baseline; absent for others.
    pub(super) fn compared(&self, row: usize) -> Option<Compared> {
        let at = self.rows.times.get(row).copied()?;
        let actor = self.actor(row);
        let [earlier, counts @ ..] = self.counts[row];
        if actor == 0 {
            return None;
        }
        let joins = |row: &&u32| self.flags[**row as usize] & FAILED == 0;
        let time = |row: &u32| self.rows.times[*row as usize];
        // The baseline are the first ones of the history that did not fail, up to a day before.
        let (mut since, mut until) = (0, 0);
        if earlier > 0 {
            let history = self.rows_of(actor);
            let end = history.partition_point(|row| time(row).saturating_add(SETTLE) <= at);
            since = history.iter().find(joins).map_or(0, time);
            until = history[..end].iter().rev().find(joins).map_or(0, time);
        }
        Some(Compared {
            earlier,
            since,
            until,
            seen: std::array::from_fn(|which| Seen {
                times: counts[which],
                distinct: counts[4 + which],
            }),
        })
    }

    /// The dated sign-ins of an actor in order of time: each with its comparison and the located sign-in before it.
    fn history(&self, actor: u32) -> impl Iterator<Item = (usize, Compared, Option<usize>)> {
        let rows = self.rows_of(actor);
        let mut baselines = Baselines::new();
        let mut before: Option<usize> = None;
        rows.iter().map(move |row| {
            let row = *row as usize;
            let sign_in = SignIn {
                at: self.rows.times[row],
                // One actor has all of them.
                actor: 0,
                values: [0, 1, 2, 3].map(|v| self.numbers[v][row]),
                failed: self.flags[row] & FAILED != 0,
            };
            let compared = baselines.next(&sign_in);
            let comes = !sign_in.failed && self.sites[row] != 0;
            let from = before.filter(|_| comes);
            if comes {
                before = Some(row);
            }
            (row, compared, from)
        })
    }

    /// The located sign-in of the actor before a located one.
    pub(super) fn from(&self, row: usize) -> Option<usize> {
        (self.from[row] as usize).checked_sub(1)
    }

    /// Judges every sign-in. Actors do not touch each other, so they are dealt out to all cores.
    fn judge(&mut self) {
        self.sort_by_actor();
        let actors: Vec<u32> = (1..self.actors.len() as u32).collect();
        type Judged = (u32, u16, u32, [u32; 9]);
        let found: Vec<Vec<Judged>> = (actors.par_chunks(64))
            .map(|actors| {
                let each = actors.iter().flat_map(|actor| self.history(*actor));
                each.map(|(row, compared, from)| {
                    let flags = self.verdict(row, &compared, from);
                    let mut counts = [compared.earlier; 9];
                    for (which, seen) in compared.seen.iter().enumerate() {
                        (counts[1 + which], counts[5 + which]) = (seen.times, seen.distinct);
                    }
                    let from = from.map_or(0, |from| from as u32 + 1);
                    (row as u32, flags, from, counts)
                })
                .collect()
            })
            .collect();
        for flags in &mut self.flags {
            *flags |= CANNOT_TELL;
        }
        self.from = vec![0; self.rows.len()];
        self.counts = vec![[0; 9]; self.rows.len()];
        for (row, flags, from, counts) in found.into_iter().flatten() {
            let kept = &mut self.flags[row as usize];
            *kept = (*kept & !CANNOT_TELL) | flags;
            self.from[row as usize] = from;
            self.counts[row as usize] = counts;
        }
        let mut ways: Vec<u32> = (0..self.rows.len() as u32)
            .filter(|row| {
                let row = *row as usize;
                (self.from(row)).is_some_and(|from| self.sites[from] != self.sites[row])
            })
            .collect();
        // Too fast before not judged before possible; the later before the earlier.
        ways.par_sort_unstable_by_key(|row| {
            let flags = self.flags[*row as usize];
            let later = std::cmp::Reverse(*row);
            (flags & TOO_FAST == 0, flags & CANNOT_TELL == 0, later)
        });
        self.ways = ways;
    }

    fn sort_by_actor(&mut self) {
        let dated = self.rows.times.len();
        let mut starts = vec![0_u32; self.actors.len() + 1];
        for actor in &self.rows.columns[0][..dated] {
            starts[*actor as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut histories = vec![0_u32; dated];
        for (row, actor) in (0_u32..).zip(&self.rows.columns[0][..dated]) {
            let place = &mut next[*actor as usize];
            histories[*place as usize] = row;
            *place += 1;
        }
        (self.histories, self.starts) = (histories, starts);
    }

    /// The bits of one sign-in. A sign-in is unfamiliar when its country was never seen, or address and device both were
    /// not (an address that many share says nothing), or it came too fast from the one before.
    fn verdict(&self, row: usize, compared: &Compared, from: Option<usize>) -> u16 {
        let mut flags = 0;
        let shared = self.is_shared(row);
        let new = |which: usize| {
            compared.earlier > 0
                && self.numbers[which][row] != 0
                && compared.seen[which].times == 0
                && !(shared && (which == ADDRESS || which == NETWORK))
        };
        for (which, flag) in NEW.iter().enumerate() {
            if new(which) {
                flags |= flag;
            }
        }
        if compared.is_enough() {
            flags |= ENOUGH;
        }
        if let Some(from) = from {
            flags |= TRAVELLED;
            if self.travel(from, row).is_some_and(|t| t.is_too_fast()) {
                flags |= TOO_FAST;
            }
        }
        let logged = [ADDRESS, DEVICE, COUNTRY]
            .iter()
            .any(|v| self.numbers[*v][row] != 0);
        let strange = new(COUNTRY) || (new(ADDRESS) && new(DEVICE)) || flags & TOO_FAST != 0;
        if !compared.is_enough() || !logged {
            flags | CANNOT_TELL
        } else if strange {
            flags | UNFAMILIAR
        } else {
            flags
        }
    }

    /// The way between two located sign-ins; absent when they are in one place.
    pub(super) fn travel(&self, from: usize, to: usize) -> Option<Way> {
        let (a, b) = (self.site(from)?, self.site(to)?);
        if self.sites[from] == self.sites[to] {
            return None;
        }
        let rough = !(a.city && b.city);
        // Neither a country nor a city of a database is a point: what its size leaves is what was travelled at the least.
        let km = (a.point.distance_km(b.point) - a.radius_km - b.radius_km).max(0.0);
        let seconds = (self.rows.times[to] - self.rows.times[from]) as f64 / 1e9;
        Some(Way {
            km,
            seconds,
            rough,
            shared: self.is_shared(from) || self.is_shared(to),
        })
    }
}

/// A way between two places.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    pub(super) km: f64,
    pub(super) seconds: f64,
    /// Whether one of the places is known only as a country.
    pub(super) rough: bool,
    /// Whether one of the addresses is shared by many.
    pub(super) shared: bool,
}

impl Way {
    pub(super) fn km_h(&self) -> Option<f64> {
        (self.seconds > 0.0).then(|| self.km / (self.seconds / 3_600.0))
    }

    pub(super) fn is_too_fast(&self) -> bool {
        !self.shared && self.km >= LEAST_KM && self.km_h().is_none_or(|v| v > SPEED_LIMIT)
    }
}

/// What `number` makes of each value of an axis; 0 for absent.
fn texts(values: &Values, mut number: impl FnMut(&str) -> u32) -> Vec<u32> {
    (0..values.len() as u32)
        .map(|n| if n == 0 { 0 } else { number(values.text(n)) })
        .collect()
}

/// The number of each address: one that the log writes in several ways has one, a word for nothing has none.
fn same_addresses(values: &Values) -> Vec<u32> {
    let mut first: HashMap<std::net::IpAddr, u32> = HashMap::new();
    let number = |n: u32| match values.text(n).trim() {
        text if is_unsaid(text) => 0,
        text => match text.parse::<std::net::IpAddr>() {
            Ok(ip) => *first.entry(ip.to_canonical()).or_insert(n),
            Err(_) => n,
        },
    };
    (0..values.len() as u32).map(number).collect()
}

fn texts_or_none(values: &Values) -> Vec<u32> {
    let number = |n: u32| if is_unsaid(values.text(n)) { 0 } else { n };
    (0..values.len() as u32).map(number).collect()
}

/// In which ways the log names the country of each site.
#[derive(Default)]
struct Spelt {
    /// Number of the country and of its name as the log has them, with the site that it led to first.
    ways: HashMap<(u32, u32), u32, Mixed>,
    /// Sites to which a database led as well, or ways that lead to others too.
    inexact: HashSet<u32, Mixed>,
}

impl Spelt {
    fn add(&mut self, site: u32, way: Option<(u32, u32)>) {
        match way {
            Some(way) => {
                let first = *self.ways.entry(way).or_insert(site);
                if first != site {
                    self.inexact.extend([first, site]);
                }
            }
            None => {
                self.inexact.insert(site);
            }
        }
    }

    fn tell(self, sites: &mut [Site], codes: &Values, names: &Values) {
        for ((code, name), site) in self.ways {
            let exact = !self.inexact.contains(&site);
            let at = (site as usize).checked_sub(1).filter(|_| exact);
            if let Some(site) = at.and_then(|at| sites.get_mut(at)) {
                let name = (name != 0).then(|| names.text(name).to_owned());
                site.spelt.push((codes.text(code).to_owned(), name));
            }
        }
        for site in sites {
            site.spelt.sort();
        }
    }
}

/// Sites as they are met, one for each address and country.
#[derive(Default)]
struct Sites {
    all: Vec<Site>,
    of: HashMap<(usize, u32), u32, Mixed>,
    same: HashMap<(String, String, i64, i64), u32>,
}

impl Sites {
    fn of(&mut self, address: usize, country: u32, known: &[Known], countries: &[String]) -> u32 {
        if let Some(site) = self.of.get(&(address, country)) {
            return *site;
        }
        let code = match country {
            0 => "",
            n => countries[n as usize - 1].as_str(),
        };
        // A database's city counts only where it is in the country that is taken to be right.
        let city = known[address].places.iter().find_map(|(_, p)| {
            let fits = p
                .country
                .as_deref()
                .is_none_or(|c| code.is_empty() || c == code);
            let point = p.point.filter(|_| fits)?;
            Some(Site {
                name: p.city.clone().unwrap_or_else(|| code.to_owned()),
                country: code.to_owned(),
                point,
                radius_km: f64::from(p.radius_km.unwrap_or(50)),
                city: p.city.is_some(),
                spelt: Vec::new(),
            })
        });
        let site = city.or_else(|| {
            geo::country(code).map(|c| Site {
                name: c.name.to_owned(),
                country: c.code.to_owned(),
                point: c.middle,
                radius_km: c.radius_km,
                city: false,
                spelt: Vec::new(),
            })
        });
        let number = site.map_or(0, |site| {
            let place = |degrees: f64| (degrees * 100.0).round() as i64;
            let key = (
                site.name.clone(),
                site.country.clone(),
                place(site.point.latitude),
                place(site.point.longitude),
            );
            let next = self.all.len() as u32 + 1;
            *self.same.entry(key).or_insert_with(|| {
                self.all.push(site);
                next
            })
        });
        self.of.insert((address, country), number);
        number
    }
}
