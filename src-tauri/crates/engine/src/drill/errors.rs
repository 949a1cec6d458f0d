//! Errors of threat logs as trends: one line for each type, folded message and origin.
//!
//! Owns: grouping, the bars, rising and falling, the version in which an error is gone. Never touches: how messages are folded.

use std::collections::{BTreeMap, HashMap};

use witnessmark_lens::{Expr, On, Test, to_text};
use witnessmark_model::{Field, Instant, Zone};
use witnessmark_store::query::{Axis, Gathered, Tally, Values};

use super::{both, is, is_or_lacks, span, template, term};
use crate::api::{ErrorTrend, ErrorsReport, SpanValue};
use crate::case::Case;
use crate::error::Result;

/// Bars of a trend.
const BARS: usize = 28;
/// Messages that a filter lists one by one; a template with more is found by its type and origin and its fixed words.
const LISTED: usize = 400;

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

fn count(tally: &mut Tally, at: Option<Instant>) {
    tally.count += 1;
    tally.first = tally.first.or(at);
    tally.last = at.or(tally.last);
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
        let (groups, templates) = group(&rows, &values, span_of);
        let total = groups.len() as u64;
        let mut order: Vec<(&(u32, u32, u32), &Group)> = groups.iter().collect();
        order.sort_by(|a, b| b.1.all.count.cmp(&a.1.all.count).then(a.0.cmp(b.0)));
        // The last moment of each version of each origin, over all errors.
        let mut seen: HashMap<(u32, u32), Tally> = HashMap::new();
        for row in 0..rows.len() {
            let key = (rows.columns[ORIGIN][row], rows.columns[VERSION][row]);
            count(seen.entry(key).or_default(), rows.time(row));
        }
        let trends = (order.into_iter().skip(first).take(limit))
            .map(|(key, group)| trend(*key, group, &values, &templates, &base, &seen));
        let list =
            |axis| -> Result<Vec<SpanValue>> { Ok(self.spans(&answer, &base, axis, 100)?.0) };
        Ok(ErrorsReport {
            filter: to_text(&base),
            events: answer.mask.len(),
            undated: answer.mask.undated(),
            from: span_of.map(|s| Instant(s.0).rfc3339()),
            to: span_of.map(|s| Instant(s.1).rfc3339()),
            trends: trends.collect(),
            total,
            types: list(AXES[TYPE])?,
            origins: list(AXES[ORIGIN])?,
            versions: list(AXES[VERSION])?,
            environments: list(AXES[ENVIRONMENT])?,
        })
    }
}

/// Groups by number of type, template and origin.
type Groups = BTreeMap<(u32, u32, u32), Group>;

/// Groups by type, template and origin. Templates have numbers from 1; 0 is no message.
fn group(rows: &Gathered, values: &[Values], span: Option<(i64, i64)>) -> (Groups, Vec<String>) {
    let mut numbers: HashMap<String, u32> = HashMap::new();
    let mut templates: Vec<String> = Vec::new();
    let mut of_message: HashMap<u32, u32> = HashMap::new();
    let mut groups = Groups::new();
    for row in 0..rows.len() {
        let [kind, message, origin] = [TYPE, MESSAGE, ORIGIN].map(|c| rows.columns[c][row]);
        let folded = *of_message.entry(message).or_insert_with(|| {
            if message == 0 {
                return 0;
            }
            let text = template::fold(values[MESSAGE].text(message));
            let next = templates.len() as u32 + 1;
            *numbers.entry(text.clone()).or_insert_with(|| {
                templates.push(text);
                next
            })
        });
        let at = rows.time(row);
        let group = groups.entry((kind, folded, origin)).or_default();
        count(&mut group.all, at);
        if message != 0 {
            *group.messages.entry(message).or_default() += 1;
        }
        for (by, column) in group
            .by
            .iter_mut()
            .zip([VERSION, ENVIRONMENT, ORGANIZATION])
        {
            let number = rows.columns[column][row];
            if number != 0 {
                count(by.entry(number).or_default(), at);
            }
        }
        if let (Some(at), Some((from, to))) = (at, span) {
            group.bars.resize(BARS, 0);
            let wide = i128::from(to) - i128::from(from) + 1;
            let bar = (i128::from(at.0) - i128::from(from)) * BARS as i128 / wide;
            group.bars[bar as usize] += 1;
        }
    }
    (groups, templates)
}

fn trend(
    (kind, folded, origin): (u32, u32, u32),
    group: &Group,
    values: &[Values],
    templates: &[String],
    base: &Expr,
    seen: &HashMap<(u32, u32), Tally>,
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
    parts.push(match messages.len() {
        0 => is_or_lacks(Field::ErrorMessage, ""),
        n if n <= LISTED => Expr::or(
            (messages.iter())
                .map(|(m, _)| is(Field::ErrorMessage, values[MESSAGE].text(**m)))
                .collect(),
        ),
        // Too many to list. The fixed words in their order find them all, and others only where those hold the same words.
        _ => term(
            On::Fields(vec![Field::ErrorMessage]),
            wild(&templates[folded as usize - 1]),
        ),
    });
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
        template: (folded as usize)
            .checked_sub(1)
            .map(|t| templates[t].clone()),
        example: messages.first().and_then(|(m, _)| text(MESSAGE, **m)),
        messages: group.messages.len() as u64,
        origin: text(ORIGIN, origin),
        versions,
        environments: list(1, ENVIRONMENT, Field::ServiceEnvironment),
        organizations: list(2, ORGANIZATION, Field::OrganizationName),
        trend: match (earlier, before, last) {
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
        span: span(String::new(), &group.all, &filter),
    }
}

/// The fixed words of a template with stars between them.
fn wild(template: &str) -> Test {
    let mut pieces: Vec<String> = Vec::new();
    let mut rest = template;
    while let Some(open) = rest.find('<') {
        let Some(close) = rest[open..].find('>') else {
            break;
        };
        pieces.push(witnessmark_lens::fold(&rest[..open]).into_owned());
        rest = &rest[open + close + 1..];
    }
    pieces.push(witnessmark_lens::fold(rest).into_owned());
    let (first, last) = (pieces.first().cloned(), pieces.last().cloned());
    let inner = pieces.len();
    let kept = pieces.into_iter().enumerate();
    let kept: Vec<String> = kept
        .filter(|(at, p)| *at == 0 || at + 1 == inner || !p.is_empty())
        .map(|(_, p)| p)
        .collect();
    match (first, last, kept.len()) {
        (_, _, n) if n >= 2 => Test::Wild(kept),
        _ => Test::Exists,
    }
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
                && tally.last > group.all.last
        })
        .map(|((_, v), tally)| (*v, tally))
        .collect();
    later.sort_by(|a, b| by_version(text(a.0), text(b.0)));
    match later.first() {
        Some((version, tally)) => (
            Some(text(*version).to_owned()),
            format!(
                "not among {} errors of {}, which are later than the last in {}",
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
