//! One input: opened if it is a container, and read member by member.
//!
//! Owns: which containers hold what. Never touches: the file system (whoever calls opened the file).

use super::error::{ImportError, RunError};
use super::member::{self, Name};
use super::sink::{Control, Planner, Progress, Refused, Sink};
use super::window::Window;
use super::workbook;
use crate::container::guard::{Guard, Tap, Watch};
use crate::container::zip::{self, Broken, Member};
use crate::container::{Kind, document_in_zip, sniff};
use crate::limits::Limits;
use crate::options::Options;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::rc::Rc;

/// Bytes read at a time from an archive.
const PIECE: usize = 256 << 10;

/// Bytes that can be read from any place.
pub trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

/// Where the bytes of an input come from.
pub enum InputReader {
    /// Can be read once: standard input, a paste.
    Stream(Box<dyn Read + Send>),
    /// Can be read from any place: an open file. Archives need this, or memory for the whole archive.
    Seekable(Box<dyn ReadSeek + Send>),
}

impl Read for InputReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Stream(reader) => reader.read(buffer),
            Self::Seekable(reader) => reader.read(buffer),
        }
    }
}

/// One file, stream or paste.
pub struct Input {
    /// What it is called in the case.
    pub name: String,
    /// Its bytes.
    pub reader: InputReader,
}

/// What a run goes by.
pub struct Setup<'a> {
    /// Decisions of a person.
    pub options: &'a Options,
    /// Bounds.
    pub limits: Limits,
    /// Knows profiles.
    pub planner: &'a dyn Planner,
}

/// Reads one input to its end and gives everything to the sink.
///
/// # Errors
/// When the input cannot be imported, a question is open, the sink fails or cancels. The sink must then forget what it
/// was given in this run. Refusals and questions come before the sink is given anything, limits at any time.
pub fn run<S: Sink + ?Sized>(
    input: Input,
    setup: &Setup<'_>,
    sink: &mut S,
) -> Result<(), RunError<S::Error>> {
    let name = input.name.clone();
    open(input, setup, sink).map_err(|error| match error {
        RunError::Import(error) if error.place.name.is_empty() => {
            RunError::Import(error.at(&name, None))
        }
        other => other,
    })
}

fn open<S: Sink + ?Sized>(
    input: Input,
    setup: &Setup<'_>,
    sink: &mut S,
) -> Result<(), RunError<S::Error>> {
    let mut reader = input.reader;
    let watch = Rc::new(Watch::default());
    let mut head = Vec::new();
    Read::by_ref(&mut reader)
        .take(4096)
        .read_to_end(&mut head)
        .map_err(|error| unreadable(&error))?;
    let kind = sniff(&head);
    if kind == Kind::Zip {
        return archive(&input.name, head, reader, setup, &watch, sink);
    }
    let packing = packing(kind);
    if packing.is_some() {
        watch.keep();
    }
    let tap = Tap {
        inner: Cursor::new(head).chain(reader),
        watch: watch.clone(),
    };
    let name = Name {
        input: &input.name,
        member: None,
        container: packing,
        in_container: packing.is_some(),
    };
    let Some(packing) = packing else {
        let window = Window::new(Box::new(tap));
        return member::import(window, &watch, &name, setup, sink);
    };
    // The decompressor stops where its data ends, but every byte of the container must be read.
    let mut shared = BufReader::with_capacity(64 << 10, tap);
    let unpacked = unpack(packing, Box::new(Read::by_ref(&mut shared)))?;
    let guard = Guard {
        inner: unpacked,
        watch: watch.clone(),
        limits: setup.limits,
        packed: None,
        out: 0,
    };
    member::import(Window::new(Box::new(guard)), &watch, &name, setup, sink)?;
    let mut rest = vec![0; PIECE];
    loop {
        let n = shared.read(&mut rest).map_err(|error| unreadable(&error))?;
        let pending = watch.take_pending();
        if !pending.is_empty() {
            sink.container_bytes(&pending).map_err(RunError::Sink)?;
        }
        if n == 0 {
            break;
        }
    }
    sink.end_container().map_err(RunError::Sink)
}

fn unreadable(error: &io::Error) -> ImportError {
    ImportError::new(
        "io",
        format!("cannot be read: {error}"),
        "check the disk or network the file is on, and import it again",
    )
}

fn packing(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Gzip => Some("gzip"),
        Kind::Zstd => Some("zstd"),
        _ => None,
    }
}

fn unpack<'r>(
    packing: &'static str,
    packed: Box<dyn Read + 'r>,
) -> Result<Box<dyn Read + 'r>, ImportError> {
    if packing == "gzip" {
        return Ok(Box::new(flate2::read::MultiGzDecoder::new(packed)));
    }
    let mut decoder =
        zstd::stream::read::Decoder::new(packed).map_err(|error| unreadable(&error))?;
    // 128 MiB of window is what the zstd command allows without being asked.
    decoder
        .window_log_max(27)
        .map_err(|error| unreadable(&error))?;
    Ok(Box::new(decoder))
}

