//! Errors of threat logs as trends: one line for each type, folded message and origin.
//!
//! Owns: grouping, the bars, rising and falling, the version in which an error is gone. Never touches: how messages are folded.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;
use witnessmark_lens::{Expr, On, Test, to_text};
use witnessmark_model::mixed::Mixed;
use witnessmark_model::{Field, Instant, Zone};
use witnessmark_store::query::{Axis, Gathered, Snapshot, Tally, Values};

use super::counted::most;
use super::{both, is, is_or_lacks, span, template, term, within};
use crate::api::{ErrorTrend, ErrorsReport, SpanValue};
use crate::case::Case;
use crate::error::Result;

/// Bars of a trend.
const BARS: usize = 28;
/// Messages that a filter lists one by one, where the fixed words of their template would find others as well. Of more than
/// these the filter goes by the fixed words all the same.
const LISTED: usize = 400;
/// Bytes of a filter that messages or words may take: the language takes 64 KiB, and the rest of the filter stands beside.
const ROOM: usize = 40 * 1024;

const AXES: [Axis; 6] = [
    Axis::Field(Field::ErrorType),
    Axis::Field(Field::ErrorMessage),
    Axis::Field(Field::ServiceName),
    Axis::Field(Field::ServiceVersion),
    Axis::Field(Field::ServiceEnvironment),
    Axis::Field(Field::OrganizationName),
];
const TYPE: usize = 0;
const MESSAGE: usize = 1;
const ORIGIN: usize = 2;
const VERSION: usize = 3;
const ENVIRONMENT: usize = 4;
const ORGANIZATION: usize = 5;

/// Events of one error.
#[derive(Default)]
struct Group {
    all: Tally,
    messages: BTreeMap<u32, u64>,
    by: [BTreeMap<u32, Tally>; 3],
    bars: Vec<u64>,
}

/// Numbers of the values of a row, in the order of [`AXES`].
type Kind = [u32; 6];

/// Rows that one thread looks at at a time.
const SHARE: usize = 65_536;

/// Templates of the messages of a snapshot, as they are asked for.
#[derive(Default)]
pub(crate) struct Templates(Mutex<Option<(Snapshot, Folded)>>);

#[derive(Default)]
struct Folded {
    of_message: HashMap<u32, u32, Mixed>,
    numbers: HashMap<String, u32>,
    texts: Vec<String>,
    /// Every type, message and origin that stand together in an error of the case.
    all: Option<Arc<Vec<[u32; 3]>>>,
    /// Whether the fixed words of a template find just its messages, among the errors of a type and origin.
    exact: HashMap<(u32, u32, u32), bool>,
}

/// Trends whose fixed words find just their messages.
type Exact = HashMap<(u32, u32, u32), bool>;

impl Templates {
    fn with<T>(&self, snapshot: &Snapshot, act: impl FnOnce(&mut Folded) -> T) -> T {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_none_or(|(known, _)| !known.is(snapshot)) {
            *kept = None;
        }
        act(&mut kept
            .get_or_insert_with(|| (snapshot.clone(), Folded::default()))
            .1)
    }

    /// The number of the template of each message, from 1, and the texts of the numbers.
    fn of(
        &self,
        snapshot: &Snapshot,
        messages: &[u32],
        values: &Values,
    ) -> (HashMap<u32, u32, Mixed>, HashMap<u32, String>) {
        self.with(snapshot, |folded| folded.of(messages, values))
    }
}

impl Folded {
    fn of(
        &mut self,
        messages: &[u32],
        values: &Values,
    ) -> (HashMap<u32, u32, Mixed>, HashMap<u32, String>) {
        let folded = self;
        let missing = messages
            .iter()
            .filter(|m| !folded.of_message.contains_key(m));
        let missing: Vec<u32> = missing.copied().collect();
        let texts: Vec<String> = (missing.par_iter())
            .map(|message| template::fold(values.text(*message)))
            .collect();
        for (message, text) in missing.into_iter().zip(texts) {
            let next = folded.texts.len() as u32 + 1;
            let number = *folded.numbers.entry(text).or_insert_with_key(|text| {
                folded.texts.push(text.clone());
                next
            });
            folded.of_message.insert(message, number);
        }
        let of: HashMap<u32, u32, Mixed> = messages
            .iter()
            .map(|m| (*m, folded.of_message[m]))
            .collect();
        let texts = of
            .values()
            .map(|n| (*n, folded.texts[*n as usize - 1].clone()));
        let texts = texts.collect();
        (of, texts)
    }
}

