//! What an import keeps and tells, over shapes, containers and sizes.

use serde_json::json;

use crate::{Bench, PAYMONGO, receipt};

#[test]
fn pasted_lines_are_read() {
    let bench = Bench::new();
    let text = "2024-04-22 14:32:15 | Login | Alice Merchant | Safari on macOS | IP: 203.0.113.45\n\
                2024-04-22 14:35:02 | API Key Viewed | Alice Merchant | Secret Key | Requested\n\
                2024-04-22 15:10:00 | Payout Account Updated | Alice Merchant | Bank account changed\n";
    let args = [
        "import",
        "case.wmcase",
        "-",
        "--zone",
        "Asia/Manila",
        "--json",
    ];
    let source = receipt(&bench.run_with_input(&args, text.as_bytes()).json(0));
    assert_eq!(source["profiles"], json!(["paymongo@1"]));
    assert_eq!(source["stored"], 3);
    let events = bench.events("");
    assert_eq!(events[0]["user"]["name"], "Alice Merchant");
    assert_eq!(events[0]["source"]["ip"], "203.0.113.45");
    assert_eq!(events[1]["event"]["action"], "API Key Viewed");
}

#[test]
fn a_million_rows_keep_their_count_and_their_bytes() {
    let bench = Bench::new();
    let path = bench.path("big.csv");
    let rows = if cfg!(debug_assertions) {
        150_000
    } else {
        1_000_000
    };
    let mut out = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    witnessmark_tests::generate::csv(rows, 1, &mut out).unwrap();
    drop(out);
    let source = receipt(&bench.import(&path, &[]).json(0));
    assert_eq!(source["stored"], rows);
    assert_eq!(source["undated"], 0);
    let count = bench
        .run(&["count", "case.wmcase", "outcome:failure", "--json"])
        .json(0)["count"]
        .as_u64()
        .unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let truth = text
        .lines()
        .filter(|l| l.split(',').nth(3) == Some("failure"))
        .count() as u64;
    assert_eq!(count, truth);
    let line = text.lines().nth(rows as usize / 2).unwrap();
    let raw = bench.run(&["raw", "case.wmcase", &(rows / 2).to_string()]);
    assert_eq!(raw.text(), line);
}

#[test]
fn envelopes_arrays_and_lines_of_json_give_the_same_events() {
    let mut lines = Vec::new();
    witnessmark_tests::generate::ndjson(50, 3, &mut lines).unwrap();
    let text = String::from_utf8(lines).unwrap();
    let objects: Vec<_> = text.lines().collect();
    let shapes = [
        ("lines.ndjson", text.clone()),
        ("array.json", format!("[\n{}\n]", objects.join(",\n"))),
        (
            "envelope.json",
            format!(
                "{{\"next\":null,\"value\":[{}],\"count\":50}}",
                objects.join(",")
            ),
        ),
    ];
    let mut seen = Vec::new();
    for (name, content) in shapes {
        let bench = Bench::new();
        let file = bench.file(name, content.as_bytes());
        let source = receipt(&bench.import(&file, &[]).json(0));
        assert_eq!(source["stored"], 50, "{name}");
        assert_eq!(
            source["profiles"][0].as_str().unwrap().split('@').next(),
            Some("okta"),
            "{name}"
        );
        let mut events = bench.events("");
        for (i, event) in events.iter_mut().enumerate() {
            let raw = bench.run(&["raw", "case.wmcase", &(i + 1).to_string()]);
            assert_eq!(
                raw.text(),
                objects[i],
                "{name}: the bytes of an event are those of its entry"
            );
            event.as_object_mut().unwrap().remove("witnessmark");
        }
        bench.run(&["extract", "case.wmcase", "1", "back"]);
        assert_eq!(
            std::fs::read(bench.path("back")).unwrap(),
            content.as_bytes(),
            "{name}: wrapper included"
        );
        seen.push(events);
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
}

#[test]
fn a_folder_gives_a_source_for_each_file() {
    let bench = Bench::new();
    bench.file("exports/a.csv", PAYMONGO);
    bench.file("exports/deeper/b.csv", PAYMONGO.replace("2024", "2025"));
    let report = bench
        .import(&bench.path("exports"), &["--zone", "Asia/Manila"])
        .json(0);
    let names: Vec<_> = report["sources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["a.csv", "deeper/b.csv"]);
}

#[cfg(unix)]
#[test]
fn what_a_folder_import_leaves_out_is_told() {
    let bench = Bench::new();
    bench.file("exports/a.csv", PAYMONGO);
    bench.file("exports/page.csv", "<!DOCTYPE html><html></html>");
    let outside = bench.file("outside.csv", PAYMONGO.replace("2024", "2025"));
    std::os::unix::fs::symlink(&outside, bench.path("exports/link.csv")).unwrap();
    let report = bench
        .import(&bench.path("exports"), &["--zone", "Asia/Manila"])
        .json(0);
    assert_eq!(report["sources"].as_array().unwrap().len(), 1);
    let refused: Vec<_> = report["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["name"].as_str().unwrap(), r["code"].as_str().unwrap()))
        .collect();
    assert_eq!(
        refused,
        [("link.csv", "not_readable"), ("page.csv", "not_a_log")]
    );
}

#[test]
fn labels_name_the_account_that_the_export_does_not() {
    let bench = Bench::new();
    let file = bench.file("logs.csv", PAYMONGO);
    bench
        .import(
            &file,
            &[
                "--zone",
                "Asia/Manila",
                "--label",
                "organization.name=Example Goods",
            ],
        )
        .json(0);
    assert_eq!(bench.events("")[0]["organization"]["name"], "Example Goods");
    assert_eq!(
        bench
            .run(&["count", "case.wmcase", "org:\"Example Goods\"", "--json"])
            .json(0)["count"],
        4
    );
    assert_eq!(
        bench.import(&file, &["--label", "nonsense"]).error()["code"],
        "invalid_option"
    );
}

#[test]
fn an_encrypted_case_needs_its_passphrase() {
    let bench = Bench::new();
    let file = bench.file("logs.csv", PAYMONGO);
    let with = |args: &[&str], pass: &str| {
        std::process::Command::new(env!("CARGO_BIN_EXE_witnessmark"))
            .args(args)
            .current_dir(bench.path("."))
            .env("WITNESSMARK_PASSPHRASE", pass)
            .output()
            .unwrap()
    };
    let import = [
        "import",
        "case.wmcase",
        file.to_str().unwrap(),
        "--zone",
        "Asia/Manila",
        "--json",
    ];
    assert!(with(&import, "correct horse").status.success());
    let bytes = std::fs::read(bench.path("case.wmcase")).unwrap();
    assert!(
        !bytes.windows(6).any(|w| w == b"SQLite"),
        "not even the header is plain"
    );
    let wrong = with(&["count", "case.wmcase", "--json"], "wrong");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("passphrase_required"));
    assert_eq!(
        bench.run(&["count", "case.wmcase", "--json"]).error()["code"],
        "passphrase_required"
    );
    assert!(
        with(&["count", "case.wmcase", "--json"], "correct horse")
            .status
            .success()
    );
}
