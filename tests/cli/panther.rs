//! The tests of another product's rules, where a detection of ours looks for the same: each event that theirs matches is
//! found by ours, each that theirs does not match is not, and every difference is explained here one by one.
//!
//! Owns: which of their rules have an equal, and the differences. Never touches: their rules; events come from the corpus.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::Bench;

/// A rule of theirs and the detection of ours.
struct Equal {
    /// Folder and rule.
    rule: &'static str,
    detection: &'static str,
    /// Key of the time, with dots between.
    time: &'static str,
    /// How often the event comes, and after how many seconds each.
    many: (u32, i64),
    /// Where the name of the person stands, when five of them take turns.
    five: &'static str,
    /// Tests in which ours answers otherwise, and why that is meant.
    otherwise: &'static [(&'static str, &'static str)],
}

const CHANGED: &str = "every change of what is logged is told, also one that turns it on";

const EQUALS: &[Equal] = &[
    once(
        "AWS.CloudTrail/AWS.Bedrock.DeleteModelInvocationLoggingConfiguration",
        "eventTime",
        &[],
    ),
    once(
        "AWS.CloudTrail/AWS.CloudTrail.EventSelectorsDisabled",
        "eventTime",
        &[("Event Selector Enabled", CHANGED)],
    ),
    once(
        "AWS.CloudTrail/AWS.S3.DisableBucketLogging",
        "eventTime",
        &[
            ("Bucket Logging Enabled", CHANGED),
            ("Logging Field Missing", CHANGED),
        ],
    ),
    once("AWS.CloudTrail/AWS.VPCFlow.LogsDeleted", "eventTime", &[]),
    once(
        "AWS.CloudTrail/AWS.ConfigService.DisabledDeleted",
        "eventTime",
        &[("Config Recorder Delivery Channel Created", CHANGED)],
    ),
    once(
        "GCP.AuditLog/GCP.Log.Bucket.Or.Sink.Deleted",
        "timestamp",
        &[],
    ),
    once("GCP.AuditLog/GCP.Logging.Sink.Modified", "timestamp", &[]),
    guessed("Box.Event", "created_at"),
    guessed("OnePassword.SignInAttempt", "timestamp"),
    guessed("AWS.CloudTrail", "eventTime"),
    guessed("Okta.SystemLog", "published"),
    guessed("OneLogin.Events", "created_at"),
    guessed("GCP.AuditLog", "timestamp"),
    Equal {
        rule: "Snowflake.LoginHistory/Snowflake.Stream.BruteForceByIp",
        detection: "brute_force_address",
        time: "EVENT_TIMESTAMP",
        many: (20, 20),
        five: "",
        otherwise: &[],
    },
    Equal {
        rule: "Snowflake.LoginHistory/Snowflake.Stream.PasswordSpray",
        detection: "password_spray",
        time: "EVENT_TIMESTAMP",
        many: (10, 20),
        five: "USER_NAME",
        otherwise: &[],
    },
    Equal {
        rule: "GitHub.Audit/Standard.MFADisabled",
        detection: "mfa_off",
        time: "created_at",
        many: (2, 86_400),
        five: "",
        otherwise: &[],
    },
];

const fn once(
    rule: &'static str,
    time: &'static str,
    otherwise: &'static [(&'static str, &'static str)],
) -> Equal {
    Equal {
        rule,
        detection: "log_settings_changed",
        time,
        many: (1, 0),
        five: "",
        otherwise,
    }
}

/// The rule for failed sign-ins of one person, which is the same for all logs.
const fn guessed(folder: &'static str, time: &'static str) -> Equal {
    Equal {
        rule: folder,
        detection: "brute_force_user",
        time,
        many: (20, 20),
        five: "",
        otherwise: &[],
    }
}

fn set(event: &mut Value, path: &str, value: Value) {
    let mut at = event;
    for key in path.split('.') {
        at = at
            .as_object_mut()
            .unwrap()
            .entry(key.to_owned())
            .or_insert(json!({}));
    }
    *at = value;
}

/// Whether our detection finds something in the event, as often as it comes.
fn found(equal: &Equal, event: &Value) -> bool {
    let start = chrono::DateTime::parse_from_rfc3339("2024-03-01T10:00:00Z").unwrap();
    let mut lines = String::new();
    for n in 0..equal.many.0 {
        let mut one = event.clone();
        let time = start + chrono::Duration::seconds(equal.many.1 * i64::from(n));
        set(
            &mut one,
            equal.time,
            json!(time.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
        );
        if !equal.five.is_empty() {
            set(&mut one, equal.five, json!(format!("person{}", n % 5)));
        }
        lines.push_str(&format!("{one}\n"));
    }
    let bench = Bench::new();
    let file = bench.file("events.ndjson", lines);
    bench.import(&file, &["--zone", "UTC"]).json(0);
    let ran = bench.run(&["detect", "case.wmcase", "--json"]);
    let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(report["undated"], 0, "{}: {event}", equal.rule);
    let all = report["findings"].as_array().unwrap();
    all.iter().any(|f| f["detection"] == equal.detection)
}

fn path(corpus: &Path, equal: &Equal) -> PathBuf {
    let rule = if equal.rule.contains('/') {
        equal.rule.to_owned()
    } else {
        format!("{}/Standard.BruteForceByUser", equal.rule)
    };
    corpus.join("panther").join(format!("{rule}.jsonl"))
}

#[test]
fn where_another_product_looks_for_the_same_the_answers_are_equal_or_explained() {
    let Some(corpus) = std::env::var_os("WITNESSMARK_CORPUS").map(PathBuf::from) else {
        eprintln!("WITNESSMARK_CORPUS is not set: not compared");
        return;
    };
    let mut wrong = Vec::new();
    let mut tests = 0;
    for equal in EQUALS {
        let text = std::fs::read_to_string(path(&corpus, equal)).unwrap();
        let mut met = 0;
        for line in text.lines() {
            let test: Value = serde_json::from_str(line).unwrap();
            let name = test["test_name"].as_str().unwrap();
            let theirs = test["expected_match"].as_bool().unwrap();
            let explained = equal.otherwise.iter().any(|(test, _)| *test == name);
            met += usize::from(explained);
            tests += 1;
            let ours = found(equal, &test["event"]);
            if (ours == theirs) == explained {
                wrong.push(format!(
                    "{} \"{name}\": theirs {theirs}, ours {ours}{}",
                    equal.rule,
                    if explained {
                        ", which is explained and did not happen"
                    } else {
                        ""
                    }
                ));
            }
        }
        assert_eq!(
            met,
            equal.otherwise.len(),
            "{}: a difference of no test",
            equal.rule
        );
    }
    assert!(wrong.is_empty(), "of {tests} tests:\n{}", wrong.join("\n"));
    println!("{tests} tests of {} rules", EQUALS.len());
}
