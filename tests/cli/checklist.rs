//! Checklists from outside: golden answers on prepared cases, and the three answers of each step.
//!
//! Owns: these cases. Never touches: the engine.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex};

use serde_json::{Value, json};

use crate::Bench;
use crate::checklist_worlds::{World, contained, intruded, long, quiet, short};

pub(crate) const SHIPPED: [&str; 10] = [
    "paymongo-suspected-compromise",
    "account-takeover",
    "api-key-leak",
    "payout-diversion",
    "insider-export",
    "leaver-still-active",
    "admin-phishing",
    "integration-errors",
    "access-review",
    "monthly-review",
];

pub(crate) fn sample(name: &str) -> String {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../samples/");
    std::fs::read_to_string(format!("{root}{name}")).unwrap()
}

/// The lines of a sample that pass; its header or brackets stay.
pub(crate) fn lines(name: &str, keep: impl Fn(&str) -> bool) -> String {
    let text = sample(name);
    let kept: Vec<&str> = text
        .lines()
        .enumerate()
        .filter(|(n, line)| *n == 0 || line.trim() == "]" || keep(line))
        .map(|(_, line)| line)
        .collect();
    // A list of JSON may not end in a comma.
    kept.join("\n").replace(",\n]", "\n]")
}

/// A case of one log. The same log is imported once a test; its case is copied, so that each question finds it fresh.
pub(crate) fn case_of(name: &str, text: &str) -> Bench {
    type Imported = Mutex<HashMap<(String, String), Arc<Bench>>>;
    static IMPORTED: LazyLock<Imported> = LazyLock::new(Imported::default);
    let key = (name.to_owned(), text.to_owned());
    let known = IMPORTED.lock().unwrap().get(&key).cloned();
    let imported = known.unwrap_or_else(|| {
        let bench = Bench::new();
        let file = bench.file(name, text);
        bench.import(&file, &["--zone", "Asia/Manila"]).json(0);
        Arc::clone(
            IMPORTED
                .lock()
                .unwrap()
                .entry(key)
                .or_insert_with(|| Arc::new(bench)),
        )
    });
    let bench = Bench::new();
    std::fs::copy(imported.path("case.wmcase"), bench.path("case.wmcase")).unwrap();
    bench
}

pub(crate) fn ask(bench: &Bench, name: &str, more: &[&str]) -> Value {
    let mut args = vec![
        "checklist",
        "case.wmcase",
        name,
        "--zone",
        "Asia/Manila",
        "--json",
    ];
    args.extend(more);
    let ran = bench.run(&args);
    assert!(ran.code == 0 || ran.code == 1, "{name}: {}", ran.stderr);
    let report = ran.json(ran.code);
    let worrying = report["worrying"].as_u64().unwrap() > 0;
    assert_eq!(ran.code == 1, worrying, "the exit code follows the signs");
    report
}

/// Each step in one line, for a golden file.
fn golden(report: &Value) -> String {
    let mut out = format!(
        "{} v{}: {}\n",
        report["checklist"].as_str().unwrap(),
        report["version"],
        report["subject"]["text"].as_str().unwrap()
    );
    for step in report["steps"].as_array().unwrap() {
        let s = |key: &str| step[key].as_str().unwrap_or_default();
        let person = if step["needs_person"] == true {
            " person"
        } else {
            ""
        };
        out.push_str(&format!(
            "{}: {} ({}{person}) {} rows\n    {}\n",
            s("id"),
            s("answer"),
            s("sign"),
            step["count"],
            s("reason")
        ));
        for line in s("statement").lines() {
            out.push_str(&format!("    = {line}\n"));
        }
    }
    out.push_str(&format!(
        "{}\n{}\n",
        report["supports"].as_str().unwrap(),
        report["rests_on"].as_str().unwrap()
    ));
    out
}

pub(crate) fn step<'r>(report: &'r Value, id: &str) -> &'r Value {
    let steps = report["steps"].as_array().unwrap();
    steps
        .iter()
        .find(|s| s["id"] == id)
        .unwrap_or_else(|| panic!("no step {id}"))
}

pub(crate) const PAYMONGO: &str = "paymongo-security-logs.csv";

pub(crate) fn is_incident(line: &str) -> bool {
    line.starts_with("2024-04-22 21:")
}

