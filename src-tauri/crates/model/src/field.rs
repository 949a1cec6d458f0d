//! The closed list of fields that an event can have, with ECS names and the short names of the filter language.
//!
//! Owns: names and grouping. Never touches: values. Names follow the Elastic Common Schema 8
//! (<https://www.elastic.co/docs/reference/ecs>) where it has one; ours stand beside them where it has none.

/// How many values a field can have in one event, and which fields go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// At most one value.
    Single,
    /// One value for each target (the audited objects), aligned with the other target fields.
    Target,
    /// One value for each changed field, aligned with the other change fields.
    Change,
    /// Any number of values, aligned with nothing.
    Many,
}

macro_rules! fields {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $group:ident, [$($alias:literal),*];)*) => {
        /// A field of an event. The order is the order of columns in a case file and never changes; new fields are added at the end.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Field { $($(#[$doc])* $variant,)* }

        impl Field {
            /// Every field, in column order.
            pub const ALL: &'static [Field] = &[$(Field::$variant,)*];

            /// The canonical (ECS) name.
            #[must_use]
            pub const fn name(self) -> &'static str { match self { $(Field::$variant => $name,)* } }

            /// How many values the field can have.
            #[must_use]
            pub const fn group(self) -> Group { match self { $(Field::$variant => Group::$group,)* } }

            /// Short names that the filter language accepts beside the canonical one.
            #[must_use]
            pub const fn aliases(self) -> &'static [&'static str] { match self { $(Field::$variant => &[$($alias),*],)* } }
        }
    };
}

fields! {
    /// The vendor's own id of the event.
    EventId = "event.id", Single, ["id"];
    /// The vendor's own word for what happened.
    EventAction = "event.action", Single, ["action"];
    /// One of [`crate::verbs::CATEGORIES`].
    EventCategory = "event.category", Single, ["category"];
    /// The vendor's class of the event, where there is one above the action (Okta's legacy type, Google's application).
    EventType = "event.type", Single, ["type"];
    /// One of [`crate::verbs::OPERATIONS`].
    EventOperation = "event.operation", Single, ["op", "operation"];
    /// `success`, `failure` or `unknown`; absent when the log says nothing of it.
    EventOutcome = "event.outcome", Single, ["outcome"];
    /// The vendor's reason for the outcome.
    EventReason = "event.reason", Single, ["reason"];
    /// The system that wrote the log, such as `paymongo`.
    EventProvider = "event.provider", Single, ["provider", "system"];
    /// The source's own text of the time (see [`crate::time::original`]).
    EventOriginalTime = "event.original_time", Single, [];
    /// The zone in which the time was read and why: `Asia/Manila (chosen)`, `UTC (stated)`.
    EventZone = "event.zone", Single, [];
    /// How much a misuse would hurt: `low`, `medium`, `high`, `critical`, by the profile's verb table.
    EventSensitivity = "event.sensitivity", Single, ["sensitivity"];
    /// Id of the tenant, merchant or account whose log this is.
    OrganizationId = "organization.id", Single, [];
    /// Name of the tenant, merchant or account whose log this is.
    OrganizationName = "organization.name", Single, [];
    /// Id of the actor.
    UserId = "user.id", Single, [];
    /// E-mail of the actor.
    UserEmail = "user.email", Single, ["email"];
    /// Name of the actor.
    UserName = "user.name", Single, [];
    /// Kind of actor: `user`, `system`, `api`, `admin`, `tenant`, `customer`, ... in lower case.
    UserType = "user.type", Single, [];
    /// Address the action came from; the first of several.
    SourceIp = "source.ip", Single, ["ip"];
    /// ISO 3166-1 alpha-2 code that the log itself gives for the address.
    SourceCountry = "source.geo.country_iso_code", Single, ["country"];
    /// Country as the log spells it, when it is not a code.
    SourceCountryName = "source.geo.country_name", Single, [];
    /// City that the log itself gives for the address.
    SourceCity = "source.geo.city_name", Single, ["city"];
    /// User agent or device text as the log has it.
    UserAgentOriginal = "user_agent.original", Single, ["ua"];
    /// Browser or client name.
    UserAgentName = "user_agent.name", Single, ["browser"];
    /// Operating system name.
    UserAgentOs = "user_agent.os.name", Single, ["os"];
    /// Session of the actor, as the vendor names it.
    SessionId = "session.id", Single, ["session"];
    /// Class of an error.
    ErrorType = "error.type", Single, [];
    /// Text of an error.
    ErrorMessage = "error.message", Single, [];
    /// Where the event came from inside the system: SDK, API, dashboard, a product of the vendor.
    ServiceName = "service.name", Single, ["origin", "service"];
    /// Version of that.
    ServiceVersion = "service.version", Single, ["version"];
    /// Environment of that, such as `production` or `test`.
    ServiceEnvironment = "service.environment", Single, ["env"];
    /// Free text of the vendor about the event.
    Message = "message", Single, [];
    /// Profile and version that read the entry, such as `paymongo@1`.
    Profile = "witnessmark.profile", Single, ["profile"];
    /// Kind of an audited object.
    TargetType = "target.type", Target, [];
    /// Id of an audited object.
    TargetId = "target.id", Target, [];
    /// Name of an audited object.
    TargetName = "target.name", Target, [];
    /// Dotted path of a changed field.
    ChangeField = "changes.field", Change, ["field"];
    /// `added`, `updated` or `deleted`.
    ChangeKind = "changes.kind", Change, [];
    /// Old value; what was not text in the source stands as its compact JSON.
    ChangeOld = "changes.old", Change, ["old"];
    /// New value; what was not text in the source stands as its compact JSON.
    ChangeNew = "changes.new", Change, ["new"];
    /// Further addresses of the same event (proxies, chains).
    RelatedIp = "related.ip", Many, [];
    /// Codes of [`crate::problem::Flag`] that this event carries.
    Problems = "witnessmark.problems", Many, ["problem"];
}

impl Field {
    /// The number of fields.
    pub const COUNT: usize = Self::ALL.len();

    /// The field of a column number, if there is one.
    #[must_use]
    pub fn from_index(index: usize) -> Option<Self> {
        Self::ALL.get(index).copied()
    }

    /// The field's column number.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The field with this canonical name or alias; case does not count.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|f| {
            f.name().eq_ignore_ascii_case(name)
                || f.aliases().iter().any(|a| a.eq_ignore_ascii_case(name))
        })
    }

    /// Whether an event can hold several values of this field.
    #[must_use]
    pub const fn is_list(self) -> bool {
        !matches!(self.group(), Group::Single)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_aliases_are_unique() {
        let mut seen = std::collections::HashSet::new();
        for field in Field::ALL {
            for name in std::iter::once(&field.name()).chain(field.aliases()) {
                assert!(
                    seen.insert(*name),
                    "{name} names two fields, so a filter would be ambiguous"
                );
            }
        }
    }

    #[test]
    fn column_numbers_are_the_order_of_the_list() {
        for (i, field) in Field::ALL.iter().enumerate() {
            assert_eq!(field.index(), i);
            assert_eq!(Field::from_index(i), Some(*field));
        }
    }
}