/// Errors: events of the category, or with a class or text of an error.
fn errors() -> Expr {
    Expr::or(vec![
        is(Field::EventCategory, "error"),
        term(
            On::Fields(vec![Field::ErrorType, Field::ErrorMessage]),
            Test::Exists,
        ),
    ])
}

impl Case {
    /// The errors among the events that match; at most `limit` trends from the `first` on.
    pub fn errors(
        &self,
        query: &str,
        zone: &Zone,
        (first, limit): (usize, usize),
    ) -> Result<ErrorsReport> {
        let base = both(&self.expr(query, zone)?, errors());
        let answer = self.answer_expr(&base)?;
        let q = self.query(&answer.snapshot);
        let rows = q.gather(&answer.mask, &AXES)?;
        let values: std::result::Result<Vec<Values>, _> =
            AXES.iter().map(|axis| q.values(*axis)).collect();
        let values = values?;
        let span_of = rows.times.first().copied().zip(rows.times.last().copied());
        let (kinds, of_row) = kinds(&rows);
        let messages: BTreeSet<u32> = kinds.iter().map(|k| k.0[MESSAGE]).collect();
        let messages: Vec<u32> = messages.into_iter().filter(|m| *m != 0).collect();
        let (template_of, templates) =
            (self.templates).of(&answer.snapshot, &messages, &values[MESSAGE]);
        let groups = group(&rows, &kinds, &of_row, &template_of, span_of);
        let total = groups.len() as u64;
        // By text among equals, so that the order does not depend on what was asked for before.
        let told = |key: &(u32, u32, u32)| {
            let template = templates.get(&key.1).map_or("", String::as_str);
            [
                values[TYPE].text(key.0),
                template,
                values[ORIGIN].text(key.2),
            ]
        };
        let mut order: Vec<(&(u32, u32, u32), &Group)> = groups.iter().collect();
        super::counted::first_of(&mut order, first.saturating_add(limit), |a, b| {
            (b.1.all.count.cmp(&a.1.all.count)).then_with(|| told(a.0).cmp(&told(b.0)))
        });
        // The last moment of each version of each origin, over all errors.
        let mut seen: HashMap<(u32, u32), Tally> = HashMap::new();
        for (kind, tally) in &kinds {
            join(
                seen.entry((kind[ORIGIN], kind[VERSION])).or_default(),
                tally,
            );
        }
        let page: Vec<(&(u32, u32, u32), &Group)> = order.into_iter().skip(first).collect();
        let spread = span_of.is_some_and(|(from, to)| from < to);
        let exact = self.exact(&answer.snapshot, &page, &values, &templates)?;
        let trends = page.into_par_iter().map(|(key, group)| {
            let template = templates.get(&key.1).map(String::as_str);
            let by_words = exact.get(key).copied().unwrap_or(false);
            let how = (template, by_words);
            trend(*key, group, &values, how, &base, &seen, spread)
        });
        let list = |axis: usize| -> Vec<SpanValue> {
            let values = &values[axis];
            let mut found: HashMap<u32, Tally> = HashMap::new();
            for (kind, tally) in kinds.iter().filter(|k| k.0[axis] != 0) {
                let at = found.entry(kind[axis]).or_default();
                at.number = kind[axis];
                join(at, tally);
            }
            let mut found: Vec<Tally> = found.into_values().collect();
            most(&mut found, values, 100);
            let told = found.iter().map(|t| {
                let filter = within(&base, AXES[axis], values, t.number);
                span(values.text(t.number).to_owned(), t, &filter)
            });
            told.collect()
        };
        Ok(ErrorsReport {
            filter: to_text(&base),
            events: answer.mask.len(),
            undated: answer.mask.undated(),
            from: span_of.map(|s| Instant(s.0).rfc3339()),
            to: span_of.map(|s| Instant(s.1).rfc3339()),
            trends: trends.collect(),
            total,
            types: list(TYPE),
            origins: list(ORIGIN),
            versions: list(VERSION),
            environments: list(ENVIRONMENT),
        })
    }
}

