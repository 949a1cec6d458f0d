//! Audit packages: what is in one, that stock tools accept it, that it is the same bytes again.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::{Bench, PAYMONGO, Ran};

/// A tool that is not ours, from the path or from where `cargo xtask test` puts it. Without the latter a missing tool
/// lets the test be skipped; with it, as in CI, a missing tool is a failure.
pub(crate) fn stock_tool(name: &str) -> Option<Command> {
    let prepared = std::env::var_os("WITNESSMARK_STOCK_TOOLS").map(PathBuf::from);
    let inside = prepared.as_ref().map(|folder| folder.join(name));
    let program = match inside {
        Some(path) if path.exists() => path,
        _ => PathBuf::from(name),
    };
    let there = Command::new(&program).arg("--version").output().is_ok();
    assert!(
        there || prepared.is_none(),
        "{name} is missing, and WITNESSMARK_STOCK_TOOLS says that it is there"
    );
    if !there {
        eprintln!("{name} is not installed; `cargo xtask test` installs it");
    }
    there.then(|| Command::new(program))
}

/// Runs a tool in a folder; whether it is content, and what it says.
pub(crate) fn runs(mut tool: Command, args: &[&str], folder: &Path) -> (bool, String) {
    let out = tool.args(args).current_dir(folder).output().unwrap();
    let said = [out.stdout, out.stderr].concat();
    (
        out.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// A case with the example, and a key that is not protected.
pub(crate) fn bench() -> Bench {
    let bench = Bench::new();
    let file = bench.file("logs.csv", PAYMONGO);
    bench.import(&file, &["--zone", "Asia/Manila"]).json(0);
    let made = bench.run(&["key", "make", "Compliance", "--unprotected", "--json"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    bench
}

/// Writes a package and gives its report.
pub(crate) fn package(bench: &Bench, out: &str, extra: &[&str]) -> Value {
    let mut args = vec!["package", "case.wmcase", out, "--json"];
    args.extend(extra);
    bench.run(&args).json(0)
}

pub(crate) fn verify(bench: &Bench, path: &str, extra: &[&str]) -> Ran {
    let mut args = vec!["verify", path, "--json"];
    args.extend(extra);
    bench.run(&args)
}

/// Every file of a folder by name.
pub(crate) fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    fn walk(top: &Path, folder: &Path, out: &mut Vec<(String, Vec<u8>)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(top, &path, out);
            } else {
                let name = path.strip_prefix(top).unwrap().to_string_lossy();
                out.push((name.replace('\\', "/"), std::fs::read(&path).unwrap()));
            }
        }
    }
    let mut out = Vec::new();
    walk(folder, folder, &mut out);
    out.sort();
    out
}

#[test]
fn stock_tools_and_ours_accept_a_signed_package() {
    let bench = bench();
    let report = package(&bench, "pkg", &["--sign", "Compliance", "--sample", "2"]);
    assert_eq!(report["events"], 4);
    assert_eq!(report["signature"], "valid");
    let folder = bench.path("pkg");
    let key = report["signed_by"].as_str().unwrap();
    if let Some(minisign) = stock_tool("minisign") {
        let (ok, said) = runs(
            minisign,
            &["-Vm", "tagmanifest-sha256.txt", "-P", key],
            &folder,
        );
        assert!(ok, "{said}");
        assert!(
            said.contains("Signature and comment signature verified"),
            "{said}"
        );
    }
    if let Some(sums) = stock_tool("sha256sum") {
        let args = [
            "--strict",
            "-c",
            "tagmanifest-sha256.txt",
            "manifest-sha256.txt",
        ];
        let (ok, said) = runs(sums, &args, &folder);
        assert!(ok, "{said}");
    }
    if let Some(bagit) = stock_tool("bagit.py") {
        let (ok, said) = runs(bagit, &["--validate", "."], &folder);
        assert!(ok && said.contains("is valid"), "{said}");
    }
    let checked = verify(&bench, "pkg", &["--key", key]).json(0);
    assert_eq!(checked["ok"], true, "{checked}");
    assert_eq!(checked["signature"], "valid");
    for layer in checked["layers"].as_array().unwrap() {
        assert_eq!(layer["ok"], true, "{layer}");
        assert!(!layer["proves"].as_str().unwrap().is_empty(), "{layer}");
    }
    let names: Vec<&str> = checked["layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["layer"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "signature",
            "completeness",
            "files",
            "custody",
            "events",
            "coverage",
            "evidence",
            "inclusion",
            "sample"
        ]
    );
}

