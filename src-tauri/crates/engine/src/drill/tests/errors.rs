//! Trends of errors.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use witnessmark_lens::Expr;
use witnessmark_model::{Event, Field, Zone};

use super::super::template::fold;
use super::{Counted, World, counted, empty, events, get, import_as, moment, one};
use crate::api::SpanValue;

/// One line of a threat log. Small numbers choose values, so that they repeat.
#[derive(Clone, Debug)]
struct Fault {
    hour: Option<u32>,
    kind: Option<usize>,
    message: Option<(usize, u32)>,
    origin: Option<usize>,
    version: Option<usize>,
    environment: Option<usize>,
}

const KINDS: [&str; 3] = [
    "Failed API request",
    "SDK runtime issue",
    "Validation error",
];
const ORIGINS: [&str; 2] = ["API", "SDK"];
/// In their order.
const VERSIONS: [&str; 4] = ["1.9.0", "1.10.0-rc1", "1.10.0", "2.0.0"];
const ENVIRONMENTS: [&str; 2] = ["production", "sandbox"];

fn fault() -> impl Strategy<Value = Fault> {
    (
        prop::option::weighted(0.9, prop_oneof![0..20_u32, 0..600_u32]),
        prop::option::weighted(0.9, 0..3_usize),
        prop::option::weighted(0.9, (0..4_usize, 0..30_u32)),
        prop::option::weighted(0.9, 0..2_usize),
        prop::option::weighted(0.8, 0..4_usize),
        prop::option::weighted(0.8, 0..2_usize),
    )
        .prop_map(
            |(hour, kind, message, origin, version, environment)| Fault {
                hour,
                kind,
                message,
                origin,
                version,
                environment,
            },
        )
}

impl Fault {
    /// The line as EdfaPay's threat log has it. The last two kinds of message share their fixed words in part, so that a
    /// filter by words alone would find both.
    fn text(&self) -> String {
        let message = self.message.map(|(kind, n)| match kind {
            0 => format!("{} from /transactions", 400 + n),
            1 => "Reader disconnected".to_owned(),
            2 => format!("Field 'f{n}' is missing"),
            _ => format!("Field 'f{n}' is missing or wrong after {n} tries"),
        });
        let of = |list: &[&str], at: Option<usize>| at.map(|at| list[at].to_owned());
        let parts = [
            ("timestamp", self.hour.map(|hour| moment(hour).rfc3339())),
            ("errorType", of(&KINDS, self.kind)),
            ("errorMessage", message),
            ("source", of(&ORIGINS, self.origin)),
            ("version", of(&VERSIONS, self.version)),
            ("environment", of(&ENVIRONMENTS, self.environment)),
            // An entry needs something to be one.
            ("status", Some("failed".to_owned())),
        ];
        let given: BTreeMap<&str, String> = parts
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
            .collect();
        serde_json::to_string(&given).unwrap()
    }
}

fn told(values: &[SpanValue]) -> Counted {
    let mut all: Counted = values
        .iter()
        .map(|v| (v.value.clone(), v.events, v.first.clone(), v.last.clone()))
        .collect();
    all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    all
}

/// What a trend is of: type, folded message, origin; empty where the log has none.
fn key(event: &Event) -> [String; 3] {
    let text = |field| event.get(field).unwrap_or_default().to_owned();
    [
        text(Field::ErrorType),
        fold(event.get(Field::ErrorMessage).unwrap_or_default()),
        text(Field::ServiceName),
    ]
}

fn is_error(event: &Event) -> bool {
    event.get(Field::EventCategory) == Some("error")
        || event.get(Field::ErrorType).is_some()
        || event.get(Field::ErrorMessage).is_some()
}

fn field(events: &[Event], field: Field) -> Counted {
    counted(events, |e| one(get(e, field)))
}

fn numbers(events: &[Event]) -> BTreeSet<u64> {
    events.iter().map(|e| e.number).collect()
}

