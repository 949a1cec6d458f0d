//! One case file of every schema version, opened as it was written then.
//!
//! `WITNESSMARK_WRITE_FIXTURES=1 cargo test -p witnessmark-store --test fixture` writes the one of this version anew; do that
//! only while the version has not been released.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod support;

use std::path::{Path, PathBuf};

use support::{create, events, import, stamp};
use witnessmark_store::{
    Case,
    case::{SCHEMA_VERSION, overlays},
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/fixtures/cases")
}

fn many() -> String {
    (0..5_000)
        .map(|i| format!("{}|id{i}|A{}|t{},u{}\n", i / 2, i % 7, i % 50, i % 3))
        .collect()
}

const FEW: &str = "10||Login|a\n10||Login|a\n!junk\n||Undated|\n";

fn write(path: &Path) {
    let _ = std::fs::remove_file(path);
    let case = create(path);
    import(&case, &[("few.txt", FEW)]);
    import(&case, &[("many.txt", &many())]);
    import(&case, &[("again.txt", "10||Login|a\n11|id3|other|\n")]);
    case.overlay(&stamp(), 2, overlays::TAG, "benign").unwrap();
    case.state(&stamp(), "view", "", "action:Login").unwrap();
}

/// The version that is written anew on request.
const PRESENT: i64 = SCHEMA_VERSION;

#[test]
fn the_case_of_every_version_opens_with_all_it_holds() {
    if std::env::var_os("WITNESSMARK_WRITE_FIXTURES").is_some() {
        std::fs::create_dir_all(folder()).unwrap();
        let fixture = folder().join(format!("v{PRESENT}.wmcase"));
        write(&fixture);
        std::fs::remove_file(fixture.with_extension("wmcase.lock")).unwrap();
    }
    for version in 1..=SCHEMA_VERSION {
        let dir = tempfile::tempdir().unwrap();
        let copy = dir.path().join("copy.wmcase");
        std::fs::copy(folder().join(format!("v{version}.wmcase")), &copy).unwrap();
        let before = std::fs::read(&copy).unwrap();
        let case = Case::open_read_only(&copy, None).unwrap();
        assert_eq!(case.meta().schema, version);
        holds_all(&case);
        assert_eq!(
            case.statements(None, None).unwrap().len(),
            usize::from(version > 1)
        );
        drop(case);
        assert_eq!(
            before,
            std::fs::read(&copy).unwrap(),
            "reading changes nothing"
        );

        let case = Case::open(&copy, None, &stamp()).unwrap();
        assert_eq!(case.meta().schema, SCHEMA_VERSION);
        holds_all(&case);
        let said = case
            .state(&stamp(), "verdict", "finding:1", "safe")
            .unwrap();
        assert_eq!(
            case.statements(Some("verdict"), None).unwrap()[0].value,
            "safe"
        );
        case.take_back(&stamp(), said).unwrap();
        assert!(case.take_back(&stamp(), said).is_err());
        assert!(case.statements(Some("verdict"), None).unwrap().is_empty());
        let log: Vec<_> = case.custody().unwrap();
        assert_eq!(
            log.iter()
                .filter(|e| e.entry["action"] == "case.upgrade")
                .count(),
            usize::from(version < SCHEMA_VERSION)
        );
        drop(case);
        holds_all(&Case::open(&copy, None, &stamp()).unwrap());
    }
}

fn holds_all(case: &Case) {
    let all = events(case);
    assert_eq!(all.len(), 3 + 5_000 + 1);
    assert_eq!(all[2].1, "Undated");
    assert_eq!(all[3].3, "0|id0|A0|t0,u0");
    assert_eq!(case.rejects(None).unwrap().len(), 1);
    assert_eq!(case.attested(1).unwrap()[0].source, 3);
    assert_eq!(
        case.overlays(Some(overlays::TAG), None).unwrap()[0].event,
        2
    );
    assert_eq!(
        case.overlays(Some(overlays::PROBLEM), None).unwrap()[0].event,
        7
    );
    let mut out = Vec::new();
    case.extract(2, &mut out).unwrap();
    assert_eq!(out, many().as_bytes());
}
