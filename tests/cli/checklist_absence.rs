//! Nothing found is no answer where a log would not show it; and answers that no longer rest on the data that is there.
//!
//! Owns: these cases. Never touches: the engine.

use serde_json::{Value, json};

use crate::Bench;
use crate::checklist::{PAYMONGO, ask, case_of, lines, sample, step};
use crate::checklist_worlds::{at, office_days, quiet};

fn answer<'r>(report: &'r Value, id: &str) -> (&'r str, &'r str) {
    let step = step(report, id);
    (
        step["answer"].as_str().unwrap(),
        step["reason"].as_str().unwrap(),
    )
}

/// The step cannot be told, and the reason says this.
fn untold(report: &Value, id: &str, says: &str) {
    let (answer, reason) = answer(report, id);
    assert_eq!(answer, "cannot_tell", "{id}: {reason}");
    assert!(reason.contains(says), "{id}: `{says}` in: {reason}");
    assert_eq!(step(report, id)["statement"], "", "{id}");
}

#[test]
fn a_log_that_nobody_described_and_that_holds_nothing_of_the_kind_gives_no_no() {
    // Five weeks of one sign-in a day, in a log of an unknown system.
    let mut text = "when,who,what,from_ip\n".to_owned();
    for day in 1..=30 {
        text.push_str(&format!(
            "2024-04-{day:02}T08:00:00Z,ann@example.com,login,203.0.113.45\n"
        ));
    }
    let bench = case_of("unknown.csv", &text);
    let args = [
        "--subject",
        "actor:ann@example.com",
        "--from",
        "2024-04-20",
        "--to",
        "2024-04-30",
    ];
    let report = ask(&bench, "api-key-leak", &args);
    untold(&report, "seen", "by anybody at any time");
    untold(&report, "made", "by anybody at any time");
    let report = ask(&bench, "insider-export", &args);
    untold(&report, "exports", "events such as an export");
    untold(&report, "traces", "deletions");
    untold(&report, "kinds", "Only 19 of the 90 days before");
    let report = ask(&bench, "leaver-still-active", &args);
    untold(
        &report,
        "let-in",
        "such as an invitation or permission given",
    );
    // One such event by anybody, long before, shows that the log records such things.
    text.push_str("2024-04-02T09:00:00Z,bo@example.com,export,203.0.113.46\n");
    let bench = case_of("unknown.csv", &text);
    let report = ask(&bench, "insider-export", &args);
    assert_eq!(
        answer(&report, "exports").0,
        "no",
        "{}",
        answer(&report, "exports").1
    );
}

#[test]
fn a_log_of_sign_ins_or_of_changes_only_says_nothing_of_the_other() {
    let github = case_of("github.ndjson", &sample("github-audit.ndjson"));
    let span = ["--from", "2024-04-10", "--to", "2024-04-26"];
    let mut args = vec!["--subject", "actor:bo-s"];
    args.extend(span);
    let report = ask(&github, "account-takeover", &args);
    untold(&report, "unfamiliar", "GitHub audit log holds no sign-ins");
    untold(&report, "guessed", "failed sign-ins");
    let okta = case_of("okta.json", &sample("okta-system-log.json"));
    let report = ask(&okta, "payout-diversion", &span);
    untold(&report, "route", "Okta System Log holds no");
    untold(&report, "unfamiliar", "Okta System Log holds no");
}

#[test]
fn a_package_says_nothing_of_what_its_scope_leaves_out() {
    let bench = case_of(PAYMONGO, &sample(PAYMONGO));
    bench
        .run(&[
            "package",
            "case.wmcase",
            "logins",
            "--query",
            "action:Login",
            "--json",
        ])
        .json(0);
    let brought = bench.run(&["import", "second.wmcase", "logins", "--json"]);
    assert_eq!(brought.code, 0, "{}", brought.stderr);
    std::fs::rename(bench.path("second.wmcase"), bench.path("case.wmcase")).unwrap();
    let span = [
        "--subject",
        "actor:Alice Merchant",
        "--from",
        "2024-04-12",
        "--to",
        "2024-04-26",
    ];
    let report = ask(&bench, "api-key-leak", &span);
    untold(&report, "seen", "keys being made or looked at");
    let report = ask(&bench, "payout-diversion", &span);
    untold(&report, "route", "Witnessmark package holds no");
}

