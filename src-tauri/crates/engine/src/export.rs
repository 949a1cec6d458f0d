//! Views out of the case: streams of events in every format, and files that the custody log names.
//!
//! Owns: the order of an export (write, hash, record) and the lossless line of JSON. Never touches: files (a sink is
//! given), other people's schemas (the crate `export` knows them).

use std::io::{self, Write};
use std::ops::ControlFlow;

use serde_json::json;
use witnessmark_export::{
    EventWriter, Format, Hashed, Lines, ParquetWriter, Sheet, line as json_line,
};
use witnessmark_model::{Event, Zone};

use crate::api::{EventJson, ExportReport};
use crate::case::Case;
use crate::error::{Code, Error, Result};
use crate::numbers::Order;

/// A format that can be written to any sink, also to a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextFormat {
    /// For spreadsheets.
    Csv,
    /// The shape of the contract, one object a line.
    Ndjson,
    /// Elastic Common Schema, one object a line.
    Ecs,
    /// Open Cybersecurity Schema Framework, one object a line.
    Ocsf,
}

impl TextFormat {
    /// Whether a writer of this format makes use of the entry as it stood in its source.
    #[must_use]
    pub const fn keeps_original(self) -> bool {
        matches!(self, Self::Ecs | Self::Ocsf)
    }

    /// A writer into a sink.
    pub fn writer(self, out: &mut dyn Write) -> Box<dyn EventWriter + '_> {
        match self {
            Self::Csv => Box::new(Sheet::new(out)),
            Self::Ndjson => Box::new(Ndjson(out)),
            Self::Ecs => Box::new(Lines::ecs(out)),
            Self::Ocsf => Box::new(Lines::ocsf(out)),
        }
    }
}

/// Lossless lines of JSON.
struct Ndjson<'o>(&'o mut dyn Write);

impl EventWriter for Ndjson<'_> {
    fn write(&mut self, event: &Event, _original: Option<&[u8]>) -> io::Result<()> {
        json_line(&EventJson::from(event), self.0)
    }

    fn end(self: Box<Self>) -> io::Result<()> {
        self.0.flush()
    }
}

/// What to export.
#[derive(Clone, Debug)]
pub struct ExportRequest<'a> {
    /// The filter.
    pub query: &'a str,
    /// Zone of dates in the filter that name none.
    pub zone: &'a Zone,
    /// How to write.
    pub format: Format,
    /// The order; by event number if nobody asks otherwise.
    pub order: Order,
    /// Name of the file without its folders, for the custody log.
    pub name: &'a str,
}

/// A writer of any format.
fn writer<'o>(
    format: Format,
    out: &'o mut (dyn Write + Send),
) -> io::Result<Box<dyn EventWriter + 'o>> {
    Ok(match format {
        Format::Csv => TextFormat::Csv.writer(out),
        Format::Ndjson => TextFormat::Ndjson.writer(out),
        Format::Ecs => TextFormat::Ecs.writer(out),
        Format::Ocsf => TextFormat::Ocsf.writer(out),
        Format::Parquet => Box::new(ParquetWriter::new(out)?),
    })
}

impl Case {
    /// Writes every event that matches into a sink and records that in the custody log: query, format, number of events,
    /// bytes and hash. The case must be open for writing. `go_on` is told how many events are done, of how many; a break
    /// cancels. Whoever gave the sink removes what was written of it when this fails.
    ///
    /// # Errors
    /// A wrong filter, a sink that fails, a case that cannot be written, or the person's wish.
    pub fn export(
        &self,
        request: &ExportRequest<'_>,
        out: &mut (dyn Write + Send),
        go_on: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<ExportReport> {
        if self.store.is_read_only() {
            return Err(witnessmark_store::StoreError::ReadOnly.into());
        }
        let total = self.count(request.query, request.zone)?.count;
        let mut hashed = Hashed::new(io::BufWriter::with_capacity(1 << 16, out));
        let failed = |e: io::Error| unwritten(request.name, &e);
        let mut events = 0_u64;
        {
            let mut writer = writer(request.format, &mut hashed).map_err(failed)?;
            let mut stop = None;
            self.each_entry(
                request.query,
                request.zone,
                request.order,
                None,
                request.format.keeps_original(),
                &mut |event, original| {
                    if let Err(error) = writer.write(event, original) {
                        stop = Some(failed(error));
                        return ControlFlow::Break(());
                    }
                    events += 1;
                    if events.is_multiple_of(1_024) && go_on(events, total).is_break() {
                        stop = Some(cancelled());
                        return ControlFlow::Break(());
                    }
                    ControlFlow::Continue(())
                },
            )?;
            if let Some(error) = stop {
                return Err(error);
            }
            writer.end().map_err(failed)?;
        }
        hashed.flush().map_err(failed)?;
        let (bytes, sha256) = hashed.finish();
        let custody = self.store.record(
            &self.stamp(),
            "export",
            &json!({
                "query": request.query, "zone": request.zone.name(), "format": request.format.as_str(),
                "name": request.name, "count": events, "bytes": bytes, "sha256": sha256,
            }),
        )?;
        Ok(ExportReport {
            name: request.name.to_owned(),
            format: request.format.as_str().to_owned(),
            query: request.query.to_owned(),
            count: events,
            bytes,
            sha256,
            custody,
        })
    }
}

fn unwritten(name: &str, error: &io::Error) -> Error {
    let full = error.kind() == io::ErrorKind::StorageFull;
    let (code, hint) = if full {
        (Code::DiskFull, "Free space and export again.")
    } else {
        (Code::Io, "Check the disk and the rights on the folder.")
    };
    Error::new(code, format!("`{name}` cannot be written: {error}"), hint)
}

fn cancelled() -> Error {
    Error::new(
        Code::Cancelled,
        "the export was cancelled",
        "Nothing of it is recorded in the case; export again when you like.",
    )
}
