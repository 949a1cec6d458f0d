//! Tests of the real binary: what it prints, its JSON contract, its exit codes.
//!
//! Owns: the bench on which they run (a temporary folder, one way to start the command).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on must say so at once, also in what tests share"
)]

mod agents;
mod bad_input;
mod checklist;
mod checklist_absence;
mod checklist_kept;
mod checklist_review;
mod checklist_worlds;
mod contract;
mod crash;
mod custody_words;
mod detect;
mod directus;
mod disclose;
mod drill_actor;
mod drill_record;
mod drill_signins;
mod export;
mod forged;
mod hostile;
mod import;
#[cfg(target_os = "linux")]
mod keyring;
mod lens;
mod notes;
mod openapi;
mod overlap;
mod package;
mod packed;
mod panther;
mod peer;
mod profile;
mod protect;
mod pull;
mod pull_streams;
mod redaction;
mod revise;
#[path = "../../src-tauri/crates/pull/tests/pull/server.rs"]
mod server;
mod shapes;
mod sigma;
mod sql;
mod tamper;
mod timeline;
mod veiled;
mod vendor_documents;
mod whole;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// What one run of the command gave.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Ran {
    /// The answer as JSON; the run must have ended with this code.
    pub(crate) fn json(&self, code: i32) -> Value {
        assert_eq!(self.code, code, "stderr: {}", self.stderr);
        serde_json::from_slice(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    /// The error as JSON: one line on stderr.
    pub(crate) fn error(&self) -> Value {
        assert_eq!(self.code, 2, "stdout: {}", self.text());
        assert_eq!(
            self.stderr.trim_end().lines().count(),
            1,
            "one line: {}",
            self.stderr
        );
        let error: Value = serde_json::from_str(&self.stderr).unwrap();
        for key in ["code", "message", "hint", "where"] {
            assert!(error.get(key).is_some(), "an error has {key}: {error}");
        }
        error
    }

    /// Standard output as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// The events that `events --json` printed.
    pub(crate) fn events(&self) -> Vec<Value> {
        assert_eq!(self.code, 0, "stderr: {}", self.stderr);
        self.text()
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect()
    }
}

/// A temporary folder with a case in it.
pub(crate) struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file and gives its path.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).unwrap();
        }
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.run_with_input(args, b"")
    }

    /// Runs the command with further environment variables.
    pub(crate) fn run_in(&self, args: &[&str], environment: &[(&str, &str)]) -> Ran {
        self.start(args, b"", environment)
    }

    pub(crate) fn run_with_input(&self, args: &[&str], input: &[u8]) -> Ran {
        self.start(args, input, &[])
    }

    fn start(&self, args: &[&str], input: &[u8], environment: &[(&str, &str)]) -> Ran {
        use std::io::Write;
        let mut child = Command::new(env!("CARGO_BIN_EXE_witnessmark"))
            .args(args)
            .current_dir(self.dir.path())
            .env_remove("WITNESSMARK_PASSPHRASE")
            .env_remove("WITNESSMARK_KEY_PASSPHRASE")
            .env("XDG_CONFIG_HOME", self.dir.path().join("settings"))
            .env("HOME", self.dir.path())
            .env("APPDATA", self.dir.path())
            // The keyring of whoever runs the tests is none of their business.
            .env("WITNESSMARK_KEYRING", "none")
            .envs(environment.iter().copied())
            .env("USER", "tester")
            .env("HOSTNAME", "bench")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A command that does not read its input closes it; that is no failure of the test.
        let _ = stdin.write_all(input);
        drop(stdin);
        let out = child.wait_with_output().unwrap();
        Ran {
            code: out.status.code().unwrap_or(-1),
            stdout: out.stdout,
            stderr: String::from_utf8_lossy(&out.stderr).into_owned(),
        }
    }

    /// Imports a file as JSON into `case.wmcase`.
    pub(crate) fn import(&self, file: &Path, extra: &[&str]) -> Ran {
        let mut args = vec!["import", "case.wmcase", file.to_str().unwrap(), "--json"];
        args.extend(extra);
        self.run(&args)
    }

    /// Every event of the case.
    pub(crate) fn events(&self, query: &str) -> Vec<Value> {
        self.run(&["events", "case.wmcase", query, "--json"])
            .events()
    }
}

/// Whatever a test has done to its case through the command, another reader finds it whole.
impl Drop for Bench {
    fn drop(&mut self) {
        let case = std::fs::read(self.path("case.wmcase")).unwrap_or_default();
        // Of an encrypted one the passphrase is not known here.
        if std::thread::panicking() || !case.starts_with(b"SQLite format 3") {
            return;
        }
        let ran = self.run(&["verify", "case.wmcase", "--json"]);
        assert_eq!(ran.code, 0, "{} {}", ran.text(), ran.stderr);
    }
}

/// PayMongo security logs after the example of its documentation, with names of nobody.
pub(crate) const PAYMONGO: &str = "\
Timestamp,Event type,User,Device,IP,Details
2024-04-22 14:32:15,Login,alice@example.com,Safari on macOS,203.0.113.45,
2024-04-22 14:35:02,API Key Viewed,alice@example.com,,,Secret Key
2024-04-22 15:10:00,Payout Account Updated,alice@example.com,,,Bank account changed
2024-04-23 09:00:00,Account Settings Changed,bob@example.com,,,Email changed from bob@example.com to rob@example.com
";

/// Reads the receipt of one source and checks that it adds up.
pub(crate) fn receipt(report: &Value) -> Value {
    let source = report["sources"][0].clone();
    let n = |key: &str| {
        source[key]
            .as_u64()
            .unwrap_or_else(|| panic!("{key} in {source}"))
    };
    assert_eq!(
        n("entries"),
        n("stored") + n("duplicates") + n("rejected"),
        "nothing is lost in silence: {source}"
    );
    source
}
