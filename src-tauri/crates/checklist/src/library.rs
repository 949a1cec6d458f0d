//! The checklists that come with the program.
//!
//! Owns: the list of files. Never touches: their meaning.

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        /// File names and texts.
        pub const SHIPPED: &[(&str, &str)] = &[
            $((concat!($name, ".toml"), include_str!(concat!("../../../checklists/", $name, ".toml")))),*
        ];
    };
}

shipped![
    "paymongo-suspected-compromise",
    "account-takeover",
    "api-key-leak",
    "payout-diversion",
    "insider-export",
    "leaver-still-active",
    "admin-phishing",
    "integration-errors",
    "access-review",
    "monthly-review",
];
