//! CSV and Parquet, read back by readers that are not ours.

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field as Cell, Row};
use witnessmark_export::{ParquetWriter, Sheet};
use witnessmark_model::{Event, Field};

use crate::{bare, every_kind, full, written};

fn parquet_of(events: &[Event]) -> Vec<Row> {
    let mut out = Vec::new();
    let writer = ParquetWriter::new(&mut out).unwrap();
    written(events, None, Box::new(writer));
    let reader = SerializedFileReader::new(bytes::Bytes::from(out)).unwrap();
    reader
        .get_row_iter(None)
        .unwrap()
        .map(|row| row.unwrap())
        .collect()
}

fn cell<'r>(row: &'r Row, name: &str) -> &'r Cell {
    row.get_column_iter().find(|(n, _)| *n == name).unwrap().1
}

fn text(cell: &Cell) -> Option<&str> {
    match cell {
        Cell::Str(text) => Some(text),
        Cell::Null => None,
        other => panic!("{other:?} is no text"),
    }
}

fn list(cell: &Cell) -> Vec<Cell> {
    match cell {
        Cell::ListInternal(list) => list.elements().to_vec(),
        other => panic!("{other:?} is no list"),
    }
}

/// A member of an element of a list of groups.
fn member(element: &Cell, name: &str) -> Cell {
    let Cell::Group(row) = element else {
        panic!("{element:?} is no group");
    };
    cell(row, name).clone()
}

#[test]
fn parquet_says_the_same_as_the_events() {
    // Every seventh: all kinds of objects and knowledge are still met.
    let mut events: Vec<Event> = every_kind().into_iter().step_by(7).collect();
    events[3].changes[0].field.clear();
    let rows = parquet_of(&events);
    assert_eq!(rows.len(), events.len());
    for (row, event) in rows.iter().zip(&events) {
        assert_eq!(*cell(row, "event"), Cell::Long(event.number as i64));
        assert_eq!(
            *cell(row, "offset"),
            Cell::Long(event.locator.offset as i64)
        );
        assert_eq!(*cell(row, "source"), Cell::Int(event.locator.source as i32));
        match (cell(row, "timestamp"), event.time) {
            (Cell::Null, None) => {}
            (
                Cell::Long(at) | Cell::TimestampMicros(at) | Cell::TimestampMillis(at),
                Some(time),
            ) => {
                assert_eq!(*at, time.0, "nanoseconds are kept");
            }
            (found, time) => panic!("{found:?} {time:?}"),
        }
        for (field, value) in &event.fields {
            let name = field.name().replace('.', "_");
            assert_eq!(text(cell(row, &name)), Some(value.as_str()), "{name}");
        }
        let given = event.fields.len();
        let texts = Field::ALL.iter().filter(|f| !f.is_list()).count();
        let nulls = row
            .get_column_iter()
            .filter(|(name, c)| **c == Cell::Null && *name != "timestamp")
            .count();
        assert_eq!(nulls, texts - given);
        let targets = list(cell(row, "target"));
        assert_eq!(targets.len(), event.targets.len());
        for (found, target) in targets.iter().zip(&event.targets) {
            assert_eq!(text(&member(found, "type")), target.r#type.as_deref());
            assert_eq!(text(&member(found, "id")), target.id.as_deref());
            assert_eq!(text(&member(found, "name")), target.name.as_deref());
        }
        let changes = list(cell(row, "changes"));
        assert_eq!(changes.len(), event.changes.len());
        for (found, change) in changes.iter().zip(&event.changes) {
            let field = (!change.field.is_empty()).then_some(change.field.as_str());
            assert_eq!(text(&member(found, "field")), field);
            assert_eq!(
                text(&member(found, "kind")),
                change.kind.map(|k| k.as_str())
            );
            assert_eq!(text(&member(found, "old")), change.old.as_deref());
            assert_eq!(text(&member(found, "new")), change.new.as_deref());
        }
        let related: Vec<Cell> = list(cell(row, "related_ip"));
        let related: Vec<&str> = related.iter().filter_map(text).collect();
        assert_eq!(related, event.related_ips);
        let attested = list(cell(row, "attested"));
        assert_eq!(attested.len(), event.attested.len());
        for (found, attestation) in attested.iter().zip(&event.attested) {
            assert_eq!(
                member(found, "source"),
                Cell::Int(attestation.source as i32)
            );
            assert_eq!(member(found, "entry"), Cell::Long(attestation.entry as i64));
        }
    }
}

#[test]
fn parquet_of_nothing_can_be_read() {
    assert!(parquet_of(&[]).is_empty());
}

#[test]
fn a_row_group_ends_before_memory_does() {
    let mut out = Vec::new();
    let mut writer: Box<dyn witnessmark_export::EventWriter> =
        Box::new(ParquetWriter::new(&mut out).unwrap());
    let mut event = bare(1);
    for number in 1..=122_881 {
        event.number = number;
        writer.write(&event, None).unwrap();
    }
    writer.end().unwrap();
    let reader = SerializedFileReader::new(bytes::Bytes::from(out)).unwrap();
    let groups: Vec<i64> = (reader.metadata().row_groups().iter())
        .map(|g| g.num_rows())
        .collect();
    assert_eq!(groups, [122_880, 1]);
}

#[test]
fn the_sheet_has_a_header_and_no_formula() {
    let mut out = Vec::new();
    written(&[full(1), bare(2)], None, Box::new(Sheet::new(&mut out)));
    let mut reader = csv::Reader::from_reader(&out[..]);
    let header = reader.headers().unwrap().clone();
    assert_eq!(&header[0], "event");
    let rows: Vec<csv::StringRecord> = reader.records().map(|r| r.unwrap()).collect();
    assert_eq!(rows.len(), 2);
    let at = |name: &str| header.iter().position(|h| h == name).unwrap();
    assert_eq!(&rows[0][at("message")], "'=1+1");
    assert_eq!(&rows[0][at("changes.new")], "rob@example.com; ");
    assert_eq!(&rows[1][at("@timestamp")], "");
    let mut empty = Vec::new();
    written(&[], None, Box::new(Sheet::new(&mut empty)));
    assert_eq!(String::from_utf8(empty).unwrap().lines().count(), 1);
}
