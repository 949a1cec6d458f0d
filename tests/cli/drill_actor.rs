//! Actors, merges, sessions: exact answers on small cases whose truth is known.
//!
//! Owns: those cases. Never touches: the engine.

use serde_json::{Value, json};

use crate::Bench;

/// Payment Nexus: sessions, countries, UTC. PayMongo: names only, addresses on sign-ins only, no sessions.
const NEXUS: &str = r#"[
{"id":"n1","model":"User","recordId":"u1","action":"login","actorType":"user","actorId":"u1","actorEmail":"maria@example.com","actorIp":"203.0.113.9","actorCountry":"PH","sessionId":"s-1","when":"2024-03-31T00:59:59Z"},
{"id":"n2","model":"Tenant","recordId":"t1","action":"read","actorType":"user","actorId":"u1","actorEmail":"maria@example.com","actorIp":"203.0.113.9","actorCountry":"PH","sessionId":"s-1","when":"2024-03-31T01:00:00Z"},
{"id":"n3","model":"PSP Customer Account","recordId":"p4","action":"update","actorType":"user","actorId":"u1","actorEmail":"maria@example.com","actorIp":"203.0.113.9","actorCountry":"PH","sessionId":"s-1","when":"2024-10-27T00:30:00Z","changes":{"updated":{"bank":{"account":{"old":"1","new":"2"}}}}},
{"id":"n4","model":"Tenant","action":"list","actorType":"user","actorId":"u1","actorEmail":"maria@example.com","actorIp":"203.0.113.9","actorCountry":"PH","sessionId":"s-2","when":"2024-10-27T01:30:00Z"},
{"id":"n5","model":"Tenant","recordId":"t1","action":"read","actorType":"system","when":"2024-10-27T01:30:00Z"},
{"id":"n6","model":"User","recordId":"u2","action":"login","actorType":"user","actorId":"u2","actorEmail":"bo@example.com","actorIp":"203.0.113.9","actorCountry":"PH","sessionId":"s-3","when":"2024-05-01T00:00:00Z"}
]"#;

const PAYMONGO: &str = "\
Timestamp,Event type,User,Device,IP,Details
2024-06-03 09:00:00,Login,Maria Santos,Chrome on Windows,203.0.113.9,
2024-06-03 09:10:00,API Key Viewed,Maria Santos,,,Secret Key
2024-06-03 09:25:00,Payout Account Updated,Maria Santos,,,Bank account changed
2024-06-03 09:55:00,Exported payouts,Maria Santos,,,
2024-06-03 10:25:01,Exported payouts,Maria Santos,,,
2024-06-04 09:00:00,Login,Maria Santos,Firefox on Linux,198.51.100.7,
";

/// An Okta-like line that has name and e-mail side by side, so that a name can be proposed.
const OKTA: &str = r#"[{"uuid":"o1","published":"2024-06-05T00:00:00.000Z","eventType":"user.session.start","displayMessage":"User login to Okta","severity":"INFO","actor":{"id":"00u1","type":"User","alternateId":"Maria@Example.com","displayName":"Maria Santos"},"client":{"ipAddress":"203.0.113.9","userAgent":{"rawUserAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"}},"outcome":{"result":"SUCCESS"}}]"#;

fn bench() -> Bench {
    let bench = Bench::new();
    let nexus = bench.file("nexus.json", NEXUS);
    bench.import(&nexus, &[]).json(0);
    let paymongo = bench.file("paymongo.csv", PAYMONGO);
    bench.import(&paymongo, &["--zone", "Asia/Manila"]).json(0);
    let okta = bench.file("okta.json", OKTA);
    bench.import(&okta, &[]).json(0);
    bench
}

fn actor(bench: &Bench, who: &str, extra: &[&str]) -> Value {
    let mut args = vec!["actor", "case.wmcase", who, "--json"];
    args.extend(extra);
    bench.run(&args).json(0)
}

fn count(bench: &Bench, filter: &str) -> u64 {
    let counted = bench
        .run(&["count", "case.wmcase", filter, "--json"])
        .json(0);
    counted["count"].as_u64().unwrap()
}

