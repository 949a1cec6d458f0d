//! A package of a case: what goes in, gathered from the store; the writing is the package crate's.
//!
//! Owns: the facts of a case in the package's terms, and the entry in the custody log. Never touches: the layout.

use std::cell::RefCell;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use serde_json::json;
use witnessmark_model::{Event, IdentityKind, Instant, Locator, Zone};
use witnessmark_package::{
    self as package, Also, CaseFacts, Control, CustodyLine, DayCount, Evidence, Material, Options,
    PackageError, Policy, Progress, Reject, Sampling, SigningKey, SourceFacts, Warning, tree,
};
use witnessmark_store::query::HistogramSpec;

use crate::api::{PackageChoices, PackageFile, PackageProgress, PackageReport};
use crate::case::Case;
use crate::entries::brought_by;
use crate::error::{Code, Error, Result};
use crate::folder::Target;
use crate::numbers::Order;

/// Nanoseconds of a day.
pub(crate) const DAY: i64 = 86_400_000_000_000;
/// Days over which coverage is counted; a source that spans more has times that cannot be right.
const MOST_DAYS: i64 = 20_000;

/// What the person is told, and whether they want to go on.
pub(crate) type Tell<'a> = dyn FnMut(&PackageProgress) -> ControlFlow<()> + 'a;

impl Case {
    /// Writes a package to a path where nothing is: a folder, or an archive when the name ends in `.zip`.
    ///
    /// `tell` is called a few times a second; when it breaks, nothing is left but an entry in the custody log.
    pub fn package(
        &self,
        out: &Path,
        choices: &PackageChoices,
        key: Option<&SigningKey>,
        tell: &mut Tell<'_>,
    ) -> Result<PackageReport> {
        let zone = package_zone(choices)?;
        let options = Options {
            title: choices
                .title
                .clone()
                .unwrap_or_else(|| self.store.meta().name.clone()),
            query: choices.query.clone(),
            sampling: choices.sample.as_ref().map(|s| Sampling {
                seed: s.seed.clone(),
                size: s.size,
            }),
            evidence: evidence(choices.evidence.as_deref())?,
            also: choices
                .also
                .iter()
                .map(|word| also(word))
                .collect::<Result<_>>()?,
            policy: choices
                .redact
                .as_deref()
                .map(Policy::read)
                .transpose()
                .map_err(told)?,
            key,
        };
        // The filter is read before anything is written, so that a wrong one leaves nothing behind.
        self.parse(&choices.query, &zone)?;
        let facts = self.package_facts(&choices.query, &zone, choices.redact.is_some())?;
        let scope = Scope::new(self, facts, &choices.query, zone, tell);
        let mut target = Target::begin(out)?;
        let written = match package::write(&scope, &options, target.sink()) {
            Ok(written) => written,
            Err(error) => {
                target.discard();
                return Err(told(error));
            }
        };
        target.finish(out)?;
        let detail = json!({
            "package": written.package, "binds": written.binds, "signed_by": written.signed_by,
            "name": out.file_name().map(|n| n.to_string_lossy().into_owned()),
            "events": written.events, "query": choices.query, "zone": choices.zone, "sample": choices.sample,
            "evidence": choices.evidence, "also": choices.also,
            "policy_sha256": choices.redact.as_ref().map(|text| witnessmark_store::sha256_hex(text.as_bytes())),
        });
        let recorded = self.store.record(&self.stamp(), "package", &detail)?;
        Ok(PackageReport {
            signature: if written.signed_by.is_some() {
                "valid"
            } else {
                "absent"
            }
            .to_owned(),
            package: written.package,
            binds: written.binds,
            signed_by: written.signed_by,
            events: written.events,
            undated: written.undated,
            custody_size: written.custody_size,
            custody_head: written.custody_head,
            custody_root: written.custody_root,
            recorded,
            files: written
                .files
                .into_iter()
                .map(|f| PackageFile {
                    name: f.name,
                    bytes: f.bytes,
                    sha256: f.sha256,
                })
                .collect(),
        })
    }

