//! Secrets in a real keyring (GNOME Keyring on a bus of its own), and what happens where there is none.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::pull::{SECRET, github};
use crate::server::{Reply, Server};
use crate::{Bench, PAYMONGO, Ran};

/// A bus that starts nothing by itself: what answers on it, a test has started.
const BUS: &str = r#"<busconfig>
  <type>session</type>
  <listen>unix:dir=FOLDER</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>"#;
/// Unlocks the keyring of the tests.
const UNLOCK: &[u8] = b"open sesame";

/// A session of its own, with or without a keyring; it ends with the test.
struct Session {
    folder: tempfile::TempDir,
    bus: Child,
    keyring: Option<Child>,
    address: String,
}

impl Session {
    /// A bus on which nothing answers. Absent where its programs are not installed and `cargo xtask test` has not said that
    /// they are.
    fn bare() -> Option<Self> {
        let prepared = std::env::var_os("WITNESSMARK_STOCK_TOOLS").is_some();
        for (program, flag) in [
            ("dbus-daemon", "--version"),
            ("gnome-keyring-daemon", "--version"),
        ] {
            let there = Command::new(program).arg(flag).output().is_ok();
            assert!(
                there || !prepared,
                "{program} is missing, and `cargo xtask test` installs it"
            );
            if !there {
                eprintln!("{program} is not installed; `cargo xtask test` installs it");
                return None;
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("bus.conf");
        let inside = folder.path().display().to_string();
        std::fs::write(&config, BUS.replace("FOLDER", &inside)).unwrap();
        let mut bus = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--nopidfile", "--print-address=1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(bus.stdout.take().unwrap())
            .read_line(&mut address)
            .unwrap();
        Some(Self {
            folder,
            bus,
            keyring: None,
            address: address.trim().to_owned(),
        })
    }

    /// A session with a keyring that is unlocked.
    fn unlocked() -> Option<Self> {
        let mut session = Self::bare()?;
        session.start(true);
        Some(session)
    }

    /// Ends the keyring and starts it anew: locked, as after a sign-in without a password.
    fn lock(&mut self) {
        self.end_keyring();
        self.start(false);
    }

    fn start(&mut self, unlocked: bool) {
        let place = |name: &str| {
            use std::os::unix::fs::PermissionsExt as _;
            let path = self.folder.path().join(name);
            std::fs::create_dir_all(&path).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
            path
        };
        let mut command = Command::new("gnome-keyring-daemon");
        command.args(["--foreground", "--components=secrets"]);
        if unlocked {
            command.arg("--unlock");
        }
        let mut keyring = command
            .arg(format!(
                "--control-directory={}",
                place("control").display()
            ))
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address)
            .env("HOME", self.folder.path())
            .env("XDG_DATA_HOME", place("data"))
            .env("XDG_CACHE_HOME", place("cache"))
            .env("XDG_RUNTIME_DIR", place("run"))
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = keyring.stdin.take().unwrap();
        // Locked, it does not read.
        let _ = stdin.write_all(UNLOCK);
        drop(stdin);
        self.keyring = Some(keyring);
        // It is there when it answers that it keeps nothing for nobody.
        let bench = Bench::new();
        let begun = Instant::now();
        loop {
            let nobody = "https://nobody.example";
            let ran = self.pull(&bench, nobody, None, &["--forget-secret"]);
            if ran.code == 0 {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{}", ran.stderr);
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn environment(&self) -> [(&str, &str); 3] {
        [
            ("DBUS_SESSION_BUS_ADDRESS", &self.address),
            ("XDG_RUNTIME_DIR", ""),
            ("WITNESSMARK_KEYRING", ""),
        ]
    }

    /// Pulls from a server of ours, with a secret in the environment or without one.
    fn pull(&self, bench: &Bench, base: &str, secret: Option<&str>, extra: &[&str]) -> Ran {
        let mut environment = self.environment().to_vec();
        environment.push(("WITNESSMARK_SECRET", secret.unwrap_or_default()));
        pull_in(bench, base, &environment, extra)
    }

    fn end_keyring(&mut self) {
        if let Some(mut keyring) = self.keyring.take() {
            keyring.kill().unwrap();
            keyring.wait().unwrap();
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.end_keyring();
        let _ = self.bus.kill();
        let _ = self.bus.wait();
    }
}

fn pull_in(bench: &Bench, base: &str, environment: &[(&str, &str)], extra: &[&str]) -> Ran {
    let mut args = vec![
        "pull",
        "case.wmcase",
        "github-organization",
        "--set",
        "organization=octo-org",
        "--allow-private",
        "--since",
        "2026-10-01",
        "--base",
        base,
        "--json",
    ];
    args.extend(extra);
    bench.run_in(&args, environment)
}

fn log() -> Server {
    Server::start(github(Arc::new(AtomicUsize::new(30)), 100))
}

/// Every byte below a folder.
fn bytes(folder: &Path, into: &mut Vec<u8>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            bytes(&entry.path(), into);
        } else if kind.is_file() {
            into.extend(std::fs::read(entry.path()).unwrap());
        }
    }
}

fn holds(all: &[u8], text: &str) -> bool {
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    [text.as_bytes(), &wide, hex.as_bytes()]
        .iter()
        .any(|form| all.windows(form.len()).any(|w| w == *form))
}

fn said(ran: &Ran) -> Vec<u8> {
    [ran.stdout.as_slice(), ran.stderr.as_bytes()].concat()
}

#[test]
fn a_kept_secret_is_used_for_its_origin_and_no_other_until_it_is_forgotten() {
    let Some(session) = Session::unlocked() else {
        return;
    };
    let (ours, other) = (log(), log());
    let bench = Bench::new();
    let first = session.pull(&bench, &ours.base(), Some(SECRET), &["--keep-secret"]);
    let mut all = said(&first);
    let told = first.json(0)["secret"].clone();
    assert_eq!(told["from"], "environment");
    assert_eq!(told["kept"], true, "{told}");

    let second = session.pull(&bench, &ours.base(), None, &[]);
    all.extend(said(&second));
    assert_eq!(second.json(0)["secret"]["from"], "keyring");
    assert_eq!(second.json(0)["streams"][0]["duplicates"], 30);
    let tried = session.pull(&bench, &ours.base(), None, &["--try"]);
    all.extend(said(&tried));
    assert_eq!(tried.json(0)["entries"], 30);

    // The same connector with another address: another port is another origin.
    let elsewhere = session.pull(&bench, &other.base(), None, &[]);
    all.extend(said(&elsewhere));
    assert_eq!(elsewhere.error()["code"], "credentials_refused");
    assert!(other.seen().is_empty(), "nothing was sent there");

    // Another organisation at the same address: its secret is another one.
    let (asked, other) = (ours.seen().len(), ["--set", "organization=other-org"]);
    let tenant = session.pull(&bench, &ours.base(), None, &other);
    all.extend(said(&tenant));
    assert_eq!(tenant.error()["code"], "credentials_refused");
    assert_eq!(ours.seen().len(), asked, "nothing was sent for it");

    let forgotten = session.pull(&bench, &ours.base(), None, &["--forget-secret"]);
    assert_eq!(forgotten.json(0)["forgotten"], true);
    let again = session.pull(&bench, &ours.base(), None, &["--forget-secret"]);
    assert_eq!(again.json(0)["forgotten"], false);
    let without = session.pull(&bench, &ours.base(), None, &[]);
    all.extend(said(&without));
    assert_eq!(without.error()["code"], "credentials_refused");

    let package = bench.run(&["package", "case.wmcase", "handed-over", "--json"]);
    assert_eq!(package.code, 0, "{}", package.stderr);
    bytes(&bench.path("."), &mut all);
    bytes(session.folder.path(), &mut all);
    assert!(!holds(&all, SECRET), "a secret was written");
    let encoded = "dG9rX0NBTkFSWV85ZjhlN2Q2YzViNGE";
    assert!(!holds(&all, encoded), "a secret was written in base64");
    assert!(holds(&all, "octo-org"), "the search would have found it");
}

#[test]
fn only_what_a_server_took_is_kept_and_a_kept_one_that_is_refused_says_so() {
    let Some(session) = Session::unlocked() else {
        return;
    };
    let ours = log();
    let bench = Bench::new();
    let wrong = session.pull(
        &bench,
        &ours.base(),
        Some("tok_WRONG_0000"),
        &["--keep-secret"],
    );
    assert_eq!(wrong.error()["code"], "credentials_refused");
    let none = session.pull(&bench, &ours.base(), None, &[]);
    assert!(
        none.error()["message"]
            .as_str()
            .unwrap()
            .contains("none were given"),
        "{}",
        none.stderr
    );

    let changing = Arc::new(AtomicUsize::new(0));
    let server = {
        let changing = Arc::clone(&changing);
        let proper = github(Arc::new(AtomicUsize::new(3)), 100);
        Server::start(
            move |r| match changing.load(std::sync::atomic::Ordering::Relaxed) {
                0 => proper(r),
                _ => Reply::new(401, "{}"),
            },
        )
    };
    session
        .pull(&bench, &server.base(), Some(SECRET), &["--keep-secret"])
        .json(0);
    changing.store(1, std::sync::atomic::Ordering::Relaxed);
    let refused = session.pull(&bench, &server.base(), None, &[]);
    assert_eq!(refused.code, 2);
    assert!(
        refused.stderr.contains("--forget-secret"),
        "{}",
        refused.stderr
    );
    assert!(!refused.stderr.contains("CANARY"));
}

#[test]
fn a_locked_keyring_is_not_waited_for_and_that_is_said() {
    let Some(mut session) = Session::unlocked() else {
        return;
    };
    let ours = log();
    let bench = Bench::new();
    session
        .pull(&bench, &ours.base(), Some(SECRET), &["--keep-secret"])
        .json(0);
    session.lock();
    let begun = Instant::now();
    let ran = session.pull(&bench, &ours.base(), None, &[]);
    let error = ran.error();
    assert_eq!(error["code"], "credentials_refused");
    assert!(
        error["hint"].as_str().unwrap().contains("locked"),
        "{error}"
    );
    let told = session
        .pull(&bench, &ours.base(), Some(SECRET), &["--keep-secret"])
        .json(0)["secret"]
        .clone();
    assert_eq!(told["kept"], false);
    assert!(
        told["session_only"].as_str().unwrap().contains("locked"),
        "{told}"
    );
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[test]
fn without_a_keyring_a_secret_is_for_one_pull_and_that_is_said() {
    let ours = log();
    let mut places = vec![
        // No bus at all, as over SSH or in a container.
        vec![
            ("DBUS_SESSION_BUS_ADDRESS", String::new()),
            ("WITNESSMARK_KEYRING", String::new()),
        ],
        // A bus that is gone.
        vec![
            (
                "DBUS_SESSION_BUS_ADDRESS",
                "unix:path=/nowhere/bus".to_owned(),
            ),
            ("WITNESSMARK_KEYRING", String::new()),
        ],
        // A bus that is not on this machine.
        vec![
            (
                "DBUS_SESSION_BUS_ADDRESS",
                "tcp:host=127.0.0.1,port=9".to_owned(),
            ),
            ("WITNESSMARK_KEYRING", String::new()),
        ],
        // The person wants none.
        vec![("WITNESSMARK_KEYRING", "none".to_owned())],
    ];
    // A bus on which no keyring answers.
    let bare = Session::bare();
    if let Some(session) = &bare {
        places.push(vec![
            ("DBUS_SESSION_BUS_ADDRESS", session.address.clone()),
            ("WITNESSMARK_KEYRING", String::new()),
        ]);
    }
    for place in &places {
        let bench = Bench::new();
        let with = |secret: &'static str| -> Vec<(&str, &str)> {
            let mut all: Vec<(&str, &str)> = place.iter().map(|(n, v)| (*n, v.as_str())).collect();
            all.extend([("XDG_RUNTIME_DIR", ""), ("WITNESSMARK_SECRET", secret)]);
            all
        };
        let report = pull_in(&bench, &ours.base(), &with(SECRET), &["--keep-secret"]).json(0);
        let told = &report["secret"];
        assert_eq!(told["kept"], false, "{place:?}");
        assert!(
            told["session_only"].as_str().unwrap().contains("keyring"),
            "{told}"
        );
        let error = pull_in(&bench, &ours.base(), &with(""), &[]).error();
        assert_eq!(error["code"], "credentials_refused", "{place:?}");
        assert!(
            error["hint"].as_str().unwrap().contains("keyring"),
            "{error}"
        );
        let forget = pull_in(&bench, &ours.base(), &with(""), &["--forget-secret"]);
        assert_eq!(forget.error()["code"], "keyring_refused", "{place:?}");
        let text = bench.run_in(
            &[
                "pull",
                "case.wmcase",
                "github-organization",
                "--set",
                "organization=octo-org",
                "--allow-private",
                "--keep-secret",
                "--base",
                &ours.base(),
            ],
            &with(SECRET),
        );
        assert!(
            text.text().contains("for this pull only and not kept"),
            "{}{}",
            text.text(),
            text.stderr
        );
        let mut all = said(&text);
        bytes(&bench.path("."), &mut all);
        assert!(!holds(&all, SECRET), "a secret was written");
    }
}

#[test]
fn the_passphrase_of_a_signing_key_is_kept_for_that_key_until_it_is_forgotten() {
    const WORD: &str = "correct CANARY horse";
    let Some(session) = Session::unlocked() else {
        return;
    };
    let bench = Bench::new();
    let file = bench.file("logs.csv", PAYMONGO);
    bench.import(&file, &["--zone", "Asia/Manila"]).json(0);
    let run = |args: &[&str], word: &str| {
        let mut environment = session.environment().to_vec();
        if !word.is_empty() {
            environment.push(("WITNESSMARK_KEY_PASSPHRASE", word));
        }
        bench.run_in(args, &environment)
    };
    let make = |name: &str, extra: &[&str]| -> Value {
        let mut args = vec!["key", "make", name, "--json"];
        args.extend(extra);
        run(&args, WORD).json(0)
    };
    let made = make("Kept", &["--keep-passphrase"]);
    assert_eq!(made["kept"], true, "{made}");
    make("Asked", &[]);
    let sign = |out: &str, key: &str| {
        run(
            &["package", "case.wmcase", out, "--sign", key, "--json"],
            "",
        )
    };
    let report = sign("a", "Kept");
    assert_eq!(report.json(0)["signature"], "valid");
    assert_eq!(sign("b", "Asked").error()["code"], "passphrase_required");

    // Only a passphrase that opens the key is kept.
    let wrong = run(&["key", "keep", "Asked", "--json"], "wrong");
    assert_eq!(wrong.error()["code"], "passphrase_required");
    assert_eq!(sign("b", "Asked").error()["code"], "passphrase_required");
    run(&["key", "keep", "Asked", "--json"], WORD).json(0);
    let listed = run(&["key", "list", "--json"], "").json(0);
    let kept: Vec<bool> = listed["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["kept"].as_bool().unwrap())
        .collect();
    assert_eq!(kept, [true, true]);
    sign("b", "Asked").json(0);

    let forgotten = run(&["key", "forget", "Kept", "--json"], "").json(0);
    assert_eq!(forgotten["forgotten"], true);
    assert_eq!(sign("c", "Kept").error()["code"], "passphrase_required");
    sign("c", "Asked").json(0);

    let mut all = said(&report);
    bytes(&bench.path("."), &mut all);
    bytes(session.folder.path(), &mut all);
    assert!(!holds(&all, WORD), "a passphrase was written");

    let none = [("WITNESSMARK_KEY_PASSPHRASE", WORD)];
    let unkept = bench.run_in(
        &["key", "make", "Third", "--keep-passphrase", "--json"],
        &none,
    );
    assert_eq!(unkept.json(0)["kept"], false);
    assert!(
        unkept.json(0)["not_kept"]
            .as_str()
            .unwrap()
            .contains("keyring")
    );
}
