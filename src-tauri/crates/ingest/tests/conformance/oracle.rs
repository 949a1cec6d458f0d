//! When a value of ours is the one that an independent parser found.
//!
//! Owns: the comparison, field by field. Never touches: how either was found. A value that does not stand in the entry (a
//! country from a database, an outcome that was derived) binds nobody and is not compared.

use crate::corpus::Case;
use crate::read::{Event, Source};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use witnessmark_model::{Field, Instant};

/// A column of the tables.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// Keys of the oracle.
    keys: &'static [&'static str],
    /// Our fields in which the value may stand.
    pub(crate) ours: &'static [Field],
}

/// Every column.
pub(crate) const FIELDS: &[Column] = &[
    Column {
        name: "time",
        keys: &["time"],
        ours: &[],
    },
    Column {
        name: "action",
        keys: &["action"],
        ours: &[Field::EventAction],
    },
    Column {
        name: "actor",
        keys: &["actor_id", "actor_email", "actor_name"],
        ours: &[Field::UserId, Field::UserEmail, Field::UserName],
    },
    Column {
        name: "target",
        keys: &["target", "target_id", "target_raw"],
        ours: &[Field::TargetId, Field::TargetName, Field::TargetType],
    },
    Column {
        name: "ip",
        keys: &["ip", "ip_raw"],
        ours: &[Field::SourceIp, Field::RelatedIp],
    },
    Column {
        name: "ua",
        keys: &["user_agent"],
        ours: &[Field::UserAgentOriginal],
    },
    Column {
        name: "session",
        keys: &["session"],
        ours: &[Field::SessionId],
    },
    Column {
        name: "outcome",
        keys: &["outcome", "outcome_raw"],
        ours: &[Field::EventOutcome],
    },
    Column {
        name: "country",
        keys: &["country"],
        ours: &[Field::SourceCountry, Field::SourceCountryName],
    },
    Column {
        name: "changes",
        keys: &[],
        ours: &[Field::ChangeField],
    },
];

/// What a parser says that binds nobody: a system or case, a key, and why. Where two parsers differ, neither binds.
const DISPUTED: &[(&str, &str, &str)] = &[
    (
        "atlassian_confluence",
        "target",
        "one parser takes an attribute beside the affected object",
    ),
    (
        "atlassian_jira",
        "outcome",
        "read from an attribute of another product",
    ),
    (
        "atlassian_jira",
        "target",
        "one parser takes the changed value for the object",
    ),
    (
        "auth0/el-logs-signup-success-j",
        "outcome",
        "the type `ss` says success",
    ),
    (
        "aws_cloudtrail",
        "session",
        "the role's ARN is no session; the access key is",
    ),
    (
        "aws_cloudtrail/ocsf-",
        "actor_id",
        "two parsers differ: ARN and principal id",
    ),
    (
        "aws_cloudtrail/ocsf-",
        "actor_name",
        "the created user is the object, not the actor",
    ),
    (
        "aws_cloudtrail/ocsf-v1_5_0_CloudTrail_Account_Change_account_change",
        "time",
        "the parser's own zone was added",
    ),
    (
        "aws_cloudtrail/sk-aws-cloudtrail-j1",
        "actor_name",
        "an id is no name",
    ),
    (
        "azure_audit/el-auditlogs-audit-logs-edgecases",
        "ip",
        "nine groups are no address",
    ),
    (
        "azure_audit/sk-azure-ad-j2",
        "target",
        "the path of a URL that is not in the entry",
    ),
    ("azure_provisioning", "outcome", "a warning is neither"),
    (
        "bitwarden",
        "actor_id",
        "the member acted on, while another user acted",
    ),
    (
        "crowdstrike_falcon",
        "action",
        "three parsers take three fields",
    ),
    (
        "crowdstrike_falcon",
        "target",
        "the file of an alert; the host is the object too",
    ),
    (
        "entra_graph",
        "actor_email",
        "the object's name, while an application acted",
    ),
    (
        "github",
        "target",
        "the team; the repository is the object too",
    ),
    (
        "google_workspace/el-login-login-a",
        "target",
        "the part of the address before the @",
    ),
    (
        "google_workspace/sk-google-report-j3",
        "actor_email",
        "a parameter of the device",
    ),
    (
        "google_workspace/sk-google-report-j3",
        "actor_name",
        "a parameter of the device",
    ),
    (
        "intune",
        "actor_id",
        "the id of the account, not of who acted",
    ),
    (
        "lastpass",
        "actor_email",
        "the text of the event, while another user acted",
    ),
    (
        "lastpass",
        "time",
        "the zone is not in the entry; that parser was told New York",
    ),
    ("netskope", "target", "the path of a URL"),
    (
        "o365",
        "actor_email",
        "the mailbox's owner or the sender of a mail, while the system acted",
    ),
    (
        "o365/sk-",
        "actor_id",
        "the security id beside the user key",
    ),
    (
        "o365/sk-",
        "actor_name",
        "whom an alert is about, while the system acted",
    ),
    (
        "o365/sk-",
        "target",
        "the path of a URL, the name of a file or of malware",
    ),
    (
        "o365/sk-o365-j4",
        "action",
        "what happened to a mail; the operation is the action",
    ),
    (
        "o365/el-audit-dlp-exchange-events-j",
        "target",
        "a name in the text of the rule",
    ),
    (
        "o365/el-audit-modified-properites-j",
        "country",
        "the value of a changed property",
    ),
    (
        "o365/el-audit-modified-properites-j",
        "ip",
        "the address is that of the person, not of the service",
    ),
    (
        "o365/el-audit-bad-ips-j",
        "ip",
        "two addresses stand in the entry",
    ),
    (
        "okta",
        "target",
        "one of several objects by another of its names",
    ),
    (
        "slack",
        "time",
        "when the anomaly began; the entry is of its own time",
    ),
    (
        "zoom",
        "actor_id",
        "two parsers differ: host and participant",
    ),
    (
        "zoom",
        "actor_email",
        "two parsers differ: host and participant",
    ),
    (
        "zoom",
        "actor_name",
        "two parsers differ: host and participant",
    ),
    ("zoom", "target", "one of several addresses of the object"),
];

