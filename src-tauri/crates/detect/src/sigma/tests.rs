//! Rules as people write them, over entries as logs have them; and rules that must not run.
//!
//! Owns: behaviour of whole rules. Never touches: SigmaHQ's own rules (the conformance test reads those).

use serde_json::{Value, json};

use super::*;

fn rules(text: &str) -> Rules {
    let known = [
        ("okta".to_owned(), "okta".to_owned()),
        ("github".to_owned(), "github".to_owned()),
    ];
    Rules::read(&[("rules.yml".to_owned(), text.to_owned())], &known)
}

/// Numbers of the entries that a lone detection finds.
fn found(detection: &str, entries: &[Value]) -> Vec<u64> {
    let text = format!("title: t\nid: r1\nlogsource: {{product: okta}}\ndetection:\n{detection}\n");
    let rules = rules(&text);
    assert!(rules.not_run.is_empty(), "{:?}", rules.not_run);
    let program = rules.program("okta", 1_000);
    let mut seen = Vec::new();
    for (n, entry) in (1..).zip(entries) {
        program.judge(n, Some(n as i64), entry, &mut seen);
    }
    rules
        .finish(seen)
        .into_iter()
        .flat_map(|m| m.events)
        .collect()
}

#[test]
fn values_modifiers_and_lists() {
    let entries = [
        json!({"eventType": "user.session.start", "n": 5, "actor": {"name": "Alice", "ip": "203.0.113.9"}, "tags": ["a", "b"]}),
        json!({"eventType": "USER.SESSION.START", "n": "5", "actor": {"name": "Bob", "alias": "bob"}, "tags": ["b", "c"]}),
        json!({"eventType": "group.delete", "ok": true, "empty": "", "actor": {"name": "bob", "alias": "BOB", "ip": "2001:db8::1"}}),
    ];
    for (detection, expected) in [
        (
            "  s: {eventType: user.session.start}\n  condition: s",
            vec![1, 2],
        ),
        (
            "  s: {eventType|cased: user.session.start}\n  condition: s",
            vec![1],
        ),
        (
            "  s: {eventType|contains: [session, delete]}\n  condition: s",
            vec![1, 2, 3],
        ),
        (
            "  s: {eventType|contains|all: [session, user]}\n  condition: s",
            vec![1, 2],
        ),
        (
            "  s: {eventType|startswith: group.}\n  condition: s",
            vec![3],
        ),
        (
            "  s: {eventType|endswith: .start}\n  condition: not s",
            vec![3],
        ),
        ("  s: {eventType: '*.delete'}\n  condition: s", vec![3]),
        ("  s: {n: 5}\n  condition: s", vec![1, 2]),
        ("  s: {n|gt: 4}\n  condition: s", vec![1, 2]),
        ("  s: {n: null}\n  condition: s", vec![3]),
        ("  s: {n|exists: true}\n  condition: s", vec![1, 2]),
        ("  s: {ok: true}\n  condition: s", vec![3]),
        ("  s: {empty: ''}\n  condition: s", vec![3]),
        ("  s: {tags: b}\n  condition: s", vec![1, 2]),
        ("  s: {tags|contains|all: [a, b]}\n  condition: s", vec![1]),
        (
            "  s: {actor.name|fieldref: actor.alias}\n  condition: s",
            vec![2, 3],
        ),
        (
            "  s: {actor.ip|cidr: [203.0.113.0/24, '2001:db8::/32']}\n  condition: s",
            vec![1, 3],
        ),
        ("  s: {eventType|re: '^user\\.s'}\n  condition: s", vec![1]),
        (
            "  s: {eventType|re|i: '^user\\.s'}\n  condition: s",
            vec![1, 2],
        ),
        (
            "  s: {eventType|neq: group.delete}\n  condition: s",
            vec![1, 2],
        ),
        ("  s: [alice, delete]\n  condition: s", vec![1, 3]),
        (
            "  s:\n    - {eventType: group.delete}\n    - {actor.name: alice, n: 5}\n  condition: s",
            vec![1, 3],
        ),
        (
            "  s: {eventType: '*'}\n  filter_1: {actor.name: alice}\n  filter_2: {n: '5'}\n  condition: s and not 1 of filter_*",
            vec![3],
        ),
        (
            "  s: {nothing|contains: x}\n  condition: not s",
            vec![1, 2, 3],
        ),
    ] {
        assert_eq!(found(detection, &entries), expected, "{detection}");
    }
}

