//! A source that is in the case already: read anew with other choices, or taken out.
//!
//! Owns: the way from the kept bytes through the readers back to the case. Never touches: formats, SQL, the original file,
//! which is not needed any more.

use std::io::Read;

use serde_json::json;
use witnessmark_ingest::Limits;
use witnessmark_ingest::mapping::IdentityKey;
use witnessmark_ingest::options::Options;
use witnessmark_ingest::pipeline::{
    self, Control, InputReader, Profiles, Progress, Refused, RunError, Setup, SourceEnd,
    SourceStart,
};
use witnessmark_model::{Batch, Instant, Locator};
use witnessmark_store::importer::{self as writing};
use witnessmark_store::{self as store, Revision, SourceInfo, StoreError};

use crate::api::{ImportChoices, InspectionReport, SourcesReport, WithdrawalReport};
use crate::case::Case;
use crate::choices::options;
use crate::error::{Code, Error, Result};
use crate::import::{Reporter, Tell};
use crate::inspect::inspect_bytes;
use crate::writer;

/// Bytes read at a time from what is kept.
const PIECE: u64 = 256 << 10;

impl Case {
    /// Reads a source anew from the kept bytes. What `choices` leaves open stays as it was chosen before. Everything
    /// changes at once, or nothing does. `tell` as in [`Case::import`].
    pub fn reread(
        &self,
        source: u32,
        choices: &ImportChoices,
        tell: &mut Tell<'_>,
    ) -> Result<SourcesReport> {
        let info = self.live_source(source)?;
        let choices = over(&chosen(&info), choices);
        let mut reporter = Reporter::new(&self.setting, Some(info.receipt.bytes), tell);
        reporter.name(&crate::case::shown_name(&info));
        let mut sink = Anew {
            case: self,
            info: &info,
            choices: &choices,
            revision: None,
            reporter: &mut reporter,
        };
        let now = (self.setting.now)();
        let read = self.read_kept(&info, &choices, now, &mut sink);
        let Some(revision) = sink.revision.take() else {
            return Err(read.err().unwrap_or_else(|| {
                crate::failures::internal("a source was read that never began")
            }));
        };
        if let Err(error) = read {
            revision.cancel(error.code.as_str())?;
            return Err(error);
        }
        let revised = self.settle(revision, &mut reporter)?;
        let mut report = self.sources()?;
        let changed = |id: u32| id == source || revised.receipts.iter().any(|r| r.id == id);
        report.sources.retain(|s| changed(s.id));
        // The source that was asked for stands first; others whose receipts changed with it follow.
        report.sources.sort_by_key(|s| (s.id != source, s.id));
        Ok(report)
    }

    /// Takes a source out. Its bytes stay; its events go, but for those that another source attests, which are read from
    /// that one from then on.
    pub fn withdraw(
        &self,
        source: u32,
        why: &str,
        tell: &mut Tell<'_>,
    ) -> Result<WithdrawalReport> {
        let why = why.trim();
        if why.is_empty() {
            return Err(Error::new(
                Code::InvalidOption,
                "a source is not taken out without a reason",
                "Say why, for those who read the log of this case later.",
            ));
        }
        self.live_source(source)?;
        self.keep_places(source)?;
        let revision = self.store.begin_withdrawal(source, &self.stamp(), why)?;
        let mut reporter = Reporter::new(&self.setting, None, tell);
        let revised = self.settle(revision, &mut reporter)?;
        let changed = |id: u32| id == source || revised.receipts.iter().any(|r| r.id == id);
        let mut sources = self.sources()?.sources;
        sources.retain(|s| changed(s.id));
        sources.sort_by_key(|s| (s.id != source, s.id));
        Ok(WithdrawalReport {
            source,
            kept: revised.kept,
            gone: revised.gone,
            sources,
        })
    }

    /// What a source of the case would look like with other choices; nothing is changed.
    pub fn inspect_source(&self, source: u32, choices: &ImportChoices) -> Result<InspectionReport> {
        let (info, choices) = self.chosen_anew(source, choices)?;
        let name = crate::case::shown_name(&info);
        let bytes = Some(info.receipt.bytes);
        let kept = self.kept(&info);
        inspect_bytes(
            &name,
            bytes,
            InputReader::Stream(Box::new(kept)),
            &read_as(&info, &choices)?,
            &self.library_with(&choices)?,
            &self.setting,
        )
    }

    /// A source that can be read anew, and what would hold with other choices.
    pub(crate) fn chosen_anew(
        &self,
        source: u32,
        choices: &ImportChoices,
    ) -> Result<(SourceInfo, ImportChoices)> {
        let info = self.live_source(source)?;
        let choices = over(&chosen(&info), choices);
        Ok((info, choices))
    }

