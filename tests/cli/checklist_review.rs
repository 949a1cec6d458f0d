//! Checklists where an answer would say more than the logs do: keys made anew and never viewed, two names of one person, two
//! accounts in one case, a file under a name of the program; and answers whose basis is another since.
//!
//! Owns: these cases. Never touches: the engine.

use serde_json::{Value, json};
use witnessmark_tests::addresses;

use crate::checklist::{PAYMONGO, SHIPPED, ask, case_of, sample, step};
use crate::{Bench, Ran};

const ALICE: [&str; 4] = ["--subject", "actor:Alice Merchant", "--from", "2024-04-12"];

impl Ran {
    /// The answer, worrying or not.
    fn done(&self) -> Value {
        assert!(self.code == 0 || self.code == 1, "{}", self.stderr);
        self.json(self.code)
    }
}

fn reason<'r>(report: &'r Value, id: &str, answer: &str) -> &'r str {
    let step = step(report, id);
    let reason = step["reason"].as_str().unwrap();
    assert_eq!(step["answer"], answer, "{id}: {reason}");
    reason
}

#[test]
fn a_key_that_was_made_anew_and_never_viewed_is_seen() {
    const VIEW: &str = "2024-04-22 21:06:42,API Key Viewed,Alice Merchant,,,Secret Key";
    const ANEW: &str = "2024-04-22 21:06:42,API Key Regenerated,Alice Merchant,,,Secret Key";
    let text = sample(PAYMONGO);
    assert!(text.contains(VIEW));
    let keys = |text: &str| {
        let bench = case_of(PAYMONGO, text);
        step(&ask(&bench, SHIPPED[0], &ALICE), "keys").clone()
    };
    let only_anew = keys(&text.replace(VIEW, ANEW));
    assert_eq!(only_anew["answer"], "yes", "{}", only_anew["reason"]);
    assert_eq!(
        (&only_anew["count"], &only_anew["needs_person"]),
        (&json!(1), &json!(true))
    );
    let rows = only_anew["rows"].to_string();
    assert!(rows.contains("regenerated"), "{rows}");
    // A view after it is what counts where there is one.
    let before = keys(&text.replace(
        VIEW,
        &format!("{}\n{VIEW}", ANEW.replace("21:06:42", "21:05:00")),
    ));
    assert_eq!(before["answer"], "no", "{}", before["reason"]);
    assert_eq!(before["sign"], "worrying");
    let after = keys(&text.replace(
        VIEW,
        &format!("{VIEW}\n{}", ANEW.replace("21:06:42", "21:07:00")),
    ));
    assert_eq!(after["answer"], "yes", "{}", after["reason"]);
    // Neither viewed nor made anew: there was no reason to.
    let neither = keys(&text.replace(&format!("{VIEW}\n"), ""));
    assert_eq!(neither["found"]["unneeded"], true, "{neither}");
}

#[test]
fn a_file_under_the_id_of_a_shipped_checklist_is_refused_unless_it_is_that_checklist() {
    let bench = case_of(PAYMONGO, &sample(PAYMONGO));
    let run =
        |args: &[&str]| bench.run(&[&["checklist", "case.wmcase"], args, &["--json"]].concat());
    let text = run(&[SHIPPED[0], "--text"]).text();
    bench.file("same.toml", &text);
    let same = ask(&bench, "same.toml", &ALICE);
    assert_eq!(same["checklist"], SHIPPED[0]);
    let other = text.replace("sign = \"worrying\"", "sign = \"neutral\"");
    let line = 1 + text[..text.find("id = ").unwrap()].matches('\n').count() as u64;
    bench.file("mine/other.toml", &other);
    for args in [
        vec!["mine/other.toml"],
        vec!["mine/other.toml", "--look"],
        vec![SHIPPED[0], "--checklists", "mine"],
    ] {
        let refused = run(&args).error();
        assert_eq!(refused["code"], "invalid_option", "{refused}");
        let message = refused["message"].as_str().unwrap();
        assert!(
            message.contains("is a checklist of the program; give yours a name of its own"),
            "{message}"
        );
        assert_eq!(refused["where"]["line"].as_u64(), Some(line), "{refused}");
    }
    // Others of the folder and of the program are not spoiled by it.
    let args = [
        &["api-key-leak", "--checklists", "mine", "--look"],
        &ALICE[..],
    ]
    .concat();
    assert_eq!(run(&args).done()["checklist"], "api-key-leak");
    let listed = run(&["--checklists", "mine"]).json(0);
    assert_eq!(listed["refused"][0]["key"], "checklist.id", "{listed}");
    let of_program = &listed["checklists"][0];
    assert_eq!(
        (&of_program["id"], &of_program["shipped"]),
        (&json!(SHIPPED[0]), &json!(true))
    );
}

