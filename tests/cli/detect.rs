//! `detect`: findings, what cannot be told, what has too little history; the JSON contract and exit codes.

use serde_json::Value;

use crate::Bench;

/// Twenty-two working days of one person, then a sign-in by somebody else who changes the bank account and sends money.
fn paymongo() -> String {
    let mut log = String::from("Timestamp,Event type,User,Device,IP,Details\n");
    for day in 1..=22 {
        log.push_str(&format!(
            "2024-03-{day:02} 09:00:00,Login,alice@example.com,Chrome on Windows,198.51.100.7,\n"
        ));
    }
    log.push_str("2024-03-24 03:00:00,Login,alice@example.com,Firefox on Linux,203.0.113.9,\n");
    log.push_str("2024-03-24 03:04:00,API Key Viewed,alice@example.com,,,Secret Key\n");
    log.push_str("2024-03-24 03:05:00,Edited the bank information,alice@example.com,,,\n");
    log.push_str("2024-03-24 03:09:00,Created a disbursement,alice@example.com,,,\n");
    log
}

fn case(log: &str) -> Bench {
    let bench = Bench::new();
    let file = bench.file("logs.csv", log);
    bench.import(&file, &["--zone", "Asia/Manila"]).json(0);
    bench
}

fn of<'r>(report: &'r Value, detection: &str) -> Vec<&'r Value> {
    let all = report["findings"].as_array().unwrap().iter();
    all.filter(|f| f["detection"] == detection).collect()
}

#[test]
fn the_money_path_is_found_explained_and_kept() {
    let bench = case(&paymongo());
    let ran = bench.run(&["detect", "case.wmcase", "--json"]);
    let report = ran.json(1);
    let money = of(&report, "money_path");
    assert_eq!(money.len(), 1, "{report}");
    let finding = money[0];
    assert_eq!(finding["severity"], "critical");
    assert_eq!(finding["actor"], "alice@example.com");
    assert_eq!(finding["events"], serde_json::json!([23, 25, 26]));
    assert!(
        finding["measured"]["signs"].as_f64().unwrap()
            >= finding["thresholds"]["signs"].as_f64().unwrap()
    );
    assert_eq!(finding["baseline"]["n"], 22);
    assert_eq!(
        finding["baseline"]["from"],
        "2024-03-01T01:00:00.000000000Z"
    );
    assert!(!finding["benign"].as_array().unwrap().is_empty());
    assert!(
        finding["cannot_show"]
            .to_string()
            .contains("failed attempts leave no trace")
    );
    assert!(of(&report, "key_after_unfamiliar_sign_in").len() == 1);
    // What this log cannot answer is said, by its blind spots and by what its events lack.
    let cannot = report["cannot_tell"].to_string();
    for detection in [
        "brute_force_user",
        "failure_then_success",
        "mfa_fatigue",
        "impossible_travel",
        "session_two_places",
    ] {
        assert!(cannot.contains(detection), "{detection}: {cannot}");
    }
    assert_eq!(report["rules_not_run"], serde_json::json!([]));
    let id = finding["id"].as_str().unwrap();
    let numbers = bench.events(&format!("finding:{id}"));
    assert_eq!(numbers.len(), 3, "a filter finds the events of a finding");
    let again = bench.run(&["detect", "case.wmcase", "--json"]);
    assert_eq!(again.stdout, ran.stdout, "kept, word for word");
}

#[test]
fn the_same_export_again_changes_no_finding_and_new_data_is_looked_at() {
    let bench = case(&paymongo());
    let ids = |bench: &Bench| -> Vec<String> {
        let report = bench.run(&["detect", "case.wmcase", "--json"]).json(1);
        report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let before = ids(&bench);
    let copy = bench.file("copy.csv", paymongo() + "\n");
    bench.import(&copy, &["--zone", "Asia/Manila"]).json(0);
    assert_eq!(ids(&bench), before);
    let more = bench.file("more.csv", "Timestamp,Event type,User,Device,IP,Details\n2024-03-24 03:30:00,Exported payments,alice@example.com,,,\n");
    bench.import(&more, &["--zone", "Asia/Manila"]).json(0);
    let report = bench.run(&["detect", "case.wmcase", "--json"]).json(1);
    assert_eq!(
        of(&report, "money_path")[0]["events"],
        serde_json::json!([23, 25, 26, 27])
    );
    assert!(
        before.contains(
            &of(&report, "money_path")[0]["id"]
                .as_str()
                .unwrap()
                .to_owned()
        ),
        "the same finding, with more rows"
    );
}

#[test]
fn too_little_history_is_said_and_nothing_found_exits_with_0() {
    let log: String = paymongo()
        .lines()
        .take(6)
        .map(|l| format!("{l}\n"))
        .collect();
    let bench =
        case(&(log + "2024-03-08 03:05:00,Edited the bank information,alice@example.com,,,\n"));
    let report = bench.run(&["detect", "case.wmcase", "--json"]).json(0);
    assert_eq!(report["findings"], serde_json::json!([]));
    let young = report["not_enough_history"].as_array().unwrap();
    let money = young
        .iter()
        .find(|u| u["detection"] == "money_path")
        .unwrap();
    assert_eq!(money["actor"], "alice@example.com");
    assert!(
        money["reason"]
            .as_str()
            .unwrap()
            .contains("5 sign-ins over 4 days"),
        "{money}"
    );
    let text = bench.run(&["detect", "case.wmcase"]);
    assert!(
        text.text().contains("not enough history  money_path"),
        "{}",
        text.text()
    );
}

#[test]
fn what_if_and_wrong_questions() {
    let bench = case(&paymongo());
    let report = bench
        .run(&[
            "detect",
            "case.wmcase",
            "--json",
            "--what-if",
            "money_path.signs=1,2,4",
            "--what-if",
            "follow_hours=0.1",
        ])
        .json(1);
    let what: Vec<(String, f64, u64)> = (report["what_if"].as_array().unwrap().iter())
        .map(|w| {
            (
                w["parameter"].as_str().unwrap().to_owned(),
                w["value"].as_f64().unwrap(),
                w["findings"].as_u64().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("money_path.signs", 1.0, 1),
        ("money_path.signs", 2.0, 1),
        ("money_path.signs", 4.0, 0),
        ("money_path.follow_hours", 0.1, 1),
    ];
    assert_eq!(what, expected.map(|(p, v, n)| (p.to_owned(), v, n)));
    for wrong in [
        "money_path.signs",
        "money_path.sign=1",
        "nothing.signs=1",
        "learn_days=3",
        "money_path.signs=1000",
        "money_path.signs=x",
    ] {
        let error = bench
            .run(&["detect", "case.wmcase", "--json", "--what-if", wrong])
            .error();
        assert_eq!(error["code"], "invalid_option", "{wrong}: {error}");
    }
}
