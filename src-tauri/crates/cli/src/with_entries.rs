//! `events --with-entries`: the examiner's own entries among the events, each marked as what it is.
//!
//! Owns: how an entry looks beside events. Never touches: which entries a filter holds of.

use std::io::{self, Write};

use witnessmark_engine::api::OwnEntryPart;
use witnessmark_engine::{Code, Error, Event, EventWriter, TextFormat, Zone, visible};

use crate::args::Format;
use crate::print;

/// Writes events with entries before the rows that they stand before.
pub(crate) struct WithEntries<'o> {
    entries: std::iter::Peekable<std::vec::IntoIter<OwnEntryPart>>,
    table: bool,
    zone: Zone,
    row: u64,
    out: &'o mut dyn Write,
}

impl<'o> WithEntries<'o> {
    pub(crate) fn new(
        entries: Vec<OwnEntryPart>,
        format: Format,
        zone: Zone,
        out: &'o mut dyn Write,
    ) -> Result<Self, Error> {
        if !matches!(format, Format::Table | Format::Ndjson) {
            return Err(Error::new(
                Code::InvalidOption,
                "entries of the examiner are written as a table or as ndjson only",
                "Leave out --with-entries, or write --format table or --format ndjson.",
            ));
        }
        Ok(Self {
            entries: entries.into_iter().peekable(),
            table: format == Format::Table,
            zone,
            row: 0,
            out,
        })
    }

    fn before(&mut self, row: u64) -> io::Result<()> {
        while let Some(entry) = self.entries.next_if(|e| e.before <= row) {
            if self.table {
                let t = &entry.time;
                writeln!(
                    self.out,
                    "{:>8}  {:<15} {:<12} {}  {:<28}  {}",
                    "entry",
                    t.day,
                    t.clock,
                    t.offset,
                    visible(&entry.who),
                    visible(&entry.text)
                )?;
            } else {
                let line = serde_json::json!({
                    "@timestamp": entry.time.utc,
                    "message": entry.text,
                    "witnessmark": {"examiner_entry": {"id": entry.id, "who": entry.who, "at": entry.at}},
                });
                print::json(&line, self.out)?;
            }
        }
        Ok(())
    }
}

impl EventWriter for WithEntries<'_> {
    fn write(&mut self, event: &Event, original: Option<&[u8]>) -> io::Result<()> {
        // An event without a time comes after everything that has one.
        self.before(if event.time.is_some() {
            self.row
        } else {
            u64::MAX
        })?;
        self.row += 1;
        if self.table {
            let mut table = print::Table {
                zone: self.zone,
                out: self.out,
            };
            return table.write(event, original);
        }
        let mut lines = TextFormat::Ndjson.writer(self.out);
        lines.write(event, original)?;
        lines.end()
    }

    fn end(mut self: Box<Self>) -> io::Result<()> {
        self.before(u64::MAX)
    }
}