#[test]
fn the_list_names_all_that_come_with_the_program() {
    let bench = case_of(PAYMONGO, &sample(PAYMONGO));
    let report = bench.run(&["checklist", "case.wmcase", "--json"]).json(0);
    let ids: Vec<&str> = report["checklists"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, SHIPPED);
    assert!(
        report["refused"].as_array().unwrap().is_empty(),
        "{}",
        report["refused"]
    );
    for checklist in report["checklists"].as_array().unwrap() {
        assert!(
            !checklist["title"].as_str().unwrap().is_empty()
                && checklist["steps"].as_array().unwrap().len() >= 5
        );
    }
    let paymongo = &report["checklists"][0]["steps"];
    assert_eq!(
        paymongo,
        &json!([
            "Change your password immediately",
            "Check security logs for unfamiliar logins or API key access",
            "Regenerate your API keys if necessary",
            "Contact PayMongo support to report the incident",
            "Support will investigate and may require additional identity verification"
        ])
    );
}

/// The three prepared cases of each checklist: compromised, clean, not enough data.
fn prepared(name: &str) -> [(Bench, Vec<&'static str>); 3] {
    let span = ["--from", "2024-04-15", "--to", "2024-04-25"];
    let with = |subject: &'static str, more: &[&'static str]| -> Vec<&'static str> {
        let mut args = if subject.is_empty() {
            Vec::new()
        } else {
            vec!["--subject", subject]
        };
        args.extend(more);
        args
    };
    let settled = ["--from", "2024-04-12"];
    let paymongo = |args: Vec<&'static str>| {
        [
            (case_of(PAYMONGO, &sample(PAYMONGO)), args.clone()),
            (
                case_of(PAYMONGO, &lines(PAYMONGO, |l| !is_incident(l))),
                args.clone(),
            ),
            (
                case_of(
                    PAYMONGO,
                    &lines(PAYMONGO, |l| {
                        l.starts_with("2024-04-25") || l.starts_with("2024-04-26")
                    }),
                ),
                args,
            ),
        ]
    };
    let world = |args: Vec<&'static str>| {
        let made = [intruded(), quiet(), short()];
        made.map(|w: World| (case_of("events.ndjson", &w.text()), args.clone()))
    };
    match name {
        "paymongo-suspected-compromise" => paymongo(with("actor:Alice Merchant", &settled)),
        "api-key-leak" => paymongo(with("actor:Alice Merchant", &settled)),
        "payout-diversion" => paymongo(with("", &settled)),
        "account-takeover" | "admin-phishing" => {
            const OKTA: &str = "okta-system-log.json";
            let args = with("actor:alice@example.com", &settled);
            [
                (case_of(OKTA, &sample(OKTA)), args.clone()),
                (
                    case_of(OKTA, &lines(OKTA, |l| !l.contains("198.51.100."))),
                    args.clone(),
                ),
                (
                    case_of(OKTA, &lines(OKTA, |l| l.contains("\"2024-04-25"))),
                    args,
                ),
            ]
        }
        "insider-export" => world(with("actor:ann", &span)),
        "leaver-still-active" => world(with("actor:dee", &span)),
        "integration-errors" => world(with("", &["--from", "2024-04-23", "--to", "2024-04-25"])),
        _ => world(with("", &span)),
    }
}

#[test]
fn every_shipped_checklist_answers_prepared_cases_as_it_did() {
    for name in SHIPPED {
        for ((bench, args), kind) in prepared(name).iter().zip(["compromised", "clean", "short"]) {
            let report = ask(bench, name, args);
            insta::assert_snapshot!(format!("{name}-{kind}"), golden(&report));
        }
    }
}

/// A person's three answers to a step, each with who and when, and then none.
fn answered_by_hand(bench: &Bench, run: &str, id: &str, had: &mut BTreeSet<String>) {
    let before = ask(bench, run, &[]);
    let found = step(&before, id)["found"]["answer"].clone();
    let mut signs = BTreeSet::new();
    for answer in ["yes", "no", "cannot_tell"] {
        let note = format!("{answer}, as told at the counter");
        let report = ask(
            bench,
            run,
            &["--step", id, "--answer", answer, "--note", &note],
        );
        let said = step(&report, id);
        assert_eq!(said["answer"], answer, "{id}");
        assert_eq!(said["reason"], note, "{id}");
        assert_eq!(said["needs_person"], false, "{id}");
        assert_eq!(said["given"]["who"], "tester@bench", "{id}");
        let at = said["given"]["at"].as_str().unwrap();
        assert!(at.len() > 20 && at.ends_with('Z'), "{id}: {at}");
        assert_eq!(
            said["found"]["answer"], found,
            "the answer of the logs stays"
        );
        assert!(!said["means"].as_str().unwrap().is_empty(), "{id}");
        signs.insert((said["sign"].to_string(), said["means"].to_string()));
        had.insert(answer.to_owned());
    }
    assert_eq!(signs.len(), 3, "each answer of {id} means something else");
    let report = ask(bench, run, &["--step", id, "--take-back"]);
    assert_eq!(step(&report, id)["given"], Value::Null);
    assert_eq!(step(&report, id)["answer"], found);
}

