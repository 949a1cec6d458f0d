//! What persons do with checklists and notes, in the custody log: who, on what, what kind of thing, and a hash of the text.
//!
//! Owns: these cases. Never touches: the chain itself (`tamper`).

use serde_json::{Value, json};
use sha2_of::sha256;

use crate::checklist::{PAYMONGO, case_of, sample};
use crate::{Bench, Ran};

/// SHA-256 by the tool of the system, which is not ours.
mod sha2_of {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    pub(super) fn sha256(text: &str) -> String {
        let mut child = Command::new("sha256sum")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        let out = child.wait_with_output().unwrap();
        String::from_utf8(out.stdout).unwrap()[..64].to_owned()
    }
}

fn done(bench: &Bench, args: &[&str]) -> Value {
    let mut all = args.to_vec();
    all.push("--json");
    let ran: Ran = bench.run(&all);
    ran.json(0)
}

/// Entries after a number, each with its details read.
fn since(bench: &Bench, seq: u64) -> Vec<Value> {
    let log = done(bench, &["custody", "case.wmcase"]);
    assert_eq!(log["intact"], true);
    let entries = log["entries"].as_array().unwrap().iter();
    entries
        .filter(|e| e["seq"].as_u64().unwrap() > seq)
        .map(|e| {
            let mut entry = e.clone();
            entry["detail"] = serde_json::from_str(e["detail"].as_str().unwrap()).unwrap();
            entry
        })
        .collect()
}

fn size(bench: &Bench) -> u64 {
    done(bench, &["custody", "case.wmcase"])["size"]
        .as_u64()
        .unwrap()
}

/// Does something and gives the entries that it left, without those of opening and of what was kept to be shown again.
fn left(bench: &Bench, args: &[&str]) -> Vec<Value> {
    let before = size(bench);
    let mut all = args.to_vec();
    all.push("--json");
    let ran = bench.run(&all);
    assert!([0, 1].contains(&ran.code), "{}", ran.stderr);
    let own = |e: &Value| {
        let action = e["action"].as_str().unwrap();
        action.starts_with("statement.")
            || action.starts_with("overlay.")
            || action.starts_with("checklist.")
            || action.starts_with("case.copy")
    };
    let entries: Vec<Value> = since(bench, before).into_iter().filter(own).collect();
    for entry in &entries {
        assert_eq!(entry["who"], "tester@bench");
        assert!(!entry["says"].as_str().unwrap().is_empty(), "{entry}");
    }
    entries
}

#[test]
fn marks_on_events_tell_source_entry_kind_and_hash() {
    let bench = case_of(PAYMONGO, &sample(PAYMONGO));
    let source = done(&bench, &["sources", "case.wmcase"])["sources"][0]["sha256"]
        .as_str()
        .unwrap()
        .to_owned();
    let short = &source[..12];
    for (args, kind, text) in [
        (
            vec!["note", "case.wmcase", "297", "Ask her"],
            "note",
            "Ask her",
        ),
        (vec!["tag", "case.wmcase", "297", "odd"], "tag", "odd"),
        (vec!["bookmark", "case.wmcase", "297"], "bookmark", ""),
    ] {
        let put = left(&bench, &args);
        assert_eq!(put.len(), 1, "{put:?}");
        assert_eq!(put[0]["action"], "overlay.add");
        let detail = &put[0]["detail"];
        assert_eq!(
            (
                &detail["event"],
                &detail["kind"],
                &detail["entry"],
                &detail["part"]
            ),
            (&json!(297), &json!(kind), &json!(297), &json!(1)),
            "{detail}"
        );
        assert_eq!(detail["source_sha256"], json!(source));
        let hash = if text.is_empty() {
            Value::Null
        } else {
            json!(sha256(text))
        };
        assert_eq!(detail["sha256"], hash);
        assert!(
            !detail.to_string().contains("Ask her"),
            "the text itself is not in the log"
        );
        assert_eq!(
            put[0]["says"],
            format!("Put a {kind} on event 297 (entry 297 of source {short}).")
        );
        let mut back = args.clone();
        back.push("--take-back");
        let took = left(&bench, &back);
        assert_eq!(
            (took.len(), &took[0]["action"]),
            (1, &json!("overlay.retract"))
        );
        assert_eq!(took[0]["detail"]["sha256"], hash);
        assert_eq!(
            took[0]["says"],
            format!("Took a {kind} off event 297 (entry 297 of source {short}).")
        );
    }
    assert_eq!(done(&bench, &["verify", "case.wmcase"])["ok"], true);
}

