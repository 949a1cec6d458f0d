//! Whole pulls from a server that we did not write: Directus on SQLite, with the activity that its own interface makes.
//!
//! The server is started by the test on a free port, in a folder of its own, and asked as anybody would ask it. What it
//! says of its activity is the truth that the case is held against: each entry once, by id and by bytes.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::peer::{Answer, Peer, ask, node, peer};
use crate::{Bench, Ran};

const TOKEN: &str = "static_CANARY_token_4f1d9b";
const MAIL: &str = "admin@example.com";
const PASSWORD: &str = "correct horse battery staple";

/// The shipped connector with what makes it cheap for this server: only what follows the last id is asked for.
const AFTER_ID: &str = "\
[paging]
kind = \"since_id\"
to = \"query.filter[id][_gt]\"
durable = true
";

struct Directus {
    peer: Peer,
}

impl Directus {
    /// A server with an administrator and nothing in it.
    fn start(bench: &Bench) -> Option<Self> {
        if !cfg!(target_os = "linux") {
            eprintln!("skipped: Directus is prepared on Linux only");
            return None;
        }
        let program = peer("directus/cli.js")?;
        let folder = bench.path("directus");
        std::fs::create_dir_all(&folder).unwrap();
        let command = |word: &str, port: u16| {
            let mut command = node().unwrap();
            command
                .arg(&program)
                .arg(word)
                .current_dir(&folder)
                .env("DB_CLIENT", "sqlite3")
                .env("DB_FILENAME", folder.join("data.db"))
                .env("SECRET", "a_secret_for_tests_only_0123456789")
                .env("ADMIN_EMAIL", MAIL)
                .env("ADMIN_PASSWORD", PASSWORD)
                .env("ADMIN_TOKEN", TOKEN)
                .env("HOST", "127.0.0.1")
                .env("PORT", port.to_string())
                .env("TELEMETRY", "false")
                // Or it refuses whoever asks while the machine is busy with something else.
                .env("PRESSURE_LIMITER_ENABLED", "false")
                // Its own limit, so that pulls meet real refusals.
                .env("RATE_LIMITER_ENABLED", "true")
                .env("RATE_LIMITER_POINTS", "40")
                .env("RATE_LIMITER_DURATION", "1");
            command
        };
        let made = command("bootstrap", 0)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = [made.stdout, made.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(made.status.success(), "{said}");
        let peer = Peer::start(&folder, "directus", |port| command("start", port));
        Some(Self { peer })
    }

    /// Asks it, and again where it says that it is asked too often.
    fn ask(&self, method: &str, target: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {TOKEN}");
        let mut headers = vec![("content-type", "application/json")];
        if !target.starts_with("/auth/") {
            headers.push(("authorization", &bearer));
        }
        let body = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        loop {
            let answer = ask(self.peer.port, method, target, &headers, body.as_bytes());
            if answer.status != 429 {
                return answer;
            }
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    fn done(&self, method: &str, target: &str, body: &Value) -> Value {
        let answer = self.ask(method, target, body);
        let fine = (200..300).contains(&answer.status);
        assert!(
            fine,
            "{method} {target}: {} {}",
            answer.status,
            answer.text()
        );
        if answer.body.is_empty() {
            Value::Null
        } else {
            answer.json()
        }
    }

    /// So many things made, one of them changed and one taken away, a sign-in and one that fails.
    fn activity(&self, things: usize) {
        let rows: Vec<Value> = (0..things).map(|n| json!({"amount": n})).collect();
        let made = self.done("POST", "/items/payouts", &json!(rows));
        let id = |n: usize| made["data"][n]["id"].clone();
        let change = json!({"amount": 1_000_000});
        self.done("PATCH", &format!("/items/payouts/{}", id(0)), &change);
        self.done("DELETE", &format!("/items/payouts/{}", id(1)), &Value::Null);
        let sign_in = json!({"email": MAIL, "password": PASSWORD});
        self.done("POST", "/auth/login", &sign_in);
        let wrong = json!({"email": MAIL, "password": "something else"});
        assert_eq!(self.ask("POST", "/auth/login", &wrong).status, 401);
    }

    fn collection(&self) {
        let field = |name: &str, key: bool| {
            json!({
                "field": name, "type": "integer", "meta": {},
                "schema": {"is_primary_key": key, "has_auto_increment": key},
            })
        };
        let fields = [field("id", true), field("amount", false)];
        let made = json!({"collection": "payouts", "schema": {}, "meta": {}, "fields": fields});
        self.done("POST", "/collections", &made);
    }

    /// What the server itself says of its activity, by id.
    fn truth(&self) -> BTreeMap<u64, Value> {
        let all = self.done("GET", "/activity?limit=-1&sort=id", &Value::Null);
        let all = all["data"].as_array().unwrap();
        all.iter()
            .map(|entry| (entry["id"].as_u64().unwrap(), entry.clone()))
            .collect()
    }
}

fn command(bench: &Bench, server: &Directus, case: &str, connector: &str, token: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_witnessmark"));
    command
        .args(["pull", case, connector, "--set", "path=activity"])
        .args(["--set", "size=20", "--allow-private", "--json"])
        .args(["--base", &server.peer.base()])
        .current_dir(bench.path("."))
        .env("WITNESSMARK_SECRET", token)
        .env("USER", "tester")
        .env("HOSTNAME", "bench");
    command
}

fn pull(bench: &Bench, server: &Directus, case: &str, connector: &str) -> Value {
    let out = command(bench, server, case, connector, TOKEN)
        .output()
        .unwrap();
    let ran = Ran {
        code: out.status.code().unwrap_or(-1),
        stdout: out.stdout,
        stderr: String::from_utf8_lossy(&out.stderr).into_owned(),
    };
    let stream = ran.json(0)["streams"][0].clone();
    assert!(stream.get("stopped").is_none(), "{stream}");
    assert_eq!(stream["rejected"], 0, "{stream}");
    let covered = stream["coverage"].as_array().unwrap();
    assert!(
        covered.iter().all(|span| {
            // How long Directus keeps entries is a setting of each system, so a first pull cannot say how far back it reached.
            let reason = span["reason"].as_str().unwrap();
            span["complete"] == true
                || reason.starts_with("everything that the vendor still had was read")
        }),
        "{stream}"
    );
    stream
}

/// Each entry that the server has is in the case once; some of them are looked at whole.
fn holds(bench: &Bench, case: &str, truth: &BTreeMap<u64, Value>) {
    let events = bench.run(&["events", case, "", "--json"]).events();
    let mut found = BTreeMap::new();
    for event in &events {
        assert!(event["@timestamp"].is_string(), "{event}");
        let id: u64 = event["event"]["id"].as_str().unwrap().parse().unwrap();
        let number = event["witnessmark"]["event"].to_string();
        assert!(found.insert(id, number).is_none(), "{id} came twice");
    }
    let ids: Vec<&u64> = found.keys().collect();
    assert_eq!(ids, truth.keys().collect::<Vec<_>>());
    for (id, number) in found.iter().step_by(50).chain(found.iter().next_back()) {
        let raw = bench.run(&["raw", case, number]);
        let entry: Value = serde_json::from_slice(&raw.stdout).unwrap();
        assert_eq!(entry, truth[id]);
    }
}

#[test]
fn directus_gives_each_entry_once_and_then_only_what_is_new() {
    let bench = Bench::new();
    let Some(server) = Directus::start(&bench) else {
        return;
    };
    server.collection();
    server.activity(120);
    let truth = server.truth();
    let actions: Vec<&str> = truth
        .values()
        .filter_map(|e| e["action"].as_str())
        .collect();
    for action in ["create", "update", "delete", "login"] {
        assert!(actions.contains(&action), "{action} in {actions:?}");
    }

    // The connector as it ships, which walks the whole log each time; and a copy that asks for what follows the last id.
    let text = bench.run(&["connectors", "generic"]).text();
    let (head, _) = text.rsplit_once("[paging]").unwrap();
    let own = head
        .replace("id = \"generic\"", "id = \"directus\"")
        .replace("limit = \"{size}\"", "limit = \"{size}\", sort = \"id\"");
    bench.file("directus.toml", format!("{own}{AFTER_ID}"));
    let all = truth.len();
    let walked = pull(&bench, &server, "case.wmcase", "generic");
    assert_eq!(walked["stored"], all);
    assert_eq!(walked["entries"], all);
    holds(&bench, "case.wmcase", &truth);
    let asked = pull(&bench, &server, "own.wmcase", "directus.toml");
    assert_eq!(asked["stored"], all);
    assert_eq!(asked["entries"], all);
    holds(&bench, "own.wmcase", &truth);

    // Nothing new, then a little that is.
    for _ in 0..2 {
        assert_eq!(pull(&bench, &server, "case.wmcase", "generic")["stored"], 0);
        let nothing = pull(&bench, &server, "own.wmcase", "directus.toml");
        assert_eq!(
            (&nothing["entries"], &nothing["pages"]),
            (&json!(0), &json!(1))
        );
    }
    server.activity(7);
    let more = server.truth();
    let new = more.len() - all;
    assert!(new >= 10, "made, changed, taken away and a sign-in: {new}");
    let walked = pull(&bench, &server, "case.wmcase", "generic");
    assert_eq!(walked["stored"], new);
    assert_eq!(walked["duplicates"], all);
    holds(&bench, "case.wmcase", &more);
    let asked = pull(&bench, &server, "own.wmcase", "directus.toml");
    assert_eq!(asked["stored"], new);
    assert_eq!(asked["entries"], new, "nothing is asked for twice");
    holds(&bench, "own.wmcase", &more);
}

#[test]
fn directus_refuses_a_wrong_token_and_a_killed_pull_goes_on_where_it_was() {
    let bench = Bench::new();
    let Some(server) = Directus::start(&bench) else {
        return;
    };
    server.collection();
    server.activity(900);
    let truth = server.truth();

    let wrong = "static_CANARY_token_that_is_none";
    let out = command(&bench, &server, "none.wmcase", "generic", wrong)
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(2));
    let error: Value = serde_json::from_slice(&out.stderr).unwrap();
    assert_eq!(error["code"], "credentials_refused", "{error}");
    assert!(
        error["message"].as_str().unwrap().contains("401"),
        "{error}"
    );
    assert!(!error.to_string().contains("CANARY"), "{error}");
    assert!(!bench.path("none.wmcase").exists());

    // Slow enough that pages are kept before the end, as they are every five seconds.
    let text = bench.run(&["connectors", "generic"]).text();
    let slow = format!("{text}\n[limits]\npause = \"250ms\"\n");
    bench.file("slow.toml", slow);
    let mut child = command(&bench, &server, "case.wmcase", "slow.toml", TOKEN)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let count = || {
        let ran = bench.run(&["count", "case.wmcase", "--json"]);
        (ran.code == 0).then(|| ran.json(0)["count"].as_u64().unwrap())
    };
    let mut before = 0;
    while before == 0 {
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended before it was killed"
        );
        std::thread::sleep(Duration::from_millis(100));
        before = count().unwrap_or(0);
    }
    // SIGKILL: the process cannot tidy up.
    child.kill().unwrap();
    child.wait().unwrap();
    let kept = count().unwrap();
    assert!(
        kept >= before && kept < truth.len() as u64,
        "{kept} in the middle"
    );
    assert_eq!(kept % 20, 0, "whole pages only");
    let pages = |case: &str| {
        let pulled = bench.run(&["pulled", case, "--json"]).json(0);
        pulled["streams"][0]["pages"].as_array().unwrap().clone()
    };
    let seen = pages("case.wmcase").len();
    pull(&bench, &server, "case.wmcase", "generic");
    holds(&bench, "case.wmcase", &truth);
    let went_on = pages("case.wmcase")[seen]["url"].to_string();
    assert!(
        went_on.contains(&format!("page={}", seen + 1)),
        "it went on where it was: {went_on}"
    );
}
