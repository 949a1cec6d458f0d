//! Messages of errors with their variable parts folded, so that one fault is one line however often it names another id.
//!
//! Owns: which pieces of a message are variable. Never touches: which messages there are.

/// The message with its variable parts as `<id>`, `<number>`, `<address>`, `<e-mail>`, `<time>`, `<url>` and `<text>`
/// (what stood in quotes).
pub(super) fn fold(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(first) = rest.chars().next() {
        if let Some((folded, length)) = quoted(rest, out.chars().last()) {
            out.push_str(&folded);
            rest = &rest[length..];
            continue;
        }
        let end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        if end == 0 {
            if first.is_whitespace() {
                // Runs of spaces and line breaks differ where nothing else does.
                if !out.ends_with(' ') && !out.is_empty() {
                    out.push(' ');
                }
            } else {
                out.push(first);
            }
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let word = &rest[..end];
        let tail = word
            .trim_end_matches(['.', ':', '/', '-', '@', '+', '_'])
            .len();
        out.push_str(&fold_word(&word[..tail]));
        out.push_str(&word[tail..]);
        rest = &rest[end..];
    }
    out.trim_end().to_owned()
}

/// Characters that hold addresses, ids, times and paths together.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | ':' | '/' | '-' | '@' | '+' | '_' | '%' | '~')
}

/// Text in quotes is a value, unless the quote is an apostrophe inside a word.
fn quoted(text: &str, before: Option<char>) -> Option<(String, usize)> {
    let open = text
        .chars()
        .next()
        .filter(|c| matches!(c, '"' | '\'' | '`'))?;
    if open == '\'' && before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let inside = &text[1..];
    let end = inside.find(open)?;
    // A quotation over lines or of great length is prose, not a value.
    (end > 0 && end <= 200 && !inside[..end].contains('\n'))
        .then(|| (format!("{open}<text>{open}"), end + 2))
}

fn fold_word(word: &str) -> String {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    if word.contains("://") {
        return "<url>".to_owned();
    }
    if word.contains('@') && word.contains('.') && !word.starts_with('@') {
        return "<e-mail>".to_owned();
    }
    if digits == 0 {
        // A long word of hexadecimal letters alone is a word; ids have digits.
        return word.to_owned();
    }
    if word.parse::<std::net::IpAddr>().is_ok() || socket(word) {
        return "<address>".to_owned();
    }
    if is_time(word) {
        return "<time>".to_owned();
    }
    if is_number(word) {
        return "<number>".to_owned();
    }
    if is_id(word, digits) {
        return "<id>".to_owned();
    }
    // Pieces of a path or of a compound are looked at one by one: `/v1/users/8124` keeps its shape.
    for joint in ['/', ':', '-', '_'] {
        if word.contains(joint) {
            let parts: Vec<String> = word.split(joint).map(fold_part).collect();
            return parts.join(&joint.to_string());
        }
    }
    fold_part(word)
}

fn fold_part(part: &str) -> String {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    if is_number(part) {
        "<number>".to_owned()
    } else if is_id(part, digits) {
        "<id>".to_owned()
    } else if part.contains(['/', ':', '-', '_']) && digits > 0 {
        fold_word(part)
    } else {
        part.to_owned()
    }
}

fn socket(word: &str) -> bool {
    word.parse::<std::net::SocketAddr>().is_ok()
}

/// A number with its sign, fraction and unit: `42`, `-1.5`, `1,204`, `30s`, `512KB`, `99%`.
fn is_number(word: &str) -> bool {
    let bare = word.trim_start_matches(['+', '-']);
    let digits = bare
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(bare.len());
    let (number, unit) = bare.split_at(digits);
    let units = [
        "", "%", "s", "ms", "us", "ns", "m", "h", "d", "b", "kb", "mb", "gb", "kib", "mib", "gib",
    ];
    number.starts_with(|c: char| c.is_ascii_digit())
        && number.matches('.').count() <= 1
        && units.contains(&unit.to_ascii_lowercase().as_str())
}

/// `2024-04-22`, `06:32:15`, `2024-04-22T06:32:15.123Z`.
fn is_time(word: &str) -> bool {
    let shape: String = word
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    shape.starts_with("0000-00-00") || shape.starts_with("00:00:00") || shape == "00:00"
}

/// A UUID, a hash, or a name with so many digits that somebody counted or drew it.
fn is_id(word: &str, digits: usize) -> bool {
    let plain = word.bytes().filter(u8::is_ascii_alphanumeric).count();
    let hex = word.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    let one = word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (hex && plain >= 8 && digits >= 2)
        || (one && plain >= 12 && digits >= 3)
        || (one && digits >= 4 && digits * 2 >= plain)
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn variable_parts_are_folded_and_words_stay() {
        for (message, template) in [
            (
                "Timeout after 30s calling 203.0.113.5:443",
                "Timeout after <number> calling <address>",
            ),
            ("user 8124 not found", "user <number> not found"),
            (
                "GET https://api.example.com/v1/x?y=1 failed",
                "GET <url>?y=<number> failed",
            ),
            (
                "POST /v1/payments/pay_9f8a7b6c5d4e3f2a: 502",
                "POST /v1/payments/pay_<id>: <number>",
            ),
            (
                "invalid field 'card.number' for \"Ann\"",
                "invalid field '<text>' for \"<text>\"",
            ),
            ("can't open the user's file", "can't open the user's file"),
            (
                "at 2024-04-22T06:32:15Z: id 550e8400-e29b-41d4-a716-446655440000",
                "at <time>: id <id>",
            ),
            (
                "mail to bob@example.com   bounced\n",
                "mail to <e-mail> bounced",
            ),
            (
                "TLS1.2 and SHA256 and Base64 stay",
                "TLS1.2 and SHA256 and Base64 stay",
            ),
            ("größe 12 überschritten", "größe <number> überschritten"),
            ("", ""),
        ] {
            assert_eq!(fold(message), template, "{message}");
        }
    }

    #[test]
    fn folding_is_stable_and_any_text_is_survived() {
        for message in [
            "'",
            "\"\"",
            "''''",
            "%%%",
            "@.",
            "://",
            "\u{202e}x 1\u{0}",
            "–5 – 6–7",
            "'a\nb'",
        ] {
            let once = fold(message);
            assert!(once.len() <= message.len() * 12 + 8, "{message:?}");
        }
    }
}
