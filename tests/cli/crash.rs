//! The machine fails: the process is killed, a write is refused. What is visible afterwards are complete imports only.

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

fn custody_of(bench: &Bench) -> Value {
    bench.run(&["custody", "case.wmcase", "--json"]).json(0)
}

#[test]
fn a_killed_import_leaves_nothing_half_done() {
    const ROWS: u64 = 30_000;
    let mut dice = Dice::new(11);
    let mut unfinished = 0;
    for _ in 0..6 {
        let bench = Bench::new();
        let first = bench.file("logs.csv", PAYMONGO);
        bench.import(&first, &["--zone", "Asia/Manila"]).json(0);
        let path = bench.path("big.csv");
        generate::csv(
            ROWS,
            2,
            &mut std::fs::File::create(&path)
                .map(std::io::BufWriter::new)
                .unwrap(),
        )
        .unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_witnessmark"))
            .args(["import", "case.wmcase", "big.csv"])
            .current_dir(bench.path("."))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(dice.below(700)));
        // SIGKILL: the process cannot tidy up.
        child.kill().unwrap();
        child.wait().unwrap();
        let seen = state(&bench);
        assert!(
            seen == (1, 4) || seen == (2, 4 + ROWS),
            "all or nothing, not {seen:?}"
        );
        assert_eq!(custody_of(&bench)["intact"], true);
        if seen == (1, 4) {
            unfinished += 1;
            bench.import(&path, &[]).json(0);
            assert_eq!(
                state(&bench),
                (2, 4 + ROWS),
                "the same import again gives what an undisturbed one gives"
            );
        }
    }
    assert!(
        unfinished > 0,
        "at least one kill came before the end, or nothing was tested"
    );
}

/// `ulimit -f` makes writes beyond a size fail as a full disk does; with the signal ignored the write returns an error.
#[cfg(target_os = "linux")]
#[test]
fn a_refused_write_is_told_and_costs_only_that_import() {
    let bench = Bench::new();
    let first = bench.file("logs.csv", PAYMONGO);
    bench.import(&first, &["--zone", "Asia/Manila"]).json(0);
    let path = bench.path("big.csv");
    generate::csv(
        60_000,
        2,
        &mut std::fs::File::create(&path)
            .map(std::io::BufWriter::new)
            .unwrap(),
    )
    .unwrap();
    let before = bench.path("before.wmcase");
    std::fs::copy(bench.path("case.wmcase"), &before).unwrap();
    let mut failed = 0;
    for kilobytes in [300, 600, 1_200, 2_000] {
        std::fs::copy(&before, bench.path("case.wmcase")).unwrap();
        let script = format!(
            "trap '' XFSZ; ulimit -f {kilobytes}; exec \"$0\" import case.wmcase big.csv --json"
        );
        let out = Command::new("bash")
            .args(["-c", &script, env!("CARGO_BIN_EXE_witnessmark")])
            .current_dir(bench.path("."))
            .output()
            .unwrap();
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