fn count(tally: &mut Tally, at: Option<Instant>) {
    tally.count += 1;
    tally.first = tally.first.or(at);
    tally.last = at.or(tally.last);
}

impl Case {
    /// Which of some trends can be found by the fixed words of their template alone, in any errors of the case. A list of
    /// messages says it too, but is long.
    fn exact(
        &self,
        snapshot: &Snapshot,
        page: &[(&(u32, u32, u32), &Group)],
        values: &[Values],
        texts: &HashMap<u32, String>,
    ) -> Result<Exact> {
        let open: Vec<(u32, u32, u32)> = self.templates.with(snapshot, |folded| {
            let each = page.iter().map(|(key, _)| **key);
            let several = each
                .zip(page)
                .filter(|(_, (_, group))| group.messages.len() > 1);
            let keys = several.map(|(key, _)| key);
            keys.filter(|key| !folded.exact.contains_key(key)).collect()
        });
        if !open.is_empty() {
            let all = match self.templates.with(snapshot, |folded| folded.all.clone()) {
                Some(all) => all,
                None => {
                    let q = self.query(snapshot);
                    let mask = q.filter(&errors(), &self.terms)?;
                    let rows = q.gather(&mask, &AXES[..3])?;
                    let met: HashSet<[u32; 3], Mixed> = (0..rows.len())
                        .map(|row| std::array::from_fn(|axis| rows.columns[axis][row]))
                        .collect();
                    let all = Arc::new(met.into_iter().collect::<Vec<_>>());
                    self.templates
                        .with(snapshot, |folded| folded.all = Some(Arc::clone(&all)));
                    all
                }
            };
            let messages: BTreeSet<u32> = all.iter().map(|k| k[MESSAGE]).collect();
            let messages: Vec<u32> = messages.into_iter().filter(|m| *m != 0).collect();
            let (template_of, _) = self.templates.of(snapshot, &messages, &values[MESSAGE]);
            let found: Vec<((u32, u32, u32), bool)> = (open.par_iter())
                .map(|key| {
                    let words = wild(texts.get(&key.1).map_or("", String::as_str));
                    let of = all
                        .iter()
                        .filter(|k| (k[TYPE], k[ORIGIN]) == (key.0, key.2));
                    let exact = of.filter(|k| k[MESSAGE] != 0).all(|k| {
                        let own = template_of.get(&k[MESSAGE]) == Some(&key.1);
                        words.matches(values[MESSAGE].text(k[MESSAGE])) == own
                    });
                    (*key, exact)
                })
                .collect();
            self.templates
                .with(snapshot, |folded| folded.exact.extend(found));
        }
        Ok(self.templates.with(snapshot, |folded| {
            let each = page.iter().map(|(key, _)| **key);
            each.filter_map(|key| Some((key, *folded.exact.get(&key)?)))
                .collect()
        }))
    }
}

/// Counts of one thing in two parts of the rows, brought together.
fn join(into: &mut Tally, other: &Tally) {
    into.count += other.count;
    into.first = match (into.first, other.first) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    into.last = into.last.max(other.last);
}

