//! Redaction: what a policy hides stands nowhere in the package, the same person is the same token, and it is recorded.

use serde_json::Value;

use crate::Bench;
use crate::package::{files, package, runs, stock_tool, verify};

/// Names of nobody, in every place where a log can hold them: fields, changes, free text, addresses of pages, base64,
/// other cases of letters, the file name, and a filter.
pub(crate) fn bench() -> Bench {
    let bench = Bench::new();
    let secret = base64("session of maria.santos@example.com;");
    let log = format!(
        "time,actor_email,actor_name,action,source_ip,target_name,details\n\
         2024-05-01T10:00:00Z,maria.santos@example.com,Maria Sántos,login,203.0.113.45,,ok\n\
         2024-05-01T10:05:00Z,Maria.Santos@example.com,Maria Sántos,payout_account.updated,203.0.113.45,Bob Payee,\"card 4111 1111 1111 1111, by MARIA SÁNTOS\"\n\
         2024-05-02T09:00:00Z,bob@example.com,Bob,user.viewed,198.51.100.7,maria.santos@example.com,https://x.example.com/?u=maria.santos%40example.com\n\
         2024-05-02T09:01:00Z,bob@example.com,Bob,token.created,198.51.100.7,,{secret}\n\
         2024-05-03T09:01:00Z,carol@example.com,Carol,login,198.51.100.8,,see maria.santos@example.com\n"
    );
    let file = bench.file("export of maria.santos@example.com.csv", log);
    bench.import(&file, &[]).json(0);
    bench
}

fn base64(text: &str) -> String {
    base64_of(text.as_bytes())
}

pub(crate) fn base64_of(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let bits =
            group.iter().fold(0_u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - group.len()));
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at) & 63) as usize];
            out.push(if at <= group.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    out
}

/// A text in every form in which it could lie in a file.
pub(crate) fn forms(text: &str) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for text in [text.to_owned(), text.to_lowercase(), text.to_uppercase()] {
        let percent: String = text
            .bytes()
            .map(|b| {
                if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
                    char::from(b).to_string()
                } else {
                    format!("%{b:02X}")
                }
            })
            .collect();
        let wide: Vec<u16> = text.encode_utf16().collect();
        forms.push(wide.iter().flat_map(|u| u.to_le_bytes()).collect());
        forms.push(wide.iter().flat_map(|u| u.to_be_bytes()).collect());
        forms.push(
            text.bytes()
                .map(|b| format!("{b:02x}"))
                .collect::<String>()
                .into_bytes(),
        );
        forms.push(
            text.bytes()
                .map(|b| format!("{b:02X}"))
                .collect::<String>()
                .into_bytes(),
        );
        forms.push(percent.to_lowercase().into_bytes());
        forms.push(percent.into_bytes());
        forms.push(
            serde_json::to_string(&text)
                .unwrap()
                .trim_matches('"')
                .as_bytes()
                .to_vec(),
        );
        for shift in 0..3 {
            let coded = base64(&format!("{}{text}", "x".repeat(shift)));
            let clean = if shift == 0 { 0 } else { shift + 1 };
            forms.push(coded.as_bytes()[clean..(shift + text.len()) / 3 * 4].to_vec());
        }
        forms.push(text.into_bytes());
    }
    forms
}

pub(crate) fn holds(bytes: &[u8], form: &[u8]) -> bool {
    bytes
        .windows(form.len())
        .any(|w| w.eq_ignore_ascii_case(form))
}

const HIDDEN: &[&str] = &[
    "maria.santos@example.com",
    "Maria Sántos",
    "bob@example.com",
    "carol@example.com",
    "4111 1111 1111 1111",
];

