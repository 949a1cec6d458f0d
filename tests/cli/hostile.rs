//! Hostile and broken files, one test for each kind: what must come out stands in the name or the first lines of each.
//! What is refused before it is read stands in `bad_input`, shapes and encodings in `shapes`, crashes in `crash`.

use std::io::Write as _;

use serde_json::{Value, json};
use witnessmark_tests::archive;

use crate::{Bench, PAYMONGO, Ran, receipt};

const ZONE: &[&str] = &["--zone", "Asia/Manila"];

fn warned(source: &Value, code: &str) -> u64 {
    source["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|w| w["code"] == code)
        .map_or(0, |w| w["count"].as_u64().unwrap())
}

fn rejects(bench: &Bench) -> Vec<Value> {
    let report = bench.run(&["rejects", "case.wmcase", "--json"]).json(0);
    report["rejects"].as_array().unwrap().clone()
}

fn last_action(bench: &Bench) -> String {
    let custody = bench.run(&["custody", "case.wmcase", "--json"]).json(0);
    let entries = custody["entries"].as_array().unwrap();
    entries.last().unwrap()["action"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Runs the command with little memory to reserve; what needs more fails.
fn import_in(bench: &Bench, megabytes: u64, file: &str, extra: &[&str]) -> Ran {
    let script = format!("ulimit -v {}; exec \"$0\" \"$@\"", megabytes * 1024);
    let out = std::process::Command::new("bash")
        .args(["-c", &script, env!("CARGO_BIN_EXE_witnessmark")])
        .args(["import", "case.wmcase", file, "--json"])
        .args(extra)
        .current_dir(bench.path("."))
        .output()
        .unwrap();
    Ran {
        code: out.status.code().unwrap_or(-1),
        stdout: out.stdout,
        stderr: String::from_utf8_lossy(&out.stderr).into_owned(),
    }
}

/// F1: it stops at the limit; the case is as it was but for a note in its log; nothing of it lies about.
#[test]
fn what_expands_without_end_is_stopped_and_leaves_a_note() {
    let bench = Bench::new();
    let first = bench.file("logs.csv", PAYMONGO);
    bench.import(&first, ZONE).json(0);
    let mut bomb = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    bomb.write_all(b"time,user,action\n").unwrap();
    let piece = vec![b' '; 1 << 20];
    for _ in 0..300 {
        bomb.write_all(&piece).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 1 << 19);
    bench.file("bomb.csv.zst", &bomb);
    let error = import_in(&bench, 2_000, "bomb.csv.zst", ZONE).error();
    assert_eq!(error["code"], "limit_exceeded");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("expands past the limit") && message.contains("bomb.csv.zst"),
        "{message}"
    );
    assert_eq!(bench.events("").len(), 4);
    assert_eq!(last_action(&bench), "import.cancelled");
    let inner = archive::zip(&[("a.csv", PAYMONGO.as_bytes())]);
    let nested = bench.file("nested.zip", archive::zip(&[("inner.zip", &inner[..])]));
    assert_eq!(
        bench.import(&nested, ZONE).error()["code"],
        "not_a_log",
        "nesting is told and not followed"
    );
    let files: Vec<_> = std::fs::read_dir(bench.path("."))
        .unwrap()
        .map(|f| f.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("tmp"))
        .collect();
    assert!(files.is_empty(), "{files:?}");
}

/// F2: unsafe names are refused one by one and told; the others are imported, none is written under its own name.
#[test]
fn members_with_unsafe_names_are_refused_one_by_one() {
    let bench = Bench::new();
    let later = PAYMONGO.replace("2024", "2025");
    let other = PAYMONGO.replace("2024", "2023");
    let members: [(&str, &[u8]); 8] = [
        ("../up.csv", PAYMONGO.as_bytes()),
        ("/etc/absolute.csv", PAYMONGO.as_bytes()),
        ("C:\\drive.csv", PAYMONGO.as_bytes()),
        ("a\\..\\b.csv", PAYMONGO.as_bytes()),
        ("nul\0.csv", PAYMONGO.as_bytes()),
        ("same.csv", PAYMONGO.as_bytes()),
        ("same.csv", later.as_bytes()),
        ("SAME.csv", other.as_bytes()),
    ];
    let file = bench.file("names.zip", archive::zip(&members));
    let report = bench.import(&file, ZONE).json(0);
    let names: Vec<_> = report["sources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "names.zip/same.csv",
            "names.zip/same.csv",
            "names.zip/SAME.csv"
        ]
    );
    let refused = report["refused"].as_array().unwrap();
    assert_eq!(refused.len(), 5, "{refused:?}");
    assert_eq!(bench.events("").len(), 12);
    assert!(!bench.path("../up.csv").exists() && !bench.path("same.csv").exists());
}

/// F3: a record beyond the limit is rejected at its place, what comes after it is read, and an array is streamed.
#[test]
fn a_line_without_end_costs_one_record() {
    let bench = Bench::new();
    let long = "x".repeat(40 << 20);
    let objects = |n: u32| {
        format!(
            "{{\"eventTime\":\"2024-04-22T10:00:{n:02}Z\",\"eventName\":\"A{n}\",\"user\":\"a\"}}"
        )
    };
    let text = format!("{}\n{{\"long\":\"{long}\"}}\n{}\n", objects(1), objects(2));
    bench.file("long.ndjson", &text);
    let source = receipt(&import_in(&bench, 2_000, "long.ndjson", &[]).json(3));
    assert_eq!(
        (&source["entries"], &source["rejected"]),
        (&json!(3), &json!(1))
    );
    let reject = &rejects(&bench)[0];
    assert_eq!(reject["code"], "too_long");
    assert_eq!(reject["offset"], objects(1).len() + 1);
    assert_eq!(reject["length"], long.len() + 11);
    let bytes = bench
        .run(&["rejects", "case.wmcase", "1", "--entry", "2"])
        .stdout;
    assert_eq!(bytes.len(), long.len() + 11, "its bytes are there");
    assert!(bytes.starts_with(b"{\"long\":\"xxx"));
    let bench = Bench::new();
    let row = format!("2024-04-24 10:00:00,Login,\"{long}\",x,203.0.113.9,\n");
    let after = "2024-04-24 11:00:00,Login,bob@example.com,x,203.0.113.9,\n";
    bench.file("long.csv", format!("{PAYMONGO}{row}{after}"));
    let source = receipt(&import_in(&bench, 2_000, "long.csv", ZONE).json(3));
    assert_eq!(
        (&source["stored"], &source["rejected"]),
        (&json!(5), &json!(1))
    );
    let bench = Bench::new();
    let one = objects(7);
    bench.file(
        "array.json",
        format!("[{}]", vec![one.as_str(); 300_000].join(",")),
    );
    let source = receipt(&import_in(&bench, 2_000, "array.json", &[]).json(0));
    assert_eq!(
        source["stored"], 300_000,
        "one line of twenty megabytes is no long record"
    );
}

/// F4: 128 levels are read, 129 reject that record, and a million brackets do no harm.
#[test]
fn depth_is_bounded() {
    let bench = Bench::new();
    let nested = |n: usize| format!("{{\"a\":{}{}}}", "[".repeat(n - 1), "]".repeat(n - 1));
    let endless = "[".repeat(1_000_000);
    let text = format!(
        "{}\n{}\n{{\"b\":{endless}\n{{\"c\":1}}\n",
        nested(128),
        nested(129)
    );
    let file = bench.file("deep.ndjson", text);
    let source = receipt(&bench.import(&file, &[]).json(3));
    assert_eq!(
        (&source["entries"], &source["stored"]),
        (&json!(4), &json!(2))
    );
    let codes: Vec<_> = rejects(&bench)
        .iter()
        .map(|r| r["code"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(codes, ["too_deep", "too_deep"]);
}

/// F5: the row is kept with a warning, the raw entry has both values, and the mapped field shows both.
#[test]
fn of_a_key_that_stands_twice_both_values_are_shown() {
    let bench = Bench::new();
    let line =
        r#"{"time":"2024-04-22T10:00:00Z","action":"login","user":"alice","\u0075ser":"mallory"}"#;
    let file = bench.file("twice.ndjson", format!("{line}\n"));
    let source = receipt(&bench.import(&file, &[]).json(0));
    assert_eq!(warned(&source, "duplicate_key"), 1);
    let event = &bench.events("")[0];
    assert_eq!(event["user"]["name"], "alice | mallory");
    assert!(
        event["witnessmark"]["problems"]
            .as_array()
            .unwrap()
            .contains(&json!("duplicate_key"))
    );
    assert_eq!(bench.run(&["raw", "case.wmcase", "1"]).text(), line);
}

/// F6: digits stay as they stand; what is no number is absent and its row kept.
#[test]
fn numbers_keep_their_digits() {
    let bench = Bench::new();
    let line = |user: &str, extra: &str| {
        format!(
            "{{\"time\":\"2024-04-22T10:00:00Z\",\"action\":\"a\",\"user_id\":{user},\"n\":{extra}}}"
        )
    };
    let lines = [
        line("9007199254740993", "1"),
        line("1.10", "1e400"),
        line("7", "NaN"),
        line("8", "-0"),
    ];
    let file = bench.file("numbers.ndjson", lines.join("\n"));
    let source = receipt(&bench.import(&file, &[]).json(0));
    assert_eq!(source["stored"], 4);
    assert_eq!(
        (
            warned(&source, "big_number"),
            warned(&source, "not_a_number")
        ),
        (1, 1)
    );
    let ids: Vec<_> = bench
        .events("")
        .iter()
        .map(|e| e["user"]["id"].clone())
        .collect();
    assert_eq!(ids, ["9007199254740993", "1.10", "7", "8"]);
    assert_eq!(
        bench
            .run(&["count", "case.wmcase", "raw.n:1e400", "--json"])
            .json(0)["count"],
        1
    );
}

/// F7: bytes that are no text are kept, shown as U+FFFD and counted; a source that is not UTF-8 asks.
#[test]
fn bytes_that_are_no_text_are_counted_and_kept() {
    let bench = Bench::new();
    let mut bytes = b"time,user,action\n".to_vec();
    while bytes.len() < (64 << 10) - 40 {
        bytes.extend(b"2024-04-22T10:00:00Z,alice,login\n");
    }
    // Overlong, a lone surrogate, cut at the end of a piece.
    bytes.extend(b"2024-04-22T10:00:01Z,a\xC0\x80b,login\n2024-04-22T10:00:02Z,a\xED\xA0\x80b,login\n2024-04-22T10:00:03Z,a\xE2\x82,login\n");
    while bytes.len() < 400 << 10 {
        bytes.extend(b"2024-04-22T11:00:00Z,alice,login\n");
    }
    let file = bench.file("mixed.csv", &bytes);
    let error = bench.import(&file, &[]).error();
    assert_eq!(error["code"], "encoding_required");
    let source = receipt(&bench.import(&file, &["--encoding", "utf-8"]).json(0));
    assert_eq!(warned(&source, "invalid_encoding"), 3);
    let flagged = bench.events("problem:invalid_encoding");
    assert!(
        flagged[0]["user"]["name"]
            .as_str()
            .unwrap()
            .contains('\u{FFFD}')
    );
    let raw = bench.run(&[
        "raw",
        "case.wmcase",
        &flagged[0]["witnessmark"]["event"].to_string(),
    ]);
    assert!(
        raw.stdout.windows(2).any(|w| w == b"\xC0\x80"),
        "the bytes themselves are kept"
    );
}

/// F8: rows and cells are those that a strict reader finds; nothing that is odd costs more than itself.
#[test]
fn csv_of_every_kind_is_read() {
    let rows = [
        ["2024-04-22T10:00:00Z", "alice", "log,in"],
        ["2024-04-22T10:00:01Z", "bob", "say \"hi\"\nthere"],
    ];
    for (delimiter, newline) in [
        (",", "\n"),
        (";", "\r\n"),
        ("\t", "\n"),
        ("|", "\r\n"),
        (",", "\r"),
    ] {
        let cell = |c: &str| format!("\"{}\"", c.replace('"', "\"\""));
        let line = |cells: &[&str]| {
            cells
                .iter()
                .map(|c| cell(c))
                .collect::<Vec<_>>()
                .join(delimiter)
        };
        let mut text = line(&["time", "user", "action"]) + newline;
        for row in rows {
            let row = row.map(|c| {
                if newline == "\r" {
                    c.replace('\n', " ")
                } else {
                    c.to_owned()
                }
            });
            text.push_str(&line(&row.each_ref().map(String::as_str)));
            text.push_str(newline);
        }
        let bench = Bench::new();
        let file = bench.file("any.csv", &text);
        let source = receipt(&bench.import(&file, &[]).json(0));
        assert_eq!(source["stored"], 2, "{delimiter:?} {newline:?}");
        let events = bench.events("");
        assert_eq!(
            events[0]["event"]["action"], "log,in",
            "{delimiter:?} {newline:?}"
        );
        assert!(
            events[1]["event"]["action"]
                .as_str()
                .unwrap()
                .starts_with("say \"hi\"")
        );
    }
    let odd = [
        ("header only", "time,user,action\n".to_owned(), 0, "no_entries"),
        ("repeated header", "time,user,action\n2024-04-22T10:00:00Z,a,b\ntime,user,action\n2024-04-22T10:00:01Z,a,b\n".to_owned(), 2, "repeated_header"),
        ("trailing comma", "time,user,action\n2024-04-22T10:00:00Z,a,b,\n".to_owned(), 1, "too_many_fields"),
        ("same names", "time,user,user,action\n2024-04-22T10:00:00Z,a,c,b\n".to_owned(), 1, ""),
        ("no name", "time,user,,action\n2024-04-22T10:00:00Z,a,c,b\n".to_owned(), 1, ""),
        ("footer", "time,user,action\n2024-04-22T10:00:00Z,a,b\nTotal: 1 rows\n".to_owned(), 2, "too_few_fields"),
    ];
    for (name, text, stored, warning) in odd {
        let bench = Bench::new();
        let file = bench.file("odd.csv", &text);
        let source = receipt(&bench.import(&file, &[]).json(0));
        assert_eq!(source["stored"], stored, "{name}: {source}");
        assert!(
            warning.is_empty() || warned(&source, warning) > 0,
            "{name}: {source}"
        );
    }
}

/// F9: NUL stays in the data and can be searched for.
#[test]
fn nul_is_kept_and_found() {
    let bench = Bench::new();
    let file = bench.file(
        "nul.csv",
        "time,user,action\n2024-04-22T10:00:00Z,a\0b,login\n2024-04-22T10:00:01Z,c,login\n",
    );
    let source = receipt(&bench.import(&file, &[]).json(0));
    assert_eq!(source["stored"], 2);
    assert_eq!(warned(&source, "nul"), 1);
    assert_eq!(bench.events("raw:\"a\\x00b\"").len(), 1);
    let table = bench.run(&["events", "case.wmcase"]);
    assert!(!table.stdout.contains(&0), "a terminal gets none");
}

/// F10: what is no usable time leaves the event undated; what is implausible is dated and flagged; nothing is dropped.
#[test]
fn times_that_mean_nothing_are_absent_and_absurd_ones_are_flagged() {
    let bench = Bench::new();
    let times = [
        ("", false, ""),
        ("0000-00-00T00:00:00Z", false, ""),
        ("5 min ago", false, ""),
        ("yesterday", false, ""),
        ("0001-01-01T00:00:00Z", false, ""),
        ("9999-12-31T23:59:59Z", false, ""),
        ("2038-01-19T03:14:08Z", true, "out_of_range"),
        ("1970-01-01T00:00:00Z", true, "out_of_range"),
        ("2016-12-31T23:59:60Z", true, "leap_second"),
        ("2024-04-22T14:32:15Z", true, ""),
        ("2024-04-22T14:32:15.123456789+08:00", true, ""),
    ];
    let mut text =
        "time,user,action\n2024-01-01T00:00:00Z,a,first\n2024-01-01T00:00:01Z,a,first\n".to_owned();
    for (n, (time, ..)) in times.iter().enumerate() {
        text.push_str(&format!("{time},a,row{n}\n"));
    }
    let file = bench.file("times.csv", &text);
    let source = receipt(&bench.import(&file, &[]).json(0));
    assert_eq!(source["stored"], times.len() + 2);
    for (n, (time, dated, flag)) in times.iter().enumerate() {
        let event = &bench.events(&format!("action:row{n}"))[0];
        assert_eq!(event.get("@timestamp").is_some(), *dated, "{time}: {event}");
        assert!(
            flag.is_empty()
                || event["witnessmark"]["problems"]
                    .as_array()
                    .unwrap()
                    .contains(&json!(flag)),
            "{time}: {event}"
        );
        assert!(
            time.is_empty() || event["event"]["original_time"] == *time,
            "the text itself stays: {event}"
        );
    }
}

/// F10: a zone and an order of dates are asked for and never guessed; an hour that happened twice says so.
#[test]
fn what_only_a_person_knows_of_a_time_is_asked() {
    let bench = Bench::new();
    let file = bench.file(
        "dates.csv",
        "time,user,action\n03/04/2024 10:00:00Z,a,login\n05/06/2024 10:00:00Z,a,login\n",
    );
    assert_eq!(
        bench.import(&file, &[]).error()["code"],
        "date_order_required"
    );
    assert!(!bench.path("case.wmcase").exists());
    let settled = bench.file(
        "settled.csv",
        "time,user,action\n03/04/2024 10:00:00Z,a,login\n25/06/2024 10:00:00Z,a,login\n",
    );
    bench.import(&settled, &[]).json(0);
    assert_eq!(
        bench.events("")[0]["@timestamp"],
        "2024-04-03T10:00:00.000000000Z",
        "a day above 12 settles it"
    );
    let bench = Bench::new();
    let file = bench.file("clock.csv", "time,user,action\n2024-10-27 02:30:00,a,twice\n2024-03-31 02:30:00,a,never\n2024-06-01 12:00:00,a,plain\n");
    assert_eq!(bench.import(&file, &[]).error()["code"], "zone_required");
    let source = receipt(&bench.import(&file, &["--zone", "Europe/Berlin"]).json(0));
    assert_eq!(
        (
            warned(&source, "ambiguous_hour"),
            warned(&source, "skipped_hour")
        ),
        (1, 1)
    );
    assert_eq!(
        bench.events("action:twice")[0]["@timestamp"],
        "2024-10-27T00:30:00.000000000Z"
    );
    let custody = bench
        .run(&["custody", "case.wmcase", "--json"])
        .json(0)
        .to_string();
    assert!(
        custody.contains("Europe/Berlin (chosen)"),
        "the choice stands in the log"
    );
}

/// F11: a million keys cost no more for each than a few; all of them can be searched by path.
#[test]
fn very_many_keys_are_read_in_proportion() {
    let bench = Bench::new();
    let make = |rows: usize| {
        let mut text = String::new();
        for row in 0..rows {
            text.push_str("{\"time\":\"2024-04-22T10:00:00Z\",\"user\":\"a\",\"action\":\"x\"");
            for key in 0..10 {
                text.push_str(&format!(",\"k{}\":{row}", row * 10 + key));
            }
            text.push_str("}\n");
        }
        text
    };
    let mut spent = Vec::new();
    for (name, rows) in [
        ("warm.ndjson", 2_000),
        ("one.ndjson", 10_000),
        ("two.ndjson", 20_000),
    ] {
        let file = bench.file(name, make(rows));
        let began = std::time::Instant::now();
        receipt(&bench.import(&file, &[]).json(0));
        spent.push(began.elapsed().as_secs_f64());
    }
    // A loaded machine is no proof of anything, so only a square would be found out.
    assert!(spent[2] < spent[1] * 8.0 + 10.0, "{spent:?}");
    assert_eq!(
        bench
            .run(&["count", "case.wmcase", "raw.k123457:12345", "--json"])
            .json(0)["count"],
        1
    );
}

/// F12: what is written while it is read is no evidence of anything.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_changes_while_it_is_read_is_refused() {
    let bench = Bench::new();
    let path = bench.path("growing.csv");
    let mut out = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    witnessmark_tests::generate::csv(120_000, 3, &mut out).unwrap();
    drop(out);
    let end = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let writer = {
        let (path, end) = (path.clone(), end.clone());
        std::thread::spawn(move || {
            while !end.load(std::sync::atomic::Ordering::Relaxed) {
                let mut file = std::fs::OpenOptions::new()
                    .append(true)
                    .open(&path)
                    .unwrap();
                file.write_all(b"2025-01-01T00:00:00.000Z,late@example.com,x,success,203.0.113.1,PH,ua,s,payment,p,d\n").unwrap();
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
        })
    };
    let error = bench.import(&path, &[]).error();
    end.store(true, std::sync::atomic::Ordering::Relaxed);
    writer.join().unwrap();
    assert_eq!(error["code"], "changed_while_reading");
    assert!(!bench.path("case.wmcase").exists());
}

/// F13: only files and folders are read; a link is followed where a person names it; names need not be text.
#[cfg(unix)]
#[test]
fn what_is_no_file_is_told_and_odd_names_are_read() {
    use std::os::unix::ffi::OsStrExt as _;
    let bench = Bench::new();
    let error = bench
        .import(std::path::Path::new("/dev/zero"), ZONE)
        .error();
    assert_eq!(error["code"], "not_readable");
    let file = bench.file("logs.csv", PAYMONGO);
    std::os::unix::fs::symlink(&file, bench.path("link.csv")).unwrap();
    receipt(&bench.import(&bench.path("link.csv"), ZONE).json(0));
    let odd = bench
        .path(".")
        .join(std::ffi::OsStr::from_bytes(b"new\nline\xFF.csv"));
    std::fs::write(&odd, PAYMONGO.replace("2024", "2025")).unwrap();
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_witnessmark"))
        .args(["import", "case.wmcase", "--json", "--zone", "UTC"])
        .arg(&odd)
        .current_dir(bench.path("."))
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let report: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(report["sources"][0]["name"], "new\nline\u{FFFD}.csv");
    let text = bench.run(&["sources", "case.wmcase"]).text();
    assert!(
        !text.contains("new\nline"),
        "a name breaks no line of a table"
    );
}

/// Warnings that matter for evidence are in the receipt, with what to do about card numbers.
#[test]
fn what_matters_for_evidence_is_warned_of() {
    let bench = Bench::new();
    let cut = "x".repeat(32_767);
    let text = format!(
        "time,user,action,details\n2024-04-22T10:00:00Z,a,pay,4111 1111 1111 1111\n2024-04-22T10:00:01Z,b\u{202e}c,login,x\n2024-04-22T10:00:02Z,d,edit,{cut}\n2024-04-22T10:00:03Z,e,edit,4111 1111 1111 1112\n"
    );
    let file = bench.file("odd.csv", &text);
    let source = receipt(&bench.import(&file, &[]).json(0));
    let counts =
        ["card_number", "hidden_characters", "cut_by_exporter"].map(|code| warned(&source, code));
    assert_eq!(counts, [1, 1, 1], "{source}");
    let warnings = source["warnings"].as_array().unwrap();
    let card = warnings
        .iter()
        .find(|w| w["code"] == "card_number")
        .unwrap();
    assert!(
        card["message"].as_str().unwrap().contains("encrypt"),
        "{card}"
    );
}