#[test]
fn marks_on_others_and_own_entries_tell_subject_kind_and_hash() {
    let bench = case_of(PAYMONGO, &sample(PAYMONGO));
    bench.run(&["detect", "case.wmcase", "--json"]).json(1);
    let findings = bench.run(&["detect", "case.wmcase", "--json"]).json(1);
    let finding = format!(
        "finding:{}",
        findings["findings"][0]["id"].as_str().unwrap()
    );
    for subject in [
        "actor:Alice Merchant",
        "record:api_key/Secret Key",
        &finding,
    ] {
        for kind in ["note", "tag"] {
            let args = [kind, "case.wmcase", subject, "Ask her"];
            let put = left(&bench, &args);
            assert_eq!(
                (put.len(), &put[0]["action"]),
                (1, &json!("statement.add")),
                "{subject}"
            );
            let detail = &put[0]["detail"];
            assert_eq!(
                (&detail["subject"], &detail["kind"]),
                (&json!(subject), &json!(kind))
            );
            assert_eq!(detail["sha256"], json!(sha256("Ask her")));
            assert_eq!(put[0]["says"], format!("Put a {kind} on {subject}."));
            let took = left(
                &bench,
                &[kind, "case.wmcase", subject, "Ask her", "--take-back"],
            );
            assert_eq!(took[0]["says"], format!("Took a {kind} off {subject}."));
            assert_eq!(took[0]["detail"]["sha256"], detail["sha256"]);
        }
    }
    let put = left(
        &bench,
        &[
            "entry",
            "case.wmcase",
            "2024-04-22 16:00",
            "Called the bank",
        ],
    );
    assert_eq!(put.len(), 1);
    assert_eq!(put[0]["detail"]["kind"], "entry");
    assert_eq!(
        put[0]["says"],
        "Added an entry of their own at 2024-04-22T16:00:00.000000000Z."
    );
    let id = put[0]["detail"]["statement"].to_string();
    let took = left(&bench, &["entry", "case.wmcase", "--take-back", &id]);
    assert_eq!(took[0]["says"], "Took back an entry of their own.");
}

#[test]
fn every_act_on_a_checklist_tells_run_step_and_kind() {
    let bench = case_of(PAYMONGO, &sample(PAYMONGO));
    const NAME: &str = "paymongo-suspected-compromise";
    let begun = left(
        &bench,
        &[
            "checklist",
            "case.wmcase",
            NAME,
            "--subject",
            "actor:Alice Merchant",
        ],
    );
    let says = |entries: &[Value]| -> Vec<String> {
        let each = entries
            .iter()
            .map(|e| e["says"].as_str().unwrap().to_owned());
        each.collect()
    };
    assert_eq!(
        says(&begun)[1],
        format!("Began the checklist {NAME}@2 about actor:Alice Merchant.")
    );
    let run = begun[1]["detail"]["statement"].to_string();
    assert_eq!(begun[2]["detail"]["answers"]["logs"], "yes");
    assert_eq!(begun[2]["detail"]["run"].to_string(), run);
    let on = |more: &[&str]| {
        let mut args = vec!["checklist", "case.wmcase", run.as_str()];
        args.extend(more);
        left(&bench, &args)
    };
    let source = done(&bench, &["sources", "case.wmcase"])["sources"][0]["sha256"].clone();
    let short = &source.as_str().unwrap()[..12];
    let given = on(&["--step", "logs", "--answer", "yes"]);
    assert_eq!(
        says(&given),
        [format!(
            "Confirmed the answer yes at step logs of checklist run {run}."
        )]
    );
    let given = on(&[
        "--step",
        "logs",
        "--answer",
        "no",
        "--note",
        "She was travelling",
    ]);
    assert_eq!(
        says(&given),
        [
            format!(
                "Overrode the answer of the logs with no at step logs of checklist run {run}, with a note."
            ),
            format!("Took back an answer at step logs of checklist run {run}."),
        ]
    );
    let detail = &given[0]["detail"];
    assert_eq!(
        (
            &detail["answer"],
            &detail["logs"],
            &detail["instead_of_an_earlier"]
        ),
        (&json!("no"), &json!("yes"), &json!(true))
    );
    assert_eq!(detail["sha256"].as_str().unwrap().len(), 64);
    assert!(!detail.to_string().contains("travelling"));
    let given = on(&["--step", "support", "--answer", "yes"]);
    assert_eq!(
        says(&given),
        [format!(
            "Gave the answer yes at step support of checklist run {run}."
        )]
    );
    let pinned = on(&["--step", "logs", "--pin", "297"]);
    assert_eq!(
        says(&pinned),
        [format!(
            "Pinned event 297 (entry 297 of source {short}) at step logs of checklist run {run}."
        )]
    );
    assert_eq!(pinned[0]["detail"]["source_sha256"], source);
    let unpinned = on(&["--step", "logs", "--unpin", "297"]);
    assert_eq!(
        says(&unpinned),
        [format!(
            "Took back a pin of event 297 (entry 297 of source {short}) at step logs of checklist run {run}."
        )]
    );
    let back = on(&["--step", "logs", "--take-back"]);
    assert_eq!(
        says(&back),
        [format!(
            "Took back an answer at step logs of checklist run {run}."
        )]
    );
    let again = on(&["--again"]);
    assert_eq!(
        says(&again)[0],
        format!("Asked the logs the questions of checklist run {run}.")
    );
    let printed = on(&["--page", "page.html"]);
    assert_eq!(says(&printed), [format!("Printed checklist run {run}.")]);
    let gone = on(&["--withdraw"]);
    assert!(
        says(&gone).contains(&format!("Took back a run of the checklist {NAME}@2.")),
        "{gone:?}"
    );
    let text = bench
        .run(&["checklist", "case.wmcase", "api-key-leak", "--text"])
        .text();
    bench.file(
        "mine.toml",
        text.replace("id = \"api-key-leak\"", "id = \"mine\""),
    );
    let kept = left(&bench, &["checklist", "case.wmcase", "mine.toml", "--save"]);
    assert_eq!(says(&kept), ["Kept a checklist of their own, mine."]);
    let forgotten = left(&bench, &["checklist", "case.wmcase", "mine", "--forget"]);
    assert_eq!(
        says(&forgotten),
        ["Took back a checklist of their own, mine."]
    );
    assert_eq!(done(&bench, &["verify", "case.wmcase"])["ok"], true);
}

