//! Logs made for checklists: a quiet office, the same with an intruder, and two days of it.
//!
//! Owns: these logs, in the shape of our own events, so that each says exactly what is meant. Never touches: what is asked.

use serde_json::{Value, json};

/// Days since the first of March 2024, with hour and minute.
pub(crate) fn at(day: u32, hour: u32, minute: u32) -> String {
    let date =
        chrono::NaiveDate::from_ymd_opt(2024, 3, 1).unwrap() + chrono::Days::new(u64::from(day));
    format!("{date}T{hour:02}:{minute:02}:00Z")
}

/// Events, in order.
#[derive(Default)]
pub(crate) struct World {
    entries: Vec<Value>,
}

const OFFICE: &str = "203.0.113.45";
const AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
const OTHER_AGENT: &str = "python-requests/2.31";

impl World {
    fn add(&mut self, time: &str, who: &str, action: &str, event: Value, more: Value) -> &mut Self {
        let n = self.entries.len() + 1;
        let mut entry = json!({
            "@timestamp": time,
            "event": {"id": format!("e{n}"), "action": action},
            "user": {"id": who, "email": format!("{who}@example.com"), "type": "user"},
            "witnessmark": {"event": n, "source": 1, "entry": n, "leaf": "00"},
        });
        merge(&mut entry["event"], event);
        merge(&mut entry, more);
        self.entries.push(entry);
        self
    }

    /// A sign-in of a person at the office.
    pub(crate) fn sign_in(&mut self, day: u32, hour: u32, who: &str) -> &mut Self {
        let session = format!("s-{who}-{day}");
        self.add(&at(day, hour, 0), who, "user.login", json!({"category": "authentication", "operation": "authenticate", "outcome": "success"}), office(&session, OFFICE, "PH", AGENT))
    }

    /// A failed one from anywhere.
    pub(crate) fn failed(
        &mut self,
        day: u32,
        hour: u32,
        minute: u32,
        who: &str,
        ip: &str,
        country: &str,
    ) -> &mut Self {
        let mut place = office("", ip, country, AGENT);
        place.as_object_mut().unwrap().remove("session");
        self.add(&at(day, hour, minute), who, "user.login", json!({"category": "authentication", "operation": "authenticate", "outcome": "failure", "reason": "wrong password"}), place)
    }

    /// A sign-in of somebody who is not the person.
    pub(crate) fn intrude(&mut self, day: u32, hour: u32, who: &str) -> &mut Self {
        self.add(&at(day, hour, 0), who, "user.login", json!({"category": "authentication", "operation": "authenticate", "outcome": "success"}), office(&format!("x-{who}-{day}"), "198.51.100.77", "NL", OTHER_AGENT))
    }

    /// An act in the person's session of that day.
    pub(crate) fn act(
        &mut self,
        time: &str,
        who: &str,
        (action, category, operation): (&str, &str, &str),
        more: Value,
    ) -> &mut Self {
        let day = &time[..10];
        let first = chrono::NaiveDate::from_ymd_opt(2024, 3, 1).unwrap();
        let days = (day.parse::<chrono::NaiveDate>().unwrap() - first).num_days();
        let mut place = office(&format!("s-{who}-{days}"), OFFICE, "PH", AGENT);
        merge(&mut place, more);
        self.add(
            time,
            who,
            action,
            json!({"category": category, "operation": operation, "outcome": "success"}),
            place,
        )
    }

    /// An act in the intruder's session.
    pub(crate) fn intruder(
        &mut self,
        day: u32,
        minute: u32,
        who: &str,
        act: (&str, &str, &str),
        more: Value,
    ) -> &mut Self {
        let mut place = office(
            &format!("x-{who}-{day}"),
            "198.51.100.77",
            "NL",
            OTHER_AGENT,
        );
        merge(&mut place, more);
        self.add(
            &at(day, 3, minute),
            who,
            act.0,
            json!({"category": act.1, "operation": act.2, "outcome": "success"}),
            place,
        )
    }

    /// A program that acts with a key.
    pub(crate) fn program(&mut self, day: u32, ip: &str) -> &mut Self {
        let mut place = office("", ip, "PH", "billing/1.0");
        place.as_object_mut().unwrap().remove("session");
        merge(
            &mut place,
            json!({"user": {"id": "billing", "email": Value::Null, "type": "api"}}),
        );
        self.add(
            &at(day, 5, 0),
            "billing",
            "payment.read",
            json!({"category": "payment", "operation": "read", "outcome": "success"}),
            place,
        )
    }