/// The kinds of rows with what is counted of each, and the kind of each row.
fn kinds(rows: &Gathered) -> (Vec<(Kind, Tally)>, Vec<u32>) {
    type Part = (Vec<(Kind, Tally)>, Vec<u32>);
    let shares: Vec<usize> = (0..rows.len()).step_by(SHARE).collect();
    let parts: Vec<Part> = (shares.into_par_iter())
        .map(|first| {
            let end = (first + SHARE).min(rows.len());
            let mut known: HashMap<Kind, u32, Mixed> = HashMap::default();
            let (mut kinds, mut of_row): Part = (Vec::new(), Vec::with_capacity(SHARE));
            for row in first..end {
                let kind: Kind = std::array::from_fn(|axis| rows.columns[axis][row]);
                let next = kinds.len() as u32;
                let at = *known.entry(kind).or_insert(next);
                if at == next {
                    kinds.push((kind, Tally::default()));
                }
                count(&mut kinds[at as usize].1, rows.time(row));
                of_row.push(at);
            }
            (kinds, of_row)
        })
        .collect();
    let mut known: HashMap<Kind, u32, Mixed> = HashMap::default();
    let (mut kinds, mut of_row): Part = (Vec::new(), Vec::with_capacity(rows.len()));
    for (part, rows) in parts {
        let mut place = Vec::with_capacity(part.len());
        for (kind, tally) in part {
            let next = kinds.len() as u32;
            let at = *known.entry(kind).or_insert(next);
            if at == next {
                kinds.push((kind, Tally::default()));
            }
            join(&mut kinds[at as usize].1, &tally);
            place.push(at);
        }
        of_row.extend(rows.iter().map(|at| place[*at as usize]));
    }
    (kinds, of_row)
}

/// Groups by number of type, template and origin. Templates have numbers from 1; 0 is no message.
type Groups = BTreeMap<(u32, u32, u32), Group>;

fn group(
    rows: &Gathered,
    kinds: &[(Kind, Tally)],
    of_row: &[u32],
    template_of: &HashMap<u32, u32, Mixed>,
    span: Option<(i64, i64)>,
) -> Groups {
    let mut groups = Groups::new();
    let mut key_of = Vec::with_capacity(kinds.len());
    for (kind, tally) in kinds {
        let message = kind[MESSAGE];
        let folded = template_of.get(&message).copied().unwrap_or(0);
        let key = (kind[TYPE], folded, kind[ORIGIN]);
        let group = groups.entry(key).or_default();
        join(&mut group.all, tally);
        if message != 0 {
            *group.messages.entry(message).or_default() += tally.count;
        }
        for (by, axis) in group
            .by
            .iter_mut()
            .zip([VERSION, ENVIRONMENT, ORGANIZATION])
        {
            if kind[axis] != 0 {
                join(by.entry(kind[axis]).or_default(), tally);
            }
        }
        key_of.push(key);
    }
    let Some((from, to)) = span else {
        return groups;
    };
    let place: HashMap<(u32, u32, u32), usize> = groups.keys().copied().zip(0..).collect();
    let place_of: Vec<usize> = key_of.iter().map(|key| place[key]).collect();
    let mut bars = vec![0_u64; groups.len() * BARS];
    let wide = i128::from(to) - i128::from(from) + 1;
    let mut first = 0;
    // Rows lie in order of time, so those of a bar lie side by side.
    for bar in 0..BARS {
        let bar_of = |t: i64| (i128::from(t) - i128::from(from)) * BARS as i128 / wide;
        let end = first + rows.times[first..].partition_point(|t| bar_of(*t) <= bar as i128);
        for row in first..end {
            bars[place_of[of_row[row] as usize] * BARS + bar] += 1;
        }
        first = end;
    }
    for (group, bars) in groups.values_mut().zip(bars.chunks(BARS)) {
        if group.all.first.is_some() {
            group.bars = bars.to_vec();
        }
    }
    groups
}