/// Which of 28 equal parts of the span of all errors each dated event is in.
fn bars(own: &[Event], span: Option<(i64, i64)>) -> Vec<u64> {
    let Some((from, to)) = span.filter(|_| own.iter().any(|e| e.time.is_some())) else {
        return Vec::new();
    };
    let wide = i128::from(to) - i128::from(from) + 1;
    let mut bars = vec![0; 28];
    for at in own.iter().filter_map(|e| e.time) {
        bars[((i128::from(at.0) - i128::from(from)) * 28 / wide) as usize] += 1;
    }
    bars
}

/// The least version above all of a trend of which the origin has errors after the last of the trend.
fn fixed_in(own: &[Event], all: &[Event]) -> Option<String> {
    let place = |e: &Event| {
        VERSIONS
            .iter()
            .position(|v| e.get(Field::ServiceVersion) == Some(*v))
    };
    let greatest = own.iter().filter_map(place).max()?;
    let last = own.iter().filter_map(|e| e.time).max();
    last?;
    let origin = get(&own[0], Field::ServiceName);
    all.iter()
        .filter(|e| get(e, Field::ServiceName) == origin && e.time > last)
        .filter_map(place)
        .filter(|version| *version > greatest)
        .min()
        .map(|version| VERSIONS[version].to_owned())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn a_trend_says_what_its_events_say(
        faults in prop::collection::vec(fault(), 1..80),
        within in prop::sample::select(vec!["", "env:production", "version:1.9.0", "-has:service.name"]),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let case = empty(&folder);
        let texts: Vec<String> = faults.iter().map(Fault::text).collect();
        import_as(&case, "edfapay", "threats.json", &format!("[{}]", texts.join(",\n")));
        let events = events(&case, &Expr::All);
        prop_assert_eq!(events.len(), faults.len());
        let world = World { case, events, _folder: folder };

        let all: Vec<Event> = world.of(within).into_iter().filter(is_error).collect();
        let report = world.case.errors(within, &Zone::UTC, (0, 1_000)).unwrap();
        prop_assert_eq!((report.events, report.undated), (
            all.len() as u64, all.iter().filter(|e| e.time.is_none()).count() as u64));
        prop_assert_eq!(numbers(&world.of(&report.filter)), numbers(&all));
        for (list, of) in [
            (&report.types, Field::ErrorType), (&report.origins, Field::ServiceName),
            (&report.versions, Field::ServiceVersion), (&report.environments, Field::ServiceEnvironment),
        ] {
            prop_assert_eq!(told(list), field(&all, of));
        }

        let mut groups: BTreeMap<[String; 3], Vec<Event>> = BTreeMap::new();
        for event in &all {
            groups.entry(key(event)).or_default().push(event.clone());
        }
        prop_assert_eq!(report.total, groups.len() as u64);
        let mut order: Vec<(&[String; 3], &Vec<Event>)> = groups.iter().collect();
        order.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(b.0)));
        let dated: Vec<i64> = all.iter().filter_map(|e| e.time).map(|t| t.0).collect();
        let span = dated.iter().min().copied().zip(dated.iter().max().copied());
        prop_assert_eq!(report.trends.len(), order.len());
        for (trend, (key, own)) in report.trends.iter().zip(order) {
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            prop_assert_eq!(&[text(&trend.kind), text(&trend.template), text(&trend.origin)], key);
            prop_assert_eq!(numbers(&world.of(&trend.span.filter)), numbers(own), "{}", trend.span.filter);
            let times: Vec<_> = own.iter().filter_map(|e| e.time).collect();
            prop_assert_eq!(
                (trend.span.events, &trend.span.first, &trend.span.last),
                (own.len() as u64, &times.iter().min().map(|t| t.rfc3339()), &times.iter().max().map(|t| t.rfc3339()))
            );
            prop_assert_eq!(trend.messages, field(own, Field::ErrorMessage).len() as u64);
            prop_assert_eq!(trend.example.as_deref().map(fold), trend.template.clone());
            prop_assert_eq!(told(&trend.versions), field(own, Field::ServiceVersion));
            prop_assert_eq!(told(&trend.environments), field(own, Field::ServiceEnvironment));
            let bars = bars(own, span);
            prop_assert_eq!(&trend.bars, &bars);
            let sum = |from: usize, to: usize| bars.get(from..to).map_or(0, |b| b.iter().sum::<u64>());
            let (earlier, before, last) = (sum(0, 21), sum(14, 21), sum(21, 28));
            prop_assert_eq!((trend.last_quarter, trend.quarter_before), (last, before));
            let told = span.is_some_and(|s| s.0 < s.1) && !times.is_empty();
            prop_assert_eq!(trend.trend == "unknown", !told);
            prop_assert_eq!(trend.trend == "new", told && earlier == 0 && last > 0);
            prop_assert_eq!(trend.trend == "gone", told && last == 0);
            prop_assert!(trend.trend != "rising" || last > before);
            prop_assert!(trend.trend != "falling" || last < before);
            prop_assert_eq!(&trend.fixed_in, &fixed_in(own, &all));
        }
    }
}

