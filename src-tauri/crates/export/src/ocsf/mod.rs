//! One event in the Open Cybersecurity Schema Framework.
//!
//! Owns: the mapping to OCSF 1.7.0 (<https://schema.ocsf.io/1.7.0/>). Never touches: what an event means.
//!
//! An event is said in a class only when it has everything that the class requires; otherwise in the next one that fits,
//! and at last in the Base Event, so that what is written can be validated. `class` holds the choice. Every field that
//! has no place in the class stands in `unmapped` under its own name, so nothing is lost.

mod class;

use serde_json::{Map, Value, json};
use witnessmark_model::{Event, Field, Target};

use self::class::{Choice, Class, choose};
use crate::{
    ecs,
    json::{put, put_text},
    subject::{Subject, address, addresses, subject},
};

/// The version of the schema that is written into `metadata.version`.
pub const VERSION: &str = "1.7.0";

/// The event as OCSF JSON; `original` becomes `raw_data`, or `raw_data_hex` in `unmapped` where it is no UTF-8.
/// An event without a time has no `time`, although OCSF requires one: a time that is not known is not made up.
#[must_use]
pub fn event(event: &Event, original: Option<&[u8]>) -> Value {
    let choice = choose(event);
    let mut at = Mapping {
        event,
        placed: [false; Field::COUNT],
        out: Value::Object(Map::new()),
    };
    at.head(&choice);
    at.metadata();
    at.outcome();
    at.who(&choice);
    at.whence(&choice);
    at.what(&choice);
    at.observables();
    match original.map(|bytes| (bytes, std::str::from_utf8(bytes))) {
        Some((bytes, Ok(text))) => {
            put(&mut at.out, "raw_data", text);
            put(&mut at.out, "raw_data_size", bytes.len());
        }
        Some((bytes, Err(_))) => put(&mut at.out, "unmapped.raw_data_hex", hex::encode(bytes)),
        None => {}
    }
    at.unmapped();
    at.out
}

/// An event on its way into a class.
struct Mapping<'e> {
    event: &'e Event,
    /// Fields that have found a place.
    placed: [bool; Field::COUNT],
    out: Value,
}

/// The actor as an OCSF user: its attributes by name, or nothing when the log names nobody.
fn user(event: &Event) -> Option<Value> {
    let (id, email, name) = (
        event.get(Field::UserId),
        event.get(Field::UserEmail),
        event.get(Field::UserName),
    );
    // At least one of `name` and `uid` is required; an address that stands alone is the name of the account.
    let named = name.or(email.filter(|_| id.is_none()));
    let mut user = Value::Object(Map::new());
    put_text(&mut user, "uid", id);
    put_text(&mut user, "name", named);
    put_text(&mut user, "email_addr", email.filter(|e| e.contains('@')));
    if user.as_object().is_none_or(Map::is_empty) || (id.is_none() && named.is_none()) {
        return None;
    }
    if let Some(kind) = event.get(Field::UserType) {
        let (id, caption) = match kind {
            "user" => (1, "User"),
            "admin" => (2, "Admin"),
            "system" => (3, "System"),
            "api" | "service" => (4, "Service"),
            _ => (99, kind),
        };
        put(&mut user, "type_id", id);
        put(&mut user, "type", caption);
    }
    Some(user)
}

/// A target by the attributes that users, groups, entities and resources share.
fn named(target: &Target) -> Value {
    let mut user = Value::Object(Map::new());
    put_text(&mut user, "uid", target.id.as_deref());
    put_text(&mut user, "name", target.name.as_deref());
    user
}

