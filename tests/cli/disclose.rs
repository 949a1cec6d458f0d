//! Opening a commitment: the holder of the case gives value and salt, the receiver checks them without the case, with our
//! command and with stock tools.
//!
//! Owns: these cases. Never touches: what a policy hides (`redaction`).

use serde_json::{Value, json};

use crate::package::{package, runs, stock_tool, verify};
use crate::redaction::bench;
use crate::{Bench, Ran};

const MARIA: &str = "maria.santos@example.com";

fn disclose(bench: &Bench, args: &[&str]) -> Ran {
    bench.run(&[&["disclose", "case.wmcase"], args, &["--json"]].concat())
}

fn lines(bench: &Bench, name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(bench.path(name)).unwrap();
    text.lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect()
}

/// A package that hides names, and the token that stands for Maria in it.
fn hidden(bench: &Bench) -> String {
    package(bench, "pkg", &["--redact", "external-audit"]);
    let events = lines(bench, "pkg/data/events/events.ndjson");
    events[0]["user"]["email"].as_str().unwrap().to_owned()
}

fn layer(report: &Value) -> Value {
    let layers = report["layers"].as_array().unwrap();
    layers
        .iter()
        .find(|l| l["layer"] == "openings")
        .cloned()
        .unwrap_or_else(|| panic!("no layer of openings: {report}"))
}

/// SHA-256 of salt and bytes by coreutils alone, as docs/package-format.md gives it.
fn by_stock_tools(salt: &str, value: &str) -> String {
    let shell = stock_tool("sh").unwrap_or_else(|| std::process::Command::new("sh"));
    let line =
        "{ printf %s \"$1\" | tr a-f A-F | basenc -d --base16; printf %s \"$2\"; } | sha256sum";
    let (ok, said) = runs(
        shell,
        &["-c", line, "sh", salt, value],
        std::path::Path::new("/"),
    );
    assert!(ok, "{said}");
    said[..64].to_owned()
}

#[test]
fn a_pseudonym_is_opened_and_checked_without_the_case() {
    let bench = bench();
    let token = hidden(&bench);
    let opened = disclose(&bench, &["pkg", "--token", &token, "--out", "open.ndjson"]).json(0);
    let values = opened["values"].as_array().unwrap();
    let names: Vec<&str> = values
        .iter()
        .map(|v| v["value"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&MARIA) && names.contains(&"Maria Sántos"),
        "{names:?}"
    );
    assert!(
        names.contains(&"Maria.Santos@example.com"),
        "as it stands in the case: {names:?}"
    );
    assert!(
        !opened.to_string().contains("bob@example.com"),
        "nobody else: {opened}"
    );
    assert_eq!(opened["unopened"], json!([]));
    let held: Vec<Value> = lines(&bench, "pkg/data/redaction/redactions.ndjson");
    for value in values {
        assert!(
            held.iter()
                .any(|h| h["commitment"] == value["commitment"]
                    && h["replacement"] == token.as_str()),
            "{value}"
        );
        assert_eq!(
            by_stock_tools(
                value["salt"].as_str().unwrap(),
                value["value"].as_str().unwrap()
            ),
            value["commitment"].as_str().unwrap()
        );
    }
    // The receiver has the package and the file, and no case.
    let receiver = Bench::new();
    let sent = receiver.path("sent");
    let (ok, said) = runs(
        std::process::Command::new("cp"),
        &["-r", "pkg", sent.to_str().unwrap()],
        &bench.path("."),
    );
    assert!(ok, "{said}");
    std::fs::copy(bench.path("open.ndjson"), receiver.path("open.ndjson")).unwrap();
    let report = receiver
        .run(&["verify", "sent", "--openings", "open.ndjson", "--json"])
        .json(0);
    let held = layer(&report);
    assert_eq!(held["ok"], true);
    assert!(held["detail"].as_str().unwrap().contains(MARIA), "{held}");
    // Its own log tells of it, and of no value.
    let log = bench.run(&["custody", "case.wmcase", "--json"]).json(0);
    let entry = log["entries"].as_array().unwrap().iter();
    let entry = entry.rev().find(|e| e["action"] == "disclose").unwrap();
    assert_eq!(entry["seq"], opened["recorded"]);
    assert!(!entry.to_string().contains("aria"), "{entry}");
    assert!(
        entry["says"]
            .as_str()
            .unwrap()
            .contains(&format!("{} values", values.len())),
        "{entry}"
    );
    assert_eq!(verify(&bench, "case.wmcase", &[]).json(0)["ok"], true);
    // Opening is no change of the case: the same package again is the same to the byte.
    package(&bench, "again", &["--redact", "external-audit"]);
    let id = |name: &str| std::fs::read(bench.path(name).join("manifest-sha256.txt")).unwrap();
    assert_eq!(id("pkg"), id("again"));
}

