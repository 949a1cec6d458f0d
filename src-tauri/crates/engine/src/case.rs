//! A case as front ends see it: made or opened, summed up, marked, read back.
//!
//! Owns: the open case with everything a question needs (profiles, caches, views). Never touches: SQL, formats.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use witnessmark_ingest::Leaves;
use witnessmark_ingest::profile::Library;
use witnessmark_model::{Flag, Zone};
use witnessmark_store::query::{Caches, Query, Snapshot, TermCache};
use witnessmark_store::{self as store, CaseFacts, NewCase, SourceInfo, Stamp};

use crate::api::{
    CaseSummary, ContainerPart, CustodyEntry, CustodyReport, RejectPart, RejectsReport,
    SourceReport, SourcesReport, WarningPart,
};
use crate::custody_words;
use crate::error::{Code, Error, Result};
use crate::failures::internal;
use crate::findings::Reviewed;
use crate::lens::Results;
use crate::rows::Marks;
use crate::setting::Setting;
use crate::views::Views;
use crate::visible::visible_bytes;

/// Bytes of a rejected entry that a list shows.
const PREVIEW: u64 = 400;

/// An open case.
pub struct Case {
    pub(crate) store: store::Case,
    pub(crate) setting: Arc<Setting>,
    /// The profiles of the program and of the case, as they are now (`kept` reads and replaces it).
    pub(crate) library: RwLock<Arc<Library>>,
    pub(crate) results: Results,
    pub(crate) views: Views,
    pub(crate) terms: TermCache,
    pub(crate) reviewed: Reviewed,
    /// Databases of addresses in use, and the last review of sign-ins.
    pub(crate) geo: crate::drill::Geo,
    /// Who may be one person.
    pub(crate) proposed: crate::drill::Proposed,
    /// Messages of errors with their variable parts folded.
    pub(crate) templates: crate::drill::Templates,
    /// Sources whose bytes were read again and hashed since the case was opened, and whether the hash was right.
    pub(crate) checked: Mutex<HashMap<u32, bool>>,
    pub(crate) facts: Arc<CaseFacts>,
    pub(crate) caches: Arc<Caches>,
    encrypted: bool,
    made_now: bool,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Case")
            .field("path", &self.store.path())
            .finish_non_exhaustive()
    }
}

impl Case {
    /// Makes a case at a path where nothing is, and opens it.
    pub fn create(
        path: &Path,
        name: &str,
        passphrase: Option<&str>,
        zone: &Zone,
        setting: Arc<Setting>,
    ) -> Result<Self> {
        let mut random = [0_u8; 32];
        (setting.random)(&mut random);
        let (id, key) = random.split_at(16);
        let new = NewCase {
            uuid: &uuid(id),
            name,
            identity_key: key
                .try_into()
                .map_err(|_| internal("a key of the wrong length"))?,
            display_zone: &zone.name(),
            passphrase,
        };
        let store = store::Case::create(path, &new, &stamp(&setting))?;
        Self::assemble(store, setting, passphrase.is_some(), true)
    }

    /// Opens a case for reading and writing; what a crash left of unfinished imports is discarded.
    pub fn open(path: &Path, passphrase: Option<&str>, setting: Arc<Setting>) -> Result<Self> {
        let store = checked_kind(path, passphrase.is_some(), || {
            store::Case::open(path, passphrase, &stamp(&setting))
        })?;
        Self::assemble(store, setting, passphrase.is_some(), false)
    }

    /// Opens a case only to look at it. Another process may be writing into it; what it has not finished is not seen.
    pub fn open_to_read(
        path: &Path,
        passphrase: Option<&str>,
        setting: Arc<Setting>,
    ) -> Result<Self> {
        let store = checked_kind(path, passphrase.is_some(), || {
            store::Case::open_read_only(path, passphrase)
        })?;
        Self::assemble(store, setting, passphrase.is_some(), false)
    }

    fn assemble(
        store: store::Case,
        setting: Arc<Setting>,
        encrypted: bool,
        made_now: bool,
    ) -> Result<Self> {
        let library = crate::kept::of_case(&store)?;
        let facts = Arc::new(store.facts(Arc::new(Leaves)));
        Ok(Self {
            store,
            setting,
            library: RwLock::new(Arc::new(library)),
            results: Results::default(),
            views: Views::default(),
            terms: TermCache::default(),
            reviewed: Reviewed::default(),
            geo: crate::drill::Geo::default(),
            proposed: crate::drill::Proposed::default(),
            templates: crate::drill::Templates::default(),
            checked: Mutex::default(),
            facts,
            caches: Arc::default(),
            encrypted,
            made_now,
        })
    }