#[test]
fn what_is_hidden_stands_nowhere_in_any_form() {
    let bench = bench();
    let options = [
        "--redact",
        "external-audit",
        "--title",
        "About Maria Sántos",
        "--sample",
        "3",
        "--query",
        "(actor:maria.santos@example.com OR actor:bob@example.com OR actor:carol@example.com)",
    ];
    package(&bench, "pkg", &options);
    let mut all = files(&bench.path("pkg"));
    // What the PDF shows and what it says of itself, read by a tool that is not ours.
    for (tool, args) in [
        ("pdftotext", vec!["data/report/report.pdf", "-"]),
        ("pdfinfo", vec!["data/report/report.pdf"]),
    ] {
        if let Some(tool) = stock_tool(tool) {
            let (ok, said) = runs(tool, &args, &bench.path("pkg"));
            assert!(ok, "{said}");
            all.push((args.join(" "), said.into_bytes()));
        }
    }
    for (name, bytes) in &all {
        for hidden in HIDDEN {
            for form in forms(hidden) {
                assert!(!holds(bytes, &form), "{hidden} stands in {name}");
                assert!(!holds(name.as_bytes(), &form), "{hidden} stands in a name");
            }
        }
    }
    // The same search finds them in a package that hides nothing, so it can fail.
    package(&bench, "open", &["--title", "About Maria Sántos"]);
    let open = files(&bench.path("open"));
    for hidden in HIDDEN {
        assert!(
            open.iter()
                .any(|(_, b)| forms(hidden).iter().any(|f| holds(b, f))),
            "{hidden}"
        );
    }
    assert_eq!(verify(&bench, "pkg", &[]).json(0)["ok"], true);
}

#[test]
fn the_same_person_is_the_same_token_everywhere() {
    let bench = bench();
    package(&bench, "one", &["--redact", "external-audit"]);
    package(
        &bench,
        "two",
        &[
            "--redact",
            "external-audit",
            "--query",
            "actor:carol@example.com",
        ],
    );
    let events = |name: &str| -> Vec<Value> {
        let text =
            std::fs::read_to_string(bench.path(name).join("data/events/events.ndjson")).unwrap();
        text.lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect()
    };
    let all = events("one");
    let maria = all[0]["user"]["email"].as_str().unwrap();
    assert!(maria.starts_with("actor-"), "{maria}");
    assert_eq!(
        all[0]["user"]["name"], maria,
        "name and address are one person's"
    );
    assert_eq!(
        all[1]["user"]["email"], maria,
        "whatever the case of the letters"
    );
    assert_eq!(
        all[2]["target"][0]["name"], maria,
        "as the object of another's act too"
    );
    assert!(
        all[1].to_string().matches(maria).count() >= 3,
        "and inside a text: {}",
        all[1]
    );
    let html = std::fs::read_to_string(bench.path("one/data/report/report.html")).unwrap();
    assert!(html.contains(maria), "and in the report");
    if let Some(tool) = stock_tool("pdftotext") {
        let (_, said) = runs(tool, &["data/report/report.pdf", "-"], &bench.path("one"));
        // A narrow column may break the token; its first group stands on one line.
        assert!(said.contains(&maria[..11]), "and on paper: {said}");
    }
    let carol = all[4]["user"]["email"].as_str().unwrap();
    let other = events("two");
    assert_eq!(
        other[0]["user"]["email"], carol,
        "another package of the case has the same token"
    );
    assert!(
        other[0]["message"]
            .to_string()
            .contains(maria.trim_start_matches("actor")),
        "{}",
        other[0]
    );
    let fresh = self::bench();
    package(&fresh, "one", &["--redact", "external-audit"]);
    let text = std::fs::read_to_string(fresh.path("one/data/events/events.ndjson")).unwrap();
    assert!(!text.contains(maria), "the key is the case's own");
}

#[test]
fn a_policy_of_ones_own_is_followed_and_recorded() {
    let bench = bench();
    bench.file("policy.toml", "name = \"Ours\"\nreason = \"because\"\napproved_by = \"Alice\"\n\n\
        [[rule]]\nfields = [\"source.ip\"]\ndo = \"mask\"\nlast = 2\n\n\
        [[rule]]\nfields = [\"message\"]\ndo = \"remove\"\n\n[[rule]]\nfields = [\"target.name\"]\ndo = \"pseudonym\"\nprefix = \"customer\"\n");
    package(&bench, "pkg", &["--redact", "policy.toml"]);
    let text = std::fs::read_to_string(bench.path("pkg/data/events/events.ndjson")).unwrap();
    assert!(text.contains("\"ip\":\"••••••45\""), "{text}");
    assert!(
        text.contains("customer-") && !text.contains("Bob Payee"),
        "{text}"
    );
    assert!(text.contains("[removed, "), "{text}");
    assert!(
        text.contains("carol@example.com"),
        "what no rule names stays"
    );
    let summary: Value = serde_json::from_slice(
        &std::fs::read(bench.path("pkg/data/redaction/summary.json")).unwrap(),
    )
    .unwrap();
    assert_eq!(summary["approved_by"], "Alice");
    assert_eq!(summary["rules"][0]["do"], "mask");
    assert!(summary["rules"][0]["places"].as_u64().unwrap() >= 5);
    assert!(
        !bench.path("pkg/data/evidence/excerpts").exists(),
        "no bytes of entries"
    );
    assert!(!bench.path("pkg/data/evidence/proofs.ndjson").exists());
    let wrong = bench.file(
        "wrong.toml",
        "name = \"x\"\n[[rule]]\nfields = [\"user.shoe\"]\ndo = \"remove\"\n",
    );
    let refused = bench.run(&[
        "package",
        "case.wmcase",
        "no",
        "--redact",
        wrong.to_str().unwrap(),
        "--json",
    ]);
    assert_eq!(refused.error()["code"], "invalid_option");
    let unknown = bench.run(&[
        "package",
        "case.wmcase",
        "no",
        "--redact",
        "no-such-policy",
        "--json",
    ]);
    assert_eq!(unknown.error()["code"], "invalid_option");
}

