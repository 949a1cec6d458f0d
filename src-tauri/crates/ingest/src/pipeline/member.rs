//! One source from its first byte to its last: encoding, shape, plan, entries.
//!
//! Owns: numbering, rejects, warnings, the sums. Never touches: containers (opened before), formats (the readers).

use super::error::{ImportError, RunError};
use super::feed::{self, Filled};
use super::read::{Read, ValueReader};
use super::run::Setup;
use super::sink::{EntryMap, Reject, Sink, SourceEnd, SourceStart, Warning};
use super::window::{At, Window, advance};
use crate::container::guard::Watch;
use crate::container::{Kind, sniff};
use crate::encoding::{self, Detected, Encoding};
use crate::entry::{Entry, EntryValue};
use crate::frame::{Framer, Step};
use crate::shape::{self, Shape};
use witnessmark_model::{Batch, Field, Flag, RejectCode};

/// Entries that a mapping is planned from.
pub(super) const SAMPLE: usize = 256;

/// What a person does about card numbers.
const CARDS: &str = "values look like payment card numbers; keep them in a case that is encrypted: make one with a passphrase and import again";

/// What a source is called.
pub(super) struct Name<'a> {
    pub(super) input: &'a str,
    pub(super) member: Option<&'a str>,
    /// The container that begins with this source and ends with it.
    pub(super) container: Option<&'static str>,
    pub(super) in_container: bool,
}

impl Name<'_> {
    pub(super) fn shown(&self) -> &str {
        self.member.unwrap_or(self.input)
    }
}

/// What the head of a source told.
pub(super) struct Known {
    pub(super) encoding: Encoding,
    pub(super) mark: usize,
    pub(super) shape: Shape,
}

/// Tells encoding and shape from the first bytes; `whole` says that nothing follows.
pub(super) fn look(head: &[u8], whole: bool, setup: &Setup<'_>) -> Result<Known, ImportError> {
    if setup.options.sheet {
        return look_at_sheet(head, whole);
    }
    match sniff(&head[..head.len().min(64 << 10)]) {
        Kind::Text => {}
        Kind::Empty => return Err(empty()),
        Kind::Refused(what, hint) => {
            return Err(ImportError::new(
                "not_a_log",
                format!("looks like {what}"),
                hint,
            ));
        }
        Kind::Gzip | Kind::Zstd | Kind::Zip => {
            return Err(ImportError::new(
                "not_a_log",
                "is a container inside a container",
                "unpack the outer one and import what is inside",
            ));
        }
    }
    let (encoding, mark) = choose_encoding(head, setup.options.encoding.as_deref())?;
    let mut text = Vec::new();
    let body = head.get(mark..).unwrap_or_default();
    encoding.decode(body, whole, &mut text);
    if text.iter().all(u8::is_ascii_whitespace) && whole {
        return Err(empty());
    }
    let mut shape = shape::detect(&text, whole, &setup.limits);
    // Lines of a log hold commas too; what a profile knows as lines is no table without a header.
    if matches!(&shape, Shape::Csv(layout) if !layout.named) && lines_known(&text, whole, setup) {
        let newline = shape.newline();
        shape = Shape::Lines { newline };
    }
    Ok(Known {
        encoding,
        mark,
        shape,
    })
}

/// A sheet is a table of UTF-8 text; what stands in its first cells says nothing about the file.
fn look_at_sheet(head: &[u8], whole: bool) -> Result<Known, ImportError> {
    if head.iter().all(u8::is_ascii_whitespace) && whole {
        return Err(empty());
    }
    Ok(Known {
        encoding: Encoding::Utf8,
        mark: 0,
        shape: shape::sheet(head, whole),
    })
}

/// Whether the first whole lines are of a log that is written in lines.
fn lines_known(text: &[u8], whole: bool, setup: &Setup<'_>) -> bool {
    let text = String::from_utf8_lossy(text);
    let mut lines: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).collect();
    if !whole && lines.len() > 1 {
        lines.pop();
    }
    lines.truncate(SAMPLE);
    setup.planner.knows_lines(&lines)
}

pub(super) fn empty() -> ImportError {
    ImportError::new(
        "empty",
        "holds nothing",
        "export the log again; if the period is really empty, there is nothing to import",
    )
}

