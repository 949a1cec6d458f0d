//! Notes, tags and bookmarks on events, actors, records and findings; the examiner's own dated entries; search over them.
//!
//! Owns: their form as statements, and how a mark on an event finds its entry again when its source was taken out and
//! imported anew, or copied. Never touches: marks on events as rows (the store has them).
//!
//! A mark on an event stands on the event's number. When a source is taken out, the places of the marked events that go
//! are kept: hash of the source, entry, part. When a source with that hash comes in again, the marks are put on the events of
//! the same entries, and who said them first and when is kept beside.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use witnessmark_lens::{Expr, fold, to_text};
use witnessmark_model::{Instant, Zone};
use witnessmark_store::case::Overlay;

use crate::api::{CarriedPart, CopyReport, NotePart, NotesReport};
use crate::case::{Case, shown_name};
use crate::drill::of_target;
use crate::error::{Code, Error, Result};
use crate::failures::internal;
use crate::import::Tell;
use crate::input::Input;
use crate::numbers::Order;

const KINDS: [&str; 3] = ["bookmark", "tag", "note"];
const ENTRY: &str = "entry";
const PLACES: &str = "places";
const CARRIED: &str = "carried";
/// Longest text, in characters.
const LONGEST: usize = 20_000;

/// Where a marked event stood.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Place {
    sha256: String,
    entry: u64,
    part: u32,
}

#[derive(Serialize, Deserialize)]
struct Gone {
    event: u64,
    place: Place,
}

#[derive(Serialize, Deserialize)]
struct Carried {
    case: String,
    event: u64,
    who: String,
    /// Nanoseconds since 1970.
    at: i64,
}

#[derive(Serialize, Deserialize)]
struct OwnEntry {
    /// Nanoseconds since 1970.
    time: i64,
    text: String,
}

fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|e| internal(e.to_string()))
}

fn carried_part(from: &Carried) -> CarriedPart {
    CarriedPart {
        case: from.case.clone(),
        event: from.event,
        who: from.who.clone(),
        at: Instant(from.at).rfc3339(),
    }
}

fn wrong(message: impl Into<String>, hint: &str) -> Error {
    Error::new(Code::InvalidOption, message, hint)
}