#[test]
fn an_unsigned_package_verifies_and_says_that_it_is_unsigned() {
    let bench = bench();
    package(&bench, "pkg", &[]);
    let checked = verify(&bench, "pkg", &[]).json(0);
    assert_eq!(checked["ok"], true);
    assert_eq!(checked["signature"], "absent");
    let text = bench.run(&["verify", "pkg"]);
    assert_eq!(text.code, 0);
    assert!(text.text().contains("signature: absent"), "{}", text.text());
}

#[test]
fn an_archive_holds_what_a_folder_holds_and_both_are_the_same_again() {
    let bench = bench();
    let options = [
        "--query",
        "actor:alice@example.com",
        "--sample",
        "2",
        "--seed",
        "s",
    ];
    package(&bench, "one", &options);
    package(&bench, "two", &options);
    package(&bench, "pkg.zip", &options);
    package(&bench, "again.zip", &options);
    // The time that is stated is in bag-info.txt, which the tag manifest binds; everything else is the same.
    let stated = ["bag-info.txt", "tagmanifest-sha256.txt"];
    let plain = |name: &str| -> Vec<_> {
        let mut all = files(&bench.path(name));
        all.retain(|(name, _)| !stated.contains(&name.as_str()));
        all
    };
    assert_eq!(plain("one"), plain("two"));
    let mut archive = zip_files(&bench.path("pkg.zip"));
    archive.retain(|(name, _)| !stated.contains(&name.as_str()));
    assert_eq!(plain("one"), archive);
    let mut again = zip_files(&bench.path("again.zip"));
    again.retain(|(name, _)| !stated.contains(&name.as_str()));
    assert_eq!(archive, again);
    assert_eq!(verify(&bench, "pkg.zip", &[]).json(0)["ok"], true);
}

fn zip_files(path: &Path) -> Vec<(String, Vec<u8>)> {
    use std::io::Read;
    let mut archive = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    let mut out = Vec::new();
    for at in 0..archive.len() {
        let mut member = archive.by_index(at).unwrap();
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).unwrap();
        out.push((
            String::from_utf8_lossy(member.name_raw()).into_owned(),
            bytes,
        ));
    }
    out.sort();
    out
}

#[test]
fn the_events_of_a_package_are_those_of_the_command() {
    let bench = bench();
    package(&bench, "pkg", &["--query", "has:changes"]);
    let text = std::fs::read_to_string(bench.path("pkg/data/events/events.ndjson")).unwrap();
    let mut packed: Vec<Value> = text
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    for event in &mut packed {
        let place = event["witnessmark"].as_object_mut().unwrap();
        assert_eq!(place.remove("leaf").unwrap().as_str().unwrap().len(), 64);
    }
    assert_eq!(packed, bench.events("has:changes"));
    let population: Value = serde_json::from_slice(
        &std::fs::read(bench.path("pkg/data/scope/population.json")).unwrap(),
    )
    .unwrap();
    assert_eq!(population["events"], packed.len());
    assert_eq!(population["events_in_case"], 4);
    assert_eq!(population["query"], "has:changes");
    let profile = std::fs::read_to_string(bench.path("pkg/data/rules/profiles/paymongo-1.toml"));
    assert!(
        profile.unwrap().contains("paymongo"),
        "the exact profile is there"
    );
}

