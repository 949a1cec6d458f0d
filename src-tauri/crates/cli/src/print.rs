//! Words and columns on the terminal. Owns how answers look as text; log content never reaches the terminal raw.

use std::io::{self, Write};

use witnessmark_engine::api::{
    CountReport, CustodyReport, FacetsReport, HistogramReport, ImportProgress, RejectsReport,
    SourceReport, SourcesReport,
};
pub(crate) use witnessmark_engine::json_line as json;
use witnessmark_engine::{Code, Error, Event, EventWriter, Field, Zone, local_time, visible};

/// Something on the side, which ends nothing.
pub(crate) fn aside(message: &str) {
    // Nobody is left to tell when stderr is gone.
    let _ = writeln!(io::stderr(), "note: {}", visible(message));
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

/// The progress line of an export.
pub(crate) fn export_progress(done: u64, of: u64) {
    let share = (done * 100).checked_div(of).unwrap_or(100);
    let _ = write!(
        io::stderr(),
        "\r\x1b[K{share:>3} % {} of {} events",
        number(done),
        number(of)
    );
}

/// Ends the progress line.
pub(crate) fn progress_end() {
    let _ = write!(io::stderr(), "\r\x1b[K");
}

/// `1,204,388`.
pub(crate) fn number(n: u64) -> String {
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
        None if s.warnings.iter().any(|w| w.code == "zone_missing") => {
            "not chosen, and not every time states its own"
        }
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
    if s.rejected > 0 {
        writeln!(
            out,
            "      why, and where: witnessmark rejects CASE {}",
            s.id
        )?;
    }
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
        if let Some(filter) = &w.filter {
            writeln!(
                out,
                "      which: witnessmark events CASE '{}'",
                visible(filter)
            )?;
        }
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
        if let Some(found) = f.found {
            writeln!(out, "{:>12}  of them contain the text", number(found))?;
        }
        for v in &f.values {
            write!(out, "{:>12}  {}", number(v.count), visible(&v.value))?;
            match (&v.first, &v.last) {
                (Some(first), Some(last)) => writeln!(out, "  from {first} to {last}")?,
                _ => writeln!(out)?,
            }
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
        for part in &bin.split {
            let value = visible(&part.value);
            writeln!(out, "{:>40}  {value}", number(part.count))?;
        }
    }
    let most = most_split(report);
    if let Some(distinct) = report.distinct.filter(|distinct| *distinct > most) {
        writeln!(
            out,
            "of {} values the {} most frequent are shown; `facets` has them all",
            number(distinct),
            number(most)
        )?;
    }
    writeln!(
        out,
        "{} undated, {} outside the range",
        number(report.undated),
        number(report.outside)
    )
}

/// Distinct values that stand in the bins of a histogram.
fn most_split(report: &HistogramReport) -> u64 {
    let values = report.bins.iter().flat_map(|bin| &bin.split);
    let distinct: std::collections::BTreeSet<_> = values.map(|part| &part.value).collect();
    distinct.len() as u64
}

/// The custody log.
pub(crate) fn custody(report: &CustodyReport, out: &mut dyn Write) -> io::Result<()> {
    for e in &report.entries {
        let mut detail = visible(&e.detail).into_owned();
        if !e.says.is_empty() {
            detail = format!("{} {detail}", visible(&e.says));
        }
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
    writeln!(
        out,
        "{} entries, chain {state}, head {}:{}",
        report.size, report.size, report.head
    )?;
    if let Some(root) = report.checkpoint.lines().nth(2) {
        writeln!(
            out,
            "the same with the root, for packages that withhold entries: {}:{root}",
            report.size
        )?;
    }
    for notice in &report.notices {
        writeln!(out, "notice: {}", visible(notice))?;
    }
    writeln!(out, "proves: {}", report.proves)?;
    writeln!(out, "does not prove: {}", report.does_not_prove)?;
    write!(out, "\n{}", report.checkpoint)
}

/// Writes events as columns for people.
pub(crate) struct Table<'o> {
    pub(crate) zone: Zone,
    pub(crate) out: &'o mut dyn Write,
}

impl EventWriter for Table<'_> {
    fn write(&mut self, event: &Event, _original: Option<&[u8]>) -> io::Result<()> {
        table_row(event, &self.zone, self.out)
    }

    fn end(self: Box<Self>) -> io::Result<()> {
        Ok(())
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
}
