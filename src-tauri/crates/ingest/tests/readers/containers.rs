//! gzip, Zstandard, ZIP: opened, kept verbatim, bounded.

use crate::support::*;
use std::io::Write;
use witnessmark_ingest::Limits;
use witnessmark_ingest::options::Options;

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstandard(bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(bytes, 1).unwrap()
}

fn import_all(bytes: &[u8]) -> Memory {
    import_with(bytes, &Options::default(), Limits::default(), 0).unwrap()
}

const A: &[u8] = b"{\"a\":1}\n{\"a\":2}\n";
const B: &[u8] = b"{\"a\":3}\n";

#[test]
fn gzip_of_several_members_is_one_source_and_kept_verbatim() {
    let packed = [gzip(A), gzip(B)].concat();
    let memory = import_all(&packed);
    assert_eq!(memory.container, packed);
    assert_eq!(memory.containers, (1, 1));
    assert_eq!(memory.sources[0].bytes, [A, B].concat());
    assert_eq!(memory.sources[0].events.len(), 3);
    assert!(memory.sources[0].start.as_ref().unwrap().in_container);
}

#[test]
fn zstandard_is_opened() {
    let packed = zstandard(A);
    let memory = import_all(&packed);
    assert_eq!(memory.container, packed);
    assert_eq!(memory.sources[0].bytes, A);
}

#[test]
fn a_gzip_that_is_cut_off_keeps_what_came_before() {
    let lines: Vec<u8> = (0..200_000)
        .flat_map(|i| format!("{{\"a\":{i}}}\n").into_bytes())
        .collect();
    let packed = gzip(&lines);
    let cut = &packed[..packed.len() - 5000];
    let memory = import_all(cut);
    let seen = &memory.sources[0];
    assert_eq!(seen.warned("container_damaged"), 1);
    assert_eq!(memory.container, cut);
    assert!(seen.events.len() > 100_000);
    assert!(lines.starts_with(&seen.bytes));
}

#[test]
fn what_expands_without_end_is_stopped() {
    let limits = Limits {
        ratio_above: 1 << 20,
        ..Limits::default()
    };
    let bomb = gzip(&vec![b'a'; 64 << 20]);
    let error = import_with(&bomb, &Options::default(), limits, 0).unwrap_err();
    assert_eq!(error.code, "limit_exceeded");
    let limits = Limits {
        expanded: 1 << 20,
        ..Limits::default()
    };
    let error = import_with(&gzip(&A.repeat(100_000)), &Options::default(), limits, 0).unwrap_err();
    assert_eq!(error.code, "limit_exceeded");
    let inside = zip(&[("bomb.log", &vec![b'a'; 64 << 20], true)]);
    let limits = Limits {
        ratio_above: 1 << 20,
        ..Limits::default()
    };
    assert_eq!(
        import_with(&inside, &Options::default(), limits, 0)
            .unwrap_err()
            .code,
        "limit_exceeded"
    );
}