#[test]
fn an_opening_that_was_changed_or_is_of_another_package_is_told() {
    let bench = bench();
    let token = hidden(&bench);
    disclose(&bench, &["pkg", "--value", MARIA, "--out", "open.ndjson"]).json(0);
    let good = std::fs::read_to_string(bench.path("open.ndjson")).unwrap();
    let check = |text: &str, package: &str| {
        bench.file("tried.ndjson", text);
        let ran = bench.run(&["verify", package, "--openings", "tried.ndjson", "--json"]);
        let report = ran.json(1);
        assert_eq!(report["ok"], false);
        let others = report["layers"].as_array().unwrap().iter();
        let mut failed = others.filter(|l| l["ok"] == false);
        let only = failed.next().unwrap();
        assert_eq!(only["layer"], "openings", "{report}");
        assert!(failed.next().is_none(), "{report}");
        only["detail"].as_str().unwrap().to_owned()
    };
    let said = check(&good.replace(MARIA, "maria.santoz@example.com"), "pkg");
    assert!(
        said.contains("is not the one that was committed to"),
        "{said}"
    );
    let salt = lines(&bench, "open.ndjson")[0]["salt"]
        .as_str()
        .unwrap()
        .to_owned();
    let said = check(&good.replace(&salt, &"0".repeat(64)), "pkg");
    assert!(
        said.contains("is not the one that was committed to"),
        "{said}"
    );
    let events = lines(&bench, "pkg/data/events/events.ndjson");
    let bob = events[2]["user"]["email"].as_str().unwrap();
    let said = check(&good.replace(&token, bob), "pkg");
    assert!(
        said.contains("the package holds this commitment for"),
        "{said}"
    );
    let said = check("", "pkg");
    assert!(said.contains("hold no line"), "{said}");
    let said = check("{\"kind\":\"value\"}\n", "pkg");
    assert!(said.contains("line 1 of the openings is none"), "{said}");
    package(&bench, "open", &[]);
    let said = check(&good, "open");
    assert!(said.contains("hides nothing"), "{said}");
    let fresh = self::bench();
    package(&fresh, "pkg", &["--redact", "external-audit"]);
    let (ok, _) = runs(
        std::process::Command::new("cp"),
        &["-r", fresh.path("pkg").to_str().unwrap(), "other"],
        &bench.path("."),
    );
    assert!(ok);
    let said = check(&good, "other");
    assert!(said.contains("no such commitment"), "{said}");
    let said = check(&good, "case.wmcase");
    assert!(said.contains("a case holds no commitments"), "{said}");
}

