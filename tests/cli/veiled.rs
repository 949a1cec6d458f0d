//! Spellings and places in which something that a policy hides has been seen to survive.

use serde_json::Value;

use crate::Bench;
use crate::package::{files, package, runs, stock_tool, verify};
use crate::redaction::{base64_of, forms, holds};

const HEAD: &str = "time,actor_email,actor_name,action,source_ip,details\n";

fn case(name: &str, rows: &[&str]) -> Bench {
    let bench = Bench::new();
    let file = bench.file(name, format!("{HEAD}{}\n", rows.join("\n")));
    bench.import(&file, &[]).json(0);
    bench
}

/// Every file of a package, and the words of its PDF where the tool for that is there.
fn everything(bench: &Bench, name: &str) -> Vec<(String, Vec<u8>)> {
    let mut all = files(&bench.path(name));
    if let Some(tool) = stock_tool("pdftotext") {
        let args = ["-layout", "data/report/report.pdf", "-"];
        let (ok, said) = runs(tool, &args, &bench.path(name));
        assert!(ok, "{said}");
        all.push(("words of the report".to_owned(), said.into_bytes()));
    }
    all
}

fn nowhere(all: &[(String, Vec<u8>)], texts: &[&str]) {
    for text in texts {
        for (name, bytes) in all {
            for form in forms(text) {
                assert!(
                    !holds(bytes, &form),
                    "`{text}` stands in {name}: {}",
                    String::from_utf8_lossy(&form)
                );
            }
        }
    }
}