    /// What is known of the case, in the package's terms.
    pub(crate) fn package_facts(
        &self,
        query: &str,
        zone: &Zone,
        redacted: bool,
    ) -> Result<CaseFacts> {
        let log = self.store.custody()?;
        let mut sources = Vec::new();
        for info in self.store.sources()? {
            let report = self.source_report(&info);
            let receipt = &info.receipt;
            sources.push(SourceFacts {
                imported_by: log.iter().find_map(|e| brought_by(&e.entry, info.id)),
                days: self.days(&info)?,
                first: receipt.first,
                last: receipt.last,
                id: info.id,
                name: report.name,
                title: report.title,
                sha256: report.sha256,
                bytes: report.bytes,
                state: report.state,
                imported: report.imported,
                profiles: report.profiles,
                zone: report.zone,
                entries: report.entries,
                stored: report.stored,
                duplicates: report.duplicates,
                rejected: report.rejected,
                events: report.events,
                undated: report.undated,
                merkle_root: report.merkle_root,
                warnings: report
                    .warnings
                    .into_iter()
                    .map(|w| Warning {
                        code: w.code,
                        count: w.count,
                        message: w.message,
                    })
                    .collect(),
                blind_spots: report.blind_spots,
                header: info.shape.header,
                shape: info.shape.shape,
                encoding: info.shape.encoding,
            });
        }
        let custody = log.into_iter().map(|e| CustodyLine {
            seq: e.seq,
            action: e.entry["action"].as_str().unwrap_or_default().to_owned(),
            entry: witnessmark_store::case::canonical(&e.entry),
            prev: e.prev,
            hash: e.hash,
            withheld: false,
        });
        let rejects = self.store.rejects(None)?.into_iter().map(|r| Reject {
            source: r.source,
            entry: r.entry,
            line: r.line,
            offset: r.offset,
            length: r.length,
            code: r.code,
            message: r.message,
        });
        let packed = self.packed_checklists(query, zone, redacted)?;
        let mut notes = self.packed_notes(query, zone)?;
        notes.extend(packed.notes);
        Ok(CaseFacts {
            id: self.store.meta().uuid.clone(),
            name: self.store.meta().name.clone(),
            events: self.answer("", &Zone::UTC)?.mask.len(),
            zone: zone.name(),
            tool: self.setting.tool.clone(),
            who: self.setting.who.clone(),
            now: Some((self.setting.now)()),
            sources,
            custody: custody.collect(),
            profiles: self.store.profiles()?,
            rejects: rejects.collect(),
            notes,
            rules: packed.files,
            review: self.packed_review(query, zone)?,
            checklists: packed.checklists,
            people: self.confirmed_people()?,
            secret: self.package_secret(),
        })
    }

    /// Values that a person confirmed to be one actor.
    fn confirmed_people(&self) -> Result<Vec<Vec<String>>> {
        let groups = self.store.merges()?.into_iter();
        let named = groups.map(|group| {
            let by_value = group
                .into_iter()
                .filter(|key| key.kind != IdentityKind::Type);
            by_value.map(|key| key.value).collect()
        });
        Ok(named.collect())
    }

    /// Key of pseudonyms and salts: of the case's own key, which never leaves it.
    fn package_secret(&self) -> Vec<u8> {
        let mut text = b"witnessmark package 1".to_vec();
        text.extend_from_slice(&self.store.meta().identity_key);
        witnessmark_store::sha256_hex(&text).into_bytes()
    }

    /// Events of a source by day (UTC); times that cannot be right are left out.
    fn days(&self, info: &witnessmark_store::SourceInfo) -> Result<Vec<DayCount>> {
        let (Some(first), Some(last)) = (info.receipt.first, info.receipt.last) else {
            return Ok(Vec::new());
        };
        let first = first.max(Instant::EARLIEST_PLAUSIBLE).0.div_euclid(DAY);
        let last = last.0.div_euclid(DAY).min(first + MOST_DAYS - 1);
        if last < first {
            return Ok(Vec::new());
        }
        let answer = self.answer(&format!("in:{}", info.id), &Zone::UTC)?;
        let spec = HistogramSpec {
            from: Some(Instant(first * DAY)),
            to: Some(Instant((last + 1).saturating_mul(DAY))),
            bins: (last - first + 1) as usize,
            by: None,
            values: 0,
        };
        let found = self
            .query(&answer.snapshot)
            .histogram(&answer.mask, &spec)?;
        let days = found.bins.iter().filter(|b| b.count > 0).map(|b| DayCount {
            day: b.start.0.div_euclid(DAY),
            events: b.count,
        });
        Ok(days.collect())
    }
}

pub(crate) fn package_zone(choices: &PackageChoices) -> Result<Zone> {
    let name = choices.zone.as_deref().unwrap_or("UTC");
    Zone::parse(name).ok_or_else(|| {
        Error::new(
            Code::InvalidOption,
            format!("`{name}` is no time zone"),
            "Write an IANA name such as Asia/Manila, or an offset such as +08:00.",
        )
    })
}

