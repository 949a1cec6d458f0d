//! How much a misuse of an act would hurt, for putting the acts of a session in order: money, keys, roles and exports first.
//!
//! Owns: the order and its reasons. Never touches: the meaning of a vendor's verb (the profile gave category, operation
//! and sensitivity).

/// What an event says of its act. Empty text means absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Act<'a> {
    /// One of [`crate::verbs::SENSITIVITIES`].
    pub sensitivity: &'a str,
    /// One of [`crate::verbs::CATEGORIES`].
    pub category: &'a str,
    /// One of [`crate::verbs::OPERATIONS`].
    pub operation: &'a str,
}

/// What an act is about, most dangerous first.
pub const KINDS: &[&str] = &["money", "key", "role", "export", "other"];

impl Act<'_> {
    /// Which of [`KINDS`] the act is about. Looking at money or roles is none; looking at a key is, for the key is then known.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        let looks = matches!(self.operation, "read" | "list");
        match (self.category, self.operation) {
            ("payout", _) | ("payment", "transfer") if !looks => "money",
            ("payment", "create" | "update" | "delete") if self.level() >= 2 => "money",
            ("credential", "list") => "other",
            ("credential", _) => "key",
            ("iam" | "organization", _) if !looks => "role",
            (_, "grant" | "revoke" | "invite") => "role",
            (_, "export") => "export",
            _ => "other",
        }
    }

    /// 0 to 3, as [`crate::verbs::SENSITIVITIES`]; of an act that no profile weighed, what its kind of operation says.
    #[must_use]
    pub fn level(&self) -> u8 {
        let at = crate::verbs::SENSITIVITIES
            .iter()
            .position(|s| *s == self.sensitivity);
        match at {
            Some(level) => level as u8,
            None => match (self.category, self.operation) {
                ("payout" | "credential", "create" | "update" | "delete") => 3,
                (_, "export" | "grant" | "transfer" | "delete") => 2,
                ("iam" | "payout" | "credential" | "kyc", _) => 2,
                (_, "create" | "update" | "invite" | "revoke" | "enable" | "disable") => 1,
                _ => 0,
            },
        }
    }

    /// The order: greatest first. Level decides, then the kind.
    #[must_use]
    pub fn rank(&self) -> u16 {
        let kind = KINDS.iter().position(|k| *k == self.kind()).unwrap_or(4);
        u16::from(self.level()) * 8 + (KINDS.len() - kind) as u16
    }

    /// Whether the act is one that a reviewer should see: high or critical.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        self.level() >= 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act<'a>(sensitivity: &'a str, category: &'a str, operation: &'a str) -> Act<'a> {
        Act {
            sensitivity,
            category,
            operation,
        }
    }

    #[test]
    fn money_keys_roles_and_exports_come_first() {
        let order = [
            act("critical", "payout", "update"),
            act("critical", "credential", "update"),
            act("high", "payment", "transfer"),
            act("high", "credential", "read"),
            act("high", "iam", "grant"),
            act("high", "data", "export"),
            act("medium", "payout", "read"),
            act("low", "data", "read"),
        ];
        assert!(order.windows(2).all(|w| w[0].rank() > w[1].rank()));
        assert_eq!(act("", "payout", "update").level(), 3);
        assert!(!act("", "data", "read").is_sensitive());
        assert_eq!(act("low", "payout", "read").kind(), "other");
    }
}