/// Whether the oracle's value was set aside; what we found all the same is shown in no table.
fn disputed(case: &str, key: &str) -> bool {
    DISPUTED
        .iter()
        .any(|(of, k, why)| *k == key && case.starts_with(of) && !why.is_empty())
}

/// How many values were found, of how many.
#[derive(Clone, Copy, Default)]
pub(crate) struct Share {
    pub(crate) found: u64,
    pub(crate) of: u64,
}

impl Share {
    pub(crate) fn value(self) -> f64 {
        if self.of == 0 {
            1.0
        } else {
            self.found as f64 / self.of as f64
        }
    }
}

/// What was compared for one system.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) shares: BTreeMap<&'static str, Share>,
    pub(crate) entries: u64,
    pub(crate) rejected: u64,
    pub(crate) profiles: BTreeSet<String>,
    pub(crate) refused: Vec<String>,
    pub(crate) disputed: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, case: &Case, source: &Source, blind: bool) {
        // `blind:time` shows the times that a guess missed, `time` those that a profile missed.
        let show = std::env::var("WITNESSMARK_CONFORMANCE_SHOW").ok();
        let show = show
            .as_deref()
            .and_then(|s| match s.strip_prefix("blind:") {
                Some(field) => blind.then_some(field),
                None => (!blind).then_some(s),
            });
        self.entries += source.entries;
        self.rejected += source.rejects.len() as u64;
        self.profiles.extend(source.profiles.iter().cloned());
        for events in source.events.values() {
            let changed = events
                .iter()
                .any(|e| e.all(Field::ChangeField).next().is_some());
            self.shares.entry("changes").or_default().found += u64::from(changed);
        }
        // Of broken lines another parser may make an event; here they are kept as they are.
        let expected = if case.is_text() {
            &[][..]
        } else {
            &case.expected
        };
        for (i, expected) in expected.iter().enumerate() {
            let Some(expected) = expected.as_object() else {
                continue;
            };
            let derived: Vec<&str> = expected
                .get("_nonliteral")
                .and_then(Value::as_array)
                .map(|list| list.iter().filter_map(Value::as_str).collect())
                .unwrap_or_default();
            let none = Vec::new();
            let events = source.events.get(&(i as u64 + 1)).unwrap_or(&none);
            for column in FIELDS {
                for key in column.keys {
                    let Some(wanted) = expected.get(*key).and_then(Value::as_str) else {
                        continue;
                    };
                    if derived.contains(key) {
                        continue;
                    }
                    let right = events.iter().any(|event| fits(column, key, wanted, event));
                    if !right && !blind && disputed(&case.name, key) {
                        self.disputed += 1;
                        continue;
                    }
                    let share = self.shares.entry(column.name).or_default();
                    share.of += 1;
                    share.found += u64::from(right);
                    if !right && show.is_some_and(|s| s == column.name || s == "all") {
                        let ours: Vec<String> =
                            events.iter().flat_map(|e| ours(column, e)).collect();
                        eprintln!("{}[{i}] {key}: {wanted:?}, ours {ours:?}", case.name);
                    }
                }
            }
        }
    }

    /// The share of all literal values.
    pub(crate) fn literal(&self) -> Share {
        let all = self.shares.iter().filter(|(name, _)| **name != "changes");
        all.fold(Share::default(), |sum, (_, share)| Share {
            found: sum.found + share.found,
            of: sum.of + share.of,
        })
    }

    /// The shares that are too low, one sentence each.
    pub(crate) fn below(&self, system: &str, literal: f64, strict: f64) -> Vec<String> {
        let strictly = ["time", "action"]
            .into_iter()
            .filter_map(|name| Some((name, *self.shares.get(name)?, strict)));
        strictly
            .chain([("literal fields", self.literal(), literal)])
            .filter(|(_, share, least)| share.value() < *least)
            .map(|(name, share, least)| {
                format!(
                    "{system} {name}: {} of {} ({:.1} %), least {:.0} %",
                    share.found,
                    share.of,
                    share.value() * 100.0,
                    least * 100.0
                )
            })
            .collect()
    }
}

