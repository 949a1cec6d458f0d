//! Words in times: months, weekdays, halves of the day, zones by letters, and relative phrases.
//!
//! Owns: the English words that exporters use. Never touches: numbers.

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

fn full_or_short(word: &str, names: &[&str]) -> Option<(usize, bool)> {
    let word = word.to_ascii_lowercase();
    names.iter().enumerate().find_map(|(i, name)| {
        if *name == word {
            Some((i, word.len() > 3))
        } else if name[..3] == word || (word == "sept" && *name == "september") {
            Some((i, false))
        } else {
            None
        }
    })
}

/// The month (1 to 12) of a name, and whether the name is in full.
pub(crate) fn month(word: &str) -> Option<(u32, bool)> {
    full_or_short(word, &MONTHS).map(|(i, full)| (i as u32 + 1, full))
}

/// The English name of a month in German, French, Spanish, Portuguese, Italian or Dutch, in lower case.
pub(crate) fn foreign_month(word: &str) -> Option<&'static str> {
    const NAMES: [(&str, &[&str]); 12] = [
        (
            "January",
            &[
                "januar", "janvier", "enero", "janeiro", "gennaio", "januari",
            ],
        ),
        (
            "February",
            &[
                "februar",
                "février",
                "febrero",
                "fevereiro",
                "febbraio",
                "februari",
            ],
        ),
        ("March", &["märz", "mars", "marzo", "março", "maart"]),
        ("April", &["april", "avril", "abril", "aprile"]),
        ("May", &["mai", "mayo", "maio", "maggio", "mei"]),
        ("June", &["juni", "juin", "junio", "junho", "giugno"]),
        ("July", &["juli", "juillet", "julio", "julho", "luglio"]),
        ("August", &["august", "août", "agosto", "augustus"]),
        (
            "September",
            &[
                "september",
                "septembre",
                "septiembre",
                "setembro",
                "settembre",
            ],
        ),
        (
            "October",
            &["oktober", "octobre", "octubre", "outubro", "ottobre"],
        ),
        (
            "November",
            &["november", "novembre", "noviembre", "novembro"],
        ),
        (
            "December",
            &[
                "dezember",
                "décembre",
                "diciembre",
                "dezembro",
                "dicembre",
                "december",
            ],
        ),
    ];
    let found = NAMES.iter().find(|(_, names)| names.contains(&word));
    found.map(|(english, _)| *english)
}

/// Whether the word is a weekday, and in full.
pub(crate) fn weekday(word: &str) -> Option<bool> {
    full_or_short(word, &WEEKDAYS).map(|(_, full)| full)
}

/// Offsets in minutes of the zone names that RFC 2822 defines; any other letters are ambiguous between countries.
pub(crate) fn rfc2822_zone(word: &str) -> Option<i32> {
    Some(match word {
        "EST" => -300,
        "EDT" => -240,
        "CST" => -360,
        "CDT" => -300,
        "MST" => -420,
        "MDT" => -360,
        "PST" => -480,
        "PDT" => -420,
        _ => return None,
    })
}

/// Offsets in minutes of zone names that the time zone database, or a country's own usage, gives to one offset only. Names
/// that two countries share (`CST`, `IST`, `BST`, `PST`: Pacific or Philippine) are not here.
pub(crate) fn sole_zone(word: &str) -> Option<i32> {
    Some(match word {
        "WET" => 0,
        "CET" | "WEST" => 60,
        "CEST" | "EET" => 120,
        "EEST" | "MSK" => 180,
        "PKT" => 300,
        "WIB" | "ICT" => 420,
        "PHT" | "PHST" | "HKT" | "SGT" | "MYT" | "AWST" => 480,
        "JST" | "KST" => 540,
        "AEST" => 600,
        "AEDT" => 660,
        "NZST" => 720,
        "NZDT" => 780,
        _ => return None,
    })
}

/// Letters that mean another offset in another country.
pub(crate) fn shared_zone(word: &str) -> Option<&'static str> {
    const SHARED: &[&str] = &[
        "PST", "PDT", "MST", "MDT", "CST", "CDT", "EST", "EDT", "AST", "ADT", "IST", "BST", "SST",
        "GST",
    ];
    SHARED.iter().copied().find(|letters| *letters == word)
}

/// `5 minutes ago`, `an hour ago`, `yesterday`, `just now`, `2h ago`, `in 3 days`.
pub(crate) fn is_relative(text: &str) -> bool {
    let lower = text.trim().to_lowercase();
    if matches!(
        lower.as_str(),
        "now"
            | "just now"
            | "today"
            | "yesterday"
            | "a moment ago"
            | "moments ago"
            | "last week"
            | "last month"
    ) || lower.starts_with("yesterday at")
        || lower.starts_with("today at")
    {
        return true;
    }
    let counted = |phrase: &str| {
        let first = phrase.split_whitespace().next().unwrap_or("");
        let digits = first.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        matches!(
            first,
            "a" | "an" | "one" | "few" | "about" | "less" | "over" | "almost"
        ) || (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
    };
    match (lower.strip_suffix(" ago"), lower.strip_prefix("in ")) {
        (Some(phrase), _) | (None, Some(phrase)) => counted(phrase),
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_phrases_are_known_and_others_are_not() {
        for text in [
            "5 minutes ago",
            "an hour ago",
            "2h ago",
            "Just now",
            "in 3 days",
            "Yesterday at 4 PM",
        ] {
            assert!(is_relative(text), "{text}");
        }
        for text in ["2024-04-22", "long ago", "in Manila", ""] {
            assert!(!is_relative(text), "{text}");
        }
    }
}
