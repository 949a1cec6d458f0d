//! The file itself: what it keeps, what it refuses, what a crash or a hand in it does.

mod support;

use proptest::prelude::*;
use rusqlite::Connection;
use serde_json::json;
use support::{create, events, feed, import, new_case, stamp};
use witnessmark_store::{
    Case, StoreError,
    case::overlays,
    importer::{SourceEnd, SourceMeta},
};

const TEXT: &str = "10||Login|a\n11||Logout|a,b\n!junk\n12||Pay|\n";

#[test]
fn an_import_that_is_not_finished_is_invisible_and_goes_away() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.wmcase");
    let case = create(&path);
    import(&case, &[("a", TEXT)]);
    let big: String = (0..1_200_000).map(|i| format!("{i}||A|\n")).collect();
    let mut importer = case.begin_import(&stamp(), &json!({})).unwrap();
    feed(&mut importer, "big", &big).unwrap();
    assert_eq!(events(&case).len(), 3);
    assert!(case.begin_import(&stamp(), &json!({})).is_err());
    importer.cancel("the user stopped it").unwrap();
    assert_eq!(events(&case).len(), 3);
    let log = case.custody().unwrap();
    assert_eq!(log.last().unwrap().entry["action"], "import.cancelled");

    // A crash: the process is gone, rows of a sealed segment and evidence are in the file.
    let mut importer = case.begin_import(&stamp(), &json!({})).unwrap();
    feed(&mut importer, "big", &big).unwrap();
    std::mem::forget(importer);
    let copy = dir.path().join("crashed.wmcase");
    std::thread::sleep(std::time::Duration::from_millis(500));
    for end in ["", "-wal"] {
        let from = format!("{}{end}", path.display());
        std::fs::copy(from, format!("{}{end}", copy.display())).unwrap();
    }
    let case = Case::open(&copy, None, &stamp()).unwrap();
    assert_eq!(case.discarded().len(), 1);
    assert_eq!(events(&case).len(), 3);
    import(&case, &[("b", "99||New|\n")]);
    assert_eq!(events(&case).last().unwrap().0, 4);
}