#[test]
fn entries_of_every_shape_are_proved() {
    let bench = Bench::new();
    let rows: String = (0..1_500)
        .map(|i| {
            format!(
                "2024-05-{:02}T10:00:00Z,user{i}@example.com,login,\"a\nb {i}\"\n",
                1 + i % 28
            )
        })
        .collect();
    let csv = bench.file("many.csv", format!("time,actor,action,details\n{rows}"));
    bench.import(&csv, &[]).json(0);
    // The same rows again: nothing new, but they are entries of the tree all the same. And a row that is rejected.
    let more = bench.file(
        "more.csv",
        format!("time,actor,action,details\n{rows}2024-06-01T00:00:00Z,new@example.com,login,x\n"),
    );
    bench.import(&more, &[]).json(0);
    let json = bench.file(
        "list.json",
        r#"[{"time":"2024-05-01T00:00:00Z","actor":"a@example.com","action":"x","name":"\u0000é"}, 17, {"time":"2024-05-02T00:00:00Z","actor":"b@example.com","action":"y"}]"#,
    );
    let imported = bench.import(&json, &[]);
    assert!([0, 3].contains(&imported.code), "{}", imported.stderr);
    let latin = bench.file(
        "latin.csv",
        b"time,actor,action\n2024-05-01T00:00:00Z,caf\xe9,login\n",
    );
    bench
        .import(&latin, &["--encoding", "windows-1252"])
        .json(0);
    package(&bench, "shapes", &["--also", "ecs,ocsf"]);
    verify(&bench, "shapes", &[]).json(0);
    let count = |name: &str| {
        let path = bench.path("shapes/data/events").join(name);
        std::fs::read_to_string(path).unwrap().lines().count()
    };
    assert_eq!(count("events.ecs.ndjson"), count("events.ndjson"));
    assert_eq!(count("events.ocsf.ndjson"), count("events.ndjson"));
    for (out, query) in [
        ("all", ""),
        ("some", "after:2024-05-20"),
        ("one", "actor:new@example.com"),
    ] {
        package(&bench, out, &["--query", query, "--evidence", "originals"]);
        let checked = verify(&bench, out, &[]).json(0);
        assert_eq!(checked["ok"], true, "{checked}");
        let layers = checked["layers"].as_array().unwrap();
        assert!(
            layers.iter().any(|l| l["layer"] == "inclusion"),
            "{checked}"
        );
        assert!(
            layers.iter().any(|l| l["layer"] == "originals"),
            "{checked}"
        );
    }
    let proofs = std::fs::read_to_string(bench.path("some/data/evidence/proofs.ndjson")).unwrap();
    assert!(proofs.contains("\"path\""), "few entries have a path each");
    let proofs = std::fs::read_to_string(bench.path("all/data/evidence/proofs.ndjson")).unwrap();
    let covers = proofs.lines().filter(|l| l.contains("\"cover\"")).count();
    assert_eq!(covers, 0, "where every entry is shown, nothing is covered");
}

#[test]
fn a_scope_without_events_is_a_package_too() {
    let bench = bench();
    package(&bench, "none", &["--query", "actor:nobody@example.com"]);
    let checked = verify(&bench, "none", &[]).json(0);
    assert_eq!(checked["ok"], true, "{checked}");
    assert_eq!(checked["events"], 0);
}

