//! Which events a rule is for, and where they keep what the rule calls by a shipper's name.
//!
//! Owns: from `logsource` to profiles, and from field names to other names. Never touches: rules' conditions.
//! Both tables stand in docs/detections.md for people.

/// Where a rule's events come from, as it says itself; empty where it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LogSource {
    /// `product`.
    pub product: String,
    /// `service`.
    pub service: String,
    /// `category`.
    pub category: String,
}

/// Product, service (empty: any other), ids of profiles.
const ROUTES: &[(&str, &str, &[&str])] = &[
    ("aws", "", &["aws-cloudtrail"]),
    ("azure", "activitylogs", &["azure-activity"]),
    ("azure", "auditlogs", &["entra-audit", "entra-provisioning"]),
    ("azure", "pim", &["entra-audit", "entra-risk"]),
    ("azure", "riskdetection", &["entra-risk", "entra-audit"]),
    ("azure", "signinlogs", &["entra-signin"]),
    (
        "azure",
        "",
        &[
            "azure-activity",
            "azure-key-vault",
            "entra-audit",
            "entra-provisioning",
            "entra-risk",
            "entra-signin",
        ],
    ),
    ("bitbucket", "", &["atlassian-datacenter"]),
    ("cisco", "duo", &["duo-auth", "duo-admin"]),
    ("gcp", "google_workspace.admin", &["google-workspace"]),
    ("gcp", "google_workspace.login", &["google-workspace"]),
    ("gcp", "", &["gcp-audit"]),
    ("github", "", &["github"]),
    ("google_workspace", "", &["google-workspace"]),
    ("kubernetes", "", &["kubernetes"]),
    ("m365", "", &["microsoft-365"]),
    ("okta", "", &["okta"]),
    ("onelogin", "", &["onelogin"]),
];

/// The profiles whose events a rule is for. `known` are ids and providers of every profile. Nothing: every event.
///
/// # Errors
/// Says that no profile reads such a log.
pub(super) fn route(
    source: &LogSource,
    known: &[(String, String)],
) -> Result<Option<Vec<String>>, String> {
    if source.product.is_empty() && source.service.is_empty() {
        return match source.category.as_str() {
            "" => Ok(None),
            category => Err(format!(
                "no profile reads a log of the category `{category}`"
            )),
        };
    }
    let product = source.product.to_ascii_lowercase();
    let service = source.service.to_ascii_lowercase();
    let of = |s: &str| ROUTES.iter().find(|(p, r, _)| *p == product && *r == s);
    if let Some((_, _, profiles)) = of(&service).or_else(|| of("")) {
        return Ok(Some(profiles.iter().map(|p| (*p).to_owned()).collect()));
    }
    // Rules that somebody wrote for a log of their own name its profile or its provider.
    let name = if product.is_empty() { service } else { product };
    let own: Vec<String> = known
        .iter()
        .filter(|(id, provider)| *id == name || *provider == name)
        .map(|(id, _)| id.clone())
        .collect();
    if own.is_empty() {
        Err(format!("no profile reads logs of `{name}`"))
    } else {
        Ok(Some(own))
    }
}

/// Where else a profile's entries may keep a field, when its own name leads nowhere; the text is put after the value.
#[must_use]
pub fn aliases(profile: &str, field: &str) -> Vec<(String, &'static str)> {
    let plain = |names: &[&str]| {
        names
            .iter()
            .map(|n| ((*n).to_owned(), ""))
            .collect::<Vec<_>>()
    };
    match profile {
        // Elastic's names for what Google calls `protoPayload`.
        "gcp-audit" => match field.strip_prefix("gcp.audit.") {
            Some(rest) => vec![(format!("protoPayload.{}", camel(rest)), "")],
            None => Vec::new(),
        },
        "google-workspace" => match field {
            "eventName" => plain(&["events.name", "name"]),
            "eventService" => vec![("id.applicationName".to_owned(), ".googleapis.com")],
            _ => Vec::new(),
        },
        // Log Analytics, Azure Monitor and Graph name the same things differently.
        "azure-activity" | "azure-key-vault" | "entra-audit" | "entra-provisioning"
        | "entra-risk" | "entra-signin" => {
            let mut names = match field.to_ascii_lowercase().as_str() {
                "operationnamevalue" => plain(&["operationName.value", "operationName"]),
                "resourceprovidervalue" => {
                    plain(&["resourceProviderName.value", "resourceProvider"])
                }
                "categoryvalue" => plain(&["category.value", "category"]),
                "operationname" | "properties.message" => {
                    plain(&["activityDisplayName", "operationName"])
                }
                "resulttype" => plain(&["properties.status.errorCode", "status.errorCode"]),
                "resultdescription" => {
                    plain(&["properties.status.failureReason", "status.failureReason"])
                }
                _ => Vec::new(),
            };
            match field.strip_prefix("properties.") {
                Some(rest) => names.push((rest.to_owned(), "")),
                None => names.push((format!("properties.{field}"), "")),
            }
            names
        }
        // The record of the unified audit log lies in a column of its exports.
        "microsoft-365" => vec![(format!("AuditData.{field}"), "")],
        _ => Vec::new(),
    }
}

/// `method_name` as `methodName`.
fn camel(name: &str) -> String {
    let mut out = String::new();
    let mut upper = false;
    for c in name.chars() {
        if c == '_' {
            upper = true;
        } else if std::mem::take(&mut upper) {
            out.extend(c.to_uppercase());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(product: &str, service: &str, category: &str) -> Result<Option<Vec<String>>, String> {
        let known = [
            ("paymongo".to_owned(), "paymongo".to_owned()),
            ("acme-2".to_owned(), "acme".to_owned()),
        ];
        route(
            &LogSource {
                product: product.into(),
                service: service.into(),
                category: category.into(),
            },
            &known,
        )
    }

    #[test]
    fn rules_find_their_logs() {
        assert_eq!(
            to("aws", "cloudtrail", "").unwrap().unwrap(),
            ["aws-cloudtrail"]
        );
        assert_eq!(
            to("azure", "signinlogs", "").unwrap().unwrap(),
            ["entra-signin"]
        );
        assert_eq!(
            to("gcp", "google_workspace.admin", "").unwrap().unwrap(),
            ["google-workspace"]
        );
        assert_eq!(to("paymongo", "", "").unwrap().unwrap(), ["paymongo"]);
        assert_eq!(to("acme", "audit", "").unwrap().unwrap(), ["acme-2"]);
        assert_eq!(to("", "", "").unwrap(), None);
        assert!(
            to("windows", "", "process_creation")
                .unwrap_err()
                .contains("windows")
        );
        assert!(
            to("", "", "process_creation")
                .unwrap_err()
                .contains("process_creation")
        );
    }

    #[test]
    fn shippers_names() {
        assert_eq!(
            aliases("gcp-audit", "gcp.audit.method_name"),
            [("protoPayload.methodName".to_owned(), "")]
        );
        assert_eq!(
            aliases("gcp-audit", "gcp.audit.authentication_info.principal_email")[0].0,
            "protoPayload.authenticationInfo.principalEmail"
        );
        assert_eq!(
            aliases("google-workspace", "eventService"),
            [("id.applicationName".to_owned(), ".googleapis.com")]
        );
        assert!(aliases("okta", "eventType").is_empty());
    }
}
