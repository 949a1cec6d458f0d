//! Read-only SQL over the events: what it gives, how it is narrowed, and what it may not do.

use serde_json::{Value, json};

use crate::{Bench, PAYMONGO};

fn bench() -> Bench {
    let bench = Bench::new();
    let file = bench.file("logs.csv", PAYMONGO);
    bench.import(&file, &["--zone", "Asia/Manila"]).json(0);
    let nexus = bench.file(
        "audit.json",
        r#"[{"id":"e1","time":"2024-05-01T00:00:00Z","action":"update","user":"carol","note":"=1+1"},
            {"id":"e2","action":"read","user":"carol"}]"#,
    );
    bench.import(&nexus, &[]).json(0);
    bench
}

fn rows(bench: &Bench, statement: &str) -> Value {
    let report = bench
        .run(&["sql", "case.wmcase", "--json", statement])
        .json(0);
    report["rows"].clone()
}

#[test]
fn a_statement_sees_every_event_and_what_the_filter_sees() {
    let bench = bench();
    assert_eq!(rows(&bench, "SELECT count(*) FROM events"), json!([[6]]));
    assert_eq!(
        rows(
            &bench,
            "SELECT user_email, count(*) AS n FROM events GROUP BY 1 HAVING n > 1 AND user_email IS NOT NULL"
        ),
        json!([["alice@example.com", 3]])
    );
    assert_eq!(
        rows(
            &bench,
            "SELECT event, event_action FROM events WHERE user_email = 'alice@example.com' AND timestamp >= '2024-04-22T06:35' ORDER BY time DESC"
        ),
        json!([[3, "Payout Account Updated"], [2, "API Key Viewed"]])
    );
    let events = bench.events("");
    let shown = rows(
        &bench,
        "SELECT event, timestamp, source, entry, line, offset, length, event_original_time FROM events ORDER BY event",
    );
    for (row, event) in shown.as_array().unwrap().iter().zip(&events) {
        let place = &event["witnessmark"];
        let expected = json!([
            place["event"],
            event.get("@timestamp"),
            place["source"],
            place["entry"],
            place["line"],
            place["offset"],
            place["length"],
            event["event"].get("original_time"),
        ]);
        assert_eq!(*row, expected);
    }
}

#[test]
fn lists_are_tables_and_json() {
    let bench = bench();
    assert_eq!(
        rows(
            &bench,
            "SELECT e.user_email, c.field, c.old, c.new FROM changes c JOIN events e USING (event) WHERE c.field = 'email'"
        ),
        json!([[
            "bob@example.com",
            "email",
            "bob@example.com",
            "rob@example.com"
        ]])
    );
    assert_eq!(
        rows(
            &bench,
            "SELECT json_extract(j.value, '$.new') FROM events, json_each(changes) j WHERE event = 4"
        ),
        json!([["rob@example.com"]])
    );
    assert_eq!(
        rows(
            &bench,
            "SELECT count(*) FROM targets WHERE type = 'nothing'"
        ),
        json!([[0]])
    );
    assert_eq!(
        rows(
            &bench,
            "SELECT source, name, entries FROM sources ORDER BY source"
        ),
        json!([[1, "logs.csv", 4], [2, "audit.json", 2]])
    );
    let raw = rows(&bench, "SELECT raw FROM events WHERE event = 1");
    assert_eq!(raw[0][0], PAYMONGO.lines().nth(1).unwrap());
}

#[test]
fn what_is_handed_down_changes_no_answer() {
    let bench = bench();
    let all = "(SELECT * FROM events LIMIT -1)";
    for condition in [
        "event = 3",
        "event = '3'",
        "event = 99",
        "event = NULL",
        "event = 2.5",
        "time > 1713767535000000000",
        "time = 1713767535000000000",
        "time >= 1713767535000000000.5",
        "time < 1713767700000000000",
        "time IS NULL",
        "time IS NOT NULL",
        "timestamp = '2024-04-22T06:32:15.000000000Z'",
        "timestamp >= '2024-04-22'",
        "timestamp > '2024-04-22T06:32:15'",
        "timestamp < '2024-04-23'",
        "timestamp <= '2024-04-22T06:32:15.000000000Z'",
        "timestamp > 'x'",
        "timestamp < ''",
        "timestamp >= '2024-04-22T06:32:15Z'",
        "timestamp > 5",
        "timestamp >= '2024-0'",
        "timestamp < '2024-1'",
        "timestamp >= '2024-04-2'",
        "timestamp GLOB '2024-04-2*'",
        "timestamp < '2024-04-22T06:3'",
        "timestamp > '2024-04-22 06:33'",
        "timestamp < '2024-04-22 06:33'",
        "timestamp >= '2024-04-22T06:32:15.'",
        "timestamp < '2024-04-22T06:32:15.0000+00:00'",
        "timestamp BETWEEN '2024-04-22T06:33' AND '2024-04-23'",
        "user_email = 'alice@example.com'",
        "user_email = 'ALICE@example.com'",
        "user_email = 'ALICE@example.com' COLLATE NOCASE",
        "user_email = ''",
        "user_email = 5",
        "user_email IS NULL",
        "user_email IS NOT NULL AND event_action LIKE 'api%'",
        "source = 2",
        "source = '2'",
        "source = 1 OR event = 6",
        "user_email IN ('alice@example.com', 'bob@example.com')",
        "NOT user_email = 'alice@example.com'",
    ] {
        let handed = rows(
            &bench,
            &format!("SELECT event FROM events WHERE {condition} ORDER BY event"),
        );
        // Through a subquery with a limit nothing is handed down.
        let plain = rows(
            &bench,
            &format!("SELECT event FROM {all} WHERE {condition} ORDER BY event"),
        );
        assert_eq!(handed, plain, "{condition}");
    }
    for order in [
        "time",
        "time DESC",
        "timestamp",
        "timestamp DESC",
        "time DESC, event",
    ] {
        let handed = rows(&bench, &format!("SELECT time FROM events ORDER BY {order}"));
        let plain = rows(&bench, &format!("SELECT time FROM {all} ORDER BY {order}"));
        assert_eq!(handed, plain, "{order}");
    }
}

