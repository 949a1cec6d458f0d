//! What the guess must not get wrong: who acted, when, and what a word means. Single questions, each asked of a log of few
//! columns.
//!
//! Owns: made-up exports of a few rows. Never touches: logs that a profile knows.

use crate::support::{Source, import, library};
use witnessmark_model::{Field, Instant};

/// The texts of the first event, as `field = value`; those that are asked for as `field =` alone.
fn said(source: &Source, fields: &[Field]) -> Vec<String> {
    let event = &source.events[0];
    let time = event.time.map_or("undated".to_owned(), Instant::rfc3339);
    let values = fields.iter().flat_map(|field| {
        let all: Vec<&str> = event.all(*field).collect();
        (!all.is_empty()).then(|| format!("{} = {}", field.name(), all.join(", ")))
    });
    std::iter::once(format!("time = {time}"))
        .chain(values)
        .collect()
}

/// Rows of JSON lines in which `#` is the number of the row.
fn rows(row: &str) -> String {
    (0..6)
        .map(|n| row.replace('#', &n.to_string()) + "\n")
        .collect()
}

/// A table in which `#` is the number of the row.
fn table(head: &str, row: &str) -> String {
    format!("{head}\n{}", rows(row))
}

#[track_caller]
fn first(text: &str, name: &str, zone: &str, expected: &[&str], fields: &[Field]) {
    let source = import(&library(), text.as_bytes(), name, zone);
    assert_eq!(source.profiles, ["guess@1"], "{text}");
    assert_eq!(said(&source, fields), expected, "{text}");
}

const PEOPLE: &[Field] = &[
    Field::UserEmail,
    Field::UserId,
    Field::UserName,
    Field::TargetId,
    Field::TargetName,
];

#[test]
fn who_changed_something_is_the_actor_and_not_whom_it_was_changed_for() {
    const TIME: &str = "time = 2024-03-05T10:00:00.000000000Z";
    for (head, row) in [
        (
            "Timestamp,Changed By,User,Action",
            "2024-03-05T10:0#:00Z,Ann Lee,Bob #,Salary changed",
        ),
        (
            "Change Date,Changed By,Employee,Field,Old Value,New Value",
            "2024-03-05T10:0#:00Z,Ann Lee,Bob #,Salary,100,200",
        ),
    ] {
        first(
            &table(head, row),
            "a.csv",
            "UTC",
            &[TIME, "user.name = Ann Lee"],
            &[Field::UserName],
        );
    }
    for (row, expected) in [
        (
            r#"{"timestamp":"2024-03-05T10:0#:00Z","changedBy":"ann","action":"UPDATE","record":"r#"}"#,
            "user.name = ann",
        ),
        (
            r#"{"timestamp":"2024-03-05T10:0#:00Z","changed_by":"ann","action":"UPDATE","user":"bob#"}"#,
            "user.name = ann",
        ),
        (
            r#"{"timestamp":"2024-03-05T10:0#:00Z","changedBy":{"email":"ann@x.ph"},"action":"UPDATE","user":{"email":"bob#@x.ph"}}"#,
            "user.email = ann@x.ph",
        ),
    ] {
        let fields = [Field::UserEmail, Field::UserName];
        first(&rows(row), "a.ndjson", "UTC", &[TIME, expected], &fields);
    }
}

#[test]
fn id_and_name_are_of_one_person() {
    for by in ["changedBy", "modifiedBy", "approver"] {
        let row = format!(
            r#"{{"timestamp":"2024-03-05T10:0#:00Z","{by}":{{"id":"E1","name":"Ann Lee"}},"employee":{{"id":"E5#","name":"Bob #"}},"action":"UPDATE"}}"#
        );
        first(
            &rows(&row),
            "a.ndjson",
            "UTC",
            &[
                "time = 2024-03-05T10:00:00.000000000Z",
                "user.id = E1",
                "user.name = Ann Lee",
            ],
            &[Field::UserEmail, Field::UserId, Field::UserName],
        );
    }
}

