//! Logs that nobody described, in the ways in which people name things: what the guess makes of the first event of each.
//!
//! Owns: made-up exports of made-up systems. Never touches: logs that a profile knows.

use crate::support::{Event, import, library};
use witnessmark_model::{Field, Instant};

/// A log: what it shows, its file name, its text, and what its first event says, as `field = value` in the order of names.
const LOGS: &[(&str, &str, &str, &[&str])] = &[
    (
        "short names",
        "a.json",
        r#"[{"ts":1714000000,"principal":{"login":"jdoe","mail":"jdoe@corp.example","role":"admin"},"op":"document.share","object":{"kind":"document","ref":"D-77","title":"Budget"},"client":{"addr":"203.0.113.5","agent":"Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"},"ok":true,"sess":"9a8b7c"},
{"ts":1714000100,"principal":{"login":"amy","mail":"amy@corp.example","role":"user"},"op":"session.start","object":null,"client":{"addr":"203.0.113.6","agent":"curl/8.1"},"ok":false,"sess":"11ab"},
{"ts":1714000200,"principal":{"login":"amy","mail":"amy@corp.example","role":"user"},"op":"document.delete","object":{"kind":"document","ref":"D-78","title":"Plan"},"client":{"addr":"203.0.113.6","agent":"curl/8.1"},"ok":true,"sess":"11ab"}]"#,
        &[
            "time = 2024-04-24T23:06:40.000000000Z",
            "event.action = document.share",
            "event.outcome = success",
            "session.id = 9a8b7c",
            "source.ip = 203.0.113.5",
            "target.id = D-77",
            "target.name = Budget",
            "target.type = document",
            "user.email = jdoe@corp.example",
            "user.name = jdoe",
            "user_agent.name = Firefox",
        ],
    ),
    (
        "headings that are sentences, a name with its mail address",
        "b.csv",
        "Log ID;Date/Time (UTC);Performed by;What happened;Affected item;From IP;Browser;Result\n\
         1001;2024-05-01 10:00:01;Bob Smith (bob@acme.example);User role changed;carol@acme.example;198.51.100.7;Chrome 120;Success\n\
         1002;2024-05-01 10:05:42;Carol Diaz (carol@acme.example);Export started;Invoices 2024;198.51.100.8;Safari 17;Success\n\
         1003;2024-05-01 11:12:00;system;Nightly job;-;-;-;Failure\n",
        &[
            "time = 2024-05-01T10:00:01.000000000Z",
            "event.action = User role changed",
            "event.id = 1001",
            "event.outcome = success",
            "source.ip = 198.51.100.7",
            "target.name = carol@acme.example",
            "user.email = bob@acme.example",
            "user.name = Bob Smith",
            "user_agent.name = Chrome",
        ],
    ),
    (
        "prepositions",
        "e.json",
        r#"{"meta":{"count":2},"auditEntries":[{"id":"x1","at":"2024-02-01T00:00:00Z","by":{"email":"kim@ex.example","name":"Kim"},"did":"rotated secret","on":{"type":"secret","name":"prod/db"},"via":{"ip":"2001:db8::7","ua":"Terraform/1.5"}},{"id":"x2","at":"2024-02-02T00:00:00Z","by":{"email":"lee@ex.example","name":"Lee"},"did":"viewed secret","on":{"type":"secret","name":"prod/db"},"via":{"ip":"2001:db8::8","ua":"Chrome"}}]}"#,
        &[
            "time = 2024-02-01T00:00:00.000000000Z",
            "event.action = rotated secret",
            "event.id = x1",
            "source.ip = 2001:db8::7",
            "target.name = prod/db",
            "target.type = secret",
            "user.email = kim@ex.example",
            "user.name = Kim",
            "user_agent.name = Terraform",
        ],
    ),
    (
        "German",
        "g.csv",
        "\"Zeitpunkt\",\"Benutzer\",\"Aktion\",\"Objekt\",\"IP-Adresse\",\"Ergebnis\"\n\
         \"12.11.2023 09:31:07\",\"m.mueller\",\"Anmeldung\",\"\",\"203.0.113.77\",\"Erfolg\"\n\
         \"13.11.2023 10:00:00\",\"k.schmidt\",\"Datei gelöscht\",\"vertrag.pdf\",\"203.0.113.78\",\"Fehler\"\n",
        &[
            "time = 2023-11-12T09:31:07.000000000Z",
            "event.action = Anmeldung",
            "event.operation = authenticate",
            "event.outcome = success",
            "source.ip = 203.0.113.77",
            "user.name = m.mueller",
        ],
    ),
    (
        "Spanish",
        "s.csv",
        "Fecha y hora,Usuario,Acción,Recurso,Dirección IP,Resultado\n\
         2024-03-02 08:00:00,ana@tienda.example,Inicio de sesión,,198.51.100.3,Éxito\n\
         2024-03-02 08:10:00,ana@tienda.example,Producto eliminado,P-7,198.51.100.3,Fallido\n",
        &[
            "time = 2024-03-02T08:00:00.000000000Z",
            "event.action = Inicio de sesión",
            "event.operation = authenticate",
            "event.outcome = success",
            "source.ip = 198.51.100.3",
            "user.email = ana@tienda.example",
        ],
    ),
    (
        "Japanese",
        "j.csv",
        "日時,ユーザー名,操作内容,対象,IPアドレス,結果\n\
         2024/03/02 08:00:00,tanaka,ログイン,,198.51.100.3,成功\n\
         2024/03/02 08:10:00,suzuki,ファイル削除,keikaku.xlsx,198.51.100.4,失敗\n",
        &[
            "time = 2024-03-02T08:00:00.000000000Z",
            "event.action = ログイン",
            "event.outcome = success",
            "source.ip = 198.51.100.3",
            "user.name = tanaka",
        ],
    ),
    (
        "an object whose ids happen to differ is no event's id",
        "h.json",
        r#"{"logs":[{"event_time_ms":1700000000000,"request":{"user":{"id":42,"username":"zed"},"ip":"198.51.100.99","headers":{"user-agent":"okhttp/4.9"}},"action_performed":"wallet.withdraw","resource":{"type":"wallet","id":"w-9"},"outcome":"SUCCESS","diff":[{"field":"balance","before":10,"after":5}]}]}"#,
        &[
            "time = 2023-11-14T22:13:20.000000000Z",
            "event.action = wallet.withdraw",
            "event.outcome = success",
            "source.ip = 198.51.100.99",
            "target.id = w-9",
            "target.type = wallet",
            "user.id = 42",
            "user.name = zed",
            "user_agent.name = okhttp",
        ],
    ),
    (
        "statuses of HTTP, no name that says what was done",
        "w.csv",
        "stamp,person,happening,host_addr,status_code\n\
         2024-01-02T03:04:05Z,dave,Password reset,192.0.2.3,200\n\
         2024-01-02T03:05:05Z,erin,Report exported,192.0.2.4,403\n\
         2024-01-02T03:06:05Z,dave,Report exported,192.0.2.3,200\n",
        &[
            "time = 2024-01-02T03:04:05.000000000Z",
            "event.action = Password reset",
            "event.outcome = success",
            "source.ip = 192.0.2.3",
            "user.name = dave",
        ],
    ),
    (
        "the day in one column, the hour in another",
        "d.csv",
        "Date,Time,Client,User,Transaction,Terminal,Message\n\
         2024-04-05,17:31:00,100,JSMITH,SU01,10.0.0.5,User ADMIN locked\n\
         2024-04-05,17:32:10,100,AJONES,SE16,10.0.0.6,Table USR02 displayed\n",
        &[
            "time = 2024-04-05T17:31:00.000000000Z",
            "source.ip = 10.0.0.5",
            "user.name = JSMITH",
        ],
    ),
    (
        "an answer of GraphQL",
        "q.json",
        r#"{"data":{"organization":{"auditLog":{"edges":[{"node":{"createdAt":"2024-04-05T17:31:00Z","action":"repo.create","actorLogin":"bob","actorIp":"203.0.113.9","repositoryName":"x/y"},"cursor":"abc"},{"node":{"createdAt":"2024-04-05T17:33:00Z","action":"repo.destroy","actorLogin":"amy","actorIp":"203.0.113.8","repositoryName":"x/z"},"cursor":"abd"}],"pageInfo":{"hasNextPage":false}}}}}"#,
        &[
            "time = 2024-04-05T17:31:00.000000000Z",
            "event.action = repo.create",
            "source.ip = 203.0.113.9",
            "target.name = x/y",
            "user.name = bob",
        ],
    ),
    (
        "CloudEvents: the subject is what was acted on",
        "v.ndjson",
        "{\"specversion\":\"1.0\",\"type\":\"com.example.user.deleted\",\"source\":\"/users\",\"subject\":\"u-7\",\"id\":\"A234\",\"time\":\"2024-04-05T17:31:00Z\",\"data\":{\"actor\":\"bob@x.example\",\"ip\":\"203.0.113.4\"}}\n\
         {\"specversion\":\"1.0\",\"type\":\"com.example.user.created\",\"source\":\"/users\",\"subject\":\"u-8\",\"id\":\"A235\",\"time\":\"2024-04-05T17:32:00Z\",\"data\":{\"actor\":\"amy@x.example\",\"ip\":\"203.0.113.5\"}}\n",
        &[
            "time = 2024-04-05T17:31:00.000000000Z",
            "event.action = com.example.user.deleted",
            "event.id = A234",
            "source.ip = 203.0.113.4",
            "target.name = u-7",
            "user.email = bob@x.example",
        ],
    ),
    (
        "the trail of a database",
        "o.csv",
        "EVENT_TIMESTAMP,DBUSERNAME,ACTION_NAME,OBJECT_SCHEMA,OBJECT_NAME,USERHOST,RETURN_CODE,CLIENT_PROGRAM_NAME\n\
         2024-04-05 17:31:00.123456,SCOTT,DROP TABLE,HR,EMPLOYEES,ws1.example,0,sqlplus\n\
         2024-04-05 17:32:00.123456,SYS,LOGON,,,ws2.example,1017,sqlplus\n",
        &[
            "time = 2024-04-05T17:31:00.123456000Z",
            "event.action = DROP TABLE",
            "event.outcome = success",
            "target.name = EMPLOYEES",
            "user.name = SCOTT",
        ],
    ),
    (
        "what an actor has is not who it is",
        "c.csv",
        "when,actor_country,user_department,actor,action\n\
         2024-01-02T03:04:05Z,PH,Finance,dave,invoice.delete\n\
         2024-01-02T03:05:05Z,DE,Sales,erin,invoice.create\n",
        &[
            "time = 2024-01-02T03:04:05.000000000Z",
            "event.action = invoice.delete",
            "source.geo.country_iso_code = PH",
            "user.name = dave",
        ],
    ),
];