impl Mapping<'_> {
    fn put_field(&mut self, path: &str, field: Field) {
        let value = self.event.get(field);
        self.placed[field.index()] |= value.is_some();
        put_text(&mut self.out, path, value);
    }

    fn head(&mut self, choice: &Choice) {
        let class = choice.class;
        let out = &mut self.out;
        put(out, "category_uid", class.category().0);
        put(out, "category_name", class.category().1);
        put(out, "class_uid", class.uid());
        put(out, "class_name", class.caption());
        put(out, "activity_id", choice.activity);
        put(out, "activity_name", choice.name.as_str());
        put(out, "type_uid", class.uid() * 100 + choice.activity);
        put(
            out,
            "type_name",
            format!("{}: {}", class.caption(), choice.name),
        );
        // An audit record asks for no action by itself; how much a misuse would hurt is another thing and stays unmapped.
        put(out, "severity_id", 1);
        put(out, "severity", "Informational");
        if let Some(time) = self.event.time {
            // `timestamp_t` is milliseconds since 1970 UTC; the nanoseconds stay in `unmapped`.
            put(out, "time", time.0.div_euclid(1_000_000));
        }
    }

    fn metadata(&mut self) {
        put(&mut self.out, "metadata.version", VERSION);
        let provider = self.event.get(Field::EventProvider);
        let product = provider.or(self.event.get(Field::Profile));
        put(
            &mut self.out,
            "metadata.product.name",
            product.unwrap_or("unknown"),
        );
        put_text(&mut self.out, "metadata.product.vendor_name", provider);
        self.placed[Field::EventProvider.index()] = true;
        self.put_field("metadata.uid", Field::EventId);
        self.put_field("metadata.event_code", Field::EventAction);
        self.put_field("metadata.original_time", Field::EventOriginalTime);
        self.put_field("metadata.tenant_uid", Field::OrganizationId);
        put(&mut self.out, "metadata.sequence", self.event.number);
    }

    fn outcome(&mut self) {
        if let Some(outcome) = self.event.get(Field::EventOutcome) {
            self.placed[Field::EventOutcome.index()] = true;
            let (id, caption) = match outcome {
                "success" => (1, "Success"),
                "failure" => (2, "Failure"),
                "unknown" => (0, "Unknown"),
                other => (99, other),
            };
            put(&mut self.out, "status_id", id);
            put(&mut self.out, "status", caption);
        }
        self.put_field("status_detail", Field::EventReason);
        self.put_field("message", Field::Message);
    }

    fn who(&mut self, choice: &Choice) {
        let actor = user(self.event);
        if actor.is_some() && choice.class.has_actor() {
            for field in [
                Field::UserId,
                Field::UserEmail,
                Field::UserName,
                Field::UserType,
            ] {
                self.placed[field.index()] = true;
            }
        }
        if choice.class.has_actor() {
            if let Some(user) = &actor {
                put(&mut self.out, "actor.user", user.clone());
            }
            self.put_field("actor.session.uid", Field::SessionId);
        }
        match choice.class {
            Class::Authentication => {
                if let Some(user) = actor {
                    put(&mut self.out, "user", user);
                }
                self.put_field("session.uid", Field::SessionId);
                let service = self.event.get(Field::ServiceName).map(str::to_owned);
                self.placed[Field::ServiceName.index()] = true;
                let product = self.out["metadata"]["product"]["name"].clone();
                let name = service.map_or(product, Value::from);
                put(&mut self.out, "service.name", name);
                self.put_field("service.version", Field::ServiceVersion);
            }
            Class::AccountChange => {
                if let Some(at) = choice.target {
                    put(&mut self.out, "user", named(&self.event.targets[at]));
                }
            }
            _ => {}
        }
    }

    /// Where it came from and with which client.
    fn whence(&mut self, choice: &Choice) {
        if !choice.class.has_endpoint() {
            return;
        }
        let mut from = Value::Object(Map::new());
        if let Some(ip) = self.event.get(Field::SourceIp) {
            self.placed[Field::SourceIp.index()] = true;
            match address(ip) {
                Some(ip) => put(&mut from, "ip", ip),
                None => put(&mut from, "name", ip),
            }
        }
        let country = self.event.get(Field::SourceCountry);
        if let Some(country) = country.filter(|c| c.len() == 2) {
            self.placed[Field::SourceCountry.index()] = true;
            put(&mut from, "location.country", country.to_ascii_uppercase());
        }
        if let Some(city) = self.event.get(Field::SourceCity) {
            self.placed[Field::SourceCity.index()] = true;
            put(&mut from, "location.city", city);
        }
        // An endpoint needs a name or an address; a place alone makes none.
        if from.get("ip").is_some() || from.get("name").is_some() {
            let further: Vec<String> = (self.event.related_ips.iter())
                .filter_map(|ip| address(ip))
                .collect();
            if !further.is_empty() {
                put(&mut from, "intermediate_ips", further);
            }
            put(&mut self.out, "src_endpoint", from);
        } else {
            self.placed[Field::SourceCountry.index()] = false;
            self.placed[Field::SourceCity.index()] = false;
        }
        self.put_field("http_request.user_agent", Field::UserAgentOriginal);
    }

    /// The object and the call.
    fn what(&mut self, choice: &Choice) {
        match choice.class {
            Class::EntityManagement => {
                if let Some(at) = choice.target {
                    let target = &self.event.targets[at];
                    let mut entity = named(target);
                    put_text(&mut entity, "type", target.r#type.as_deref());
                    let kind = match subject(target) {
                        Subject::User => 2,
                        Subject::Group => 3,
                        Subject::Other => 99,
                    };
                    put(&mut entity, "type_id", kind);
                    if kind != 99 {
                        put(
                            &mut entity,
                            "type",
                            if kind == 2 { "User" } else { "Group" },
                        );
                    }
                    put(&mut self.out, "entity", entity);
                }
            }
            Class::GroupManagement => {
                if let Some(at) = choice.target {
                    let mut group = named(&self.event.targets[at]);
                    put_text(&mut group, "type", self.event.targets[at].r#type.as_deref());
                    put(&mut self.out, "group", group);
                }
            }
            Class::ApiActivity => {
                let operation = self
                    .event
                    .get(Field::EventAction)
                    .or(self.event.get(Field::EventOperation));
                put_text(&mut self.out, "api.operation", operation);
                self.put_field("api.service.name", Field::ServiceName);
                self.put_field("api.version", Field::ServiceVersion);
                let resources: Vec<Value> = (self.event.targets.iter())
                    .filter(|t| t.id.is_some() || t.name.is_some())
                    .map(|target| {
                        let mut out = named(target);
                        put_text(&mut out, "type", target.r#type.as_deref());
                        out
                    })
                    .collect();
                if !resources.is_empty() {
                    put(&mut self.out, "resources", resources);
                }
            }
            _ => {}
        }
    }

    fn observables(&mut self) {
        let mut all: Vec<Value> = Vec::new();
        let mut add = |name: &str, (id, caption): (u8, &str), value: &str| {
            all.push(json!({ "name": name, "type_id": id, "type": caption, "value": value }));
        };
        for ip in addresses(self.event) {
            add("src_endpoint.ip", (2, "IP Address"), &ip);
        }
        if let Some(email) = self.event.get(Field::UserEmail) {
            add("actor.user.email_addr", (5, "Email Address"), email);
        }
        if let Some(name) = self.event.get(Field::UserName) {
            add("actor.user.name", (4, "User Name"), name);
        }
        if !all.is_empty() {
            put(&mut self.out, "observables", all);
        }
    }

    /// Everything that has found no place, under its own name.
    fn unmapped(&mut self) {
        let event = self.event;
        let mut rest = Map::new();
        if let Some(at) = event.time {
            rest.insert("@timestamp".into(), at.rfc3339().into());
        }
        for (field, value) in &event.fields {
            if !self.placed[field.index()] {
                rest.insert(field.name().into(), value.as_str().into());
            }
        }
        if !event.targets.is_empty() {
            let targets = event.targets.iter().map(ecs::target).collect();
            rest.insert("target".into(), Value::Array(targets));
        }
        if !event.changes.is_empty() {
            let changes = event.changes.iter().map(ecs::change).collect();
            rest.insert("changes".into(), Value::Array(changes));
        }
        if !event.related_ips.is_empty() {
            rest.insert("related.ip".into(), json!(event.related_ips));
        }
        let mut holder = Value::Object(Map::new());
        ecs::place(event, &mut holder);
        if let Some(place) = holder.get_mut("witnessmark") {
            rest.insert("witnessmark".into(), place.take());
        }
        for (key, value) in rest {
            self.out["unmapped"][key] = value;
        }
    }
}