#[test]
fn a_hand_in_the_file_is_found_on_opening() {
    let dir = tempfile::tempdir().unwrap();
    let tampered = |sql: &str, check: &str| {
        let path = dir.path().join("t.wmcase");
        let _ = std::fs::remove_file(&path);
        let case = create(&path);
        import(&case, &[("a", TEXT)]);
        let many: String = (0..5_000).map(|i| format!("{i}||A|\n")).collect();
        import(&case, &[("b", &many)]);
        case.record(&stamp(), "report.print", &json!({})).unwrap();
        case.state(&stamp(), "verdict", "finding:1", "safe")
            .unwrap();
        let said = case.state(&stamp(), "verdict", "finding:2", "safe");
        case.take_back(&stamp(), said.unwrap()).unwrap();
        drop(case);
        let hand = Connection::open(&path).unwrap();
        hand.execute_batch(sql).unwrap();
        drop(hand);
        let before = std::fs::read(&path).unwrap();
        match Case::open(&path, None, &stamp()) {
            Err(StoreError::Damaged { check: found, .. }) => assert_eq!(found, check, "{sql}"),
            Err(other) => assert_eq!(check, "other", "{sql}: {other}"),
            Ok(_) => panic!("{sql} was not found"),
        }
        assert_eq!(
            before,
            std::fs::read(&path).unwrap(),
            "{sql}: the file was changed"
        );
    };
    tampered(
        "UPDATE custody SET entry = replace(entry, 'tester', 'nobody') WHERE seq = 2",
        "custody",
    );
    tampered("DELETE FROM custody WHERE seq = 2", "custody");
    tampered(
        "UPDATE custody SET seq = 99 WHERE seq = 2; UPDATE custody SET seq = 2 WHERE seq = 3; UPDATE custody SET seq = 3 WHERE seq = 99",
        "custody",
    );
    tampered(
        "CREATE TRIGGER t AFTER INSERT ON meta BEGIN DELETE FROM custody; END",
        "schema",
    );
    tampered("CREATE VIEW v AS SELECT 1", "schema");
    tampered("DROP INDEX overlay_by_kind", "schema");
    tampered(
        "UPDATE hot_event SET fields = replace(fields, 'Login', 'Logout')",
        "events",
    );
    tampered("DELETE FROM hot_event WHERE event = 1", "events");
    tampered(
        "UPDATE segment_column SET data = zeroblob(length(data)) WHERE id = 3",
        "events",
    );
    for sql in [
        "DELETE FROM segment_source; DELETE FROM segment_column; DELETE FROM segment_dictionary; DELETE FROM segment_chunk; DELETE FROM segment",
        "UPDATE segment_chunk SET rows = rows - 1",
        "UPDATE segment_source SET events = events - 1",
        "UPDATE source SET receipt = replace(receipt, '\"rejected\":0', '\"rejected\":1')",
        "UPDATE source SET name = 'other' WHERE id = 1",
        "UPDATE source SET zone = 'Asia/Manila (chosen)' WHERE id = 1",
        "UPDATE source SET merkle_root = zeroblob(32) WHERE id = 1",
        "UPDATE evidence SET sha256 = zeroblob(32) WHERE id = 1",
        "INSERT INTO reject VALUES (1, 1, 1, 0, 1, 'invalid_json', 'planted')",
        "UPDATE source SET evidence = NULL WHERE id = 2",
        "UPDATE statement SET value = 'compromised' WHERE id = 1",
        "UPDATE statement SET subject = 'finding:3' WHERE id = 1",
        "DELETE FROM statement WHERE id = 1",
        "DELETE FROM statement WHERE retracts = 2",
        "INSERT INTO statement VALUES (9, 'verdict', '', 'planted', 0, 'nobody', NULL)",
        "INSERT INTO statement VALUES (9, 'verdict', '', '', 0, 'nobody', 1)",
    ] {
        tampered(sql, "agreement");
    }
    tampered("PRAGMA application_id = 5", "other");
    tampered("PRAGMA user_version = 9", "other");
}

#[test]
fn a_damaged_or_cut_file_is_refused_and_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.wmcase");
    let case = create(&path);
    import(&case, &[("a", TEXT)]);
    drop(case);
    let left = std::fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(left, 2, "a closed case is one file and its empty lock");
    let whole = std::fs::read(&path).unwrap();
    for damaged in [
        &whole[..whole.len() / 2],
        &whole[..50],
        b"hello, this is no database at all, really not, and long enough to look",
    ] {
        std::fs::write(&path, damaged).unwrap();
        assert!(Case::open(&path, None, &stamp()).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), damaged);
    }
}

#[test]
fn one_writer_at_a_time_and_readers_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.wmcase");
    let case = create(&path);
    import(&case, &[("a", TEXT)]);
    let Err(StoreError::Locked { holder, .. }) = Case::open(&path, None, &stamp()) else {
        panic!("two writers")
    };
    assert!(holder.contains("tester"));
    let reader = Case::open_read_only(&path, None).unwrap();
    assert_eq!(events(&reader).len(), 3);
    assert!(matches!(
        reader.record(&stamp(), "note", &json!({})),
        Err(StoreError::ReadOnly)
    ));
    drop(reader);
    drop(case);
    #[cfg(unix)]
    {
        let link = dir.path().join("link.wmcase");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(matches!(
            Case::open(&link, None, &stamp()),
            Err(StoreError::NotPlainFile { .. })
        ));
        std::fs::hard_link(&path, dir.path().join("hard.wmcase")).unwrap();
        assert!(matches!(
            Case::open(&path, None, &stamp()),
            Err(StoreError::NotPlainFile { .. })
        ));
    }
    assert!(matches!(
        Case::open(&dir.path().join("none"), None, &stamp()),
        Err(StoreError::NotFound { .. })
    ));
}