fn trend(
    (kind, _, origin): (u32, u32, u32),
    group: &Group,
    values: &[Values],
    (template, by_words): (Option<&str>, bool),
    base: &Expr,
    seen: &HashMap<(u32, u32), Tally>,
    spread: bool,
) -> ErrorTrend {
    let text =
        |axis: usize, number: u32| (number != 0).then(|| values[axis].text(number).to_owned());
    let named = |axis: usize, number: u32, field| {
        is_or_lacks(field, &text(axis, number).unwrap_or_default())
    };
    let mut parts = vec![
        base.clone(),
        named(TYPE, kind, Field::ErrorType),
        named(ORIGIN, origin, Field::ServiceName),
    ];
    let mut messages: Vec<(&u32, &u64)> = group.messages.iter().collect();
    messages.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let one_by_one = match messages.len() {
        0 => Some(is_or_lacks(Field::ErrorMessage, "")),
        n if n == 1 || (n <= LISTED && !by_words) => {
            let texts = || messages.iter().map(|(m, _)| values[MESSAGE].text(**m));
            let fits = texts().map(str::len).sum::<usize>() <= ROOM;
            fits.then(|| Expr::or(texts().map(|text| is(Field::ErrorMessage, text)).collect()))
        }
        _ => None,
    };
    let one_by_one = one_by_one.filter(|expr| to_text(expr).len() <= ROOM);
    // The fixed words in their order find them all, and others only where those hold the same words.
    let words = || wild(template.unwrap_or_default());
    let wider = one_by_one.is_none() && (!by_words || is_long(&words()));
    parts.push(
        one_by_one.unwrap_or_else(|| term(On::Fields(vec![Field::ErrorMessage]), short(words()))),
    );
    let filter = Expr::and(parts);
    let quarter = BARS / 4;
    let sum = |range: std::ops::Range<usize>| group.bars.get(range).map_or(0, |b| b.iter().sum());
    let (last, before): (u64, u64) = (
        sum(BARS - quarter..BARS),
        sum(BARS - 2 * quarter..BARS - quarter),
    );
    let earlier: u64 = sum(0..BARS - quarter);
    let list = |by: usize, axis: usize, field| -> Vec<SpanValue> {
        let mut tallies: Vec<(&u32, &Tally)> = group.by[by].iter().collect();
        tallies.sort_by(|a, b| b.1.count.cmp(&a.1.count).then(a.0.cmp(b.0)));
        (tallies.into_iter())
            .map(|(number, tally)| {
                let value = values[axis].text(*number);
                span(value.to_owned(), tally, &both(&filter, is(field, value)))
            })
            .collect()
    };
    let mut versions = list(0, VERSION, Field::ServiceVersion);
    versions.sort_by(|a, b| by_version(&a.value, &b.value));
    let (fixed_in, fixed_why) = fixed(origin, group, values, seen);
    ErrorTrend {
        kind: text(TYPE, kind),
        template: template.map(str::to_owned),
        example: messages.first().and_then(|(m, _)| text(MESSAGE, **m)),
        messages: group.messages.len() as u64,
        origin: text(ORIGIN, origin),
        versions,
        environments: list(1, ENVIRONMENT, Field::ServiceEnvironment),
        organizations: list(2, ORGANIZATION, Field::OrganizationName),
        trend: match (earlier, before, last) {
            // Without a time, or where all errors are of one moment, there is no before and after.
            _ if !spread || group.all.first.is_none() => "unknown",
            (0, _, n) if n > 0 => "new",
            (_, _, 0) => "gone",
            (_, b, l) if l * 2 >= b * 3 && l >= b + 2 => "rising",
            (_, b, l) if l * 3 <= b * 2 && b >= l + 2 => "falling",
            _ => "steady",
        }
        .to_owned(),
        bars: group.bars.clone(),
        last_quarter: last,
        quarter_before: before,
        fixed_in,
        fixed_why,
        wider,
        span: span(String::new(), &group.all, &filter),
    }
}

/// The fixed words of a template in their order, with stars between them. What a pattern cannot be written with (blanks,
/// quotes, brackets) is a star too.
fn wild(template: &str) -> Test {
    let mut pieces: Vec<String> = Vec::new();
    let mut put = |text: &str| {
        let unwritable = |c: char| c.is_whitespace() || matches!(c, '"' | '(' | ')' | '*');
        let words = text.split(unwritable);
        pieces.extend(words.map(|word| witnessmark_lens::fold(word).into_owned()));
    };
    let mut rest = template;
    while let Some(open) = rest.find('<') {
        let Some(close) = rest[open..].find('>') else {
            break;
        };
        put(&rest[..open]);
        rest = &rest[open + close + 1..];
    }
    put(rest);
    // At the beginning of a value these are signs, so what begins with one is looked for further on.
    if pieces[0].starts_with(['~', '@', '<', '>', '=', '!', '-', '#']) {
        pieces.insert(0, String::new());
    }
    let inner = pieces.len();
    let kept = pieces.into_iter().enumerate();
    let kept: Vec<String> = kept
        .filter(|(at, p)| *at == 0 || at + 1 == inner || !p.is_empty())
        .map(|(_, p)| p)
        .collect();
    if kept.len() >= 2 {
        Test::Wild(kept)
    } else {
        Test::Exists
    }
}

