//! A profile for a log that nobody described, good enough to work with at once.
//!
//! Owns: finding time, actor, action, target, address, session and outcome by name, shape and distribution of the values.
//! Never touches: values that no column clearly gives; it leaves a field empty rather than invent one.

mod shape;

use crate::{entry::Entry, mapping::walk::folded, profile::Profile};
use shape::{Column, columns};
use std::{fmt::Write, sync::Arc};

/// A guessed profile.
#[derive(Debug)]
pub(crate) struct Guess {
    pub(crate) profile: Arc<Profile>,
    /// From 0 to 1, never as much as a recognised profile has.
    pub(crate) confidence: f64,
    pub(crate) reasons: Vec<String>,
}

const TIMES: &[&str] = &[
    "timestamp",
    "eventtime",
    "time",
    "datetime",
    "eventtimestamp",
    "occurredat",
    "createdat",
    "created",
    "date",
    "when",
    "activitydate",
    "loggedat",
    "eventdate",
    "published",
    "logtime",
    "recordedat",
    "at",
    "ts",
    "updatedat",
    "creationtime",
    "datecreated",
    "dateandtime",
    "activitydatetime",
];
const ACTIONS: &[&str] = &[
    "action",
    "eventname",
    "eventaction",
    "event",
    "activity",
    "operation",
    "eventtype",
    "actiontype",
    "actionname",
    "operationname",
    "activitydisplayname",
    "eventactionname",
    "activitytype",
    "verb",
    "type",
    "method",
    "methodname",
    "name",
    "category",
    "summary",
    "what",
];
const EMAILS: &[&str] = &[
    "actoremail",
    "useremail",
    "email",
    "emailofteammember",
    "emailaddress",
    "mail",
    "loginemail",
    "userprincipalname",
    "upn",
];
const NAMES: &[&str] = &[
    "actorname",
    "actor",
    "username",
    "user",
    "login",
    "displayname",
    "userdisplayname",
    "performedby",
    "author",
    "member",
    "teammember",
    "operator",
    "principal",
    "admin",
    "account",
    "who",
    "createdby",
    "initiatedby",
    "by",
    "caller",
    "employee",
    "actordisplayname",
    "userloginname",
    "changedby",
    "modifiedby",
];
const IDS: &[&str] = &[
    "actorid",
    "userid",
    "actoruuid",
    "useruuid",
    "uid",
    "principalid",
    "memberid",
    "employeeid",
    "accountid",
    "authorid",
    "actoruserid",
];
const OUTCOMES: &[&str] = &[
    "outcome",
    "result",
    "status",
    "success",
    "outcomeresult",
    "resultstatus",
    "succeeded",
    "issuccess",
    "decision",
    "actionresult",
];
const SESSIONS: &[&str] = &[
    "sessionid",
    "session",
    "sid",
    "externalsessionid",
    "sessionuuid",
    "loginid",
];
const TARGET_IDS: &[&str] = &[
    "targetid",
    "objectid",
    "resourceid",
    "recordid",
    "entityid",
    "itemid",
    "documentid",
    "subjectid",
    "resource",
    "targetuuid",
];
const TARGET_NAMES: &[&str] = &[
    "target",
    "targetname",
    "object",
    "objectname",
    "resourcename",
    "entity",
    "entityname",
    "item",
    "itemname",
    "record",
    "affected",
    "filename",
    "associatedentity",
];
const TARGET_TYPES: &[&str] = &[
    "targettype",
    "objecttype",
    "resourcetype",
    "entitytype",
    "itemtype",
    "model",
    "recordtype",
    "table",
    "subjecttype",
];
const MESSAGES: &[&str] = &[
    "message",
    "details",
    "description",
    "detail",
    "comment",
    "note",
    "text",
    "summary",
    "reason",
];
const EVENT_IDS: &[&str] = &[
    "id",
    "eventid",
    "uuid",
    "logid",
    "auditid",
    "eventuuid",
    "requestid",
    "externalid",
    "entryid",
];

struct Writer {
    fields: String,
    reasons: Vec<String>,
    used: Vec<String>,
}