#[test]
fn an_entry_is_opened_by_the_event_that_it_stands_behind() {
    let bench = bench();
    hidden(&bench);
    let event =
        lines(&bench, "pkg/data/events/events.ndjson")[1]["witnessmark"]["event"].to_string();
    let opened = disclose(&bench, &["pkg", "--event", &event, "--out", "open.ndjson"]).json(0);
    let entry = &opened["entries"][0];
    let raw = bench.run(&["raw", "case.wmcase", &event]).stdout;
    assert_eq!(entry["text"].as_str().unwrap().as_bytes(), raw);
    let report = bench
        .run(&["verify", "pkg", "--openings", "open.ndjson", "--json"])
        .json(0);
    assert_eq!(layer(&report)["ok"], true);
    let other = std::fs::read_to_string(bench.path("open.ndjson")).unwrap();
    bench.file(
        "other.ndjson",
        other.replace("payout_account", "payout_accound"),
    );
    let report = bench
        .run(&["verify", "pkg", "--openings", "other.ndjson", "--json"])
        .json(1);
    assert!(
        layer(&report)["detail"]
            .as_str()
            .unwrap()
            .contains(&format!("event {event}"))
    );
    let missing = disclose(&bench, &["pkg", "--event", "999"]).error();
    assert_eq!(missing["code"], "no_such_item");
}

#[test]
fn only_a_package_of_this_case_as_it_was_written_is_opened() {
    let bench = bench();
    let token = hidden(&bench);
    let size = || bench.run(&["custody", "case.wmcase", "--json"]).json(0)["size"].clone();
    let refused = |args: &[&str], code: &str, says: &str| {
        let error = disclose(&bench, args).error();
        assert_eq!(error["code"], code, "{error}");
        assert!(error["message"].as_str().unwrap().contains(says), "{error}");
    };
    // One value under the name of another: the commitment of a line is put in the place of another's.
    let path = bench.path("pkg/data/redaction/redactions.ndjson");
    let good = std::fs::read_to_string(&path).unwrap();
    let all = lines(&bench, "pkg/data/redaction/redactions.ndjson");
    let of = |t: &str| {
        all.iter().find(|l| l["replacement"] == t).unwrap()["commitment"]
            .as_str()
            .unwrap()
    };
    let other = all
        .iter()
        .find(|l| l["replacement"] != token.as_str())
        .unwrap();
    std::fs::write(
        &path,
        good.replace(of(&token), other["commitment"].as_str().unwrap()),
    )
    .unwrap();
    refused(
        &["pkg", "--token", &token],
        "invalid_option",
        "as it stands",
    );
    std::fs::write(&path, good).unwrap();
    let stranger = self::bench();
    let theirs = hidden(&stranger);
    let place = stranger.path("pkg");
    refused(
        &[place.to_str().unwrap(), "--token", &theirs],
        "invalid_option",
        "that this case wrote",
    );
    refused(
        &["pkg", "--token", "actor-AAAAA-AAAAA"],
        "no_such_item",
        "has no pseudonym",
    );
    refused(
        &["pkg", "--value", "nobody@example.com"],
        "no_such_item",
        "hides no value",
    );
    refused(
        &["pkg", "--commitment", &"0".repeat(64)],
        "no_such_item",
        "holds no commitment",
    );
    let removed = all.iter().find(|l| l["do"] != "pseudonym").unwrap();
    refused(
        &["pkg", "--token", removed["replacement"].as_str().unwrap()],
        "invalid_option",
        "is no pseudonym",
    );
    assert_eq!(disclose(&bench, &["pkg"]).code, 2, "nothing was named");
    package(&bench, "open", &[]);
    refused(
        &["open", "--value", MARIA],
        "invalid_option",
        "hides nothing",
    );
    let before = size();
    disclose(
        &bench,
        &[
            "pkg",
            "--commitment",
            removed["commitment"].as_str().unwrap(),
        ],
    )
    .json(0);
    // Opening the case and opening the value are an entry each at most.
    assert!(size().as_u64().unwrap() > before.as_u64().unwrap());
    let log = bench.run(&["custody", "case.wmcase", "--json"]).json(0);
    let told = log["entries"].as_array().unwrap().iter();
    assert_eq!(
        told.filter(|e| e["action"] == "disclose").count(),
        1,
        "what was refused left nothing"
    );
}
