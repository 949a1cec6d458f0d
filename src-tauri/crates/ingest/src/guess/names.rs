//! What a column is called, and how much that says of what it is for.
//!
//! Owns: the words and their weights. Never touches: values.

use super::column::Column;

/// Names of a time, the surest first.
const TIMES: &[(&str, i32)] = &[
    ("timestamp", 100),
    ("eventtime", 100),
    ("eventtimestamp", 100),
    ("time", 98),
    ("datetime", 98),
    ("occurredat", 98),
    ("eventdate", 95),
    ("eventdatetime", 98),
    ("activitydatetime", 98),
    ("activitydate", 96),
    ("createdat", 92),
    ("created", 90),
    ("creationtime", 92),
    ("datecreate", 92),
    ("datecreated", 92),
    ("creationdate", 92),
    ("createddate", 92),
    ("createddatetime", 92),
    ("published", 92),
    ("recordedat", 94),
    ("loggedat", 90),
    ("logtime", 90),
    ("actiontime", 94),
    ("actiondate", 94),
    ("when", 90),
    ("date", 88),
    ("dateandtime", 95),
    ("dateutc", 95),
    ("timestamputc", 98),
    ("rt", 88),
    ("timegenerated", 94),
    ("eventts", 95),
    ("ts", 85),
    ("at", 80),
    ("happenedat", 95),
    ("performedat", 95),
    ("starttime", 70),
    ("utctimestamp", 96),
    ("isotimestamp", 95),
    ("requestreceivedtimestamp", 96),
    ("eventcreationtime", 96),
    ("modifiedtime", 60),
    ("updatedat", 50),
    ("timestampderived", 98),
    ("logintime", 70),
    ("receivetimestamp", 50),
    ("stagetimestamp", 70),
];

/// Names of what was done.
const ACTIONS: &[(&str, i32)] = &[
    ("action", 100),
    ("eventname", 98),
    ("act", 95),
    ("eventsname", 98),
    ("eventaction", 99),
    ("operationname", 97),
    ("activitydisplayname", 97),
    ("actionname", 97),
    ("auditlogevent", 96),
    ("operation", 95),
    ("auditoperationtype", 95),
    ("actiontype", 95),
    ("eventtypename", 94),
    ("activityname", 94),
    ("auditevent", 94),
    ("auditaction", 97),
    ("useraction", 92),
    ("eventactionname", 97),
    ("methodname", 93),
    ("activity", 92),
    ("activitytype", 90),
    ("eventtype", 90),
    ("audittype", 89),
    ("verb", 90),
    ("event", 90),
    ("eventcode", 75),
    ("eventid", 20),
    ("operationtype", 80),
    ("eventsubtype", 70),
    ("what", 75),
    ("change", 60),
    ("changetype", 70),
    ("querytype", 70),
    ("command", 60),
    ("summary", 60),
    ("type", 55),
    ("method", 50),
    ("eventtypeid", 50),
    ("typename", 55),
    ("kind", 40),
    ("subtype", 45),
    ("category", 35),
    ("code", 30),
    ("description", 20),
    ("name", 25),
];

const OUTCOMES: &[(&str, i32)] = &[
    ("outcome", 100),
    ("outcomeresult", 100),
    ("result", 95),
    ("resultstatus", 95),
    ("status", 85),
    ("success", 95),
    ("issuccess", 95),
    ("succeeded", 95),
    ("actionresult", 95),
    ("eventoutcome", 100),
    ("resulttype", 80),
    ("decision", 80),
    ("allowed", 80),
    ("actionstatus", 85),
    ("operationresult", 95),
    ("activityresult", 90),
    ("requeststatus", 75),
    ("loginstatus", 80),
    ("state", 30),
];

const SESSIONS: &[(&str, i32)] = &[
    ("sessionid", 100),
    ("sessionuuid", 100),
    ("session", 90),
    ("sessionkey", 90),
    ("sid", 80),
    ("externalsessionid", 95),
    ("loginid", 60),
    ("loginkey", 60),
    ("sessiontoken", 70),
    ("correlationid", 40),
];

const COUNTRIES: &[(&str, i32)] = &[
    ("country", 90),
    ("countrycode", 100),
    ("countryiso", 100),
    ("countryisocode", 100),
    ("geocountry", 95),
    ("countryname", 80),
    ("countryorregion", 90),
    ("srccountry", 95),
    ("sourcecountry", 95),
    ("actorcountry", 95),
    ("isocode", 60),
];

const AGENTS: &[(&str, i32)] = &[
    ("useragent", 100),
    ("rawuseragent", 100),
    ("useragentstring", 100),
    ("ua", 95),
    ("clientuseragent", 100),
    ("requestuseragent", 100),
    ("callersuppliedua", 100),
    ("callersupplieduseragent", 100),
    ("browser", 60),
    ("browsertype", 60),
    ("browsername", 60),
    ("device", 40),
    ("client", 40),
    ("clientinfo", 50),
    ("clientname", 40),
];

fn of(column: &Column, table: &[(&str, i32)]) -> i32 {
    let (last, pair) = (column.last(), column.pair());
    table
        .iter()
        .filter(|(name, _)| *name == last || *name == pair)
        .map(|(_, weight)| *weight)
        .max()
        .unwrap_or(0)
}