#[test]
fn nothing_but_reading_these_tables_is_possible() {
    let bench = bench();
    let before = std::fs::read(bench.path("case.wmcase")).unwrap();
    for statement in [
        "DELETE FROM events",
        "UPDATE events SET message = 'x'",
        "INSERT INTO events(event) VALUES (1)",
        "DROP TABLE events",
        "CREATE TABLE t(a)",
        "CREATE TEMP TABLE t AS SELECT 1",
        "CREATE VIEW v AS SELECT 1",
        "CREATE VIRTUAL TABLE t USING events",
        "ATTACH 'other.db' AS o",
        "ATTACH 'case.wmcase' AS o",
        "DETACH main",
        "PRAGMA user_version",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA key = 'x'",
        "SELECT * FROM pragma_database_list",
        "SELECT * FROM sqlite_schema",
        "SELECT count(*) FROM sqlite_schema",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM custody",
        "SELECT * FROM evidence_block",
        "SELECT load_extension('x')",
        "SELECT * FROM dbstat",
        "BEGIN",
        "VACUUM INTO 'copy.db'",
        "REINDEX",
        "ANALYZE",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE events",
        "",
        "-- nothing",
        "EXPLAIN",
        "SELECT writefile('x', 'y')",
    ] {
        let ran = bench.run(&["sql", "case.wmcase", "--json", statement]);
        assert_eq!(ran.code, 2, "{statement}: {}", ran.text());
        let error: Value = serde_json::from_str(ran.stderr.trim()).unwrap();
        assert!(
            ["invalid_query", "invalid_option"].contains(&error["code"].as_str().unwrap()),
            "{statement}: {error}"
        );
    }
    assert_eq!(std::fs::read(bench.path("case.wmcase")).unwrap(), before);
    for name in ["other.db", "copy.db", "x"] {
        assert!(!bench.path(name).exists(), "{name}");
    }
}

#[test]
fn a_statement_that_never_ends_is_ended() {
    let bench = bench();
    let endless =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let error = bench
        .run(&["sql", "case.wmcase", "--json", "--seconds", "1", endless])
        .error();
    assert_eq!(error["code"], "limit_exceeded");
    // Functions that are given long texts take long between two looks at the clock, so no text is that long.
    for long in [
        "SELECT instr(printf('%.*c', 1500000, 'a'), printf('%.*c', 750000, 'a') || 'b')",
        "WITH c AS MATERIALIZED (SELECT printf('%.*c', 40000000, 'a') a FROM events) SELECT sum(length(a)) FROM c",
    ] {
        let error = bench.run(&["sql", "case.wmcase", "--json", long]).error();
        assert_eq!(error["code"], "invalid_query", "{error}");
        assert!(
            error["message"].as_str().unwrap().contains("1 MiB"),
            "{error}"
        );
    }
    let greedy = "WITH RECURSIVE n(i, t) AS (SELECT 1, hex(zeroblob(100000)) UNION ALL SELECT i + 1, t || i FROM n LIMIT 100000) \
                  SELECT t FROM n ORDER BY t";
    let error = bench
        .run(&["sql", "case.wmcase", "--json", "--memory", "32", greedy])
        .error();
    assert_eq!(error["code"], "invalid_query");
    assert!(
        error["message"].as_str().unwrap().contains("MiB"),
        "{error}"
    );
}

#[test]
fn csv_and_table_obey_nobody() {
    let bench = bench();
    let csv = bench.run(&[
        "sql",
        "case.wmcase",
        "--csv",
        "SELECT '=1+1' AS a, -5 AS b, 'say \"hi\"' AS c",
    ]);
    assert_eq!(
        csv.text(),
        "\"a\",\"b\",\"c\"\r\n\"'=1+1\",\"-5\",\"say \"\"hi\"\"\"\r\n"
    );
    let table = bench.run(&["sql", "case.wmcase", "SELECT char(27) || '[31m' AS red"]);
    assert_eq!(table.text(), "red\n␛[31m\n");
    let none = bench.run(&[
        "sql",
        "case.wmcase",
        "--json",
        "SELECT event FROM events WHERE event = 99",
    ]);
    assert_eq!(none.json(0), json!({"columns": ["event"], "rows": []}));
}
