//! Apache Parquet: typed columns, times as UTC nanoseconds, lists as lists, zstd inside.
//!
//! Owns: the schema and the cutting into row groups. Never touches: which events. A row group is held in memory until it
//! is full, so memory is bounded by [`ROWS`] and [`BYTES`] whatever the number of events.
//!
//! Column names are those of the events with `_` for the dot (`event_action`), so that SQL needs no quotes. An absent
//! value is null; a list without elements is an empty list.

use std::{io, io::Write, sync::Arc};

use parquet::{
    basic::{Compression, ZstdLevel},
    data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type},
    errors::ParquetError,
    file::{
        properties::WriterProperties,
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    schema::parser::parse_message_type,
};
use witnessmark_model::{Event, Field, Group};

use crate::EventWriter;

/// Most rows of a row group; DuckDB's own choice, so that one group is one unit of its work.
const ROWS: usize = 122_880;
/// Text after which a row group is written although it has fewer rows.
const BYTES: usize = 64 << 20;

/// The cells of one leaf column of the row group that is being gathered.
enum Values {
    Narrow(Vec<i32>),
    Wide(Vec<i64>),
    Text(Vec<ByteArray>),
}

struct Leaf {
    values: Values,
    /// How much of the path down to the value is there; empty where the column is required.
    defined: Vec<i16>,
    /// 0 where a row begins, 1 for further elements of its list; empty where there is no list.
    repeated: Vec<i16>,
}

/// Writes events as Parquet.
pub struct ParquetWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    leaves: Vec<Leaf>,
    rows: usize,
    bytes: usize,
}

fn column_name(field: Field) -> String {
    field.name().replace(['.', '@'], "_")
}

fn single() -> impl Iterator<Item = Field> {
    let all = Field::ALL.iter().copied();
    all.filter(|f| f.group() == Group::Single)
}

/// The schema, in the text form of the format's own reference.
fn schema() -> String {
    let mut out = String::from(
        "message events {
  required int64 event (INTEGER(64, true));
  optional int64 timestamp (TIMESTAMP(NANOS, true));
  required int32 source (INTEGER(32, true));
  required int64 entry (INTEGER(64, true));
  required int32 part (INTEGER(32, true));
  required int64 line (INTEGER(64, true));
  required int64 offset (INTEGER(64, true));
  required int64 length (INTEGER(64, true));
",
    );
    for field in single() {
        out.push_str(&format!(
            "  optional binary {} (STRING);\n",
            column_name(field)
        ));
    }
    let texts = |names: &[&str]| {
        let leaf = |name: &&str| format!("        optional binary {name} (STRING);\n");
        names.iter().map(leaf).collect::<String>()
    };
    for (list, names) in [
        ("target", &["type", "id", "name"][..]),
        ("changes", &["field", "kind", "old", "new"]),
    ] {
        out.push_str(&format!(
            "  required group {list} (LIST) {{\n    repeated group list {{\n      required group element {{\n{}      }}\n    }}\n  }}\n",
            texts(names)
        ));
    }
    for list in ["related_ip", "problems"] {
        out.push_str(&format!(
            "  required group {list} (LIST) {{\n    repeated group list {{\n      required binary element (STRING);\n    }}\n  }}\n"
        ));
    }
    out.push_str(
        "  required group attested (LIST) {
    repeated group list {
      required group element {
        required int32 source (INTEGER(32, true));
        required int64 entry (INTEGER(64, true));
      }
    }
  }
}",
    );
    out
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Into a sink.
    ///
    /// # Errors
    /// When the sink fails.
    pub fn new(out: W) -> io::Result<Self> {
        let schema = parse_message_type(&schema()).map_err(failed)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by(concat!("witnessmark ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let file = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))
            .map_err(failed)?;
        let leaves = (file.schema_descr().columns().iter())
            .map(|column| Leaf {
                values: match column.physical_type() {
                    parquet::basic::Type::INT32 => Values::Narrow(Vec::new()),
                    parquet::basic::Type::INT64 => Values::Wide(Vec::new()),
                    _ => Values::Text(Vec::new()),
                },
                defined: Vec::new(),
                repeated: Vec::new(),
            })
            .collect();
        Ok(Self {
            file,
            leaves,
            rows: 0,
            bytes: 0,
        })
    }

    fn write_group(&mut self) -> io::Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.file.next_row_group().map_err(failed)?;
        for leaf in &mut self.leaves {
            leaf.write(&mut group).map_err(failed)?;
        }
        group.close().map_err(failed)?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }
}

impl Leaf {
    fn write<W: Write + Send>(
        &mut self,
        group: &mut SerializedRowGroupWriter<'_, W>,
    ) -> Result<(), ParquetError> {
        let Some(mut column) = group.next_column()? else {
            return Err(ParquetError::General("a column too many".into()));
        };
        let levels = |levels: &[i16]| (!levels.is_empty()).then(|| levels.to_vec());
        let (defined, repeated) = (levels(&self.defined), levels(&self.repeated));
        let (defined, repeated) = (defined.as_deref(), repeated.as_deref());
        match &mut self.values {
            Values::Narrow(values) => {
                column
                    .typed::<Int32Type>()
                    .write_batch(values, defined, repeated)?;
                values.clear();
            }
            Values::Wide(values) => {
                column
                    .typed::<Int64Type>()
                    .write_batch(values, defined, repeated)?;
                values.clear();
            }
            Values::Text(values) => {
                column
                    .typed::<ByteArrayType>()
                    .write_batch(values, defined, repeated)?;
                values.clear();
            }
        }
        column.close()?;
        self.defined.clear();
        self.repeated.clear();
        Ok(())
    }