    /// An error of an integration.
    pub(crate) fn error(
        &mut self,
        time: &str,
        kind: &str,
        message: &str,
        env: &str,
        version: &str,
    ) -> &mut Self {
        self.add(time, "", "API error", json!({"category": "error", "operation": "fail"}), json!({"user": Value::Null, "error": {"type": kind, "message": message}, "service": {"name": "API", "version": version, "environment": env}}))
    }

    /// One of everything that is asked for, weeks before the spans that are asked about.
    pub(crate) fn routine(&mut self) -> &mut Self {
        let of = |kind: &str, id: &str| json!({"target": [{"type": kind, "id": id}]});
        let acts: [(u32, &str, &str, &str, Value); 14] = [
            (2, "member.remove", "iam", "delete", of("user", "zed")),
            (3, "api_key.view", "credential", "read", of("api_key", "k1")),
            (
                4,
                "api_key.create",
                "credential",
                "create",
                of("api_key", "k2"),
            ),
            (
                5,
                "user.mfa.factor.activate",
                "credential",
                "create",
                json!({}),
            ),
            (6, "user.password.update", "credential", "update", json!({})),
            (
                7,
                "payout_account.update",
                "payout",
                "update",
                json!({"changes": [{"field": "bank.account", "kind": "updated", "old": "0", "new": "1"}]}),
            ),
            (8, "payout.schedule", "payout", "transfer", json!({})),
            (
                9,
                "user.email.update",
                "iam",
                "update",
                json!({"changes": [{"field": "email", "kind": "updated", "old": "b@example.com", "new": "bo@example.com"}]}),
            ),
            (10, "member.invite", "iam", "invite", of("user", "cy")),
            (11, "role.grant", "iam", "grant", of("user", "cy")),
            (12, "report.delete", "data", "delete", of("report", "0")),
            (
                13,
                "payments.export",
                "data",
                "export",
                of("payments", "march"),
            ),
            (
                14,
                "audit_log.settings.update",
                "configuration",
                "update",
                json!({}),
            ),
            (15, "user.session.revoke", "session", "revoke", json!({})),
        ];
        for (day, action, category, operation, more) in acts {
            self.act(&at(day, 9, 30), "bo", (action, category, operation), more);
        }
        self.failed(16, 8, 55, "bo", OFFICE, "PH");
        self.error(
            &at(17, 6, 10),
            "Validation failure",
            "Amount is invalid",
            "production",
            "1.0",
        );
        self
    }

    pub(crate) fn text(&self) -> String {
        let lines: Vec<String> = self.entries.iter().map(Value::to_string).collect();
        lines.join("\n") + "\n"
    }
}

fn office(session: &str, ip: &str, country: &str, agent: &str) -> Value {
    json!({"session": {"id": session}, "source": {"ip": ip, "geo": {"country_iso_code": country}}, "user_agent": {"original": agent}})
}