#[test]
fn an_encrypted_case_holds_no_plain_text_and_wants_its_passphrase() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.wmcase");
    let case = Case::create(&path, &new_case(Some("it's a secret")), &stamp()).unwrap();
    import(&case, &[("a", TEXT)]);
    let has = |path: &std::path::Path, needle: &[u8]| {
        std::fs::read(path)
            .unwrap()
            .windows(needle.len())
            .any(|w| w == needle)
    };
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let file = file.unwrap().path();
        if !file.to_string_lossy().ends_with(".lock") {
            assert!(
                !has(&file, b"Logout") && !has(&file, b"SQLite format 3"),
                "{}",
                file.display()
            );
        }
    }
    let copy = dir.path().join("copy.wmcase");
    case.save_copy(&copy, &stamp()).unwrap();
    assert!(!has(&copy, b"Logout"));
    drop(case);
    assert!(!has(&path, b"Logout"));
    for wrong in [None, Some("wrong")] {
        assert!(matches!(
            Case::open(&path, wrong, &stamp()),
            Err(StoreError::WrongPassphrase { .. })
        ));
    }
    for path in [path, copy] {
        assert_eq!(
            events(&Case::open(&path, Some("it's a secret"), &stamp()).unwrap()).len(),
            3
        );
    }
}

#[test]
fn overlays_are_said_and_taken_back_and_both_stay_in_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let case = create(&dir.path().join("a.wmcase"));
    import(&case, &[("a", TEXT)]);
    let tag = case.overlay(&stamp(), 2, overlays::TAG, "benign").unwrap();
    case.overlay(&stamp(), 3, overlays::NOTE, "look <b>here</b>")
        .unwrap();
    assert!(matches!(
        case.overlay(&stamp(), 77, overlays::TAG, "x"),
        Err(StoreError::NoSuch { .. })
    ));
    assert_eq!(
        case.overlays(Some(overlays::TAG), Some(2)).unwrap().len(),
        1
    );
    case.retract(&stamp(), tag).unwrap();
    assert_eq!(case.overlays(None, None).unwrap().len(), 1);
    let log = case.custody().unwrap();
    assert_eq!(log.len(), 5);
    assert!(!log[3].entry.to_string().contains("look"));
    assert_eq!(case.custody_head().unwrap().hash, log[4].hash);
    assert_eq!(case.profiles().unwrap()[0].0, "test@1");
}

#[test]
fn sums_that_do_not_agree_make_nothing_visible() {
    let dir = tempfile::tempdir().unwrap();
    let case = create(&dir.path().join("a.wmcase"));
    let mut importer = case.begin_import(&stamp(), &json!({})).unwrap();
    importer.begin_source(SourceMeta::default()).unwrap();
    importer.bytes(b"one\ntwo\n").unwrap();
    importer.entries(&[(0, 3)]).unwrap();
    importer
        .end_source(SourceEnd {
            entries: 2,
            ..SourceEnd::default()
        })
        .unwrap();
    assert!(importer.finish().is_err());
    assert!(case.sources().unwrap().is_empty());
    assert_eq!(
        case.custody().unwrap().last().unwrap().entry["action"],
        "import.failed"
    );
    import(&case, &[("a", TEXT)]);
}

