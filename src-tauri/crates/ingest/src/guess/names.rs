//! What a column is called, and how much that says of what it is for.
//!
//! Owns: the words and their weights. Never touches: values.

use super::{column::Column, parties::on, tongues};
use witnessmark_model::Zone;

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
    ("evt", 90),
    ("eventsname", 98),
    ("eventaction", 99),
    ("operationname", 97),
    ("activitydisplayname", 97),
    ("actionname", 97),
    ("op", 88),
    ("did", 90),
    ("actionperformed", 97),
    ("performedaction", 97),
    ("operationperformed", 95),
    ("activityperformed", 95),
    ("whathappened", 92),
    ("eventkey", 85),
    ("actioncode", 80),
    ("actionid", 70),
    ("eventlabel", 85),
    ("eventtitle", 75),
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
    ("ok", 95),
    ("isok", 95),
    ("permitted", 80),
    ("granted", 80),
    ("statuscode", 60),
    ("httpstatus", 60),
    ("httpstatuscode", 60),
    ("responsecode", 60),
    ("responsestatus", 70),
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
    ("sess", 85),
    ("sessid", 95),
    ("sessionref", 90),
    ("sessionnumber", 85),
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
    ("clientagent", 90),
    ("requestagent", 90),
    ("httpuseragent", 100),
    ("device", 40),
    ("client", 40),
    ("clientinfo", 50),
    ("clientname", 40),
];

pub(super) const ORGANIZATIONS: &[&str] = &[
    "organization",
    "organizationname",
    "organisation",
    "organisationname",
    "org",
    "orgname",
    "tenant",
    "tenantname",
    "merchant",
    "merchantname",
    "company",
    "companyname",
    "workspace",
    "workspacename",
    "accountname",
    "realmname",
];
pub(super) const ORGANIZATION_IDS: &[&str] = &[
    "organizationid",
    "organisationid",
    "orgid",
    "tenantid",
    "merchantid",
    "companyid",
    "workspaceid",
    "accountid",
    "customerid",
    "realmid",
    "teamid",
    "projectid",
];
pub(super) const ERRORS: &[&str] = &["errormessage", "error", "errordescription", "failurereason"];
pub(super) const ERROR_TYPES: &[&str] = &["errortype", "errorcode", "errorname", "exceptiontype"];
pub(super) const REASONS: &[&str] = &[
    "reason",
    "outcomereason",
    "statusreason",
    "resultreason",
    "resultdescription",
];
pub(super) const ENVIRONMENTS: &[&str] = &["environment", "env"];
pub(super) const VERSIONS: &[&str] = &["sdkversion", "apiversion", "appversion", "clientversion"];
pub(super) const SERVICES: &[&str] = &[
    "service",
    "servicename",
    "eventsource",
    "workload",
    "appname",
    "applicationname",
    "source",
];
pub(super) const CITIES: &[&str] = &["city", "cityname", "geocity"];
pub(super) const MESSAGES: &[&str] = &[
    "message",
    "details",
    "description",
    "detail",
    "comment",
    "note",
    "text",
    "summary",
    "eventinfo",
];
pub(super) const EVENT_IDS: &[&str] = &[
    "id",
    "eventid",
    "uuid",
    "logid",
    "auditid",
    "eventuuid",
    "requestid",
    "externalid",
    "entryid",
    "auditlogid",
    "insertid",
    "auditeventid",
    "activityid",
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

pub(super) fn has(column: &Column, words: &[&str]) -> bool {
    column
        .words
        .iter()
        .flatten()
        .any(|w| words.contains(&w.as_str()))
}

pub(super) fn outer(column: &Column, words: &[&str]) -> bool {
    let to = column.words.len().saturating_sub(1);
    column.words[..to]
        .iter()
        .flatten()
        .any(|w| words.contains(&w.as_str()))
}

/// Objects of an event that are something else than who did it.
pub(super) const OTHERS: &[&str] = &[
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

/// Whether an id is of the event itself: it stands at the top, or in an object that is the event or its envelope.
pub(crate) fn of_event(column: &Column) -> bool {
    const EVENT: &[&str] = &[
        "event",
        "events",
        "audit",
        "auditlog",
        "log",
        "entry",
        "activity",
        "meta",
        "metadata",
        "header",
        "envelope",
        "record",
        "_source",
        "source",
        "data",
        "attributes",
        "payload",
        "message",
    ];
    match column.words.as_slice() {
        [_] => true,
        [outer, _] => outer.iter().all(|word| EVENT.contains(&word.as_str())),
        _ => false,
    }
}

pub(crate) fn time(column: &Column) -> i32 {
    let mut score = of(column, TIMES);
    if score == 0 && tongues::is_one(column, tongues::TIMES) {
        score = 88;
    }
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
    // `UDATE` and `LOGDATE` are one word each.
    if score == 0 && column.days >= 0.9 && column.last().ends_with("date") {
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

/// Whether a name is one of a clock reading, as it stands beside a day.
pub(crate) fn clock(column: &Column) -> bool {
    let last = column
        .words
        .last()
        .map(|key| key.concat())
        .unwrap_or_default();
    has(column, &["time", "clock", "hour", "hours"])
        || last.ends_with("time")
        || [
            "uhrzeit", "zeit", "heure", "hora", "ora", "tijd", "時刻", "时间", "시각",
        ]
        .contains(&last.as_str())
}

/// The zone that a name tells of its times: `Timestamp (UTC)`, `eventTimeUtc`, `Time (UTC+8)`, `Time (Asia/Manila)`.
pub(crate) fn zone(column: &Column) -> Option<Zone> {
    // What stands in brackets is not cut at capitals and signs.
    let bracketed = column.name.trim_end().strip_suffix([')', ']']);
    if let Some((_, inside)) = bracketed.and_then(|name| name.rsplit_once(['(', '['])) {
        let inside = inside.trim();
        let offset = ["UTC", "GMT"]
            .iter()
            .find_map(|word| inside.strip_prefix(word));
        return match offset.map(str::trim) {
            Some("") => Some(Zone::UTC),
            Some(offset) => fixed(offset),
            None if inside.contains('/') || inside.starts_with(['+', '-']) => {
                Zone::parse(inside).or_else(|| fixed(inside))
            }
            None => None,
        };
    }
    let last = column.words.last()?;
    let says = last.iter().any(|word| word == "utc" || word == "gmt")
        || last.concat().ends_with("timeutc")
        || last.concat().ends_with("dateutc");
    // `UTC offset` is no time of its own; only times are asked.
    says.then_some(Zone::UTC)
}

/// `+8`, `+08:00`, `-0530`.
fn fixed(text: &str) -> Option<Zone> {
    let (sign, digits) = (text.get(..1)?, text.get(1..)?.replace(':', ""));
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.as_str(), "00"),
        4 => digits.split_at(2),
        _ => return None,
    };
    Zone::parse(&format!("{sign}{hours:0>2}:{minutes}"))
}

pub(crate) fn action(column: &Column) -> i32 {
    let mut score = of(column, ACTIONS);
    if score < 60 && tongues::is_one(column, tongues::ACTIONS) {
        score = 88;
    }
    if on(column) {
        score -= 80;
    }
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
    let mut score = of(column, OUTCOMES);
    if score == 0 && tongues::is_one(column, tongues::OUTCOMES) {
        score = 85;
    }
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
        "customer",
        "payer",
        "payee",
        "beneficiary",
        "patient",
        "cardholder",
        "subscriber",
    ];
    if has(column, &wrong) || last.starts_with("dst") || last.starts_with("dest") {
        score -= 45;
    }
    score - 2 * column.depth() as i32
}