/// Fields that are compared.
const COMPARED: &[Field] = &[
    Field::EventAction,
    Field::EventId,
    Field::EventOutcome,
    Field::SessionId,
    Field::SourceIp,
    Field::SourceCountry,
    Field::TargetId,
    Field::TargetName,
    Field::TargetType,
    Field::UserEmail,
    Field::UserId,
    Field::UserName,
    Field::UserAgentName,
];

fn told(event: &Event, more: &[&str]) -> Vec<String> {
    let mut out: Vec<String> = (event.values.iter())
        .filter(|(field, _, _)| {
            COMPARED.contains(field)
                || more
                    .iter()
                    .any(|line| line.starts_with(&format!("{} =", field.name())))
        })
        .map(|(field, _, text)| format!("{} = {text}", field.name()))
        .collect();
    out.sort();
    let time = event.time.map_or("undated".to_owned(), Instant::rfc3339);
    out.insert(0, format!("time = {time}"));
    out
}

#[test]
fn a_log_that_nobody_described_can_be_worked_with_at_once() {
    let library = library();
    let wrong: Vec<String> = LOGS
        .iter()
        .filter_map(|(what, name, text, expected)| {
            let source = import(&library, text.as_bytes(), name, "UTC");
            let found = source
                .events
                .first()
                .map(|event| told(event, expected))
                .unwrap_or_default();
            (found != *expected || source.profiles != ["guess@1"]).then(|| {
                format!(
                    "{what} ({:?})\n  found    {found:#?}\n  expected {expected:#?}",
                    source.profiles
                )
            })
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
