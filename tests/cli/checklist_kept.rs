//! Checklists from outside: what persons add, what is kept, what goes stale, what an absence says, and files that are wrong.
//!
//! Owns: these cases. Never touches: the engine.

use serde_json::{Value, json};

use crate::checklist::{PAYMONGO, SHIPPED, ask, case_of, is_incident, lines, sample, step};

#[test]
fn a_manual_step_takes_all_three_answers_from_a_person_with_who_and_when() {
    let bench = case_of(PAYMONGO, &sample(PAYMONGO));
    let report = ask(&bench, SHIPPED[0], &["--subject", "actor:Alice Merchant"]);
    let run = report["run"].to_string();
    assert_eq!(
        (
            &step(&report, "support")["answer"],
            &step(&report, "support")["needs_person"]
        ),
        (&json!("cannot_tell"), &json!(true))
    );
    for answer in ["yes", "no", "cannot_tell"] {
        let report = ask(
            &bench,
            &run,
            &[
                "--step",
                "support",
                "--answer",
                answer,
                "--note",
                "Ticket 4711",
            ],
        );
        let said = step(&report, "support");
        assert_eq!(
            (&said["answer"], &said["reason"], &said["needs_person"]),
            (&json!(answer), &json!("Ticket 4711"), &json!(false))
        );
        assert_eq!(said["given"]["who"], "tester@bench");
        assert!(said["given"]["at"].as_str().unwrap().ends_with('Z'));
    }
    let back = ask(&bench, &run, &["--step", "support", "--take-back"]);
    assert_eq!(step(&back, "support")["given"], Value::Null);
    assert_eq!(step(&back, "support")["needs_person"], true);
    let custody = bench.run(&["custody", "case.wmcase", "--json"]).json(0);
    let kinds: Vec<String> = custody["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["detail"].as_str().unwrap().to_owned())
        .filter(|d| d.contains("checklist_"))
        .collect();
    for kind in [
        "checklist_text",
        "checklist_run",
        "checklist_result",
        "checklist_answer",
    ] {
        assert!(
            kinds.iter().any(|k| k.contains(kind)),
            "{kind} stands in the custody log: {kinds:?}"
        );
    }
    assert_eq!(custody["intact"], true);
}

#[test]
fn a_person_overrides_and_the_answer_of_the_logs_stays_beside() {
    let bench = case_of(PAYMONGO, &sample(PAYMONGO));
    let report = ask(&bench, SHIPPED[0], &["--subject", "actor:Alice Merchant"]);
    assert_eq!(step(&report, "logs")["answer"], "yes");
    let run = report["run"].to_string();
    let report = ask(
        &bench,
        &run,
        &[
            "--step",
            "logs",
            "--answer",
            "no",
            "--note",
            "She was travelling",
            "--pin",
            "297",
        ],
    );
    let logs = step(&report, "logs");
    assert_eq!(
        (
            &logs["answer"],
            &logs["found"]["answer"],
            &logs["given"]["overrides"]
        ),
        (&json!("no"), &json!("yes"), &json!(true))
    );
    assert_eq!(
        logs["sign"], "reassuring",
        "the sign is that of the answer that stands"
    );
    assert_eq!(
        (&logs["pins"], &logs["rows"][0]["event"]),
        (&json!([297]), &json!(297))
    );
    let report = ask(&bench, &run, &["--step", "logs", "--unpin", "297"]);
    assert_eq!(step(&report, "logs")["pins"], json!([]));
    let unknown = bench
        .run(&[
            "checklist",
            "case.wmcase",
            &run,
            "--step",
            "logs",
            "--pin",
            "99999",
            "--json",
        ])
        .error();
    assert_eq!(unknown["code"], "no_such_item");
    let wrong = bench
        .run(&[
            "checklist",
            "case.wmcase",
            &run,
            "--step",
            "logs",
            "--answer",
            "maybe",
            "--json",
        ])
        .error();
    assert_eq!(wrong["code"], "invalid_option");
}

#[test]
fn the_same_question_goes_on_with_its_run_and_tells_what_changed() {
    let early = lines(PAYMONGO, |l| l < "2024-04-22 20");
    let bench = case_of("april.csv", &early);
    let args = ["--subject", "actor:Alice Merchant", "--from", "2024-04-12"];
    let first = ask(&bench, SHIPPED[0], &args);
    assert_eq!(step(&first, "logs")["answer"], "no");
    let run = first["run"].to_string();
    ask(&bench, &run, &["--step", "support", "--answer", "no"]);
    ask(
        &bench,
        &run,
        &["--step", "logs", "--answer", "no", "--note", "I looked"],
    );
    assert_eq!(ask(&bench, &run, &[])["stale"], 0, "nothing has come");
    // The same file again brings nothing new; another log of the same system does.
    let again = bench.file("again.csv", &early);
    bench.import(&again, &["--zone", "Asia/Manila"]).json(0);
    assert_eq!(ask(&bench, &run, &[])["stale"], 0, "no event is new");
    let okta = bench.file("okta.json", sample("okta-system-log.json"));
    bench.import(&okta, &[]).json(0);
    assert_eq!(
        ask(&bench, &run, &[])["stale"],
        0,
        "another system is not in question"
    );
    let late = bench.file("late.csv", lines(PAYMONGO, |l| l >= "2024-04-22 20"));
    bench.import(&late, &["--zone", "Asia/Manila"]).json(0);
    let stale = ask(&bench, &run, &[]);
    for id in ["password", "logs", "keys", "investigation"] {
        let said = step(&stale, id)["stale"]["text"]
            .as_str()
            .unwrap_or_else(|| panic!("{id} is stale"));
        assert!(
            said.contains("source 4 (late.csv)") && said.contains("concerning this arrived since"),
            "{said}"
        );
    }
    assert_eq!(
        step(&stale, "support")["stale"],
        Value::Null,
        "what a person found out does not go stale by data"
    );
    assert_eq!(
        step(&stale, "logs")["answer"],
        "no",
        "until it is asked again"
    );
    let after = ask(&bench, &run, &["--again"]);
    let logs = step(&after, "logs");
    assert_eq!(
        (&logs["found"]["answer"], &logs["changed"]["answer"]),
        (&json!("yes"), &json!("no"))
    );
    assert_eq!(logs["answer"], "no", "the person's answer stands");
    assert!(
        logs["stale"]["text"].as_str().is_some(),
        "and must be looked at again"
    );
    let same = ask(&bench, SHIPPED[0], &args);
    assert_eq!(same["run"].to_string(), run);
    assert_eq!(
        step(&same, "support")["answer"],
        "no",
        "what a person said stays"
    );
    let withdrawn = bench.run(&[
        "withdraw",
        "case.wmcase",
        "4",
        "--why",
        "not ours",
        "--json",
    ]);
    assert_eq!(withdrawn.code, 0, "{}", withdrawn.stderr);
    let gone = ask(&bench, &run, &[]);
    assert!(
        step(&gone, "keys")["stale"]["text"]
            .as_str()
            .unwrap()
            .contains("was taken out since")
    );
}

#[test]
fn a_review_with_rules_of_a_persons_own_stays_when_a_checklist_is_asked() {
    const RULE: &str = "title: A link was made\nid: 00000000-0000-4000-8000-000000000009\nlevel: high\nlogsource:\n  product: paymongo\ndetection:\n  selection:\n    Event type|contains: 'link'\n  condition: selection\n";
    let bench = case_of(PAYMONGO, &lines(PAYMONGO, |l| l < "2024-04-22 20"));
    bench.file("rules/link.yml", RULE);
    let detect = |more: &[&str]| {
        let mut args = vec!["detect", "case.wmcase", "--json"];
        args.extend(more);
        bench.run(&args).json(1)
    };
    let made = detect(&["--rules", "rules"]);
    let own = |report: &Value| -> Vec<String> {
        let findings = report["findings"].as_array().unwrap().iter();
        findings
            .filter(|f| f["detection"].as_str().unwrap().starts_with("sigma:"))
            .map(|f| f["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let ids = own(&made);
    assert!(!ids.is_empty(), "{made}");
    let found = |id: &str| {
        let query = format!("finding:{id}");
        bench
            .run(&["count", "case.wmcase", &query, "--json"])
            .json(0)["count"]
            .as_u64()
            .unwrap()
    };
    let before = found(&ids[0]);
    assert!(before > 0);
    let args = ["--subject", "actor:Alice Merchant", "--from", "2024-04-12"];
    ask(&bench, "api-key-leak", &args);
    assert_eq!(found(&ids[0]), before, "her findings are still there");
    // Data comes: the checklist answers from all of it, and her review still stands until she makes it anew.
    let late = bench.file("late.csv", lines(PAYMONGO, |l| l >= "2024-04-22 20"));
    bench.import(&late, &["--zone", "Asia/Manila"]).json(0);
    let report = ask(&bench, "api-key-leak", &args);
    assert_eq!(found(&ids[0]), before, "her findings are still there");
    let steps = report["steps"].as_array().unwrap();
    let looks = steps
        .iter()
        .flat_map(|s| s["looks"].as_array().unwrap())
        .filter(|l| l["kind"] == "detections" && l["answer"] == "yes");
    let mut of_findings = 0;
    for look in looks {
        of_findings += 1;
        let query = look["query"].as_str().unwrap();
        let count = bench
            .run(&["count", "case.wmcase", query, "--json"])
            .json(0);
        assert!(
            count["count"].as_u64().unwrap() > 0,
            "the filter leads to the rows: {look}"
        );
    }
    assert!(of_findings > 0, "the new rows are judged: {report}");
}

#[test]
fn absence_is_a_statement_with_sources_days_blind_spots_and_filter() {
    let bench = case_of(PAYMONGO, &lines(PAYMONGO, |l| !is_incident(l)));
    let report = ask(
        &bench,
        "api-key-leak",
        &[
            "--subject",
            "actor:Alice Merchant",
            "--from",
            "2024-04-01",
            "--to",
            "2024-04-26",
        ],
    );
    let seen = step(&report, "seen");
    assert_eq!(seen["answer"], "no");
    let said = seen["statement"].as_str().unwrap();
    for part in [
        "No view of a key, token or secret by Alice Merchant stands in the logs between 1 Apr 2024 00:00:00 and 26 Apr 2024 00:00:00 (Asia/Manila)",
        "PayMongo security logs (source 1)",
        "of its 25 days",
        "entries could not be read",
        "using a key is not",
        "Asked: ",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    // The filter that was asked finds what was found.
    let query = seen["looks"][0]["query"].as_str().unwrap();
    let count = bench
        .run(&["count", "case.wmcase", query, "--json"])
        .json(0);
    assert_eq!(count["count"], 0);
    // Beyond the log, nothing is said.
    let report = ask(
        &bench,
        "api-key-leak",
        &[
            "--subject",
            "actor:Alice Merchant",
            "--from",
            "2024-04-01",
            "--to",
            "2024-06-01",
        ],
    );
    let seen = step(&report, "seen");
    assert_eq!(seen["answer"], "cannot_tell");
    assert!(
        seen["reason"]
            .as_str()
            .unwrap()
            .contains("has no events after"),
        "{seen}"
    );
    assert_eq!(seen["statement"], "");
    // A name that nobody has is no proof of anything.
    let report = ask(
        &bench,
        "api-key-leak",
        &["--subject", "actor:Alice Merchent"],
    );
    for step in report["steps"].as_array().unwrap() {
        assert_eq!(step["answer"], "cannot_tell", "{step}");
    }
}

#[test]
fn looking_keeps_nothing_and_a_page_loads_nothing() {
    let bench = case_of(
        PAYMONGO,
        &sample(PAYMONGO).replace("Bank account changed", "<img src=x onerror=alert(1)>"),
    );
    let looked = ask(&bench, "payout-diversion", &["--look"]);
    assert_eq!(looked["run"], Value::Null);
    assert_eq!(
        bench.run(&["checklist", "case.wmcase", "--json"]).json(0)["runs"],
        json!([])
    );
    let kept = bench.run(&[
        "checklist",
        "case.wmcase",
        "payout-diversion",
        "--page",
        "page.html",
        "--json",
    ]);
    assert_eq!(kept.code, 1, "{}", kept.stderr);
    let page = std::fs::read_to_string(bench.path("page.html")).unwrap();
    assert!(
        page.contains("default-src 'none'") && !page.contains("<script") && !page.contains("<img")
    );
    assert!(
        page.contains("&lt;img src=x"),
        "what the log says stands as text"
    );
    assert!(page.contains("Payout diversion") && page.contains("What it does not log"));
    let run = kept.json(1)["run"].to_string();
    let gone = bench
        .run(&["checklist", "case.wmcase", &run, "--withdraw", "--json"])
        .json(0);
    assert_eq!(gone["withdrawn"].to_string(), run);
    assert_eq!(
        bench
            .run(&["checklist", "case.wmcase", &run, "--json"])
            .error()["code"],
        "no_such_item"
    );
}

#[test]
fn a_file_of_ones_own_is_checked_with_line_and_key() {
    let bench = case_of(PAYMONGO, &sample(PAYMONGO));
    let text = bench
        .run(&["checklist", "case.wmcase", "api-key-leak", "--text"])
        .text();
    bench.file(
        "mine.toml",
        text.replace("id = \"api-key-leak\"", "id = \"mine\""),
    );
    let report = ask(&bench, "mine.toml", &["--subject", "actor:Alice Merchant"]);
    assert_eq!(report["checklist"], "mine");
    let run = report["run"].to_string();
    // What was used stays in the case, whatever becomes of the file.
    bench.file("mine.toml", "language = 1\n");
    assert_eq!(ask(&bench, &run, &["--again"])["sha256"], report["sha256"]);
    let refused = |from: &str, to: &str, line: u64, says: &str| {
        assert!(text.contains(from), "{from}");
        bench.file("wrong.toml", text.replacen(from, to, 1));
        let error = bench
            .run(&["checklist", "case.wmcase", "wrong.toml", "--json"])
            .error();
        let message = error["message"].as_str().unwrap().to_owned();
        assert!(message.contains(says), "{says} in {message}");
        assert_eq!(error["where"]["line"].as_u64(), Some(line), "{message}");
    };
    let line_of = |what: &str| 1 + text[..text.find(what).unwrap()].matches('\n').count() as u64;
    refused("op:read'", "op:'", line_of("op:read'"), "filter");
    refused(
        "kind = \"rows\"",
        "kind = \"row\"",
        line_of("kind = \"rows\""),
        "`row` is none of",
    );
    refused(
        "needs = [\"keys\"]",
        "needs = [\"key\"]",
        line_of("needs = [\"keys\"]"),
        "`key` is none of",
    );
    refused(
        "after_last = \"seen/views\"",
        "after_last = \"seen/view\"",
        line_of("after_last = \"seen/views\""),
        "has no look `view`",
    );
    refused(
        "\"key_after_unfamiliar_sign_in\"",
        "\"keys_after\"",
        line_of("\"key_after_unfamiliar_sign_in\""),
        "there is no detection `keys_after`",
    );
    refused(
        "sign = \"worrying\"",
        "sign = \"bad\"",
        line_of("sign = \"worrying\""),
        "`bad` is none of",
    );
    refused(
        "id = \"made\"",
        "id = \"seen\"",
        line_of("id = \"made\""),
        "two steps `seen`",
    );
    refused(
        "version = 1",
        "version = 1\ncolour = \"red\"",
        1 + line_of("version = 1"),
        "unknown field `colour`",
    );
    refused(
        "filter = 'category:credential op:read'",
        "filter = 'ip:@known'",
        line_of("filter = 'category:credential op:read'"),
        "may not read lists",
    );
    refused(
        "filter = 'category:credential op:read'",
        "filter = 'in:1'",
        line_of("filter = 'category:credential op:read'"),
        "one case",
    );
    refused(
        "filter = 'category:credential op:read'",
        "show = \"new\"",
        line_of("filter = 'category:credential op:read'"),
        "does not read `show`",
    );
    let unknown = bench
        .run(&["checklist", "case.wmcase", "no-such", "--json"])
        .error();
    assert_eq!(unknown["code"], "no_such_item");
    let about = bench
        .run(&[
            "checklist",
            "case.wmcase",
            "monthly-review",
            "--subject",
            "actor:x",
            "--json",
        ])
        .error();
    assert!(
        about["message"]
            .as_str()
            .unwrap()
            .contains("cannot be about actor")
    );
}

#[test]
fn a_package_holds_checklists_whose_rows_it_holds_and_hides_in_them_what_a_policy_hides() {
    let bench = case_of(PAYMONGO, &sample(PAYMONGO));
    let report = ask(
        &bench,
        SHIPPED[0],
        &["--subject", "actor:Alice Merchant", "--from", "2024-04-12"],
    );
    let run = report["run"].to_string();
    ask(
        &bench,
        &run,
        &[
            "--step",
            "support",
            "--answer",
            "yes",
            "--note",
            "Ticket 4711 with Alice Merchant",
        ],
    );
    let made = |out: &str, more: &[&str]| {
        let mut args = vec!["package", "case.wmcase", out, "--json"];
        args.extend(more);
        bench.run(&args).json(0);
        let verified = bench.run(&["verify", out, "--json"]).json(0);
        assert_eq!(verified["ok"], true, "{verified}");
        bench.path(out)
    };
    let whole = made("whole", &[]);
    let json = std::fs::read_to_string(whole.join(format!("data/rules/checklists/run-{run}.json")))
        .unwrap();
    let kept: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        step(&kept, "support")["given"]["note"],
        "Ticket 4711 with Alice Merchant"
    );
    let text = std::fs::read_to_string(whole.join(format!(
        "data/rules/checklists/{}-{}.toml",
        SHIPPED[0],
        &report["sha256"].as_str().unwrap()[..12]
    )))
    .unwrap();
    assert_eq!(
        text,
        bench
            .run(&["checklist", "case.wmcase", SHIPPED[0], "--text"])
            .text()
    );
    let html = std::fs::read_to_string(whole.join("data/report/report.html")).unwrap();
    for part in [
        "Checklist: PayMongo: suspected compromise",
        "Ticket 4711",
        "cannot tell",
        "Regenerate your API keys if necessary",
    ] {
        assert!(html.contains(part), "the report says {part}");
    }
    // The same bytes again: what was asked does not change by being handed over.
    let again = made("again", &[]);
    let same = |name: &str| {
        std::fs::read(whole.join(name)).unwrap() == std::fs::read(again.join(name)).unwrap()
    };
    assert!(same("manifest-sha256.txt"));
    // A scope without the rows of a checklist is handed over without it.
    let narrow = made("narrow", &["--query", "action:\"Created a link\""]);
    assert!(!narrow.join("data/rules/checklists").exists());
    assert!(
        !std::fs::read_to_string(narrow.join("data/report/report.html"))
            .unwrap()
            .contains("Checklist:")
    );
    let hidden = made("hidden", &["--redact", "no-persons"]);
    assert!(!hidden.join("data/rules/checklists").exists());
    let html = std::fs::read_to_string(hidden.join("data/report/report.html")).unwrap();
    assert!(
        html.contains("Checklist: PayMongo: suspected compromise") && html.contains("cannot tell")
    );
    let notes = std::fs::read_to_string(hidden.join("data/notes/notes.ndjson")).unwrap();
    assert_eq!(notes.lines().count(), 1, "{notes}");
    let note: Value = serde_json::from_str(&notes).unwrap();
    assert_eq!(
        (&note["kind"], &note["subject"]),
        (
            &json!("checklist"),
            &json!(format!("checklist:{}@2/run-{run}/support", SHIPPED[0]))
        )
    );
    let text = note["text"].as_str().unwrap();
    assert!(text.starts_with("Ticket 4711 with actor-"), "{text}");
    assert!(html.contains("Ticket 4711 with actor-"));
    for said in [&html, &notes] {
        let folded = said.to_lowercase();
        assert!(!folded.contains("alice"), "{said}");
    }
}

#[test]
fn a_checklist_of_ones_own_is_kept_in_the_case_and_asked_by_its_id() {
    let bench = case_of(PAYMONGO, &sample(PAYMONGO));
    let text = bench
        .run(&["checklist", "case.wmcase", "api-key-leak", "--text"])
        .text();
    let run = |args: &[&str]| {
        let mut all = vec!["checklist", "case.wmcase"];
        all.extend(args);
        all.push("--json");
        bench.run(&all)
    };
    bench.file("theirs.toml", &text);
    let taken = run(&["theirs.toml", "--save"]).error();
    assert!(
        taken["message"]
            .as_str()
            .unwrap()
            .contains("is a checklist of the program"),
        "{taken}"
    );
    let mine = text.replace("id = \"api-key-leak\"", "id = \"mine\"");
    bench.file("mine.toml", &mine);
    assert_eq!(run(&["mine.toml", "--save"]).json(0)["id"], "mine");
    std::fs::remove_file(bench.path("mine.toml")).unwrap();
    let listed = bench.run(&["checklist", "case.wmcase", "--json"]).json(0);
    let first = &listed["checklists"][0];
    assert_eq!(
        (&first["id"], &first["shipped"]),
        (&json!("mine"), &json!(false))
    );
    let report = ask(&bench, "mine", &["--subject", "actor:Alice Merchant"]);
    let number = report["run"].to_string();
    assert_eq!(
        bench
            .run(&["checklist", "case.wmcase", "mine", "--text"])
            .text(),
        mine
    );
    // Another version takes its place; the run goes on with the one that it used.
    bench.file("second.toml", mine.replace("version = 1", "version = 2"));
    assert_eq!(run(&["second.toml", "--save"]).json(0)["version"], 2);
    assert_eq!(ask(&bench, &number, &["--again"])["version"], 1);
    let next = ask(&bench, "mine", &["--subject", "actor:Alice Merchant"]);
    assert_eq!(next["version"], 2);
    assert_ne!(next["run"].to_string(), number);
    bench.file(
        "wrong.toml",
        mine.replace("kind = \"rows\"", "kind = \"row\""),
    );
    let wrong = run(&["wrong.toml", "--save"]).error();
    assert!(wrong["where"]["line"].as_u64().unwrap() > 10, "{wrong}");
    run(&["mine", "--forget"]).json(0);
    assert_eq!(run(&["mine"]).error()["code"], "no_such_item");
    assert_eq!(run(&["mine", "--forget"]).error()["code"], "no_such_item");
    assert_eq!(ask(&bench, &number, &[])["checklist"], "mine");
    let custody = bench.run(&["custody", "case.wmcase", "--json"]).json(0);
    let said = custody["entries"].as_array().unwrap().iter();
    let own = said.filter(|e| e["detail"].as_str().unwrap().contains("checklist_own"));
    assert_eq!(
        own.count(),
        4,
        "two kept, one put in the place of another, one taken out"
    );
    assert_eq!(custody["intact"], true);
}
