//! Packages that somebody wrote anew with care, every manifest fitting: what a check must not call true.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::Bench;
use crate::package::{bench, package, verify};
use crate::tamper::{changed, copy, edit, hex, reseal};

const CUSTODY: &str = "data/custody/custody.ndjson";

fn log(folder: &Path) -> Vec<Value> {
    let text = fs::read_to_string(folder.join(CUSTODY)).unwrap();
    text.lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect()
}

fn sha(parts: &[&[u8]]) -> Vec<u8> {
    Sha256::digest(parts.concat()).to_vec()
}

/// The root over some leaves, after docs/package-format.md.
fn root(leaves: &[Vec<u8>]) -> Vec<u8> {
    let mut stack: Vec<(u64, Vec<u8>)> = Vec::new();
    for leaf in leaves {
        let mut top = (1, leaf.clone());
        while stack.last().is_some_and(|l| l.0 == top.0) {
            let left = stack.pop().unwrap();
            top = (top.0 * 2, sha(&[&[1], &left.1, &top.1]));
        }
        stack.push(top);
    }
    let mut root = stack.pop().unwrap().1;
    while let Some(left) = stack.pop() {
        root = sha(&[&[1], &left.1, &root]);
    }
    root
}

/// Writes a log and its checkpoint.
fn write_log(folder: &Path, lines: &[Value]) {
    let text: String = lines.iter().map(|l| format!("{l}\n")).collect();
    fs::write(folder.join(CUSTODY), text).unwrap();
    let leaves: Vec<Vec<u8>> = lines
        .iter()
        .map(|l| match l["entry"].as_str() {
            Some(entry) => sha(&[&[0], entry.as_bytes()]),
            None => vec![0x11; 32],
        })
        .collect();
    edit(folder, "data/custody/checkpoint.txt", |t| {
        let origin = t.lines().next().unwrap();
        format!(
            "{origin}\n{}\n{}\n",
            lines.len(),
            crate::redaction::base64_of(&root(&leaves))
        )
    });
}

/// Says of every entry but the last that somebody else did it, and shows the last only by the hash that it has.
fn another_past(folder: &Path) {
    let mut lines = log(folder);
    let mut before = vec![0; 32];
    let last = lines.len() - 1;
    for line in &mut lines[..last] {
        let entry = line["entry"]
            .as_str()
            .unwrap()
            .replace("tester@", "forger@");
        let hash = sha(&[&before, entry.as_bytes()]);
        *line =
            json!({"seq": line["seq"], "entry": entry, "prev": hex(&before), "hash": hex(&hash)});
        before = hash;
    }
    lines[last] = json!({
        "seq": lines[last]["seq"], "leaf": "11".repeat(32), "prev": hex(&before), "hash": lines[last]["hash"],
    });
    write_log(folder, &lines);
}

fn heads(report: &Value) -> (String, String) {
    let with = |of: &str| {
        format!(
            "{}:{}",
            report["custody_size"],
            report[of].as_str().unwrap()
        )
    };
    (with("custody_head"), with("custody_root"))
}

#[test]
fn a_past_that_was_written_anew_before_a_withheld_entry_is_no_proof() {
    let bench = bench();
    let report = package(&bench, "pkg", &[]);
    let (head, root) = heads(&report);
    verify(&bench, "pkg", &["--head", &head]).json(0);
    let held = verify(&bench, "pkg", &["--head", &root])
        .json(0)
        .to_string();
    assert!(held.contains("have the root that was kept"), "{held}");
    // A package that hides nothing has nothing to withhold.
    let (report, failed) = changed(&bench, "pkg", &["--head", &head], |folder| {
        another_past(folder);
        reseal(folder);
    });
    assert!(failed.contains(&"custody".to_owned()), "{report}");
    assert!(
        report.to_string().contains("states no redaction"),
        "{report}"
    );
}

