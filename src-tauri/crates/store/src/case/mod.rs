//! A case: one SQLite file with the evidence, the events and everything said about them.
//!
//! Owns: opening, making and closing, the two connections (one writes, one reads), and the list of visible segments.
//! Never touches: how rows are found (`query`), how they come in (`importer`). Reading is in `read`, checks in `defence`.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};
use serde_json::{Value, json};
use witnessmark_model::Instant;

use self::content::Touched;
use crate::{
    error::{Result, StoreError},
    evidence::read::Blocks,
    segment::{Columns, MemorySegment, SealedSegment, hot},
};

mod agree;
pub(crate) mod content;
pub mod custody;
pub(crate) mod defence;
mod derived;
pub(crate) mod discard;
mod facts;
mod found;
pub(crate) mod lock;
pub mod merges;
mod open_mark;
pub mod overlays;
mod passphrase;
pub(crate) mod pulls;
mod read;
mod said;
pub(crate) mod standing;
mod statements;

pub use custody::{CustodyEntry, CustodyHead, Stamp, canonical};
pub use defence::{APPLICATION_ID, SCHEMA_VERSION, schema};
pub use derived::Derived;
pub use discard::Discarded;
pub use facts::CaseFacts;
pub use found::FINDINGS;
pub use overlays::Overlay;
pub use passphrase::change_passphrase;
pub use pulls::{PullCoverage, PullPart, PullStream, PulledPage};
pub use read::{ContainerInfo, RejectRow, SourceInfo};
pub use statements::Statement;

/// What a new case is made from. Randomness is passed in.
#[derive(Clone, Debug)]
pub struct NewCase<'a> {
    /// Random, textual.
    pub uuid: &'a str,
    /// What people call it.
    pub name: &'a str,
    /// 16 random bytes that key every hash of content in this case.
    pub identity_key: [u8; 16],
    /// Zone in which times are shown, by name.
    pub display_zone: &'a str,
    /// Encrypts the file when given.
    pub passphrase: Option<&'a str>,
}

/// What is fixed when a case is made.
#[derive(Clone, Debug)]
pub struct Meta {
    /// Identity of the case, textual.
    pub uuid: String,
    /// What people call it.
    pub name: String,
    /// When it was made.
    pub created: Instant,
    /// Key of every hash of content.
    pub identity_key: [u8; 16],
    /// Zone in which times are shown, by name.
    pub display_zone: String,
    /// Schema version of the file; an older one stays as it is while the case is open for reading only.
    pub schema: i64,
}

/// An open case. Cheap to clone; the file is closed with the last one.
#[derive(Clone, Debug)]
pub struct Case {
    pub(crate) inner: Arc<Inner>,
    copied_open: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) path: PathBuf,
    pub(crate) meta: Meta,
    pub(crate) reader: Arc<Mutex<Connection>>,
    pub(crate) blocks: Blocks,
    /// Evidence and length of each source that was asked for: a scan of the originals asks for every entry.
    kept_in: Mutex<HashMap<u32, (i64, u64)>>,
    /// Who opened it for writing, when and with what.
    pub(crate) opened: Option<Stamp>,
    /// What SQLite counts when another connection commits, as the last write found it.
    undisturbed: AtomicI64,
    pub(crate) importing: AtomicBool,
    version: AtomicU64,
    discarded: Vec<Discarded>,
    segments: Mutex<HashMap<i64, Arc<SealedSegment>>>,
    hot: Mutex<Option<(u64, Arc<MemorySegment>)>>,
    pub(crate) attestations: read::Attestations,
    /// Closed after everything that holds the reader: the last connection folds the journal in and removes it, and must be able to.
    pub(crate) writer: Option<Arc<Mutex<Connection>>>,
    /// Dropped last: the connections above are closed by then.
    _lock: Option<lock::CaseLock>,
}