impl Writer {
    fn take(&mut self, field: &str, column: &Column, why: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.fields, "{} = {}", quoted(field), quoted(&column.path));
        self.note(field, column, why);
    }

    fn note(&mut self, field: &str, column: &Column, why: &str) {
        self.reasons
            .push(format!("{field} from `{}`: {why}", column.name));
        self.used.push(column.path.clone());
    }

    fn free<'c>(&self, columns: &'c [Column]) -> Vec<&'c Column> {
        columns
            .iter()
            .filter(|c| !self.used.contains(&c.path))
            .collect()
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The column that comes first in a list of names and passes a test of its values. The last key of a nested path counts,
/// and the two last together, so `actor.email` is found as `actoremail`.
fn by_name<'c>(
    columns: &[&'c Column],
    names: &[&str],
    test: impl Fn(&Column) -> bool,
) -> Option<&'c Column> {
    names.iter().find_map(|name| {
        columns
            .iter()
            .filter(|c| c.keys.iter().any(|k| k == name) && test(c))
            .min_by_key(|c| c.depth)
            .copied()
    })
}

/// Guesses a profile from the first entries of a source; absent when neither a time nor anything else stands out.
pub(crate) fn guess(sample: &[Entry<'_>]) -> Option<Guess> {
    let columns = columns(sample);
    let mut w = Writer {
        fields: String::new(),
        reasons: Vec::new(),
        used: Vec::new(),
    };
    let all: Vec<&Column> = columns.iter().collect();
    let time = by_name(&all, TIMES, |c| c.times >= 0.6).or_else(|| {
        all.iter()
            .copied()
            .filter(|c| c.times >= 0.9 && !c.numeric())
            .min_by_key(|c| c.depth)
    });
    if let Some(column) = time {
        w.note(
            "@timestamp",
            column,
            &format!("{} of its values are times", percent(column.times)),
        );
    }
    let agents = by_name(
        &w.free(&columns),
        &[
            "useragent",
            "rawuseragent",
            "ua",
            "browser",
            "client",
            "device",
            "clientuseragent",
            "requestuseragent",
        ],
        |c| !c.numeric() && c.ips < 0.5,
    )
    .or_else(|| w.free(&columns).into_iter().find(|c| c.agents >= 0.5));
    if let Some(c) = agents {
        w.take(
            "user_agent.original",
            c,
            "its name or values are of user agents",
        );
    }
    let ip = {
        let free = w.free(&columns);
        let named = |c: &&&Column| {
            [
                "source", "client", "remote", "actor", "ip", "caller", "request",
            ]
            .iter()
            .any(|n| folded(&c.name).contains(n))
        };
        let mut ips: Vec<&Column> = free.into_iter().filter(|c| c.ips >= 0.6).collect();
        ips.sort_by_key(|c| (!named(&c), c.depth));
        ips.first().copied()
    };
    if let Some(c) = ip {
        w.take(
            "source.ip",
            c,
            &format!("{} of its values are addresses", percent(c.ips)),
        );
    }
    let action = by_name(&w.free(&columns), ACTIONS, |c| {
        c.texts
            && c.times < 0.5
            && c.ips < 0.5
            && c.emails < 0.5
            && c.longest <= 160
            && (c.filled < 8
                || c.distinct * 10 <= c.filled * 8
                || c.longest <= 60 && columns.len() <= 3)
    });
    if let Some(c) = action {
        w.take(
            "event.action",
            c,
            &format!("{} distinct values in {} entries", c.distinct, c.filled),
        );
    }
    let email = by_name(&w.free(&columns), EMAILS, |c| c.emails >= 0.5)
        .or_else(|| by_name(&w.free(&columns), NAMES, |c| c.emails >= 0.5))
        .or_else(|| w.free(&columns).into_iter().find(|c| c.emails >= 0.8));
    if let Some(c) = email {
        w.take(
            "user.email",
            c,
            &format!("{} of its values are mail addresses", percent(c.emails)),
        );
    }
    if let Some(c) = by_name(&w.free(&columns), NAMES, |c| {
        c.texts && c.times < 0.5 && c.ips < 0.5 && c.longest <= 200
    }) {
        w.take("user.name", c, "its name is one of an actor");
    }
    for (field, names, why) in [
        ("user.id", IDS, "its name is one of an actor's id"),
        ("session.id", SESSIONS, "its name is one of a session"),
        (
            "organization.name",
            &[
                "organization",
                "organizationname",
                "organisation",
                "org",
                "tenant",
                "tenantname",
                "merchant",
                "merchantname",
                "company",
                "workspace",
                "accountname",
            ],
            "its name is one of an organisation",
        ),
        (
            "source.geo.country_iso_code",
            &["country", "countrycode", "countryiso", "geocountry"],
            "its name is one of a country",
        ),
        (
            "error.message",
            &["errormessage", "error", "errordescription", "failurereason"],
            "its name is one of an error",
        ),
        (
            "service.environment",
            &["environment", "env"],
            "its name is one of an environment",
        ),
    ] {
        if let Some(c) = by_name(&w.free(&columns), names, |c| {
            c.times < 0.5 && c.longest <= 500
        }) {
            w.take(field, c, why);
        }
    }
    if let Some(c) = by_name(&w.free(&columns), OUTCOMES, |c| {
        c.distinct <= 12 && c.times < 0.5
    }) {
        w.take(
            "event.outcome",
            c,
            &format!("{} distinct values", c.distinct),
        );
    }
    if let Some(c) = by_name(&w.free(&columns), EVENT_IDS, |c| {
        c.filled > 0 && c.distinct == c.filled && c.times < 0.5 && c.depth == 0
    }) {
        w.take("event.id", c, "every value is there once");
    }
    let mut target = String::new();
    for (key, field, names) in [
        ("type", "target.type", TARGET_TYPES),
        ("id", "target.id", TARGET_IDS),
        ("name", "target.name", TARGET_NAMES),
    ] {
        if let Some(c) = by_name(&w.free(&columns), names, |c| c.times < 0.5) {
            let _ = writeln!(target, "{key} = {}", quoted(&c.path));
            w.note(field, c, "its name is one of an audited object");
        }
    }
    if let Some(c) = by_name(&w.free(&columns), MESSAGES, |c| c.times < 0.5) {
        w.take("message", c, "its name is one of a description");
    }
    let acts = action.is_some() || email.is_some() || w.fields.contains("user.name");
    if time.is_none() && !acts {
        return None;
    }
    let at = time.map_or_else(|| "\"\\\"\\\"\"".to_owned(), |c| quoted(&c.path));
    let mut text = format!(
        "language = 1\n[profile]\nid = \"guess\"\nversion = 1\ntitle = \"Guessed mapping\"\nabsent = [\"-\", \"N/A\", \"n/a\", \"null\", \"None\"]\nblind_spots = [\"The mapping was guessed from names and values; nobody described what this log leaves out.\"]\n[time]\nvalue = {at}\n[fields]\n{}",
        w.fields
    );
    if !target.is_empty() {
        let _ = write!(text, "[[target]]\n{target}");
    }
    text.push_str(VERBS);
    // A header that even quotes cannot hold gives no profile, and the entries stay as they are.
    let profile = Profile::parse("guess.toml", &text).ok()?;
    let found = [time.is_some(), action.is_some(), acts];
    Some(Guess {
        profile: Arc::new(profile),
        confidence: 0.2 + 0.1 * found.iter().filter(|f| **f).count() as f64,
        reasons: w.reasons,
    })
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Words that mean the same in every log.
const VERBS: &str = r#"
[verbs]
"*login*fail*" = { category = "authentication", operation = "authenticate", outcome = "failure" }
"*fail*login*" = { category = "authentication", operation = "authenticate", outcome = "failure" }
"*login*" = { category = "authentication", operation = "authenticate" }
"*logged in*" = { category = "authentication", operation = "authenticate" }
"*signin*" = { category = "authentication", operation = "authenticate" }
"*sign-in*" = { category = "authentication", operation = "authenticate" }
"*sign in*" = { category = "authentication", operation = "authenticate" }
"*logout*" = { category = "session", operation = "logout" }
"*logged out*" = { category = "session", operation = "logout" }
"*sign out*" = { category = "session", operation = "logout" }
"*creat*" = { category = "other", operation = "create" }
"*add*" = { category = "other", operation = "create" }
"*updat*" = { category = "other", operation = "update" }
"*chang*" = { category = "other", operation = "update" }
"*edit*" = { category = "other", operation = "update" }
"*modif*" = { category = "other", operation = "update" }
"*delet*" = { category = "other", operation = "delete" }
"*remov*" = { category = "other", operation = "delete" }
"*export*" = { category = "data", operation = "export" }
"*download*" = { category = "data", operation = "export" }
"*import*" = { category = "data", operation = "import" }
"*upload*" = { category = "data", operation = "import" }
"*view*" = { category = "data", operation = "read" }
"*read*" = { category = "data", operation = "read" }
"*list*" = { category = "data", operation = "list" }
"*invit*" = { category = "iam", operation = "invite" }
"*grant*" = { category = "iam", operation = "grant" }
"*revok*" = { category = "iam", operation = "revoke" }
"*approv*" = { category = "other", operation = "approve" }
"*reject*" = { category = "other", operation = "reject" }
"#;
