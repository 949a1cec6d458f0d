//! What a file is by its first bytes: a container to open, text to read, or nothing that is a log.
//!
//! Owns: magic numbers, archives, the limits on expansion. Never touches: text formats.

pub(crate) mod guard;
pub(crate) mod sheet;
pub(crate) mod zip;

/// What the first bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text, as far as the first bytes tell.
    Text,
    /// Nothing at all.
    Empty,
    /// A gzip stream.
    Gzip,
    /// A Zstandard stream.
    Zstd,
    /// A ZIP archive; may be a spreadsheet.
    Zip,
    /// No log: what it is, and what to do instead.
    Refused(&'static str, &'static str),
}

/// Tells what a file is.
#[must_use]
pub fn sniff(head: &[u8]) -> Kind {
    const EXPORT: &str = "export the log as CSV or JSON and import that";
    const UNPACK: &str = "unpack it and import what is inside; gzip, zstd and zip are opened here";
    const MAGIC: &[(&[u8], Kind)] = &[
        (b"\x1F\x8B", Kind::Gzip),
        (b"\x28\xB5\x2F\xFD", Kind::Zstd),
        (b"PK\x03\x04", Kind::Zip),
        (b"PK\x05\x06", Kind::Zip),
        (b"%PDF", Kind::Refused("a PDF document", EXPORT)),
        (
            b"\xD0\xCF\x11\xE0",
            Kind::Refused("an old Office document (xls, doc)", EXPORT),
        ),
        (b"\x89PNG", Kind::Refused("a PNG image", EXPORT)),
        (b"\xFF\xD8\xFF", Kind::Refused("a JPEG image", EXPORT)),
        (b"GIF8", Kind::Refused("a GIF image", EXPORT)),
        (b"7z\xBC\xAF", Kind::Refused("a 7-Zip archive", UNPACK)),
        (b"Rar!", Kind::Refused("a RAR archive", UNPACK)),
        (b"BZh", Kind::Refused("a bzip2 file", UNPACK)),
        (b"\xFD7zXZ", Kind::Refused("an xz file", UNPACK)),
        (
            b"SQLite format 3\0",
            Kind::Refused("an SQLite database", EXPORT),
        ),
        (b"PAR1", Kind::Refused("a Parquet file", EXPORT)),
        (b"\x7FELF", Kind::Refused("a program", EXPORT)),
        (b"MZ\x90", Kind::Refused("a program", EXPORT)),
        (
            b"ElfFile\0",
            Kind::Refused("a Windows event log (evtx)", EXPORT),
        ),
    ];
    if head.is_empty() {
        return Kind::Empty;
    }
    if let Some((_, kind)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
        return *kind;
    }
    // Frames that hold no data may come first in a Zstandard stream.
    if head.len() >= 4 && (0x50..=0x5F).contains(&head[0]) && head[1..4] == *b"\x2A\x4D\x18" {
        return Kind::Zstd;
    }
    if head.get(257..262) == Some(b"ustar") {
        return Kind::Refused("a tar archive", UNPACK);
    }
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    markup(text).unwrap_or(if is_binary(text) {
        Kind::Refused("binary data", EXPORT)
    } else {
        Kind::Text
    })
}

fn markup(text: &[u8]) -> Option<Kind> {
    let start: Vec<u8> = text
        .iter()
        .copied()
        .filter(|b| *b != 0)
        .skip_while(u8::is_ascii_whitespace)
        .take(512)
        .collect::<Vec<u8>>()
        .to_ascii_lowercase();
    let html = [
        &b"<!doctype html"[..],
        b"<html",
        b"<head",
        b"<body",
        b"<script",
        b"<title",
        b"<table",
        b"<div",
        b"<!--",
    ];
    if html.iter().any(|tag| start.starts_with(tag)) {
        return Some(Kind::Refused(
            "a web page (HTML), perhaps an error or sign-in page that was saved in place of the export",
            "download the export again while signed in, as CSV or JSON",
        ));
    }
    if start.starts_with(b"<?xml") {
        let html = memchr::memmem::find(&start, b"<html").is_some();
        return Some(Kind::Refused(
            if html {
                "a web page (XHTML)"
            } else {
                "an XML document"
            },
            "export the log as CSV or JSON and import that",
        ));
    }
    None
}

/// Text has hardly any control characters; a stray NUL or escape sequence does not make it binary.
fn is_binary(head: &[u8]) -> bool {
    // UTF-32 has its own refusal. UTF-16 has a NUL in every second byte and is told apart by its mark or by a question.
    if head.starts_with(b"\xFF\xFE")
        || head.starts_with(b"\xFE\xFF")
        || head.starts_with(b"\0\0\xFE\xFF")
    {
        return false;
    }
    let control =
        |b: &u8| *b < 0x20 && !matches!(b, 0 | b'\t' | b'\n' | b'\r' | 0x0C | 0x1B | 0x1E);
    let controls = head.iter().filter(|b| control(b)).count();
    let nuls = head.iter().filter(|b| **b == 0).count();
    let letters = head
        .iter()
        .filter(|b| b.is_ascii_graphic() || **b == b' ')
        .count();
    controls * 20 > head.len()
        || nuls * 2 > head.len() + 1
        || (nuls > 0 || controls > 0) && letters * 3 < head.len()
}

/// Documents are ZIP archives with known members. Workbooks that are read here were told apart before.
pub(crate) fn document_in_zip<'a>(
    mut names: impl Iterator<Item = &'a [u8]>,
) -> Option<(&'static str, &'static str)> {
    names.find_map(|name| {
        if name.starts_with(b"xl/") {
            Some((
                "a spreadsheet in binary form (xlsb)",
                "save it as xlsx, or the sheet as CSV, and import that",
            ))
        } else if name.starts_with(b"word/") || name.starts_with(b"ppt/") {
            Some((
                "an Office document",
                "export the log as CSV or JSON and import that",
            ))
        } else if name == b"mimetype" {
            Some((
                "an OpenDocument file",
                "save the sheet as CSV and import that",
            ))
        } else {
            None
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(head: &[u8]) -> bool {
        matches!(sniff(head), Kind::Refused(..))
    }

    #[test]
    fn what_is_no_log_is_told() {
        assert!(refused(b"%PDF-1.7\n"));
        assert!(refused(b"\xEF\xBB\xBF  \n<!DOCTYPE html><html>"));
        assert!(refused(b"<html><body>Sign in</body>"));
        assert!(refused(b"<?xml version=\"1.0\"?><a/>"));
        let noise: Vec<u8> = (0..4096_u32)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
            .collect();
        assert!(refused(&noise));
        assert_eq!(sniff(b""), Kind::Empty);
        assert_eq!(sniff(b"time,user\n"), Kind::Text);
        assert_eq!(sniff(b"<14>Oct 11 22:14:15 host app: x"), Kind::Text);
        assert_eq!(sniff(b"a\x00b,c\x1B[31m\n1,2\n"), Kind::Text);
        assert_eq!(sniff(b"t\0i\0m\0e\0,\0u\0"), Kind::Text);
        assert_eq!(sniff("время,пользователь\n".as_bytes()), Kind::Text);
    }
}
