//! The one vocabulary of operations, categories and outcomes over all vendors.
//!
//! Owns the closed lists; never maps (profiles do). Categories follow ECS `event.category` and OCSF classes
//! (<https://schema.ocsf.io/>) where those have a word.

/// What was done, in one verb.
pub const OPERATIONS: &[&str] = &[
    "authenticate",
    "authorize",
    "logout",
    "list",
    "read",
    "create",
    "update",
    "delete",
    "export",
    "import",
    "invite",
    "join",
    "grant",
    "revoke",
    "enable",
    "disable",
    "approve",
    "reject",
    "transfer",
    "execute",
    "fail",
    "other",
];

/// What it was about.
pub const CATEGORIES: &[&str] = &[
    "authentication",
    "iam",
    "credential",
    "configuration",
    "payment",
    "payout",
    "kyc",
    "data",
    "file",
    "network",
    "api",
    "error",
    "session",
    "organization",
    "other",
];

/// How it ended.
pub const OUTCOMES: &[&str] = &["success", "failure", "unknown"];

/// How much a misuse would hurt, least first.
pub const SENSITIVITIES: &[&str] = &["low", "medium", "high", "critical"];

/// What a log may not show although conclusions depend on it; profiles name it with these words.
pub const NEEDS: &[&str] = &[
    "sign_ins",
    "failed_sign_ins",
    "factors",
    "sessions",
    "addresses",
    "countries",
    "devices",
    "reads",
    "changes",
    "deletions",
    "keys",
    "log_settings",
    "key_use",
    "errors",
];