#[test]
fn what_one_log_covers_is_not_covered_by_another_of_the_same_system() {
    let audit = sample("edfapay-audit.csv");
    let bench = case_of("audit.csv", &audit);
    let early = |line: &str| !line.contains("2024-04-1") && !line.contains("2024-04-2");
    let threats = bench.file("threats.json", lines("edfapay-threats.json", early));
    bench.import(&threats, &[]).json(0);
    let span = ["--from", "2024-04-18", "--to", "2024-04-26"];
    let report = ask(&bench, "integration-errors", &span);
    untold(&report, "keys", "EdfaPay logs, threat has no events after");
    untold(
        &report,
        "production",
        "EdfaPay logs, threat has no events after",
    );
    let logs = step(&report, "keys")["coverage"]["logs"]
        .as_array()
        .unwrap();
    let named: Vec<&Value> = logs.iter().map(|l| &l["system"]).collect();
    assert_eq!(
        named,
        [
            &json!("EdfaPay logs, audit"),
            &json!("EdfaPay logs, threat")
        ]
    );
}

#[test]
fn a_log_of_which_much_could_not_be_read_gives_no_no() {
    let torn = "{\"@timestamp\": \"2024-04-20T08:00:00Z\", \"event\": {\"action\": \"api_key.v\n";
    let span = ["--from", "2024-04-15", "--to", "2024-04-25"];
    for (times, wanted) in [(1, "no"), (40, "cannot_tell")] {
        let bench = Bench::new();
        let file = bench.file("events.ndjson", quiet().text() + &torn.repeat(times));
        let receipt = bench.import(&file, &[]).json(3);
        assert_eq!(receipt["sources"][0]["rejected"], times);
        let report = ask(&bench, "api-key-leak", &span);
        let (answer, reason) = answer(&report, "seen");
        assert_eq!(answer, wanted, "{reason}");
        if times > 1 {
            assert!(reason.contains("40 of its "), "{reason}");
        }
    }
}

#[test]
fn sign_ins_that_cannot_be_judged_leave_what_followed_them_open() {
    // Ann's first days have no history to be held against; the one unfamiliar sign-in comes on day fifty and does nothing.
    let mut world = quiet();
    world.intrude(50, 3, "ann");
    let bench = case_of("events.ndjson", &world.text());
    let whole = ask(&bench, "account-takeover", &["--subject", "actor:ann"]);
    assert_eq!(answer(&whole, "unfamiliar").0, "yes");
    for id in ["foothold", "money", "data"] {
        untold(&whole, id, "cannot be judged, so what followed them");
    }
    let late = ask(
        &bench,
        "account-takeover",
        &["--subject", "actor:ann", "--from", "2024-04-15"],
    );
    for id in ["foothold", "money", "data"] {
        assert_eq!(answer(&late, id).0, "no", "{}", answer(&late, id).1);
    }
}

#[test]
fn what_was_done_after_a_sign_in_without_its_session_counts_too() {
    let mut world = quiet();
    world.intrude(50, 3, "ann");
    let place = json!({"session": Value::Null, "source": {"ip": "198.51.100.77"}});
    world.act(
        &at(50, 3, 20),
        "ann",
        ("payout_account.update", "payout", "update"),
        place,
    );
    let bench = case_of("events.ndjson", &world.text());
    let report = ask(
        &bench,
        "account-takeover",
        &["--subject", "actor:ann", "--from", "2024-04-15"],
    );
    assert_eq!(
        answer(&report, "money").0,
        "yes",
        "{}",
        answer(&report, "money").1
    );
}

/// A checklist of one's own about an address: steps of rows and of findings.
#[test]
fn about_an_address_the_history_of_everybody_counts() {
    let bench = case_of("events.ndjson", &office_days(40, 54).text());
    bench.file(
        "mine.toml",
        "language = 1\n[checklist]\nid = \"mine\"\nversion = 1\ntitle = \"Mine\"\nwhen = \"Now.\"\nabout = [\"address\"]\n\
         [[step]]\nid = \"hours\"\ntitle = \"Hours\"\nquestion = \"Unusual hours?\"\n[step.yes]\nmeans = \"Yes.\"\n[step.no]\nmeans = \"No.\"\n[step.cannot_tell]\nmeans = \"?\"\n\
         [[step.look]]\nkind = \"detections\"\nwhat = \"finding of unusual hours\"\ndetections = [\"off_hours\"]\n",
    );
    let report = ask(&bench, "mine.toml", &["--subject", "address:203.0.113.45"]);
    assert_eq!(
        answer(&report, "hours").0,
        "cannot_tell",
        "{}",
        answer(&report, "hours").1
    );
}