fn also(word: &str) -> Result<Also> {
    match word {
        "ecs" => Ok(Also::Ecs),
        "ocsf" => Ok(Also::Ocsf),
        other => Err(Error::new(
            Code::InvalidOption,
            format!("`{other}` is no further shape of events"),
            "Choose ecs or ocsf.",
        )),
    }
}

fn evidence(word: Option<&str>) -> Result<Evidence> {
    match word {
        None | Some("excerpts") => Ok(Evidence::Excerpts),
        Some("originals") => Ok(Evidence::Originals),
        Some("none") => Ok(Evidence::None),
        Some(other) => Err(Error::new(
            Code::InvalidOption,
            format!("`{other}` is no choice of evidence"),
            "Choose excerpts, originals or none.",
        )),
    }
}

/// The scope as the package asks for it.
pub(crate) struct Scope<'c, 't, 'f> {
    case: &'c Case,
    facts: CaseFacts,
    query: &'c str,
    zone: Zone,
    tell: RefCell<&'t mut Tell<'f>>,
}

impl<'c, 't, 'f> Scope<'c, 't, 'f> {
    pub(crate) fn new(
        case: &'c Case,
        facts: CaseFacts,
        query: &'c str,
        zone: Zone,
        tell: &'t mut Tell<'f>,
    ) -> Self {
        Self {
            case,
            facts,
            query,
            zone,
            tell: RefCell::new(tell),
        }
    }

    fn walk(
        &self,
        query: &str,
        each: &mut dyn FnMut(&Event) -> package::Result<()>,
    ) -> package::Result<()> {
        let mut failed = None;
        self.case
            .each_event(
                query,
                &self.zone,
                Order::Number,
                None,
                &mut |event| match each(event) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(error) => {
                        failed = Some(error);
                        ControlFlow::Break(())
                    }
                },
            )
            .map_err(material)?;
        failed.map_or(Ok(()), Err)
    }
}

fn material(error: Error) -> PackageError {
    PackageError::Material(Box::new(error))
}

impl Material for Scope<'_, '_, '_> {
    fn facts(&self) -> &CaseFacts {
        &self.facts
    }

    fn events(&self, each: &mut dyn FnMut(&Event) -> package::Result<()>) -> package::Result<()> {
        self.walk(self.query, each)
    }

    fn everybody(
        &self,
        each: &mut dyn FnMut(&Event) -> package::Result<()>,
    ) -> package::Result<()> {
        self.walk("", each)
    }

    fn raw(&self, place: &Locator, out: &mut Vec<u8>) -> package::Result<()> {
        self.case
            .store
            .raw_into(place, out)
            .map_err(|e| material(e.into()))
    }

    fn leaves(&self, source: u32, each: &mut dyn FnMut(tree::Hash)) -> package::Result<()> {
        self.case.entry_leaves(source, each).map_err(material)
    }

    fn original(&self, source: u32, out: &mut dyn Write) -> package::Result<()> {
        let written = self.case.store.extract(source, out);
        written.map(|_| ()).map_err(|e| material(e.into()))
    }

    fn progress(&self, progress: &Progress) -> Control {
        let told = PackageProgress {
            step: progress.step.to_owned(),
            done: progress.done,
            of: progress.of,
        };
        if (self.tell.borrow_mut())(&told).is_break() {
            Control::Cancel
        } else {
            Control::Go
        }
    }
}

/// The package crate's failure as the facade's.
pub(crate) fn told(error: PackageError) -> Error {
    let (code, hint) = match error {
        PackageError::Material(inner) => match inner.downcast::<Error>() {
            Ok(error) => return *error,
            Err(other) => {
                let hint = "The case is unharmed. Please report this.";
                return Error::new(Code::Internal, other.to_string(), hint);
            }
        },
        PackageError::Cancelled => (Code::Cancelled, "Nothing was written."),
        PackageError::Io(ref e) if e.kind() == std::io::ErrorKind::StorageFull => (
            Code::DiskFull,
            "Free space, or choose another disk; nothing was left behind.",
        ),
        PackageError::Io(_) | PackageError::Zip(_) => {
            (Code::Io, "Check the folder and the rights on it.")
        }
        PackageError::Inconsistent(_) => (
            Code::CaseDamaged,
            "Keep the case as it is and check it with `witnessmark verify`.",
        ),
        PackageError::Policy(_) => (
            Code::InvalidOption,
            "See the policy in docs/package-format.md.",
        ),
        PackageError::Sign(_) => (
            Code::InvalidOption,
            "Check the key with `witnessmark key list`.",
        ),
        _ => (
            Code::Internal,
            "The case is unharmed. Please report this with the command that led here.",
        ),
    };
    Error::new(code, error.to_string(), hint)
}