/// A ZIP archive written by hand, so that it can hold what libraries refuse to write.
pub(crate) fn zip(members: &[(&str, &[u8], bool)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for (name, body, deflate) in members {
        let at = out.len() as u32;
        let mut crc = flate2::Crc::new();
        crc.update(body);
        let packed = if *deflate {
            let mut encoder =
                flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
            encoder.write_all(body).unwrap();
            encoder.finish().unwrap()
        } else {
            body.to_vec()
        };
        let mut common = Vec::new();
        common.extend([20, 0, 0, 0]);
        common.extend(if *deflate { [8, 0] } else { [0, 0] });
        common.extend([0; 4]);
        common.extend(crc.sum().to_le_bytes());
        common.extend((packed.len() as u32).to_le_bytes());
        common.extend((body.len() as u32).to_le_bytes());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(&packed);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let at = out.len() as u32;
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend((members.len() as u16).to_le_bytes());
    out.extend((members.len() as u16).to_le_bytes());
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(at.to_le_bytes());
    out.extend([0, 0]);
    out
}

#[test]
fn every_member_of_an_archive_is_a_source() {
    let packed = gzip(B);
    let archive = zip(&[
        ("a.json", A, true),
        ("folder/", b"", false),
        ("folder/b.json.gz", &packed, false),
        ("A.JSON", B, false),
        ("a.json", B, true),
    ]);
    for piece in [0, 7] {
        let memory = import_with(&archive, &Options::default(), Limits::default(), piece).unwrap();
        assert_eq!(memory.container, archive);
        let names: Vec<_> = memory
            .sources
            .iter()
            .map(|s| (s.member(), s.events.len()))
            .collect();
        assert_eq!(
            names,
            [
                ("a.json", 2),
                ("folder/b.json.gz", 1),
                ("A.JSON", 1),
                ("a.json", 1)
            ]
        );
        assert!(memory.refused.is_empty());
    }
}

#[test]
fn unsafe_and_unreadable_members_are_refused_one_by_one() {
    let nested = zip(&[("x.json", A, true)]);
    let archive = zip(&[
        ("../x", A, true),
        ("/etc/x", A, true),
        ("C:\\x", A, true),
        ("a\\..\\b", A, true),
        ("nul\0.json", A, true),
        ("page.html", b"<html></html>", true),
        ("empty.json", b"", false),
        ("nested.zip", &nested, false),
        ("good.json", A, true),
    ]);
    let memory = import_all(&archive);
    assert_eq!(memory.sources.len(), 1);
    let refused: Vec<_> = memory
        .refused
        .iter()
        .map(|r| (r.member.as_str(), r.error.code))
        .collect();
    assert_eq!(
        refused,
        [
            ("../x", "unsafe_name"),
            ("/etc/x", "unsafe_name"),
            ("C:\\x", "unsafe_name"),
            ("a\\..\\b", "unsafe_name"),
            ("nul\0.json", "unsafe_name"),
            ("page.html", "not_a_log"),
            ("empty.json", "empty"),
            ("nested.zip", "not_a_log"),
        ]
    );
    assert!(memory.refused[5].error.message.contains("page.html"));
}

#[test]
fn members_that_share_bytes_are_refused() {
    let mut archive = zip(&[("one", &A.repeat(50), true), ("two", A, true)]);
    // The second entry of the directory is pointed at the bytes of the first.
    let second = memchr::memmem::rfind(&archive, b"PK\x01\x02").unwrap();
    archive[second + 42..second + 46].copy_from_slice(&[0; 4]);
    let memory = import_all(&archive);
    assert_eq!(memory.sources.len(), 1);
    assert_eq!(memory.refused[0].error.code, "not_readable");
}

#[test]
fn archives_that_are_none_are_refused() {
    for (bytes, code, word) in [
        (
            &b"PK\x03\x04 and nothing more"[..],
            "not_readable",
            "directory",
        ),
        (
            &zip(&[("xl/workbook.xml", b"<x/>", true)]),
            // A workbook without sheets.
            "empty",
            "nothing",
        ),
        (&zip(&[("../x", A, true)]), "unsafe_name", "leads out"),
        (&zip(&[]), "empty", "nothing"),
        (&gzip(b"<html></html>"), "not_a_log", "HTML"),
        (&gzip(&gzip(A)), "not_a_log", "container"),
        (&gzip(b""), "empty", "nothing"),
    ] {
        let error = refusal(bytes);
        assert_eq!(error.code, code, "{error:?}");
        assert!(error.message.contains(word), "{error:?}");
    }
}

#[test]
fn a_member_with_a_wrong_checksum_is_kept_and_told() {
    let mut archive = zip(&[("a.json", A, false)]);
    let at = memchr::memmem::find(&archive, b"{\"a\":1").unwrap();
    archive[at + 5] = b'7';
    let memory = import_all(&archive);
    assert_eq!(memory.sources[0].warned("container_damaged"), 1);
    assert_eq!(memory.sources[0].texts()[0], "{\"a\":7}");
}