#[test]
fn the_report_is_readable_on_paper_and_the_same_again() {
    let bench = bench();
    let hostile = bench.file("hostile.csv", "time,actor_email,action,details\n2024-05-04T10:00:00Z,x@example.com,<img src=x onerror=alert(1)>,\"</script><svg onload=alert(1)> \u{202e}abc \u{1b}[31m 東京\"\n");
    bench.import(&hostile, &[]).json(0);
    package(&bench, "one", &["--sample", "2"]);
    let html = std::fs::read_to_string(bench.path("one/data/report/report.html")).unwrap();
    assert!(
        !html.contains("<img") && !html.contains("<script") && !html.contains("<svg onload"),
        "log content is text"
    );
    assert!(html.contains("&lt;img src=x onerror=alert(1)&gt;"));
    assert!(html.contains("default-src 'none'"));
    assert!(
        !html.contains('\u{202e}') && !html.contains('\u{1b}'),
        "hidden characters are shown, not obeyed"
    );
    let pdf = std::fs::read(bench.path("one/data/report/report.pdf")).unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
    if let Some(tool) = stock_tool("pdftotext") {
        let (ok, said) = runs(
            tool,
            &["-layout", "data/report/report.pdf", "-"],
            &bench.path("one"),
        );
        assert!(ok, "{said}");
        for words in [
            "Scope and population",
            "Timeline",
            "Coverage, and what the logs do not say",
            "Methods and versions",
            "How to verify",
            "PCI DSS",
        ] {
            assert!(said.contains(words), "{words}: {said}");
        }
    }
    if let Some(tool) = stock_tool("pdffonts") {
        let (ok, said) = runs(tool, &["data/report/report.pdf"], &bench.path("one"));
        assert!(ok && said.contains("Inter"), "{said}");
        // The column `emb` says whether a face lies in the file.
        let embedded = said
            .lines()
            .skip(2)
            .all(|l| l.split_whitespace().rev().nth(4) == Some("yes"));
        assert!(embedded, "every face is embedded: {said}");
    }
}

#[test]
fn what_persons_wrote_is_hidden_with_the_rest() {
    let bench = bench();
    let say = |args: &[&str]| {
        let mut all = args.to_vec();
        all.push("--json");
        bench.run(&all).json(0);
    };
    say(&[
        "note",
        "case.wmcase",
        "2",
        "Maria said that carol knows; card 4111 1111 1111 1111; ask dora@example.net",
    ]);
    say(&["tag", "case.wmcase", "2", "maria.santos@example.com"]);
    say(&[
        "note",
        "case.wmcase",
        "actor:bob@example.com",
        "BOB is on leave",
    ]);
    say(&[
        "entry",
        "case.wmcase",
        "2024-05-02 12:00",
        "Called Sántos at the bank",
    ]);
    let hidden = ["maria", "sántos", "santos", "bob", "carol", "4111", "dora"];
    package(&bench, "all", &["--redact", "external-audit"]);
    // The scope holds no event of Carol and none of Maria: their names are hidden in a note all the same.
    package(
        &bench,
        "bob",
        &["--redact", "external-audit", "--query", "event:3"],
    );
    say(&["note", "case.wmcase", "3", "As carol and Maria did"]);
    package(
        &bench,
        "third",
        &["--redact", "external-audit", "--query", "event:3"],
    );
    for (name, lines) in [("all", 4), ("bob", 1), ("third", 2)] {
        assert_eq!(verify(&bench, name, &[]).json(0)["ok"], true);
        let notes =
            std::fs::read_to_string(bench.path(name).join("data/notes/notes.ndjson")).unwrap();
        assert_eq!(notes.lines().count(), lines, "{name}: {notes}");
        let html =
            std::fs::read_to_string(bench.path(name).join("data/report/report.html")).unwrap();
        for text in [&notes, &html] {
            let folded = text.to_lowercase();
            for value in hidden {
                assert!(!folded.contains(value), "{value} stands in {name}: {text}");
            }
        }
    }
    let notes = std::fs::read_to_string(bench.path("all").join("data/notes/notes.ndjson")).unwrap();
    assert!(
        notes.contains("knows; card")
            && notes.contains("is on leave")
            && notes.contains("at the bank"),
        "{notes}"
    );
    let tag: Value = notes
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .find(|note| note["kind"] == "tag")
        .unwrap();
    let events =
        std::fs::read_to_string(bench.path("all").join("data/events/events.ndjson")).unwrap();
    let token = tag["text"].as_str().unwrap();
    assert!(
        events.contains(token),
        "the token of the person is the one of the events: {token}"
    );
}