#[test]
fn a_rule_that_cannot_run_says_why() {
    let rule = |id: &str, rest: &str| {
        format!("---\ntitle: {id}\nid: {id}\nlogsource: {{product: okta}}\n{rest}\n")
    };
    let text = [
        rule("expand", "detection: {s: {a|expand: '%admins%'}, condition: s}"),
        rule("regex", "detection: {s: {a|re: '(?=x)'}, condition: s}"),
        rule("modifier", "detection: {s: {a|sounds: x}, condition: s}"),
        rule("pipe", "detection: {s: {a: x}, condition: s | count() > 5}"),
        rule("name", "detection: {s: {a: x}, condition: t}"),
        rule("none", "detection: {s: {a: x}}"),
        rule("nothing", "author: x"),
        rule("same", "detection: {s: {a: x}, condition: s}"),
        rule("same", "detection: {s: {a: x}, condition: s}"),
        rule("lost", "correlation: {type: event_count, rules: [missing], timespan: 1m, condition: {gte: 1}}"),
        "---\ntitle: windows\nid: windows\nlogsource: {product: windows, category: process_creation}\ndetection: {s: {a: x}, condition: s}\n".to_owned(),
        "---\njust text\n".to_owned(),
    ]
    .concat();
    let rules = rules(&text);
    let reasons: Vec<(&str, &str)> = rules
        .not_run
        .iter()
        .map(|n| (n.id.as_str(), n.reason.as_str()))
        .collect();
    for (id, why) in [
        ("expand", "%admins%"),
        ("regex", "regular expression"),
        ("modifier", "`sounds`"),
        ("pipe", "old form"),
        ("name", "`t`"),
        ("none", "no condition"),
        ("nothing", "neither"),
        ("same", "the same id"),
        ("lost", "`missing`"),
        ("windows", "`windows`"),
        ("rules.yml", "no rule"),
    ] {
        assert!(
            reasons.iter().any(|(i, r)| *i == id && r.contains(why)),
            "{id} {why}: {reasons:?}"
        );
    }
    assert_eq!(rules.len(), 1, "one of the two with the same id");
}

#[test]
fn circles_of_correlations_end() {
    let text = "title: a\nid: a\ncorrelation: {type: event_count, rules: [b], timespan: 1m, condition: {gte: 1}}\n---\ntitle: b\nid: b\ncorrelation: {type: event_count, rules: [a], timespan: 1m, condition: {gte: 1}}\n---\ntitle: c\nid: c\ncorrelation: {type: event_count, rules: [c], timespan: 1m, condition: {gte: 1}}\n";
    let rules = rules(text);
    assert_eq!(rules.len(), 0);
    assert!(
        rules.not_run.iter().all(|n| n.reason.contains("circle")),
        "{:?}",
        rules.not_run
    );
    assert_eq!(rules.not_run.len(), 3);
}

#[test]
fn correlations_of_rules_and_of_correlations() {
    let text = "title: failed\nid: failed\nname: failed_login\nlogsource: {product: okta}\ndetection: {s: {outcome: FAILURE}, condition: s}\n---\ntitle: ok\nid: ok\nlogsource: {product: okta}\ndetection: {s: {outcome: SUCCESS}, condition: s}\n---\ntitle: many\nid: many\nlevel: high\ncorrelation:\n  type: event_count\n  rules: [failed_login]\n  group-by: [user]\n  timespan: 5m\n  condition: {gte: 3}\n---\ntitle: then ok\nid: then\nlevel: critical\ncorrelation:\n  type: temporal_ordered\n  rules: [many, ok]\n  group-by: [user]\n  timespan: 10m\n";
    let rules = rules(text);
    assert!(rules.not_run.is_empty(), "{:?}", rules.not_run);
    let program = rules.program("okta", 1_000);
    let mut seen = Vec::new();
    let minute = 60_000_000_000_i64;
    for (n, (at, user, outcome)) in (1..).zip([
        (0, "a", "FAILURE"),
        (1, "a", "FAILURE"),
        (2, "a", "FAILURE"),
        (2, "b", "FAILURE"),
        (6, "a", "SUCCESS"),
        (7, "b", "SUCCESS"),
    ]) {
        program.judge(
            n,
            Some(at * minute),
            &json!({"user": user, "outcome": outcome}),
            &mut seen,
        );
    }
    let found = rules.finish(seen);
    assert_eq!(
        found.len(),
        1,
        "the rules and the correlation that others are made of do not speak for themselves: {found:?}"
    );
    assert_eq!(rules.facts(found[0].rule).unwrap().id, "then");
    assert_eq!(found[0].events, [1, 2, 3, 5]);
    assert_eq!(found[0].key, [("user".to_owned(), "a".to_owned())]);
}

#[test]
fn aliases_of_a_correlation_join_fields_of_other_names() {
    let text = "title: a\nid: a\nlogsource: {product: okta}\ndetection: {s: {kind: a}, condition: s}\n---\ntitle: b\nid: b\nlogsource: {product: okta}\ndetection: {s: {kind: b}, condition: s}\n---\ntitle: both\nid: both\ncorrelation:\n  type: temporal\n  rules: [a, b]\n  group-by: [who]\n  timespan: 1m\n  aliases:\n    who: {a: user, b: target.name}\n";
    let rules = rules(text);
    let program = rules.program("okta", 1_000);
    let mut seen = Vec::new();
    program.judge(1, Some(0), &json!({"kind": "a", "user": "x"}), &mut seen);
    program.judge(
        2,
        Some(1),
        &json!({"kind": "b", "target": [{"name": "x"}]}),
        &mut seen,
    );
    program.judge(
        3,
        None,
        &json!({"kind": "b", "target": [{"name": "x"}]}),
        &mut seen,
    );
    let found = rules.finish(seen);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].events, [1, 2], "what has no time takes no part");
}