fn is_long(words: &Test) -> bool {
    matches!(words, Test::Wild(pieces) if pieces.iter().map(String::len).sum::<usize>() > ROOM / 2)
}

/// The first of too many words, with a star for the rest.
fn short(words: Test) -> Test {
    if !is_long(&words) {
        return words;
    }
    let Test::Wild(pieces) = words else {
        return words;
    };
    let mut left = ROOM / 2;
    let mut kept: Vec<String> = Vec::new();
    for mut piece in pieces {
        let most = left.min(piece.len());
        let end = (0..=most).rev().find(|at| piece.is_char_boundary(*at));
        let end = end.unwrap_or(0);
        let is_whole = end == piece.len();
        piece.truncate(end);
        left -= end;
        kept.push(piece);
        if !is_whole {
            break;
        }
    }
    kept.push(String::new());
    Test::Wild(kept)
}

/// The least version above all that have the error, in which the origin has later errors and not this one.
fn fixed(
    origin: u32,
    group: &Group,
    values: &[Values],
    seen: &HashMap<(u32, u32), Tally>,
) -> (Option<String>, String) {
    let text = |number: u32| values[VERSION].text(number);
    let Some(greatest) =
        (group.by[0].keys().copied()).max_by(|a, b| by_version(text(*a), text(*b)))
    else {
        return (None, "the log gives no version".to_owned());
    };
    let mut later: Vec<(u32, &Tally)> = (seen.iter())
        .filter(|((o, v), tally)| {
            *o == origin
                && *v != 0
                && by_version(text(*v), text(greatest)).is_gt()
                && group.all.last.is_some()
                && tally.last > group.all.last
        })
        .map(|((_, v), tally)| (*v, tally))
        .collect();
    later.sort_by(|a, b| by_version(text(a.0), text(b.0)));
    match later.first() {
        Some((version, tally)) => (
            Some(text(*version).to_owned()),
            format!(
                "not among {} errors of {}, which go on after its last in {}",
                tally.count,
                text(*version),
                text(greatest)
            ),
        ),
        None => (
            None,
            format!(
                "no errors of a version above {} to compare with",
                text(greatest)
            ),
        ),
    }
}

/// Versions in their order: numbers as numbers, a release before its pre-releases is later (`2.0.0-rc1` < `2.0.0`).
fn by_version(a: &str, b: &str) -> std::cmp::Ordering {
    let cut = |v: &str| {
        let v = v.trim_start_matches(['v', 'V']);
        let (main, pre) = v.split_once('-').map_or((v, None), |(m, p)| (m, Some(p)));
        (pieces(main), pre.map(pieces))
    };
    let ((a_main, a_pre), (b_main, b_pre)) = (cut(a), cut(b));
    a_main
        .cmp(&b_main)
        .then_with(|| match (&a_pre, &b_pre) {
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(_), None) => std::cmp::Ordering::Less,
            (a, b) => a.cmp(b),
        })
        .then_with(|| a.cmp(b))
}

/// Numbers and words of a version; numbers come before words.
fn pieces(text: &str) -> Vec<(u8, u64, String)> {
    text.split(['.', '+', '_'])
        .map(|piece| match piece.parse::<u64>() {
            Ok(number) => (0, number, String::new()),
            Err(_) => (1, 0, piece.to_owned()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::by_version;

    #[test]
    fn versions_are_numbers_and_releases_follow_their_candidates() {
        let mut versions = [
            "2.10.0",
            "2.9.1",
            "v2.0.0",
            "2.0.0-rc1",
            "10.0",
            "2.0.0-beta",
        ];
        versions.sort_by(|a, b| by_version(a, b));
        assert_eq!(
            versions,
            [
                "2.0.0-beta",
                "2.0.0-rc1",
                "v2.0.0",
                "2.9.1",
                "2.10.0",
                "10.0"
            ]
        );
    }
}