#[test]
fn a_step_goes_stale_when_a_source_is_read_anew_or_taken_out_and_not_by_what_does_not_concern_it() {
    let early = lines(PAYMONGO, |l| l < "2024-04-22 20");
    let bench = case_of("april.csv", &early);
    let github = bench.file("github.ndjson", sample("github-audit.ndjson"));
    bench.import(&github, &[]).json(0);
    let args = ["--subject", "actor:Alice Merchant", "--from", "2024-04-12"];
    let run = ask(&bench, "paymongo-suspected-compromise", &args)["run"].to_string();
    let stale = |id: &str| -> Value { step(&ask(&bench, &run, &[]), id)["stale"].clone() };
    let run_on = |args: &[&str]| {
        let ran = bench.run(args);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    };
    // Another system: taken out, read anew, brought again.
    run_on(&[
        "withdraw",
        "case.wmcase",
        "2",
        "--why",
        "not ours",
        "--json",
    ]);
    bench.import(&bench.path("github.ndjson"), &[]).json(0);
    run_on(&["reread", "case.wmcase", "3", "--zone", "UTC", "--json"]);
    assert_eq!(stale("logs"), Value::Null);
    assert_eq!(stale("password"), Value::Null);
    // A log of another kind that does not concern anybody here, and a note, leave it as it is.
    run_on(&["note", "case.wmcase", "5", "Looked at", "--json"]);
    assert_eq!(stale("logs"), Value::Null);
    // Its own source in another zone.
    run_on(&["reread", "case.wmcase", "1", "--zone", "UTC", "--json"]);
    for id in ["password", "logs", "keys", "investigation"] {
        assert_eq!(
            stale(id)["text"],
            "Source 1 (april.csv) was read anew since.",
            "{id}"
        );
        assert_eq!(stale(id)["sources"], json!([1]));
    }
    assert_eq!(stale("support"), Value::Null, "no log answers it");
    let again = ask(&bench, &run, &["--again"]);
    assert_eq!(again["stale"], 0, "asked again, it rests on what is there");
    run_on(&[
        "withdraw",
        "case.wmcase",
        "1",
        "--why",
        "not ours",
        "--json",
    ]);
    assert_eq!(
        stale("logs")["text"],
        "Source 1 (april.csv) was taken out since."
    );
    let again = ask(&bench, &run, &["--again"]);
    assert_eq!(answer(&again, "logs").0, "cannot_tell");
    assert_eq!(
        step(&again, "logs")["changed"]["answer"],
        "no",
        "and says what it was"
    );
}

#[test]
fn a_pin_finds_its_entry_again_when_a_source_comes_back() {
    let bench = case_of(PAYMONGO, &sample(PAYMONGO));
    bench.file(PAYMONGO, sample(PAYMONGO));
    let report = ask(
        &bench,
        "paymongo-suspected-compromise",
        &["--subject", "actor:Alice Merchant"],
    );
    let run = report["run"].to_string();
    ask(&bench, &run, &["--step", "logs", "--pin", "297"]);
    bench
        .run(&[
            "withdraw",
            "case.wmcase",
            "1",
            "--why",
            "wrong export",
            "--json",
        ])
        .json(0);
    bench
        .import(&bench.path(PAYMONGO), &["--zone", "Asia/Manila"])
        .json(0);
    let back = ask(&bench, &run, &[]);
    let pin = step(&back, "logs")["pins"][0].as_u64().unwrap();
    assert_ne!(pin, 297, "numbers are never used again");
    let row = &step(&back, "logs")["rows"][0];
    assert_eq!(
        (&row["event"], &row["action"]),
        (&json!(pin), &json!("Login")),
        "{row}"
    );
    let off = ask(
        &bench,
        &run,
        &["--step", "logs", "--unpin", &pin.to_string()],
    );
    assert_eq!(step(&off, "logs")["pins"], json!([]));
}

#[test]
fn history_that_arrives_concerns_what_is_judged_against_it_and_a_new_system_that_names_the_subject_too()
 {
    let late = lines(PAYMONGO, |l| l >= "2024-04-12");
    let bench = case_of("late.csv", &late);
    let args = ["--subject", "actor:Alice Merchant", "--from", "2024-04-20"];
    let leak = ask(&bench, "api-key-leak", &args);
    let run = leak["run"].to_string();
    untold(&leak, "unfamiliar", "");
    let march = bench.file("march.csv", lines(PAYMONGO, |l| l < "2024-04-12"));
    bench.import(&march, &["--zone", "Asia/Manila"]).json(0);
    let report = ask(&bench, &run, &[]);
    let said = step(&report, "unfamiliar")["stale"]["text"]
        .as_str()
        .unwrap();
    assert!(said.contains("source 2 (march.csv)"), "{said}");
    assert_eq!(
        step(&report, "seen")["stale"],
        Value::Null,
        "its span is elsewhere"
    );
    let report = ask(&bench, &run, &["--again"]);
    assert_eq!(report["stale"], 0);
    // A system that was not there before, with an event of hers in the span.
    let other = bench.file("okta.json", sample("okta-system-log.json"));
    bench.import(&other, &[]).json(0);
    let report = ask(&bench, &run, &[]);
    let said = step(&report, "seen")["stale"]["text"].as_str().unwrap();
    assert!(
        said.contains("concerning this arrived since with source 3 (okta.json)"),
        "{said}"
    );
}

