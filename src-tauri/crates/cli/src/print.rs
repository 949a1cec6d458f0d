//! Words and columns on the terminal. Owns how answers look as text; log content never reaches the terminal raw.

use std::io::{self, Write};

use serde::Serialize;
use witnessmark_engine::api::{
    CountReport, CustodyReport, EventJson, FacetsReport, HistogramReport, ImportProgress,
    RejectsReport, SourceReport, SourcesReport,
};
use witnessmark_engine::{Change, Code, Error, Event, Field, Target, Zone, local_time, visible};

use crate::args::Format;

/// One line of JSON.
pub(crate) fn json<T: Serialize>(value: &T, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(Unobeyed(&mut *out), value)?;
    writeln!(out)
}

/// Passes JSON on, with the control characters that JSON leaves as they are (DEL and U+0080 to U+009F) as escapes:
/// some terminals obey U+009B as they obey ESC, and an escape says the same to every reader of JSON.
struct Unobeyed<'o>(&'o mut dyn Write);

impl Write for Unobeyed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The serializer hands over whole characters, because it writes `&str` pieces; other bytes pass as they are.
        let Ok(text) = std::str::from_utf8(bytes) else {
            self.0.write_all(bytes)?;
            return Ok(bytes.len());
        };
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| matches!(c, '\u{7f}'..='\u{9f}')) {
            let (before, from) = rest.split_at(at);
            self.0.write_all(before.as_bytes())?;
            let mut chars = from.chars();
            if let Some(c) = chars.next() {
                write!(self.0, "\\u{:04x}", u32::from(c))?;
            }
            rest = chars.as_str();
        }
        self.0.write_all(rest.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// An error on stderr. When stderr is gone there is nobody to tell, so a failed write is let go.
pub(crate) fn error(error: &Error, as_json: bool) {
    let mut stderr = io::stderr().lock();
    let _ = if as_json {
        json(error, &mut stderr)
    } else {
        let shown = |t: &str| visible(t).into_owned();
        let hint = if error.hint.is_empty() {
            String::new()
        } else {
            format!("\nhint: {}", shown(&error.hint))
        };
        // A filter stands before the reader's eyes as one argument, so a place in it is told by its byte, from 1.
        let place = match error.place.start {
            Some(start) if error.code == Code::InvalidQuery => {
                format!(" (byte {} of the filter)", start + 1)
            }
            _ => String::new(),
        };
        writeln!(
            stderr,
            "error: {}{place} [{}]{hint}",
            shown(&error.message),
            error.code.as_str()
        )
    };
}

/// The progress line of an import.
pub(crate) fn progress(p: &ImportProgress) {
    let share = p.total.filter(|t| *t > 0).map_or(String::new(), |t| {
        format!(" {:>3} %", p.bytes.min(t) * 100 / t)
    });
    let left = p
        .seconds_left
        .map_or(String::new(), |s| format!(", {s:.0} s left"));
    let rate = p.rate;
    let _ = write!(
        io::stderr(),
        "\r\x1b[K{}{share} {} entries, {rate:.0}/s{left}",
        visible(&p.name),
        number(p.entries)
    );
}

/// Ends the progress line.
pub(crate) fn progress_end() {
    let _ = write!(io::stderr(), "\r\x1b[K");
}

/// `1,204,388`.
fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// The receipt of an import.
pub(crate) fn receipt(report: &SourcesReport, out: &mut dyn Write) -> io::Result<()> {
    for source in &report.sources {
        one_receipt(source, out)?;
    }
    for part in &report.refused {
        writeln!(
            out,
            "not imported: {} [{}]",
            visible(&part.message),
            part.code.as_str()
        )?;
        if !part.hint.is_empty() {
            writeln!(out, "   hint: {}", visible(&part.hint))?;
        }
    }
    Ok(())
}

fn one_receipt(s: &SourceReport, out: &mut dyn Write) -> io::Result<()> {
    let undated = if s.undated > 0 {
        format!(", {} undated", number(s.undated))
    } else {
        String::new()
    };
    let zone = match s.zone.as_deref() {
        Some(zone) => zone,
        None if s.first.is_some() => "every time states its own",
        None => "not needed, because no time was read",
    };
    writeln!(out, "{}. {}", s.id, visible(&s.name))?;
    writeln!(
        out,
        "   {} entries = {} stored + {} duplicates + {} rejected",
        number(s.entries),
        number(s.stored),
        number(s.duplicates),
        number(s.rejected)
    )?;
    writeln!(out, "   {} events{undated}", number(s.events))?;
    writeln!(out, "   {} bytes, sha256 {}", number(s.bytes), s.sha256)?;
    if s.profiles.is_empty() {
        // Nothing was recognised; how sure that is would be a number without a meaning.
        writeln!(out, "   {}", visible(&s.title))?;
    } else {
        writeln!(
            out,
            "   {} ({}, {:.0} % sure)",
            visible(&s.title),
            visible(&s.profiles.join(", ")),
            s.confidence * 100.0
        )?;
    }
    writeln!(out, "   zone: {}", visible(zone))?;
    if let (Some(first), Some(last)) = (&s.first, &s.last) {
        writeln!(out, "   from {first} to {last}")?;
    }
    for w in &s.warnings {
        writeln!(
            out,
            "   warning: {} ({}, {})",
            visible(&w.message),
            w.code,
            number(w.count)
        )?;
    }
    for spot in &s.blind_spots {
        writeln!(out, "   not logged: {}", visible(spot))?;
    }
    Ok(())
}

/// The list of sources.
pub(crate) fn sources(report: &SourcesReport, out: &mut dyn Write) -> io::Result<()> {
    if report.sources.is_empty() {
        return writeln!(
            out,
            "no source yet; `witnessmark import CASE FILE` reads one"
        );
    }
    receipt(report, out)
}

/// Rejected entries.
pub(crate) fn rejects(report: &RejectsReport, out: &mut dyn Write) -> io::Result<()> {
    for r in &report.rejects {
        writeln!(
            out,
            "source {} entry {} line {} byte {} ({} bytes): {} [{}]",
            r.source,
            number(r.entry),
            number(r.line),
            number(r.offset),
            number(r.length),
            visible(&r.message),
            r.code
        )?;
        writeln!(out, "    {}", visible(&r.preview))?;
    }
    writeln!(out, "{} rejected", number(report.rejects.len() as u64))
}

/// A count.
pub(crate) fn count(report: &CountReport, out: &mut dyn Write) -> io::Result<()> {
    let undated = if report.undated > 0 {
        format!(", {} undated", number(report.undated))
    } else {
        String::new()
    };
    writeln!(out, "{} events{undated}", number(report.count))
}

/// Facets.
pub(crate) fn facets(report: &FacetsReport, out: &mut dyn Write) -> io::Result<()> {
    for f in &report.fields {
        writeln!(
            out,
            "{} ({} distinct, {} without)",
            f.field,
            number(f.distinct),
            number(f.absent)
        )?;
        for v in &f.values {
            writeln!(out, "{:>12}  {}", number(v.count), visible(&v.value))?;
        }
    }
    Ok(())
}

/// A histogram as bars of characters.
pub(crate) fn histogram(report: &HistogramReport, out: &mut dyn Write) -> io::Result<()> {
    let most = report
        .bins
        .iter()
        .map(|b| b.count)
        .max()
        .unwrap_or(0)
        .max(1);
    for bin in &report.bins {
        let bar = "#".repeat((bin.count * 50).div_ceil(most) as usize);
        writeln!(out, "{}  {:>12}  {bar}", bin.start, number(bin.count))?;
    }
    writeln!(
        out,
        "{} undated, {} outside the range",
        number(report.undated),
        number(report.outside)
    )
}

/// The custody log.
pub(crate) fn custody(report: &CustodyReport, out: &mut dyn Write) -> io::Result<()> {
    for e in &report.entries {
        let detail = visible(&e.detail);
        writeln!(
            out,
            "{:>5}  {}  {}  {}  {}  {detail}",
            e.seq,
            e.at,
            visible(&e.who),
            visible(&e.tool),
            visible(&e.action)
        )?;
    }
    let state = if report.intact {
        "intact"
    } else {
        "NOT intact"
    };
    let head = report.entries.last().map_or("-", |e| e.hash.as_str());
    writeln!(
        out,
        "{} entries, chain {state}, head {head}",
        report.entries.len()
    )
}

/// The columns of the spreadsheet form.
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

/// Writes events one after the other.
pub(crate) struct EventWriter<'o> {
    zone: Zone,
    kind: Kind<'o>,
}