    /// Removes a case that was made by this very handle and into which nothing was imported.
    pub fn discard_new(self) -> Result<()> {
        if !self.made_now || !self.store.sources()?.is_empty() {
            return Ok(());
        }
        let path = self.store.path().to_owned();
        drop(self);
        store::Case::remove_closed(&path).map_err(|e| {
            Error::new(
                Code::Io,
                format!("the empty case `{}` cannot be removed: {e}", path.display()),
                "Remove it by hand.",
            )
        })
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.store.path()
    }

    pub(crate) fn query<'a>(&'a self, snapshot: &'a Snapshot) -> Query<'a> {
        Query {
            snapshot,
            facts: self.facts.as_ref(),
            caches: &self.caches,
        }
    }

    pub(crate) fn stamp(&self) -> Stamp {
        stamp(&self.setting)
    }

    /// What is in the case.
    pub fn summary(&self) -> Result<CaseSummary> {
        let zone = Zone::parse(&self.store.meta().display_zone).unwrap_or(Zone::UTC);
        let answer = self.answer("", &zone)?;
        let sources = self.sources()?.sources;
        let head = self.store.custody_head()?;
        let live = || sources.iter().filter(|s| s.state != "withdrawn");
        let (first, last) = (
            live().filter_map(|s| s.first.clone()).min(),
            live().filter_map(|s| s.last.clone()).max(),
        );
        let at = self
            .store
            .sources()?
            .iter()
            .filter_map(|s| s.receipt.last)
            .max()
            .unwrap_or_else(|| (self.setting.now)());
        let notices = self.store.discarded().iter().map(|d| {
            format!("An import that was begun at {} and not finished was discarded; nothing of it is in the case.", d.at.rfc3339())
        });
        Ok(CaseSummary {
            id: self.store.meta().uuid.clone(),
            name: self.store.meta().name.clone(),
            file: self
                .path()
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            encrypted: self.encrypted,
            zone: zone.name(),
            zone_offset: zone.offset_at(at).to_string(),
            events: answer.mask.len(),
            undated: answer.mask.undated(),
            rejected: live().map(|s| s.rejected).sum(),
            first,
            last,
            custody_size: head.size,
            custody_head: head.hash,
            notices: notices.chain(self.copied_open()).collect(),
            sources,
        })
    }

    /// What to know of a file that was copied while the case was open, without its journal.
    fn copied_open(&self) -> Option<String> {
        self.store.copied_open().map(|since| {
            format!("This file was copied while the case was open (since {since}) and without its journal, the file that ends in -wal; what was done from then on may be missing. Copy the case again when it is closed.")
        })
    }

    /// Every source with its receipt.
    pub fn sources(&self) -> Result<SourcesReport> {
        let sources = self.store.sources()?;
        Ok(SourcesReport {
            sources: sources.iter().map(|s| self.source_report(s)).collect(),
            refused: Vec::new(),
        })
    }

