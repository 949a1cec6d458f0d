//! The program opens no network socket unless a person pulls: both programs run under strace, which sees every socket that they
//! and everything they start ask the system for.
//!
//! Unix sockets (the screen, the session's bus, the parts of the web view among themselves) and netlink (a question to the
//! system itself) never leave the machine and are fine. Any other family is not. No WebDriver takes part: it speaks TCP.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use witnessmark_xtask::Display;

use crate::server::{Reply, Server};
use crate::{Home, PAYMONGO, SIZE, built_app};

const SECRET: &str = "tok_CANARY_9f8e7d6c5b4a";
/// How long the window may take to show the case under strace, which slows it down.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long it is watched after that.
const WATCHED: Duration = Duration::from_secs(8);
/// Families that never leave the machine.
const LOCAL: [&str; 2] = ["AF_UNIX", "AF_NETLINK"];

/// A program under strace, with what it did in a file.
fn traced(home: &Home, log: &Path, program: &Path) -> Command {
    let mut command = Command::new("strace");
    command
        .args(["-f", "--seccomp-bpf", "-qq", "-e", "trace=socket,connect"])
        .args(["-e", "signal=none", "-o"])
        .arg(log)
        .arg("--")
        .arg(program)
        .current_dir(home.folder.path())
        .env("WITNESSMARK_HOME", home.folder.path())
        .env("WITNESSMARK_KEYRING", "none")
        .env("HOME", home.folder.path())
        .env("XDG_CONFIG_HOME", home.folder.path().join("settings"))
        .env_remove("WAYLAND_DISPLAY")
        .stdin(Stdio::null());
    command
}

fn command_line() -> PathBuf {
    std::env::var_os("WITNESSMARK_COMMAND")
        .map_or_else(|| built_app().with_file_name("witnessmark"), PathBuf::from)
}

