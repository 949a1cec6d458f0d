//! Who acted: the key under which one identity of an actor is known, inside one system and one organization.
//!
//! Owns: which of the actor's values names the identity, and the scope. Never touches: whether two identities are one
//! person; only a person says so, and it is a statement of the case.

use serde::{Deserialize, Serialize};

/// Which value names an identity, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IdentityKind {
    /// `user.id`.
    Id,
    /// `user.email`, in lower case.
    Email,
    /// `user.name`.
    Name,
    /// `user.type`: the log names no more than a kind, such as `system`.
    Type,
}

impl IdentityKind {
    /// The canonical name of the field that holds the value.
    #[must_use]
    pub const fn field(self) -> crate::Field {
        match self {
            Self::Id => crate::Field::UserId,
            Self::Email => crate::Field::UserEmail,
            Self::Name => crate::Field::UserName,
            Self::Type => crate::Field::UserType,
        }
    }
}

/// One identity: an id, an e-mail, a name or a kind, in one system and one organization. The same id in two systems is
/// two identities until a person says that they are one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IdentityKey {
    /// `event.provider`; empty when the log's system is not known.
    pub provider: String,
    /// `organization.id`, else `organization.name`, else empty.
    pub organization: String,
    /// Which value names it.
    pub kind: IdentityKind,
    /// The value.
    pub value: String,
}

/// What an event says of its actor. Empty text means absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActorParts<'a> {
    /// `event.provider`.
    pub provider: &'a str,
    /// `organization.id`.
    pub organization_id: &'a str,
    /// `organization.name`.
    pub organization_name: &'a str,
    /// `user.id`.
    pub id: &'a str,
    /// `user.email`.
    pub email: &'a str,
    /// `user.name`.
    pub name: &'a str,
    /// `user.type`.
    pub kind: &'a str,
}

impl ActorParts<'_> {
    /// The identity: of id, e-mail, name and kind the first that is there. Absent when the event names no actor at all.
    #[must_use]
    pub fn key(&self) -> Option<IdentityKey> {
        let (kind, value) = [
            (IdentityKind::Id, self.id.to_owned()),
            (IdentityKind::Email, self.email.to_lowercase()),
            (IdentityKind::Name, self.name.to_owned()),
            (IdentityKind::Type, self.kind.to_owned()),
        ]
        .into_iter()
        .find(|(_, value)| !value.is_empty())?;
        let organization = if self.organization_id.is_empty() {
            self.organization_name
        } else {
            self.organization_id
        };
        Some(IdentityKey {
            provider: self.provider.to_owned(),
            organization: organization.to_owned(),
            kind,
            value,
        })
    }
}

/// The name of a device as people say it: `Chrome on Windows`; the text of the log where neither browser nor system was
/// recognised. Absent when the log says nothing of the device.
#[must_use]
pub fn device(name: &str, os: &str, original: &str) -> Option<String> {
    match (name.is_empty(), os.is_empty()) {
        (false, false) => Some(format!("{name} on {os}")),
        (false, true) => Some(name.to_owned()),
        (true, false) => Some(os.to_owned()),
        (true, true) => (!original.is_empty()).then(|| original.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_value_names_the_identity() {
        let mut parts = ActorParts {
            provider: "okta",
            organization_name: "Acme",
            email: "Alice@Example.com",
            name: "Alice",
            kind: "user",
            ..ActorParts::default()
        };
        let key = parts.key().unwrap();
        assert_eq!(
            (key.kind, key.value.as_str(), key.organization.as_str()),
            (IdentityKind::Email, "alice@example.com", "Acme")
        );
        parts.id = "u1";
        assert_eq!(parts.key().unwrap().kind, IdentityKind::Id);
        assert_eq!(ActorParts::default().key(), None);
    }
}