#[test]
fn filters_leave_out() {
    let text = "title: a\nid: a\nlogsource: {product: okta}\ndetection: {s: {kind: a}, condition: s}\n---\ntitle: not the robots\nid: f\nlogsource: {product: okta}\nfilter:\n  rules: [a]\n  robots: {user|startswith: svc-}\n  condition: not robots\n---\ntitle: lost\nid: g\nlogsource: {product: github}\nfilter: {rules: [a], s: {a: b}, condition: not s}\n";
    let rules = rules(text);
    assert_eq!(
        rules
            .not_run
            .iter()
            .map(|n| n.id.as_str())
            .collect::<Vec<_>>(),
        ["g"]
    );
    let program = rules.program("okta", 1_000);
    let mut seen = Vec::new();
    program.judge(
        1,
        Some(0),
        &json!({"kind": "a", "user": "svc-backup"}),
        &mut seen,
    );
    program.judge(
        2,
        Some(0),
        &json!({"kind": "a", "user": "alice"}),
        &mut seen,
    );
    assert_eq!(rules.finish(seen)[0].events, [2]);
}

#[test]
fn ten_thousand_rules_in_one_file() {
    let one = |n: usize| {
        format!(
            "---\ntitle: r{n}\nid: r{n}\nlogsource: {{product: okta}}\ndetection: {{s: {{eventType: 'user.e{n}'}}, condition: s}}\n"
        )
    };
    let all: String = (0..10_000).map(one).collect();
    let size = all.len();
    let rules = rules(&all);
    if size <= 1 << 20 {
        assert_eq!(rules.len(), 10_000, "{:?}", rules.not_run.first());
        let program = rules.program("okta", 1_000);
        let mut seen = Vec::new();
        program.judge(1, Some(0), &json!({"eventType": "user.e9999"}), &mut seen);
        assert_eq!(rules.finish(seen).len(), 1);
    } else {
        assert!(
            rules.not_run[0].reason.contains("more than"),
            "{:?}",
            rules.not_run
        );
    }
}

#[test]
fn rules_for_logs_that_the_case_lacks_are_told() {
    let mut rules = rules(
        "title: a\nid: a\nlogsource: {product: okta}\ndetection: {s: {kind: a}, condition: s}\n---\ntitle: b\nid: b\nlogsource: {product: github}\ndetection: {s: {kind: a}, condition: s}\n",
    );
    assert_eq!(rules.profiles().unwrap(), ["github", "okta"]);
    rules.keep_for(&["okta".to_owned()]);
    assert_eq!(rules.len(), 1);
    assert_eq!(rules.not_run[0].reason, "the case has no event of github");
}

#[test]
fn a_rule_that_takes_too_long_is_stopped_and_told_with_what_looks_at_it() {
    let stars = "*a".repeat(3_000) + "*b";
    let slow = format!(
        "title: slow\nid: slow\nlogsource: {{product: github}}\ndetection: {{s: {{x: '{stars}'}}, t: {{y: z}}, condition: s or t}}\n"
    );
    let good = "title: good\nid: good\nlogsource: {product: github}\ndetection: {s: {y: z}, condition: s}\n";
    let count = "title: count\nid: count\ncorrelation: {type: event_count, rules: [slow], group-by: [y], timespan: 1h, condition: {gte: 1}}\n";
    let files = [slow.as_str(), good, count].map(|t| (t.to_owned(), t.to_owned()));
    let known = [("github".to_owned(), "github".to_owned())];
    let mut rules = Rules::read(&files, &known);
    assert_eq!(rules.len(), 3, "{:?}", rules.not_run);
    let program = rules.program("github", 10);
    let mut seen = Vec::new();
    // Each takes at most 6,001 times 100,000 steps; together they are more than a rule may take.
    let entry = serde_json::json!({ "x": "c".repeat(100_000), "y": "z" });
    for number in 1..=20 {
        program.judge(number, Some(number as i64), &entry, &mut seen);
    }
    let stopped: Vec<usize> = program.stopped().collect();
    assert_eq!(stopped, [0]);
    rules.stop(&stopped, &mut seen);
    let told: Vec<&str> = rules.not_run.iter().map(|n| n.id.as_str()).collect();
    assert_eq!(told, ["slow", "count"]);
    let found = rules.finish(seen);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].events.len(), 20, "the other rule saw all");
}