#[test]
fn what_a_person_wrote_at_a_step_is_hidden_with_the_rest() {
    let bench = bench();
    let ask = |args: &[&str]| -> Value {
        let mut all = vec!["checklist", "case.wmcase"];
        all.extend(args);
        all.push("--json");
        let ran = bench.run(&all);
        assert!([0, 1].contains(&ran.code), "{}", ran.stderr);
        ran.json(ran.code)
    };
    let person = ask(&[
        "account-takeover",
        "--subject",
        "actor:maria.santos@example.com",
    ]);
    let everyone = ask(&["access-review"]);
    let answer = |run: &Value, step: &str, note: &str| {
        let run = run["run"].to_string();
        ask(&[&run, "--step", step, "--answer", "yes", "--note", note]);
    };
    answer(&person, "asked", "Maria knows; card 4111 1111 1111 1111");
    answer(
        &person,
        "unfamiliar",
        "dora@example.net saw MARIA SÁNTOS do it",
    );
    answer(
        &everyone,
        "compared",
        "Carol and Bob compared; see maria.santos@example.com",
    );
    // A tag is short, so its hash alone would tell it to whoever guesses.
    bench
        .run(&["tag", "case.wmcase", "record:Bob Payee", "sántos", "--json"])
        .json(0);
    bench
        .run(&["tag", "case.wmcase", "2", "carol", "--json"])
        .json(0);
    package(&bench, "pkg", &["--redact", "external-audit"]);
    assert_eq!(verify(&bench, "pkg", &[]).json(0)["ok"], true);
    let all = files(&bench.path("pkg"));
    for (name, bytes) in &all {
        for hidden in HIDDEN.iter().chain(&["dora@example.net"]) {
            for form in forms(hidden) {
                assert!(!holds(bytes, &form), "{hidden} stands in {name}");
            }
        }
    }
    let read = |name: &str| std::fs::read_to_string(bench.path("pkg").join(name)).unwrap();
    let (notes, html) = (
        read("data/notes/notes.ndjson"),
        read("data/report/report.html"),
    );
    for text in [&notes, &html] {
        let folded = text.to_lowercase();
        for word in ["maria", "sántos", "santos", "carol", "dora", "4111"] {
            assert!(!folded.contains(word), "{word} stands in {text}");
        }
    }
    for kept in ["knows; card", "compared; see", "saw"] {
        assert!(
            notes.contains(kept) && html.contains(kept),
            "{kept}: {notes}"
        );
    }
    let custody = read("data/custody/custody.ndjson");
    let told = custody.lines().filter(|l| {
        let line: Value = serde_json::from_str(l).unwrap();
        let entry = line["entry"].as_str().unwrap_or_default();
        entry.contains("statement.add") || entry.contains("overlay.add")
    });
    assert_eq!(
        told.count(),
        0,
        "a hash of what a person wrote confirms a guess"
    );
    // The same search finds all of it in a package that hides nothing, so it can fail.
    package(&bench, "open", &[]);
    let open = std::fs::read_to_string(bench.path("open/data/notes/notes.ndjson")).unwrap();
    assert!(open.contains("Carol and Bob compared") && open.contains("dora@example.net"));
    let custody = std::fs::read_to_string(bench.path("open/data/custody/custody.ndjson")).unwrap();
    assert!(custody.contains("statement.add") && custody.contains("overlay.add"));
}
