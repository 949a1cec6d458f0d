//! Which OCSF class and activity an event is said in.
//!
//! Owns: the classes that are used, their numbers, and the choice among them. Never touches: attributes.
//! Numbers and captions are those of <https://schema.ocsf.io/1.7.0/classes>.

use witnessmark_model::{Event, Field};

use super::user;
use crate::subject::{Subject, subject};

/// A class of OCSF 1.7.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    AccountChange,
    Authentication,
    EntityManagement,
    GroupManagement,
    ApiActivity,
    ApplicationError,
    Base,
}

impl Class {
    pub(super) const fn uid(self) -> u32 {
        match self {
            Self::AccountChange => 3001,
            Self::Authentication => 3002,
            Self::EntityManagement => 3004,
            Self::GroupManagement => 3006,
            Self::ApiActivity => 6003,
            Self::ApplicationError => 6008,
            Self::Base => 0,
        }
    }

    pub(super) const fn caption(self) -> &'static str {
        match self {
            Self::AccountChange => "Account Change",
            Self::Authentication => "Authentication",
            Self::EntityManagement => "Entity Management",
            Self::GroupManagement => "Group Management",
            Self::ApiActivity => "API Activity",
            Self::ApplicationError => "Application Error",
            Self::Base => "Base Event",
        }
    }

    /// Number and caption of the category.
    pub(super) const fn category(self) -> (u32, &'static str) {
        match self.uid() / 1000 {
            3 => (3, "Identity & Access Management"),
            6 => (6, "Application Activity"),
            _ => (0, "Uncategorized"),
        }
    }

    /// Whether the class itself has an attribute `actor`; in the others it belongs to a profile that is not used.
    pub(super) const fn has_actor(self) -> bool {
        !matches!(self, Self::ApplicationError | Self::Base)
    }

    /// Whether the class has `src_endpoint` and `http_request`.
    pub(super) const fn has_endpoint(self) -> bool {
        self.has_actor()
    }
}

/// What an event is said as.
pub(super) struct Choice {
    pub(super) class: Class,
    /// `activity_id`.
    pub(super) activity: u32,
    /// `activity_name`: the caption of the activity, or our own word where it is 99 (Other).
    pub(super) name: String,
    /// Position of the target that the class speaks of.
    pub(super) target: Option<usize>,
}

/// The class whose requirements the event meets and that says most of it.
pub(super) fn choose(event: &Event) -> Choice {
    let operation = event.get(Field::EventOperation).unwrap_or_default();
    let category = event.get(Field::EventCategory).unwrap_or_default();
    let named = |kind: Subject| {
        (event.targets.iter())
            .position(|t| subject(t) == kind && (t.id.is_some() || t.name.is_some()))
    };
    let any_named = (event.targets.iter()).position(|t| t.id.is_some() || t.name.is_some());
    let knows_actor = user(event).is_some();
    let pick = |class: Class, target: Option<usize>, known: Option<(u32, &str)>| {
        let (activity, name) = match known {
            Some((id, caption)) => (id, caption.to_owned()),
            None if operation.is_empty() => (0, "Unknown".to_owned()),
            None => (99, operation.to_owned()),
        };
        Choice {
            class,
            activity,
            name,
            target,
        }
    };
    if category == "error" {
        return pick(Class::ApplicationError, None, Some((1, "General Error")));
    }
    if matches!(operation, "authenticate" | "logout") && knows_actor {
        let activity = match operation {
            "authenticate" => (1, "Logon"),
            _ => (2, "Logoff"),
        };
        return pick(Class::Authentication, None, Some(activity));
    }
    let reads = matches!(operation, "list" | "read" | "export" | "execute");
    let about_people = matches!(category, "iam" | "credential" | "authentication");
    if about_people && !reads {
        if let Some(at) = named(Subject::User) {
            return pick(Class::AccountChange, Some(at), account(operation));
        }
        if let Some(at) = named(Subject::Group) {
            return pick(Class::GroupManagement, Some(at), group(operation));
        }
    }
    let has_endpoint = event.get(Field::SourceIp).is_some();
    let calls = knows_actor && has_endpoint && event.get(Field::EventAction).is_some();
    if (reads || category == "api") && calls {
        return pick(Class::ApiActivity, None, api(operation));
    }
    if let Some(at) = any_named {
        return pick(Class::EntityManagement, Some(at), entity(operation));
    }
    if calls {
        return pick(Class::ApiActivity, None, api(operation));
    }
    // The Base Event knows two activities: 0, unknown, and 99, other.
    pick(Class::Base, None, None)
}

fn account(operation: &str) -> Option<(u32, &'static str)> {
    Some(match operation {
        "create" | "invite" | "join" => (1, "Create"),
        "enable" => (2, "Enable"),
        "disable" => (5, "Disable"),
        "delete" => (6, "Delete"),
        _ => return None,
    })
}

fn group(operation: &str) -> Option<(u32, &'static str)> {
    Some(match operation {
        "create" => (6, "Create"),
        "delete" => (5, "Delete"),
        "grant" => (1, "Assign Privileges"),
        "revoke" => (2, "Revoke Privileges"),
        _ => return None,
    })
}

fn entity(operation: &str) -> Option<(u32, &'static str)> {
    Some(match operation {
        "create" | "import" => (1, "Create"),
        "read" | "list" | "export" => (2, "Read"),
        "update" => (3, "Update"),
        "delete" => (4, "Delete"),
        "transfer" => (5, "Move"),
        "invite" | "join" => (6, "Enroll"),
        "enable" => (8, "Enable"),
        "disable" => (9, "Disable"),
        _ => return None,
    })
}

fn api(operation: &str) -> Option<(u32, &'static str)> {
    Some(match operation {
        "create" | "import" | "invite" | "join" => (1, "Create"),
        "read" | "list" | "export" => (2, "Read"),
        "update" | "enable" | "disable" | "grant" | "revoke" => (3, "Update"),
        "delete" => (4, "Delete"),
        _ => return None,
    })
}
