//! What a file looks like before anything is stored: ways to read it, the open question, the first events.
//!
//! Owns: the answer to "what would become of this". Never touches: the case.

use std::cell::RefCell;
use std::io::{Read, Seek as _};

use witnessmark_ingest::container::{Kind, sniff};
use witnessmark_ingest::mapping::{IdentityKey, Mapper};
use witnessmark_ingest::options::{Options, Question as Asked};
use witnessmark_ingest::pipeline::{
    self, Control, InputReader, Planned, Planner, Profiles, Progress, Refused, RunError, Setup,
    SourceEnd, SourceStart,
};
use witnessmark_ingest::profile::Library;
use witnessmark_ingest::{Entry, Limits, recognise};
use witnessmark_model::SourceShape;
use witnessmark_model::time::original;
use witnessmark_model::{Batch, Change, ChangeKind, Event, Field, Row, Target};

use crate::api::{Candidate, EventJson, ImportChoices, InspectionReport, Question};
use crate::choices::options;
use crate::error::{Code, Error, Result};
use crate::failures::internal;
use crate::input::Input;
use crate::setting::Setting;

/// Events shown.
const PREVIEW: usize = 10;

/// Looks at the first part of an input. For a folder, at its first file.
pub fn inspect(
    input: Input,
    choices: &ImportChoices,
    setting: &Setting,
) -> Result<InspectionReport> {
    let library = crate::profiles::with(crate::profiles::builtin()?, &choices.profiles)?;
    inspect_with(input, choices, &library, setting)
}

/// The same by the profiles of a library.
pub(crate) fn inspect_with(
    input: Input,
    choices: &ImportChoices,
    library: &Library,
    setting: &Setting,
) -> Result<InspectionReport> {
    let name = input.name();
    let Some(source) = input.open()?.into_iter().next() else {
        return Err(Error::new(
            Code::Empty,
            format!("`{name}` holds nothing"),
            "Choose another.",
        ));
    };
    let opened = source.open()?;
    inspect_bytes(
        &opened.name,
        opened.size,
        opened.reader,
        &options(choices)?,
        library,
        setting,
    )
}

/// Looks at the first part of bytes.
pub(crate) fn inspect_bytes(
    name: &str,
    size: Option<u64>,
    mut reader: InputReader,
    options: &Options,
    library: &Library,
    setting: &Setting,
) -> Result<InspectionReport> {
    let limits = Limits::default();
    let mut head = Vec::new();
    let most = limits.head as u64;
    Read::by_ref(&mut reader)
        .take(most)
        .read_to_end(&mut head)
        .map_err(|e| {
            Error::new(
                Code::NotReadable,
                format!("`{}` cannot be read: {e}", name),
                "Check the disk.",
            )
        })?;
    let whole = (head.len() as u64) < most;
    if sniff(&head) == Kind::Zip {
        return first_member(name, size, reader, options, library, setting);
    }
    let now = (setting.now)();
    let keys = IdentityKey([0; 16]);
    let profiles = Profiles {
        options,
        library,
        keys,
        now,
    };
    let setup = Setup {
        options,
        limits,
        planner: &profiles,
    };
    let (inspection, (candidates, seen)) =
        pipeline::inspect(&head, whole, name, &setup, |sample, _| {
            let candidates = recognise::candidates(sample, library);
            let seen = recognise::plan(sample, options, library)
                .map(|plan| preview(sample, Mapper::new(plan, keys, now)));
            (candidates, seen)
        })?;
    let (question, preview) = match seen {
        Ok(events) => (None, events),
        Err(asked) => (Some(question(&asked)), Vec::new()),
    };
    let candidates = candidates.into_iter().map(|c| candidate(c, library));
    Ok(InspectionReport {
        name: name.to_owned(),
        bytes: size.unwrap_or(head.len() as u64),
        shape: inspection.described,
        candidates: candidates.collect(),
        question,
        preview,
    })
}

/// Looks at the first member of an archive, or the first sheet of a workbook, that is a log.
fn first_member(
    name: &str,
    size: Option<u64>,
    mut reader: InputReader,
    options: &Options,
    library: &Library,
    setting: &Setting,
) -> Result<InspectionReport> {
    if let InputReader::Seekable(file) = &mut reader {
        file.rewind().map_err(|e| {
            Error::new(
                Code::NotReadable,
                format!("`{name}` cannot be read: {e}"),
                "Check the disk.",
            )
        })?;
    }
    let profiles = Profiles {
        options,
        library,
        keys: IdentityKey([0; 16]),
        now: (setting.now)(),
    };
    let peek = Peek {
        profiles,
        seen: RefCell::default(),
    };
    let setup = Setup {
        options,
        limits: Limits::default(),
        planner: &peek,
    };
    let input = pipeline::Input {
        name: name.to_owned(),
        reader,
    };
    let mut sink = First::default();
    let ended = pipeline::run(input, &setup, &mut sink);
    let Some((member, candidates, seen)) = peek.seen.into_inner() else {
        return Err(match ended {
            Err(RunError::Import(error)) => error.into(),
            _ => internal("an archive was read and nothing was seen"),
        });
    };
    let (question, preview) = match seen {
        Ok(events) => (None, events),
        Err(asked) => (Some(question(&asked)), Vec::new()),
    };
    Ok(InspectionReport {
        name: name.to_owned(),
        bytes: size.unwrap_or_default(),
        shape: format!(
            "{member}: {}",
            sink.described.as_deref().unwrap_or("a table")
        ),
        candidates: candidates
            .into_iter()
            .map(|c| candidate(c, library))
            .collect(),
        question,
        preview,
    })
}

