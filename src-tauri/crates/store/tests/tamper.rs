//! A case file that another program changed: every table and every column that the schema has, found by looking at it.
//!
//! A table that is added later without rows in `laid` or without cover fails here.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod support;

use std::path::{Path, PathBuf};

use rusqlite::{Connection, types::Value};
use serde_json::json;
use support::{create, events, feed, import, stamp};
use witnessmark_model::{Batch, Field, Instant, Locator, RejectCode};
use witnessmark_store::{
    Case, StoreError,
    case::{Derived, PullCoverage, PullPart, PulledPage, overlays},
    importer::{Reject, SourceEnd, SourceMeta},
};
use witnessmark_verify::{Options, Report, verify};

fn many() -> String {
    (0..5_000)
        .map(|i| format!("{}|id{i}|A{}|t{},u{}\n", i / 2, i % 7, i % 50, i % 3))
        .collect()
}

/// A case with rows in every table.
fn laid(path: &Path) {
    let case = create(path);
    import(&case, &[("few.txt", "10||Login|a\n!junk\n||Undated|\n")]);
    import(&case, &[("many.txt", &many())]);
    import(&case, &[("again.txt", "10||Login|a\n11|id3|other|\n")]);
    import(
        &case,
        &[("few-copy.txt", "10||Login|a\n!junk\n||Undated|\n")],
    );
    let alone = "20||Logout|b\n21||Logout|c\n";
    let source = import(&case, &[("alone.txt", alone)]).sources[0].id;
    let mut importer = case.begin_import(&stamp(), &json!({})).unwrap();
    let container = importer.begin_container("archive.zip").unwrap();
    importer.container_bytes(container, &b"PK"[..]).unwrap();
    importer.end_container(container).unwrap();
    feed(&mut importer, "loose.txt", "30||Download|d\n").unwrap();
    let stream = case
        .pull_stream(&stamp(), "github", "https://192.0.2.1", "{}")
        .unwrap();
    let part = |status| PullPart {
        stream: stream.id,
        pages: vec![PulledPage {
            at: Instant(5),
            url: "https://192.0.2.1/log".into(),
            status,
            headers: "{}".into(),
            sha256: [9; 32],
            items: 1,
        }],
        coverage: vec![PullCoverage {
            from: Instant(1),
            to: Instant(9),
            complete: true,
            reason: String::new(),
        }],
        cursor: format!("{{\"page\":{status}}}"),
    };
    importer.with_pull(part(200));
    // What is said meanwhile is told of without what the import has laid down so far.
    case.overlay(&stamp(), 1, overlays::TAG, "benign").unwrap();
    importer.finish().unwrap();
    case.keep_pull(&stamp(), &part(304)).unwrap();

    let mut reading = case
        .begin_reread(
            source,
            &stamp(),
            SourceMeta {
                name: "alone.txt".into(),
                zone: "UTC (stated)".into(),
                detail: json!({"choices": {}}),
                ..SourceMeta::default()
            },
            &json!({}),
        )
        .unwrap();
    reading.bytes(alone.as_bytes()).unwrap();
    reading.entries(&[(0, 12), (13, 12)]).unwrap();
    reading
        .reject(Reject {
            entry: 1,
            line: 1,
            offset: 0,
            length: 12,
            code: RejectCode::NotRecognised,
            message: "refused".into(),
        })
        .unwrap();
    let mut batch = Batch::default();
    batch.push(Field::EventAction, 0, "Logoff");
    let place = Locator {
        source,
        entry: 2,
        part: 1,
        line: 2,
        offset: 13,
        length: 12,
    };
    batch.end_row(Some(Instant(21_000_000_000)), place, 77, 0);
    reading.batch(&batch).unwrap();
    reading
        .end(SourceEnd {
            entries: 2,
            ..SourceEnd::default()
        })
        .unwrap();
    assert!(reading.homeless().unwrap().is_empty());
    reading.finish().unwrap();

    let noted = case.overlay(&stamp(), 2, overlays::NOTE, "look").unwrap();
    case.retract(&stamp(), noted).unwrap();
    let said = case
        .state(&stamp(), "verdict", "finding:1", "safe")
        .unwrap();
    case.take_back(&stamp(), said).unwrap();
    case.state(&stamp(), "view", "", "action:Login").unwrap();
    let kept = Derived {
        basis: "b".into(),
        at: Instant(1),
        value: b"{}".to_vec(),
    };
    case.keep_derived("findings", "", &kept).unwrap();
}

struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        laid(&dir.path().join("good.wmcase"));
        Self { dir }
    }

    fn good(&self) -> PathBuf {
        self.dir.path().join("good.wmcase")
    }

    /// A copy that another program has written into.
    fn changed(&self, from: &Path, change: &str) -> PathBuf {
        let path = self.dir.path().join("changed.wmcase");
        for ending in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{ending}", path.display()));
        }
        std::fs::copy(from, &path).unwrap();
        let other = Connection::open(&path).unwrap();
        other
            .execute_batch(
                "PRAGMA journal_mode = DELETE; PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;",
            )
            .unwrap();
        let done = other.execute_batch(change);
        assert!(done.is_ok(), "{change}: {done:?}");
        assert!(other.total_changes() > 0, "{change} changes nothing");
        drop(other);
        path
    }
}

fn checked(path: &Path) -> Report {
    verify(path, &Options::default()).unwrap()
}

fn failed(report: &Report) -> Vec<&str> {
    let layers = report.layers.iter().filter(|l| !l.ok);
    layers.map(|l| l.layer.as_str()).collect()
}

struct Column {
    name: String,
    kind: String,
    key: bool,
}

fn columns(db: &Connection, table: &str) -> Vec<Column> {
    db.prepare("SELECT name, type, pk > 0 FROM pragma_table_info(?1)")
        .unwrap()
        .query_map([table], |r| {
            Ok(Column {
                name: format!("\"{}\"", r.get::<_, String>(0)?),
                kind: r.get(1)?,
                key: r.get(2)?,
            })
        })
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap()
}

/// Another value of the column's type, as SQL.
fn other(column: &Column, value: &Value) -> String {
    let name = &column.name;
    match (value, column.kind.as_str()) {
        (Value::Null, "INTEGER") => "1".to_owned(),
        (Value::Null, "TEXT") => "''".to_owned(),
        (Value::Null, _) => "x''".to_owned(),
        (Value::Integer(_) | Value::Real(_), _) => format!("{name} + 1000003"),
        (Value::Text(_), _) => format!("{name} || ' '"),
        (Value::Blob(_), _) => format!("CAST({name} || x'00' AS BLOB)"),
    }
}

/// Every change of one row of a table: each column, taken away, added.
fn changes(db: &Connection, table: &str) -> Vec<String> {
    let columns = columns(db, table);
    let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
    let names = names.join(", ");
    let mut rows: Vec<Vec<Value>> = db
        .prepare(&format!("SELECT {names} FROM {table} ORDER BY 1"))
        .unwrap()
        .query_map([], |r| (0..columns.len()).map(|at| r.get(at)).collect())
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap();
    assert!(
        !rows.is_empty(),
        "`{table}` has no row in this test: lay one down in `laid`"
    );
    // Of settings every one is looked at; of others the first and the last row.
    if table != "meta" {
        let last = rows.pop().unwrap();
        rows.truncate(1);
        rows.push(last);
    }
    let literal = |value: &Value| match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(i) => i.to_string(),
        Value::Real(r) => r.to_string(),
        Value::Text(t) => format!("'{}'", t.replace('\'', "''")),
        Value::Blob(b) => format!(
            "x'{}'",
            b.iter().map(|b| format!("{b:02x}")).collect::<String>()
        ),
    };
    let mut out = Vec::new();
    for row in &rows {
        let keys: Vec<String> = columns
            .iter()
            .zip(row)
            .filter(|(c, _)| c.key)
            .map(|(c, v)| format!("{} IS {}", c.name, literal(v)))
            .collect();
        let this = keys.join(" AND ");
        for (column, value) in columns.iter().zip(row) {
            let other = other(column, value);
            out.push(format!(
                "UPDATE {table} SET {} = {other} WHERE {this}",
                column.name
            ));
        }
        out.push(format!("DELETE FROM {table} WHERE {this}"));
        let copied: Vec<String> = columns
            .iter()
            .zip(row)
            .map(|(c, v)| if c.key { other(c, v) } else { c.name.clone() })
            .collect();
        // Columns of a segment have their own unique key beside the number.
        let copied = copied
            .join(", ")
            .replace("\"chunk\"", "\"chunk\" + 1000003");
        let copied = if table == "segment_dictionary" {
            copied.replace("\"field\"", "\"field\" || ' '")
        } else {
            copied
        };
        out.push(format!(
            "INSERT INTO {table} ({names}) SELECT {copied} FROM {table} WHERE {this}"
        ));
    }
    out
}

