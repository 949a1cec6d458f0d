//! CSV for spreadsheets: every cell quoted, and no cell that a spreadsheet takes for a formula.
//!
//! Owns: the columns and how several values stand in one cell. Never touches: which events.

use std::io::{self, Write};

use witnessmark_model::{Change, Event, Field, Target};

use crate::EventWriter;

/// The columns beside event number, time, source and entry.
const COLUMNS: &[Field] = &[
    Field::EventOriginalTime,
    Field::EventZone,
    Field::EventProvider,
    Field::EventAction,
    Field::EventCategory,
    Field::EventOperation,
    Field::EventOutcome,
    Field::EventReason,
    Field::OrganizationId,
    Field::OrganizationName,
    Field::UserId,
    Field::UserEmail,
    Field::UserName,
    Field::UserType,
    Field::TargetType,
    Field::TargetId,
    Field::TargetName,
    Field::SourceIp,
    Field::SourceCountry,
    Field::UserAgentOriginal,
    Field::SessionId,
    Field::ChangeField,
    Field::ChangeOld,
    Field::ChangeNew,
    Field::ErrorType,
    Field::ErrorMessage,
    Field::ServiceName,
    Field::ServiceVersion,
    Field::ServiceEnvironment,
    Field::Message,
];

/// Writes events as CSV (RFC 4180), header first, also when there is no event.
pub struct Sheet<'o> {
    writer: csv::Writer<&'o mut dyn Write>,
    begun: bool,
}

impl<'o> Sheet<'o> {
    /// Into a sink.
    pub fn new(out: &'o mut dyn Write) -> Self {
        let writer = csv::WriterBuilder::new()
            .quote_style(csv::QuoteStyle::Always)
            .from_writer(out);
        Self {
            writer,
            begun: false,
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        if self.begun {
            return Ok(());
        }
        self.begun = true;
        let own = ["event", "@timestamp", "source", "entry"].into_iter();
        let names = COLUMNS.iter().map(|f| f.name());
        Ok(self.writer.write_record(own.chain(names))?)
    }
}

impl EventWriter for Sheet<'_> {
    fn write(&mut self, event: &Event, _original: Option<&[u8]>) -> io::Result<()> {
        self.begin()?;
        let writer = &mut self.writer;
        writer.write_field(event.number.to_string())?;
        writer.write_field(event.time.map(|t| t.rfc3339()).unwrap_or_default())?;
        writer.write_field(event.locator.source.to_string())?;
        writer.write_field(event.locator.entry.to_string())?;
        for field in COLUMNS {
            writer.write_field(spreadsheet_safe(&aligned(event, *field)))?;
        }
        Ok(writer.write_record(None::<&[u8]>)?)
    }

    fn end(mut self: Box<Self>) -> io::Result<()> {
        self.begin()?;
        self.writer.flush()
    }
}

/// The values of a field in one cell. Targets and changes keep a place for each element, so that the first old value
/// belongs to the first field also when another has none.
fn aligned(event: &Event, field: Field) -> String {
    let targets = |pick: fn(&Target) -> Option<&str>| {
        event
            .targets
            .iter()
            .map(|t| pick(t).unwrap_or_default())
            .collect::<Vec<_>>()
            .join("; ")
    };
    let changes = |pick: fn(&Change) -> Option<&str>| {
        event
            .changes
            .iter()
            .map(|c| pick(c).unwrap_or_default())
            .collect::<Vec<_>>()
            .join("; ")
    };
    match field {
        Field::TargetType => targets(|t| t.r#type.as_deref()),
        Field::TargetId => targets(|t| t.id.as_deref()),
        Field::TargetName => targets(|t| t.name.as_deref()),
        Field::ChangeField => changes(|c| Some(&c.field)),
        Field::ChangeOld => changes(|c| c.old.as_deref()),
        Field::ChangeNew => changes(|c| c.new.as_deref()),
        _ => event.values(field).join("; "),
    }
}

/// A text that no spreadsheet takes for a formula (OWASP ASVS 1.2.10; also the full-width forms that some fold).
#[must_use]
pub fn spreadsheet_safe(text: &str) -> String {
    let trimmed = text.trim_start_matches(['\u{feff}', ' ']);
    let dangerous = trimmed.starts_with([
        '=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠',
    ]);
    if dangerous {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_becomes_text() {
        assert_eq!(spreadsheet_safe("=1+1"), "'=1+1");
        assert_eq!(spreadsheet_safe(" @SUM(A1)"), "' @SUM(A1)");
        assert_eq!(spreadsheet_safe("＝1"), "'＝1");
        assert_eq!(spreadsheet_safe("plain"), "plain");
    }
}