#[test]
fn a_package_is_recorded_and_overwrites_nothing() {
    let bench = bench();
    let report = package(&bench, "pkg", &["--sign", "Compliance"]);
    let custody = bench.run(&["custody", "case.wmcase", "--json"]).json(0);
    let last = custody["entries"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(last["action"], "package");
    assert_eq!(last["seq"], report["recorded"]);
    assert!(
        last["detail"]
            .as_str()
            .unwrap()
            .contains(report["binds"].as_str().unwrap())
    );
    let again = bench.run(&["package", "case.wmcase", "pkg", "--json"]);
    assert_eq!(again.error()["code"], "io");
    let wrong = bench.run(&[
        "package",
        "case.wmcase",
        "other",
        "--query",
        "nosuchkey:x",
        "--json",
    ]);
    assert_eq!(wrong.error()["code"], "invalid_query");
    assert!(!bench.path("other").exists() && !bench.path("other.part").exists());
    // What has the name of a part, or lies under it, is somebody's.
    std::fs::create_dir_all(bench.path("more.part/precious")).unwrap();
    std::fs::write(bench.path("more.part/precious/thesis.txt"), "gold").unwrap();
    std::fs::write(bench.path("more.zip.part"), "gold").unwrap();
    package(&bench, "more", &[]);
    package(&bench, "more.zip", &[]);
    for theirs in ["more.part/precious/thesis.txt", "more.zip.part"] {
        assert_eq!(
            std::fs::read(bench.path(theirs)).unwrap(),
            b"gold",
            "{theirs}"
        );
    }
    let unknown = bench.run(&["verify", "logs.csv", "--json"]);
    assert_eq!(unknown.error()["code"], "not_a_case");
}

#[test]
fn a_protected_key_needs_its_passphrase_and_stock_minisign_reads_our_keys() {
    let bench = bench();
    let secret = [("WITNESSMARK_KEY_PASSPHRASE", "correct horse")];
    let made = bench
        .run_in(&["key", "make", "Locked", "--json"], &secret)
        .json(0);
    let listed = bench.run(&["key", "list", "--json"]).json(0);
    assert_eq!(listed["keys"].as_array().unwrap().len(), 2);
    let shown = bench
        .run(&["key", "fingerprint", "Locked", "--json"])
        .json(0);
    assert_eq!(shown["public"], made["public"]);
    let without = bench.run(&["package", "case.wmcase", "a", "--sign", "Locked", "--json"]);
    assert_eq!(without.error()["code"], "passphrase_required");
    let wrong = [("WITNESSMARK_KEY_PASSPHRASE", "wrong")];
    let refused = bench.run_in(
        &["package", "case.wmcase", "a", "--sign", "Locked", "--json"],
        &wrong,
    );
    assert!(
        refused.error()["message"]
            .as_str()
            .unwrap()
            .contains("passphrase")
    );
    bench
        .run_in(
            &["package", "case.wmcase", "a", "--sign", "Locked", "--json"],
            &secret,
        )
        .json(0);
    assert_eq!(
        verify(&bench, "a", &["--key", made["public"].as_str().unwrap()]).json(0)["signature"],
        "valid"
    );
}

#[test]
fn a_package_becomes_evidence_of_another_case() {
    let bench = bench();
    package(&bench, "pkg", &["--sign", "Compliance"]);
    package(&bench, "pkg.zip", &["--query", "has:changes"]);
    let before = bench.events("");
    let there = bench
        .run(&["import", "theirs.wmcase", "pkg", "--json"])
        .json(0);
    let source = crate::receipt(&there);
    assert_eq!(
        source["profiles"],
        serde_json::json!(["witnessmark-package@2"])
    );
    assert_eq!(source["events"], 4, "its events, and nothing else of it");
    assert!(
        source["name"]
            .as_str()
            .unwrap()
            .contains("a key from the package, not compared"),
        "{source}"
    );
    let after = bench.run(&["events", "theirs.wmcase", "--json"]).events();
    for (one, other) in before.iter().zip(&after) {
        for part in [
            "@timestamp",
            "user",
            "source",
            "changes",
            "target",
            "session",
            "service",
        ] {
            assert_eq!(one.get(part), other.get(part), "{part} of {one}");
        }
        for part in [
            "provider",
            "original_time",
            "zone",
            "action",
            "category",
            "operation",
            "outcome",
        ] {
            assert_eq!(
                one["event"].get(part),
                other["event"].get(part),
                "{part} of {one}"
            );
        }
    }
    let zipped = bench
        .run(&["import", "theirs.wmcase", "pkg.zip", "--json"])
        .json(0);
    assert_eq!(crate::receipt(&zipped)["entries"], 2);
    std::fs::write(bench.path("pkg/data/events/events.ndjson"), "{}\n").unwrap();
    let refused = bench.run(&["import", "other.wmcase", "pkg", "--json"]);
    assert_eq!(refused.error()["code"], "not_readable");
    assert!(!bench.path("other.wmcase").exists());
}