#[test]
fn every_row_and_column_that_another_program_changes_is_found() {
    let bench = Bench::new();
    let good = bench.good();
    let report = checked(&good);
    assert!(report.ok, "{report:?}");
    drop(Case::open_read_only(&good, None).unwrap());
    let db = Connection::open(&good).unwrap();
    let tables: Vec<String> = db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .unwrap()
        .query_map([], |r| r.get(0))
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap();
    let mut missed = Vec::new();
    for table in &tables {
        for change in changes(&db, table) {
            let path = bench.changed(&good, &change);
            if checked(&path).ok {
                missed.push(format!("verify: {change}"));
            }
            // The bytes of evidence are hashed when they are shown.
            if table != "evidence_block" && Case::open_read_only(&path, None).is_ok() {
                missed.push(format!("opening: {change}"));
            }
        }
    }
    assert!(missed.is_empty(), "not found:\n{}", missed.join("\n"));
}

/// What was found by a reader who tried: each is told in the layer where one would look.
#[test]
fn changes_that_would_hide_events_are_told_by_their_layer() {
    let bench = Bench::new();
    let good = bench.good();
    for (change, layer) in [
        ("UPDATE segment_source SET source = 7", "events"),
        (
            "UPDATE segment_chunk SET first = first - 1, last = last - 1",
            "events",
        ),
        ("UPDATE evidence SET same_as = 1 WHERE id = 2", "evidence"),
        (
            "UPDATE source SET state = 'withdrawn' WHERE id = 1",
            "sources",
        ),
        ("UPDATE source SET generation = 3 WHERE id = 1", "sources"),
        (
            "UPDATE source SET receipt = json_set(receipt, '$.stored', 1, '$.duplicates', 1) WHERE id = 1",
            "sources",
        ),
        ("DELETE FROM attestation", "events"),
        ("UPDATE superseded SET data = x'00'", "sources"),
        (
            "UPDATE evidence_block SET codec = 2 WHERE id = (SELECT min(id) FROM evidence_block)",
            "evidence",
        ),
        (
            "UPDATE segment_column SET field = 'event.code' WHERE field = 'event.id'",
            "rows",
        ),
        (
            "CREATE TABLE hidden (id INTEGER); INSERT INTO hidden VALUES (1)",
            "rows",
        ),
        (
            "CREATE TRIGGER x AFTER INSERT ON custody BEGIN SELECT 1; END; UPDATE meta SET value = value",
            "file",
        ),
    ] {
        let path = bench.changed(&good, change);
        let report = checked(&path);
        assert!(failed(&report).contains(&layer), "{change}: {report:?}");
    }
}

/// What a person is shown of a case.
fn seen(case: &Case) -> [String; 6] {
    let attested: Vec<_> = (1..=3_u64).map(|e| case.attested(e)).collect();
    [
        format!("{:?}", events(case)),
        format!("{:?}", case.sources()),
        format!("{:?}", case.rejects(None)),
        format!("{:?}", case.overlays(None, None)),
        format!("{:?}", case.statements(None, None)),
        format!("{attested:?}"),
    ]
}