fn merge(into: &mut Value, more: Value) {
    match (into, more) {
        (Value::Object(into), Value::Object(more)) => {
            for (key, value) in more {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, more) => *into = more,
    }
}

/// Four people at work every day from the first day to the last, and a program.
pub(crate) fn office_days(first: u32, last: u32) -> World {
    let mut world = World::default();
    for day in first..=last {
        for (who, hour) in [("ann", 8), ("bo", 9), ("cy", 10), ("dee", 11)] {
            world.sign_in(day, hour, who);
            for minute in [20, 40] {
                world.act(
                    &at(day, hour, minute),
                    who,
                    ("invoice.read", "data", "read"),
                    json!({"target": [{"type": "invoice", "id": format!("i{day}")}]}),
                );
            }
        }
        world.program(day, "203.0.113.80");
        world.error(
            &at(day, 6, 0),
            "Timeout",
            "504 from /transactions",
            "sandbox",
            "1.0",
        );
    }
    world
}

/// Fifty-five quiet days, with what an office does now and then in the first weeks: by it the log shows that it records such
/// things, so that their absence later says something.
pub(crate) fn quiet() -> World {
    let mut world = office_days(0, 54);
    world.routine();
    world
}

/// The same, and on day fifty somebody is Ann.
pub(crate) fn intruded() -> World {
    let mut world = quiet();
    for minute in 0..12 {
        world.failed(50, 2, 30 + minute, "ann", "198.51.100.77", "NL");
    }
    world.intrude(50, 3, "ann");
    let none = || json!({});
    world
        .intruder(50, 2, "ann", ("api_key.view", "credential", "read"), json!({"target": [{"type": "api_key", "name": "live key"}]}))
        .intruder(50, 3, "ann", ("api_key.create", "credential", "create"), json!({"target": [{"type": "api_key", "name": "new key"}]}))
        .intruder(50, 4, "ann", ("user.mfa.factor.deactivate", "credential", "delete"), none())
        .intruder(50, 5, "ann", ("user.email.update", "iam", "update"), json!({"changes": [{"field": "email", "kind": "updated", "old": "ann@example.com", "new": "a@example.net"}]}))
        .intruder(50, 6, "ann", ("payout_account.update", "payout", "update"), json!({"changes": [{"field": "bank.account", "kind": "updated", "old": "1", "new": "2"}]}))
        .intruder(50, 7, "ann", ("recipient.create", "payout", "create"), json!({"target": [{"type": "recipient", "id": "r9"}]}))
        .intruder(50, 8, "ann", ("disbursement.create", "payout", "transfer"), none())
        .intruder(50, 9, "ann", ("recipient.delete", "payout", "delete"), json!({"target": [{"type": "recipient", "id": "r9"}]}))
        .intruder(50, 10, "ann", ("member.invite", "iam", "invite"), json!({"target": [{"type": "user", "id": "eve"}]}))
        .intruder(50, 11, "ann", ("role.grant", "iam", "grant"), json!({"target": [{"type": "user", "id": "eve"}]}))
        .intruder(50, 12, "ann", ("audit_log.settings.update", "configuration", "update"), none())
        .intruder(50, 13, "ann", ("report.delete", "data", "delete"), json!({"target": [{"type": "report", "id": "1"}]}));
    for minute in 14..44 {
        world.intruder(
            50,
            minute,
            "ann",
            ("payments.export", "data", "export"),
            json!({"target": [{"type": "payments", "id": "all"}]}),
        );
    }
    // Another account from the same address, and a session that moves.
    world.intrude(50, 4, "cy");
    let mut moved = json!({"session": {"id": "s-ann-50"}, "source": {"ip": "192.0.2.200", "geo": {"country_iso_code": "BR"}}, "user_agent": {"original": OTHER_AGENT}});
    merge(&mut moved, json!({}));
    world.act(
        &at(50, 9, 10),
        "ann",
        ("invoice.read", "data", "read"),
        moved,
    );
    world.program(51, "198.51.100.99");
    // Dee leaves on day fifty, is removed, acts, and comes back.
    world.act(
        &at(50, 12, 0),
        "bo",
        ("member.disable", "iam", "disable"),
        json!({"target": [{"type": "user", "id": "dee"}]}),
    );
    world.act(
        &at(52, 12, 0),
        "bo",
        ("member.enable", "iam", "enable"),
        json!({"target": [{"type": "user", "id": "dee"}]}),
    );
    world.act(
        &at(52, 12, 30),
        "dee",
        ("api_key.view", "credential", "read"),
        none(),
    );
    world.act(
        &at(52, 12, 31),
        "dee",
        ("member.invite", "iam", "invite"),
        json!({"target": [{"type": "user", "id": "fay"}]}),
    );
    // An account that slept since the second day wakes; one lives for an hour.
    world.act(
        &at(51, 10, 0),
        "bo",
        ("user.create", "iam", "create"),
        json!({"target": [{"type": "user", "id": "gus"}]}),
    );
    world.act(
        &at(51, 11, 0),
        "bo",
        ("user.delete", "iam", "delete"),
        json!({"target": [{"type": "user", "id": "gus"}]}),
    );
    for minute in 0..40 {
        world.error(
            &at(53, 6, minute),
            "Authentication failure",
            "invalid API key",
            "production",
            "2.0",
        );
        world.error(
            &at(53, 7, minute),
            "Validation failure",
            "Amount is invalid",
            "production",
            "2.0",
        );
    }
    world.act(
        &at(53, 12, 0),
        "bo",
        ("route.update", "configuration", "update"),
        none(),
    );
    world
}

/// The intruder, and then what is right to do about it.
pub(crate) fn contained() -> World {
    let mut world = intruded();
    world.act(
        &at(51, 12, 0),
        "ann",
        ("user.password.update", "credential", "update"),
        json!({}),
    );
    world.act(
        &at(53, 12, 0),
        "bo",
        ("api_key.regenerate", "credential", "update"),
        json!({"target": [{"type": "api_key", "name": "live key"}]}),
    );
    world
}

/// Two hundred and fifty days of two people; a third slept since the third day, if wished.
pub(crate) fn long(sleeper: bool) -> World {
    let mut world = World::default();
    for day in 0..250 {
        world.sign_in(day, 8, "ann");
        world.sign_in(day, 9, "bo");
        if sleeper && (day < 3 || day == 249) {
            world.sign_in(day, 10, "hal");
        }
    }
    world
}

/// Two days: nobody has a habit.
pub(crate) fn short() -> World {
    office_days(53, 54)
}