#[test]
fn an_entry_longer_than_what_is_kept_in_memory_has_its_leaf() {
    let dir = tempfile::tempdir().unwrap();
    let case = create(&dir.path().join("a.wmcase"));
    let long: Vec<u8> = (0..70_000_000_u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let mut importer = case.begin_import(&stamp(), &json!({})).unwrap();
    let container = importer.begin_container("a.gz").unwrap();
    importer.container_bytes(container, b"packed").unwrap();
    importer.end_container(container).unwrap();
    importer
        .begin_source(SourceMeta {
            container: Some(container),
            ..SourceMeta::default()
        })
        .unwrap();
    for part in long.chunks(1 << 20) {
        importer.bytes(part).unwrap();
    }
    importer.entries(&[(5, 69_999_990)]).unwrap();
    importer
        .reject(witnessmark_store::importer::Reject {
            entry: 1,
            line: 1,
            offset: 5,
            length: 69_999_990,
            code: witnessmark_model::RejectCode::TooLong,
            message: "too long".into(),
        })
        .unwrap();
    importer
        .end_source(SourceEnd {
            entries: 1,
            ..SourceEnd::default()
        })
        .unwrap();
    let receipt = importer.finish().unwrap();
    let expected = witnessmark_store::importer::merkle::leaf(&long[5..69_999_995]);
    assert_eq!(receipt.sources[0].merkle_root, hex::encode(expected));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn evidence_comes_back_byte_for_byte(
        bytes in prop::collection::vec(any::<u8>(), 0..3_000), times in 0_usize..90, cut in 1_usize..100_000,
        at in any::<prop::sample::Index>(), length in 0_u64..200_000,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let case = create(&dir.path().join("a.wmcase"));
        let whole = bytes.repeat(times);
        let mut importer = case.begin_import(&stamp(), &json!({})).unwrap();
        importer.begin_source(SourceMeta::default()).unwrap();
        for part in whole.chunks(cut) {
            importer.bytes(part).unwrap();
        }
        importer.end_source(SourceEnd::default()).unwrap();
        let receipt = importer.finish().unwrap();
        prop_assert_eq!(receipt.sources[0].bytes, whole.len() as u64);
        let mut out = Vec::new();
        case.extract(1, &mut out).unwrap();
        prop_assert!(out == whole);
        let offset = at.index(whole.len() + 1) as u64;
        let length = length.min(whole.len() as u64 - offset);
        let place = witnessmark_model::Locator { source: 1, offset, length, ..Default::default() };
        prop_assert!(case.raw(&place).unwrap() == whole[offset as usize..(offset + length) as usize]);
    }
}

#[test]
fn a_copy_made_while_the_case_was_open_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.wmcase");
    let case = create(&path);
    import(&case, &[("a", TEXT)]);
    case.overlay(&stamp(), 1, overlays::TAG, "said since")
        .unwrap();
    let copy = dir.path().join("copy.wmcase");
    let saved = dir.path().join("saved.wmcase");
    std::fs::copy(&path, &copy).unwrap();
    case.save_copy(&saved, &stamp()).unwrap();
    let crashed = dir.path().join("crashed.wmcase");
    for end in ["", "-wal"] {
        let from = format!("{}{end}", path.display());
        std::fs::copy(from, format!("{}{end}", crashed.display())).unwrap();
    }
    assert!(case.copied_open().is_none());
    drop(case);
    // Reading leaves an empty journal beside a file, which then looks like one that crashed: it is a copy of its own here.
    let looked_at = dir.path().join("looked-at.wmcase");
    std::fs::copy(&copy, &looked_at).unwrap();
    let read = Case::open_read_only(&looked_at, None).unwrap();
    assert_eq!(read.copied_open(), Some(stamp().at.rfc3339().as_str()));
    assert!(
        read.overlays(None, None).unwrap().is_empty(),
        "the tag was in the journal"
    );
    drop(read);
    let opened = Case::open(&copy, None, &stamp()).unwrap();
    assert!(opened.copied_open().is_some());
    let log = opened.custody().unwrap();
    assert_eq!(log.last().unwrap().entry["action"], "case.copied_open");
    drop(opened);
    for whole in [&path, &saved, &crashed, &copy] {
        let case = Case::open(whole, None, &stamp()).unwrap();
        assert!(case.copied_open().is_none(), "{}", whole.display());
    }
    assert_eq!(
        events(&Case::open_read_only(&crashed, None).unwrap()).len(),
        3
    );
}