fn hex_of(text: &str) -> String {
    text.bytes().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn a_card_number_beside_other_digits_is_hidden() {
    let bench = case(
        "log.csv",
        &[
            "2024-05-01T10:00:00Z,a@example.com,Ann,pay,203.0.113.1,charge 4111 1111 1111 1111 12/27",
            "2024-05-01T10:01:00Z,a@example.com,Ann,pay,203.0.113.1,5555555555554444 100.00 USD",
            "2024-05-01T10:02:00Z,a@example.com,Ann,pay,203.0.113.1,7 4012888888881881",
            "2024-05-01T10:03:00Z,a@example.com,Ann,pay,203.0.113.1,2024-05-01 378282246310005",
        ],
    );
    package(&bench, "pkg", &["--redact", "external-audit"]);
    let cards = [
        "4111 1111 1111 1111",
        "5555555555554444",
        "4012888888881881",
        "378282246310005",
    ];
    nowhere(&everything(&bench, "pkg"), &cards);
}

#[test]
fn people_who_have_no_event_in_the_scope_are_hidden_too() {
    let bench = case(
        "Maria Santos audit.csv",
        &[
            "2024-05-01T10:00:00Z,maria@example.com,Maria Santos,login,203.0.113.1,ok",
            "2024-05-01T10:01:00Z,dora@example.com,Dora Vega,login,203.0.113.2,ok",
            "2024-05-01T10:02:00Z,carol@example.com,Carol Quiet,login,203.0.113.3,seen by Dora Vega",
        ],
    );
    bench.run(&[
        "export",
        "case.wmcase",
        "out.ndjson",
        "--query",
        "user.name:\"Maria Santos\"",
        "--json",
    ]);
    let options = [
        "--redact",
        "external-audit",
        "--query",
        "actor:carol@example.com",
        "--title",
        "Audit requested by Dora Vega, not Maria Santos",
    ];
    package(&bench, "pkg", &options);
    let names = [
        "Maria Santos",
        "Dora Vega",
        "dora@example.com",
        "maria@example.com",
    ];
    nowhere(&everything(&bench, "pkg"), &names);
    verify(&bench, "pkg", &[]).json(0);
    // Half a name is a name.
    let options = [
        "--redact",
        "external-audit",
        "--query",
        "user.name:~maria OR \"santos\"",
        "--title",
        "On Dora",
    ];
    package(&bench, "half", &options);
    for (name, bytes) in everything(&bench, "half") {
        // Of packed bytes any four letters can come about; its words are looked at beside it.
        for half in ["Maria", "Santos", "Dora"] {
            let stands = holds(&bytes, half.as_bytes()) && !name.ends_with(".pdf");
            assert!(!stands, "{half} in {name}");
        }
    }
    verify(&bench, "half", &[]).json(0);
    let refused = bench.run(&[
        "package",
        "case.wmcase",
        "no",
        "--redact",
        "external-audit",
        "--sample",
        "1",
        "--seed",
        "for Dora",
        "--json",
    ]);
    assert_eq!(refused.error()["code"], "invalid_option");
}

#[test]
fn a_name_is_found_however_it_was_written_down() {
    let wide: Vec<u8> = "maria.santos@example.com"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let rows = [
        "2024-05-01T10:00:00Z,maria.santos@example.com,МАРИЯ ИВАНОВА,login,203.0.113.1,ok".to_owned(),
        "2024-05-01T10:01:00Z,obrien@example.com,Pat O'Brien-Kelly,login,203.0.113.1,ok".to_owned(),
        "2024-05-01T10:02:00Z,zoe@example.com,Zoë Blanc,login,203.0.113.1,ok".to_owned(),
        "2024-05-01T10:03:00Z,bob@example.com,Bob Plain,n,203.0.113.1,изменил Мария Иванова профиль".to_owned(),
        "2024-05-01T10:04:00Z,bob@example.com,Bob Plain,n,203.0.113.1,<b>Pat O&#39;Brien-Kelly</b>".to_owned(),
        "2024-05-01T10:05:00Z,bob@example.com,Bob Plain,n,203.0.113.1,by Zo\\u00eb Blanc".to_owned(),
        "2024-05-01T10:06:00Z,bob@example.com,Bob Plain,n,203.0.113.1,by Zoe\u{308} Blanc".to_owned(),
        "2024-05-01T10:07:00Z,bob@example.com,Bob Plain,n,203.0.113.1,r=maria.santos%2540example.com".to_owned(),
        format!("2024-05-01T10:08:00Z,bob@example.com,Bob Plain,n,203.0.113.1,tok {}", hex_of("maria.santos@example.com")),
        format!("2024-05-01T10:09:00Z,bob@example.com,Bob Plain,n,203.0.113.1,-enc {}", base64_of(&wide)),
        "2024-05-01T10:10:00Z,bob@example.com,Bob Plain,n,203.0.113.1,GET /u?email=hidden.person%40example.org&x=1".to_owned(),
        format!(
            "2024-05-01T10:11:00Z,bob@example.com,Bob Plain,n,203.0.113.1,jwt eyJhbGciOiJub25lIn0.{}.x",
            base64_of(b"{\"email\":\"token.person@example.org\"}").trim_end_matches('=')
        ),
    ];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let bench = case("log.csv", &rows);
    package(&bench, "pkg", &["--redact", "external-audit"]);
    let all = everything(&bench, "pkg");
    nowhere(
        &all,
        &[
            "maria.santos@example.com",
            "МАРИЯ ИВАНОВА",
            "Мария Иванова",
            "hidden.person@example.org",
            "token.person@example.org",
        ],
    );
    let encoded = [
        "O&#39;Brien".to_owned(),
        "O&amp;#39;Brien".to_owned(),
        "u00eb".to_owned(),
        "Zoe\u{308}".to_owned(),
        "maria.santos%".to_owned(),
        "hidden.person".to_owned(),
        base64_of(&wide),
        hex_of("maria.santos"),
        base64_of(b"{\"email\":\"token.person"),
    ];
    for (name, bytes) in &all {
        for text in &encoded {
            assert!(!holds(bytes, text.as_bytes()), "`{text}` stands in {name}");
        }
    }
}

#[test]
fn an_address_at_the_end_of_a_sentence_is_hidden() {
    let bench = case(
        "log.csv",
        &[
            "2024-05-01T10:00:00Z,a@example.com,Ann,n,,session from 2001:db8::77.",
            "2024-05-01T10:01:00Z,a@example.com,Ann,n,,ip:2001:db8::78 blocked",
        ],
    );
    let policy = "name = \"p\"\n[[rule]]\npattern = \"ip\"\ndo = \"remove\"\n";
    bench.file("policy.toml", policy);
    package(&bench, "pkg", &["--redact", "policy.toml"]);
    nowhere(
        &everything(&bench, "pkg"),
        &["2001:db8::77", "2001:db8::78"],
    );
}

#[test]
fn a_cell_that_is_no_time_is_looked_at() {
    let bench = case(
        "log.csv",
        &[
            "2024-05-01T10:00:00Z,a@example.com,Ann,n,203.0.113.1,ok",
            "hidden.time@example.org,a@example.com,Ann,n,203.0.113.1,shifted",
        ],
    );
    package(&bench, "pkg", &["--redact", "external-audit"]);
    nowhere(&everything(&bench, "pkg"), &["hidden.time@example.org"]);
    let text = std::fs::read_to_string(bench.path("pkg/data/events/events.ndjson")).unwrap();
    let times: Vec<Value> = text
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).unwrap()["event"]["original_time"].clone())
        .collect();
    assert_eq!(
        times,
        ["2024-05-01T10:00:00Z", "••••••"],
        "a time that was read stays"
    );
}