enum Kind<'o> {
    Table(&'o mut dyn Write),
    Csv(Box<csv::Writer<&'o mut dyn Write>>, bool),
    Ndjson(&'o mut dyn Write),
}

impl<'o> EventWriter<'o> {
    /// A writer in a format.
    pub(crate) fn new(format: Format, zone: Zone, out: &'o mut dyn Write) -> Self {
        let kind = match format {
            Format::Table => Kind::Table(out),
            Format::Csv => {
                let writer = csv::WriterBuilder::new()
                    .quote_style(csv::QuoteStyle::Always)
                    .from_writer(out);
                Kind::Csv(Box::new(writer), false)
            }
            Format::Ndjson => Kind::Ndjson(out),
        };
        Self { zone, kind }
    }

    /// Writes one event.
    pub(crate) fn write(&mut self, event: &Event) -> io::Result<()> {
        match &mut self.kind {
            Kind::Table(out) => table_row(event, &self.zone, out),
            Kind::Ndjson(out) => json(&EventJson::from(event), out),
            Kind::Csv(writer, begun) => {
                if !*begun {
                    *begun = true;
                    csv_header(writer)?;
                }
                csv_row(event, writer)
            }
        }
    }

    /// Ends the output.
    pub(crate) fn end(self) -> io::Result<()> {
        match self.kind {
            Kind::Table(_) | Kind::Ndjson(_) => Ok(()),
            Kind::Csv(mut writer, begun) => {
                if !begun {
                    csv_header(&mut writer)?;
                }
                writer.flush()
            }
        }
    }
}

fn table_row(event: &Event, zone: &Zone, out: &mut dyn Write) -> io::Result<()> {
    let time = event.time.map_or_else(
        || format!("{:<31}", "undated"),
        |at| {
            let t = local_time(at, zone);
            format!("{:<15} {:<12} {}", t.day, t.clock, t.offset)
        },
    );
    let any = |fields: &[Field]| {
        fields
            .iter()
            .find_map(|f| event.get(*f))
            .unwrap_or("-")
            .to_owned()
    };
    let who = any(&[Field::UserEmail, Field::UserName, Field::UserId]);
    let outcome = event
        .get(Field::EventOutcome)
        .filter(|o| *o == "failure")
        .map_or("", |_| " (failure)");
    let target = event.targets.first().map_or(String::new(), |t| {
        [t.r#type.as_deref(), t.name.as_deref().or(t.id.as_deref())]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ")
    });
    writeln!(
        out,
        "{:>8}  {time}  {:<28}  {}{outcome}  {}  {}",
        event.number,
        visible(&who),
        visible(&any(&[Field::EventAction])),
        visible(&target),
        visible(&any(&[Field::SourceIp])),
    )
}

fn csv_header(writer: &mut csv::Writer<&mut dyn Write>) -> io::Result<()> {
    let names = COLUMNS.iter().map(|f| f.name());
    Ok(writer.write_record(
        ["event", "@timestamp", "source", "entry"]
            .into_iter()
            .chain(names),
    )?)
}

fn csv_row(event: &Event, writer: &mut csv::Writer<&mut dyn Write>) -> io::Result<()> {
    writer.write_field(event.number.to_string())?;
    writer.write_field(event.time.map(|t| t.rfc3339()).unwrap_or_default())?;
    writer.write_field(event.locator.source.to_string())?;
    writer.write_field(event.locator.entry.to_string())?;
    for field in COLUMNS {
        writer.write_field(spreadsheet_safe(&aligned(event, *field)))?;
    }
    Ok(writer.write_record(None::<&[u8]>)?)
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
fn spreadsheet_safe(text: &str) -> String {
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
    fn thousands_are_grouped() {
        assert_eq!(
            [0, 12, 999, 1_000, 1_204_388].map(number),
            ["0", "12", "999", "1,000", "1,204,388"]
        );
    }

    #[test]
    fn json_holds_no_control_character_and_says_the_same() {
        let text = "a\u{1b}[31m\u{9b}31m\u{7f}\u{85}é";
        let mut out = Vec::new();
        json(&text, &mut out).unwrap();
        let line = String::from_utf8(out).unwrap();
        assert!(
            !line.trim_end().contains(|c: char| c.is_control()),
            "{line:?}"
        );
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
    }

    #[test]
    fn a_formula_becomes_text() {
        assert_eq!(spreadsheet_safe("=1+1"), "'=1+1");
        assert_eq!(spreadsheet_safe(" @SUM(A1)"), "' @SUM(A1)");
        assert_eq!(spreadsheet_safe("＝1"), "'＝1");
        assert_eq!(spreadsheet_safe("plain"), "plain");
    }
}
