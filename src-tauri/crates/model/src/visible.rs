//! Log content made safe to print: control, bidi and zero-width characters become visible escapes.
//!
//! Owns: which characters are hidden and how they are shown. Never changes what is stored or exported losslessly.

/// Whether a character is one that a terminal or a reader would not show, or would obey.
/// Bidi controls and zero-width characters after UAX #9 and UTS #39.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text with hidden characters shown: C0 as control pictures (`␛`), the others as `⟨U+202E⟩`.
#[must_use]
pub fn visible(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\u{0}'..='\u{1f}' => out.push(char::from_u32(0x2400 + c as u32).unwrap_or(c)),
            '\u{7f}' => out.push('␡'),
            c if is_hidden(c) => out.push_str(&format!("⟨U+{:04X}⟩", c as u32)),
            c => out.push(c),
        }
    }
    out.into()
}

/// Bytes as visible text: what is no UTF-8 is shown as `\xNN`.
#[must_use]
pub fn visible_bytes(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(&visible(chunk.valid()));
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_comes_out() {
        assert_eq!(visible("a\u{1b}[31mred\u{0}"), "a␛[31mred␀");
        assert_eq!(visible("ali\u{202e}ce"), "ali⟨U+202E⟩ce");
        assert_eq!(visible("grüße 東京 🙂"), "grüße 東京 🙂");
        assert_eq!(visible_bytes(b"ok\xff\x1b"), "ok\\xFF␛");
    }
}