/// The calls that were written down, without those that strace split and told the beginning of before.
fn calls(log: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Calls that name a family of sockets that can leave the machine.
fn leaving(calls: &[String]) -> Vec<&String> {
    let leaves = |call: &&String| {
        let asks = call.contains("socket(") && !call.contains("socket resumed");
        let local = LOCAL
            .iter()
            .any(|family| call.contains(&format!("socket({family}")));
        let connects = call.contains("sa_family=AF_INET") || call.contains("sa_family=AF_INET6");
        (asks && !local) || connects
    };
    calls.iter().filter(leaves).collect()
}

/// Runs the command line under strace and gives what it did.
fn ran(home: &Home, args: &[&str], fine: &[i32]) -> Vec<String> {
    let log = home.folder.path().join("calls.txt");
    let out = traced(home, &log, &command_line())
        .args(args)
        .env("WITNESSMARK_SECRET", SECRET)
        .output()
        .unwrap_or_else(|e| panic!("strace does not start ({e}); `cargo xtask test` installs it"));
    let code = out.status.code().unwrap_or(-1);
    assert!(
        fine.contains(&code),
        "{args:?} ended with {code}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    let calls = calls(&log);
    std::fs::remove_file(&log).unwrap();
    calls
}

#[test]
#[ignore = "needs the built programs and strace; `cargo xtask test` runs it"]
fn the_command_line_opens_no_network_socket_unless_it_pulls() {
    let home = Home::new();
    home.file("logs.csv", PAYMONGO);
    let case = "case.wmcase";
    let verbs: &[(&[&str], &[i32])] = &[
        (&["import", case, "logs.csv", "--zone", "Asia/Manila"], &[0]),
        (&["sources", case], &[0]),
        (&["count", case, "actor:alice@example.com"], &[0]),
        (&["events", case], &[0]),
        (&["facets", case, "--by", "event.action"], &[0]),
        (&["histogram", case], &[0]),
        (&["raw", case, "1"], &[0]),
        (&["detect", case], &[0, 1]),
        (&["actors", case], &[0]),
        (&["records", case], &[0]),
        (&["signins", case], &[0]),
        (&["errors", case], &[0]),
        (&["export", case, "events.csv"], &[0]),
        (&["package", case, "handed-over"], &[0]),
        (&["verify", "handed-over"], &[0]),
        (&["verify", case], &[0]),
        (&["custody", case], &[0]),
        (&["connectors"], &[0]),
        (&["connectors", "okta"], &[0]),
        (&["pulled", case], &[0]),
    ];
    for (args, fine) in verbs {
        let calls = ran(&home, args, fine);
        assert_eq!(leaving(&calls), Vec::<&String>::new(), "{args:?}");
    }

    // The same look sees the sockets of a pull, and those lead to the one server that was named and nowhere else.
    let server = Server::start(|r| match r.header("authorization") {
        Some(_) => Reply::json(&json!([{
            "@timestamp": 1_793_491_200_000_u64, "_document_id": "d1", "action": "repo.create", "actor": "ann", "org": "octo-org",
        }])),
        None => Reply::new(401, "{}"),
    });
    let base = server.base();
    let pull = [
        "pull",
        case,
        "github-organization",
        "--set",
        "organization=octo-org",
        "--allow-private",
        "--since",
        "2026-10-01",
        "--base",
        &base,
    ];
    let calls = ran(&home, &pull, &[0]);
    assert!(!server.seen().is_empty());
    let leaving = leaving(&calls);
    assert!(
        leaving.iter().any(|call| call.contains("socket(AF_INET")),
        "the look is blind: {calls:?}"
    );
    let port = base.rsplit(':').next().unwrap();
    let to = format!("sin_port=htons({port}), sin_addr=inet_addr(\"127.0.0.1\")");
    let connects = leaving
        .iter()
        .filter(|call| call.contains("sa_family=AF_INET"));
    for call in connects {
        assert!(call.contains(&to), "it spoke to another: {call}");
    }
}

/// The application under strace; it ends with the test.
struct Watched {
    strace: Child,
    log: PathBuf,
}

impl Watched {
    /// The process that strace began: the one of the first line.
    fn process(&self) -> Option<String> {
        let calls = calls(&self.log);
        Some(calls.first()?.split_whitespace().next()?.to_owned())
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // Ending strace alone would leave the application running.
        if let Some(process) = self.process() {
            let _ = Command::new("kill").arg(process).status();
        }
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(10) {
            if matches!(self.strace.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.strace.kill();
        let _ = self.strace.wait();
    }
}

#[test]
#[ignore = "needs the built programs and strace; `cargo xtask test` runs it"]
fn the_window_opens_no_network_socket() {
    let home = Home::new();
    home.file("logs.csv", PAYMONGO);
    let import = ["import", "case.wmcase", "logs.csv", "--zone", "UTC"];
    ran(&home, &import, &[0]);
    let display = Display::start(SIZE.0, SIZE.1).unwrap();
    let app = std::env::var_os("WITNESSMARK_APP").map_or_else(built_app, PathBuf::from);
    let log = home.folder.path().join("window-calls.txt");
    let strace = traced(&home, &log, &app)
        .arg("case.wmcase")
        .env("DISPLAY", display.name())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|e| panic!("strace does not start ({e}); `cargo xtask test` installs it"));
    let mut watched = Watched { strace, log };

    // It must really be there: the page is painted, and the case was opened.
    let begun = Instant::now();
    while display.picture().unwrap().check().is_err() {
        assert!(begun.elapsed() < PATIENCE, "the window shows nothing");
        std::thread::sleep(Duration::from_millis(250));
    }
    std::thread::sleep(WATCHED);
    assert!(
        watched.strace.try_wait().unwrap().is_none(),
        "the application ended by itself"
    );
    let calls = calls(&watched.log);
    assert!(
        calls
            .iter()
            .any(|call| call.contains("connect(") && call.contains("X11-unix")),
        "the look is blind: {calls:?}"
    );
    assert_eq!(leaving(&calls), Vec::<&String>::new());
    drop(watched);

    let custody = Command::new(command_line())
        .args(["custody", "case.wmcase", "--json"])
        .current_dir(home.folder.path())
        .output()
        .unwrap();
    let custody = String::from_utf8_lossy(&custody.stdout).into_owned();
    assert!(
        custody.contains("\"open\""),
        "it opened the case: {custody}"
    );
}