fn choose_encoding(head: &[u8], chosen: Option<&str>) -> Result<(Encoding, usize), ImportError> {
    let detected = encoding::detect(head);
    let Some(label) = chosen else {
        return match detected {
            Detected::Known(encoding, mark) => Ok((encoding, mark)),
            Detected::Foreign(name) => Err(ImportError::new(
                "not_readable",
                format!("is written in {name}, which is not read here"),
                "save it as UTF-8 and import that",
            )),
            Detected::Ask(guess) => {
                let shown: String = Encoding::from_label(guess)
                    .map(|e| e.text(&head[..head.len().min(2000)]).into_owned())
                    .unwrap_or_default()
                    .chars()
                    .filter(|c| !c.is_control())
                    .take(80)
                    .collect();
                Err(ImportError::new(
                    "encoding_required",
                    format!("is not UTF-8; read as {guess} it begins `{shown}`"),
                    format!(
                        "say --encoding {guess}, or another if these are not the right characters"
                    ),
                ))
            }
        };
    };
    let encoding = Encoding::from_label(label).ok_or_else(|| {
        ImportError::new(
            "invalid_option",
            format!("`{label}` is no encoding that is read here"),
            "use utf-8, utf-16le, utf-16be, or a single-byte one such as windows-1252",
        )
    })?;
    let mark = match detected {
        Detected::Known(found, mark) if found.label() == encoding.label() => mark,
        _ => 0,
    };
    Ok((encoding, mark))
}

/// The first entries of a text, as places.
pub(super) fn sample_places(
    shape: &Shape,
    text: &[u8],
    whole: bool,
    setup: &Setup<'_>,
) -> Vec<(usize, usize)> {
    let mut framer = shape.framer(&setup.limits);
    let mut at = shape.skip();
    let mut places = Vec::new();
    while places.len() < SAMPLE && at <= text.len() {
        let step = framer.step(&text[at..], whole);
        match step {
            Step::More => {
                // A row that goes on beyond the text still has the columns that its header names.
                if places.is_empty() && matches!(shape, Shape::Csv(_)) && at < text.len() {
                    places.push((at, text.len()));
                }
                break;
            }
            Step::Entry { start, end, .. } => places.push((at + start, at + end)),
            _ => {}
        }
        at += advance(&step);
    }
    places
}

