//! A workbook: kept as it came, and each of its sheets read as a source of its own.
//!
//! Owns: which parts of the archive make a sheet. Never touches: cells ([`crate::container::sheet`] reads them), tables.

use super::error::{ImportError, RunError};
use super::member::{self, Name};
use super::run::{ReadSeek, Setup, verbatim};
use super::sink::{Refused, Sink};
use super::window::Window;
use crate::container::guard::{Guard, Tap, Watch};
use crate::container::sheet::{self, Sheet, SheetText, Strings, Styles};
use crate::container::zip::Member;
use crate::options::Options;
use std::io;
use std::rc::Rc;

type Archive<'s> = Tap<Box<dyn ReadSeek + 's>>;

/// The part that makes an archive a workbook.
pub(super) const WORKBOOK: &[u8] = b"xl/workbook.xml";

struct Parts<'m, 'a, 's> {
    members: &'m [Member],
    archive: &'a mut Archive<'s>,
    setup: &'m Setup<'m>,
    watch: &'m Rc<Watch>,
}

impl Parts<'_, '_, '_> {
    /// Opens a part by its path; absent when there is none.
    fn open(&mut self, path: &str) -> Result<Option<Box<dyn io::Read + '_>>, ImportError> {
        let Some(member) = self.members.iter().find(|m| m.raw_name == path.as_bytes()) else {
            return Ok(None);
        };
        if let Some((code, why)) = member.refusal() {
            return Err(ImportError::new(
                code,
                why,
                "save the workbook again, or the sheet as CSV",
            ));
        }
        let inner = member
            .open(self.archive)
            .map_err(|error| damaged(path, &error))?;
        Ok(Some(Box::new(Guard {
            inner,
            watch: self.watch.clone(),
            limits: self.setup.limits,
            packed: Some(member.packed()),
            out: 0,
        })))
    }

    /// Reads a part; when there is none, what stands for it.
    fn read<T>(
        &mut self,
        path: &str,
        absent: T,
        read: impl FnOnce(Box<dyn io::Read + '_>) -> io::Result<T>,
    ) -> Result<T, ImportError> {
        let watch = self.watch.clone();
        match self.open(path)? {
            None => Ok(absent),
            Some(part) => read(part).map_err(|error| {
                if watch.tripped() {
                    ImportError::new(
                        "limit_exceeded",
                        format!("expands past the limit ({} bytes so far)", watch.produced()),
                        "save the sheet as CSV and import that",
                    )
                } else {
                    damaged(path, &error)
                }
            }),
        }
    }
}

fn damaged(path: &str, error: &io::Error) -> ImportError {
    ImportError::new(
        "not_readable",
        format!("is a workbook of which `{path}` cannot be read: {error}"),
        "save it again, or save the sheet as CSV and import that",
    )
}

/// Reads every sheet.
pub(super) fn import<S: Sink + ?Sized>(
    name: &str,
    members: &[Member],
    archive: &mut Archive<'_>,
    setup: &Setup<'_>,
    watch: &Rc<Watch>,
    sink: &mut S,
) -> Result<(), RunError<S::Error>> {
    let options = Options {
        sheet: true,
        ..setup.options.clone()
    };
    let setup = Setup {
        options: &options,
        limits: setup.limits,
        planner: setup.planner,
    };
    let mut parts = Parts {
        members,
        archive,
        setup: &setup,
        watch,
    };
    let none = (Vec::new(), false);
    let (sheets, since_1904) = parts.read("xl/workbook.xml", none, sheet::sheets)?;
    let paths = parts.read("xl/_rels/workbook.xml.rels", Vec::new(), |part| {
        sheet::parts(part, &sheets)
    })?;
    let strings = parts.read("xl/sharedStrings.xml", Strings::default(), Strings::read)?;
    let styles = parts.read("xl/styles.xml", Styles::none(since_1904), |part| {
        Styles::read(part, since_1904)
    })?;
    let (strings, styles) = (Rc::new(strings), Rc::new(styles));
    verbatim(name, parts.archive, watch, sink, "xlsx")?;
    let mut first = None;
    let mut read = 0;
    let sheets = sheets.iter().enumerate();
    let wanted: Vec<(usize, &Sheet)> = sheets
        .filter(|(_, sheet)| setup.planner.wants(&sheet.name))
        .collect();
    for (at, one) in wanted {
        let path = paths.get(at).map_or("", String::as_str);
        match one_sheet(name, one, path, &mut parts, (&strings, &styles), sink) {
            Ok(()) => read += 1,
            Err(RunError::Import(error)) if error.is_of_one_member() => {
                let error = error.at(name, Some(&one.name));
                first.get_or_insert_with(|| error.clone());
                let member = one.name.clone();
                sink.refused(Refused { member, error })
                    .map_err(RunError::Sink)?;
            }
            Err(RunError::Import(error)) => return Err(error.at(name, Some(&one.name)).into()),
            Err(other) => return Err(other),
        }
    }
    match first {
        Some(error) if read == 0 => Err(error.into()),
        None if read == 0 => Err(member::empty().into()),
        _ => Ok(()),
    }
}

fn one_sheet<S: Sink + ?Sized>(
    input: &str,
    sheet: &Sheet,
    path: &str,
    parts: &mut Parts<'_, '_, '_>,
    (strings, styles): (&Rc<Strings>, &Rc<Styles>),
    sink: &mut S,
) -> Result<(), RunError<S::Error>> {
    let (setup, watch) = (parts.setup, parts.watch);
    let Some(part) = parts.open(path)? else {
        return Err(ImportError::new(
            "not_readable",
            "is a sheet without cells, such as a chart",
            "import the sheet that holds the log",
        )
        .into());
    };
    let text = SheetText::new(part, strings.clone(), styles.clone());
    let name = Name {
        input,
        member: Some(&sheet.name),
        container: None,
        in_container: true,
    };
    member::import(Window::new(Box::new(text)), watch, &name, setup, sink)
}