    /// How a source was read: what was chosen for it.
    pub fn source_choices(&self, source: u32) -> Result<ImportChoices> {
        Ok(chosen(&self.source_info(source)?))
    }

    fn live_source(&self, source: u32) -> Result<SourceInfo> {
        let info = self.source_info(source)?;
        if info.state == "withdrawn" {
            return Err(Error::new(
                Code::NoSuchItem,
                format!("source {source} was withdrawn"),
                "Import the file again if it is wanted after all; `extract` still gives it back.",
            ));
        }
        Ok(info)
    }

    /// The bytes of a source as it was read, to be read once more.
    pub(crate) fn kept_reader(&self, info: &SourceInfo) -> Box<dyn Read + Send> {
        Box::new(self.kept(info))
    }

    fn kept(&self, info: &SourceInfo) -> Kept {
        Kept {
            case: self.store.clone(),
            source: info.id,
            bytes: info.receipt.bytes,
            at: 0,
            piece: Vec::new(),
            given: 0,
        }
    }

    fn read_kept<S: pipeline::Sink<Error = StoreError>>(
        &self,
        info: &SourceInfo,
        choices: &ImportChoices,
        now: Instant,
        sink: &mut S,
    ) -> Result<()> {
        let options = read_as(info, choices)?;
        let profiles = Profiles {
            options: &options,
            library: &self.library_with(choices)?,
            keys: IdentityKey(self.store.meta().identity_key),
            now,
        };
        let setup = Setup {
            options: &options,
            limits: Limits::default(),
            planner: &profiles,
        };
        let input = pipeline::Input {
            name: info.name.clone(),
            reader: InputReader::Stream(Box::new(self.kept(info))),
        };
        match pipeline::run(input, &setup, sink) {
            Ok(()) => Ok(()),
            Err(RunError::Import(error)) => Err(error.into()),
            Err(RunError::Sink(error)) => Err(error.into()),
        }
    }

    /// Reads the entries of other sources that take events over, and makes it all true.
    fn settle(
        &self,
        mut revision: Revision,
        reporter: &mut Reporter<'_, '_>,
    ) -> Result<store::Revised> {
        let others = revision.homeless()?;
        for other in others {
            let info = self.source_info(other)?;
            // As it was read then: also what counts as in the future.
            let read = info.detail["read"]
                .as_str()
                .or(info.detail["imported"].as_str());
            let now = read
                .and_then(instant)
                .unwrap_or_else(|| (self.setting.now)());
            let mut sink = Again {
                source: other,
                revision: &mut revision,
                reporter: &mut *reporter,
            };
            if let Err(error) = self.read_kept(&info, &chosen(&info), now, &mut sink) {
                revision.cancel(error.code.as_str())?;
                return Err(error);
            }
        }
        let revised = revision.finish()?;
        self.know_profiles()?;
        Ok(revised)
    }
}

/// Choices in the readers' types. What is kept of a sheet is the text that was made of it.
pub(crate) fn read_as(info: &SourceInfo, choices: &ImportChoices) -> Result<Options> {
    Ok(Options {
        sheet: info.detail["container"] == "xlsx",
        ..options(choices)?
    })
}

/// What was chosen for a source when it was read last.
fn chosen(info: &SourceInfo) -> ImportChoices {
    serde_json::from_value(info.detail["choices"].clone()).unwrap_or_default()
}

/// Choices with others laid over them.
fn over(before: &ImportChoices, now: &ImportChoices) -> ImportChoices {
    let key = |label: &str| label.split_once('=').map(|(key, _)| key.trim().to_owned());
    let mut labels: Vec<String> = before
        .labels
        .iter()
        .filter(|old| !now.labels.iter().any(|new| key(new) == key(old)))
        .cloned()
        .collect();
    labels.extend(now.labels.iter().cloned());
    let pick =
        |now: &Option<String>, before: &Option<String>| now.clone().or_else(|| before.clone());
    ImportChoices {
        profile: pick(&now.profile, &before.profile),
        zone: pick(&now.zone, &before.zone),
        date_order: pick(&now.date_order, &before.date_order),
        encoding: pick(&now.encoding, &before.encoding),
        path: now.path.clone().or_else(|| before.path.clone()),
        labels,
        profiles: now.profiles.clone(),
    }
}

fn instant(text: &str) -> Option<Instant> {
    let at = chrono::DateTime::parse_from_rfc3339(text).ok()?;
    Instant::from_utc(at.to_utc())
}

/// The bytes of a source as the case keeps them.
struct Kept {
    case: store::Case,
    source: u32,
    bytes: u64,
    at: u64,
    piece: Vec<u8>,
    given: usize,
}