    fn put(&mut self, cell: Cell<'_>) {
        match (&mut self.values, cell) {
            (Values::Narrow(values), Cell::Number(n)) => values.push(n as i32),
            (Values::Wide(values), Cell::Number(n)) => values.push(n),
            (Values::Text(values), Cell::Text(text)) => values.push(ByteArray::from(text)),
            _ => {}
        }
    }
}

/// One value of a column.
#[derive(Clone, Copy)]
enum Cell<'e> {
    Number(i64),
    Text(&'e str),
}

/// Lays the values of one event down, column after column in the order of the schema.
struct Row<'w> {
    leaves: std::slice::IterMut<'w, Leaf>,
    bytes: usize,
}

impl Row<'_> {
    fn required(&mut self, number: i64) {
        if let Some(leaf) = self.leaves.next() {
            leaf.put(Cell::Number(number));
        }
    }

    fn optional(&mut self, cell: Option<Cell<'_>>) {
        let Some(leaf) = self.leaves.next() else {
            return;
        };
        leaf.defined.push(i16::from(cell.is_some()));
        if let Some(cell) = cell {
            self.bytes += size(cell);
            leaf.put(cell);
        }
    }

    /// One column of a list: `None` is an element without this value. Level 0 says that the list is empty, 1 that the element
    /// is there, 2 that its value is too; where the value is required, 1 says both.
    fn list<'e>(&mut self, cells: impl Iterator<Item = Option<Cell<'e>>>, required: bool) {
        let Some(leaf) = self.leaves.next() else {
            return;
        };
        let mut first = true;
        for cell in cells {
            leaf.repeated.push(i16::from(!first));
            leaf.defined
                .push(1 + i16::from(!required && cell.is_some()));
            first = false;
            if let Some(cell) = cell {
                self.bytes += size(cell);
                leaf.put(cell);
            }
        }
        if first {
            leaf.repeated.push(0);
            leaf.defined.push(0);
        }
    }
}

fn size(cell: Cell<'_>) -> usize {
    match cell {
        Cell::Number(_) => 8,
        Cell::Text(text) => text.len() + size_of::<ByteArray>(),
    }
}

impl<W: Write + Send> EventWriter for ParquetWriter<W> {
    fn write(&mut self, event: &Event, _original: Option<&[u8]>) -> io::Result<()> {
        let at = &event.locator;
        let mut row = Row {
            leaves: self.leaves.iter_mut(),
            bytes: 0,
        };
        row.required(event.number as i64);
        row.optional(event.time.map(|t| Cell::Number(t.0)));
        for number in [
            i64::from(at.source),
            at.entry as i64,
            i64::from(at.part),
            at.line as i64,
            at.offset as i64,
            at.length as i64,
        ] {
            row.required(number);
        }
        for field in single() {
            row.optional(event.get(field).map(Cell::Text));
        }
        let (targets, changes) = (&event.targets, &event.changes);
        row.list(
            targets.iter().map(|t| t.r#type.as_deref().map(Cell::Text)),
            false,
        );
        row.list(
            targets.iter().map(|t| t.id.as_deref().map(Cell::Text)),
            false,
        );
        row.list(
            targets.iter().map(|t| t.name.as_deref().map(Cell::Text)),
            false,
        );
        row.list(
            changes
                .iter()
                .map(|c| (!c.field.is_empty()).then_some(Cell::Text(&c.field))),
            false,
        );
        row.list(
            changes
                .iter()
                .map(|c| c.kind.map(|k| Cell::Text(k.as_str()))),
            false,
        );
        row.list(
            changes.iter().map(|c| c.old.as_deref().map(Cell::Text)),
            false,
        );
        row.list(
            changes.iter().map(|c| c.new.as_deref().map(Cell::Text)),
            false,
        );
        row.list(event.related_ips.iter().map(|v| Some(Cell::Text(v))), true);
        row.list(event.problems.iter().map(|v| Some(Cell::Text(v))), true);
        let attested = &event.attested;
        row.list(
            attested
                .iter()
                .map(|a| Some(Cell::Number(i64::from(a.source)))),
            true,
        );
        row.list(
            attested.iter().map(|a| Some(Cell::Number(a.entry as i64))),
            true,
        );
        self.bytes += row.bytes;
        self.rows += 1;
        if self.rows >= ROWS || self.bytes >= BYTES {
            self.write_group()?;
        }
        Ok(())
    }

    fn end(mut self: Box<Self>) -> io::Result<()> {
        self.write_group()?;
        self.file.finish().map_err(failed)?;
        self.file.inner_mut().flush()
    }
}

/// The library's errors as those of the sink; an error of the sink keeps its kind.
fn failed(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}
