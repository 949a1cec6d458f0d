//! Modifiers that change a text before it is looked for.
//!
//! Owns: the encodings. Never touches: comparison.

use base64::{Engine as _, engine::general_purpose::STANDARD};

fn encoded(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Base64 (RFC 4648) of each text.
pub(crate) fn base64(texts: Vec<String>) -> Vec<String> {
    texts.iter().map(|t| encoded(t.as_bytes())).collect()
}

/// What of each text's base64 is the same wherever in a longer text it stands, for each of the three offsets.
pub(crate) fn base64_offsets(texts: Vec<String>) -> Vec<String> {
    let one = |text: &String| {
        let bytes = text.as_bytes();
        (0..3_usize)
            .map(|offset| {
                let mut padded = vec![b' '; offset];
                padded.extend_from_slice(bytes);
                let all = encoded(&padded);
                let start = [0, 2, 3][offset];
                let end = all.len() - [0, 3, 2][padded.len() % 3];
                format!("*{}*", all.get(start..end).unwrap_or_default())
            })
            .collect::<Vec<_>>()
    };
    texts.iter().flat_map(one).collect()
}

/// Each text in UTF-16LE, as the text that its bytes are.
pub(crate) fn wide(texts: Vec<String>) -> Vec<String> {
    texts
        .iter()
        .map(|t| {
            t.encode_utf16()
                .flat_map(u16::to_le_bytes)
                .map(char::from)
                .collect()
        })
        .collect()
}

/// Each text with every dash and slash before a word written in each way that Windows takes.
pub(crate) fn dashes(texts: Vec<String>) -> Vec<String> {
    let ways = |text: &String| {
        ['-', '/', '–', '—', '―']
            .map(|dash| text.replacen('-', &dash.to_string(), 1))
            .to_vec()
    };
    let mut out: Vec<String> = texts.iter().flat_map(ways).collect();
    out.dedup();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings() {
        assert_eq!(
            base64(vec!["foobar".into(), "fo".into(), "f".into()]),
            ["Zm9vYmFy", "Zm8=", "Zg=="]
        );
        // The example of the Sigma specification.
        assert_eq!(
            base64_offsets(vec!["/bin/bash".into()]),
            ["*L2Jpbi9iYXNo*", "*9iaW4vYmFza*", "*vYmluL2Jhc2*"]
        );
        assert_eq!(wide(vec!["ab".into()]), ["a\0b\0"]);
    }
}
