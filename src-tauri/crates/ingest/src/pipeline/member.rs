//! One source from its first byte to its last: encoding, shape, plan, entries.
//!
//! Owns: numbering, rejects, warnings, the sums. Never touches: containers (opened before), formats (the readers).

use super::crew::{Crew, Done};
use super::error::{ImportError, RunError};
use super::feed::{self, Filled};
use super::lot::{Lot, Reading};
use super::read::{Read, ValueReader};
use super::run::Setup;
use super::sink::{EntryMap, Reject, Sink, SourceEnd, SourceStart, Warning};
use super::window::{At, Window, advance};
use super::words::Words;
use crate::container::guard::Watch;
use crate::container::{Kind, sniff};
use crate::csv;
use crate::encoding::{self, Detected, Encoding, UTF8_MARK};
use crate::entry::Entry;
use crate::frame::{Framer, Step};
use crate::shape::{self, Shape};
use std::thread::Scope;
use witnessmark_model::{Batch, Field, Flag, RejectCode};

/// Entries that a mapping is planned from.
pub(super) const SAMPLE: usize = 256;

/// Names of columns that a warning quotes.
const REPEATED: usize = 10;
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
    let mut shape = match &setup.options.path {
        Some(path) => Shape::JsonArray(path.clone()),
        None => shape::detect(&text, whole, &setup.limits),
    };
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
    let (mut line, mut counted) = (1, 0);
    for ((start, end), reader) in places.iter().zip(&mut readers) {
        let between = text.get(counted..*start).unwrap_or_default();
        line += between.iter().filter(|b| **b == b'\n').count() as u64;
        counted = *start;
        let raw = &text[*start..*end];
        if reader.repeats_header(shape, raw) {
            continue;
        }
        if let Read::Value(value, flags) = reader.read(shape, raw, true, false, &limits) {
            entries.push(Entry {
                number: entries.len() as u64 + 1,
                line,
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
    let skip = shape.skip().min(window.text().len());
    window.consume(skip);
    let how = Reading {
        shape: &shape,
        utf8: window.encoding().is_utf8(),
        limits: setup.limits.json(),
    };
    let end: Result<SourceEnd, RunError<S::Error>> = std::thread::scope(|scope| {
        let mut pump = Pump {
            mapper: planned.mapper,
            framer: shape.framer(&setup.limits),
            reader: ValueReader::default(),
            how,
            scope,
            crew: Crews::None(0),
            lot: Lot::default(),
            lots: Vec::new(),
            batch: Batch::default(),
            spare: Vec::new(),
            places: Vec::new(),
            tally: Tally::default(),
            mark: window.at(),
        };
        pump.run(&mut window, watch, setup, sink, &mut damage)?;
        Ok(pump.end(&window, damage))
    });
    sink.end_source(end?).map_err(RunError::Sink)
}

/// The threads that work beside this one.
enum Crews {
    /// None now, after so many whose work did not count: most sources are too short to be worth it.
    None(u32),
    Some(Crew, u32),
}

/// Crews that are called. Where the work of so many did not count, entries are mapped one after the other.
const CALLED: u32 = 8;

/// The state of reading one source.
struct Pump<'s, 'e> {
    how: Reading<'e>,
    scope: &'s Scope<'s, 'e>,
    mapper: Box<dyn EntryMap>,
    framer: shape::AnyFramer,
    reader: ValueReader,
    crew: Crews,
    /// The entries that were found last.
    lot: Lot,
    /// Lots to use again.
    lots: Vec<Lot>,
    batch: Batch,
    /// Batches to use again.
    spare: Vec<Batch>,
    /// Places that the sink was not given yet.
    places: Vec<(u64, u64)>,
    tally: Tally,
    mark: At,
}

/// What was counted of the entries of one source.
#[derive(Default)]
struct Tally {
    entries: u64,
    rejected: u64,
    events: u64,
    repeated: u64,
    words: Words,
    flags: [u64; Flag::ALL.len()],
}

impl<'s, 'e> Pump<'s, 'e> {
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
                    self.pass_on(sink)?;
                    self.wait(0, sink)?;
                    let last = std::mem::take(&mut self.batch);
                    return self.hand_on(last, sink);
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
                Step::Entry { start, end, .. } => self.entry(window, start, end),
                Step::Reject {
                    start, end, code, ..
                } => {
                    let at = window.place(start);
                    let length = window.raw(start, end).len() as u64;
                    self.reject(at, length, code);
                }
                Step::RejectMarked { end, code, .. } => {
                    let length = window.place(end).offset - self.mark.offset;
                    self.reject(self.mark, length, code);
                }
            }
            window.consume(advance(&step));
            if self.lot.is_full() {
                self.pass_on(sink)?;
            }
        }
    }

    /// Finds the plain CSV records that come next, without asking the framer for each.
    fn records<S: Sink + ?Sized>(
        &mut self,
        window: &mut Window<'_>,
        setup: &Setup<'_>,
        sink: &mut S,
    ) -> Result<(), RunError<S::Error>> {
        let Shape::Csv(layout) = self.how.shape else {
            return Ok(());
        };
        if !self.how.utf8 || !self.framer.begins_record() {
            return Ok(());
        }
        loop {
            let (text, at) = (window.text(), window.at());
            if text.starts_with(UTF8_MARK) {
                return Ok(());
            }
            let found = csv::scan(text, &layout.dialect);
            let Some(extent) = found.filter(|extent| extent.end <= setup.limits.record) else {
                return Ok(());
            };
            let record = &text[..extent.end];
            if self.reader.repeats_header(self.how.shape, record) {
                self.tally.repeated += 1;
            } else {
                let number = self.place(at, record.len() as u64);
                self.lot.push(number, at, record, None);
            }
            window.pass(extent.next, extent.newlines);
            if self.lot.is_full() {
                self.pass_on(sink)?;
            }
        }
    }

    fn entry(&mut self, window: &Window<'_>, start: usize, end: usize) {
        let text = &window.text()[start..end];
        if self.reader.repeats_header(self.how.shape, text) {
            self.tally.repeated += 1;
            return;
        }
        let at = window.place(start);
        let raw = window.raw(start, end);
        let number = self.place(at, raw.len() as u64);
        let other = (!self.how.utf8).then_some(raw);
        self.lot.push(number, at, text, other);
        if window.ended() && window.text()[end..].iter().all(u8::is_ascii_whitespace) {
            self.lot.ends_source();
        }
    }

    fn reject(&mut self, at: At, length: u64, code: RejectCode) {
        let entry = self.place(at, length);
        self.lot.unreadable.push(Reject {
            entry,
            line: at.line,
            offset: at.offset,
            length,
            code,
            message: code.text().to_owned(),
        });
    }

    /// Counts an entry and notes where it stands; gives its number.
    fn place(&mut self, at: At, length: u64) -> u64 {
        self.tally.entries += 1;
        self.places.push((at.offset, length));
        self.tally.entries
    }

    /// Gives the places of all entries that the bytes given so far complete.
    fn give_places<S: Sink + ?Sized>(&mut self, sink: &mut S) -> Result<(), RunError<S::Error>> {
        if !self.places.is_empty() {
            sink.entries(&self.places).map_err(RunError::Sink)?;
            self.places.clear();
        }
        Ok(())
    }

    /// Has the entries that were found last read and mapped, here or by others.
    fn pass_on<S: Sink + ?Sized>(&mut self, sink: &mut S) -> Result<(), RunError<S::Error>> {
        if self.lot.is_empty() {
            return Ok(());
        }
        let mut lot = self.lots.pop().unwrap_or_default();
        std::mem::swap(&mut lot, &mut self.lot);
        let Crews::Some(crew, _) = &mut self.crew else {
            let long = lot.is_full();
            self.work(lot, sink)?;
            return if long { self.call(sink) } else { Ok(()) };
        };
        lot.spare.extend(self.spare.pop());
        crew.give(lot);
        let busy = crew.busy();
        self.wait(busy, sink)
    }

    /// Takes lots back until only so many are with others.
    fn wait<S: Sink + ?Sized>(
        &mut self,
        most: usize,
        sink: &mut S,
    ) -> Result<(), RunError<S::Error>> {
        while let Crews::Some(crew, failed) = &mut self.crew {
            if crew.out() <= most {
                return Ok(());
            }
            let Done { lot, settled } = crew.take().ok_or_else(ImportError::cancelled)?;
            if settled {
                self.take_in(lot, sink)?;
                continue;
            }
            // What this lot taught the mapper, those that come after it must be mapped by.
            let mut after = vec![lot];
            while crew.out() > 0 {
                after.extend(crew.take().map(|done| done.lot));
            }
            self.crew = Crews::None(*failed + 1);
            for mut lot in after {
                lot.forget();
                self.work(lot, sink)?;
            }
        }
        Ok(())
    }

    /// Reads and maps a lot here.
    fn work<S: Sink + ?Sized>(
        &mut self,
        mut lot: Lot,
        sink: &mut S,
    ) -> Result<(), RunError<S::Error>> {
        lot.spare.append(&mut self.spare);
        let (how, reader, mapper) = (&self.how, &mut self.reader, &mut *self.mapper);
        lot.work(how, reader, mapper, &mut self.batch);
        self.take_in(lot, sink)
    }

    /// Has others help from here on, when they can.
    fn call<S: Sink + ?Sized>(&mut self, sink: &mut S) -> Result<(), RunError<S::Error>> {
        if let Crews::None(failed) = self.crew
            && failed < CALLED
            && let Some(crew) = Crew::start(self.scope, &*self.mapper, self.how)
        {
            self.crew = Crews::Some(crew, failed);
            // Events go on in order: what is half full goes first.
            let batch = std::mem::take(&mut self.batch);
            self.hand_on(batch, sink)?;
        }
        Ok(())
    }

    /// Gives the sink what came of a lot.
    fn take_in<S: Sink + ?Sized>(
        &mut self,
        mut lot: Lot,
        sink: &mut S,
    ) -> Result<(), RunError<S::Error>> {
        self.tally.rejected += lot.rejects.len() as u64;
        for reject in lot.rejects.drain(..) {
            sink.reject(reject).map_err(RunError::Sink)?;
        }
        for batch in lot.full.drain(..) {
            self.hand_on(batch, sink)?;
        }
        self.spare.append(&mut lot.spare);
        lot.clear();
        self.lots.push(lot);
        Ok(())
    }

    fn hand_on<S: Sink + ?Sized>(
        &mut self,
        batch: Batch,
        sink: &mut S,
    ) -> Result<(), RunError<S::Error>> {
        if batch.rows.is_empty() {
            return Ok(());
        }
        let tally = &mut self.tally;
        tally.events += batch.rows.len() as u64;
        tally.words.count(&batch);
        let problems = batch.column(Field::Problems);
        let known: Vec<Option<Flag>> = problems.texts().map(Flag::from_code).collect();
        for cell in problems.cells() {
            if let Some(flag) = known[cell.value as usize] {
                tally.flags[flag as usize] += 1;
            }
        }
        let mut empty = sink.batch(batch).map_err(RunError::Sink)?;
        empty.clear();
        self.spare.push(empty);
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
            warn(
                flag.code(),
                self.tally.flags[*flag as usize],
                message.to_owned(),
            );
        }
        warn(
            "repeated_header",
            self.tally.repeated,
            "the header stands again between the rows".to_owned(),
        );
        if let Shape::Csv(layout) = self.how.shape {
            let twice = layout.repeated();
            warn(
                "repeated_column",
                twice.len() as u64,
                format!(
                    "columns of the same name: {}{}; the first of each is read as the field that it is mapped to",
                    twice[..twice.len().min(REPEATED)].join(", "),
                    if twice.len() > REPEATED {
                        " and others"
                    } else {
                        ""
                    }
                ),
            );
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
        warn(
            "other_list",
            self.framer.aside(),
            "objects that look like events stand in another list of the document; they are kept with the file, but only one list is read as entries: cut the file and import the other list too".to_owned(),
        );
        let inside = self.framer.is_inside();
        warn(
            "cut_off",
            u64::from(inside),
            format!(
                "the export ends on line {}, at byte {}, before its JSON is closed; it may be incomplete: export it again",
                window.at().line,
                window.at().offset
            ),
        );
        warn(
            "no_entries",
            u64::from(self.tally.entries == 0),
            "the source holds no entries".to_owned(),
        );
        warnings.extend(self.tally.words.warning());
        SourceEnd {
            bytes: window.at().offset,
            entries: self.tally.entries,
            rejected: self.tally.rejected,
            events: self.tally.events,
            profiles: self.mapper.profiles(),
            texts: self.mapper.texts(),
            warnings,
        }
    }
}
