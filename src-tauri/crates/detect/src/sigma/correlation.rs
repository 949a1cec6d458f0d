//! Correlations: rules over the matches of other rules, within a span, by equal values of fields.
//!
//! Owns: their language and the sliding windows. Never touches: entries. A window ends at each match and reaches back by
//! the span, both ends included; windows that hold and overlap are one finding.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value};

use super::rule::{Head, head, scalar, text, texts};

/// Kinds of correlation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    EventCount,
    ValueCount,
    Temporal,
    Ordered,
    Sum,
    Average,
    Percentile(f64),
}

/// How a number is compared; every one that is given must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Wanted(Vec<(&'static str, f64)>);

impl Wanted {
    fn holds(&self, n: f64) -> bool {
        self.0.iter().all(|(order, value)| match *order {
            "gt" => n > *value,
            "gte" => n >= *value,
            "lt" => n < *value,
            "lte" => n <= *value,
            "neq" => n != *value,
            _ => n == *value,
        })
    }

    /// Whether more can only help: then a window that holds stays one while it grows.
    fn grows(&self) -> bool {
        self.0
            .iter()
            .all(|(order, _)| matches!(*order, "gt" | "gte"))
    }

    /// In words.
    pub(crate) fn shown(&self) -> String {
        self.0
            .iter()
            .map(|(order, value)| format!("{order} {value}"))
            .collect::<Vec<_>>()
            .join(" and ")
    }

    pub(crate) fn threshold(&self) -> Option<f64> {
        self.0.first().map(|(_, value)| *value)
    }
}

/// A correlation rule.
#[derive(Clone, Debug)]
pub(crate) struct Correlation {
    pub(crate) head: Head,
    pub(crate) kind: Kind,
    /// Ids or names, as written.
    pub(crate) rules: Vec<String>,
    pub(crate) group_by: Vec<String>,
    /// Alias -> (rule as written -> field).
    pub(crate) aliases: BTreeMap<String, BTreeMap<String, String>>,
    /// Nanoseconds.
    pub(crate) span: i64,
    pub(crate) wanted: Wanted,
    /// Fields whose values are counted or added up.
    pub(crate) fields: Vec<String>,
    /// Whether the rules it refers to find something by themselves too.
    pub(crate) generate: bool,
}

/// Reads a correlation.
pub(crate) fn read(map: &Map<String, Value>, file: &str) -> Result<Correlation, String> {
    let body = map
        .get("correlation")
        .and_then(Value::as_object)
        .ok_or("`correlation` is no list of keys")?;
    let kind_word = text(body, "type");
    let condition = body.get("condition");
    let fields = condition
        .and_then(|c| c.get("field"))
        .map(|f| texts(Some(f)))
        .unwrap_or_default();
    let rules = texts(body.get("rules"));
    if rules.is_empty() {
        return Err("it names no rule".to_owned());
    }
    let kind = match kind_word.as_str() {
        "event_count" => Kind::EventCount,
        "value_count" => Kind::ValueCount,
        "temporal" => Kind::Temporal,
        "temporal_ordered" | "ordered_temporal" => Kind::Ordered,
        "value_sum" => Kind::Sum,
        "value_avg" => Kind::Average,
        "value_median" => Kind::Percentile(50.0),
        "value_percentile" => {
            let percent = condition
                .and_then(|c| c.get("percentile"))
                .and_then(Value::as_f64)
                .unwrap_or(50.0);
            Kind::Percentile(percent.clamp(0.0, 100.0))
        }
        other => return Err(format!("the correlation type `{other}` is not known")),
    };
    let counts = !matches!(kind, Kind::EventCount | Kind::Temporal | Kind::Ordered);
    if counts && fields.is_empty() {
        return Err(format!("`{kind_word}` needs a `field` in its condition"));
    }
    let mut wanted = Wanted::default();
    match condition {
        Some(Value::Object(c)) => {
            for order in ["gt", "gte", "lt", "lte", "eq", "neq"] {
                if let Some(value) = c.get(order) {
                    let n = scalar(value)
                        .parse()
                        .map_err(|_| format!("`{order}` is no number"))?;
                    wanted.0.push((order, n));
                }
            }
        }
        Some(Value::String(_)) => {
            return Err("a condition over rule names in a correlation is not run".to_owned());
        }
        _ => {}
    }
    if wanted.0.is_empty() {
        match kind {
            Kind::Temporal | Kind::Ordered => wanted.0.push(("gte", rules.len() as f64)),
            _ => return Err("its condition compares with nothing".to_owned()),
        }
    }
    let aliases = body.get("aliases").and_then(Value::as_object).map(|of| {
        let each = of.iter().filter_map(|(alias, of)| {
            let of = of.as_object()?;
            Some((
                alias.clone(),
                of.iter()
                    .map(|(rule, field)| (rule.clone(), scalar(field)))
                    .collect(),
            ))
        });
        each.collect()
    });
    Ok(Correlation {
        head: head(map, file),
        kind,
        rules,
        group_by: texts(body.get("group-by")),
        aliases: aliases.unwrap_or_default(),
        span: timespan(&text(body, "timespan"))?,
        wanted,
        fields,
        generate: body
            .get("generate")
            .or(map.get("generate"))
            .and_then(Value::as_bool)
            .unwrap_or(false),
    })
}

