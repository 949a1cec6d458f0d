//! Values that mean the same in every log: addresses, outcomes, countries, user agents.
//!
//! Owns: their one spelling. Never touches: where they stand.

use crate::profile::OutcomeWords;
use std::{borrow::Cow, net::IpAddr};

/// Whether a text is one IPv4 address in the one spelling, as most addresses are.
pub(crate) fn is_plain_address(text: &str) -> bool {
    text.len() <= 15
        && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && text.parse::<std::net::Ipv4Addr>().is_ok()
}

/// The address in a text: `203.0.113.4`, `203.0.113.4:443`, `[2001:db8::1]:443`, `::ffff:203.0.113.4`, `fe80::1%eth0`.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = match text.strip_prefix('[') {
        Some(rest) => &rest[..rest.find(']')?],
        None => text,
    };
    // A zone after `%`, and a port after `#` as some exports have it.
    let bare = bare.split(['%', '#']).next().unwrap_or(bare);
    let found: IpAddr = match bare.parse() {
        Ok(ip) => ip,
        Err(_) => {
            let (host, port) = bare.rsplit_once(':')?;
            port.parse::<u16>().ok()?;
            match host.parse().ok()? {
                // With all its eight groups written out, what follows can only be a port.
                IpAddr::V6(_) if host.contains("::") => return None,
                ip => ip,
            }
        }
    };
    Some(found.to_canonical())
}

/// `success`, `failure` or `unknown` for a vendor's word.
pub(crate) fn outcome(word: &str, words: &OutcomeWords) -> &'static str {
    use crate::profile::wild;
    let lower = word.trim().to_lowercase();
    if words.failure.iter().any(|w| wild(w, &lower)) {
        return "failure";
    }
    if words.success.iter().any(|w| wild(w, &lower)) {
        return "success";
    }
    match lower.as_str() {
        "success" | "succeeded" | "successful" | "successfully" | "succeed" | "ok" | "okay"
        | "true" | "yes" | "allow" | "allowed" | "pass" | "passed" | "granted" | "approved"
        | "complete" | "completed" | "done" | "accepted" | "1" | "200" | "201" | "204" => "success",
        "failure" | "failed" | "fail" | "error" | "false" | "no" | "deny" | "denied"
        | "blocked" | "block" | "rejected" | "refused" | "unauthorized" | "forbidden"
        | "invalid" | "locked" | "timeout" | "expired" | "401" | "403" => "failure",
        _ => "unknown",
    }
}

/// A country code in upper case, or nothing when the text is a name.
pub(crate) fn country_code(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    if text.len() != 2 || !text.bytes().all(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    Some(if text.bytes().all(|b| b.is_ascii_uppercase()) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_ascii_uppercase())
    })
}

/// The client's name in a user agent; more specific tokens stand first, because most agents also name what they imitate.
pub(crate) fn agent_name(text: &str) -> Option<&'static str> {
    const NAMES: &[(&str, &str)] = &[
        ("Edg/", "Edge"),
        ("EdgA/", "Edge"),
        ("EdgiOS/", "Edge"),
        ("Edge/", "Edge"),
        ("OPR/", "Opera"),
        ("Opera", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("YaBrowser", "Yandex"),
        ("Vivaldi", "Vivaldi"),
        ("UCBrowser", "UC Browser"),
        ("DuckDuckGo", "DuckDuckGo"),
        ("HeadlessChrome", "Headless Chrome"),
        ("CriOS", "Chrome"),
        ("FxiOS", "Firefox"),
        ("Firefox", "Firefox"),
        ("Trident/", "Internet Explorer"),
        ("MSIE", "Internet Explorer"),
        ("Electron", "Electron"),
        ("Slack", "Slack"),
        ("Chromium", "Chromium"),
        ("Chrome", "Chrome"),
        ("PostmanRuntime", "Postman"),
        ("insomnia", "Insomnia"),
        ("curl/", "curl"),
        ("Wget", "Wget"),
        ("python-requests", "python-requests"),
        ("Python-urllib", "Python-urllib"),
        ("aiohttp", "aiohttp"),
        ("Boto3", "Boto3"),
        ("Botocore", "Botocore"),
        ("aws-cli", "aws-cli"),
        ("aws-sdk", "AWS SDK"),
        ("Terraform", "Terraform"),
        ("git/", "git"),
        ("kubectl", "kubectl"),
        ("okhttp", "okhttp"),
        ("axios", "axios"),
        ("node-fetch", "node-fetch"),
        ("Go-http-client", "Go-http-client"),
        ("Apache-HttpClient", "Apache HttpClient"),
        ("Java/", "Java"),
        ("PowerShell", "PowerShell"),
        ("Dalvik", "Dalvik"),
        ("Safari", "Safari"),
    ];
    NAMES
        .iter()
        .find(|(token, _)| text.contains(token))
        .map(|(_, name)| *name)
}