fn has(column: &Column, words: &[&str]) -> bool {
    column
        .words
        .iter()
        .flatten()
        .any(|w| words.contains(&w.as_str()))
}

fn outer(column: &Column, words: &[&str]) -> bool {
    let to = column.words.len().saturating_sub(1);
    column.words[..to]
        .iter()
        .flatten()
        .any(|w| words.contains(&w.as_str()))
}

/// Objects of an event that are something else than who did it.
const OTHERS: &[&str] = &[
    "target",
    "targets",
    "object",
    "resource",
    "resources",
    "affected",
    "recipient",
    "recipients",
    "invitee",
    "device",
    "geo",
    "location",
    "agent",
    "useragent",
    "browser",
    "response",
    "config",
    "new",
    "old",
    "previous",
    "before",
    "after",
    "changes",
    "changed",
];

pub(crate) fn time(column: &Column) -> i32 {
    let mut score = of(column, TIMES);
    if score == 0
        && has(
            column,
            &[
                "time",
                "date",
                "timestamp",
                "datetime",
                "created",
                "occurred",
            ],
        )
    {
        score = 40;
    }
    let late = [
        "expire",
        "expires",
        "expiry",
        "expiration",
        "end",
        "ended",
        "updated",
        "modified",
        "last",
        "received",
        "processed",
        "ingested",
        "indexed",
        "deleted",
        "due",
        "valid",
        "until",
        "login",
        "birth",
        "issue",
        "next",
        "process",
    ];
    if has(column, &late) {
        score -= 35;
    }
    if outer(column, OTHERS) || outer(column, &["session", "context", "user", "actor", "request"]) {
        score -= 30;
    }
    score
}

pub(crate) fn action(column: &Column) -> i32 {
    let mut score = of(column, ACTIONS);
    let owners = [
        "actor",
        "user",
        "author",
        "entity",
        "group",
        "app",
        "application",
        "file",
        "auth",
        "policy",
        "request",
    ];
    let last = column.last();
    if outer(column, OTHERS)
        || outer(column, &owners)
            && matches!(
                last.as_str(),
                "type" | "name" | "kind" | "code" | "category" | "method"
            )
    {
        score -= 80;
    }
    if has(column, &["error", "reason", "mime", "content", "severity"]) {
        score -= 60;
    }
    score
}

pub(crate) fn outcome(column: &Column) -> i32 {
    let score = of(column, OUTCOMES);
    if outer(column, OTHERS) {
        score - 40
    } else {
        score
    }
}

pub(crate) fn session(column: &Column) -> i32 {
    of(column, SESSIONS)
}

pub(crate) fn country(column: &Column) -> i32 {
    let score = of(column, COUNTRIES);
    let other = [
        "target",
        "object",
        "destination",
        "dest",
        "dst",
        "resource",
        "auth",
    ];
    if has(column, &other) {
        score - 60
    } else {
        score
    }
}

pub(crate) fn agent(column: &Column) -> i32 {
    of(column, AGENTS)
}

pub(crate) fn address(column: &Column) -> i32 {
    let last = column.last();
    let mut score = 20;
    if has(column, &["ip", "ipaddress", "ipv4", "address", "addr"]) || last.ends_with("ip") {
        score += 30;
    }
    if has(
        column,
        &[
            "source", "src", "client", "remote", "actor", "caller", "user", "request", "origin",
            "login", "from",
        ],
    ) || ["src", "client", "remote", "user", "caller", "source"]
        .iter()
        .any(|w| last.starts_with(w))
    {
        score += 30;
    }
    let wrong = [
        "dest",
        "destination",
        "dst",
        "target",
        "server",
        "local",
        "private",
        "internal",
        "resource",
        "proxy",
        "relay",
        "relays",
        "gateway",
        "host",
        "dns",
        "nat",
        "to",
        "new",
        "old",
        "previous",
        "auth",
        "download",
        "lhs",
        "rhs",
        "rule",
        "policy",
        "settings",
    ];
    if has(column, &wrong) || last.starts_with("dst") || last.starts_with("dest") {
        score -= 45;
    }
    score - 2 * column.depth() as i32
}