/// What was seen of a member: its name, ways to read it, and the first events or what must be asked.
type Seen = (
    String,
    Vec<recognise::Candidate>,
    std::result::Result<Vec<EventJson>, Asked>,
);

/// A planner that remembers what it saw.
struct Peek<'a> {
    profiles: Profiles<'a>,
    seen: RefCell<Option<Seen>>,
}

impl Planner for Peek<'_> {
    fn plan(
        &self,
        sample: &[Entry<'_>],
        name: &str,
        shape: &SourceShape,
    ) -> std::result::Result<Planned, Asked> {
        let of = &self.profiles;
        let candidates = recognise::candidates(sample, of.library);
        let seen = recognise::plan(sample, of.options, of.library)
            .map(|plan| preview(sample, Mapper::new(plan, of.keys, of.now)));
        self.seen.replace(Some((name.to_owned(), candidates, seen)));
        of.plan(sample, name, shape)
    }
}

/// A sink that is content with the beginning of the first source.
#[derive(Default)]
pub(crate) struct First {
    described: Option<String>,
}

/// Enough was seen.
pub(crate) struct Enough;

impl pipeline::Sink for First {
    type Error = Enough;

    fn begin_container(&mut self, _: &str, _: &'static str) -> std::result::Result<(), Enough> {
        Ok(())
    }

    fn container_bytes(&mut self, _: &[u8]) -> std::result::Result<(), Enough> {
        Ok(())
    }

    fn end_container(&mut self) -> std::result::Result<(), Enough> {
        Ok(())
    }

    fn begin_source(&mut self, start: SourceStart) -> std::result::Result<(), Enough> {
        self.described = Some(start.described);
        Err(Enough)
    }

    fn bytes(&mut self, _: &[u8]) -> std::result::Result<(), Enough> {
        Err(Enough)
    }

    fn entries(&mut self, _: &[(u64, u64)]) -> std::result::Result<(), Enough> {
        Err(Enough)
    }

    fn batch(&mut self, _: Batch) -> std::result::Result<Batch, Enough> {
        Err(Enough)
    }

    fn reject(&mut self, _: pipeline::Reject) -> std::result::Result<(), Enough> {
        Err(Enough)
    }

    fn end_source(&mut self, _: SourceEnd) -> std::result::Result<(), Enough> {
        Err(Enough)
    }

    fn refused(&mut self, _: Refused) -> std::result::Result<(), Enough> {
        Ok(())
    }

    fn progress(&mut self, _: Progress) -> Control {
        Control::Go
    }
}

fn candidate(found: recognise::Candidate, library: &Library) -> Candidate {
    Candidate {
        title: library
            .find(&found.profile)
            .map_or_else(|| found.profile.clone(), |p| p.title.clone()),
        profile: found.profile,
        confidence: found.confidence,
        reason: found.reason,
    }
}

pub(crate) fn question(asked: &Asked) -> Question {
    let (example, answers) = match asked {
        Asked::ZoneRequired { example } => (example.clone(), Vec::new()),
        Asked::DateOrderRequired { examples } => (
            examples.first().cloned().unwrap_or_default(),
            ["dmy", "mdy", "ymd"].map(str::to_owned).to_vec(),
        ),
        Asked::UnknownProfile { wanted, known } => (wanted.clone(), known.clone()),
        Asked::UnknownLabel { name } => (name.clone(), Vec::new()),
    };
    Question {
        code: asked.code().to_owned(),
        message: asked.message(),
        example,
        answers,
    }
}

fn preview(sample: &[Entry<'_>], mut mapper: Mapper) -> Vec<EventJson> {
    let mut batch = Batch::default();
    for entry in sample.iter().take(PREVIEW) {
        // An entry that holds no event is shown by the receipt; the preview shows events.
        let _ = mapper.map(entry, &mut batch);
    }
    batch
        .rows
        .iter()
        .take(PREVIEW)
        .enumerate()
        .map(|(n, row)| EventJson::from(&event(&batch, n, row)))
        .collect()
}

/// A row of a batch as the event it will become.
pub(crate) fn event(batch: &Batch, n: usize, row: &Row) -> Event {
    let mut event = Event {
        time: row.time,
        locator: row.locator,
        ..Event::default()
    };
    for (field, element, text) in batch.row_cells(n) {
        let (text, at) = (text.to_owned(), usize::from(element));
        match field {
            Field::TargetType => target(&mut event, at).r#type = Some(text),
            Field::TargetId => target(&mut event, at).id = Some(text),
            Field::TargetName => target(&mut event, at).name = Some(text),
            Field::ChangeField => change(&mut event, at).field = text,
            Field::ChangeKind => change(&mut event, at).kind = ChangeKind::parse(&text),
            Field::ChangeOld => change(&mut event, at).old = Some(text),
            Field::ChangeNew => change(&mut event, at).new = Some(text),
            Field::RelatedIp => event.related_ips.push(text),
            Field::Problems => event.problems.push(text),
            Field::EventOriginalTime => event.fields.push((field, original::text(&text, row.time))),
            single => event.fields.push((single, text)),
        }
    }
    event
}

fn target(event: &mut Event, at: usize) -> &mut Target {
    if event.targets.len() <= at {
        event.targets.resize_with(at + 1, Target::default);
    }
    &mut event.targets[at]
}

fn change(event: &mut Event, at: usize) -> &mut Change {
    if event.changes.len() <= at {
        event.changes.resize_with(at + 1, || Change {
            field: String::new(),
            kind: None,
            old: None,
            new: None,
        });
    }
    &mut event.changes[at]
}