impl Read for Kept {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.given == self.piece.len() && self.at < self.bytes {
            let place = Locator {
                source: self.source,
                offset: self.at,
                length: (self.bytes - self.at).min(PIECE),
                ..Locator::default()
            };
            self.case
                .raw_into(&place, &mut self.piece)
                .map_err(std::io::Error::other)?;
            self.at += place.length;
            self.given = 0;
        }
        let n = buffer.len().min(self.piece.len() - self.given);
        buffer[..n].copy_from_slice(&self.piece[self.given..self.given + n]);
        self.given += n;
        Ok(n)
    }
}

/// Takes a new reading of a source into the case.
struct Anew<'c, 'r, 's, 't> {
    case: &'c Case,
    info: &'c SourceInfo,
    choices: &'c ImportChoices,
    revision: Option<Revision>,
    reporter: &'r mut Reporter<'s, 't>,
}

impl Anew<'_, '_, '_, '_> {
    fn revision(&mut self) -> std::result::Result<&mut Revision, StoreError> {
        self.revision
            .as_mut()
            .ok_or(StoreError::OutOfOrder("the source was not begun"))
    }
}

type Done<T = ()> = std::result::Result<T, StoreError>;

/// A source that is kept holds no container: it was opened when it came in.
const NO_CONTAINER: StoreError = StoreError::OutOfOrder("what is kept of a source is a container");

impl pipeline::Sink for Anew<'_, '_, '_, '_> {
    type Error = StoreError;

    fn begin_container(&mut self, _: &str, _: &'static str) -> Done {
        Err(NO_CONTAINER)
    }

    fn container_bytes(&mut self, _: &[u8]) -> Done {
        Err(NO_CONTAINER)
    }

    fn end_container(&mut self) -> Done {
        Err(NO_CONTAINER)
    }

    fn begin_source(&mut self, start: SourceStart) -> Done {
        let (case, before) = (self.case, &self.info.detail);
        let detail = json!({
            "imported": before["imported"],
            "read": (case.setting.now)().rfc3339(),
            "described": start.described,
            "date_order": start.date_order,
            "container": before["container"],
            "choices": self.choices,
        });
        let mut meta = writer::source_meta(start, detail);
        meta.name.clone_from(&self.info.name);
        meta.member.clone_from(&self.info.member);
        let asked = json!({"reread": self.info.id, "choices": self.choices});
        let stamp = case.stamp();
        self.revision = Some(
            case.store
                .begin_reread(self.info.id, &stamp, meta, &asked)?,
        );
        Ok(())
    }

    fn bytes(&mut self, chunk: &[u8]) -> Done {
        self.revision()?.bytes(chunk)
    }

    fn entries(&mut self, places: &[(u64, u64)]) -> Done {
        self.revision()?.entries(places)
    }

    fn batch(&mut self, mut batch: Batch) -> Done<Batch> {
        self.revision()?.batch(&batch)?;
        batch.clear();
        Ok(batch)
    }

    fn reject(&mut self, reject: pipeline::Reject) -> Done {
        self.revision()?.reject(writer::reject(reject))
    }

    fn end_source(&mut self, end: SourceEnd) -> Done {
        let end: writing::SourceEnd = writer::source_end(end);
        self.revision()?.end(end)
    }

    fn refused(&mut self, _: Refused) -> Done {
        Ok(())
    }

    fn progress(&mut self, progress: Progress) -> Control {
        self.reporter.progress(progress)
    }
}

/// Picks out of a source what takes events over.
struct Again<'v, 'r, 's, 't> {
    source: u32,
    revision: &'v mut Revision,
    reporter: &'r mut Reporter<'s, 't>,
}

impl pipeline::Sink for Again<'_, '_, '_, '_> {
    type Error = StoreError;

    fn begin_container(&mut self, _: &str, _: &'static str) -> Done {
        Err(NO_CONTAINER)
    }

    fn container_bytes(&mut self, _: &[u8]) -> Done {
        Err(NO_CONTAINER)
    }

    fn end_container(&mut self) -> Done {
        Err(NO_CONTAINER)
    }

    fn begin_source(&mut self, _: SourceStart) -> Done {
        Ok(())
    }

    fn bytes(&mut self, _: &[u8]) -> Done {
        Ok(())
    }

    fn entries(&mut self, _: &[(u64, u64)]) -> Done {
        Ok(())
    }

    fn batch(&mut self, mut batch: Batch) -> Done<Batch> {
        self.revision.again(self.source, &batch)?;
        batch.clear();
        Ok(batch)
    }

    fn reject(&mut self, _: pipeline::Reject) -> Done {
        Ok(())
    }

    fn end_source(&mut self, _: SourceEnd) -> Done {
        Ok(())
    }

    fn refused(&mut self, _: Refused) -> Done {
        Ok(())
    }

    fn progress(&mut self, progress: Progress) -> Control {
        self.reporter.progress(progress)
    }
}
