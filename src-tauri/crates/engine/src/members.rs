//! The members of an archive and the sheets of a workbook, each looked at before anything is stored.
//!
//! Owns: choosing one of them and handing its first entries on. Never touches: how archives are read (`ingest`), what is made
//! of the entries.

use std::cell::RefCell;
use std::io::{Read, Seek as _};

use witnessmark_ingest::container::{Kind, sniff};
use witnessmark_ingest::mapping::IdentityKey;
use witnessmark_ingest::options::{Options, Question as Asked};
use witnessmark_ingest::pipeline::{
    self, InputReader, Planned, Planner, Profiles, RunError, Setup,
};
use witnessmark_ingest::profile::Library;
use witnessmark_ingest::{Entry, Limits};
use witnessmark_model::SourceShape;

use crate::error::{Code, Error, Result};
use crate::failures::internal;
use crate::input::{Input, Opened};
use crate::inspect::First;
use crate::setting::Setting;

/// Members that are listed.
const LISTED: usize = 1_000;

/// What an archive or a workbook holds, and which of it was looked at. Nothing is in it for a plain file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Members {
    /// The one that was looked at.
    pub(crate) member: Option<String>,
    /// All of them, in their order; the first thousand.
    pub(crate) all: Vec<String>,
}

/// How something is looked at.
#[derive(Clone, Copy)]
pub(crate) struct Looking<'l> {
    /// The member or sheet; absent: the first that is a log.
    pub(crate) member: Option<&'l str>,
    pub(crate) options: &'l Options,
    pub(crate) library: &'l Library,
    pub(crate) setting: &'l Setting,
}

/// Opens an input, for a folder its first file, and hands its first entries to `look`: of an archive or a workbook those of one
/// member.
pub(crate) fn looked_at<T>(
    input: Input,
    how: Looking<'_>,
    look: impl FnOnce(&[Entry<'_>], String) -> T,
) -> Result<(T, Members)> {
    let name = input.name();
    let Some(source) = input.open()?.into_iter().next() else {
        return Err(Error::new(
            Code::Empty,
            format!("`{name}` holds nothing"),
            "Choose another.",
        ));
    };
    let opened = source.open()?;
    let Opened {
        name, mut reader, ..
    } = opened;
    let unreadable = |e: std::io::Error| {
        let message = format!("`{name}` cannot be read: {e}");
        Error::new(Code::NotReadable, message, "Check the disk.")
    };
    let most = Limits::default().head as u64;
    let mut head = Vec::new();
    Read::by_ref(&mut reader)
        .take(most)
        .read_to_end(&mut head)
        .map_err(unreadable)?;
    if sniff(&head) == Kind::Zip {
        if let InputReader::Seekable(file) = &mut reader {
            file.rewind().map_err(unreadable)?;
        }
        return of_member(&name, reader, how, look);
    }
    if let Some(member) = how.member {
        return Err(no_member(&name, member));
    }
    let whole = (head.len() as u64) < most;
    let Looking {
        options,
        library,
        setting,
        ..
    } = how;
    let look = |sample: &[Entry<'_>], shape: String, _: &Library, _: &Options| look(sample, shape);
    let seen = crate::profiles::looked_into(&name, &head, whole, options, library, setting, look)?;
    Ok((seen, Members::default()))
}

fn no_member(name: &str, member: &str) -> Error {
    Error::new(
        Code::NoSuchItem,
        format!("`{name}` holds no `{member}`"),
        "Name one of its members or sheets, as the archive or workbook spells it.",
    )
}

fn of_member<T, L: FnOnce(&[Entry<'_>], String) -> T>(
    name: &str,
    reader: InputReader,
    how: Looking<'_>,
    look: L,
) -> Result<(T, Members)> {
    let one = One {
        profiles: Profiles {
            options: how.options,
            library: how.library,
            keys: IdentityKey([0; 16]),
            now: (how.setting.now)(),
        },
        wanted: how.member,
        all: RefCell::default(),
        look: RefCell::new(Some(look)),
        seen: RefCell::new(None),
    };
    let setup = Setup {
        options: how.options,
        limits: Limits::default(),
        planner: &one,
    };
    let input = pipeline::Input {
        name: name.to_owned(),
        reader,
    };
    let ended = pipeline::run(input, &setup, &mut First::default());
    let all = one.all.into_inner();
    match one.seen.into_inner() {
        Some((member, seen)) => Ok((
            seen,
            Members {
                member: Some(member),
                all,
            },
        )),
        None if how.member.is_some_and(|m| !all.iter().any(|a| a == m)) => {
            Err(no_member(name, how.member.unwrap_or_default()))
        }
        None => Err(match ended {
            Err(RunError::Import(error)) => error.into(),
            _ => internal("an archive was read and nothing was seen"),
        }),
    }
}

/// A planner that hands the first entries of one member on.
struct One<'a, T, L> {
    profiles: Profiles<'a>,
    wanted: Option<&'a str>,
    all: RefCell<Vec<String>>,
    look: RefCell<Option<L>>,
    seen: RefCell<Option<(String, T)>>,
}

impl<T, L: FnOnce(&[Entry<'_>], String) -> T> Planner for One<'_, T, L> {
    fn plan(
        &self,
        sample: &[Entry<'_>],
        name: &str,
        shape: &SourceShape,
    ) -> std::result::Result<Planned, Asked> {
        if let Some(look) = self.look.take() {
            let seen = look(sample, shape.shape.clone());
            self.seen.replace(Some((name.to_owned(), seen)));
        }
        self.profiles.plan(sample, name, shape)
    }

    fn knows_lines(&self, lines: &[&str]) -> bool {
        self.profiles.knows_lines(lines)
    }

    fn wants(&self, member: &str) -> bool {
        let mut all = self.all.borrow_mut();
        if all.len() < LISTED {
            all.push(member.to_owned());
        }
        self.wanted.is_none_or(|wanted| wanted == member)
    }
}