#[test]
fn another_answer_than_that_of_the_logs_needs_a_note() {
    let bench = case_of(PAYMONGO, &sample(PAYMONGO));
    let report = ask(&bench, SHIPPED[0], &ALICE);
    let number = report["run"].to_string();
    reason(&report, "logs", "yes");
    let answer = |step: &str, more: &[&str]| {
        let args = [
            "checklist",
            "case.wmcase",
            &number,
            "--json",
            "--step",
            step,
        ];
        bench.run(&[&args[..], more].concat())
    };
    for more in [
        vec!["--answer", "no"],
        vec!["--answer", "cannot_tell", "--note", "  "],
    ] {
        let refused = answer("logs", &more).error();
        assert_eq!(refused["code"], "invalid_option");
        assert!(
            refused["message"]
                .as_str()
                .unwrap()
                .contains("needs a note: they answer yes"),
            "{refused}"
        );
    }
    assert_eq!(
        step(&ask(&bench, &number, &[]), "logs")["given"],
        Value::Null
    );
    let agreed = answer("logs", &["--answer", "yes"]).done();
    assert_eq!(step(&agreed, "logs")["given"]["overrides"], false);
    let other = answer("logs", &["--answer", "no", "--note", "It was she"]).done();
    assert_eq!(step(&other, "logs")["given"]["overrides"], true);
    // Where only a person can answer, there is no answer of the logs to say otherwise than.
    answer("support", &["--answer", "yes"]).done();
}

/// A log of nobody's system, one row a day for each of these, and an export by the last.
fn daily(
    header: &str,
    days: std::ops::RangeInclusive<u32>,
    row: &dyn Fn(u32, &str) -> String,
    who: &[&str],
) -> String {
    let mut text = format!("{header}\n");
    let first = *days.start();
    for day in days {
        for one in who {
            text.push_str(&row(day, one));
            text.push('\n');
        }
    }
    let last = who.last().unwrap();
    text.push_str(
        &row(first, last)
            .replace("login", "export")
            .replace("08:00", "09:00"),
    );
    text.push('\n');
    text
}

fn with_email(day: u32, who: &str) -> String {
    format!("2024-04-{day:02}T08:00:00Z,{who}@example.com,{who} lee,login,203.0.113.45")
}

const EMAIL: &str = "time,actor_email,actor_name,action,source_ip";