#[test]
fn the_mail_of_a_customer_is_not_that_of_who_acted() {
    for (them, told) in [
        (
            r#""customer_email":"zoe#@x.ph""#,
            Some("target.name = zoe0@x.ph"),
        ),
        (
            r#""payer":{"email":"zoe#@x.ph"}"#,
            Some("target.name = zoe0@x.ph"),
        ),
        (
            r#""beneficiary_email":"zoe#@x.ph""#,
            Some("target.name = zoe0@x.ph"),
        ),
        (r#""owner_email":"zoe#@x.ph""#, None),
        (
            r#""customer":{"id":"C#","email":"zoe#@x.ph"}"#,
            Some("target.name = zoe0@x.ph"),
        ),
    ] {
        let row = format!(
            r#"{{"timestamp":"2024-03-05T10:0#:00Z","operator":"ops1","operation":"REFUND",{them},"client_ip":"203.0.113.9"}}"#
        );
        let text = rows(&row);
        let mut expected = vec!["time = 2024-03-05T10:00:00.000000000Z", "user.name = ops1"];
        expected.extend(told);
        let fields = [
            Field::UserEmail,
            Field::UserId,
            Field::UserName,
            Field::TargetName,
        ];
        first(&text, "a.ndjson", "UTC", &expected, &fields);
    }
    let row = r#"{"timestamp":"2024-03-05T10:0#:00Z","agent":"ops1","action":"VIEW","cardholder":"Zoe #","contact":"zoe#@x.ph","ip":"203.0.113.9"}"#;
    first(
        &rows(row),
        "a.ndjson",
        "UTC",
        &[
            "time = 2024-03-05T10:00:00.000000000Z",
            "user.name = ops1",
            "target.name = Zoe 0",
        ],
        PEOPLE,
    );
    // Where nobody else is there, the only mail address is of who acted.
    let row = r#"{"timestamp":"2024-03-05T10:0#:00Z","reached_by":"web","action":"VIEW","alias":"zoe#@x.ph"}"#;
    let source = import(&library(), rows(row).as_bytes(), "a.ndjson", "UTC");
    assert_eq!(source.profiles, ["guess@1"]);
}

#[test]
fn the_zone_in_the_name_of_a_column_is_believed_and_not_asked_for() {
    for (name, hour) in [
        ("Timestamp (UTC)", 10),
        ("Date (GMT)", 10),
        ("TimeGenerated [UTC]", 10),
        ("Created At UTC", 10),
        ("time_utc", 10),
        ("eventTimeUtc", 10),
        ("utc_time", 10),
        ("Time (UTC+8)", 2),
        ("Timestamp (GMT+08:00)", 2),
        ("Time (Asia/Manila)", 2),
        ("Timestamp", 15),
    ] {
        let text = table(
            &format!("{name},user,action,ip"),
            "2024-03-01 10:3#:05,ann@acme.io,login,203.0.113.1",
        );
        let time = format!("time = 2024-03-01T{hour:02}:30:05.000000000Z");
        first(&text, "a.csv", "America/New_York", &[&time], &[]);
    }
}

#[test]
fn a_day_and_an_hour_in_two_columns_are_one_time() {
    for (head, cells) in [
        ("Date,Time", "20240301,10300#"),
        ("Date,Time", "2024-03-01,10300#"),
        ("Date,Time", "20240301,10:30:0#"),
        ("Date,Time (UTC)", "2024-03-01,10:30:0#"),
        ("date,time", "2024-03-01,18:30:0#+08:00"),
        ("Transaction Date,Transaction Time", "2024-03-01,10300#"),
        ("UDATE,UTIME", "20240301,10300#"),
        ("Log Date,Log Time", "2024-03-01,10:30:0# AM"),
    ] {
        let text = table(
            &format!("{head},user,action,ip"),
            &format!("{cells},ann@acme.io,login,203.0.113.1"),
        );
        let fields = [Field::Problems];
        first(
            &text,
            "a.csv",
            "UTC",
            &["time = 2024-03-01T10:30:00.000000000Z"],
            &fields,
        );
    }
    let text = table("Date,user,action", "2024-03-01,ann@acme.io,login");
    first(
        &text,
        "a.csv",
        "UTC",
        &[
            "time = 2024-03-01T00:00:00.000000000Z",
            "witnessmark.problems = time_is_a_day",
        ],
        &[Field::Problems],
    );
}

#[test]
fn a_word_means_what_it_says_and_not_what_its_letters_hold() {
    const MEANT: &[(&str, &str, &str)] = &[
        ("Payout approved", "approve", ""),
        ("Payout disapproved", "", ""),
        ("Payout not approved", "", ""),
        ("Unapproved payout released", "", ""),
        ("Credit issued", "", ""),
        ("Address verified", "", ""),
        ("Login disabled", "disable", ""),
        ("removeLogin", "delete", ""),
        ("blacklist.hit", "", ""),
        ("thread.reply", "", ""),
        ("Export deleted", "delete", ""),
        ("Logon failed", "authenticate", "failure"),
        ("Log on failed", "authenticate", "failure"),
        ("Signed in", "authenticate", ""),
        ("Sign-in successful", "authenticate", "success"),
        ("Authentication failed", "authenticate", "failure"),
        ("user.login", "authenticate", ""),
        ("USERLOGIN", "authenticate", ""),
        ("loginFailed", "authenticate", "failure"),
        ("SELECT", "read", ""),
        ("INSERT", "create", ""),
        ("DROP TABLE", "delete", ""),
        ("Account locked", "disable", ""),
        ("Password reset", "update", ""),
        ("memberAdded", "create", ""),
        ("ログイン", "authenticate", ""),
        ("ファイル削除", "delete", ""),
        ("criou usuário", "create", ""),
        ("excluiu usuário", "delete", ""),
    ];
    let mut text = String::from("time,user,action\n");
    for (n, (word, ..)) in MEANT.iter().enumerate() {
        text += &format!("2024-03-01T10:30:{n:02}Z,ann,{word}\n");
    }
    let source = import(&library(), text.as_bytes(), "a.csv", "UTC");
    let one = |n: usize, field| source.events[n].all(field).next().unwrap_or("").to_owned();
    let found: Vec<(String, String, String)> = (0..MEANT.len())
        .map(|n| {
            let outcome = one(n, Field::EventOutcome).replace("unknown", "");
            (
                one(n, Field::EventAction),
                one(n, Field::EventOperation),
                outcome,
            )
        })
        .collect();
    let expected: Vec<(String, String, String)> = (MEANT.iter())
        .map(|(a, b, c)| (a.to_string(), b.to_string(), c.to_string()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn times_that_only_spreadsheets_and_databases_write_are_found() {
    for (name, text, at) in [
        (
            "a.csv",
            table("timestamp,actor,action", "45356.5#,ann@acme.io,login"),
            "2024-03-05T12:00:00.000000000Z",
        ),
        (
            "a.csv",
            table("timestamp,actor,action", "4535#,ann@acme.io,login"),
            "2024-02-28T00:00:00.000000000Z",
        ),
        (
            "a.ndjson",
            rows(
                r#"{"timestamp":{"$date":{"$numberLong":"170960000012#"}},"actor":"ann","action":"login"}"#,
            ),
            "2024-03-05T00:53:20.120000000Z",
        ),
        (
            "a.ndjson",
            rows(
                r#"{"processed_at":"2024-03-05T10:0#:00Z","operator":"ann","operation":"REFUND"}"#,
            ),
            "2024-03-05T10:00:00.000000000Z",
        ),
        (
            "a.ndjson",
            rows(r#"{"modified_on":"2024-03-05T10:0#:00Z","operator":"ann","operation":"REFUND"}"#),
            "2024-03-05T10:00:00.000000000Z",
        ),
    ] {
        first(&text, name, "UTC", &[&format!("time = {at}")], &[]);
    }
}

#[test]
fn a_flag_or_a_code_of_failure_says_how_it_ended() {
    for (key, values) in [
        ("failed", [("true", "failure"), ("false", "success")]),
        ("denied", [("1", "failure"), ("0", "success")]),
        ("exit_code", [("2", "failure"), ("0", "success")]),
        ("error_code", [("1017", "failure"), ("0", "success")]),
        ("success", [("\"N\"", "failure"), ("\"Y\"", "success")]),
        ("success", [("0", "failure"), ("1", "success")]),
        ("error", [("\"boom\"", "failure"), ("null", "")]),
    ] {
        let lines: String = (values.iter().cycle().take(6).enumerate())
            .map(|(n, (value, _))| {
                format!("{{\"time\":\"2024-03-05T10:0{n}:00Z\",\"user\":\"ann\",\"action\":\"pay.send\",\"{key}\":{value}}}\n")
            })
            .collect();
        let source = import(&library(), lines.as_bytes(), "a.ndjson", "UTC");
        for (n, (value, outcome)) in values.iter().enumerate() {
            let found: Vec<&str> = source.events[n].all(Field::EventOutcome).collect();
            assert_eq!(found.concat(), *outcome, "{key}: {value}");
        }
    }
}

#[test]
fn logs_in_other_languages_and_of_things_are_read() {
    let russian = "Дата и время,Пользователь,Действие,Объект,IP-адрес,Результат\n\
        2024-03-01 10:00:00,ivanov,Вход,Док 0,203.0.113.0,Успешно\n\
        2024-03-01 10:01:00,petrov,Вход,Док 1,203.0.113.0,Неудача\n";
    let fields = [
        Field::EventAction,
        Field::EventOperation,
        Field::EventOutcome,
        Field::UserName,
        Field::TargetName,
    ];
    first(
        russian,
        "a.csv",
        "UTC",
        &[
            "time = 2024-03-01T10:00:00.000000000Z",
            "event.action = Вход",
            "event.operation = authenticate",
            "event.outcome = success",
            "user.name = ivanov",
            "target.name = Док 0",
        ],
        &fields,
    );
    let portuguese = r#"{"data_hora":"2024-12-01T08:00:0#Z","usuario":{"nome":"João","email":"joao@acme.example"},"acao":"criou","alvo":{"tipo":"cliente","id":"7#"},"sucesso":true}"#;
    first(
        &rows(portuguese),
        "a.ndjson",
        "UTC",
        &[
            "time = 2024-12-01T08:00:00.000000000Z",
            "event.action = criou",
            "event.operation = create",
            "event.outcome = success",
            "user.email = joao@acme.example",
            "target.type = cliente",
            "target.id = 70",
        ],
        &[
            Field::EventAction,
            Field::EventOperation,
            Field::EventOutcome,
            Field::UserEmail,
            Field::TargetType,
            Field::TargetId,
        ],
    );
    let thing = r#"{"deviceId":"lock-#","eventTimeUs":"17096000#0000000","evt":"UNLOCK","by":{"badge":"B#","holder":"Ann"},"status":"DENIED"}"#;
    let source = import(&library(), rows(thing).as_bytes(), "a.ndjson", "UTC");
    assert_eq!(
        source.events[0].all(Field::EventAction).collect::<Vec<_>>(),
        ["UNLOCK"]
    );
}
