//! `detect`: findings, what cannot be told, what has too little history; the JSON contract and exit codes.

use serde_json::Value;
use witnessmark_tests::addresses;

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

fn money(bench: &Bench) -> (String, Value) {
    let report = bench.run(&["detect", "case.wmcase", "--json"]).json(1);
    let id = of(&report, "money_path")[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let page = bench
        .run(&["finding", "case.wmcase", &id, "--json"])
        .json(0);
    (id, page)
}

#[test]
fn one_finding_is_told_in_full() {
    let bench = case(&paymongo());
    let (id, page) = money(&bench);
    assert_eq!(page["state"], "open");
    assert_eq!(page["stale"], false);
    assert_eq!(page["filter"], format!("finding:{id}"));
    let rows: Vec<(u64, i64)> = (page["rows"].as_array().unwrap().iter())
        .map(|r| {
            (
                r["row"]["event"].as_u64().unwrap(),
                r["after_ms"].as_i64().unwrap(),
            )
        })
        .collect();
    // Ten minutes lie between the sign-in, the edit and the disbursement.
    assert_eq!(rows, [(23, 0), (25, 300_000), (26, 540_000)]);
    let base = bench.events(page["baseline_filter"].as_str().unwrap());
    assert_eq!(base.len(), 22, "the baseline leads to its rows");
    assert_eq!(page["baseline_rows"].as_array().unwrap().len(), 10);
    assert_eq!(page["baseline_rows"][0]["event"], 22, "latest first");
    let signs = &page["detection"]["parameters"].as_array().unwrap()[2];
    assert_eq!(signs["name"], "signs");
    assert_eq!(signs["value"], 2.0);
    assert!(signs["measured"].as_f64().unwrap() >= 2.0);
    assert_eq!(signs["steps"], serde_json::json!([1.0, 2.0, 3.0, 4.0]));
    let text = bench.run(&["finding", "case.wmcase", &id]);
    for part in [
        "would be no finding with",
        "this log cannot show",
        "against 22",
    ] {
        assert!(text.text().contains(part), "{part}: {}", text.text());
    }
    let error = bench.run(&["finding", "case.wmcase", "F-000000000000", "--json"]);
    assert_eq!(error.error()["code"], "no_such_item");
}

#[test]
fn a_page_says_when_the_case_changed_and_which_rows_are_gone() {
    let bench = case(&paymongo());
    let (id, _) = money(&bench);
    let more = bench.file("more.csv", "Timestamp,Event type,User,Device,IP,Details\n2024-03-24 03:30:00,Exported payments,alice@example.com,,,\n");
    bench.import(&more, &["--zone", "Asia/Manila"]).json(0);
    let page = bench
        .run(&["finding", "case.wmcase", &id, "--json"])
        .json(0);
    assert_eq!(page["stale"], true);
    bench
        .run(&[
            "withdraw",
            "case.wmcase",
            "1",
            "--why",
            "wrong file",
            "--json",
        ])
        .json(0);
    let page = bench
        .run(&["finding", "case.wmcase", &id, "--json"])
        .json(0);
    assert_eq!(page["gone"], 3, "{page}");
    assert_eq!(page["rows"], serde_json::json!([]));
}

#[test]
fn a_filter_narrows_findings_to_those_with_a_row_in_it() {
    let bench = case(&paymongo());
    let count = |query: &str, code: i32| {
        let report = bench
            .run(&["detect", "case.wmcase", "--json", "--query", query])
            .json(code);
        (
            report["findings"].as_array().unwrap().len() as u64,
            report["open"].as_u64().unwrap(),
        )
    };
    let all = count("", 1);
    assert!(all.0 >= 2, "{all:?}");
    let edited = count("action:\"Edited the bank information\"", 1);
    assert_eq!(edited, (1, 1), "the money path");
    assert!(count("event:23", 1).0 > 1, "the sign-in is in several");
    assert_eq!(count("event:3", 0), (0, 0), "a usual sign-in is in none");
    let error = bench.run(&["detect", "case.wmcase", "--json", "--query", "(("]);
    assert_eq!(error.error()["code"], "invalid_query");
}

#[test]
fn severities_find_rows_of_open_findings_and_follow_verdicts_and_hiding() {
    let bench = case(&paymongo());
    let (id, _) = money(&bench);
    let critical = || bench.events("finding:critical").len();
    assert_eq!(critical(), 3);
    bench
        .run(&[
            "verdict",
            "case.wmcase",
            &id,
            "confirmed_compromised",
            "--json",
        ])
        .json(0);
    assert_eq!(
        critical(),
        3,
        "a compromised account still asks for somebody"
    );
    bench
        .run(&["verdict", "case.wmcase", &id, "confirmed_safe", "--json"])
        .json(0);
    assert_eq!(critical(), 0);
    assert_eq!(
        bench.events(&format!("finding:{id}")).len(),
        3,
        "by its id it is found whatever was said"
    );
    bench
        .run(&["verdict", "case.wmcase", &id, "--take-back", "--json"])
        .json(0);
    assert_eq!(critical(), 3);
    let hide = [
        "suppress",
        "case.wmcase",
        "--detection",
        "money_path",
        "--reason",
        "a test",
    ];
    let made = bench.run(&[&hide[..], &["--json"]].concat()).json(0);
    assert_eq!(critical(), 0);
    let number = made["suppressions"][0]["id"].to_string();
    bench
        .run(&["suppress", "case.wmcase", "--take-back", &number, "--json"])
        .json(0);
    assert_eq!(critical(), 3);
    // One that ended long ago hides nothing.
    bench
        .run(&[&hide[..], &["--until", "2024-01-01", "--json"]].concat())
        .json(0);
    assert_eq!(critical(), 3);
}

#[test]
fn the_page_of_an_actor_names_the_findings_that_hold_their_events() {
    let bench = case(
        &(paymongo()
            + "2024-03-24 04:00:00,Login,bob@example.com,Chrome on Windows,198.51.100.9,\n"),
    );
    let actor = |who: &str| bench.run(&["actor", "case.wmcase", who, "--json"]).json(0);
    let before = actor("alice@example.com");
    assert_eq!(before["findings"], serde_json::json!([]));
    assert!(before.get("findings_at").is_none(), "nobody looked yet");
    let (id, _) = money(&bench);
    let alice = actor("alice@example.com");
    assert_eq!(alice["findings"][0]["id"], id, "gravest first");
    assert_eq!(alice["findings_stale"], false);
    assert_eq!(actor("bob@example.com")["findings_total"], 0);
    let text = bench.run(&["actor", "case.wmcase", "alice@example.com"]);
    assert!(text.text().contains(&id), "{}", text.text());
}

#[test]
fn a_database_of_addresses_gives_cities_and_countries_to_a_log_without_them() {
    let log = "Timestamp,Event type,User,Device,IP,Details
2024-03-24 09:00:00,Login,alice@example.com,Chrome on Windows,198.51.100.7,
2024-03-24 09:30:00,Login,alice@example.com,Chrome on Windows,203.0.113.9,
";
    let bench = case(log);
    let report = bench.run(&["detect", "case.wmcase", "--json"]).json(0);
    assert!(
        report["cannot_tell"]
            .to_string()
            .contains("impossible_travel")
    );
    let places = [
        ([198, 51, 100, 0], ("Manila", 14.5995, 120.9842)),
        ([203, 0, 113, 0], ("Cebu City", 10.3157, 123.8854)),
    ];
    let cities = places.map(|(network, (name, latitude, longitude))| {
        (
            network,
            24,
            addresses::city(name, "PH", latitude, longitude),
        )
    });
    let cities = addresses::database("Example-City", 1_704_067_200, &cities);
    let file = bench.file("cities.mmdb", cities);
    let report = bench
        .run(&[
            "detect",
            "case.wmcase",
            "--json",
            "--geo",
            file.to_str().unwrap(),
        ])
        .json(1);
    let travel = of(&report, "impossible_travel");
    assert_eq!(travel.len(), 1, "{report}");
    let sentence = travel[0]["sentence"].as_str().unwrap();
    assert!(sentence.contains("Cebu City, PH"), "{sentence}");
    assert!(
        !report["cannot_tell"]
            .to_string()
            .contains("impossible_travel")
    );
}