pub(crate) fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Case {
    /// Makes a case file and opens it.
    ///
    /// # Errors
    /// When something is at the path already, or it cannot be written.
    pub fn create(path: &Path, new: &NewCase<'_>, stamp: &Stamp) -> Result<Self> {
        if std::fs::symlink_metadata(path).is_ok() {
            return Err(StoreError::Exists {
                path: path.to_owned(),
            });
        }
        let lock = lock::CaseLock::take(path, &holder(stamp))?;
        let made = Self::lay(path, new, stamp);
        drop(lock);
        if let Err(error) = made {
            // What was begun is no case; leaving it would make the next attempt fail for another reason.
            let _ = std::fs::remove_file(path);
            lock::forget(path);
            return Err(error);
        }
        Self::open(path, new.passphrase, stamp)
    }

    fn lay(path: &Path, new: &NewCase<'_>, stamp: &Stamp) -> Result<()> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut connection = defence::connect(path, new.passphrase, flags)?;
        connection.execute_batch(&format!(
            "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA application_id = {}; PRAGMA user_version = {};",
            defence::APPLICATION_ID,
            defence::SCHEMA_VERSION
        ))?;
        defence::settle(&connection)?;
        let transaction = connection.transaction()?;
        transaction.execute_batch(&defence::schema(defence::SCHEMA_VERSION))?;
        for (key, value) in [
            ("uuid", Value::from(new.uuid)),
            ("name", Value::from(new.name)),
            ("identity_key", Value::from(hex::encode(new.identity_key))),
            ("display_zone", Value::from(new.display_zone)),
            ("created_by", Value::from(stamp.tool.as_str())),
        ] {
            transaction.execute(
                "INSERT INTO meta VALUES (?1, ?2)",
                params![key, value.as_str()],
            )?;
        }
        transaction.execute("INSERT INTO meta VALUES ('created', ?1)", [stamp.at.0])?;
        transaction.execute("INSERT INTO meta VALUES ('next_event', 1)", [])?;
        let detail =
            json!({"case": new.uuid, "name": new.name, "encrypted": new.passphrase.is_some()});
        custody::append(
            &transaction,
            stamp,
            "case.create",
            &detail,
            &Touched::nothing().tables(&["meta"]),
        )?;
        transaction.commit()?;
        Ok(())
    }

    /// Opens a case for reading and writing, brings an older schema to the present one, and discards what a crash left of
    /// unfinished imports.
    ///
    /// # Errors
    /// When another process has it, the passphrase does not fit, or a check fails; the file is as before then.
    pub fn open(path: &Path, passphrase: Option<&str>, stamp: &Stamp) -> Result<Self> {
        lock::plain_file(path)?;
        let lock = lock::CaseLock::take(path, &holder(stamp))?;
        let had_journal = open_mark::has_journal(path);
        let (reader, meta) = Self::inspect(path, passphrase)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let mut writer = defence::connect(path, passphrase, flags)?;
        defence::settle(&writer)?;
        let meta = said::upgrade(&mut writer, meta, stamp)?;
        let discarded = discard::leftovers(&mut writer, stamp)?;
        let copied_open = open_mark::copied_open(&writer, had_journal)?;
        if let Some(since) = &copied_open {
            let detail = json!({"open_since": since});
            custody::append(
                &writer,
                stamp,
                "case.copied_open",
                &detail,
                &Touched::nothing(),
            )?;
        }
        open_mark::set(&writer, stamp)?;
        let writer = Some((writer, stamp.clone()));
        let mut case = Self::assemble(path, reader, writer, meta, discarded, Some(lock));
        case.copied_open = copied_open;
        Ok(case)
    }

    /// Opens a case for reading only; another process may have it open for writing.
    ///
    /// # Errors
    /// As [`Case::open`].
    pub fn open_read_only(path: &Path, passphrase: Option<&str>) -> Result<Self> {
        lock::plain_file(path)?;
        let had_journal = open_mark::has_journal(path);
        let (reader, meta) = Self::inspect(path, passphrase)?;
        let copied_open = open_mark::copied_open(&reader, had_journal)?;
        let mut case = Self::assemble(path, reader, None, meta, Vec::new(), None);
        case.copied_open = copied_open;
        Ok(case)
    }

    /// Every check, through a connection that cannot write.
    fn inspect(path: &Path, passphrase: Option<&str>) -> Result<(Connection, Meta)> {
        let reader = defence::connect_to_read(path, passphrase)?;
        defence::readable(&reader, path)?;
        defence::settle(&reader)?;
        // One look: another process may be writing, and its log must be compared with its rows.
        let look = reader.unchecked_transaction()?;
        let schema = defence::inspect(&look, path)?;
        defence::evidence_numbers(&look, path)?;
        custody::check(&look).map_err(|detail| defence::damaged(path, "custody", detail))?;
        agree::check(&look)?.map_err(|detail| defence::damaged(path, "agreement", detail))?;
        let whole = defence::is_checked_whole(&look)?;
        read::check_events(&look, path, whole)?;
        content::check(&look, schema, whole)?
            .map_err(|detail| defence::damaged(path, "agreement", detail))?;
        drop(look);
        let text = |key: &str| -> Result<String> {
            Ok(reader.query_row("SELECT value FROM meta WHERE key = ?1", [key], |r| r.get(0))?)
        };
        let mut identity_key = [0; 16];
        hex::decode_to_slice(text("identity_key")?, &mut identity_key)
            .map_err(|e| StoreError::corrupt("the identity key", e.to_string()))?;
        let meta = Meta {
            uuid: text("uuid")?,
            name: text("name")?,
            created: Instant(reader.query_row(
                "SELECT value FROM meta WHERE key = 'created'",
                [],
                |r| r.get(0),
            )?),
            identity_key,
            display_zone: text("display_zone")?,
            schema,
        };
        Ok((reader, meta))
    }

    fn assemble(
        path: &Path,
        reader: Connection,
        writer: Option<(Connection, Stamp)>,
        meta: Meta,
        discarded: Vec<Discarded>,
        lock: Option<lock::CaseLock>,
    ) -> Self {
        let (writer, opened) = writer.unzip();
        // When it cannot be read, the first write looks at everything.
        let undisturbed = writer.as_ref().and_then(|w| data_version(w).ok());
        Self {
            copied_open: None,
            inner: Arc::new(Inner {
                path: path.to_owned(),
                meta,
                reader: Arc::new(Mutex::new(reader)),
                writer: writer.map(|w| Arc::new(Mutex::new(w))),
                blocks: Blocks::default(),
                kept_in: Mutex::default(),
                opened,
                undisturbed: AtomicI64::new(undisturbed.unwrap_or(-1)),
                importing: AtomicBool::new(false),
                version: AtomicU64::new(1),
                discarded,
                segments: Mutex::default(),
                hot: Mutex::default(),
                attestations: read::Attestations::default(),
                _lock: lock,
            }),
        }
    }

    /// Removes the file of a case that is closed, and the lock file beside it, so that nothing is left of it.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn remove_closed(path: &Path) -> std::io::Result<()> {
        std::fs::remove_file(path)?;
        lock::forget(path);
        Ok(())
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// What was fixed when the case was made.
    #[must_use]
    pub fn meta(&self) -> &Meta {
        &self.inner.meta
    }

    /// Whether it can be written.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.inner.writer.is_none()
    }

    /// Since when (RFC 3339) the case had been open when this file was copied from it without its journal: what was done
    /// from then on may be missing. Absent for any other file.
    #[must_use]
    pub fn copied_open(&self) -> Option<&str> {
        self.copied_open.as_deref()
    }

    /// Unfinished imports that were discarded when the case was opened.
    #[must_use]
    pub fn discarded(&self) -> &[Discarded] {
        &self.inner.discarded
    }

    /// Rises whenever other events become visible; a cached result of another version is out of date.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.inner.version.load(Ordering::Acquire)
    }

    /// The visible segments in order of their numbers, events of small imports last. What was loaded of a segment stays
    /// loaded while the case is open.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn segments(&self) -> Result<Vec<Arc<dyn Columns>>> {
        let mut out: Vec<Arc<dyn Columns>> = Vec::new();
        for segment in self.inner.sealed(None)? {
            out.push(segment);
        }
        let hot = self.inner.hot()?;
        if hot.rows() > 0 {
            out.push(hot);
        }
        Ok(out)
    }

    /// Adds an entry to the custody log; it is on disk when this returns.
    ///
    /// # Errors
    /// When the case is read-only, the action's name has other characters than `a-z._`, or the disk refuses.
    pub fn record(&self, stamp: &Stamp, action: &str, detail: &Value) -> Result<u64> {
        custody::check_action(action)?;
        self.inner
            .write(|t| custody::append(t, stamp, action, detail, &Touched::nothing()))
    }

    /// Adds an overlay to an event, with an entry in the custody log that names it, and of its text only the hash.
    ///
    /// # Errors
    /// When there is no such event, or the case is read-only.
    pub fn overlay(&self, stamp: &Stamp, event: u64, kind: &str, value: &str) -> Result<u64> {
        self.overlay_about(stamp, event, kind, value, &Value::Null)
    }

    /// The same with what a reader of the log should know of it beside, such as the place of the event in its source: the
    /// members of an object.
    ///
    /// # Errors
    /// As [`Self::overlay`].
    pub fn overlay_about(
        &self,
        stamp: &Stamp,
        event: u64,
        kind: &str,
        value: &str,
        about: &Value,
    ) -> Result<u64> {
        self.event_place(event)?;
        self.inner.write(|t| {
            let id = overlays::add(t, stamp, event, kind, value, None)?;
            let mut detail = json!({"overlay": id, "event": event, "kind": kind});
            if !value.is_empty() {
                detail["sha256"] = crate::sha256_hex(value.as_bytes()).into();
            }
            custody::append(
                t,
                stamp,
                "overlay.add",
                &said::beside(detail, about),
                &Touched::nothing().row("overlay", id),
            )?;
            Ok(id)
        })
    }

    /// Takes an overlay back; both rows stay.
    ///
    /// # Errors
    /// When there is no such overlay, or the case is read-only.
    pub fn retract(&self, stamp: &Stamp, overlay: u64) -> Result<()> {
        self.retract_about(stamp, overlay, &Value::Null)
    }

    /// The same with what a reader of the log should know of it beside.
    ///
    /// # Errors
    /// As [`Self::retract`].
    pub fn retract_about(&self, stamp: &Stamp, overlay: u64, about: &Value) -> Result<()> {
        self.inner.write(|t| {
            let (id, event, kind, value) = overlays::retract(t, stamp, overlay)?;
            let mut detail = json!({"overlay": overlay, "event": event, "kind": kind});
            if !value.is_empty() {
                detail["sha256"] = crate::sha256_hex(value.as_bytes()).into();
            }
            custody::append(
                t,
                stamp,
                "overlay.retract",
                &said::beside(detail, about),
                &Touched::nothing().row("overlay", id),
            )?;
            Ok(())
        })
    }

    /// Writes a complete copy of the case, encrypted like this one, to a path where nothing is.
    ///
    /// # Errors
    /// When something is there already, or the disk refuses.
    pub fn save_copy(&self, to: &Path, stamp: &Stamp) -> Result<()> {
        if std::fs::symlink_metadata(to).is_ok() {
            return Err(StoreError::Exists {
                path: to.to_owned(),
            });
        }
        let name = to.file_name().map(|n| n.to_string_lossy().into_owned());
        self.record(stamp, "case.copy", &json!({"name": name}))?;
        let writer = self.inner.writer.as_ref().ok_or(StoreError::ReadOnly)?;
        let writer = held(writer);
        // The copy is whole, so it must not look like one that was made without its journal.
        open_mark::clear(&writer)?;
        let copied = writer.execute("VACUUM INTO ?1", [to.to_string_lossy()]);
        open_mark::set(&writer, stamp)?;
        copied?;
        Ok(())
    }
}

fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "data_version", |r| r.get(0))
}

fn holder(stamp: &Stamp) -> String {
    format!(
        "{} by process {} since {}",
        stamp.who,
        std::process::id(),
        stamp.at.rfc3339()
    )
}

impl Inner {
    /// Runs a short transaction.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut writer = held(self.writer.as_ref().ok_or(StoreError::ReadOnly)?);
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.check_undisturbed(&transaction)?;
        let done = work(&transaction)?;
        content::assert_told(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    /// Whether what another program wrote into the file since the last write (the lock keeps ours out) is told of; else the
    /// entry that comes now would tell of it as if it were ours.
    fn check_undisturbed(&self, writer: &Connection) -> Result<()> {
        let now = data_version(writer)?;
        if self.undisturbed.load(Ordering::Acquire) == now {
            return Ok(());
        }
        let found = match custody::check(writer) {
            Ok(()) => content::check(writer, defence::SCHEMA_VERSION, false)?,
            Err(why) => Err(why),
        };
        found.map_err(|why| {
            let why = format!("another program wrote into it while it was open: {why}");
            defence::damaged(&self.path, "agreement", why)
        })?;
        self.undisturbed.store(now, Ordering::Release);
        Ok(())
    }

    /// Moves what is in the journal into the file, so that the journal stays small during an import.
    pub(crate) fn checkpoint(&self) -> Result<()> {
        if let Some(writer) = &self.writer {
            held(writer).query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        }
        Ok(())
    }

    /// Other events are visible now.
    pub(crate) fn changed(&self) {
        self.version.fetch_add(1, Ordering::AcqRel);
        self.attestations.clear();
        held(&self.kept_in).clear();
    }

    /// Sealed segments of complete imports, and of one that is under way.
    pub(crate) fn sealed(&self, import: Option<i64>) -> Result<Vec<Arc<SealedSegment>>> {
        let ids = Self::segment_ids(&held(&self.reader), import)?;
        self.opened(ids)
    }

    /// Numbers of the sealed segments of complete imports, and of one that is under way.
    pub(crate) fn segment_ids(reader: &Connection, import: Option<i64>) -> Result<Vec<i64>> {
        let mut statement = reader.prepare_cached(
                "SELECT s.id FROM segment s JOIN import i ON i.id = s.import WHERE i.state = 'complete' OR i.id = ?1 ORDER BY s.id",
            )?;
        let ids = statement.query_map([import], |r| r.get(0))?;
        Ok(ids.collect::<rusqlite::Result<_>>()?)
    }

    /// The segments of these numbers, opened when they are not yet.
    pub(crate) fn opened(&self, ids: Vec<i64>) -> Result<Vec<Arc<SealedSegment>>> {
        let mut known = held(&self.segments);
        known.retain(|id, _| ids.contains(id));
        ids.into_iter()
            .map(|id| {
                if let Some(segment) = known.get(&id) {
                    return Ok(Arc::clone(segment));
                }
                let segment = Arc::new(SealedSegment::open(&self.reader, id)?);
                known.insert(id, Arc::clone(&segment));
                Ok(segment)
            })
            .collect()
    }

    /// Forgets segments whose numbers may be given to others.
    pub(crate) fn forget_segments(&self) {
        held(&self.segments).clear();
        self.blocks.clear();
    }

    fn hot(&self) -> Result<Arc<MemorySegment>> {
        self.hot_of(&held(&self.reader))
    }

    fn hot_of(&self, reader: &Connection) -> Result<Arc<MemorySegment>> {
        let version = self.version.load(Ordering::Acquire);
        let mut cached = held(&self.hot);
        if let Some((of, segment)) = cached.as_ref()
            && *of == version
        {
            return Ok(Arc::clone(segment));
        }
        let (builder, numbers) = hot::load(reader, self.seed())?;
        let segment = Arc::new(MemorySegment::new(&builder.seal(numbers)));
        *cached = Some((version, Arc::clone(&segment)));
        Ok(segment)
    }

    /// Key of hash tables, from the key of the case.
    pub(crate) fn seed(&self) -> u64 {
        let mut half = [0; 8];
        half.copy_from_slice(&self.meta.identity_key[..8]);
        u64::from_le_bytes(half)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(writer) = &self.writer {
            // The journal is complete without this; folding it in leaves one file to copy.
            let writer = held(writer);
            // Each is tried: on a full disk the mark cannot be taken away before the journal has given its room back.
            let cleared = open_mark::clear(&writer);
            let _ = open_mark::fold_in(&writer);
            if cleared.is_err() {
                let _ = open_mark::clear(&writer).and_then(|()| open_mark::fold_in(&writer));
            }
        }
    }
}