#[test]
fn somebody_who_may_be_the_same_person_makes_an_absence_say_nothing_until_they_are_joined() {
    let by_name =
        |day: u32, who: &str| format!("2024-04-{day:02}T08:30:00Z,{who} lee,login,203.0.113.45");
    let bench = Bench::new();
    let one = bench.file("one.csv", daily(EMAIL, 1..=30, &with_email, &["ann", "bo"]));
    bench.import(&one, &[]).json(0);
    let span = [
        "--subject",
        "actor:ann@example.com",
        "--from",
        "2024-04-10",
        "--to",
        "2024-04-29",
    ];
    let alone = ask(&bench, "insider-export", &span);
    reason(&alone, "exports", "no");
    let two = bench.file(
        "two.csv",
        daily(
            "time,actor_name,action,source_ip",
            1..=30,
            &by_name,
            &["ann", "cy"],
        ),
    );
    bench.import(&two, &[]).json(0);
    let report = ask(&bench, "insider-export", &[&span[..], &["--look"]].concat());
    let said = reason(&report, "exports", "cannot_tell");
    assert!(
        said.contains("`ann lee`, with 30 events, may be the same person and is not joined"),
        "{said}"
    );
    assert!(
        said.contains("stands beside the e-mail ann@example.com"),
        "{said}"
    );
    assert_eq!(step(&report, "exports")["statement"], "");
    // What it says to do is what can be done.
    let keys: Vec<&str> = said.split('\'').collect();
    bench
        .run(&["merge", "case.wmcase", keys[1], keys[3], "--json"])
        .json(0);
    // The answer that stood was about somebody else; it says so.
    let number = alone["run"].to_string();
    let stale = ask(&bench, &number, &[]);
    let text = step(&stale, "exports")["stale"]["text"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(text.contains("the subject is others than it was"), "{text}");
    let again = ask(&bench, &number, &["--again"]);
    reason(&again, "exports", "no");
    assert_eq!(step(&again, "exports")["stale"], Value::Null);
    assert!(
        step(&again, "exports")["statement"]
            .as_str()
            .unwrap()
            .contains("source 2"),
        "both logs are in question"
    );
    // Somebody whom nothing ties to another is not concerned.
    let bo = ask(
        &bench,
        "insider-export",
        &[
            "--subject",
            "actor:cy lee",
            "--from",
            "2024-04-10",
            "--to",
            "2024-04-29",
            "--look",
        ],
    );
    reason(&bo, "exports", "no");
}

#[test]
fn what_one_account_covers_is_not_covered_by_another_account_of_the_same_system() {
    let case = |second: &[&str], extra: &[&str]| {
        let bench = Bench::new();
        let one = bench.file("one.csv", daily(EMAIL, 1..=20, &with_email, &["ann", "bo"]));
        let two = bench.file("two.csv", daily(EMAIL, 12..=30, &with_email, second));
        bench.import(&one, extra).json(0);
        bench.import(&two, extra).json(0);
        bench
    };
    let span = [
        "--subject",
        "actor:ann@example.com",
        "--from",
        "2024-04-05",
        "--to",
        "2024-04-30",
    ];
    let of = |bench: &Bench| step(&ask(bench, "insider-export", &span), "exports").clone();
    let apart = of(&case(&["cy", "dee"], &[]));
    assert_eq!(apart["answer"], "cannot_tell", "{}", apart["reason"]);
    let said = apart["reason"].as_str().unwrap();
    assert!(
        said.contains("(as in source 1) has no events after 20 Apr 2024"),
        "{said}"
    );
    assert!(
        said.contains("names other people than the other sources"),
        "{said}"
    );
    // A person in common says that both are of one account; then the gap of each is still told.
    let one = of(&case(&["ann", "cy", "dee"], &[]));
    assert_eq!(one["answer"], "no", "{}", one["reason"]);
    let said = one["statement"].as_str().unwrap();
    assert!(
        said.contains("Source 1 alone: ") && said.contains("none after 20 Apr 2024"),
        "{said}"
    );
    assert!(
        said.contains("Source 2 alone: ") && said.contains("none before 12 Apr 2024"),
        "{said}"
    );
    let parts = one["coverage"]["logs"][0]["by_source"].as_array().unwrap();
    assert_eq!(
        parts
            .iter()
            .map(|p| p["source"].as_u64().unwrap())
            .collect::<Vec<_>>(),
        [1, 2]
    );
    // So does a label, which is what the reason says to do.
    let named = of(&case(
        &["cy", "dee"],
        &["--label", "organization.name=Acme"],
    ));
    assert_eq!(named["answer"], "no", "{}", named["reason"]);
}

#[test]
fn unknown_logs_in_json_are_told_apart_by_their_keys() {
    let bench = Bench::new();
    let line = |day: u32, extra: &str, what: &str| {
        format!(
            "{{\"time\":\"2024-04-{day:02}T08:00:00Z\",\"actor_email\":\"ann@example.com\",\"action\":\"{what}\",\"source_ip\":\"203.0.113.45\"{extra}}}\n"
        )
    };
    let mut one: String = (1..=10)
        .map(|d| line(d, ",\"shop\":\"7\"", "login"))
        .collect();
    one.push_str(&line(1, ",\"shop\":\"7\"", "export"));
    let two: String = (1..=30)
        .map(|d| line(d, ",\"till\":\"4\"", "login"))
        .collect();
    let seldom = |d: u32| {
        if d.is_multiple_of(7) {
            ",\"seldom\":1"
        } else {
            ""
        }
    };
    let more: String = (11..=30)
        .map(|d| line(d, &format!(",\"shop\":\"7\"{}", seldom(d)), "login"))
        .collect();
    for (name, text) in [("one.ndjson", &one), ("two.ndjson", &two)] {
        bench.import(&bench.file(name, text), &[]).json(0);
    }
    let span = [
        "--subject",
        "actor:ann@example.com",
        "--from",
        "2024-04-05",
        "--to",
        "2024-04-30",
        "--look",
    ];
    let report = ask(&bench, "insider-export", &span);
    let said = reason(&report, "exports", "cannot_tell");
    assert!(
        said.contains("(as in source 1) has no events after 10 Apr 2024"),
        "{said}"
    );
    // A later export of the first, with a key that is seldom there, is the same log.
    bench.import(&bench.file("more.ndjson", &more), &[]).json(0);
    let report = ask(&bench, "insider-export", &span);
    let logs = report["steps"][0]["coverage"]["logs"].as_array().unwrap();
    let sources: Vec<&Value> = logs.iter().map(|l| &l["sources"]).collect();
    assert_eq!(sources, [&json!([1, 3]), &json!([2])], "{logs:?}");
}

#[test]
fn a_verdict_on_a_finding_makes_the_step_stale_that_rests_on_it() {
    const OKTA: &str = "okta-system-log.json";
    let bench = case_of(OKTA, &sample(OKTA));
    let args = [
        "--subject",
        "actor:alice@example.com",
        "--from",
        "2024-04-12",
    ];
    let report = ask(&bench, "account-takeover", &args);
    let number = report["run"].to_string();
    let steps = report["steps"].as_array().unwrap();
    let found = |step: &&Value| {
        step["looks"]
            .as_array()
            .unwrap()
            .iter()
            .any(|l| l["findings"][0].is_string())
    };
    let resting = steps.iter().find(found).unwrap();
    let id = resting["id"].as_str().unwrap().to_owned();
    let looks = resting["looks"].as_array().unwrap();
    let finding = looks
        .iter()
        .find_map(|l| l["findings"][0].as_str())
        .unwrap();
    let stale = |report: &Value| -> Vec<String> {
        let steps = report["steps"].as_array().unwrap().iter();
        steps
            .filter(|s| s["stale"].is_object())
            .map(|s| s["id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert!(stale(&ask(&bench, &number, &[])).is_empty());
    let judge = |more: &[&str]| {
        bench
            .run(&[&["verdict", "case.wmcase", finding, "--json"], more].concat())
            .json(0);
    };
    // One that says that it was a compromise changes nothing about what counts.
    judge(&["confirmed_compromised"]);
    assert!(stale(&ask(&bench, &number, &[])).is_empty());
    judge(&["confirmed_safe", "--note", "it was she"]);
    let now = ask(&bench, &number, &[]);
    assert!(stale(&now).contains(&id), "{:?}", stale(&now));
    let text = step(&now, &id)["stale"]["text"].as_str().unwrap();
    assert!(
        text.contains("A verdict on a finding that this rests on"),
        "{text}"
    );
    let again = ask(&bench, &number, &["--again"]);
    assert!(stale(&again).is_empty());
    let set_aside = step(&again, &id)["looks"].to_string();
    assert!(set_aside.contains(finding), "{set_aside}");
    judge(&["--take-back"]);
    assert!(
        stale(&ask(&bench, &number, &[])).contains(&id),
        "what was set aside counts again"
    );
}

#[test]
fn another_database_of_addresses_makes_steps_stale_that_judge_against_history() {
    let bench = case_of(PAYMONGO, &sample(PAYMONGO));
    let place = || addresses::city("Manila", "PH", 14.6, 121.0);
    let first = addresses::database(
        "Test-City",
        1_700_000_000,
        &[([203, 0, 113, 0], 24, place())],
    );
    let second = addresses::database(
        "Test-City",
        1_760_000_000,
        &[([203, 0, 113, 0], 24, place())],
    );
    bench.file("first.mmdb", first);
    bench.file("second.mmdb", second);
    let report = ask(
        &bench,
        SHIPPED[0],
        &[&ALICE[..], &["--geo", "first.mmdb"]].concat(),
    );
    let number = report["run"].to_string();
    let stale = |more: &[&str]| step(&ask(&bench, &number, more), "logs")["stale"].clone();
    assert_eq!(stale(&["--geo", "first.mmdb"]), Value::Null);
    // Without one there is nothing to say otherwise by.
    assert_eq!(stale(&[]), Value::Null);
    let other = stale(&["--geo", "second.mmdb"]);
    let text = other["text"].as_str().unwrap();
    assert!(
        text.contains("answered with Test-City 2023-11-14; Test-City 2025-10-09 is in use now"),
        "{text}"
    );
    let support = ask(&bench, &number, &["--geo", "second.mmdb"]);
    assert_eq!(
        step(&support, "support")["stale"],
        Value::Null,
        "no log answers it"
    );
    assert_eq!(stale(&["--geo", "second.mmdb", "--again"]), Value::Null);
}