#[test]
fn a_filter_of_long_messages_fits_the_language_and_is_said_to_find_more() {
    let folder = tempfile::tempdir().unwrap();
    let case = empty(&folder);
    let stack = " at com.example.payments.HttpGatewayClient.send(HttpGatewayClient.java)".repeat(3);
    let line = |n: u32, message: String| {
        format!(
            r#"{{"timestamp":"{}","errorType":"Gateway","errorMessage":"{message}{stack}","source":"SDK","version":"2.9.1","environment":"production"}}"#,
            moment(n).rfc3339()
        )
    };
    let few = |n: u32| format!("Request {} refused, then to gateway failed", 20_000 + n);
    let lines: Vec<String> = (0..390)
        .map(|n| line(n, format!("Request {} to gateway failed", 10_000 + n)))
        .chain((0..5).map(|n| line(400 + n, few(n))))
        .collect();
    import_as(&case, "edfapay", "a.jsonl", &lines.join("\n"));
    let report = case.errors("", &Zone::UTC, (0, 100)).unwrap();
    let mut told: Vec<_> = (report.trends.iter())
        .map(|t| {
            let lists = [&t.versions, &t.environments];
            let spans = lists.into_iter().flatten().chain([&t.span]);
            let lengths = spans.clone().map(|s| s.filter.len());
            assert!(lengths.max() < Some(60_000), "{:?}", t.template);
            let found = |s: &SpanValue| {
                let expr = case.expr(&s.filter, &Zone::UTC).unwrap();
                events(&case, &expr).len()
            };
            (t.span.events, spans.map(found).collect::<Vec<_>>(), t.wider)
        })
        .collect();
    told.sort_unstable();
    // The words of the many find the few as well; the few are listed one by one.
    assert_eq!(told, [(5, vec![5; 3], false), (390, vec![395; 3], true)]);
}

#[test]
fn one_endless_message_is_found_by_how_it_begins() {
    let folder = tempfile::tempdir().unwrap();
    let case = empty(&folder);
    let line = |n: u32, end: &str| {
        format!(
            r#"{{"timestamp":"{}","errorType":"Gateway","errorMessage":"Dump {} {end}","source":"SDK"}}"#,
            moment(n).rfc3339(),
            "x".repeat(70_000)
        )
    };
    let lines = [line(0, "first"), line(1, "second")];
    import_as(&case, "edfapay", "a.jsonl", &lines.join("\n"));
    let report = case.errors("", &Zone::UTC, (0, 100)).unwrap();
    for trend in &report.trends {
        let expr = case.expr(&trend.span.filter, &Zone::UTC).unwrap();
        assert!(trend.wider && events(&case, &expr).len() == 2);
    }
    assert!(!report.trends.is_empty());
}
