//! What an event means to the detections: classes, read from the vocabulary of verbs and the vendor's own words.
//!
//! Owns: the closed list of classes and the words that lead to them. Never touches: rows, time. Profiles say category,
//! operation and outcome; where those are too wide (an `update` in `credential` may be a password, a factor or a key),
//! the words of the action and of the kind of target decide.

/// A set of classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Class(pub u32);

macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident = $bit:literal;)*) => {
        impl Class { $($(#[$doc])* pub const $name: Class = Class(1 << $bit);)* }
    };
}

classes! {
    /// A sign-in that succeeded, or that a log records which gives no outcome.
    SIGN_IN = 0;
    /// A sign-in that failed before a second factor.
    SIGN_IN_FAILED = 1;
    /// A second factor that was denied, wrong or timed out.
    FACTOR_REFUSED = 2;
    /// A second factor that was given.
    FACTOR_PASSED = 3;
    /// A second factor taken away or reset.
    FACTOR_OFF = 4;
    /// A second factor set up.
    FACTOR_ON = 5;
    /// A password changed or reset.
    PASSWORD = 6;
    /// A key, token or secret that was looked at.
    KEY_VIEWED = 7;
    /// A key, token or secret that was made, changed or made anew.
    KEY_MADE = 8;
    /// An account or member that came: made, invited, joined, enabled.
    ACCOUNT_IN = 9;
    /// An account or member that went: deleted, disabled, removed.
    ACCOUNT_OUT = 10;
    /// A role, group or permission given.
    ROLE_GIVEN = 11;
    /// A role, group or permission taken.
    ROLE_TAKEN = 12;
    /// A recipient of money added.
    RECIPIENT_IN = 13;
    /// A recipient of money removed.
    RECIPIENT_OUT = 14;
    /// Where money goes was changed: payout account, bank detail, recipient, verification documents, payout schedule.
    MONEY_ROUTE = 15;
    /// Money was sent: disbursement, payout, refund.
    MONEY_OUT = 16;
    /// Data was exported or downloaded.
    EXPORT = 17;
    /// Something was read or listed.
    READ = 18;
    /// What is logged, or for how long, was changed.
    LOG_SETTING = 19;
}

impl Class {
    /// Whether any class of the other set is in this one.
    #[must_use]
    pub const fn has(self, any: Self) -> bool {
        self.0 & any.0 != 0
    }

    /// Both sets together.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What the words of one event say; all empty where absent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said<'a> {
    /// `event.provider`.
    pub provider: &'a str,
    /// `event.action`.
    pub action: &'a str,
    /// `event.category`.
    pub category: &'a str,
    /// `event.operation`.
    pub operation: &'a str,
    /// `event.outcome`.
    pub outcome: &'a str,
    /// `event.reason`.
    pub reason: &'a str,
    /// `event.type`.
    pub kind: &'a str,
    /// `target.type` of the first target.
    pub target: &'a str,
}

/// Lower-case words of a text: cut at signs and where a capital follows a small letter.
fn words(text: &str, into: &mut Vec<String>) {
    let mut word = String::new();
    let mut before = ' ';
    for c in text.chars().take(400) {
        let cut = c.is_uppercase() && (before.is_lowercase() || before.is_ascii_digit());
        if (cut || !c.is_alphanumeric()) && !word.is_empty() {
            into.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    if !word.is_empty() {
        into.push(word);
    }
}

struct Words(Vec<String>);

impl Words {
    fn any(&self, of: &[&str]) -> bool {
        self.0.iter().any(|w| of.contains(&w.as_str()))
    }

    fn pair(&self, first: &str, second: &str) -> bool {
        self.0.windows(2).any(|w| w[0] == first && w[1] == second)
    }
}

const FACTOR: &[&str] = &[
    "mfa",
    "2fa",
    "2sv",
    "factor",
    "factors",
    "otp",
    "totp",
    "authenticator",
    "webauthn",
    "u2f",
    "fido",
    "fido2",
    "push",
];
const KEY: &[&str] = &[
    "key",
    "keys",
    "apikey",
    "token",
    "tokens",
    "secret",
    "secrets",
    "credential",
    "credentials",
    "pat",
    "oauth",
    "certificate",
];
const MONEY: &[&str] = &[
    "payout",
    "payouts",
    "bank",
    "iban",
    "kyc",
    "kyb",
    "settlement",
    "recipient",
    "recipients",
    "beneficiary",
    "payee",
    "disbursement",
    "disbursements",
];
const RECIPIENT: &[&str] = &["recipient", "recipients", "beneficiary", "payee"];
const ROLE: &[&str] = &[
    "role",
    "roles",
    "admin",
    "permission",
    "permissions",
    "privilege",
    "privileges",
    "policy",
    "group",
    "owner",
    "grant",
    "grants",
];
const PERSON: &[&str] = &[
    "user",
    "users",
    "member",
    "members",
    "account",
    "accounts",
    "employee",
    "guest",
    "collaborator",
    "invite",
    "invitation",
    "lifecycle",
];
const LOG: &[&str] = &[
    "audit",
    "log",
    "logs",
    "logging",
    "trail",
    "cloudtrail",
    "siem",
    "logpush",
    "logstream",
    "selectors",
];
const CHANGES: &[&str] = &[
    "create", "update", "delete", "enable", "disable", "grant", "revoke", "other",
];

/// The classes of an event.
#[must_use]
pub fn classify(said: &Said<'_>) -> Class {
    let mut list = Vec::new();
    for text in [said.action, said.kind, said.target] {
        words(text, &mut list);
    }
    let w = Words(list);
    let (category, operation) = (said.category, said.operation);
    let failed = said.outcome == "failure";
    let is = |ops: &[&str]| ops.contains(&operation);
    let class = std::cell::Cell::new(Class::default());
    let set = |c: Class| class.set(class.get().or(c));

    let factor = w.any(FACTOR)
        || w.pair("two", "factor")
        || w.pair("multi", "factor")
        || w.pair("two", "step")
        || said.provider == "duo" && category == "authentication";
    if category == "authentication" && operation == "authenticate" {
        let mut reason = Vec::new();
        words(said.reason, &mut reason);
        let factor =
            factor || Words(reason).any(&["mfa", "otp", "2fa", "factor", "authenticator", "push"]);
        match (said.outcome, factor) {
            ("failure", true) => set(Class::FACTOR_REFUSED),
            ("failure", false) => set(Class::SIGN_IN_FAILED),
            ("success" | "", true) => set(Class::SIGN_IN.or(Class::FACTOR_PASSED)),
            ("success" | "", false) => set(Class::SIGN_IN),
            _ => {}
        }
        return class.get();
    }
    if factor && failed && is(&["authorize", "authenticate", "reject", "other"]) {
        set(Class::FACTOR_REFUSED);
    }
    if failed || operation == "fail" {
        return class.get();
    }
    let sends = is(&["transfer", "execute", "approve"]) && matches!(category, "payout" | "payment")
        || operation == "create"
            && w.any(&["disbursement", "disbursements", "withdrawal"])
            && !w.any(RECIPIENT);
    if factor && category != "authentication" {
        if is(&["delete", "disable", "revoke"])
            || w.any(&[
                "deactivate",
                "deactivated",
                "reset",
                "disable",
                "disabled",
                "removed",
                "unenroll",
            ])
        {
            set(Class::FACTOR_OFF);
        } else if is(&["create", "enable", "grant", "join"])
            || w.any(&[
                "activate",
                "activated",
                "enroll",
                "enrolled",
                "registered",
                "enabled",
            ])
        {
            set(Class::FACTOR_ON);
        }
    } else if w.any(&["password", "passwords", "passwd"]) && is(CHANGES) {
        set(Class::PASSWORD);
    } else if category == "credential" && (w.any(KEY) || w.pair("access", "code")) {
        match operation {
            "read" | "list" => set(Class::KEY_VIEWED),
            "create" | "update" | "grant" | "enable" | "other" => set(Class::KEY_MADE),
            _ => {}
        }
    }
    if w.any(RECIPIENT) && category != "data" {
        match operation {
            "create" => set(Class::RECIPIENT_IN.or(Class::MONEY_ROUTE)),
            "delete" | "revoke" => set(Class::RECIPIENT_OUT.or(Class::MONEY_ROUTE)),
            "update" | "enable" => set(Class::MONEY_ROUTE),
            _ => {}
        }
    }
    if sends {
        set(Class::MONEY_OUT);
    } else if is(CHANGES)
        && (matches!(category, "payout" | "kyc")
            || w.any(MONEY) && !matches!(category, "payment" | "data" | "error"))
    {
        set(Class::MONEY_ROUTE);
    }
    if operation == "export"
        || w.any(&["export", "exported", "download", "downloaded"])
            && is(&["read", "list", "other", "create"])
    {
        set(Class::EXPORT);
    }
    if is(&["read", "list"]) {
        set(Class::READ);
    }
    if category == "iam" && !class.get().has(Class::MONEY_ROUTE) {
        let person = w.any(PERSON) && !w.any(&["group", "role", "policy"]);
        match operation {
            "create" | "invite" | "join" | "enable" if person || is(&["invite", "join"]) => {
                set(Class::ACCOUNT_IN)
            }
            "delete" | "disable" if person => set(Class::ACCOUNT_OUT),
            "grant" => {
                set(Class::ROLE_GIVEN);
                if w.any(&["member", "collaborator"]) {
                    set(Class::ACCOUNT_IN);
                }
            }
            "revoke" => {
                if w.any(&["member", "collaborator", "invite", "invitation"]) {
                    set(Class::ACCOUNT_OUT);
                }
                set(Class::ROLE_TAKEN);
            }
            "create" | "update" if w.any(ROLE) => set(Class::ROLE_GIVEN),
            "delete" if w.any(ROLE) => set(Class::ROLE_TAKEN),
            _ => {}
        }
    }
    let signs = w.pair("log", "in") || w.pair("log", "out") || w.any(&["login", "logout"]);
    let recorder = w.pair("configuration", "recorder") || w.pair("delivery", "channel");
    if (w.any(LOG) || recorder)
        && !signs
        && is(&["update", "delete", "disable"])
        && matches!(category, "configuration" | "organization" | "other" | "iam")
    {
        set(Class::LOG_SETTING);
    }
    class.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendors_words_lead_to_classes() {
        let cases: &[(&str, &str, &str, &str, &str, Class)] = &[
            (
                "user.session.start",
                "authentication",
                "authenticate",
                "success",
                "",
                Class::SIGN_IN,
            ),
            (
                "user.login",
                "authentication",
                "authenticate",
                "",
                "",
                Class::SIGN_IN,
            ),
            (
                "user.login",
                "authentication",
                "authenticate",
                "unknown",
                "",
                Class::default(),
            ),
            (
                "Login failed",
                "authentication",
                "authenticate",
                "failure",
                "",
                Class::SIGN_IN_FAILED,
            ),
            (
                "user.authentication.auth_via_mfa",
                "authentication",
                "authenticate",
                "failure",
                "",
                Class::FACTOR_REFUSED,
            ),
            (
                "user.mfa.factor.deactivate",
                "credential",
                "delete",
                "success",
                "",
                Class::FACTOR_OFF,
            ),
            (
                "2sv_disable",
                "credential",
                "disable",
                "",
                "",
                Class::FACTOR_OFF,
            ),
            (
                "user.mfa.factor.activate",
                "credential",
                "create",
                "success",
                "",
                Class::FACTOR_ON,
            ),
            (
                "Changed their password",
                "credential",
                "update",
                "",
                "",
                Class::PASSWORD,
            ),
            (
                "API Key Viewed",
                "credential",
                "read",
                "",
                "api_key",
                Class::KEY_VIEWED.or(Class::READ),
            ),
            (
                "CreateAccessKey",
                "credential",
                "create",
                "success",
                "",
                Class::KEY_MADE,
            ),
            (
                "org.api_key:created",
                "credential",
                "create",
                "",
                "",
                Class::KEY_MADE,
            ),
            (
                "user.lifecycle.create",
                "iam",
                "create",
                "success",
                "",
                Class::ACCOUNT_IN,
            ),
            (
                "org.member:deactivated",
                "iam",
                "disable",
                "",
                "",
                Class::ACCOUNT_OUT,
            ),
            (
                "user.account.privilege.grant",
                "iam",
                "grant",
                "success",
                "",
                Class::ROLE_GIVEN,
            ),
            (
                "Edited the bank information",
                "payout",
                "update",
                "",
                "",
                Class::MONEY_ROUTE,
            ),
            (
                "Changed the payout generation schedule",
                "payout",
                "update",
                "",
                "",
                Class::MONEY_ROUTE,
            ),
            (
                "update",
                "configuration",
                "update",
                "",
                "Payout Account",
                Class::MONEY_ROUTE,
            ),
            (
                "Added a disbursements recipient",
                "payout",
                "create",
                "",
                "",
                Class::MONEY_ROUTE.or(Class::RECIPIENT_IN),
            ),
            (
                "Created a disbursement",
                "payout",
                "transfer",
                "",
                "",
                Class::MONEY_OUT,
            ),
            ("Exported payments", "data", "export", "", "", Class::EXPORT),
            (
                "StopLogging",
                "configuration",
                "disable",
                "",
                "",
                Class::LOG_SETTING,
            ),
            (
                "StopLogging",
                "configuration",
                "disable",
                "failure",
                "",
                Class::default(),
            ),
            ("user_logout", "session", "logout", "", "", Class::default()),
            (
                "Login settings",
                "configuration",
                "update",
                "",
                "",
                Class::default(),
            ),
        ];
        for (action, category, operation, outcome, target, class) in cases {
            let said = Said {
                action,
                category,
                operation,
                outcome,
                target,
                ..Said::default()
            };
            assert_eq!(classify(&said), *class, "{action}");
        }
    }
}
