//! The machine fails: the process is killed, a write is refused. What is visible afterwards are complete imports only.
//!
//! How often is bounded here; by hand, with the release build, `WITNESSMARK_KILLS=200 WITNESSMARK_FULL_DISKS=100 cargo test --release
//! -p witnessmark-tests --test cli crash -- --nocapture` goes on for as many as it is told.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use witnessmark_tests::generate::{self, Dice};

use crate::{Bench, PAYMONGO};

/// What the case tells when it is opened again: sources, events, and the sums of each receipt.
fn state(bench: &Bench) -> (usize, u64) {
    let sources = bench.run(&["sources", "case.wmcase", "--json"]).json(0);
    let count = bench.run(&["count", "case.wmcase", "--json"]).json(0);
    let list = sources["sources"].as_array().unwrap();
    let events: u64 = list.iter().map(|s| s["events"].as_u64().unwrap()).sum();
    assert_eq!(
        Some(events),
        count["count"].as_u64(),
        "the receipts and the timeline tell the same"
    );
    (list.len(), events)
}

/// What another reader says of the file as the crash left it, journal beside it, before anything repairs it.
fn is_whole(bench: &Bench) {
    let ran = bench.run(&["verify", "case.wmcase", "--json"]);
    assert_eq!(ran.code, 0, "{} {}", ran.text(), ran.stderr);
}

fn custody_of(bench: &Bench) -> Value {
    bench.run(&["custody", "case.wmcase", "--json"]).json(0)
}

/// How often something is done: what the environment says, or this.
fn times(name: &str, usual: u64) -> u64 {
    let said = std::env::var(name).ok().and_then(|n| n.parse().ok());
    said.unwrap_or(usual)
}

/// A case with a few events, and a file of many that is not in it yet.
fn begun(rows: u64) -> (Bench, std::path::PathBuf) {
    let bench = Bench::new();
    let first = bench.file("logs.csv", PAYMONGO);
    bench.import(&first, &["--zone", "Asia/Manila"]).json(0);
    let path = bench.path("big.csv");
    let file = std::fs::File::create(&path).unwrap();
    generate::csv(rows, 2, &mut std::io::BufWriter::new(file)).unwrap();
    (bench, path)
}

#[test]
fn a_killed_import_leaves_nothing_half_done() {
    const ROWS: u64 = 30_000;
    let (undisturbed, path) = begun(ROWS);
    let clock = std::time::Instant::now();
    undisturbed.import(&path, &[]).json(0);
    let long = clock.elapsed().as_millis() as u64;
    let expected = undisturbed.run(&["events", "case.wmcase", "--json"]).stdout;
    let mut dice = Dice::new(11);
    let (mut unfinished, kills) = (0, times("WITNESSMARK_KILLS", 6));
    for _ in 0..kills {
        let (bench, path) = begun(ROWS);
        let mut child = Command::new(env!("CARGO_BIN_EXE_witnessmark"))
            .args(["import", "case.wmcase", "big.csv"])
            .current_dir(bench.path("."))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(dice.below(long.max(1))));
        // SIGKILL: the process cannot tidy up.
        child.kill().unwrap();
        child.wait().unwrap();
        is_whole(&bench);
        let seen = state(&bench);
        assert!(
            seen == (1, 4) || seen == (2, 4 + ROWS),
            "all or nothing, not {seen:?}"
        );
        assert_eq!(custody_of(&bench)["intact"], true);
        if seen == (1, 4) {
            unfinished += 1;
            bench.import(&path, &[]).json(0);
        }
        let now = bench.run(&["events", "case.wmcase", "--json"]).stdout;
        assert!(
            now == expected,
            "every event, with its number and place, is that of an undisturbed import"
        );
        is_whole(&bench);
    }
    eprintln!("{unfinished} of {kills} kills came before the end");
    assert!(
        unfinished > 0,
        "at least one kill came before the end, or nothing was tested"
    );
}