/// `10m`, `1h`, `30s`, `7d`, also `w`, `M` and `y` of 7, 30 and 365 days.
fn timespan(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is no timespan such as 10m");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let n: i64 = text[..text.len() - unit.len_utf8()]
        .trim()
        .parse()
        .map_err(|_| wrong())?;
    let seconds: i64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        'M' => 30 * 86_400,
        'y' => 365 * 86_400,
        _ => return Err(wrong()),
    };
    n.checked_mul(seconds)
        .and_then(|s| s.checked_mul(1_000_000_000))
        .filter(|n| *n > 0)
        .ok_or_else(wrong)
}

/// A match of one of the rules, as a correlation sees it.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    /// Nanoseconds since 1970 UTC.
    pub(crate) time: i64,
    /// Numbers of the events of the match; one, unless another correlation made it.
    pub(crate) events: Vec<u64>,
    /// Place of the rule in the correlation's list.
    pub(crate) rule: usize,
    /// Values of the fields of `group-by`.
    pub(crate) key: Vec<String>,
    /// Value of the counted fields; absent where the entry has none.
    pub(crate) value: Option<String>,
}

/// A window, or several that overlap, in which a correlation holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Held {
    pub(crate) key: Vec<String>,
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) events: Vec<u64>,
    /// The most that was measured in one window.
    pub(crate) most: f64,
}

/// Where a correlation holds.
pub(crate) fn run(correlation: &Correlation, mut hits: Vec<Hit>) -> Vec<Held> {
    hits.sort_by(|a, b| {
        (&a.key, a.time, &a.events, a.rule).cmp(&(&b.key, b.time, &b.events, b.rule))
    });
    let mut found = Vec::new();
    for group in hits.chunk_by(|a, b| a.key == b.key) {
        let mut window = Window::new(correlation);
        let mut open: Option<(std::ops::Range<usize>, f64)> = None;
        let mut start = 0;
        let mut end = 0;
        while end < group.len() {
            // All of one instant enter together: a source may list them in any order.
            let time = group[end].time;
            let entered = group[end..].iter().take_while(|h| h.time == time).count();
            for hit in &group[end..end + entered] {
                window.enter(hit);
            }
            end += entered;
            while time - group[start].time > correlation.span {
                window.leave(&group[start]);
                start += 1;
            }
            let Some(n) = window.measure(&group[start..end]) else {
                continue;
            };
            if !correlation.wanted.holds(n) {
                continue;
            }
            match &mut open {
                Some((range, most)) if start < range.end => {
                    range.end = end;
                    *most = if correlation.wanted.grows() {
                        most.max(n)
                    } else {
                        n
                    };
                }
                _ => {
                    if let Some(held) = open.replace((start..end, n)) {
                        found.push(held_of(group, held));
                    }
                }
            }
        }
        if let Some(held) = open {
            found.push(held_of(group, held));
        }
    }
    found
}

fn held_of(group: &[Hit], (range, most): (std::ops::Range<usize>, f64)) -> Held {
    let of = &group[range];
    let mut seen = HashSet::new();
    let events = of
        .iter()
        .flat_map(|h| h.events.iter().copied())
        .filter(|e| seen.insert(*e))
        .collect();
    Held {
        key: of[0].key.clone(),
        first: of[0].time,
        last: of[of.len() - 1].time,
        events,
        most,
    }
}