impl Case {
    /// Puts a note, tag or bookmark on something, or takes it away. `subject` is `event:17`, `actor:…`, `record:type/id` or
    /// `finding:F-…`.
    ///
    /// # Errors
    /// When there is no such thing in the case, or nothing is said.
    pub fn mark_on(&self, subject: &str, kind: &str, text: &str, on: bool) -> Result<()> {
        if !KINDS.contains(&kind) {
            return Err(wrong(
                format!("`{kind}` is no kind of mark"),
                "Use bookmark, tag or note.",
            ));
        }
        if text.chars().count() > LONGEST {
            return Err(wrong(
                format!("a {kind} has at most {LONGEST} characters"),
                "Write it shorter, or in several.",
            ));
        }
        let (what, name) = subject.split_once(':').unwrap_or((subject, ""));
        if what == "event" {
            let number = name.parse::<u64>().map_err(|_| {
                wrong(
                    format!("`{name}` is no number of an event"),
                    "Write such as event:17.",
                )
            })?;
            if on {
                let all = self.answer("", &Zone::UTC)?;
                self.event(&all.snapshot, number)?;
            }
            return self.mark(number, kind, text, on);
        }
        if kind != "bookmark" && text.trim().is_empty() {
            return Err(wrong(
                format!("a {kind} needs a text"),
                "Write what it should say.",
            ));
        }
        let subject = format!("{what}:{}", name.trim());
        if on {
            self.must_be_there(what, name.trim())?;
        }
        let standing: Vec<u64> = self
            .store
            .statements(Some(kind), Some(&subject))?
            .into_iter()
            .filter(|s| s.value == text)
            .map(|s| s.id)
            .collect();
        match (on, standing.is_empty()) {
            (true, true) => {
                self.store.state(&self.stamp(), kind, &subject, text)?;
            }
            (false, false) => {
                for id in standing {
                    self.store.take_back(&self.stamp(), id)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn must_be_there(&self, what: &str, name: &str) -> Result<()> {
        if name.is_empty() {
            return Err(wrong(
                "the mark is on nothing",
                "Write such as actor:alice@example.com.",
            ));
        }
        let there = match what {
            "finding" => {
                let report = self.last_review()?.unwrap_or_default();
                report.findings.iter().any(|f| f.id == name)
            }
            "actor" | "record" => !self.answer_expr(&self.about(what, name)?)?.mask.is_empty(),
            other => {
                return Err(wrong(
                    format!("`{other}` is nothing that marks are put on"),
                    "Write event:17, actor:…, record:type/id or finding:F-….",
                ));
            }
        };
        if there {
            return Ok(());
        }
        Err(Error::new(
            Code::NoSuchItem,
            format!("there is no {what} `{name}` in this case"),
            "A mark is put on what the case knows: list actors, records and findings first.",
        ))
    }

    /// The filter of an actor or a record.
    pub(crate) fn about(&self, what: &str, name: &str) -> Result<Expr> {
        let text = match what {
            "actor" => self.actor_filter(name, &Zone::UTC)?,
            "record" => {
                // An id can hold a slash too, so both readings are meant.
                let mut ways = vec![of_target("", name)];
                if let Some((kind, id)) = name.split_once('/')
                    && !kind.is_empty()
                    && !id.is_empty()
                {
                    ways.push(of_target(kind, id));
                }
                return Ok(Expr::or(ways));
            }
            "finding" => format!("finding:{name}"),
            _ => return Ok(Expr::All),
        };
        self.expr(&text, &Zone::UTC)
    }

    /// Adds a dated entry of the examiner's own.
    ///
    /// # Errors
    /// When the time cannot be read or nothing is said.
    pub fn add_entry(&self, time: &str, text: &str, zone: &Zone) -> Result<u64> {
        if text.trim().is_empty() || text.chars().count() > LONGEST {
            return Err(wrong(
                format!("an entry has 1 to {LONGEST} characters"),
                "Write what happened.",
            ));
        }
        let quoted = if time.contains(' ') && !time.starts_with('"') {
            format!("\"{}\"", time.trim())
        } else {
            time.trim().to_owned()
        };
        let entry = OwnEntry {
            time: self.moment(&quoted, zone)?.0,
            text: text.trim().to_owned(),
        };
        let about = serde_json::json!({"time": Instant(entry.time).rfc3339()});
        let stamp = self.stamp();
        let id = self
            .store
            .state_about(&stamp, ENTRY, "", &json(&entry)?, &about)?;
        Ok(id)
    }

    /// Takes an entry, or a mark on an actor, record or finding, back by its number.
    ///
    /// # Errors
    /// When there is none of this number.
    pub fn take_note_back(&self, id: u64) -> Result<()> {
        let ours = |kind: &str| kind == ENTRY || KINDS.contains(&kind);
        let found = self.store.statements(None, None)?;
        if !found.iter().any(|s| s.id == id && ours(&s.kind)) {
            return Err(Error::new(
                Code::NoSuchItem,
                format!("there is no entry or mark {id}"),
                "List them with `notes`; a mark on an event is taken off with its event.",
            ));
        }
        Ok(self.store.take_back(&self.stamp(), id)?)
    }

    /// Everything that persons wrote, that contains a text; upper and lower case do not count. Kinds narrow; none: all.
    ///
    /// # Errors
    /// When the case cannot be read.
    pub fn notes(&self, contains: &str, kinds: &[String]) -> Result<NotesReport> {
        let all = self.answer_expr(&Expr::All)?;
        let query = self.query(&all.snapshot);
        let hashes: HashMap<u32, String> = self
            .store
            .sources()?
            .into_iter()
            .map(|s| (s.id, s.receipt.sha256))
            .collect();
        let carried = self.carried("mark:")?;
        let said_first = self.carried("statement:")?;
        let mut notes = Vec::new();
        for overlay in self.store.overlays(None, None)? {
            if !KINDS.contains(&overlay.kind.as_str()) {
                continue;
            }
            let event = match query.find(overlay.event)? {
                Some(row) => Some(query.event(row)?),
                None => None,
            };
            notes.push(NotePart {
                id: overlay.id,
                subject: format!("event:{}", overlay.event),
                kind: overlay.kind,
                text: overlay.value,
                who: overlay.who,
                at: overlay.at.rfc3339(),
                event: Some(overlay.event),
                source_sha256: event
                    .as_ref()
                    .and_then(|e| hashes.get(&e.locator.source).cloned())
                    .unwrap_or_default(),
                entry: event.as_ref().map_or(0, |e| e.locator.entry),
                time: event.as_ref().and_then(|e| e.time).map(Instant::rfc3339),
                filter: format!("event:{}", overlay.event),
                gone: event.is_none(),
                carried: carried.get(&overlay.id).map(carried_part),
            });
        }
        for statement in self.store.statements(None, None)? {
            let plain = KINDS.contains(&statement.kind.as_str());
            if !plain && statement.kind != ENTRY {
                continue;
            }
            let own = (!plain)
                .then(|| serde_json::from_str::<OwnEntry>(&statement.value).ok())
                .flatten();
            if !plain && own.is_none() {
                continue;
            }
            let filter = match statement.subject.split_once(':') {
                Some((what, name)) => to_text(&self.about(what, name)?),
                None => String::new(),
            };
            notes.push(NotePart {
                id: statement.id,
                subject: statement.subject,
                kind: statement.kind,
                time: own.as_ref().map(|o| Instant(o.time).rfc3339()),
                text: own.map_or(statement.value, |o| o.text),
                who: statement.who,
                at: statement.at.rfc3339(),
                event: None,
                source_sha256: String::new(),
                entry: 0,
                filter,
                gone: false,
                carried: said_first.get(&statement.id).map(carried_part),
            });
        }
        let total = notes.len() as u64;
        let wanted = fold(contains.trim()).into_owned();
        notes.retain(|n| {
            (kinds.is_empty() || kinds.contains(&n.kind))
                && (fold(&n.text).contains(&wanted) || fold(&n.subject).contains(&wanted))
        });
        notes.sort_by(|a, b| {
            (a.time.is_none(), &a.time, &a.at, a.id).cmp(&(b.time.is_none(), &b.time, &b.at, b.id))
        });
        Ok(NotesReport { notes, total })
    }

    /// Who said first what was carried over, by number: of marks on events, or of statements.
    fn carried(&self, what: &str) -> Result<HashMap<u64, Carried>> {
        let mut carried = HashMap::new();
        for statement in self.store.statements(Some(CARRIED), None)? {
            let id = statement
                .subject
                .strip_prefix(what)
                .and_then(|n| n.parse::<u64>().ok());
            if let (Some(id), Ok(value)) = (id, serde_json::from_str(&statement.value)) {
                carried.insert(id, value);
            }
        }
        Ok(carried)
    }

    /// Where an event stands, for the custody log: hash of its source, entry, part. Nothing when it is no longer seen.
    pub(crate) fn told_place(&self, event: u64) -> Result<serde_json::Value> {
        let all = self.answer_expr(&Expr::All)?;
        let query = self.query(&all.snapshot);
        let Some(row) = query.find(event)? else {
            return Ok(serde_json::Value::Null);
        };
        let place = query.event(row)?.locator;
        let sha256 = self.source_info(place.source)?.receipt.sha256;
        Ok(serde_json::json!({
            "source_sha256": sha256, "entry": place.entry, "part": place.part,
        }))
    }

    /// Marks that persons put on events, in order.
    fn own_marks(&self) -> Result<Vec<Overlay>> {
        let mut marks = self.store.overlays(None, None)?;
        marks.retain(|o| KINDS.contains(&o.kind.as_str()));
        Ok(marks)
    }

    /// Keeps the places of marked events that a source attests, before it goes.
    pub(crate) fn keep_places(&self, source: u32) -> Result<()> {
        let marked: BTreeSet<u64> = self.own_marks()?.iter().map(|o| o.event).collect();
        if marked.is_empty() {
            return Ok(());
        }
        let gone: Vec<Gone> = self
            .places_of(source)?
            .into_iter()
            .filter(|(_, event)| marked.contains(event))
            .map(|(place, event)| Gone { event, place })
            .collect();
        if !gone.is_empty() {
            let subject = format!("source:{source}");
            self.store
                .state(&self.stamp(), PLACES, &subject, &json(&gone)?)?;
        }
        Ok(())
    }

    /// Events by their places in a source.
    fn places_of(&self, source: u32) -> Result<BTreeMap<Place, u64>> {
        let sha256 = self.source_info(source)?.receipt.sha256;
        let mut places = BTreeMap::new();
        let query = format!("in:{source}");
        self.each_event(&query, &Zone::UTC, Order::Number, None, &mut |event| {
            for attested in event.attested.iter().filter(|a| a.source == source) {
                let place = Place {
                    sha256: sha256.clone(),
                    entry: attested.entry,
                    part: event.locator.part,
                };
                places.insert(place, event.number);
            }
            ControlFlow::Continue(())
        })?;
        Ok(places)
    }

    /// The event that stands for a part of an entry of a source with this hash, whatever its number was before.
    pub(crate) fn event_at(&self, sha256: &str, entry: u64, part: u32) -> Result<Option<u64>> {
        let place = Place {
            sha256: sha256.to_owned(),
            entry,
            part,
        };
        for source in self.store.sources()? {
            if source.state == "complete"
                && source.receipt.sha256 == sha256
                && let Some(event) = self.places_of(source.id)?.get(&place)
            {
                return Ok(Some(*event));
            }
        }
        Ok(None)
    }

    /// Puts marks whose events went with a source on the events of the same entries of these sources, which came in.
    pub(crate) fn find_again(&self, sources: &[u32]) -> Result<()> {
        let mut gone: Vec<Gone> = Vec::new();
        for statement in self.store.statements(Some(PLACES), None)? {
            let kept = serde_json::from_str::<Vec<Gone>>(&statement.value);
            gone.extend(kept.unwrap_or_default());
        }
        if gone.is_empty() {
            return Ok(());
        }
        let case = self.store.meta().uuid.clone();
        let mut changed = false;
        for source in sources {
            let sha256 = self.source_info(*source)?.receipt.sha256;
            if !gone.iter().any(|g| g.place.sha256 == sha256) {
                continue;
            }
            let places = self.places_of(*source)?;
            let marks = self.own_marks()?;
            for one in &gone {
                let Some(event) = places.get(&one.place).filter(|e| **e != one.event) else {
                    continue;
                };
                for mark in marks.iter().filter(|m| m.event == one.event) {
                    changed |= self.carry(*event, mark, &case)?;
                }
            }
        }
        if changed {
            self.results.forget();
        }
        Ok(())
    }

    /// Puts a mark from elsewhere on an event, unless the same stands there already.
    fn carry(&self, event: u64, mark: &Overlay, case: &str) -> Result<bool> {
        let standing = self.store.overlays(Some(&mark.kind), Some(event))?;
        if standing.iter().any(|o| o.value == mark.value) {
            return Ok(false);
        }
        let stamp = self.stamp();
        let mut about = self.told_place(event)?;
        if about.is_object() {
            about["carried"] = serde_json::json!({
                "case": case, "event": mark.event, "who": mark.who, "at": mark.at.rfc3339(),
            });
        }
        let id = self
            .store
            .overlay_about(&stamp, event, &mark.kind, &mark.value, &about)?;
        let from = Carried {
            case: case.to_owned(),
            event: mark.event,
            who: mark.who.clone(),
            at: mark.at.0,
        };
        self.store
            .state(&stamp, CARRIED, &format!("mark:{id}"), &json(&from)?)?;
        Ok(true)
    }

    /// Copies sources of another case into this one, read as they were read there, with the marks on their events. What is here
    /// already is not doubled.
    ///
    /// # Errors
    /// When a source is not there, was taken out, or came in a workbook; or the case cannot be written.
    pub fn copy_from(
        &self,
        other: &Self,
        sources: &[u32],
        tell: &mut Tell<'_>,
    ) -> Result<CopyReport> {
        let mut report = CopyReport::default();
        let mut infos = Vec::new();
        for number in sources {
            let info = other.source_info(*number)?;
            if info.state != "complete" {
                return Err(Error::new(
                    Code::NoSuchItem,
                    format!("source {number} was taken out of that case"),
                    "Copy one that is in it.",
                ));
            }
            if info.detail["container"] == "xlsx" {
                return Err(wrong(
                    format!("source {number} is a sheet of a workbook"),
                    "Extract the workbook with `extract`, and import it.",
                ));
            }
            infos.push(info);
        }
        let from = other.store.meta().uuid.clone();
        let hashes: Vec<String> = infos.iter().map(|i| i.receipt.sha256.clone()).collect();
        for info in infos {
            let mut choices = other.source_choices(info.id)?;
            choices.profiles = other.own_profiles(&info.profiles);
            let input = Input::Stream {
                name: shown_name(&info),
                reader: other.kept_reader(&info),
            };
            let brought = self.import(vec![input], &choices, tell)?;
            for source in brought.sources {
                let here = self.places_of(source.id)?;
                let there = other.places_of(info.id)?;
                let mut by_event: BTreeMap<u64, Vec<&Place>> = BTreeMap::new();
                for (place, event) in &there {
                    by_event.entry(*event).or_default().push(place);
                }
                for mark in other.own_marks()? {
                    let Some(places) = by_event.get(&mark.event) else {
                        continue;
                    };
                    match places.iter().find_map(|p| here.get(*p)) {
                        Some(event) if self.carry(*event, &mark, &from)? => report.marks += 1,
                        Some(_) => report.known += 1,
                        None => report.left += 1,
                    }
                }
                report.sources.push(source);
            }
        }
        self.copy_said(other, sources, &mut report)?;
        let detail = serde_json::json!({
            "from": from, "sources": sources, "sha256s": hashes, "marks": report.marks, "left": report.left,
        });
        self.store
            .record(&self.stamp(), "case.copy_from", &detail)?;
        // What left a case stands in its own log too, where that can be written.
        if !other.store.is_read_only() {
            let detail = serde_json::json!({
                "to": self.store.meta().uuid, "sources": sources, "sha256s": hashes, "marks": report.marks,
            });
            other
                .store
                .record(&other.stamp(), "case.copy_to", &detail)?;
        }
        self.results.forget();
        Ok(report)
    }

    /// Copies what another case says of actors and records that have an event in some of its sources.
    fn copy_said(&self, other: &Self, sources: &[u32], report: &mut CopyReport) -> Result<()> {
        let from = &other.store.meta().uuid;
        let of_sources = sources.iter().map(|s| {
            let test = witnessmark_lens::Test::Is(s.to_string());
            crate::drill::term(witnessmark_lens::On::Source, test)
        });
        let of_sources = Expr::or(of_sources.collect());
        for said in other.store.statements(None, None)? {
            let Some((what @ ("actor" | "record"), name)) = said.subject.split_once(':') else {
                continue;
            };
            if sources.is_empty() || !KINDS.contains(&said.kind.as_str()) {
                continue;
            }
            let here = crate::drill::both(&other.about(what, name)?, of_sources.clone());
            if other.answer_expr(&here)?.mask.is_empty() {
                continue;
            }
            let known = self
                .store
                .statements(Some(&said.kind), Some(&said.subject))?;
            if known.iter().any(|k| k.value == said.value) {
                report.known += 1;
                continue;
            }
            let first = Carried {
                case: from.clone(),
                event: 0,
                who: said.who.clone(),
                at: said.at.0,
            };
            let about = serde_json::json!({
                "carried": {"case": from, "who": said.who, "at": said.at.rfc3339()},
            });
            let stamp = self.stamp();
            let id =
                self.store
                    .state_about(&stamp, &said.kind, &said.subject, &said.value, &about)?;
            let subject = format!("statement:{id}");
            self.store
                .state(&stamp, CARRIED, &subject, &json(&first)?)?;
            report.marks += 1;
        }
        Ok(())
    }
}