#[test]
fn each_step_of_each_shipped_checklist_has_been_yes_no_and_cannot_tell() {
    let mut answers: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let mut manual: BTreeSet<(String, String)> = BTreeSet::new();
    let mut take = |report: &Value| {
        let name = report["checklist"].as_str().unwrap();
        for step in report["steps"].as_array().unwrap() {
            let key = (name.to_owned(), step["id"].as_str().unwrap().to_owned());
            if step["manual"] == true {
                manual.insert(key.clone());
            }
            answers
                .entry(key)
                .or_default()
                .insert(step["answer"].as_str().unwrap().to_owned());
        }
    };
    for name in SHIPPED {
        for (bench, args) in prepared(name) {
            take(&ask(&bench, name, &args));
        }
    }
    let span = ["--from", "2024-04-15", "--to", "2024-04-25"];
    let worlds =
        [intruded(), quiet(), contained(), short()].map(|w| case_of("events.ndjson", &w.text()));
    for bench in &worlds {
        for name in &SHIPPED[1..] {
            let subjects: &[&str] = match *name {
                "account-takeover" | "admin-phishing" | "insider-export" => &["actor:ann"],
                "leaver-still-active" => &["actor:dee", "actor:ann", "actor:nobody", "actor:gus"],
                "api-key-leak" | "payout-diversion" => &["", "actor:ann"],
                "access-review" => &["", "actor:nobody", "actor:gus"],
                _ => &[""],
            };
            for subject in subjects {
                let mut args = vec!["--subject", subject];
                let late = ["--from", "2024-04-23", "--to", "2024-04-25"];
                args.extend(if *name == "integration-errors" {
                    late
                } else {
                    span
                });
                take(&ask(bench, name, &args));
            }
        }
    }
    // Logs that do not show what is asked, a time without errors, a month that no log holds, and a long silence.
    let late = ["--from", "2024-04-23", "--to", "2024-04-25"];
    let paymongo = case_of(PAYMONGO, &sample(PAYMONGO));
    let threats = case_of("threats.json", &sample("edfapay-threats.json"));
    for bench in [&paymongo, &threats] {
        take(&ask(bench, "integration-errors", &late));
    }
    let quiet_hours = ["--from", "2024-04-20 15:00", "--to", "2024-04-20 22:00"];
    take(&ask(&worlds[1], "integration-errors", &quiet_hours));
    let other_month = ["--from", "2025-01-01", "--to", "2025-02-01"];
    take(&ask(&worlds[1], "monthly-review", &other_month));
    for sleeper in [true, false] {
        let bench = case_of("events.ndjson", &long(sleeper).text());
        take(&ask(&bench, "access-review", &[]));
    }
    // PayMongo: what is right to do after the intruder.
    let mut text = sample(PAYMONGO);
    text.push_str("2024-04-26 12:00:00,Changed their password,Alice Merchant,,,\n2024-04-26 12:01:00,API Key Regenerated,Alice Merchant,,,Secret Key\n");
    let bench = case_of(PAYMONGO, &text);
    take(&ask(
        &bench,
        SHIPPED[0],
        &["--subject", "actor:Alice Merchant", "--from", "2024-04-12"],
    ));
    // What no log answers, a person does.
    for name in SHIPPED {
        let (bench, args) = &prepared(name)[0];
        let run = ask(bench, name, args)["run"].to_string();
        for key in manual.iter().filter(|(of, _)| of == name) {
            let had = answers.get_mut(key).unwrap();
            had.clear();
            answered_by_hand(bench, &run, &key.1, had);
        }
    }
    let all = answers.len() - manual.len();
    assert!(all > 50 && manual.len() > 12, "{all}, {}", manual.len());
    let missing: Vec<String> = answers
        .iter()
        .filter_map(|((name, step), had)| {
            let lacking: Vec<&str> = ["yes", "no", "cannot_tell"]
                .into_iter()
                .filter(|a| !had.contains(*a))
                .collect();
            (!lacking.is_empty())
                .then(|| format!("{name}/{step} never answered {}", lacking.join(", ")))
        })
        .collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