    pub(crate) fn source_report(&self, source: &SourceInfo) -> SourceReport {
        let receipt = &source.receipt;
        let known: Vec<_> = receipt
            .profiles
            .iter()
            .filter_map(|p| self.library().find(p))
            .collect();
        let titles: Vec<_> = known.iter().map(|p| p.title.as_str()).collect();
        let title = match titles.as_slice() {
            [] => "Unknown system".to_owned(),
            titles => titles.join(", "),
        };
        SourceReport {
            id: source.id,
            name: shown_name(source),
            sha256: receipt.sha256.clone(),
            bytes: receipt.bytes,
            profiles: receipt.profiles.clone(),
            title,
            confidence: receipt.confidence,
            zone: Some(source.zone.clone()).filter(|z| !z.is_empty()),
            entries: receipt.entries,
            stored: receipt.stored,
            duplicates: receipt.duplicates,
            rejected: receipt.rejected,
            events: receipt.events,
            undated: receipt.undated,
            first: receipt.first.map(|t| t.rfc3339()),
            last: receipt.last.map(|t| t.rfc3339()),
            warnings: receipt
                .warnings
                .iter()
                .map(|w| WarningPart {
                    code: w.code.clone(),
                    count: w.count,
                    message: w.message.clone(),
                    filter: match w.code.as_str() {
                        "unmapped_verbs" => Some(format!("in:{} has:action -has:op", source.id)),
                        code => Flag::from_code(code)
                            .map(|flag| format!("in:{} problem:{}", source.id, flag.code())),
                    },
                })
                .collect(),
            blind_spots: known.iter().flat_map(|p| p.blind_spots.clone()).collect(),
            merkle_root: receipt.merkle_root.clone(),
            state: source.state.clone(),
            generation: source.generation,
            withdrawn: source.detail["withdrawn"]["why"]
                .as_str()
                .map(str::to_owned),
            container: source.container.as_ref().map(|c| ContainerPart {
                kind: source.detail["container"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
                name: c.name.clone(),
                bytes: c.bytes,
                sha256: c.sha256.clone(),
            }),
            imported: source.detail["imported"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        }
    }

    /// Entries that hold no event.
    pub fn rejects(&self, source: Option<u32>) -> Result<RejectsReport> {
        if let Some(number) = source {
            self.source_info(number)?;
        }
        let mut rejects = Vec::new();
        for row in self.store.rejects(source)? {
            let place = witnessmark_model::Locator {
                source: row.source,
                entry: row.entry,
                part: 1,
                line: row.line,
                offset: row.offset,
                length: row.length.min(PREVIEW),
            };
            rejects.push(RejectPart {
                source: row.source,
                entry: row.entry,
                line: row.line,
                offset: row.offset,
                length: row.length,
                code: row.code,
                message: row.message,
                preview: visible_bytes(&self.store.raw(&place)?),
            });
        }
        Ok(RejectsReport { rejects })
    }

    pub(crate) fn source_info(&self, number: u32) -> Result<SourceInfo> {
        self.store
            .sources()?
            .into_iter()
            .find(|s| s.id == number)
            .ok_or_else(|| {
                Error::new(
                    Code::NoSuchItem,
                    format!("there is no source {number} in this case"),
                    "List them with `sources`.",
                )
            })
    }

    /// The bytes of an event's entry, as they stand in its source. Of a source that is not too large the whole is hashed
    /// first (once while the case is open), so that bytes which another hand exchanged are not handed out as evidence.
    pub fn raw(&self, event: u64) -> Result<Vec<u8>> {
        let answer = self.answer("", &Zone::UTC)?;
        let event = self.event(&answer.snapshot, event)?;
        let source = self.source_info(event.locator.source)?;
        if self.source_matches(source.id, source.receipt.bytes)? == Some(false) {
            return Err(Error::new(
                Code::CaseDamaged,
                format!(
                    "source {} in the case is not what was imported: its hash has changed",
                    source.id
                ),
                "Keep the file as it is and work on with a copy made earlier.",
            ));
        }
        Ok(self.store.raw(&event.locator)?)
    }

    /// Writes the original of a source back as it came; gives its hash, which is compared with the one taken at import.
    /// Of a sheet that is the workbook; of a member of an archive, or of a packed file, it is the member.
    pub fn extract(&self, source: u32, out: &mut dyn Write) -> Result<String> {
        if self.source_info(source)?.detail["container"] == "xlsx" {
            self.extract_container(source, out)
        } else {
            self.extract_member(source, out)
        }
    }

    /// Writes the archive, packed file or workbook that a source came in; gives its hash.
    pub fn extract_container(&self, source: u32, out: &mut dyn Write) -> Result<String> {
        let Some(container) = self.source_info(source)?.container else {
            return Err(Error::new(
                Code::InvalidOption,
                format!("source {source} came as a plain file and in no container"),
                "Extract it without that option.",
            ));
        };
        self.store.extract_container(source, out)?;
        Ok(container.sha256)
    }

    /// Writes the bytes that places of entries speak of: the unpacked member, or a sheet as it was read; gives their hash.
    pub fn extract_member(&self, source: u32, out: &mut dyn Write) -> Result<String> {
        let info = self.source_info(source)?;
        self.store.extract(source, out)?;
        self.checked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(source, true);
        Ok(info.receipt.sha256)
    }

    /// The case's own log.
    pub fn custody(&self) -> Result<CustodyReport> {
        let text = |entry: &serde_json::Value, key: &str| {
            entry[key].as_str().unwrap_or_default().to_owned()
        };
        let log = self.store.custody()?;
        let texts: Vec<String> = log
            .iter()
            .map(|e| store::case::canonical(&e.entry))
            .collect();
        let id = &self.store.meta().uuid;
        let checkpoint =
            witnessmark_package::custody::checkpoint(id, texts.iter().map(String::as_str));
        let head = self.store.custody_head()?;
        let entries = log.into_iter().map(|e| CustodyEntry {
            seq: e.seq,
            at: text(&e.entry, "at"),
            who: text(&e.entry, "who"),
            tool: text(&e.entry, "tool"),
            says: custody_words::says(&text(&e.entry, "action"), &e.entry["detail"]),
            action: text(&e.entry, "action"),
            detail: e.entry["detail"].to_string(),
            hash: e.hash,
        });
        Ok(CustodyReport {
            entries: entries.collect(),
            intact: self.store.check_custody()?,
            size: head.size,
            head: head.hash,
            checkpoint,
            proves: "each entry follows from the one before; none was changed, removed, added or moved without all later ones".to_owned(),
            does_not_prove: "that the whole log was not written anew, or its end cut off, by somebody who has the file: only a head that left this machine earlier (on paper, in a mail) shows that".to_owned(),
            notices: self.copied_open().into_iter().collect(),
        })
    }

    /// Puts a mark on an event or takes it away: `bookmark`, `tag`, `note`.
    pub fn mark(&self, event: u64, kind: &str, value: &str, on: bool) -> Result<()> {
        if !["bookmark", "tag", "note"].contains(&kind) {
            return Err(Error::new(
                Code::InvalidOption,
                format!("`{kind}` is no kind of mark"),
                "Use bookmark, tag or note.",
            ));
        }
        if kind != "bookmark" && value.trim().is_empty() {
            return Err(Error::new(
                Code::InvalidOption,
                format!("a {kind} needs a text"),
                "Write what it should say.",
            ));
        }
        let standing: Vec<_> = self
            .store
            .overlays(Some(kind), Some(event))?
            .into_iter()
            .filter(|o| o.value == value)
            .collect();
        let stamp = self.stamp();
        match (on, standing.is_empty()) {
            (true, true) => {
                let place = self.told_place(event)?;
                self.store
                    .overlay_about(&stamp, event, kind, value, &place)?;
            }
            (false, false) => {
                let place = self.told_place(event)?;
                for overlay in standing {
                    self.store.retract_about(&stamp, overlay.id, &place)?;
                }
            }
            _ => return Ok(()),
        }
        self.results.forget();
        Ok(())
    }

    pub(crate) fn marks(&self) -> Result<Marks> {
        let mut marks = Marks {
            bookmarks: self
                .store
                .overlays(Some("bookmark"), None)?
                .into_iter()
                .map(|o| o.event)
                .collect(),
            findings: self.finding_marks()?,
            ..Marks::default()
        };
        for overlay in self.store.overlays(Some("tag"), None)? {
            marks
                .tags
                .entry(overlay.event)
                .or_default()
                .push(overlay.value);
        }
        Ok(marks)
    }
}

/// Archive members carry the name of their archive.
pub(crate) fn shown_name(source: &SourceInfo) -> String {
    match &source.member {
        Some(member) if *member != source.name => format!("{}/{member}", source.name),
        _ => source.name.clone(),
    }
}

pub(crate) fn stamp(setting: &Setting) -> Stamp {
    Stamp {
        at: (setting.now)(),
        who: setting.who.clone(),
        tool: setting.tool.clone(),
    }
}

/// A version 4 UUID (RFC 9562) of 16 random bytes.
fn uuid(random: &[u8]) -> String {
    let mut b = [0_u8; 16];
    b.copy_from_slice(&random[..16]);
    b[6] = (b[6] & 0x0f) | 0x40;
    b[8] = (b[8] & 0x3f) | 0x80;
    let hex: String = b.iter().map(|x| format!("{x:02x}")).collect();
    [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ]
    .join("-")
}

/// Opens, and tells a file that is no case from one whose passphrase is missing: to the store both look the same.
fn checked_kind(
    path: &Path,
    with_passphrase: bool,
    open: impl FnOnce() -> store::Result<store::Case>,
) -> Result<store::Case> {
    let no_case = |path: &Path| {
        let message = format!("`{}` is no case", path.display());
        Error::new(
            Code::NotACase,
            message,
            "Choose a file that ends in .wmcase.",
        )
        .at(path.to_string_lossy())
    };
    if std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() == 0) {
        return Err(no_case(path));
    }
    open().map_err(|error| match error {
        store::StoreError::WrongPassphrase { path } if with_passphrase && is_plain(&path) => Error::new(
            Code::PassphraseRequired,
            format!("`{}` is not encrypted, and a passphrase was given for it", path.display()),
            "Leave the passphrase out; where the case was encrypted before, this file is not that case.",
        )
        .at(path.to_string_lossy()),
        store::StoreError::WrongPassphrase { path } if !looks_encrypted(&path) => no_case(&path),
        error => error.into(),
    })
}

/// The first bytes of a file; absent when it is shorter or cannot be read.
fn head(path: &Path) -> Option<[u8; 64]> {
    use std::io::Read;
    let mut head = [0_u8; 64];
    let read = std::fs::File::open(path).and_then(|mut f| f.read_exact(&mut head));
    read.is_ok().then_some(head)
}

/// Whether a file is an SQLite database that anybody can read.
fn is_plain(path: &Path) -> bool {
    head(path).is_some_and(|head| head.starts_with(b"SQLite format 3\0"))
}

/// An encrypted case begins with random bytes and ends in `.wmcase`; a text or another program's file does not.
fn looks_encrypted(path: &Path) -> bool {
    let ends = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("wmcase"));
    ends && !is_plain(path)
        && head(path).is_some_and(|head| head.iter().filter(|b| !b.is_ascii()).count() > 8)
}
