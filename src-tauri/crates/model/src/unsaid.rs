//! Words with which logs say that they do not know: `unknown`, `N/A`, `-`.
//!
//! Owns: those words. Never touches: what a value means where there is one.

/// Words that stand in the place of a value, in lower case.
const WORDS: [&str; 18] = [
    "-",
    "--",
    "?",
    "n/a",
    "na",
    "nil",
    "none",
    "not applicable",
    "not available",
    "not set",
    "(not set)",
    "null",
    "undefined",
    "unidentified",
    "unknown",
    "(unknown)",
    "<unknown>",
    "unspecified",
];

/// Whether a text says that there is no value. Two letters that are also a code, as `NA`, must be asked for as a code first.
#[must_use]
pub fn is_unsaid(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::is_unsaid;

    #[test]
    fn words_for_nothing_are_known_in_any_case() {
        for text in ["Unknown", " N/A ", "-", "", "NULL", "(not set)"] {
            assert!(is_unsaid(text), "{text}");
        }
        for text in ["203.0.113.9", "NL", "Mozilla/5.0", "0"] {
            assert!(!is_unsaid(text), "{text}");
        }
    }
}