/// What one window holds, kept up while it slides.
struct Window<'c> {
    correlation: &'c Correlation,
    n: u64,
    rules: Vec<u64>,
    values: HashMap<String, u64>,
    sum: f64,
    numbers: u64,
}

impl<'c> Window<'c> {
    fn new(correlation: &'c Correlation) -> Self {
        Self {
            correlation,
            n: 0,
            rules: vec![0; correlation.rules.len()],
            values: HashMap::new(),
            sum: 0.0,
            numbers: 0,
        }
    }

    fn enter(&mut self, hit: &Hit) {
        self.n += 1;
        self.rules[hit.rule] += 1;
        if let Some(value) = &hit.value {
            match self.correlation.kind {
                Kind::ValueCount => *self.values.entry(value.clone()).or_default() += 1,
                _ => {
                    if let Ok(n) = value.parse::<f64>() {
                        self.sum += n;
                        self.numbers += 1;
                    }
                }
            }
        }
    }

    fn leave(&mut self, hit: &Hit) {
        self.n -= 1;
        self.rules[hit.rule] -= 1;
        if let Some(value) = &hit.value {
            match self.correlation.kind {
                Kind::ValueCount => {
                    if let Some(n) = self.values.get_mut(value) {
                        *n -= 1;
                        if *n == 0 {
                            self.values.remove(value);
                        }
                    }
                }
                _ => {
                    if let Ok(n) = value.parse::<f64>() {
                        self.sum -= n;
                        self.numbers -= 1;
                    }
                }
            }
        }
    }

    /// The number that the condition compares; nothing where there is none to compare.
    fn measure(&self, held: &[Hit]) -> Option<f64> {
        Some(match self.correlation.kind {
            Kind::EventCount => self.n as f64,
            Kind::ValueCount => self.values.len() as f64,
            Kind::Temporal => self.rules.iter().filter(|n| **n > 0).count() as f64,
            Kind::Ordered => in_order(held) as f64,
            Kind::Sum if self.numbers > 0 => self.sum,
            Kind::Average if self.numbers > 0 => self.sum / self.numbers as f64,
            Kind::Percentile(percent) if self.numbers > 0 => {
                let mut numbers: Vec<f64> = held
                    .iter()
                    .filter_map(|h| h.value.as_ref()?.parse().ok())
                    .collect();
                numbers.sort_by(f64::total_cmp);
                // Between the two nearest ranks, as statistics packages do by default.
                let at = percent / 100.0 * (numbers.len() - 1) as f64;
                let (low, high) = (numbers[at.floor() as usize], numbers[at.ceil() as usize]);
                low + (high - low) * at.fract()
            }
            _ => return None,
        })
    }
}