fn archive<S: Sink + ?Sized>(
    name: &str,
    head: Vec<u8>,
    reader: InputReader,
    setup: &Setup<'_>,
    watch: &Rc<Watch>,
    sink: &mut S,
) -> Result<(), RunError<S::Error>> {
    let source: Box<dyn ReadSeek> = match reader {
        InputReader::Seekable(reader) => reader,
        InputReader::Stream(reader) => {
            let mut held = head;
            let most = setup.limits.held_archive;
            reader
                .take(most + 1)
                .read_to_end(&mut held)
                .map_err(|error| unreadable(&error))?;
            if held.len() as u64 > most {
                return Err(ImportError::new(
                    "limit_exceeded",
                    format!(
                        "is an archive of more than {most} bytes that cannot be read from a stream"
                    ),
                    "save it as a file and import that",
                )
                .into());
            }
            Box::new(Cursor::new(held))
        }
    };
    let mut source = Tap {
        inner: source,
        watch: watch.clone(),
    };
    let members =
        zip::directory(&mut source, setup.limits.members).map_err(|broken| match broken {
            Broken::Io(error) => unreadable(&error),
            Broken::Format(why) => ImportError::new(
                "not_readable",
                format!("is a ZIP archive, but {why}"),
                "download or pack it again",
            ),
            Broken::Many(count) => ImportError::new(
                "limit_exceeded",
                format!(
                    "is a ZIP archive of {count} members; at most {} are read",
                    setup.limits.members
                ),
                "unpack it and import the folder",
            ),
        })?;
    if members.iter().any(|m| m.raw_name == workbook::WORKBOOK) {
        return workbook::import(name, &members, &mut source, setup, watch, sink);
    }
    if let Some((what, hint)) = document_in_zip(members.iter().map(|m| &m.raw_name[..])) {
        return Err(ImportError::new("not_a_log", format!("looks like {what}"), hint).into());
    }
    verbatim(name, &mut source, watch, sink, "zip")?;
    let mut first = None;
    let mut read = 0;
    let wants = |member: &&Member| setup.planner.wants(&member.name());
    let wanted: Vec<&Member> = members.iter().filter(wants).collect();
    for member in wanted {
        match one_member(name, member, &mut source, setup, watch, sink) {
            Ok(()) => read += 1,
            Err(RunError::Import(error)) if error.is_of_one_member() => {
                let error = error.at(name, Some(&member.name()));
                first.get_or_insert_with(|| error.clone());
                sink.refused(Refused {
                    member: member.name(),
                    error,
                })
                .map_err(RunError::Sink)?;
            }
            Err(RunError::Import(error)) => {
                return Err(error.at(name, Some(&member.name())).into());
            }
            Err(other) => return Err(other),
        }
    }
    match first {
        Some(error) if read == 0 => Err(error.into()),
        None if read == 0 => Err(member::empty().into()),
        _ => Ok(()),
    }
}

/// Gives the archive's own bytes to the sink.
pub(super) fn verbatim<S: Sink + ?Sized>(
    name: &str,
    source: &mut Tap<Box<dyn ReadSeek + '_>>,
    watch: &Watch,
    sink: &mut S,
    kind: &'static str,
) -> Result<(), RunError<S::Error>> {
    source
        .seek(SeekFrom::Start(0))
        .map_err(|error| unreadable(&error))?;
    watch.restart();
    sink.begin_container(name, kind).map_err(RunError::Sink)?;
    let mut piece = vec![0; PIECE];
    loop {
        let n = source
            .read(&mut piece)
            .map_err(|error| unreadable(&error))?;
        if n == 0 {
            watch.stop_counting();
            return sink.end_container().map_err(RunError::Sink);
        }
        sink.container_bytes(&piece[..n]).map_err(RunError::Sink)?;
        let progress = Progress {
            read: watch.read(),
            ..Progress::default()
        };
        if sink.progress(progress) == Control::Cancel {
            return Err(ImportError::cancelled().into());
        }
    }
}

fn one_member<S: Sink + ?Sized>(
    input: &str,
    member: &Member,
    source: &mut Tap<Box<dyn ReadSeek + '_>>,
    setup: &Setup<'_>,
    watch: &Rc<Watch>,
    sink: &mut S,
) -> Result<(), RunError<S::Error>> {
    if let Some((code, why)) = member.refusal() {
        return Err(ImportError::new(
            code,
            why,
            "unpack the archive yourself if the member matters",
        )
        .into());
    }
    let mut body = member.open(source).map_err(|error| {
        ImportError::new(
            "not_readable",
            format!("cannot be unpacked: {error}"),
            "download or pack the archive again",
        )
    })?;
    // Too few bytes for a magic number, or unreadable ones, are met again when the member is read.
    let mut head = Vec::new();
    let early = Read::by_ref(&mut body).take(4096).read_to_end(&mut head);
    let kind = sniff(&head);
    let body: Box<dyn Read + '_> = match early {
        Ok(_) => Box::new(Cursor::new(head).chain(body)),
        Err(error) => Box::new(Cursor::new(head).chain(Failed(Some(error)))),
    };
    let body = match packing(kind) {
        Some(packing) => unpack(packing, body)?,
        None => body,
    };
    let guard = Guard {
        inner: body,
        watch: watch.clone(),
        limits: setup.limits,
        packed: Some(member.packed()),
        out: 0,
    };
    let shown = member.name();
    let name = Name {
        input,
        member: Some(&shown),
        container: None,
        in_container: true,
    };
    member::import(Window::new(Box::new(guard)), watch, &name, setup, sink)
}

/// Gives an error once more that came while the head was read.
struct Failed(Option<io::Error>);

impl Read for Failed {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}
