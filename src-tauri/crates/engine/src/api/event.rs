//! One event in the JSON shape of the contract (ECS names where ECS has one; absent fields are left out).

use serde::Serialize;
use witnessmark_enrich::agent::{self, Beside};
use witnessmark_model::{Attestation, Event, Field};

macro_rules! shape {
    ($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $($field:ident)? $(= $raw:literal $rfield:ident)? : $ty:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
        #[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
        pub struct $name {
            $(
                $(#[$fdoc])*
                $(#[serde(rename = $raw)])?
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $($field)? $($rfield)? : Option<$ty>,
            )*
        }
    };
}

/// A part of which nothing is known is left out.
trait Known: Default + PartialEq {
    fn some(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

impl<T: Default + PartialEq> Known for T {}

shape! {
    /// `event.*`.
    EventPart {
        /// The vendor's id.
        id: String,
        /// The vendor's verb.
        action: String,
        /// Our category.
        category: String,
        /// The vendor's class.
        = "type" kind: String,
        /// Our operation.
        operation: String,
        /// `success`, `failure`, `unknown`.
        outcome: String,
        /// The vendor's reason.
        reason: String,
        /// The system.
        provider: String,
        /// The source's own text of the time.
        original_time: String,
        /// Zone and why.
        zone: String,
        /// How much a misuse would hurt.
        sensitivity: String,
    }
}
shape! {
    /// `organization.*`.
    Organization {
        /// Id.
        id: String,
        /// Name.
        name: String,
    }
}
shape! {
    /// The actor.
    User {
        /// Id.
        id: String,
        /// E-mail.
        email: String,
        /// Name.
        name: String,
        /// Kind.
        = "type" kind: String,
    }
}
shape! {
    /// An audited object.
    TargetPart {
        /// Kind.
        = "type" kind: String,
        /// Id.
        id: String,
        /// Name.
        name: String,
    }
}
shape! {
    /// Country and city that the log itself gives.
    Geo {
        /// ISO 3166-1 alpha-2.
        country_iso_code: String,
        /// As spelled in the log.
        country_name: String,
        /// City.
        city_name: String,
    }
}
shape! {
    /// Where it came from.
    SourcePart {
        /// Address.
        ip: String,
        /// Place of the address.
        geo: Geo,
    }
}
shape! {
    /// Operating system.
    Os {
        /// Name.
        name: String,
        /// Version, read from the text of the log as it is shown.
        version: String,
    }
}
shape! {
    /// Hardware.
    Device {
        /// Model, read from the text of the log as it is shown.
        name: String,
    }
}
shape! {
    /// Client.
    UserAgent {
        /// As in the log.
        original: String,
        /// Browser or client.
        name: String,
        /// Version of the client, read from the text of the log as it is shown.
        version: String,
        /// Operating system.
        os: Os,
        /// Hardware.
        device: Device,
    }
}
shape! {
    /// Session.
    Session {
        /// Id.
        id: String,
    }
}
shape! {
    /// Error of a threat log.
    ErrorPart {
        /// Class.
        = "type" kind: String,
        /// Text.
        message: String,
    }
}
shape! {
    /// Origin inside the system.
    Service {
        /// SDK, API, product.
        name: String,
        /// Version.
        version: String,
        /// Environment.
        environment: String,
    }
}
shape! {
    /// One changed field.
    ChangePart {
        /// Dotted path.
        field: String,
        /// `added`, `updated`, `deleted`.
        kind: String,
        /// Old value.
        old: String,
        /// New value.
        new: String,
    }
}
shape! {
    /// Further addresses.
    Related {
        /// Addresses.
        ip: Vec<String>,
    }
}

/// Where the event stands in the case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct Place {
    /// Event number.
    pub event: u64,
    /// Source number.
    pub source: u32,
    /// Entry in the source.
    pub entry: u64,
    /// Event in the entry.
    pub part: u32,
    /// Line of the first byte.
    pub line: u64,
    /// Offset of the first byte.
    pub offset: u64,
    /// Bytes without terminator.
    pub length: u64,
    /// Profile that read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Every entry that attests it.
    pub attested: Vec<AttestedPart>,
    /// Flag codes.
    pub problems: Vec<String>,
}

/// An entry that attests an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct AttestedPart {
    /// Source number.
    pub source: u32,
    /// Entry in the source.
    pub entry: u64,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct EventJson {
    /// RFC 3339 in UTC with nine digits; absent when undated.
    #[serde(rename = "@timestamp", skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// What happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventPart>,
    /// Whose log it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<Organization>,
    /// Who.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<User>,
    /// To what.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "bindings", ts(as = "Option<Vec<TargetPart>>", optional))]
    pub target: Vec<TargetPart>,
    /// From where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourcePart>,
    /// With what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<UserAgent>,
    /// In which session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
    /// What changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "bindings", ts(as = "Option<Vec<ChangePart>>", optional))]
    pub changes: Vec<ChangePart>,
    /// What failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorPart>,
    /// Origin inside the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
    /// Further addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub related: Option<Related>,
    /// The vendor's free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Where it stands.
    pub witnessmark: Place,
}

impl From<&Event> for EventJson {
    fn from(event: &Event) -> Self {
        let get = |field: Field| event.get(field).map(str::to_owned);
        let stored = |field: Field| event.get(field);
        let said = stored(Field::UserAgentOriginal).map_or_else(Beside::default, |original| {
            let (name, os) = (stored(Field::UserAgentName), stored(Field::UserAgentOs));
            agent::beside(original, name, os)
        });
        Self {
            timestamp: event.time.map(|t| t.rfc3339()),
            event: EventPart {
                id: get(Field::EventId),
                action: get(Field::EventAction),
                category: get(Field::EventCategory),
                kind: get(Field::EventType),
                operation: get(Field::EventOperation),
                outcome: get(Field::EventOutcome),
                reason: get(Field::EventReason),
                provider: get(Field::EventProvider),
                original_time: get(Field::EventOriginalTime),
                zone: get(Field::EventZone),
                sensitivity: get(Field::EventSensitivity),
            }
            .some(),
            organization: Organization {
                id: get(Field::OrganizationId),
                name: get(Field::OrganizationName),
            }
            .some(),
            user: User {
                id: get(Field::UserId),
                email: get(Field::UserEmail),
                name: get(Field::UserName),
                kind: get(Field::UserType),
            }
            .some(),
            target: event
                .targets
                .iter()
                .map(|t| TargetPart {
                    kind: t.r#type.clone(),
                    id: t.id.clone(),
                    name: t.name.clone(),
                })
                .collect(),
            source: SourcePart {
                ip: get(Field::SourceIp),
                geo: Geo {
                    country_iso_code: get(Field::SourceCountry),
                    country_name: get(Field::SourceCountryName),
                    city_name: get(Field::SourceCity),
                }
                .some(),
            }
            .some(),
            user_agent: UserAgent {
                original: get(Field::UserAgentOriginal),
                name: get(Field::UserAgentName),
                version: said.version,
                os: Os {
                    name: get(Field::UserAgentOs),
                    version: said.os_version,
                }
                .some(),
                device: Device { name: said.device }.some(),
            }
            .some(),
            session: Session {
                id: get(Field::SessionId),
            }
            .some(),
            changes: event
                .changes
                .iter()
                .map(|c| ChangePart {
                    field: Some(c.field.clone()),
                    kind: c.kind.map(|k| k.as_str().to_owned()),
                    old: c.old.clone(),
                    new: c.new.clone(),
                })
                .collect(),
            error: ErrorPart {
                kind: get(Field::ErrorType),
                message: get(Field::ErrorMessage),
            }
            .some(),
            service: Service {
                name: get(Field::ServiceName),
                version: get(Field::ServiceVersion),
                environment: get(Field::ServiceEnvironment),
            }
            .some(),
            related: (!event.related_ips.is_empty()).then(|| Related {
                ip: Some(event.related_ips.clone()),
            }),
            message: get(Field::Message),
            witnessmark: Place {
                event: event.number,
                source: event.locator.source,
                entry: event.locator.entry,
                part: event.locator.part,
                line: event.locator.line,
                offset: event.locator.offset,
                length: event.locator.length,
                profile: get(Field::Profile),
                attested: event
                    .attested
                    .iter()
                    .map(|a| AttestedPart::from(*a))
                    .collect(),
                problems: event.problems.clone(),
            },
        }
    }
}

impl From<Attestation> for AttestedPart {
    fn from(a: Attestation) -> Self {
        Self {
            source: a.source,
            entry: a.entry,
        }
    }
}