/// Rows of an import that has not ended are not told of: nothing is seen of them, and they hide nothing.
#[test]
fn an_import_that_another_hand_adds_neither_shows_nor_hides_anything() {
    let bench = Bench::new();
    let good = bench.good();
    let before = seen(&Case::open_read_only(&good, None).unwrap());
    let db = Connection::open(&good).unwrap();
    let tables: Vec<String> = db
        .prepare(
            "SELECT t.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c ON c.name = 'import' WHERE t.type = 'table'",
        )
        .unwrap()
        .query_map([], |r| r.get(0))
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap();
    assert!(tables.len() > 6, "{tables:?}");
    let mut planted = vec![
        "INSERT INTO overlay (event, kind, value, at, who, import, retracts)
             SELECT event, kind, '', at, who, 99, id FROM overlay WHERE retracts IS NULL"
            .to_owned(),
        "INSERT INTO reject SELECT -1, entry, line, \"offset\", length, code, message FROM reject WHERE source = 1".to_owned(),
        "INSERT INTO reject SELECT 77, entry, line, \"offset\", length, code, message FROM reject WHERE source = 1;
             INSERT INTO source SELECT 77, 99, 'complete', generation, evidence, name, member, shape, profiles, zone, detail,
             receipt, merkle_root FROM source WHERE id = 1"
            .to_owned(),
    ];
    for table in &tables {
        let columns = columns(&db, table);
        let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
        let copied: Vec<String> = columns
            .iter()
            .map(|c| match c.name.as_str() {
                "\"import\"" => "99".to_owned(),
                _ if c.key => format!("{} + 1000003", c.name),
                name => name.to_owned(),
            })
            .collect();
        planted.push(format!(
            "INSERT INTO {table} ({}) SELECT {} FROM {table}",
            names.join(", "),
            copied.join(", ")
        ));
        // Rows that are there, said to be of it.
        planted.push(format!("UPDATE {table} SET import = 99"));
    }
    let mut through = 0;
    for rows in &planted {
        let path = bench.changed(
            &good,
            &format!(
                "INSERT INTO import VALUES (99, 'importing', 0, 'nobody', '{{}}', 0, NULL); {rows}"
            ),
        );
        let report = checked(&path);
        if report.ok {
            let told = report.layers.iter().find(|l| l.layer == "rows").unwrap();
            assert!(told.detail.contains("1 import has not ended"), "{told:?}");
        }
        // Refused is found.
        let Ok(case) = Case::open_read_only(&path, None) else {
            continue;
        };
        for (now, then) in seen(&case).iter().zip(&before) {
            let begin: String = now.chars().take(1_000).collect();
            assert!(now == then, "{rows}: {begin}");
        }
        through += 1;
    }
    assert!((1..planted.len()).contains(&through), "{through}");
}

/// A version that is put back does not take the log's word away.
#[test]
fn a_file_that_is_marked_as_older_than_its_log_is_not_opened() {
    let bench = Bench::new();
    let path = bench.changed(
        &bench.good(),
        "UPDATE overlay SET value = 'malign'; PRAGMA user_version = 2",
    );
    assert!(!checked(&path).ok);
    let opened = Case::open(&path, None, &stamp());
    assert!(matches!(opened, Err(StoreError::Damaged { .. })));
}

