//! What a column is called, where it speaks of somebody or of something: who acted, and what was acted on.
//!
//! Owns: the words and their weights. Never touches: values.

use super::{
    column::Column,
    names::{OTHERS, has, outer},
    tongues,
};

/// Whether a key around it is the word `on` alone: what something was done on.
pub(super) fn on(column: &Column) -> bool {
    let to = column.words.len().saturating_sub(1);
    column.words[..to].iter().any(|key| key.concat() == "on")
}

/// Whether a column without a telling name may hold what was done: it speaks neither of somebody nor of something, and is
/// no text for people.
pub(crate) fn may_be_deed(column: &Column) -> bool {
    let prose = [
        "message",
        "msg",
        "description",
        "details",
        "detail",
        "text",
        "summary",
        "reason",
        "comment",
        "note",
        "notes",
        "info",
        "title",
        "url",
        "uri",
        "path",
        "query",
        "permission",
        "permissions",
        "scope",
        "scopes",
        "role",
        "roles",
    ];
    actor(column) < 40
        && object(column) < 40
        && !on(column)
        && !outer(column, OTHERS)
        && !has(column, &prose)
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
        ("approver", 78),
        ("author", 90),
        ("authors", 90),
        ("principal", 85),
        ("caller", 85),
        ("requester", 85),
        ("requestor", 85),
        ("requestedby", 85),
        ("operator", 95),
        ("agent", 62),
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
        // What somebody has, or where somebody is, is not who somebody is.
        "country",
        "countrycode",
        "region",
        "city",
        "continent",
        "department",
        "dept",
        "division",
        "office",
        "title",
        "manager",
        "supervisor",
        "status",
        "phone",
        "mobile",
        "locale",
        "language",
        "isp",
        "asn",
        "plan",
        "level",
    ];
    let mut best = if tongues::is_one(column, tongues::ACTORS) {
        80
    } else {
        0
    };
    for key in &column.words {
        let joined = key.concat();
        for (word, weight) in WHO {
            if joined == *word || key.iter().any(|w| w == word) || two(key, word) {
                best = best.max(*weight);
            }
        }
        if is_by(key) {
            best = best.max(76);
        }
        let of_another = ["target", "to", "new", "old"]
            .iter()
            .any(|word| joined.starts_with(word));
        if joined.ends_with("username") && !of_another {
            best = best.max(70);
        }
        if key.iter().any(|w| NOT.contains(&w.as_str()))
            && !matches!(joined.as_str(), "emailaddress" | "mailaddress")
            && !is_by(key)
            && !is_agent(column)
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
    // `customer.email` is as little of who acted as `customer_email`.
    if column
        .words
        .iter()
        .any(|key| !is_by(key) && key.iter().any(|w| SERVED.contains(&w.as_str())))
    {
        best -= 110;
    }
    if best <= 0 {
        best
    } else {
        best - 2 * column.depth() as i32
    }
}

/// People for whom something is done, and who do nothing in a log of those who work there.
pub(super) const SERVED: &[&str] = &[
    "customer",
    "customers",
    "payer",
    "payee",
    "buyer",
    "beneficiary",
    "patient",
    "cardholder",
    "contact",
    "recipient",
    "subscriber",
    "guest",
];

/// Whether a key says by whom: `changed by`, `lastModifiedBy`.
fn is_by(key: &[String]) -> bool {
    matches!(key, [.., one, by] if by == "by" && one != "order" && one != "sort")
        || matches!(key, [one] if one.len() > 4 && one.ends_with("edby"))
}

/// Whether it is somebody who works there, as `agent` is beside a call or a payment, and no program that sends requests.
fn is_agent(column: &Column) -> bool {
    matches!(column.words.as_slice(), [key] if key.concat() == "agent")
        && column.agents < 0.1
        && column.urls < 0.1
        && column.letters > 0.5
        && column.longest <= 60
}

/// Whether it is the mail address of an owner, who need not be who acted.
pub(super) fn is_owners_mail(column: &Column) -> bool {
    has(column, &["owner"]) && has(column, &["email", "mail", "emailaddress"])
}

/// Whether the object around it is a person.
pub(super) fn in_person(column: &Column) -> bool {
    const PEOPLE: &[&str] = &[
        "user",
        "employee",
        "member",
        "person",
        "staff",
        "client",
        "candidate",
        "student",
        "driver",
        "worker",
        "colleague",
    ];
    let around = column.words.len().checked_sub(2);
    around.is_some_and(|at| PEOPLE.contains(&column.words[at].concat().as_str()))
        || has(column, SERVED)
}

/// Whether a key speaks of somebody for whom something was done.
pub(super) fn is_served(column: &Column) -> bool {
    has(column, SERVED)
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
        "type" | "tipo" | "kind" | "model" | "class" | "role" | "category" => Part::Kind,
        "id" | "uid" | "uuid" | "guid" | "key" | "sid" | "arn" | "sub" | "identifier"
        | "number" | "ref" | "reference" => Part::Id,
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
        ("customer", 52),
        ("payer", 52),
        ("payee", 52),
        ("buyer", 52),
        ("beneficiary", 52),
        ("patient", 52),
        ("cardholder", 52),
        ("subscriber", 52),
        ("contact", 46),
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
    let mut best = match () {
        () if tongues::is_one(column, tongues::OBJECTS) => 85,
        () if tongues::is_in(column, tongues::OBJECTS) => 80,
        () if on(column) => 80,
        () => 0,
    };
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
    // Where an object lies says less than what it is.
    let place = [
        "schema", "catalog", "owner", "path", "url", "version", "size", "status",
    ];
    if let Some(last) = column.words.last().and_then(|key| key.last())
        && column.words.iter().map(Vec::len).sum::<usize>() > 1
        && place.contains(&last.as_str())
    {
        best -= 12;
    }
    if best <= 0 {
        best
    } else {
        best - 2 * column.depth() as i32
    }
}