#[test]
fn the_hash_of_a_head_says_nothing_before_a_withheld_entry_and_the_root_does() {
    let bench = bench();
    let report = package(&bench, "pkg", &["--redact", "external-audit"]);
    let (head, root) = heads(&report);
    verify(&bench, "pkg", &[]).json(0);
    verify(&bench, "pkg", &["--head", &root]).json(0);
    let custody = bench.run(&["custody", "case.wmcase"]).text();
    assert!(custody.contains("the same with the root"), "{custody}");
    let (report, failed) = changed(&bench, "pkg", &["--head", &root], |folder| {
        another_past(folder);
        reseal(folder);
    });
    assert_eq!(failed, ["custody"], "{report}");
    assert!(report.to_string().contains("written anew"), "{report}");
    let told = verify(&bench, "changed", &["--head", &head])
        .json(1)
        .to_string();
    assert!(
        told.contains("proves nothing here") && told.contains("--head"),
        "{told}"
    );
    // Without a head it is said what was not looked at.
    let told = verify(&bench, "changed", &[]).json(0).to_string();
    assert!(
        told.contains("before a withheld entry was not written anew"),
        "{told}"
    );
}

#[test]
fn what_the_format_does_not_name_is_no_part_of_a_package() {
    let bench = bench();
    package(&bench, "pkg", &[]);
    for name in [
        "fetch.txt",
        "manifest-md5.txt",
        "data/report/setup.exe",
        "notes.txt",
    ] {
        let (report, failed) = changed(&bench, "pkg", &[], |folder| {
            fs::write(folder.join(name), "x\n").unwrap();
            reseal(folder);
        });
        assert_eq!(failed, ["completeness"], "{name}: {report}");
        assert!(report.to_string().contains(name), "{report}");
    }
    let (report, failed) = changed(&bench, "pkg", &[], |folder| {
        fs::remove_file(folder.join("data/notes/notes.ndjson")).unwrap();
        reseal(folder);
    });
    assert_eq!(failed, ["completeness"], "{report}");
}

#[test]
fn figures_that_the_receipts_do_not_bear_out_are_found() {
    let bench = Bench::new();
    let log = "Timestamp,Event type,User,Device,IP,Details\n\
        2024-04-22 14:32:15,Login,alice@example.com,,203.0.113.45,\n\
        2024-04-25 09:00:00,Login,bob@example.com,,,\n\
        \"broken\n";
    let file = bench.file("logs.csv", log);
    bench.import(&file, &["--zone", "Asia/Manila"]);
    package(&bench, "pkg", &[]);
    verify(&bench, "pkg", &[]).json(0);
    let json = |folder: &Path, name: &str, change: &dyn Fn(&mut Value)| {
        edit(folder, name, |t| {
            let mut value: Value = serde_json::from_str(&t).unwrap();
            change(&mut value);
            value.to_string()
        });
    };
    let coverage = "data/coverage/coverage.json";
    let population = "data/scope/population.json";
    type Change<'c> = Box<dyn Fn(&Path) + 'c>;
    let cases: Vec<(&str, &str, Change<'_>)> = vec![
        (
            "conservation",
            "coverage",
            Box::new(|f| {
                json(f, population, &|v| v["conservation"]["stored"] = json!(1));
            }),
        ),
        (
            "events in the case",
            "coverage",
            Box::new(|f| {
                json(f, population, &|v| v["events_in_case"] = json!(999));
            }),
        ),
        (
            "entries",
            "coverage",
            Box::new(|f| {
                json(f, coverage, &|v| {
                    v["sources"][0]["entries"] = json!(1);
                    v["sources"][0]["stored"] = json!(1);
                });
            }),
        ),
        (
            "days without events",
            "coverage",
            Box::new(|f| {
                json(f, coverage, &|v| {
                    v["sources"][0]["days_without_events"] = json!([])
                });
            }),
        ),
        (
            "days",
            "coverage",
            Box::new(|f| {
                json(f, coverage, &|v| {
                    v["sources"][0]["days"] = json!([]);
                    v["sources"][0]["days_without_events"] = json!([]);
                });
            }),
        ),
        (
            "a source",
            "coverage",
            Box::new(|f| json(f, coverage, &|v| v["sources"] = json!([]))),
        ),
        (
            "out of scope",
            "coverage",
            Box::new(|f| {
                json(f, coverage, &|v| {
                    v["sources"] = json!([{"source": 1, "scope": "not in scope"}])
                });
            }),
        ),
        (
            "the hash of a source",
            "coverage",
            Box::new(|f| {
                edit(f, "data/evidence/index.csv", |t| {
                    let hash = t
                        .lines()
                        .nth(1)
                        .unwrap()
                        .split('"')
                        .nth(7)
                        .unwrap()
                        .to_owned();
                    t.replace(&hash, &"0".repeat(64))
                });
            }),
        ),
        (
            "rejected entries",
            "coverage",
            Box::new(|f| {
                fs::write(
                    f.join("data/coverage/rejects.ndjson"),
                    "{\"source\":1}\n{\"source\":1}\n{\"source\":1}\n",
                )
                .unwrap();
            }),
        ),
        (
            "an actor in the table",
            "events",
            Box::new(|f| {
                edit(f, "data/events/events.csv", |t| {
                    t.replace("bob@example.com", "eve@example.com")
                });
            }),
        ),
        (
            "a column of the table",
            "events",
            Box::new(|f| {
                edit(f, "data/events/events.csv", |t| {
                    t.replacen("user.email", "user.name", 1)
                });
            }),
        ),
    ];
    for (what, layer, change) in &cases {
        let (report, failed) = changed(&bench, "pkg", &[], |folder| {
            change(folder);
            reseal(folder);
        });
        assert_eq!(failed, [*layer], "{what}: {report}");
    }
}