fn ours(column: &Column, event: &Event) -> Vec<String> {
    if column.name == "time" {
        return vec![event.time.map_or("undated".to_owned(), Instant::rfc3339)];
    }
    column
        .ours
        .iter()
        .flat_map(|field| event.all(*field))
        .map(str::to_owned)
        .collect()
}

fn fits(column: &Column, key: &str, wanted: &str, event: &Event) -> bool {
    match column.name {
        "time" => instant(wanted).is_some_and(|w| event.time.is_some_and(|at| same(w, at.0))),
        "ip" => match address(wanted) {
            Some(ip) => column
                .ours
                .iter()
                .flat_map(|field| event.all(*field))
                .any(|text| text.parse() == Ok(ip)),
            // What no parser could read as an address says nothing.
            None => true,
        },
        "outcome" => {
            let word = match wanted.to_lowercase().as_str() {
                "success" | "succeeded" | "true" | "partiallysucceeded" | "allow" | "yes" => {
                    "success"
                }
                "failure" | "failed" | "false" | "deny" | "error" => "failure",
                _ => "unknown",
            };
            event.all(Field::EventOutcome).any(|text| text == word)
                || word == "unknown" && event.all(Field::EventOutcome).next().is_none()
        }
        _ => column
            .ours
            .iter()
            .flat_map(|field| event.all(*field))
            .any(|text| equal(text, wanted) || key == "actor_name" && local_part(text, wanted)),
    }
}

/// Parsers change the case of words and leave a full stop away.
fn equal(text: &str, wanted: &str) -> bool {
    let plain = |t: &str| t.trim().trim_end_matches('.').to_lowercase();
    plain(text) == plain(wanted)
}

/// Parsers give the part of an address before the `@` as a name.
fn local_part(text: &str, wanted: &str) -> bool {
    text.split_once('@')
        .is_some_and(|(local, _)| equal(local, wanted))
}

fn address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.split(']').next())
        .unwrap_or(text);
    let ip: IpAddr = match bare.parse() {
        Ok(ip) => ip,
        Err(_) => bare.rsplit_once(':')?.0.parse().ok()?,
    };
    Some(ip.to_canonical())
}

/// Nanoseconds since 1970.
fn instant(text: &str) -> Option<i64> {
    let text = text.replace(' ', "T");
    let time = chrono::DateTime::parse_from_rfc3339(&text)
        .or_else(|_| chrono::DateTime::parse_from_rfc3339(&format!("{text}Z")))
        .ok()?;
    time.timestamp_nanos_opt()
}

/// The second binds: some parsers leave the fraction away, one reads 93,000,000 nanoseconds as 0.93 of a second.
const fn same(a: i64, b: i64) -> bool {
    a.div_euclid(1_000_000_000) == b.div_euclid(1_000_000_000)
}