/// Reads the sampled places and hands them to `visit`.
pub(super) fn with_sample<T>(
    shape: &Shape,
    text: &[u8],
    places: &[(usize, usize)],
    setup: &Setup<'_>,
    visit: impl FnOnce(&[Entry<'_>]) -> T,
) -> T {
    let limits = setup.limits.json();
    let mut readers: Vec<ValueReader> = places.iter().map(|_| ValueReader::default()).collect();
    let mut entries = Vec::with_capacity(places.len());
    for ((start, end), reader) in places.iter().zip(&mut readers) {
        let raw = &text[*start..*end];
        if let Read::Value(value, flags) = reader.read(shape, raw, true, false, &limits) {
            entries.push(Entry {
                number: entries.len() as u64 + 1,
                line: 0,
                offset: *start as u64,
                raw,
                flags,
                value,
            });
        }
    }
    visit(&entries)
}

/// Reads one source and gives it to the sink.
pub(super) fn import<S: Sink + ?Sized>(
    mut window: Window<'_>,
    watch: &Watch,
    name: &Name<'_>,
    setup: &Setup<'_>,
    sink: &mut S,
) -> Result<(), RunError<S::Error>> {
    let mut damage = None;
    if let Filled::Damaged(why) = feed::read(&mut window, watch)? {
        damage = Some(why);
    }
    let known = look(window.head(), window.ended(), setup)?;
    window.set_encoding(known.encoding, known.mark);
    window.set_newline(known.shape.newline());
    let shape = known.shape;
    let mut source = shape.source(window.encoding().label());
    let mut places = sample_places(&shape, window.text(), window.ended(), setup);
    // A first entry longer than the head is read to its end, since a mapping needs one that is whole.
    while !window.ended()
        && window.text().len() <= setup.limits.record
        && places.iter().all(|(_, end)| *end == window.text().len())
    {
        if let Filled::Damaged(why) = feed::read(&mut window, watch)? {
            damage = Some(why);
        }
        places = sample_places(&shape, window.text(), window.ended(), setup);
    }
    let planned = with_sample(&shape, window.text(), &places, setup, |sample| {
        setup.planner.plan(sample, name.shown(), &source)
    })
    .map_err(|question| ImportError::question(&question))?;
    if matches!(shape, Shape::Lines { .. }) {
        source.header = planned.line_header;
    }
    if let Some(kind) = name.container {
        sink.begin_container(name.input, kind)
            .map_err(RunError::Sink)?;
    }
    sink.begin_source(SourceStart {
        name: name.input.to_owned(),
        member: name.member.map(str::to_owned),
        in_container: name.in_container,
        shape: source,
        described: shape.describe(),
        profiles: planned.profiles,
        texts: planned.texts,
        confidence: planned.confidence,
        zone: planned.zone,
        date_order: planned.date_order,
    })
    .map_err(RunError::Sink)?;
    feed::give(&mut window, watch, 0, sink)?;
    let mut pump = Pump {
        mapper: planned.mapper,
        framer: shape.framer(&setup.limits),
        reader: ValueReader::default(),
        batch: Batch::default(),
        tally: Tally::default(),
        mark: window.at(),
        events: 0,
        flags: [0; Flag::ALL.len()],
        shape,
    };
    window.consume(pump.shape.skip().min(window.text().len()));
    pump.run(&mut window, watch, setup, sink, &mut damage)?;
    let end = pump.end(&window, damage);
    sink.end_source(end).map_err(RunError::Sink)
}

/// The state of reading one source.
struct Pump {
    shape: Shape,
    mapper: Box<dyn EntryMap>,
    framer: shape::AnyFramer,
    reader: ValueReader,
    batch: Batch,
    tally: Tally,
    mark: At,
    events: u64,
    flags: [u64; Flag::ALL.len()],
}

/// What was counted of the entries of one source, and the places that the sink was not given yet.
#[derive(Default)]
struct Tally {
    places: Vec<(u64, u64)>,
    entries: u64,
    rejected: u64,
    not_a_number: u64,
    repeated: u64,
}

impl Tally {
    /// Maps what was read at a place; gives the reason when it holds no event.
    fn take(
        &mut self,
        read: Read<'_>,
        at: At,
        raw: &[u8],
        mapper: &mut dyn EntryMap,
        batch: &mut Batch,
    ) -> Option<(RejectCode, String)> {
        let (value, flags) = match read {
            Read::Header => {
                self.repeated += 1;
                return None;
            }
            Read::Reject(code, message) => return Some((code, message)),
            Read::Value(value, flags) => (value, flags),
        };
        if let EntryValue::Json(json) = value {
            self.not_a_number += u64::from(json.not_a_number());
        }
        let entry = Entry {
            number: self.entries + 1,
            line: at.line,
            offset: at.offset,
            raw,
            flags,
            value,
        };
        let refused = mapper.map(&entry, batch).err();
        if refused.is_none() {
            self.entries += 1;
            self.places.push((at.offset, raw.len() as u64));
        }
        refused
    }
}

impl Pump {
    fn run<S: Sink + ?Sized>(
        &mut self,
        window: &mut Window<'_>,
        watch: &Watch,
        setup: &Setup<'_>,
        sink: &mut S,
        damage: &mut Option<String>,
    ) -> Result<(), RunError<S::Error>> {
        loop {
            self.records(window, setup, sink)?;
            let step = self.framer.step(window.text(), window.ended());
            match step {
                Step::More if window.ended() => {
                    self.give_places(sink)?;
                    return self.hand_on(sink);
                }
                Step::More => {
                    self.give_places(sink)?;
                    if let Filled::Damaged(why) =
                        feed::fill(window, watch, self.tally.entries, sink)?
                    {
                        *damage = Some(why);
                    }
                }
                Step::Skip(_) => {}
                Step::Mark => self.mark = window.at(),
                Step::Entry { start, end, .. } => self.entry(window, start, end, setup, sink)?,
                Step::Reject {
                    start, end, code, ..
                } => {
                    let at = window.place(start);
                    let length = window.raw(start, end).len() as u64;
                    self.reject(at, length, code, code.text().to_owned(), sink)?;
                }
                Step::RejectMarked { end, code, .. } => {
                    let length = window.place(end).offset - self.mark.offset;
                    self.reject(self.mark, length, code, code.text().to_owned(), sink)?;
                }
            }
            window.consume(advance(&step));
            if self.batch.is_full() {
                self.hand_on(sink)?;
            }
        }
    }

    /// Reads the plain CSV records that come next, without asking the framer for each.
    fn records<S: Sink + ?Sized>(
        &mut self,
        window: &mut Window<'_>,
        setup: &Setup<'_>,
        sink: &mut S,
    ) -> Result<(), RunError<S::Error>> {
        if !window.encoding().is_utf8() || !self.framer.begins_record() {
            return Ok(());
        }
        loop {
            let (text, at) = (window.text(), window.at());
            let Shape::Csv(layout) = &self.shape else {
                return Ok(());
            };
            let Some((read, extent)) = self.reader.record(layout, text, setup.limits.record) else {
                return Ok(());
            };
            let raw = &text[..extent.end];
            match self
                .tally
                .take(read, at, raw, &mut *self.mapper, &mut self.batch)
            {
                None => {}
                Some((code, message)) => {
                    let length = raw.len() as u64;
                    self.reject(at, length, code, message, sink)?;
                }
            }
            window.pass(extent.next, extent.newlines);
            if self.batch.is_full() {
                self.hand_on(sink)?;
            }
        }
    }

    fn entry<S: Sink + ?Sized>(
        &mut self,
        window: &Window<'_>,
        start: usize,
        end: usize,
        setup: &Setup<'_>,
        sink: &mut S,
    ) -> Result<(), RunError<S::Error>> {
        let text = window.text();
        let at = window.place(start);
        let at_end = window.ended() && text[end..].iter().all(u8::is_ascii_whitespace);
        let raw = window.raw(start, end);
        let utf8 = window.encoding().is_utf8();
        let limits = setup.limits.json();
        let read = self
            .reader
            .read(&self.shape, &text[start..end], utf8, at_end, &limits);
        match self
            .tally
            .take(read, at, raw, &mut *self.mapper, &mut self.batch)
        {
            None => Ok(()),
            Some((code, message)) => self.reject(at, raw.len() as u64, code, message, sink),
        }
    }

    fn reject<S: Sink + ?Sized>(
        &mut self,
        at: At,
        length: u64,
        code: RejectCode,
        message: String,
        sink: &mut S,
    ) -> Result<(), RunError<S::Error>> {
        let tally = &mut self.tally;
        tally.entries += 1;
        tally.rejected += 1;
        tally.places.push((at.offset, length));
        sink.reject(Reject {
            entry: tally.entries,
            line: at.line,
            offset: at.offset,
            length,
            code,
            message,
        })
        .map_err(RunError::Sink)
    }

    /// Gives the places of all entries that the bytes given so far complete.
    fn give_places<S: Sink + ?Sized>(&mut self, sink: &mut S) -> Result<(), RunError<S::Error>> {
        let places = &mut self.tally.places;
        if !places.is_empty() {
            sink.entries(places).map_err(RunError::Sink)?;
            places.clear();
        }
        Ok(())
    }

    fn hand_on<S: Sink + ?Sized>(&mut self, sink: &mut S) -> Result<(), RunError<S::Error>> {
        if self.batch.rows.is_empty() {
            return Ok(());
        }
        self.events += self.batch.rows.len() as u64;
        let problems = self.batch.column(Field::Problems);
        let known: Vec<Option<Flag>> = problems.texts().map(Flag::from_code).collect();
        for cell in problems.cells() {
            if let Some(flag) = known[cell.value as usize] {
                self.flags[flag as usize] += 1;
            }
        }
        let full = std::mem::take(&mut self.batch);
        self.batch = sink.batch(full).map_err(RunError::Sink)?;
        self.batch.clear();
        Ok(())
    }

    fn end(&self, window: &Window<'_>, damage: Option<String>) -> SourceEnd {
        let mut warnings = Vec::new();
        let mut warn = |code: &'static str, count: u64, message: String| {
            if count > 0 {
                warnings.push(Warning {
                    code,
                    count,
                    message,
                });
            }
        };
        for flag in Flag::ALL {
            let message = match flag {
                Flag::CardNumber => CARDS,
                other => other.text(),
            };
            warn(flag.code(), self.flags[*flag as usize], message.to_owned());
        }
        warn(
            "not_a_number",
            self.tally.not_a_number,
            "NaN and Infinity are no JSON; those values are read as absent".to_owned(),
        );
        warn(
            "repeated_header",
            self.tally.repeated,
            "the header stands again between the rows".to_owned(),
        );
        if let Shape::Csv(layout) = &self.shape {
            warn(
                "preamble",
                layout.preamble as u64,
                "lines before the header hold no entries".to_owned(),
            );
            warn(
                "header_guessed",
                u64::from(!layout.named),
                "no row names the columns; they are numbered".to_owned(),
            );
        }
        if let Some(why) = damage {
            warn(
                "container_damaged",
                1,
                format!("it cannot be unpacked to its end ({why}); what came before is kept"),
            );
        }
        let inside = self.framer.is_inside();
        warn(
            "cut_off",
            u64::from(inside),
            "the export ends before its JSON is closed; it may be incomplete".to_owned(),
        );
        warn(
            "no_entries",
            u64::from(self.tally.entries == 0),
            "the source holds no entries".to_owned(),
        );
        SourceEnd {
            bytes: window.at().offset,
            entries: self.tally.entries,
            rejected: self.tally.rejected,
            events: self.events,
            profiles: self.mapper.profiles(),
            warnings,
        }
    }
}
