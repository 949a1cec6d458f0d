//! The connectors that come with the program, compiled in from `src-tauri/connectors`. Owns the list.

use super::{Connector, read};
use crate::{PullError, Result};

macro_rules! shipped {
    ($($name:literal,)*) => {
        /// Names and texts.
        const SHIPPED: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../../../connectors/", $name, ".toml"))),)*];
    };
}

shipped! {
    "1password",
    "atlassian",
    "auth0",
    "aws-cloudtrail",
    "cloudflare",
    "entra-directory-audits",
    "entra-sign-ins",
    "generic",
    "github-enterprise",
    "github-organization",
    "gitlab",
    "google-workspace",
    "gr4vy",
    "office-365",
    "okta",
    "slack",
    "stripe",
}

/// Every connector that comes with the program, with its exact text, by id.
///
/// # Errors
/// When one of them cannot be read, which a test rules out.
pub fn builtin() -> Result<Vec<(Connector, &'static str)>> {
    SHIPPED
        .iter()
        .map(|(name, text)| {
            let connector =
                read(text).map_err(|e| PullError::connector(format!("{name}: {}", e.message)))?;
            Ok((connector, *text))
        })
        .collect()
}

/// The connector of an id, with its exact text.
///
/// # Errors
/// When there is none.
pub fn find(id: &str) -> Result<(Connector, &'static str)> {
    let all = builtin()?;
    let known: Vec<String> = all.iter().map(|(c, _)| c.connector.id.clone()).collect();
    all.into_iter()
        .find(|(c, _)| c.connector.id == id)
        .ok_or_else(|| {
            PullError::connector(format!(
                "there is no connector `{id}`; there are {}",
                known.join(", ")
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_connector_can_be_read_and_its_file_carries_its_id() {
        for ((connector, _), (name, _)) in builtin().unwrap().iter().zip(SHIPPED) {
            assert_eq!(connector.connector.id, *name);
            assert!(connector.connector.vendor_page.starts_with("https://") || *name == "generic");
        }
    }
}