/// The operating system in a user agent.
pub(crate) fn agent_os(text: &str) -> Option<&'static str> {
    const SYSTEMS: &[(&str, &str)] = &[
        ("Windows Phone", "Windows Phone"),
        ("Windows", "Windows"),
        ("iPhone", "iOS"),
        ("iPad", "iPadOS"),
        ("iOS", "iOS"),
        ("Android", "Android"),
        ("CrOS", "ChromeOS"),
        ("Macintosh", "macOS"),
        ("Mac OS X", "macOS"),
        ("macOS", "macOS"),
        ("Darwin", "macOS"),
        ("Ubuntu", "Ubuntu"),
        ("Linux", "Linux"),
        ("X11", "Linux"),
        ("FreeBSD", "FreeBSD"),
    ];
    SYSTEMS
        .iter()
        .find(|(token, _)| text.contains(token))
        .map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_one_spelling() {
        for (text, ip) in [
            ("203.0.113.4", "203.0.113.4"),
            ("203.0.113.4:443", "203.0.113.4"),
            ("[2001:DB8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8:0:0:0:0:0:1", "2001:db8::1"),
            ("::ffff:203.0.113.4", "203.0.113.4"),
            ("fe80::1%eth0", "fe80::1"),
            ("2001:db8:1:2:3:4:5:6#443", "2001:db8:1:2:3:4:5:6"),
            ("2001:db8:1:2:3:4:5:6:443", "2001:db8:1:2:3:4:5:6"),
            (" 203.0.113.4 ", "203.0.113.4"),
        ] {
            assert_eq!(
                address(text).map(|a| a.to_string()).as_deref(),
                Some(ip),
                "{text}"
            );
        }
        for text in [
            "",
            "n/a",
            "999.1.1.1",
            "ec2.amazonaws.com",
            "203.0.113",
            "203.0.113.4:99999",
        ] {
            assert_eq!(address(text), None, "{text}");
        }
    }

    #[test]
    fn outcomes_and_agents_are_normalised() {
        let words = OutcomeWords {
            success: vec!["skipped".into()],
            failure: vec!["logonfailure*".into()],
        };
        for (word, expected) in [
            ("SUCCESS", "success"),
            ("Denied", "failure"),
            ("SKIPPED", "success"),
            ("LogonFailure: x", "failure"),
            ("CHALLENGE", "unknown"),
        ] {
            assert_eq!(outcome(word, &words), expected);
        }
        let chrome = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36";
        assert_eq!(
            (agent_name(chrome), agent_os(chrome)),
            (Some("Chrome"), Some("macOS"))
        );
        assert_eq!(
            (agent_name("Safari on macOS"), agent_os("Safari on macOS")),
            (Some("Safari"), Some("macOS"))
        );
        assert_eq!(country_code("ph").as_deref(), Some("PH"));
        assert_eq!(country_code("Philippines"), None);
    }
}
