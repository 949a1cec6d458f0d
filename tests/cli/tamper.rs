//! Packages and cases that somebody changed: each change is found, and the layer that finds it is the right one.

use std::fs;
use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::Bench;
use crate::package::{bench, files, package, runs, stock_tool, verify};

pub(crate) fn copy(from: &Path, to: &Path) {
    for (name, bytes) in files(from) {
        let path = to.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// What somebody without the key can do after a change: both manifests and the payload sum again.
pub(crate) fn reseal(folder: &Path) {
    let all = files(folder);
    let line =
        |(name, bytes): &(String, Vec<u8>)| format!("{}  {name}\n", hex(&Sha256::digest(bytes)));
    let payload: Vec<_> = all
        .iter()
        .filter(|(n, _)| n.starts_with("data/"))
        .cloned()
        .collect();
    fs::write(
        folder.join("manifest-sha256.txt"),
        payload.iter().map(line).collect::<String>(),
    )
    .unwrap();
    let bytes: usize = payload.iter().map(|(_, b)| b.len()).sum();
    let info = fs::read_to_string(folder.join("bag-info.txt")).unwrap();
    let info: String = info
        .lines()
        .map(|l| match l.strip_prefix("Payload-Oxum: ") {
            Some(_) => format!("Payload-Oxum: {bytes}.{}\n", payload.len()),
            None => format!("{l}\n"),
        })
        .collect();
    fs::write(folder.join("bag-info.txt"), info).unwrap();
    let tags: String = files(folder)
        .iter()
        .filter(|(n, _)| !n.starts_with("data/") && !n.starts_with("tagmanifest"))
        .map(line)
        .collect();
    fs::write(folder.join("tagmanifest-sha256.txt"), tags).unwrap();
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

pub(crate) fn edit(folder: &Path, name: &str, change: impl FnOnce(String) -> String) {
    let path = folder.join(name);
    let text = fs::read_to_string(&path).unwrap();
    let changed = change(text.clone());
    assert_ne!(text, changed, "{name} was changed");
    fs::write(path, changed).unwrap();
}

/// Applies a change to a copy of a package; the layers that do not hold then.
pub(crate) fn changed(
    bench: &Bench,
    from: &str,
    key: &[&str],
    change: impl FnOnce(&Path),
) -> (Value, Vec<String>) {
    let folder = bench.path("changed");
    let _ = fs::remove_dir_all(&folder);
    copy(&bench.path(from), &folder);
    change(&folder);
    let report = verify(bench, "changed", key).json(1);
    assert_eq!(report["ok"], false);
    let failed = report["layers"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|l| l["ok"] == false)
        .map(|l| l["layer"].as_str().unwrap().to_owned())
        .collect();
    (report, failed)
}

#[test]
fn a_flipped_bit_in_any_file_is_found() {
    let bench = bench();
    package(&bench, "pkg", &["--sign", "Compliance", "--sample", "2"]);
    for (name, bytes) in files(&bench.path("pkg")) {
        if bytes.is_empty() {
            continue;
        }
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            let (_, failed) = changed(&bench, "pkg", &[], |folder| {
                let mut other = bytes.clone();
                other[at] ^= 1;
                fs::write(folder.join(&name), other).unwrap();
            });
            assert!(!failed.is_empty(), "{name} byte {at}");
        }
    }
}

#[test]
fn a_file_taken_away_added_or_renamed_is_found() {
    let bench = bench();
    let report = package(&bench, "pkg", &["--sign", "Compliance"]);
    let key = report["signed_by"].as_str().unwrap().to_owned();
    for (name, _) in files(&bench.path("pkg")) {
        let (_, failed) = changed(&bench, "pkg", &["--key", &key], |folder| {
            fs::remove_file(folder.join(&name)).unwrap();
        });
        assert!(!failed.is_empty(), "{name} was taken away");
        let (_, failed) = changed(&bench, "pkg", &["--key", &key], |folder| {
            fs::rename(folder.join(&name), folder.join(format!("{name}.bak"))).unwrap();
        });
        assert!(!failed.is_empty(), "{name} was renamed");
    }
    for name in [
        "fetch.txt",
        "manifest-md5.txt",
        "tagmanifest-sha512.txt",
        "data/extra.txt",
        "keys/other.pub",
        "note",
        "data/events/EVENTS.ndjson",
        ".hidden",
    ] {
        let (_, failed) = changed(&bench, "pkg", &[], |folder| {
            fs::write(folder.join(name), "x").unwrap();
        });
        assert_eq!(failed, ["completeness"], "{name}");
    }
    let (_, failed) = changed(&bench, "pkg", &[], |folder| {
        fs::create_dir(folder.join("empty")).unwrap()
    });
    assert_eq!(failed, ["completeness"]);
    #[cfg(unix)]
    {
        let (_, failed) = changed(&bench, "pkg", &[], |folder| {
            let real = folder.join("README.txt");
            fs::rename(&real, folder.parent().unwrap().join("elsewhere")).unwrap();
            std::os::unix::fs::symlink(folder.parent().unwrap().join("elsewhere"), real).unwrap();
        });
        assert!(failed.contains(&"completeness".to_owned()));
    }
}

#[test]
fn manifests_made_anew_without_the_key_do_not_fit_the_signature() {
    let bench = bench();
    let report = package(&bench, "pkg", &["--sign", "Compliance"]);
    let key = report["signed_by"].as_str().unwrap().to_owned();
    let change = |folder: &Path| {
        for name in ["data/events/events.ndjson", "data/events/events.csv"] {
            edit(folder, name, |t| {
                t.replacen("203.0.113.45", "203.0.113.46", 1)
            });
        }
        reseal(folder);
    };
    let (said, failed) = changed(&bench, "pkg", &[], change);
    assert_eq!(
        (said["signature"].as_str(), failed),
        (Some("wrong"), vec!["signature".to_owned()])
    );
    // Stock tools see it the same way: only the signature does not fit.
    let folder = bench.path("changed");
    if let Some(sums) = stock_tool("sha256sum") {
        let args = [
            "--strict",
            "-c",
            "tagmanifest-sha256.txt",
            "manifest-sha256.txt",
        ];
        assert!(runs(sums, &args, &folder).0);
    }
    if let Some(minisign) = stock_tool("minisign") {
        assert!(
            !runs(
                minisign,
                &["-Vm", "tagmanifest-sha256.txt", "-P", &key],
                &folder
            )
            .0
        );
    }
    let (said, _) = changed(&bench, "pkg", &[], |folder| {
        change(folder);
        fs::remove_file(folder.join("tagmanifest-sha256.txt.minisig")).unwrap();
    });
    assert_eq!(said["signature"], "wrong", "a signature was taken away");
    let (said, _) = changed(&bench, "pkg", &["--key", &key], |folder| {
        fs::remove_file(folder.join("tagmanifest-sha256.txt.minisig")).unwrap();
        fs::remove_dir_all(folder.join("keys")).unwrap();
        change(folder);
    });
    assert_eq!(
        said["signature"], "wrong",
        "whoever has the key expects a signature"
    );
}

#[test]
fn signatures_of_other_packages_other_keys_and_other_comments_do_not_fit() {
    let bench = bench();
    let report = package(&bench, "pkg", &["--sign", "Compliance"]);
    let key = report["signed_by"].as_str().unwrap().to_owned();
    package(
        &bench,
        "other",
        &["--sign", "Compliance", "--query", "has:changes"],
    );
    let signature = "tagmanifest-sha256.txt.minisig";
    let (said, failed) = changed(&bench, "pkg", &[], |folder| {
        fs::copy(bench.path("other").join(signature), folder.join(signature)).unwrap();
    });
    assert_eq!(
        (said["signature"].as_str(), failed),
        (Some("wrong"), vec!["signature".to_owned()])
    );
    let (said, _) = changed(&bench, "pkg", &[], |folder| {
        edit(folder, signature, |t| {
            t.replacen("custody:2", "custody:3", 1)
        });
    });
    assert_eq!(
        said["signature"], "wrong",
        "the trusted comment is signed too"
    );
    bench
        .run(&["key", "make", "Mallory", "--unprotected", "--json"])
        .json(0);
    package(&bench, "forged", &["--sign", "Mallory"]);
    let own = verify(&bench, "forged", &[]).json(0);
    assert_eq!(own["signature"], "valid", "by its own key it is");
    let expected = verify(&bench, "forged", &["--key", &key]).json(1);
    assert_eq!(
        expected["signature"], "wrong",
        "by the key that was expected it is not"
    );
}

/// Without a signature the layers still find whatever does not fit together.
#[test]
fn what_does_not_fit_together_is_found_without_a_signature() {
    let bench = bench();
    package(&bench, "pkg", &["--sample", "2"]);
    let line = |text: &str, at: usize| text.lines().nth(at).unwrap().to_owned();
    type Change<'c> = Box<dyn Fn(&Path) + 'c>;
    let events = "data/events/events.ndjson";
    let excerpt = "data/evidence/excerpts/source-1.ndjson";
    let custody = "data/custody/custody.ndjson";
    let cases: Vec<(&str, &str, Change<'_>)> = vec![
        (
            "an event is left out",
            "events",
            Box::new(|f| edit(f, events, |t| t.replacen(&(line(&t, 1) + "\n"), "", 1))),
        ),
        (
            "two events change places",
            "events",
            Box::new(|f| {
                edit(f, events, |t| {
                    let (a, b) = (line(&t, 0), line(&t, 1));
                    t.replacen(&format!("{a}\n{b}"), &format!("{b}\n{a}"), 1)
                })
            }),
        ),
        (
            "an event is doubled",
            "events",
            Box::new(|f| {
                edit(f, events, |t| {
                    let a = line(&t, 0);
                    t.replacen(&a, &format!("{a}\n{a}"), 1)
                })
            }),
        ),
        (
            "the day of an event",
            "events",
            Box::new(|f| {
                edit(f, events, |t| {
                    t.replacen("2024-04-22T06:32", "2024-04-21T06:32", 1)
                })
            }),
        ),
        (
            "a row of the table",
            "events",
            Box::new(|f| {
                edit(f, "data/events/events.csv", |t| {
                    t.replacen("\"2\"", "\"7\"", 1)
                })
            }),
        ),
        (
            "a figure of the population",
            "events",
            Box::new(|f| {
                edit(f, "data/scope/population.json", |t| {
                    t.replacen("\"events\": 4", "\"events\": 5", 1)
                })
            }),
        ),
        (
            "the leaf of an event",
            "evidence",
            Box::new(|f| {
                edit(f, events, |t| {
                    let leaf = t.split("\"leaf\":\"").nth(1).unwrap()[..64].to_owned();
                    t.replacen(&leaf, &"0".repeat(64), 1)
                })
            }),
        ),
        (
            "the bytes of an entry",
            "evidence",
            Box::new(|f| {
                edit(f, excerpt, |t| {
                    t.replacen("203.0.113.45", "203.0.113.46", 1)
                })
            }),
        ),
        (
            "an entry is left out",
            "evidence",
            Box::new(|f| edit(f, excerpt, |t| t.replacen(&(line(&t, 1) + "\n"), "", 1))),
        ),
        (
            "an entry and its leaf everywhere",
            "inclusion",
            Box::new(|f| {
                let text = fs::read_to_string(f.join(excerpt)).unwrap();
                let leaf = text.split("\"leaf\":\"").nth(1).unwrap()[..64].to_owned();
                let raw =
                    "2024-04-22 14:32:15,Login,alice@example.com,Safari on macOS,203.0.113.46,";
                let other = hex(&Sha256::digest([&[0], raw.as_bytes()].concat()));
                edit(f, excerpt, |t| {
                    t.replacen("203.0.113.45", "203.0.113.46", 1)
                        .replace(&leaf, &other)
                });
                edit(f, "data/events/events.csv", |t| {
                    t.replacen("203.0.113.45", "203.0.113.46", 1)
                });
                edit(f, events, |t| {
                    t.replacen("203.0.113.45", "203.0.113.46", 1)
                        .replace(&leaf, &other)
                });
            }),
        ),
        (
            "a step of a path",
            "inclusion",
            Box::new(|f| {
                edit(f, "data/evidence/proofs.ndjson", |t| {
                    let step = t.split("\"path\":[\"").nth(1).unwrap()[..64].to_owned();
                    t.replace(&step, &"1".repeat(64))
                })
            }),
        ),
        (
            "the root of the tree",
            "inclusion",
            Box::new(|f| {
                edit(f, "data/evidence/proofs.ndjson", |t| {
                    let root = t.split("\"root\":\"").nth(1).unwrap()[..64].to_owned();
                    t.replace(&root, &"2".repeat(64))
                })
            }),
        ),
        (
            "an entry of the log",
            "custody",
            Box::new(|f| edit(f, custody, |t| t.replacen("tester", "nobody", 1))),
        ),
        (
            "entries of the log change places",
            "custody",
            Box::new(|f| {
                edit(f, custody, |t| {
                    let (a, b) = (line(&t, 0), line(&t, 1));
                    format!("{b}\n{a}\n")
                })
            }),
        ),
        (
            "the first entry of the log is cut off",
            "custody",
            Box::new(|f| edit(f, custody, |t| line(&t, 1) + "\n")),
        ),
        (
            "the tail of the log is cut off",
            "custody",
            Box::new(|f| edit(f, custody, |t| line(&t, 0) + "\n")),
        ),
        (
            "the checkpoint",
            "custody",
            Box::new(|f| {
                edit(f, "data/custody/checkpoint.txt", |t| {
                    t.replacen("\n2\n", "\n3\n", 1)
                })
            }),
        ),
        (
            "the seed",
            "sample",
            Box::new(|f| {
                edit(f, "data/scope/sample.json", |t| {
                    t.replacen("\"seed\": \"1\"", "\"seed\": \"2\"", 1)
                })
            }),
        ),
        (
            "a sampled event",
            "sample",
            Box::new(|f| {
                edit(f, "data/scope/sample.json", |t| {
                    let at = t.find("\"event\": ").unwrap() + 9;
                    format!("{}9{}", &t[..at], &t[at..])
                })
            }),
        ),
    ];
    for (what, layer, change) in &cases {
        let (report, failed) = changed(&bench, "pkg", &[], |folder| {
            change(folder);
            reseal(folder);
        });
        assert!(failed.iter().any(|l| l == layer), "{what}: {report}");
        let early = ["signature", "completeness", "files"];
        assert!(
            !failed.iter().any(|l| early.contains(&l.as_str())),
            "{what} was sealed again: {report}"
        );
    }
}

#[test]
fn a_head_that_left_the_machine_finds_a_log_that_was_cut_or_written_anew() {
    let bench = bench();
    let report = package(&bench, "pkg", &[]);
    let head = format!(
        "{}:{}",
        report["custody_size"],
        report["custody_head"].as_str().unwrap()
    );
    verify(&bench, "pkg", &["--head", &head]).json(0);
    verify(&bench, "case.wmcase", &["--head", &head]).json(0);
    let longer = verify(&bench, "pkg", &["--head", &format!("9:{}", "a".repeat(64))]).json(1);
    assert!(
        longer.to_string().contains("its tail was cut off"),
        "{longer}"
    );
    let other = verify(&bench, "pkg", &["--head", &format!("2:{}", "a".repeat(64))]).json(1);
    assert!(other.to_string().contains("written anew"), "{other}");
}

#[test]
fn an_archive_with_bytes_that_belong_to_no_file_is_refused() {
    let bench = bench();
    package(&bench, "pkg.zip", &[]);
    let good = fs::read(bench.path("pkg.zip")).unwrap();
    let check = |bytes: Vec<u8>| {
        bench.file("changed.zip", bytes);
        let report = verify(&bench, "changed.zip", &[]).json(1);
        let completeness = &report["layers"][1];
        assert_eq!(completeness["ok"], false, "{report}");
    };
    check([&b"before"[..], &good].concat());
    check([&good, &b"after"[..]].concat());
    check(good[..good.len() - 30].to_vec());
    for at in (0..good.len()).step_by(good.len() / 40) {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        bench.file("changed.zip", bytes);
        let ran = verify(&bench, "changed.zip", &[]);
        // A flipped bit in a field that says nothing (a time, a version) leaves every file as it was.
        assert!([0, 1].contains(&ran.code), "{at}: {}", ran.stderr);
    }
}

#[test]
fn a_case_that_was_changed_is_found_layer_by_layer() {
    let bench = bench();
    let good = fs::read(bench.path("case.wmcase")).unwrap();
    verify(&bench, "case.wmcase", &[]).json(0);
    let mut found = 0;
    for at in (4_096..good.len()).step_by(1_499) {
        let mut bytes = good.clone();
        bytes[at] ^= 0x01;
        let path = bench.file("changed.wmcase", &bytes);
        let ran = verify(&bench, "changed.wmcase", &[]);
        assert!([0, 1, 2].contains(&ran.code), "{at}: {}", ran.stderr);
        found += u32::from(ran.code != 0);
        assert_eq!(fs::read(path).unwrap(), bytes, "checking changes nothing");
    }
    assert!(found > 0);
    bench.file("changed.wmcase", &good[..good.len() / 2]);
    assert_ne!(verify(&bench, "changed.wmcase", &[]).code, 0);
    bench.file("empty.wmcase", b"");
    assert_ne!(verify(&bench, "empty.wmcase", &[]).code, 0);
}

/// That every column of every table is covered is shown where the schema is: `src-tauri/crates/store/tests/tamper.rs`.
#[test]
fn a_case_with_a_row_of_another_hand_is_told_by_verify_and_not_opened() {
    let bench = bench();
    let good = fs::read(bench.path("case.wmcase")).unwrap();
    let rows = |report: &Value| {
        let layers = report["layers"].as_array().unwrap();
        layers
            .iter()
            .find(|l| l["layer"] == "rows")
            .unwrap()
            .clone()
    };
    let said = rows(&verify(&bench, "case.wmcase", &[]).json(0));
    assert!(
        said["proves"]
            .as_str()
            .unwrap()
            .contains("no row was changed")
    );
    for setting in ["display_zone", "created_by"] {
        // A setting's value follows its name in the row.
        let mut bytes = good.clone();
        let at = bytes
            .windows(setting.len())
            .position(|w| w == setting.as_bytes());
        bytes[at.unwrap() + setting.len()] ^= 1;
        bench.file("changed.wmcase", &bytes);
        let report = verify(&bench, "changed.wmcase", &[]).json(1);
        assert_eq!(rows(&report)["ok"], false, "{setting}: {report}");
        let refused = bench.run(&["count", "changed.wmcase", "--json"]).error();
        assert_eq!(refused["code"], "case_damaged", "{setting}");
    }
}
