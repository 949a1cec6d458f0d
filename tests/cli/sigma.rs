//! `detect --rules`: Sigma rules of a folder, a zip or a file; and the matches of SigmaHQ's rules that an independent
//! evaluator found, where its corpus is at hand.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::Bench;

pub(crate) const VIEWED: &str = "title: API key viewed\nid: 00000000-0000-4000-8000-000000000001\nlevel: high\nlogsource:\n  product: paymongo\ndetection:\n  selection:\n    Event type|contains: 'key viewed'\n  condition: selection\nfalsepositives:\n  - Work on the integration\n";
const BURST: &str = "title: logins\nid: logins\nlogsource: {product: paymongo}\ndetection: {s: {'Event type': Login}, condition: s}\n---\ntitle: Several sign-ins\nid: burst\ncorrelation: {type: event_count, rules: [logins], group-by: [User], timespan: 1h, condition: {gte: 3}}\n";

fn log() -> String {
    let mut log = String::from("Timestamp,Event type,User,Device,IP,Details\n");
    for minute in [0, 10, 20] {
        log.push_str(&format!(
            "2024-04-22 14:{minute:02}:15,Login,alice@example.com,Safari on macOS,203.0.113.45,\n"
        ));
    }
    log + "2024-04-22 14:35:02,API Key Viewed,alice@example.com,,,Secret Key\n2024-04-22 15:35:02,API Key Viewed,bob@example.com,,,Secret Key\n"
}

fn case() -> Bench {
    let bench = Bench::new();
    let file = bench.file("logs.csv", log());
    bench.import(&file, &["--zone", "Asia/Manila"]).json(0);
    bench
}

fn sigma(report: &Value) -> BTreeMap<(String, String), Vec<u64>> {
    let mut by: BTreeMap<(String, String), Vec<u64>> = BTreeMap::new();
    for f in report["findings"].as_array().unwrap() {
        let detection = f["detection"].as_str().unwrap();
        if detection.starts_with("sigma:") {
            // Two actors may be called the same, in two organizations.
            let actor = f["actor"].as_str().unwrap_or_default();
            let events = f["events"].as_array().unwrap().iter();
            let of = by.entry((detection.to_owned(), actor.to_owned()));
            of.or_default().extend(events.map(|e| e.as_u64().unwrap()));
        }
    }
    by
}

#[test]
fn rules_of_a_folder_a_zip_and_a_file_find_the_same() {
    let bench = case();
    bench.file("rules/a/viewed.yml", VIEWED);
    bench.file("rules/burst.yaml", BURST);
    bench.file("rules/README.md", "no rule");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(bench.path("rules.zip")).unwrap());
    for (name, text) in [
        ("x/viewed.yml", VIEWED),
        ("burst.yml", BURST),
        ("notes.txt", "no rule"),
    ] {
        zip.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    let report = bench
        .run(&["detect", "case.wmcase", "--json", "--rules", "rules"])
        .json(1);
    let found = sigma(&report);
    assert_eq!(
        found[&(
            "sigma:00000000-0000-4000-8000-000000000001".into(),
            "alice@example.com".into()
        )],
        [4]
    );
    assert_eq!(
        found[&(
            "sigma:00000000-0000-4000-8000-000000000001".into(),
            "bob@example.com".into()
        )],
        [5]
    );
    assert_eq!(
        found[&("sigma:burst".into(), "alice@example.com".into())],
        [1, 2, 3]
    );
    assert_eq!(
        found.len(),
        3,
        "a rule that a correlation is made of does not speak for itself"
    );
    assert_eq!(report["rules_run"], 3);
    let viewed = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["detection"] == "sigma:00000000-0000-4000-8000-000000000001")
        .unwrap();
    assert_eq!(
        (&viewed["severity"], &viewed["benign"]),
        (&json!("high"), &json!(["Work on the integration"]))
    );
    let again = bench
        .run(&["detect", "case.wmcase", "--json", "--rules", "rules.zip"])
        .json(1);
    assert_eq!(sigma(&again), found);
    let both = bench
        .run(&[
            "detect",
            "case.wmcase",
            "--json",
            "--rules",
            "rules/a/viewed.yml",
            "--rules",
            "rules/burst.yaml",
        ])
        .json(1);
    assert_eq!(sigma(&both), found);
    let id = viewed["id"].as_str().unwrap();
    assert_eq!(bench.events(&format!("finding:{id}")).len(), 1);
    assert_eq!(
        sigma(&bench.run(&["detect", "case.wmcase", "--json"]).json(0)).len(),
        0,
        "without rules there are no findings of rules"
    );
}

