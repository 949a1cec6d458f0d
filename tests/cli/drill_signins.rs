//! Sign-in review, errors, first seen: exact answers where the truth is known.
//!
//! Owns: those cases. Never touches: the engine.

use serde_json::{Value, json};
use witnessmark_tests::addresses;

use crate::Bench;

fn login(id: u32, day: u32, hour: u32, who: &str, ip: &str, country: &str) -> String {
    let country = if country.is_empty() {
        String::new()
    } else {
        format!(r#","actorCountry":"{country}""#)
    };
    format!(
        r#"{{"id":"l{id}","model":"User","recordId":"{who}","action":"login","actorType":"user","actorId":"{who}","actorIp":"{ip}"{country},"actorUserAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36","when":"2024-01-{day:02}T{hour:02}:00:00Z"}}"#
    )
}

/// Ann signs in daily from PH for twenty days, then from NL eight hours after PH; Bo has two sign-ins; Cy names no country.
fn bench() -> Bench {
    let bench = Bench::new();
    let mut lines: Vec<String> = (1..=20)
        .map(|d| login(d, d, 1, "ann", "203.0.113.9", "PH"))
        .collect();
    lines.push(login(21, 20, 9, "ann", "198.51.100.7", "NL"));
    lines.push(login(22, 20, 10, "ann", "198.51.100.7", "NL"));
    lines.push(login(23, 5, 0, "bo", "203.0.113.20", "PH"));
    lines.push(login(24, 9, 0, "bo", "203.0.113.21", "DE"));
    lines.extend((0..12).map(|d| login(30 + d, 1 + d, 2, "cy", "192.0.2.4", "")));
    lines.push(login(50, 25, 2, "cy", "192.0.2.5", ""));
    let file = bench.file("logins.json", format!("[{}]", lines.join(",\n")));
    bench.import(&file, &[]).json(0);
    bench
}

fn signins(bench: &Bench, extra: &[&str]) -> Value {
    let mut args = vec!["signins", "case.wmcase"];
    args.extend(extra);
    args.push("--json");
    bench.run(&args).json(0)
}

#[test]
fn a_new_country_is_told_with_the_size_of_its_baseline() {
    let bench = bench();
    let report = signins(&bench, &["actor:ann"]);
    let row = &report["rows"][1];
    assert_eq!(row["time"], "2024-01-20T09:00:00.000000000Z");
    assert_eq!(
        (&row["earlier"], &row["enough"], &row["answer"]),
        (&json!(19), &json!(true), &json!("unfamiliar"))
    );
    assert_eq!(
        row["country"]["text"],
        "2nd country in 19 days, 19 earlier sign-ins"
    );
    assert_eq!(
        (&row["country"]["state"], &row["device"]["state"]),
        (&json!("new"), &json!("seen"))
    );
    let travel = &row["travel"];
    assert_eq!(
        (&travel["judged"], &travel["precision"], &travel["from"]),
        (&json!("too_fast"), &json!("country"), &json!("Philippines"))
    );
    assert_eq!(travel["seconds"], 28_800.0);
    let (km, speed) = (
        travel["km"].as_f64().unwrap(),
        travel["km_h"].as_f64().unwrap(),
    );
    assert!(
        (9_500.0..10_800.0).contains(&km) && (speed - km / 8.0).abs() < 0.1,
        "{travel}"
    );
    // An hour later the country is still new: nothing settles within a day.
    assert_eq!(
        (
            &report["rows"][0]["country"]["state"],
            &report["rows"][0]["earlier"]
        ),
        (&json!("new"), &json!(19))
    );
    assert_eq!(
        (
            &report["counts"]["total"],
            &report["unfamiliar"],
            &report["cannot_tell"],
            &report["new_country"]
        ),
        (&json!(22), &json!(2), &json!(15), &json!(2))
    );
    assert_eq!(report["places"][0]["name"], "Philippines");
    assert_eq!(report["arcs"][0]["travel"]["judged"], "too_fast");
}

#[test]
fn few_sign_ins_cannot_tell_and_what_is_not_logged_is_never_new() {
    let bench = bench();
    let bo = signins(&bench, &["actor:bo"]);
    assert_eq!(bo["rows"][0]["answer"], "cannot_tell");
    let why = bo["rows"][0]["why"][0].as_str().unwrap();
    assert!(
        why.starts_with("only 1 earlier sign-in: cannot tell"),
        "{why}"
    );
    assert_eq!(bo["rows"][1]["address"]["state"], "first");
    let cy = signins(&bench, &["actor:cy"]);
    let last = &cy["rows"][0];
    assert_eq!(
        (
            &last["country"]["state"],
            &last["address"]["state"],
            &last["answer"]
        ),
        (&json!("none"), &json!("new"), &json!("cannot_tell"))
    );
    assert!(
        last.get("travel").is_none(),
        "an unknown place is no travel: {last}"
    );
    assert_eq!(cy["new_country"], 0);
    assert_eq!(cy["located"], 0);
}

#[test]
fn the_page_is_a_part_of_what_is_counted() {
    let bench = bench();
    let all = signins(&bench, &[]);
    let n = |key: &str| all[key].as_u64().unwrap();
    assert_eq!(all["counts"]["total"], 37);
    assert_eq!(n("familiar") + n("unfamiliar") + n("cannot_tell"), 37);
    let shown = signins(&bench, &["--show", "unfamiliar", "--limit", "1"]);
    assert_eq!(
        (
            shown["rows"].as_array().unwrap().len() as u64,
            &shown["rows_total"]
        ),
        (1, &json!(2))
    );
    let filter = all["filter"].as_str().unwrap();
    let counted = bench
        .run(&["count", "case.wmcase", filter, "--json"])
        .json(0);
    assert_eq!(counted["count"], 37);
    let missing = bench.run(&["signins", "case.wmcase", "--geo", "no.mmdb", "--json"]);
    assert_eq!(missing.error()["code"], "not_readable");
    let file = bench.file("no.mmdb", "no database");
    let none = bench.run(&[
        "signins",
        "case.wmcase",
        "--geo",
        file.to_str().unwrap(),
        "--json",
    ]);
    assert_eq!(none.error()["code"], "invalid_option");
}

#[test]
fn errors_are_folded_into_trends_that_lead_to_their_rows() {
    let bench = Bench::new();
    let mut lines = Vec::new();
    for i in 0..20 {
        let version = if i < 12 { "1.9.0" } else { "1.10.0" };
        let day = 1 + i;
        // The timeout is only in the old version; the validation failure goes on in the new one.
        if i < 12 {
            lines.push(format!(r#"{{"type":"SDK runtime issue","message":"Timeout after {i}s for order ord_{i}a9f8b7c6","source":"SDK","version":"{version}","environment":"production","time":"2024-05-{day:02}T00:00:00Z"}}"#));
        }
        lines.push(format!(r#"{{"type":"Validation failure","message":"Field 'f{i}' is missing","source":"SDK","version":"{version}","environment":"sandbox","time":"2024-05-{day:02}T06:00:00Z"}}"#));
    }
    let file = bench.file("threat.json", format!("[{}]", lines.join(",\n")));
    bench.import(&file, &["--profile", "edfapay"]).json(0);
    let report = bench.run(&["errors", "case.wmcase", "--json"]).json(0);
    assert_eq!(
        (&report["events"], &report["total"]),
        (&json!(32), &json!(2)),
        "{report}"
    );
    let [validation, timeout] = report["trends"].as_array().unwrap().as_slice() else {
        panic!("two trends: {report}")
    };
    assert_eq!(validation["template"], "Field '<text>' is missing");
    assert_eq!(
        timeout["template"],
        "Timeout after <number> for order ord_<id>"
    );
    assert_eq!(
        (&timeout["events"], &timeout["messages"], &timeout["trend"]),
        (&json!(12), &json!(12), &json!("gone"))
    );
    assert_eq!(timeout["fixed_in"], "1.10.0");
    assert!(
        timeout["fixed_why"]
            .as_str()
            .unwrap()
            .contains("not among 8 errors of 1.10.0"),
        "{timeout}"
    );
    assert!(validation.get("fixed_in").is_none());
    let versions: Vec<&str> = (validation["versions"].as_array().unwrap().iter())
        .map(|v| v["value"].as_str().unwrap())
        .collect();
    assert_eq!(versions, ["1.9.0", "1.10.0"], "numbers, not letters");
    for trend in [validation, timeout] {
        let filter = trend["filter"].as_str().unwrap();
        let counted = bench
            .run(&["count", "case.wmcase", filter, "--json"])
            .json(0);
        assert_eq!(counted["count"], trend["events"], "{filter}");
        let bars: u64 = (trend["bars"].as_array().unwrap().iter())
            .map(|b| b.as_u64().unwrap())
            .sum();
        assert_eq!(json!(bars), trend["events"]);
    }
}

#[test]
fn what_is_new_is_told_against_the_days_before_and_their_coverage() {
    let bench = bench();
    let report = bench
        .run(&[
            "first-seen",
            "case.wmcase",
            "--by",
            "country,actor+country,ip",
            "--from",
            "2024-01-20",
            "--to",
            "2024-01-26",
            "--days",
            "19",
            "--json",
        ])
        .json(0);
    assert_eq!(report["before_days"], json!([19, 19]));
    assert_eq!(report["enough"], true);
    let values = |at: usize| -> Vec<Value> {
        (report["fields"][at]["new"].as_array().unwrap().iter())
            .map(|v| json!([v["values"], v["events"]]))
            .collect()
    };
    assert_eq!(values(0), [json!([["NL"], 2])]);
    assert_eq!(values(1), [json!([["ann", "NL"], 2])]);
    assert_eq!(
        values(2),
        [json!([["198.51.100.7"], 2]), json!([["192.0.2.5"], 1])]
    );
    for field in report["fields"].as_array().unwrap() {
        for new in field["new"].as_array().unwrap() {
            let filter = new["filter"].as_str().unwrap();
            let counted = bench
                .run(&["count", "case.wmcase", filter, "--json"])
                .json(0);
            assert_eq!(counted["count"], new["events"], "{filter}");
        }
    }
    let ninety = bench
        .run(&["first-seen", "case.wmcase", "--by", "country", "--json"])
        .json(0);
    assert_eq!(
        ninety["enough"], false,
        "the log begins less than ninety days before"
    );
    let wrong = bench.run(&["first-seen", "case.wmcase", "--by", "nothing", "--json"]);
    assert_eq!(wrong.error()["code"], "invalid_option");
}

/// Kilometres between two places on a ball with the mean radius of the earth.
fn kilometres(a: [f64; 2], b: [f64; 2]) -> f64 {
    let [a, b] = [a, b].map(|p| p.map(f64::to_radians));
    let half = |x: f64, y: f64| ((y - x) / 2.0).sin().powi(2);
    let h = half(a[0], b[0]) + a[0].cos() * b[0].cos() * half(a[1], b[1]);
    2.0 * 6_371.008_8 * h.sqrt().asin()
}

#[test]
fn a_database_of_addresses_gives_places_beside_the_log_and_never_against_it() {
    const MAKATI: [f64; 2] = [14.55, 121.03];
    const UTRECHT: [f64; 2] = [52.09, 5.12];
    let bench = Bench::new();
    // Ann: eighteen days from one place that only the database knows, then from another, nine hours later.
    let mut lines: Vec<String> = (1..=18)
        .map(|d| login(d, d, 1, "ann", "203.0.113.9", ""))
        .collect();
    lines.push(login(20, 18, 10, "ann", "198.51.100.7", ""));
    // Bo: the log names a country, the database another one. Cy: nobody knows where.
    lines.push(login(30, 1, 3, "bo", "203.0.113.20", "DE"));
    lines.push(login(31, 2, 3, "bo", "203.0.113.21", "PH"));
    lines.push(login(40, 1, 4, "cy", "192.0.2.4", ""));
    lines.push(login(41, 2, 4, "cy", "192.0.2.5", ""));
    let file = bench.file("logins.json", format!("[{}]", lines.join(",\n")));
    bench.import(&file, &[]).json(0);
    let cities = addresses::database(
        "Example-City",
        1_704_067_200,
        &[
            (
                [203, 0, 113, 0],
                24,
                addresses::city("Makati", "PH", MAKATI[0], MAKATI[1]),
            ),
            (
                [198, 51, 100, 0],
                24,
                addresses::city("Utrecht", "NL", UTRECHT[0], UTRECHT[1]),
            ),
        ],
    );
    let networks = addresses::database(
        "Example-ASN",
        1_704_153_600,
        &[(
            [203, 0, 113, 0],
            24,
            addresses::network(64_500, "Example Telecom"),
        )],
    );
    let [cities, networks] = [("cities.mmdb", cities), ("networks.mmdb", networks)]
        .map(|(name, bytes)| bench.file(name, bytes).to_str().unwrap().to_owned());
    let with = |extra: &[&str]| {
        let geo = ["--geo", &cities, "--geo", &networks];
        signins(&bench, &[extra, &geo].concat())
    };

    let without = signins(&bench, &[]);
    assert_eq!(
        (&without["located"], &without["databases"]),
        (&json!(2), &json!([]))
    );
    let ann = with(&["actor:ann"]);
    assert_eq!(
        ann["databases"],
        json!([{"name": "Example-City", "built": "2024-01-01"}, {"name": "Example-ASN", "built": "2024-01-02"}])
    );
    let last = &ann["rows"][0];
    assert_eq!(
        (
            &last["city"],
            &last["country"]["value"],
            &last["country"]["state"],
            &last["answer"]
        ),
        (
            &json!("Utrecht"),
            &json!("NL"),
            &json!("new"),
            &json!("unfamiliar")
        )
    );
    assert_eq!(
        last["country"]["text"],
        "2nd country in 17 days, 17 earlier sign-ins"
    );
    assert_eq!(
        last["places"],
        json!([{"value": "Utrecht, NL", "source": "Example-City", "date": "2024-01-01"}])
    );
    let travel = &last["travel"];
    assert_eq!(
        (
            &travel["judged"],
            &travel["precision"],
            &travel["from"],
            &travel["seconds"]
        ),
        (
            &json!("too_fast"),
            &json!("city"),
            &json!("Makati"),
            &json!(32_400.0)
        )
    );
    let (km, speed) = (
        travel["km"].as_f64().unwrap(),
        travel["km_h"].as_f64().unwrap(),
    );
    // The database gives each a radius of twenty kilometres.
    let expected = kilometres(MAKATI, UTRECHT) - 40.0;
    assert!(
        (km - expected).abs() < 1.0 && (speed - expected / 9.0).abs() < 0.2,
        "{travel}"
    );
    let before = &ann["rows"][1];
    assert_eq!(before["network"]["value"], "AS64500 Example Telecom");
    assert_eq!(
        before["places"],
        json!([
            {"value": "Makati, PH", "source": "Example-City", "date": "2024-01-01"},
            {"value": "AS64500 Example Telecom", "source": "Example-ASN", "date": "2024-01-02"},
        ])
    );
    assert_eq!(ann["arcs"][0]["from"], json!(MAKATI));

    // The log's own country comes first, and that the two disagree is told.
    let bo = with(&["actor:bo", "--sort", "oldest"]);
    let [first, second] = [&bo["rows"][0], &bo["rows"][1]];
    assert_eq!(
        (&first["country"]["value"], &first["disagree"]),
        (&json!("DE"), &json!(true))
    );
    assert_eq!(
        first["places"][0],
        json!({"value": "DE", "source": "log", "date": "2024-01-01"})
    );
    assert_eq!(first["places"][1]["value"], "Makati, PH");
    assert!(
        first.get("city").is_none(),
        "a city of another country is no city of this sign-in: {first}"
    );
    assert_eq!(
        (&second["city"], &second["disagree"]),
        (&json!("Makati"), &json!(false))
    );

    // What neither knows is unknown, and unknown is never new.
    let cy = with(&["actor:cy"]);
    for row in cy["rows"].as_array().unwrap() {
        assert_eq!(
            (&row["country"]["state"], &row["places"]),
            (&json!("none"), &json!([]))
        );
        assert!(row.get("travel").is_none());
    }
    assert_eq!((&cy["new_country"], &cy["located"]), (&json!(0), &json!(0)));
    let wrong = bench.run(&[
        "signins",
        "case.wmcase",
        "--geo",
        file.to_str().unwrap(),
        "--json",
    ]);
    assert_eq!(wrong.error()["code"], "invalid_option");
}