#[test]
fn a_copy_stands_in_the_logs_of_both_cases() {
    let bench = case_of(PAYMONGO, &sample(PAYMONGO));
    done(&bench, &["note", "case.wmcase", "297", "Ask her"]);
    let source = done(&bench, &["sources", "case.wmcase"])["sources"][0]["sha256"].clone();
    let gave = left(
        &bench,
        &["copy", "second.wmcase", "case.wmcase", "--source", "1"],
    );
    assert_eq!(gave.len(), 1, "{gave:?}");
    assert_eq!(gave[0]["action"], "case.copy_to");
    assert_eq!(gave[0]["detail"]["sha256s"], json!([source]));
    assert_eq!(gave[0]["detail"]["marks"], 1);
    let log = done(&bench, &["custody", "second.wmcase"]);
    let entries = log["entries"].as_array().unwrap();
    let took = entries
        .iter()
        .find(|e| e["action"] == "case.copy_from")
        .unwrap();
    assert!(
        took["detail"]
            .as_str()
            .unwrap()
            .contains(source.as_str().unwrap())
    );
    let mark = entries
        .iter()
        .find(|e| e["action"] == "overlay.add")
        .unwrap();
    let says = mark["says"].as_str().unwrap();
    assert!(says.contains("said first by tester@bench"), "{says}");
}

#[test]
fn a_text_that_another_hand_changed_no_longer_has_the_hash_that_was_told() {
    let bench = case_of(PAYMONGO, &sample(PAYMONGO));
    done(
        &bench,
        &["note", "case.wmcase", "297", "Ask her about the 22nd"],
    );
    let mut bytes = std::fs::read(bench.path("case.wmcase")).unwrap();
    let needle = b"Ask her about the 22nd";
    let at = bytes
        .windows(needle.len())
        .position(|w| w == needle)
        .unwrap();
    bytes[at + needle.len() - 3] = b'1';
    std::fs::write(bench.path("changed.wmcase"), bytes).unwrap();
    let verified = bench.run(&["verify", "changed.wmcase", "--json"]);
    assert_ne!(verified.code, 0, "{}", verified.text());
    let said = verified.text();
    assert!(
        said.contains("overlay 1, which the custody log tells of, is missing or another one"),
        "{said}"
    );
}
