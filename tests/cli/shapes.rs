//! Containers and shapes: what comes in is kept as it came, and every event leads back to its bytes.

use serde_json::{Value, json};
use witnessmark_tests::archive;

use crate::{Bench, PAYMONGO, receipt};

fn warned(source: &Value, code: &str) -> u64 {
    source["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|w| w["code"] == code)
        .map_or(0, |w| w["count"].as_u64().unwrap())
}

/// Extracts with an option and gives the bytes.
fn extract(bench: &Bench, source: &str, option: &[&str]) -> Vec<u8> {
    let mut args = vec!["extract", "case.wmcase", source, "-"];
    args.extend(option);
    let ran = bench.run(&args);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran.stdout
}

/// A workbook with a cover sheet, an empty sheet and the log, whose times are numbers.
fn workbook() -> Vec<u8> {
    let cell = |text: &str| format!(r#"<c t="inlineStr"><is><t>{text}</t></is></c>"#);
    let row = |n: u32, cells: String| format!(r#"<row r="{n}">{cells}</row>"#);
    let texts = |all: &[&str]| all.iter().map(|t| cell(t)).collect::<String>();
    let mut log = row(
        1,
        texts(&["Timestamp", "Event type", "User", "Device", "IP", "Details"]),
    );
    for (n, serial, action, details) in [
        (
            2,
            "45404.605729166667",
            "Login",
            "first line&#10;second line",
        ),
        (
            4,
            "45404.607662037037",
            "API Key Viewed",
            "Secret Key, &quot;live&quot;",
        ),
    ] {
        let time = format!(r#"<c r="A{n}" s="1"><v>{serial}</v></c>"#);
        let rest = texts(&[
            action,
            "alice@example.com",
            "Safari on macOS",
            "203.0.113.45",
            details,
        ]);
        log.push_str(&row(n, time + &rest));
    }
    archive::workbook(&[("Log", &log), ("Empty", "")])
}

#[test]
fn sheets_of_a_workbook_are_read_by_row() {
    let bench = Bench::new();
    let bytes = workbook();
    let file = bench.file("security.xlsx", &bytes);
    assert_eq!(bench.import(&file, &[]).error()["code"], "zone_required");
    let report = bench.import(&file, &["--zone", "Asia/Manila"]).json(0);
    let source = receipt(&report);
    assert_eq!(source["name"], "security.xlsx/Log");
    assert_eq!(source["profiles"], json!(["paymongo@1"]));
    assert_eq!(source["stored"], 2);
    assert_eq!(source["container"]["kind"], "xlsx");
    assert_eq!(report["refused"][0]["code"], "empty");
    let events = bench.events("");
    assert_eq!(events[0]["@timestamp"], "2024-04-22T06:32:15.000000000Z");
    assert_eq!(events[0]["event"]["original_time"], "2024-04-22 14:32:15");
    let lines: Vec<_> = events.iter().map(|e| &e["witnessmark"]["line"]).collect();
    assert_eq!(lines, [2, 4], "the line of an entry is its row");
    assert_eq!(
        extract(&bench, "1", &[]),
        bytes,
        "the original is the workbook"
    );
    assert_eq!(extract(&bench, "1", &["--container"]), bytes);
    let text = extract(&bench, "1", &["--member"]);
    for event in &events {
        let at = &event["witnessmark"];
        let from = at["offset"].as_u64().unwrap() as usize;
        let until = from + at["length"].as_u64().unwrap() as usize;
        let raw = bench.run(&["raw", "case.wmcase", &at["event"].to_string()]);
        assert_eq!(raw.stdout, &text[from..until]);
    }
    let found = |query: &str| {
        bench
            .run(&["count", "case.wmcase", query, "--json"])
            .json(0)["count"]
            .clone()
    };
    assert_eq!(found("\"second line\""), 1);
    assert_eq!(found("\"key, \\\"live\""), 1);
    let again = receipt(&bench.import(&file, &["--zone", "Asia/Manila"]).json(0));
    assert_eq!(
        (&again["stored"], &again["duplicates"]),
        (&json!(0), &json!(2))
    );
    bench
        .run(&["reread", "case.wmcase", "2", "--zone", "UTC", "--json"])
        .json(0);
    assert_eq!(bench.events("").len(), 4);
    assert_eq!(bench.events("in:2")[0]["witnessmark"]["line"], 2);
}

#[test]
fn ids_in_a_sheet_keep_their_digits() {
    let bench = Bench::new();
    let rows = r#"<row r="1"><c t="inlineStr"><is><t>time</t></is></c><c t="inlineStr"><is><t>user_id</t></is></c><c t="inlineStr"><is><t>action</t></is></c></row>
        <row r="2"><c t="inlineStr"><is><t>2024-04-22T10:00:00Z</t></is></c><c><v>9007199254740993</v></c><c t="inlineStr"><is><t>login</t></is></c></row>"#;
    let file = bench.file("ids.xlsx", archive::workbook(&[("Sheet1", rows)]));
    bench.import(&file, &[]).json(0);
    let raw = bench.run(&["raw", "case.wmcase", "1"]).text();
    assert!(raw.contains("9007199254740993"), "{raw}");
}

#[test]
fn documents_that_are_no_workbook_are_refused() {
    let bench = Bench::new();
    for (name, member) in [
        ("letter.docx", "word/document.xml"),
        ("slides.pptx", "ppt/presentation.xml"),
        ("binary.xlsb", "xl/workbook.bin"),
        ("calc.ods", "mimetype"),
    ] {
        let file = bench.file(name, archive::zip(&[(member, b"x")]));
        let error = bench.import(&file, &[]).error();
        assert_eq!(error["code"], "not_a_log", "{name}");
        assert!(!bench.path("case.wmcase").exists());
    }
}

#[test]
fn a_packed_file_gives_back_both_what_it_was_and_what_is_in_it() {
    let bench = Bench::new();
    let packed = archive::gzip(PAYMONGO.as_bytes());
    let file = bench.file("logs.csv.gz", &packed);
    let source = receipt(&bench.import(&file, &["--zone", "Asia/Manila"]).json(0));
    assert_eq!(source["bytes"], PAYMONGO.len());
    assert_eq!(source["container"]["kind"], "gzip");
    assert_eq!(source["container"]["bytes"], packed.len());
    assert_eq!(extract(&bench, "1", &["--container"]), packed);
    assert_eq!(extract(&bench, "1", &[]), PAYMONGO.as_bytes());
    let plain = bench.file("logs.csv", PAYMONGO);
    let same = receipt(&bench.import(&plain, &["--zone", "Asia/Manila"]).json(0));
    assert_eq!(same["duplicates"], 4);
    let zip = archive::zip(&[("inner.csv", PAYMONGO.as_bytes())]);
    let file = bench.file("logs.zip", &zip);
    let member = receipt(&bench.import(&file, &["--zone", "Asia/Manila"]).json(0));
    assert_eq!(member["container"]["kind"], "zip");
    assert_eq!(extract(&bench, "3", &["--container"]), zip);
    assert_eq!(extract(&bench, "3", &[]), PAYMONGO.as_bytes());
    assert_eq!(
        warned(&same, "same_file"),
        4,
        "the same bytes, packed or not"
    );
    let refused = bench.run(&["extract", "case.wmcase", "2", "x", "--container", "--json"]);
    assert_eq!(refused.error()["code"], "invalid_option");
}

#[test]
fn json_inside_a_cell_is_read() {
    let bench = Bench::new();
    let data = json!({
        "CreationTime": "2024-04-22T06:32:15", "Id": "a1b2", "Operation": "New-InboxRule", "OrganizationId": "o1",
        "RecordType": 1, "ResultStatus": "True", "UserKey": "k1", "UserType": 2, "Workload": "Exchange",
        "ClientIP": "203.0.113.45:52100", "ObjectId": "rule", "UserId": "alice@example.com",
        "Parameters": [{"Name": "Name", "Value": "."}, {"Name": "DeleteMessage", "Value": "True"}],
    });
    let quoted = data.to_string().replace('"', "\"\"");
    let text = format!(
        "\u{feff}\"CreationDate\",\"UserIds\",\"Operations\",\"AuditData\"\r\n\"2024-04-22T06:32:15.0000000Z\",\"alice@example.com\",\"New-InboxRule\",\"{quoted}\"\r\n"
    );
    let file = bench.file("AuditLog.csv", &text);
    let source = receipt(&bench.import(&file, &[]).json(0));
    assert_eq!(
        source["profiles"][0].as_str().unwrap().split('@').next(),
        Some("microsoft-365")
    );
    let event = &bench.events("")[0];
    assert_eq!(event["event"]["action"], "New-InboxRule");
    assert_eq!(event["source"]["ip"], "203.0.113.45");
    assert_eq!(event["user"]["email"], "alice@example.com");
}

#[test]
fn a_folder_of_many_packed_files_is_one_import() {
    let bench = Bench::new();
    let files = 300;
    for n in 0..files {
        let text = json!({"Records": [
            {"eventVersion": "1.08", "eventTime": format!("2024-04-22T10:{:02}:{:02}Z", n / 60, n % 60), "eventName": "GetObject",
             "eventSource": "s3.amazonaws.com", "awsRegion": "eu-west-1", "sourceIPAddress": "203.0.113.45", "userAgent": "cli",
             "userIdentity": {"type": "IAMUser", "userName": "alice", "arn": "arn:aws:iam::111122223333:user/alice"},
             "eventID": format!("id-{n}"), "recipientAccountId": "111122223333"}
        ]}).to_string();
        let path = format!("bucket/AWSLogs/2024/04/{:02}/part-{n}.json.gz", n % 28 + 1);
        bench.file(&path, archive::gzip(text.as_bytes()));
    }
    let report = bench.import(&bench.path("bucket"), &[]).json(0);
    let sources = report["sources"].as_array().unwrap();
    assert_eq!(sources.len(), files);
    assert!(
        sources
            .iter()
            .all(|s| s["stored"] == 1 && s["profiles"][0].as_str().unwrap().starts_with("aws"))
    );
    assert_eq!(
        bench.run(&["count", "case.wmcase", "--json"]).json(0)["count"],
        files
    );
    let custody = bench.run(&["custody", "case.wmcase", "--json"]).json(0);
    let imports = custody["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|e| e["action"] == "import");
    assert_eq!(imports.count(), 1);
}

#[test]
fn encodings_are_told_by_a_mark_or_by_a_person() {
    let text = PAYMONGO.replace("alice", "zo\u{eb}");
    let wide = |big: bool| -> Vec<u8> {
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        units
            .flat_map(|unit| {
                if big {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                }
            })
            .collect()
    };
    for (name, bytes) in [("le.csv", wide(false)), ("be.csv", wide(true))] {
        let bench = Bench::new();
        let file = bench.file(name, &bytes);
        let source = receipt(&bench.import(&file, &["--zone", "Asia/Manila"]).json(0));
        assert_eq!(source["stored"], 4, "{name}");
        assert_eq!(bench.events("")[0]["user"]["email"], "zo\u{eb}@example.com");
        assert_eq!(extract(&bench, "1", &[]), bytes);
        let raw = bench.run(&["raw", "case.wmcase", "1"]).stdout;
        assert!(
            bytes.windows(raw.len()).any(|w| w == raw),
            "{name}: raw bytes are those of the file"
        );
    }
    let bench = Bench::new();
    let latin: Vec<u8> = text.chars().map(|c| c as u8).collect();
    let file = bench.file("latin.csv", &latin);
    let error = bench.import(&file, &["--zone", "Asia/Manila"]).error();
    assert_eq!(error["code"], "encoding_required");
    assert!(
        !bench.path("case.wmcase").exists(),
        "a guess is offered and never used"
    );
    bench
        .import(&file, &["--zone", "Asia/Manila", "--encoding", "latin1"])
        .json(0);
    assert_eq!(bench.events("")[0]["user"]["email"], "zo\u{eb}@example.com");
    assert_eq!(extract(&bench, "1", &[]), latin);
}

#[test]
fn of_two_lists_the_one_that_is_not_read_is_told() {
    let bench = Bench::new();
    let file = bench.file(
        "two.json",
        r#"{"events":[{"time":"2024-01-01T00:00:00Z","user":"mallory","action":"payout.change"}],"links":[{"rel":"next","href":"x"}],"logs":[{"time":"2024-01-01T00:00:00Z","user":"alice","action":"login","note":"long long"},{"time":"2024-01-02T00:00:00Z","user":"alice","action":"login"}]}"#,
    );
    let report = bench.import(&file, &[]).json(0);
    let source = &report["sources"][0];
    assert_eq!(source["stored"], 2);
    assert_eq!(warned(source, "other_list"), 1, "{source}");
}

#[test]
fn an_event_that_holds_a_list_is_one_event() {
    let bench = Bench::new();
    let file = bench.file(
        "wrapped.ndjson",
        r#"{"data":{"time":"2024-01-01T00:00:00Z","user":"alice","action":"refund.create","items":[{"id":"i1","created_at":"2023-05-05T00:00:00Z","sku":"A-1","price":"10"}]}}
{"data":{"time":"2024-01-01T00:01:00Z","user":"mallory","action":"payout_account.change"}}
{"data":{"time":"2024-01-01T00:02:00Z","user":"bob","action":"refund.create","items":[{"id":"i2","created_at":"2023-06-05T00:00:00Z","sku":"B-2","price":"20"}]}}
"#,
    );
    let report = bench.import(&file, &[]).json(0);
    assert_eq!(report["sources"][0]["stored"], 3, "{report}");
    let found = bench.run(&["count", "case.wmcase", "mallory", "--json"]);
    assert_eq!(found.json(0)["count"], 1);
}

#[test]
fn a_time_without_zone_far_down_is_told_as_such_and_can_be_read_anew() {
    let bench = Bench::new();
    let mut text = "time,user,action\n".to_owned();
    for n in 0..6_000 {
        text.push_str(&format!("2024-04-22T10:00:{:02}Z,alice,login\n", n % 60));
    }
    text.push_str("2024-04-22 11:00:00,alice,logout\n");
    let file = bench.file("late.csv", &text);
    let report = bench.import(&file, &[]).json(0);
    let source = &report["sources"][0];
    assert_eq!(
        (&source["undated"], warned(source, "zone_missing")),
        (&json!(1), 1)
    );
    let again = bench.import(&file, &["--zone", "Asia/Manila"]).json(0);
    let said = again["sources"][0]["warnings"].to_string();
    assert!(said.contains("`withdraw`"), "{said}");
}

#[test]
fn a_column_of_times_of_which_most_are_none_dates_those_that_are() {
    let bench = Bench::new();
    let file = bench.file(
        "mixed.csv",
        "time,user,action\nunknown,alice,login\n2024-01-01T00:00:00Z,bob,logout\nn/a today,carol,login\n2024-01-02T00:00:00Z,dan,export\nlost,eve,login\n",
    );
    let report = bench.import(&file, &[]).json(0);
    let source = &report["sources"][0];
    assert_eq!(source["undated"], 3, "{source}");
    assert_eq!(warned(source, "unreadable_time"), 3, "{source}");
}