/// `ulimit -f` makes writes beyond a size fail as a full disk does; with the signal ignored the write returns an error.
#[cfg(target_os = "linux")]
#[test]
fn a_refused_write_is_told_and_costs_only_that_import() {
    let (bench, path) = begun(60_000);
    let before = bench.path("before.wmcase");
    std::fs::copy(bench.path("case.wmcase"), &before).unwrap();
    let mut failed = 0;
    let steps = times("WITNESSMARK_FULL_DISKS", 4);
    for kilobytes in (1..=steps).map(|n| 200 + n * 1_900 / steps) {
        std::fs::copy(&before, bench.path("case.wmcase")).unwrap();
        let script = format!(
            "trap '' XFSZ; ulimit -f {kilobytes}; exec \"$0\" import case.wmcase big.csv --json"
        );
        let out = Command::new("bash")
            .args(["-c", &script, env!("CARGO_BIN_EXE_witnessmark")])
            .current_dir(bench.path("."))
            .output()
            .unwrap();
        is_whole(&bench);
        let seen = state(&bench);
        if out.status.success() {
            // Everything had reached the journal; what could not be moved into the file yet changes nothing.
            assert_eq!(seen, (2, 60_004), "{kilobytes} kB: done means done");
            continue;
        }
        failed += 1;
        let error: Value = serde_json::from_slice(&out.stderr).unwrap();
        assert!(
            ["disk_full", "io"].contains(&error["code"].as_str().unwrap()),
            "{error}"
        );
        assert_eq!(
            seen,
            (1, 4),
            "{kilobytes} kB: failed means nothing is visible"
        );
        bench.import(&path, &[]).json(0);
        assert_eq!(
            state(&bench),
            (2, 60_004),
            "with room again the same action succeeds"
        );
    }
    assert!(
        failed > 1,
        "some writes were refused, or nothing was tested"
    );
}

/// What is seen: every event as it is printed.
#[cfg(target_os = "linux")]
fn seen(bench: &Bench) -> Vec<u8> {
    let ran = bench.run(&["events", "case.wmcase", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran.stdout
}

/// Reading anew and taking out are one step each: after a kill or a refused write the case is as before or as after.
#[cfg(target_os = "linux")]
#[test]
fn a_source_is_read_anew_or_taken_out_wholly_or_not_at_all() {
    let bench = Bench::new();
    let path = bench.path("big.csv");
    generate::csv(9_000, 4, &mut std::fs::File::create(&path).unwrap()).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    // Times that name no zone, so that another zone makes other events.
    let local = text.replace("Z,user", ",user");
    std::fs::write(&path, local).unwrap();
    bench.import(&path, &["--zone", "UTC"]).json(0);
    bench.import(&path, &["--zone", "UTC"]).json(0);
    let kept = bench.path("kept.wmcase");
    std::fs::copy(bench.path("case.wmcase"), &kept).unwrap();
    let before = seen(&bench);
    let steps: [&[&str]; 2] = [
        &[
            "reread",
            "case.wmcase",
            "1",
            "--zone",
            "Asia/Manila",
            "--json",
        ],
        &["withdraw", "case.wmcase", "1", "--why", "a test", "--json"],
    ];
    let mut dice = Dice::new(17);
    let mut unfinished = 0;
    for step in steps {
        std::fs::copy(&kept, bench.path("case.wmcase")).unwrap();
        let began = std::time::Instant::now();
        bench.run(step).json(0);
        let long = began.elapsed().as_millis() as u64;
        let after = seen(&bench);
        assert_ne!(before, after);
        for kilobytes in [0, 0, 0, 0, 150, 400, 900] {
            for end in ["", "-wal", "-shm"] {
                let _ =
                    std::fs::remove_file(format!("{}{end}", bench.path("case.wmcase").display()));
            }
            std::fs::copy(&kept, bench.path("case.wmcase")).unwrap();
            if kilobytes == 0 {
                let mut child = Command::new(env!("CARGO_BIN_EXE_witnessmark"))
                    .args(step)
                    .current_dir(bench.path("."))
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn()
                    .unwrap();
                std::thread::sleep(Duration::from_millis(dice.below(long.max(1))));
                child.kill().unwrap();
                child.wait().unwrap();
            } else {
                let script = format!("trap '' XFSZ; ulimit -f {kilobytes}; exec \"$0\" \"$@\"");
                let out = Command::new("bash")
                    .args(["-c", &script, env!("CARGO_BIN_EXE_witnessmark")])
                    .args(step)
                    .current_dir(bench.path("."))
                    .output()
                    .unwrap();
                assert!(out.status.success() || seen(&bench) == before);
            }
            is_whole(&bench);
            let now = seen(&bench);
            assert!(now == before || now == after, "{step:?}: all or nothing");
            assert_eq!(custody_of(&bench)["intact"], true);
            if now == before {
                unfinished += 1;
                bench.run(step).json(0);
                assert!(
                    seen(&bench) == after,
                    "{step:?}: the same again gives what an undisturbed one gives"
                );
            }
        }
    }
    assert!(
        unfinished > 0,
        "something was interrupted, or nothing was tested"
    );
}