/// Every `filter` beside a count of events finds that many.
fn every_number_leads_to_its_rows(bench: &Bench, value: &Value) {
    match value {
        Value::Object(map) => {
            if let (Some(Value::String(filter)), Some(events)) =
                (map.get("filter"), map.get("events"))
                && let Some(events) = events.as_u64()
                && !filter.is_empty()
            {
                assert_eq!(count(bench, filter), events, "{filter}");
            }
            map.values()
                .for_each(|v| every_number_leads_to_its_rows(bench, v));
        }
        Value::Array(list) => list
            .iter()
            .for_each(|v| every_number_leads_to_its_rows(bench, v)),
        _ => {}
    }
}

#[test]
fn the_list_keeps_systems_apart_and_every_number_leads_to_its_rows() {
    let bench = bench();
    let report = bench.run(&["actors", "case.wmcase", "--json"]).json(0);
    let rows: Vec<(&str, u64, u64)> = report["actors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| {
            (
                a["name"].as_str().unwrap(),
                a["events"].as_u64().unwrap(),
                a["sign_ins"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("Maria Santos", 6, 2),
            ("maria@example.com", 4, 1),
            ("Maria@Example.com", 1, 1),
            ("bo@example.com", 1, 1),
            ("system", 1, 0),
        ]
    );
    assert_eq!(
        (&report["total"], &report["without"]),
        (&json!(5), &json!(0))
    );
    every_number_leads_to_its_rows(&bench, &report);
    let found = bench
        .run(&["actors", "case.wmcase", "--search", "SANTOS", "--json"])
        .json(0);
    assert_eq!(found["total"], 2);
}

#[test]
fn hours_are_those_of_the_zone_also_where_clocks_change() {
    let bench = bench();
    // In Berlin 2024-03-31 02:00 is skipped and 2024-10-27 02:00 to 03:00 comes twice: 00:30Z and 01:30Z are both 02:30.
    let report = actor(
        &bench,
        "maria@example.com",
        &[
            "--zone",
            "Europe/Berlin",
            "--query",
            "provider:payment-nexus",
        ],
    );
    let sunday = report["week"][6].as_array().unwrap();
    let expected: Vec<u64> = (0..24)
        .map(|hour| match hour {
            1 | 3 => 1,
            2 => 2,
            _ => 0,
        })
        .collect();
    assert_eq!(
        *sunday,
        expected.into_iter().map(Value::from).collect::<Vec<_>>()
    );
    let all: u64 = report["week"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|d| d.as_array().unwrap())
        .map(|n| n.as_u64().unwrap())
        .sum();
    assert_eq!(all, 4);
    every_number_leads_to_its_rows(&bench, &report);
    // Both events at 02:30 are behind the square, though an hour lies between them; none is behind an empty square.
    let hour = |hour: &str| {
        let zone = [
            "--zone",
            "Europe/Berlin",
            "--query",
            "provider:payment-nexus",
            "--hour",
            hour,
            "--json",
        ];
        bench.run(&[&["actor", "case.wmcase", "maria@example.com"], &zone[..]].concat())
    };
    let filter = hour("sun-02").json(0)["filter"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(count(&bench, &filter), 2);
    assert_eq!(hour("sun-05").error()["code"], "no_such_item");
}

#[test]
fn an_actor_of_whom_the_log_knows_only_a_kind_is_found_by_it() {
    let bench = bench();
    let page = actor(&bench, "system", &[]);
    assert_eq!(
        (&page["name"], &page["events"]),
        (&json!("system"), &json!(1))
    );
    assert_eq!(
        actor(&bench, "u1", &["--compare", "system"])["events"],
        json!([4, 1])
    );
}

#[test]
fn one_page_holds_what_the_events_say() {
    let bench = bench();
    let report = actor(&bench, "Maria Santos", &["--query", "provider:paymongo"]);
    assert_eq!(
        (&report["events"], &report["undated"]),
        (&json!(6), &json!(0))
    );
    assert_eq!(
        report["sign_ins"],
        json!({"total": 2, "success": 2, "failure": 0, "unknown": 0})
    );
    let addresses: Vec<(&str, u64)> = (report["addresses"].as_array().unwrap().iter())
        .map(|a| (a["value"].as_str().unwrap(), a["others"].as_u64().unwrap()))
        .collect();
    // Two people of Payment Nexus used the first; one of them may be Maria, so at least one other did.
    assert_eq!(addresses, [("198.51.100.7", 0), ("203.0.113.9", 1)]);
    let verbs = report["verbs"].as_array().unwrap();
    assert_eq!(verbs.len(), 4);
    assert!(
        verbs.iter().all(|v| v["first_of_all"] == v["first"]),
        "{verbs:?}"
    );
    every_number_leads_to_its_rows(&bench, &report);
    let nobody = bench.run(&["actor", "case.wmcase", "nobody@example.com", "--json"]);
    assert_eq!(nobody.error()["code"], "no_such_item");
}

#[test]
fn identities_are_proposed_joined_by_a_person_and_parted_again() {
    let bench = bench();
    let before = bench.run(&["merge", "case.wmcase", "--json"]).json(0);
    let proposals = before["proposals"].as_array().unwrap();
    assert_eq!(proposals.len(), 1, "{proposals:?}");
    let codes: Vec<&str> = (proposals[0]["reasons"].as_array().unwrap().iter())
        .map(|r| r["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["name_beside_email", "same_email"]);
    assert_eq!(count(&bench, "actor:maria@example.com"), 5);
    let keys: Vec<&str> = (proposals[0]["identities"].as_array().unwrap().iter())
        .map(|i| i["key"].as_str().unwrap())
        .collect();
    assert_eq!(keys.len(), 3);

    let mut args = vec!["merge", "case.wmcase"];
    args.extend(&keys);
    args.push("--json");
    let merged = bench.run(&args).json(0);
    let id = merged["id"].as_u64().unwrap().to_string();

    // One person by any of the names: in filters, their negation, lists and counts.
    for who in ["maria@example.com", "00u1", "u1", "\"Maria Santos\""] {
        assert_eq!(count(&bench, &format!("actor:{who}")), 11, "{who}");
        assert_eq!(count(&bench, &format!("-actor:{who}")), 2, "{who}");
    }
    let report = bench.run(&["actors", "case.wmcase", "--json"]).json(0);
    assert_eq!(report["total"], 3);
    assert_eq!(report["actors"][0]["events"], 11);
    assert_eq!(report["proposals"], json!([]));
    every_number_leads_to_its_rows(&bench, &report);
    let page = actor(&bench, "u1", &[]);
    assert_eq!(
        (
            &page["confirmed"],
            page["identities"].as_array().unwrap().len()
        ),
        (&json!(true), 3)
    );

    bench
        .run(&["merge", "case.wmcase", "--undo", &id, "--json"])
        .json(0);
    assert_eq!(count(&bench, "actor:u1"), 4);
    let after = bench.run(&["merge", "case.wmcase", "--json"]).json(0);
    assert_eq!(
        (&after["merges"], &after["proposals"]),
        (&json!([]), &before["proposals"])
    );
    let again = bench.run(&["merge", "case.wmcase", "--undo", &id, "--json"]);
    assert_eq!(again.error()["code"], "no_such_item");
    // Both statements stay in the custody log.
    let log = bench.run(&["custody", "case.wmcase", "--json"]).json(0);
    assert_eq!(log["intact"], true);
}

#[test]
fn a_session_of_the_vendor_is_all_its_events() {
    let bench = bench();
    let report = bench
        .run(&["session", "case.wmcase", "s-1", "--json"])
        .json(0);
    assert_eq!(
        (&report["by"], &report["session"]["events"]),
        (&json!("vendor"), &json!(3))
    );
    assert_eq!(report["session"]["id"], "s-1");
    // The change of the bank account comes before the read and the sign-in, though it came last.
    let order: Vec<u64> = (report["acts"].as_array().unwrap().iter())
        .map(|a| a["row"]["event"].as_u64().unwrap())
        .collect();
    assert_eq!(order, [3, 1, 2]);
    assert_eq!(report["kinds"][0]["name"], "money");
    every_number_leads_to_its_rows(&bench, &report);
    let by_event = bench
        .run(&[
            "session",
            "case.wmcase",
            "--event",
            "2",
            "--order",
            "time",
            "--json",
        ])
        .json(0);
    assert_eq!(by_event["session"]["events"], 3);
    let none = bench.run(&["session", "case.wmcase", "s-99", "--json"]);
    assert_eq!(none.error()["code"], "no_such_item");
}

#[test]
fn without_a_session_idle_time_cuts_and_the_filter_says_the_same() {
    let bench = bench();
    // Event 7 is the sign-in; 8 to 10 follow within half an hour each; 11 is one second too late.
    let report = |extra: &[&str]| {
        let mut args = vec!["session", "case.wmcase", "--event", "7", "--json"];
        args.extend(extra);
        bench.run(&args).json(0)
    };
    let half_an_hour = report(&[]);
    assert_eq!(
        (&half_an_hour["by"], &half_an_hour["session"]["events"]),
        (&json!("idle"), &json!(4))
    );
    assert_eq!(half_an_hour["session"]["on_trust"], 3);
    let acts: Vec<(u64, &str)> = (half_an_hour["acts"].as_array().unwrap().iter())
        .map(|a| {
            (
                a["row"]["event"].as_u64().unwrap(),
                a["kind"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        acts,
        [(9, "money"), (8, "key"), (10, "export"), (7, "other")]
    );
    assert_eq!(half_an_hour["acts"][1]["after_seconds"], 600.0);
    every_number_leads_to_its_rows(&bench, &half_an_hour);
    assert_eq!(report(&["--idle", "31"])["session"]["events"], 5);
    assert_eq!(report(&["--idle", "10"])["session"]["events"], 2);
    let from_within = bench
        .run(&["session", "case.wmcase", "--event", "9", "--json"])
        .json(0);
    assert_eq!(
        from_within["session"]["filter"],
        half_an_hour["session"]["filter"]
    );
    let wrong = bench.run(&[
        "session",
        "case.wmcase",
        "--event",
        "7",
        "--idle",
        "0",
        "--json",
    ]);
    assert_eq!(wrong.error()["code"], "invalid_option");
}

#[test]
fn two_actors_are_compared_by_what_they_share() {
    let bench = bench();
    let report = actor(&bench, "u1", &["--compare", "bo@example.com"]);
    assert_eq!(report["events"], json!([4, 1]));
    let address = &report["fields"][0];
    assert_eq!(
        (&address["field"], &address["distinct"]),
        (&json!("address"), &json!([0, 1, 0]))
    );
    assert_eq!(address["shared"][0]["value"], "203.0.113.9");
    for at in 0..2 {
        let filter = address["shared"][0]["filters"][at].as_str().unwrap();
        assert_eq!(
            json!(count(&bench, filter)),
            address["shared"][0]["events"][at],
            "{filter}"
        );
    }
    let verbs = &report["fields"][3];
    assert_eq!(
        (&verbs["field"], &verbs["distinct"]),
        (&json!("verb"), &json!([3, 1, 0]))
    );
    assert_eq!(
        (&verbs["only"][0][0]["value"], &verbs["only"][1]),
        (&json!("list"), &json!([]))
    );
    assert_eq!(
        (
            &report["sides"][0]["name"],
            &report["sides"][0]["sign_ins"]["total"]
        ),
        (&json!("maria@example.com"), &json!(1))
    );
    every_number_leads_to_its_rows(&bench, &report["fields"]);
}

#[test]
fn text_for_people_holds_no_escape() {
    let bench = Bench::new();
    let hostile = PAYMONGO.replace("Maria Santos", "Mar\u{1b}[31mia\u{202e}");
    let file = bench.file("logs.csv", hostile);
    bench.import(&file, &["--zone", "Asia/Manila"]).json(0);
    for args in [
        vec!["actors", "case.wmcase"],
        vec!["actor", "case.wmcase", "mar*"],
        vec!["session", "case.wmcase", "--event", "1"],
        vec!["signins", "case.wmcase"],
        vec!["first-seen", "case.wmcase"],
        vec!["records", "case.wmcase"],
    ] {
        let ran = bench.run(&args);
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.stderr);
        let text = ran.text();
        assert!(
            !text.contains('\u{1b}') && !text.contains('\u{202e}'),
            "{args:?}: {text}"
        );
    }
}
