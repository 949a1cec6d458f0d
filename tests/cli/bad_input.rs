//! Bad input: each names the file, the place and what to do; what could be read is kept, the sums agree.

use crate::{Bench, PAYMONGO, receipt};

#[test]
fn an_empty_file_is_refused() {
    let bench = Bench::new();
    let file = bench.file("empty.csv", "");
    let error = bench.import(&file, &[]).error();
    assert_eq!(error["code"], "empty");
    assert!(
        error["message"].as_str().unwrap().contains("empty.csv"),
        "{error}"
    );
    assert!(!bench.path("case.wmcase").exists());
    assert!(!bench.path("case.wmcase.lock").exists());
}

#[test]
fn a_missing_file_is_named() {
    let bench = Bench::new();
    let error = bench.import(&bench.path("nowhere.csv"), &[]).error();
    assert_eq!(error["code"], "not_found");
    assert!(
        error["message"].as_str().unwrap().contains("nowhere.csv"),
        "{error}"
    );
}

#[test]
fn a_web_page_and_a_binary_are_refused_whole() {
    let bench = Bench::new();
    let page = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Session expired</body></html>\n";
    let mut binary = b"\x7fELF\x02\x01\x01\0".to_vec();
    binary.extend((0..4096_u32).flat_map(u32::to_le_bytes));
    let files = [
        ("page.csv", page.as_bytes().to_vec()),
        ("program.json", binary),
        (
            "report.csv",
            b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n".to_vec(),
        ),
        ("picture.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec()),
    ];
    for (name, content) in files {
        let file = bench.file(name, content);
        let error = bench.import(&file, &[]).error();
        assert_eq!(error["code"], "not_a_log", "{name}");
        assert!(error["message"].as_str().unwrap().contains(name), "{error}");
        assert!(!error["hint"].as_str().unwrap().is_empty(), "{error}");
        assert!(
            !bench.path("case.wmcase").exists(),
            "nothing is stored of {name}"
        );
    }
}

#[test]
fn a_cut_json_array_keeps_what_could_be_read() {
    let bench = Bench::new();
    let mut lines = Vec::new();
    witnessmark_tests::generate::ndjson(20, 9, &mut lines).unwrap();
    let text = String::from_utf8(lines).unwrap();
    let whole = format!("[{}]", text.lines().collect::<Vec<_>>().join(","));
    let cut = &whole[..whole.len() - 200];
    let file = bench.file("cut.json", cut);
    let ran = bench.import(&file, &[]);
    let source = receipt(&ran.json(3));
    assert_eq!(
        (
            source["entries"].as_u64(),
            source["stored"].as_u64(),
            source["rejected"].as_u64()
        ),
        (Some(20), Some(19), Some(1))
    );
    let rejects = bench.run(&["rejects", "case.wmcase", "--json"]).json(0);
    let reject = &rejects["rejects"][0];
    assert_eq!(reject["code"], "cut_off");
    assert_eq!(reject["entry"], 20);
    let (offset, length) = (
        reject["offset"].as_u64().unwrap() as usize,
        reject["length"].as_u64().unwrap() as usize,
    );
    assert_eq!(
        offset + length,
        cut.len(),
        "the reject can be opened at its place"
    );
    assert!(cut[offset..].starts_with("{\"uuid\""));
}

#[test]
fn text_that_is_no_export_is_kept_as_it_is() {
    let bench = Bench::new();
    let file = bench.file(
        "letter.txt",
        "Dear Sir or Madam,\n\nplease find the logs elsewhere.\nYours\n",
    );
    let source = receipt(&bench.import(&file, &[]).json(0));
    assert_eq!(
        (source["entries"].as_u64(), source["undated"].as_u64()),
        (Some(3), Some(3))
    );
    assert_eq!(bench.events("problem:opaque").len(), 3);
    assert_eq!(
        bench.run(&["raw", "case.wmcase", "2"]).text(),
        "please find the logs elsewhere."
    );
}

#[test]
fn an_unclosed_quote_costs_one_entry_not_the_file() {
    let bench = Bench::new();
    let mut text = PAYMONGO.to_owned();
    text.push_str("2024-04-24 10:00:00,Login,\"bob@example.com,Firefox,198.51.100.7,\n");
    for i in 0..50 {
        text.push_str(&format!(
            "2024-04-25 10:00:{i:02},Login,carol@example.com,Firefox on Linux,198.51.100.8,\n"
        ));
    }
    let file = bench.file("logs.csv", &text);
    let ran = bench.import(&file, &["--zone", "Asia/Manila"]);
    let source = receipt(&ran.json(3));
    assert_eq!(source["rejected"], 1);
    assert_eq!(
        bench.events("actor:carol@example.com").len(),
        50,
        "rows after it are present"
    );
}

#[test]
fn ragged_rows_are_kept_and_flagged() {
    let bench = Bench::new();
    let text = format!(
        "{PAYMONGO}2024-04-26 10:00:00,Login,dan@example.com\n2024-04-26 11:00:00,Login,dan@example.com,x,198.51.100.9,y,z,zz\n"
    );
    let file = bench.file("logs.csv", text);
    let source = receipt(&bench.import(&file, &["--zone", "Asia/Manila"]).json(0));
    assert_eq!(source["stored"], 6);
    assert_eq!(bench.events("problem:too_few_fields").len(), 1);
    assert_eq!(bench.events("problem:too_many_fields").len(), 1);
}

#[test]
fn a_file_that_is_no_case_is_refused() {
    let bench = Bench::new();
    bench.file("case.wmcase", "hello");
    assert_eq!(
        bench.run(&["count", "case.wmcase", "--json"]).error()["code"],
        "not_a_case"
    );
    bench.file("zero.wmcase", "");
    assert_eq!(
        bench.run(&["count", "zero.wmcase", "--json"]).error()["code"],
        "not_a_case"
    );
}

#[cfg(unix)]
#[test]
fn a_pipe_does_not_hang() {
    let bench = Bench::new();
    let made = std::process::Command::new("mkfifo")
        .arg(bench.path("pipe"))
        .status()
        .unwrap();
    assert!(made.success());
    assert_eq!(
        bench.import(&bench.path("pipe"), &[]).error()["code"],
        "not_readable"
    );
}

/// A small file system of its own, taken away again at the end.
#[cfg(target_os = "linux")]
struct SmallDisk(std::path::PathBuf);

#[cfg(target_os = "linux")]
impl SmallDisk {
    fn at(path: std::path::PathBuf, megabytes: u32) -> Option<Self> {
        std::fs::create_dir_all(&path).unwrap();
        let options = format!("size={megabytes}m");
        let mount = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "none"])
            .arg(&path)
            .status();
        mount.is_ok_and(|s| s.success()).then_some(Self(path))
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(&self.0).status();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_too_small_is_noticed_before_anything_is_read() {
    let bench = Bench::new();
    let Some(disk) = SmallDisk::at(bench.path("disk"), 16) else {
        eprintln!("not run: this user may not mount a small file system");
        return;
    };
    let file = bench.file("logs.csv", PAYMONGO);
    let case = disk.0.join("case.wmcase");
    let args = [
        "import",
        case.to_str().unwrap(),
        file.to_str().unwrap(),
        "--zone",
        "Asia/Manila",
        "--json",
    ];
    let error = bench.run(&args).error();
    assert_eq!(error["code"], "disk_full");
    assert!(!case.exists(), "nothing is left of the attempt");
}

#[test]
fn a_first_line_that_is_no_object_is_rejected_and_hides_nothing() {
    let line = |second: u32, who: &str| {
        format!(
            "{{\"when\":\"2024-04-22T06:32:{second:02}Z\",\"who\":\"{who}\",\"what\":\"login\"}}"
        )
    };
    let good: Vec<String> = (10..30).map(|s| line(s, "ann")).collect();
    for first in [
        "cut\":\"tail\",\"x\":1}",
        "{bad}",
        "null",
        "[1]",
        "\"s\"",
        "# a remark",
    ] {
        let bench = Bench::new();
        let file = bench.file("log.ndjson", format!("{first}\n{}\n", good.join("\n")));
        let source = receipt(&bench.import(&file, &[]).json(3));
        assert_eq!(
            (&source["entries"], &source["rejected"]),
            (&21.into(), &1.into()),
            "{first}"
        );
        assert_eq!(bench.events("actor:ann").len(), 20, "{first}");
    }
    for (document, rejected) in [
        (format!("[null,1,\"x\",{}]", good.join(",")), 3),
        (format!("{{\"data\":[null,{}]}}", good.join(",")), 1),
    ] {
        let bench = Bench::new();
        let file = bench.file("log.json", &document);
        let source = receipt(&bench.import(&file, &[]).json(3));
        assert_eq!(source["rejected"], rejected, "{document}");
        assert_eq!(bench.events("actor:ann").len(), 20);
    }
    // A line of text that begins like a list is still a line of text.
    let bench = Bench::new();
    let file = bench.file("text.log", "[1, 2] started\n[2] stopped\n");
    assert_eq!(receipt(&bench.import(&file, &[]).json(0))["events"], 2);
}

#[test]
fn a_column_that_stands_twice_is_told() {
    let bench = Bench::new();
    let file = bench.file(
        "twice.csv",
        "when,who,who,what\n2024-04-22T06:32:15Z,ann,ben,login\n2024-04-22T06:33:15Z,ann,ben,logout\n",
    );
    let source = receipt(&bench.import(&file, &[]).json(0));
    let told = source["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["code"] == "repeated_column")
        .unwrap();
    assert_eq!(
        told["message"],
        "columns of the same name: who; the first of each is read as the field that it is mapped to"
    );
    assert_eq!(bench.events("actor:ann").len(), 2);
    assert_eq!(bench.events("actor:ben").len(), 0);
}

#[test]
fn the_case_is_no_log_of_the_folder_it_lies_in() {
    let bench = Bench::new();
    bench.file("logs.csv", PAYMONGO);
    for _ in 0..2 {
        let report = bench
            .run(&[
                "import",
                "case.wmcase",
                ".",
                "--zone",
                "Asia/Manila",
                "--json",
            ])
            .json(0);
        let names: Vec<&str> = report["sources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["logs.csv"]);
        assert!(report.get("refused").is_none(), "{report}");
    }
}

#[test]
fn what_cannot_be_written_back_whole_leaves_no_file() {
    let bench = Bench::new();
    let file = bench.file("logs.csv", PAYMONGO);
    bench.import(&file, &["--zone", "Asia/Manila"]).json(0);
    bench
        .run(&["extract", "case.wmcase", "99", "out.csv", "--json"])
        .error();
    assert!(!bench.path("out.csv").exists());
    bench
        .run(&["extract", "case.wmcase", "1", "out.csv"])
        .text();
    assert_eq!(
        std::fs::read_to_string(bench.path("out.csv")).unwrap(),
        PAYMONGO
    );
}

#[test]
fn a_part_of_the_details_that_names_a_change_is_one() {
    let bench = Bench::new();
    let text = PAYMONGO.lines().next().unwrap().to_owned()
        + "\n2024-04-23 09:00:00,Account Settings Changed,bob@example.com,,,Email changed from bob@example.com to rob@example.com; phone number updated\n";
    bench
        .import(&bench.file("logs.csv", text), &["--zone", "UTC"])
        .json(0);
    let changes = bench.events("")[0]["changes"].clone();
    let fields: Vec<&str> = changes
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["email", "phone number"], "{changes}");
}

#[test]
fn a_passphrase_for_a_case_without_one_is_told_and_condemns_nothing() {
    let bench = Bench::new();
    bench
        .import(&bench.file("logs.csv", PAYMONGO), &["--zone", "UTC"])
        .json(0);
    for command in ["verify", "count", "events"] {
        let given = [("WITNESSMARK_PASSPHRASE", "x")];
        let error = bench
            .run_in(&[command, "case.wmcase", "--json"], &given)
            .error();
        assert_eq!(error["code"], "passphrase_required", "{command}: {error}");
        assert!(
            error["message"]
                .as_str()
                .unwrap()
                .contains("is not encrypted"),
            "{command}: {error}"
        );
    }
}

/// Nothing can be made beside a case on a disk that was secured. For the superuser every folder can be written; a folder where
/// SQLite would make its `-shm` stops it too.
#[cfg(unix)]
#[test]
fn a_case_in_a_folder_that_cannot_be_written_is_read_and_holds() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    bench
        .import(&bench.file("logs.csv", PAYMONGO), &["--zone", "UTC"])
        .json(0);
    let folder = bench.path("sec ured?#%");
    std::fs::create_dir(&folder).unwrap();
    std::fs::copy(bench.path("case.wmcase"), folder.join("a.wmcase")).unwrap();
    std::fs::create_dir(folder.join("a.wmcase-shm")).unwrap();
    let rights = |mode| std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode));
    rights(0o555).unwrap();
    let case = folder.join("a.wmcase");
    let case = case.to_str().unwrap();
    let counted = bench.run(&["count", case, "--json"]).json(0);
    let verified = bench.run(&["verify", case, "--json"]).json(0);
    rights(0o755).unwrap();
    assert_eq!(counted["count"], 4);
    assert_eq!(verified["ok"], true);
}

#[test]
fn a_damaged_case_is_not_told_of_a_passphrase_that_nobody_gave() {
    let bench = Bench::new();
    let mut bytes = b"SQLite format 3\0".to_vec();
    bytes.resize(4096, 0xAB);
    bench.file("bad.wmcase", &bytes);
    let error = bench.run(&["count", "bad.wmcase", "--json"]).error();
    assert_eq!(error["code"], "not_a_case", "{error}");
}