#[test]
fn numbers_beyond_counting_are_faults_and_no_crash() {
    let bench = bench();
    package(&bench, "pkg", &[]);
    let big = 1_u64 << 63;
    for (first, second) in [(1, big + 1), (1, 1)] {
        let (report, failed) = changed(&bench, "pkg", &[], |folder| {
            edit(folder, "data/evidence/proofs.ndjson", |t| {
                let tree = t.lines().next().unwrap();
                let cover = |first: u64| json!({"kind": "cover", "source": 1, "first": first, "count": big, "hash": "00".repeat(32)});
                format!("{tree}\n{}\n{}\n", cover(first), cover(second))
            });
            reseal(folder);
        });
        assert_eq!(failed, ["inclusion"], "{report}");
    }
    package(&bench, "red", &["--redact", "external-audit"]);
    let (report, failed) = changed(&bench, "red", &[], |folder| {
        edit(folder, "data/redaction/redactions.ndjson", |t| {
            let mut lines: Vec<Value> = t
                .lines()
                .map(|l| serde_json::from_str(l).unwrap())
                .collect();
            lines.iter_mut().for_each(|l| l["count"] = json!(u64::MAX));
            lines.iter().map(|l| format!("{l}\n")).collect()
        });
        reseal(folder);
    });
    assert_eq!(failed, ["redaction"], "{report}");
}

#[test]
fn a_package_that_is_taken_in_names_the_key_and_whether_it_was_compared() {
    let bench = bench();
    let report = package(&bench, "pkg", &["--sign", "Compliance"]);
    let key = report["signed_by"].as_str().unwrap();
    package(&bench, "bare", &[]);
    let name = |args: &[&str], case: &str| {
        let all = [&["import", case], args, &["--json"]].concat();
        crate::receipt(&bench.run(&all).json(0))["name"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let said = name(&["pkg"], "a.wmcase");
    assert!(
        said.contains(key) && said.contains("not compared"),
        "{said}"
    );
    let said = name(&["pkg", "--key", key], "b.wmcase");
    assert!(said.contains(key) && said.contains("as compared"), "{said}");
    let said = name(&["bare"], "c.wmcase");
    assert!(said.contains("not signed"), "{said}");
    let other = bench
        .run(&["key", "make", "Other", "--unprotected", "--json"])
        .json(0);
    let other = other["public"].as_str().unwrap();
    let refused = bench.run(&["import", "d.wmcase", "pkg", "--key", other, "--json"]);
    assert_eq!(refused.error()["code"], "not_readable");
    let refused = bench.run(&["import", "d.wmcase", "logs.csv", "--key", key, "--json"]);
    assert_eq!(refused.error()["code"], "invalid_option");
    assert!(!bench.path("d.wmcase").exists());
    // A second word in the file of the key would be told as the signer's.
    copy(&bench.path("pkg"), &bench.path("two"));
    edit(&bench.path("two"), "keys/signer.pub", |t| {
        format!("{t}{other}\n")
    });
    let told = verify(&bench, "two", &[]).json(1);
    assert_eq!(told["signature"], "wrong", "{told}");
}