/// Forty mornings of two people in the documented columns of PayMongo, then further lines.
fn mornings(more: &[&str]) -> String {
    let mut text = "Timestamp,Event type,User,Device,IP address,Details\n".to_owned();
    for day in 0..40 {
        let (month, day) = if day < 31 {
            (3, day + 1)
        } else {
            (4, day - 30)
        };
        for (who, address, minute) in [("alice", "203.0.113.45", 0), ("bob", "203.0.113.46", 5)] {
            text.push_str(&format!(
                "2024-{month:02}-{day:02} 09:{minute:02}:00,Login,{who}@example.com,Safari on macOS,{address},\n"
            ));
        }
    }
    for line in more {
        text.push_str(line);
        text.push('\n');
    }
    text
}

fn of_alice(more: &[&str], checklist: &str, span: &[&str]) -> Value {
    let bench = case_of(PAYMONGO, &mornings(more));
    let mut args = vec!["--subject", "actor:alice@example.com"];
    args.extend(span);
    ask(&bench, checklist, &args)
}

const INTRUDER: &str =
    "2024-04-08 03:10:00,Login,alice@example.com,Chrome on Windows,198.51.100.7,";
const VIEW: &str = "2024-04-08 03:40:00,API Key Viewed,alice@example.com,,,Live secret key";

#[test]
fn a_span_in_which_a_log_is_silent_gives_no_no() {
    // Behind the last event.
    let report = of_alice(
        &[INTRUDER, VIEW],
        "paymongo-suspected-compromise",
        &["--from", "2024-05-01"],
    );
    untold(&report, "logs", "after ");
    assert!(!report.to_string().contains("4294967295"), "{report}");
    // Before the first.
    let report = of_alice(&[], "api-key-leak", &["--to", "2024-01-01"]);
    untold(&report, "seen", "before ");
    // A hole that is shorter than what counts as a gap, asked about alone.
    let days = mornings(&[VIEW]);
    let holed: Vec<&str> = days
        .lines()
        .filter(|l| !(25..=30).any(|d| l.starts_with(&format!("2024-03-{d}"))))
        .collect();
    let bench = case_of(PAYMONGO, &(holed.join("\n") + "\n"));
    let report = ask(
        &bench,
        "api-key-leak",
        &[
            "--subject",
            "actor:alice@example.com",
            "--from",
            "2024-03-25",
            "--to",
            "2024-03-31",
        ],
    );
    untold(&report, "seen", "between 25 Mar");
}

#[test]
fn who_came_just_before_the_span_is_not_forgotten() {
    let span = ["--from", "2024-04-08T03:30"];
    let report = of_alice(&[INTRUDER, VIEW], "paymongo-suspected-compromise", &span);
    untold(&report, "logs", "before the span");
    assert_ne!(step(&report, "logs")["sign"], "reassuring");
}

#[test]
fn what_names_nobody_or_has_no_meaning_may_be_the_subjects() {
    let span = ["--from", "2024-03-25"];
    let nobody = "2024-04-05 10:00:00,API Key Viewed,,,,Live secret key";
    let report = of_alice(&[nobody], "api-key-leak", &span);
    untold(&report, "seen", "names nobody");
    let unknown = "2024-04-05 10:00:00,Secret key revealed,alice@example.com,,,Live secret key";
    let report = of_alice(&[unknown], "api-key-leak", &span);
    untold(&report, "seen", "Secret key revealed (1)");
}

#[test]
fn acts_without_a_session_long_after_an_unfamiliar_sign_in_leave_a_doubt() {
    let later =
        "2024-04-09 09:45:00,Payout Account Updated,alice@example.com,,,Bank account changed";
    let report = of_alice(
        &[INTRUDER, later],
        "account-takeover",
        &["--from", "2024-03-25"],
    );
    untold(&report, "money", "more than 24 hours later");
}

#[test]
fn a_password_that_is_only_spoken_of_was_not_changed() {
    for line in [
        "2024-04-08 09:50:00,Login,alice@example.com,Safari on macOS,203.0.113.45,Signed in with password and OTP",
        "2024-04-08 09:50:00,Created a link,alice@example.com,,,Payment for password manager",
    ] {
        let report = of_alice(
            &[INTRUDER, line],
            "paymongo-suspected-compromise",
            &["--from", "2024-03-25"],
        );
        let (answer, reason) = answer(&report, "password");
        assert_eq!(answer, "no", "{line}: {reason}");
    }
}