#[test]
fn a_rule_that_cannot_run_says_why_and_stops_nothing() {
    let bench = case();
    bench.file("rules/good.yml", VIEWED);
    bench.file("rules/windows.yml", "title: w\nid: w\nlogsource: {product: windows, category: process_creation}\ndetection: {s: {Image: x}, condition: s}\n");
    bench.file(
        "rules/okta.yml",
        "title: o\nid: o\nlogsource: {product: okta}\ndetection: {s: {a: x}, condition: s}\n",
    );
    bench.file("rules/placeholder.yml", "title: p\nid: p\nlogsource: {product: paymongo}\ndetection: {s: {a|expand: '%admins%'}, condition: s}\n");
    bench.file("rules/broken.yml", "title: [\n");
    bench.file("rules/large.yml", "x".repeat((1 << 20) + 10));
    bench.file("rules/absent.yml", "title: a\nid: absent\nlogsource: {product: paymongo}\ndetection: {s: {No such column: x}, condition: s}\n");
    let report = bench
        .run(&["detect", "case.wmcase", "--json", "--rules", "rules"])
        .json(1);
    let reasons: BTreeMap<&str, &str> = report["rules_not_run"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["id"].as_str().unwrap(), r["reason"].as_str().unwrap()))
        .collect();
    for (id, why) in [
        ("w", "no profile reads logs of `windows`"),
        ("o", "the case has no event of okta"),
        ("p", "%admins%"),
        ("broken.yml", "no YAML"),
        ("large.yml", "more than 1048576 bytes"),
    ] {
        assert!(
            reasons.get(id).is_some_and(|r| r.contains(why)),
            "{id}: {reasons:?}"
        );
    }
    assert_eq!(reasons.len(), 5);
    assert_eq!(
        sigma(&report).len(),
        2,
        "the good one ran; one for an absent field found nothing"
    );
    for wrong in ["nothing", "logs.csv/x"] {
        let error = bench
            .run(&["detect", "case.wmcase", "--json", "--rules", wrong])
            .error();
        assert_eq!(error["code"], "io", "{error}");
    }
    std::fs::create_dir(bench.path("empty")).unwrap();
    assert_eq!(
        bench
            .run(&["detect", "case.wmcase", "--json", "--rules", "empty"])
            .error()["code"],
        "not_found"
    );
}