/// How many of the rules, from the first on, come one after the other; within one instant in any order.
fn in_order(held: &[Hit]) -> usize {
    let mut next = 0;
    for instant in held.chunk_by(|a, b| a.time == b.time) {
        while instant.iter().any(|h| h.rule == next) {
            next += 1;
        }
    }
    next
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn correlation(body: Value) -> Correlation {
        read(
            json!({"title": "c", "correlation": body})
                .as_object()
                .unwrap(),
            "f",
        )
        .unwrap()
    }

    fn hits(list: &[(i64, usize, &str, &str)]) -> Vec<Hit> {
        let each = list
            .iter()
            .enumerate()
            .map(|(n, (seconds, rule, key, value))| Hit {
                time: seconds * 1_000_000_000,
                events: vec![n as u64 + 1],
                rule: *rule,
                key: vec![(*key).to_owned()],
                value: Some((*value).to_owned()).filter(|v| !v.is_empty()),
            });
        each.collect()
    }

    #[test]
    fn event_count_slides_and_joins() {
        let c = correlation(
            json!({"type": "event_count", "rules": ["a"], "group-by": ["user"], "timespan": "10s", "condition": {"gte": 3}}),
        );
        let found = run(
            &c,
            hits(&[
                (8, 0, "x", ""),
                (9, 0, "x", ""),
                (11, 0, "x", ""),
                (18, 0, "x", ""),
                (19, 0, "y", ""),
                (60, 0, "x", ""),
            ]),
        );
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].events.as_slice(), found[0].most),
            ([1, 2, 3, 4].as_slice(), 4.0),
            "ten seconds from 8 to 18, both ends included"
        );
        assert_eq!(
            run(
                &c,
                hits(&[(0, 0, "x", ""), (5, 0, "x", ""), (11, 0, "x", "")])
            ),
            []
        );
    }

    #[test]
    fn value_count_counts_distinct_values() {
        let c = correlation(
            json!({"type": "value_count", "rules": ["a"], "group-by": ["ip"], "timespan": "1m", "condition": {"field": "user", "gt": 2}}),
        );
        assert_eq!(
            run(
                &c,
                hits(&[
                    (0, 0, "x", "u1"),
                    (1, 0, "x", "u2"),
                    (2, 0, "x", "u2"),
                    (3, 0, "x", "")
                ])
            ),
            []
        );
        assert_eq!(
            run(
                &c,
                hits(&[(0, 0, "x", "u1"), (1, 0, "x", "u2"), (2, 0, "x", "u3")])
            )
            .len(),
            1
        );
        assert_eq!(
            run(
                &c,
                hits(&[(0, 0, "x", "u1"), (50, 0, "x", "u2"), (61, 0, "x", "u3")])
            ),
            [],
            "u1 has left"
        );
    }

    #[test]
    fn temporal_in_any_order_or_in_one() {
        let body = |kind: &str| json!({"type": kind, "rules": ["a", "b", "c"], "group-by": ["user"], "timespan": "1m"});
        let any = correlation(body("temporal"));
        let ordered = correlation(body("temporal_ordered"));
        let right = hits(&[(0, 0, "x", ""), (5, 1, "x", ""), (9, 2, "x", "")]);
        let wrong = hits(&[(0, 2, "x", ""), (5, 1, "x", ""), (9, 0, "x", "")]);
        assert_eq!(
            (
                run(&any, right.clone()).len(),
                run(&any, wrong.clone()).len()
            ),
            (1, 1)
        );
        assert_eq!(
            (run(&ordered, right).len(), run(&ordered, wrong).len()),
            (1, 0)
        );
        assert_eq!(
            run(
                &ordered,
                hits(&[(5, 2, "x", ""), (5, 1, "x", ""), (5, 0, "x", "")])
            )
            .len(),
            1,
            "in one instant"
        );
        assert_eq!(
            run(
                &any,
                hits(&[(0, 0, "x", ""), (5, 1, "y", ""), (9, 2, "x", "")])
            ),
            [],
            "of two users"
        );
    }

    #[test]
    fn sums_averages_and_percentiles() {
        let c = |kind: &str, extra: Value| {
            let mut condition = json!({"field": "amount"});
            condition
                .as_object_mut()
                .unwrap()
                .extend(extra.as_object().unwrap().clone());
            correlation(
                json!({"type": kind, "rules": ["a"], "timespan": "1m", "condition": condition}),
            )
        };
        let of = hits(&[
            (0, 0, "", "10"),
            (1, 0, "", "20"),
            (2, 0, "", "60"),
            (3, 0, "", "no number"),
        ]);
        assert_eq!(
            run(&c("value_sum", json!({"gte": 90})), of.clone()).len(),
            1
        );
        assert_eq!(run(&c("value_sum", json!({"gt": 90})), of.clone()), []);
        assert_eq!(
            run(&c("value_avg", json!({"gte": 30})), of.clone()).len(),
            1
        );
        assert_eq!(
            run(
                &c("value_percentile", json!({"gte": 40, "percentile": 75})),
                of.clone()
            )
            .len(),
            1
        );
        assert_eq!(run(&c("value_median", json!({"gte": 21})), of)[..], []);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (body, why) in [
            (
                json!({"type": "event_count", "rules": ["a"], "timespan": "10x", "condition": {"gte": 1}}),
                "timespan",
            ),
            (
                json!({"type": "event_count", "rules": [], "timespan": "1m", "condition": {"gte": 1}}),
                "no rule",
            ),
            (
                json!({"type": "event_count", "rules": ["a"], "timespan": "1m"}),
                "nothing",
            ),
            (
                json!({"type": "value_count", "rules": ["a"], "timespan": "1m", "condition": {"gte": 1}}),
                "`field`",
            ),
            (
                json!({"type": "magic", "rules": ["a"], "timespan": "1m"}),
                "`magic`",
            ),
            (
                json!({"type": "event_count", "rules": ["a"], "timespan": "9999999999999d", "condition": {"gte": 1}}),
                "timespan",
            ),
        ] {
            let error = read(json!({"correlation": body}).as_object().unwrap(), "f").unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