/// How much a column's keys say that it is about who acted.
pub(crate) fn actor(column: &Column) -> i32 {
    const WHO: &[(&str, i32)] = &[
        ("actor", 100),
        ("actors", 100),
        ("initiator", 100),
        ("initiatedby", 100),
        ("performer", 100),
        ("performedby", 100),
        ("acting", 100),
        ("executedby", 95),
        ("triggeredby", 90),
        ("author", 90),
        ("authors", 90),
        ("principal", 85),
        ("caller", 85),
        ("requester", 85),
        ("requestor", 85),
        ("requestedby", 85),
        ("operator", 95),
        ("invoker", 85),
        ("who", 90),
        ("whodunnit", 100),
        ("createdby", 75),
        ("changedby", 85),
        ("modifiedby", 80),
        ("updatedby", 75),
        ("admin", 80),
        ("adminid", 85),
        ("administrator", 80),
        ("identity", 75),
        ("useridentity", 85),
        ("user", 72),
        ("usr", 65),
        ("username", 76),
        ("userid", 75),
        ("useremail", 76),
        ("suser", 80),
        ("susername", 80),
        ("usrname", 76),
        ("userkey", 60),
        ("login", 50),
        ("auth", 60),
        ("authentication", 60),
        ("employee", 62),
        ("staff", 62),
        ("member", 48),
        ("person", 48),
        ("account", 42),
        ("accountname", 42),
        ("subject", 40),
        ("by", 60),
        ("upn", 70),
        ("issuer", 40),
        ("email", 42),
        ("mail", 40),
        ("emailaddress", 42),
        ("owner", 15),
        ("uid", 45),
        ("participant", 50),
    ];
    const NOT: &[&str] = &[
        "target",
        "targets",
        "object",
        "resource",
        "resources",
        "affected",
        "associated",
        "recipient",
        "recipients",
        "invited",
        "invitee",
        "new",
        "old",
        "previous",
        "before",
        "after",
        "to",
        "assignee",
        "device",
        "host",
        "hostname",
        "group",
        "groups",
        "team",
        "org",
        "organization",
        "organisation",
        "tenant",
        "company",
        "project",
        "repo",
        "repository",
        "file",
        "folder",
        "document",
        "app",
        "application",
        "role",
        "policy",
        "agent",
        "useragent",
        "location",
        "geo",
        "domain",
        "timezone",
        "count",
        "url",
        "avatar",
        "uri",
        "href",
        "links",
        "browser",
        "os",
        "changes",
        "changed",
        "vault",
        "item",
        "ip",
        "address",
        "time",
        "timestamp",
        "date",
        "token",
        "modified",
        "permissions",
        "raw",
    ];
    let mut best = 0;
    for key in &column.words {
        let joined = key.concat();
        for (word, weight) in WHO {
            if joined == *word || key.iter().any(|w| w == word) || two(key, word) {
                best = best.max(*weight);
            }
        }
        if key.iter().any(|w| NOT.contains(&w.as_str()))
            && !matches!(
                joined.as_str(),
                "emailaddress" | "mailaddress" | "updatedby" | "modifiedby" | "lastmodifiedby"
            )
        {
            best -= 110;
        }
        if key
            .iter()
            .any(|w| w == "session" || w == "client" || w == "response")
        {
            best -= 25;
        }
    }
    if best <= 0 {
        best
    } else {
        best - 2 * column.depth() as i32
    }
}

/// Whether two words of a key stand for one: `initiated by`.
fn two(key: &[String], word: &str) -> bool {
    key.windows(2).any(|w| w.concat() == *word)
}

/// What a column is of an actor or an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Id,
    Name,
    Kind,
}

/// By the last word of its name.
pub(crate) fn part(column: &Column) -> Part {
    let last = column
        .words
        .last()
        .and_then(|w| w.last())
        .map_or("", String::as_str);
    let joined = column.last();
    match last {
        "type" | "kind" | "model" | "class" | "role" | "category" => Part::Kind,
        "id" | "uid" | "uuid" | "guid" | "key" | "sid" | "arn" | "sub" | "identifier"
        | "number" => Part::Id,
        _ if joined.ends_with("uuid")
            || joined.ends_with("userid")
            || joined.ends_with("actorid") =>
        {
            Part::Id
        }
        _ => Part::Name,
    }
}

/// How much a column's keys say that it is about the audited object.
pub(crate) fn object(column: &Column) -> i32 {
    const WHAT: &[(&str, i32)] = &[
        ("target", 100),
        ("targets", 100),
        ("object", 92),
        ("objects", 92),
        ("objectref", 92),
        ("resource", 92),
        ("resources", 92),
        ("affected", 92),
        ("entity", 88),
        ("entities", 88),
        ("record", 78),
        ("item", 72),
        ("asset", 70),
        ("model", 70),
        ("table", 60),
        ("subject", 45),
        ("document", 62),
        ("doc", 60),
        ("file", 62),
        ("filename", 62),
        ("folder", 55),
        ("repo", 58),
        ("repository", 58),
        ("bucket", 55),
        ("recipient", 50),
        ("associated", 60),
        ("project", 45),
        ("cluster", 40),
        ("group", 38),
        ("path", 30),
        ("vault", 40),
        ("application", 32),
        ("app", 30),
    ];
    const NOT: &[&str] = &[
        "actor",
        "initiated",
        "author",
        "agent",
        "geo",
        "location",
        "request",
        "count",
        "version",
        "time",
        "date",
        "timestamp",
        "ip",
        "org",
        "organization",
        "links",
        "old",
        "new",
        "changes",
        "changed",
        "modified",
    ];
    let mut best = 0;
    for key in &column.words {
        for (word, weight) in WHAT {
            if key.iter().any(|w| w == word) || key.concat() == *word {
                best = best.max(*weight);
            }
        }
        if key.iter().any(|w| NOT.contains(&w.as_str())) {
            best -= 100;
        }
    }
    if best <= 0 {
        best
    } else {
        best - 2 * column.depth() as i32
    }
}