#[test]
fn verdicts_and_suppressions_are_words_of_persons() {
    let bench = case();
    bench.file("r.yml", VIEWED);
    let detect = |code| {
        bench
            .run(&["detect", "case.wmcase", "--json", "--rules", "r.yml"])
            .json(code)
    };
    let report = detect(1);
    let of = |report: &Value, actor: &str| {
        report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .find(|f| f["actor"] == actor)
            .unwrap()
            .clone()
    };
    let alice = of(&report, "alice@example.com")["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(report["open"], 2);
    let run = |args: &[&str]| bench.run(&[args, &["--json"]].concat());
    assert_eq!(
        run(&["verdict", "case.wmcase", "F-000000000000", "confirmed_safe"]).error()["code"],
        "no_such_item"
    );
    assert_eq!(
        run(&["verdict", "case.wmcase", &alice, "fine"]).error()["code"],
        "invalid_option"
    );
    run(&[
        "verdict",
        "case.wmcase",
        &alice,
        "confirmed_safe",
        "--note",
        "asked her",
    ])
    .json(0);
    let judged = of(&detect(1), "alice@example.com");
    assert_eq!(
        (
            &judged["verdict"]["verdict"],
            &judged["verdict"]["note"],
            &judged["verdict"]["stale"]
        ),
        (&json!("confirmed_safe"), &json!("asked her"), &json!(false))
    );
    assert!(
        judged["verdict"]["who"]
            .as_str()
            .unwrap()
            .contains("tester")
    );
    run(&[
        "suppress",
        "case.wmcase",
        "--actor",
        "bob@example.com",
        "--reason",
        "known",
        "--until",
        "2020-01-01",
    ])
    .json(0);
    assert_eq!(
        detect(1)["open"],
        1,
        "a suppression that is over hides nothing"
    );
    run(&[
        "suppress",
        "case.wmcase",
        "--actor",
        "bob@example.com",
        "--reason",
        "known",
        "--until",
        "2200-01-01",
    ])
    .json(0);
    let report = detect(0);
    assert_eq!(
        (
            &report["open"],
            &of(&report, "bob@example.com")["suppressed"]["reason"]
        ),
        (&json!(0), &json!("known"))
    );
    // New events make the verdict stale.
    let more = bench.file("more.csv", "Timestamp,Event type,User,Device,IP,Details\n2024-04-23 14:35:02,API Key Viewed,alice@example.com,,,Secret Key\n");
    bench.import(&more, &["--zone", "Asia/Manila"]).json(0);
    let stale = of(&detect(1), "alice@example.com");
    assert_eq!(
        (&stale["id"], &stale["verdict"]["stale"]),
        (&json!(alice), &json!(true))
    );
    run(&["verdict", "case.wmcase", &alice, "--take-back"]).json(0);
    assert!(of(&detect(1), "alice@example.com").get("verdict").is_none());
    let list = run(&["suppress", "case.wmcase"]).json(0);
    let suppressions = list["suppressions"].as_array().unwrap();
    assert_eq!(
        (suppressions.len(), &suppressions[0]["expired"]),
        (2, &json!(true))
    );
    let id = suppressions[1]["id"].to_string();
    run(&["suppress", "case.wmcase", "--take-back", &id]).json(0);
    assert_eq!(detect(1)["open"], 2);
    for wrong in [
        &["suppress", "case.wmcase", "--reason", "all"][..],
        &["suppress", "case.wmcase", "--actor", "x"],
        &[
            "suppress",
            "case.wmcase",
            "--detection",
            "nothing",
            "--reason",
            "x",
        ],
        &[
            "suppress",
            "case.wmcase",
            "--actor",
            "x",
            "--reason",
            "y",
            "--until",
            "soon",
        ],
    ] {
        assert_eq!(run(wrong).error()["code"], "invalid_option", "{wrong:?}");
    }
    let log = bench
        .run(&["custody", "case.wmcase", "--json"])
        .json(0)
        .to_string();
    assert!(log.contains("statement.add") && log.contains("statement.retract"));
}

/// Where our matches differ from those of pySigma's SQLite backend, and why. A rule is named by the beginning of its id.
/// `true`: we find more; `false`: we find less.
const EXPLAINED: &[(&str, &str, bool, &str)] = &[
    (
        "aws_cloudtrail",
        "905d389b",
        false,
        "entries whose `eventTime` a collector took away are read by a guessed profile, which is of no product",
    ),
    (
        "google_workspace",
        "6aef64e3",
        true,
        "the rule's `eventService` is a shipper's name of `id.applicationName`",
    ),
    (
        "google_workspace",
        "bf638ef7",
        true,
        "the rule's `eventService` is a shipper's name of `id.applicationName`",
    ),
    (
        "google_workspace",
        "ee2803f0",
        true,
        "the rule's `eventService` is a shipper's name of `id.applicationName`",
    ),
    (
        "panther/GSuite.ActivityEvent",
        "6aef64e3",
        true,
        "the rule's `eventService` is a shipper's name of `id.applicationName`",
    ),
    (
        "azure_identity_protection",
        "53acd925",
        true,
        "the rule's `riskEventType` lies in `properties` of Azure Monitor's export",
    ),
    (
        "panther/Azure.Audit",
        "50a3c7aa",
        true,
        "the rule's `properties.message` is `operationName` or `activityDisplayName` of other exports",
    ),
    (
        "azure_activity",
        "d2d901db",
        false,
        "an entry that no profile recognises, in a file of its own, is of no product",
    ),
    (
        "panther/Microsoft365.Audit.Exchange",
        "c726e007",
        false,
        "entries of a test that lack what the log is recognised by are of no product",
    ),
    (
        "panther/Microsoft365.Audit.Exchange",
        "d3577be1",
        false,
        "entries of a test that lack what the log is recognised by are of no product",
    ),
];

/// The corpus is not ours to keep. Where it is at hand, every match of SigmaHQ's rules is compared.
#[test]
fn sigmahqs_rules_match_as_an_independent_evaluator_found() {
    let Some(corpus) = std::env::var_os("WITNESSMARK_CORPUS").map(PathBuf::from) else {
        eprintln!("WITNESSMARK_CORPUS is not set: not compared");
        return;
    };
    let expected: Value =
        serde_json::from_slice(&std::fs::read(corpus.join("sigma/expected.json")).unwrap())
            .unwrap();
    let mut unexplained = Vec::new();
    let mut agreed = 0;
    for (set, of) in expected.as_object().unwrap() {
        let found = found_in(&corpus, set);
        let wanted: BTreeMap<String, BTreeSet<u64>> = of["hits"]
            .as_array()
            .unwrap()
            .iter()
            .map(|h| {
                (
                    h["id"].as_str().unwrap().to_owned(),
                    h["matches"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|m| m.as_u64().unwrap())
                        .collect(),
                )
            })
            .collect();
        let none = BTreeSet::new();
        for id in found.keys().chain(wanted.keys()).collect::<BTreeSet<_>>() {
            let (ours, theirs) = (
                found.get(id).unwrap_or(&none),
                wanted.get(id).unwrap_or(&none),
            );
            agreed += ours.intersection(theirs).count();
            for (more, side) in [(true, ours - theirs), (false, theirs - ours)] {
                let known = EXPLAINED
                    .iter()
                    .any(|(s, rule, m, _)| s == set && id.starts_with(rule) && *m == more);
                if !side.is_empty() && !known {
                    unexplained.push(format!(
                        "{set} {id}: {} {side:?}",
                        if more { "we find more" } else { "we find less" }
                    ));
                }
            }
        }
    }
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
    assert!(agreed > 1_000, "{agreed} matches agree");
}

/// Matches by rule, as positions in the events of a set.
fn found_in(corpus: &Path, set: &str) -> BTreeMap<String, BTreeSet<u64>> {
    let bench = Bench::new();
    let mut files: Vec<PathBuf> = std::fs::read_dir(corpus.join(set))
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| {
            if set.starts_with("panther/") {
                p.ends_with("_events.ndjson")
            } else {
                p.extension().is_some_and(|e| e == "raw")
            }
        })
        .collect();
    files.sort();
    let mut args = vec!["import", "case.wmcase"];
    args.extend(files.iter().map(|f| f.to_str().unwrap()));
    args.extend(["--json", "--zone", "UTC"]);
    let ran = bench.run(&args);
    let receipt: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let mut before = BTreeMap::new();
    let mut n = 0;
    for source in receipt["sources"].as_array().unwrap() {
        before.insert(source["id"].as_u64().unwrap(), n);
        n += source["entries"].as_u64().unwrap();
    }
    let places: BTreeMap<u64, Vec<u64>> = bench
        .events("")
        .iter()
        .map(|e| {
            let own = &e["witnessmark"];
            let at =
                own["attested"].as_array().unwrap().iter().map(|a| {
                    before[&a["source"].as_u64().unwrap()] + a["entry"].as_u64().unwrap() - 1
                });
            (own["event"].as_u64().unwrap(), at.collect())
        })
        .collect();
    let rules = corpus.join("sigma/rules");
    let ran = bench.run(&[
        "detect",
        "case.wmcase",
        "--json",
        "--rules",
        rules.to_str().unwrap(),
    ]);
    let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let mut found: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for ((rule, _), events) in sigma(&report) {
        let of = found
            .entry(rule.trim_start_matches("sigma:").to_owned())
            .or_default();
        of.extend(events.iter().flat_map(|e| places[e].iter().copied()));
    }
    found
}