/// Of a case that an older version wrote, what can be held against its columns and its log is, and the rest is said.
#[test]
fn a_case_of_an_older_version_says_what_is_not_covered() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench { dir };
    for version in 1..=2 {
        let old = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("../../../tests/fixtures/cases/v{version}.wmcase"));
        let copy = bench.changed(&old, "UPDATE meta SET value = 'other' WHERE key = 'name'");
        let report = checked(&copy);
        assert!(report.ok, "{report:?}");
        let rows = report.layers.iter().find(|l| l.layer == "rows").unwrap();
        assert!(rows.does_not_prove.contains("notes"), "{rows:?}");
        for (change, layer) in [
            ("UPDATE segment_source SET source = 7", "events"),
            ("UPDATE segment_chunk SET first = first - 1", "events"),
            ("UPDATE evidence SET same_as = 1 WHERE id = 2", "evidence"),
            ("UPDATE source SET state = 'withdrawn'", "sources"),
            ("DELETE FROM attestation", "events"),
            ("DELETE FROM overlay", "sources"),
        ] {
            let report = checked(&bench.changed(&old, change));
            assert_eq!(failed(&report), [layer], "version {version}: {change}");
        }
        // Opened for writing, it is told of as it is found, and covered from then on.
        let copy = bench.changed(&old, "UPDATE meta SET value = 'other' WHERE key = 'name'");
        drop(Case::open(&copy, None, &stamp()).unwrap());
        let report = checked(&copy);
        assert!(report.ok, "{report:?}");
        let rows = report.layers.iter().find(|l| l.layer == "rows").unwrap();
        assert!(rows.does_not_prove.contains("case.upgrade"), "{rows:?}");
        let upgraded = bench.dir.path().join("upgraded.wmcase");
        std::fs::copy(&copy, &upgraded).unwrap();
        let copy = bench.changed(
            &upgraded,
            "UPDATE meta SET value = 'third' WHERE key = 'name'",
        );
        assert_eq!(failed(&checked(&copy)), ["rows"]);
        assert!(Case::open_read_only(&copy, None).is_err());
    }
}

/// What another program wrote meanwhile does not become ours with the next entry.
#[test]
fn a_write_by_another_program_while_the_case_is_open_stops_the_next_one() {
    let bench = Bench::new();
    let case = Case::open(&bench.good(), None, &stamp()).unwrap();
    case.overlay(&stamp(), 2, overlays::TAG, "mine").unwrap();
    let other = Connection::open(bench.good()).unwrap();
    other
        .execute("UPDATE overlay SET value = 'theirs'", [])
        .unwrap();
    let refused = case.overlay(&stamp(), 2, overlays::TAG, "again");
    assert!(matches!(refused, Err(StoreError::Damaged { .. })));
    drop(case);
    drop(other);
    // The log tells a hash of the text too.
    assert_eq!(failed(&checked(&bench.good())), ["rows", "sources"]);
}

/// An import that is taken back gives the room of its journal back.
#[test]
fn the_journal_of_an_import_that_was_given_up_is_emptied() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("case.wmcase");
    let case = create(&path);
    let mut importer = case.begin_import(&stamp(), &json!({})).unwrap();
    let text: String = (0..200_000_u64)
        .map(|i| format!("{i}||{:x}|\n", i.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
        .collect();
    feed(&mut importer, "big.txt", &text).unwrap();
    importer.cancel("it was too long").unwrap();
    let journal = std::fs::metadata(dir.path().join("case.wmcase-wal")).unwrap();
    assert_eq!(journal.len(), 0);
    drop(case);
    assert!(std::fs::metadata(&path).unwrap().len() < 1 << 20);
}

#[test]
fn evidence_with_a_number_that_is_never_given_out_is_refused_before_anything_is_taken_away() {
    for id in [(1_i64 << 32) + 1, i64::MAX, 0, -1] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wmcase");
        let case = create(&path);
        import(&case, &[("few.txt", "10||Login|a\n")]);
        drop(case);
        let db = Connection::open(&path).unwrap();
        db.execute_batch(&format!(
            "INSERT INTO import VALUES(99,'importing',0,'eve','{{}}',0,NULL);
             INSERT INTO evidence VALUES({id},99,NULL,'x',0,x'',NULL);"
        ))
        .unwrap();
        drop(db);
        let before = std::fs::read(&path).unwrap();
        for opened in [
            Case::open(&path, None, &stamp()),
            Case::open_read_only(&path, None),
        ] {
            assert!(
                matches!(
                    opened,
                    Err(StoreError::Damaged {
                        check: "evidence",
                        ..
                    })
                ),
                "{id}: {opened:?}"
            );
        }
        assert_eq!(failed(&checked(&path)), ["rows"], "{id}");
        assert_eq!(std::fs::read(&path).unwrap(), before, "{id}");
    }
}
