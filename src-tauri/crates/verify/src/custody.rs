//! A custody log: its chain, its checkpoint, what it tells of the sources, and a head that left the machine earlier.
//!
//! Owns: the rules of docs/case-format.md, "The custody log". Never touches: where the entries come from.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::report::Layer;
use crate::rows;
use crate::tree::{self, Hash, Walk};

/// What the log tells of a source: hash of its bytes, root and number of its entries, and all else of its receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) sha256: String,
    pub(crate) root: String,
    pub(crate) entries: u64,
    pub(crate) receipt: Value,
}

/// How often a source was read anew, and whether it was taken out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) generation: u64,
    pub(crate) withdrawn: bool,
}

/// A log that was walked.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) size: u64,
    pub(crate) head: String,
    /// Entries whose text is withheld.
    pub(crate) withheld: u64,
    /// The first of them.
    pub(crate) first_withheld: Option<u64>,
    /// Receipts by source, the latest of each.
    pub(crate) sources: BTreeMap<u64, Told>,
    /// SHA-256 of segments by number, hex.
    pub(crate) segments: BTreeMap<u64, String>,
    /// SHA-256 of the events of small imports by import, hex.
    pub(crate) small: BTreeMap<u64, String>,
    /// Sources that were read anew or taken out.
    pub(crate) standing: BTreeMap<u64, Standing>,
    /// SHA-256 of what each import says counts no more, by import, hex.
    pub(crate) superseded: BTreeMap<u64, String>,
    /// Kind, subject and SHA-256 of each statement by number.
    pub(crate) statements: BTreeMap<u64, [String; 3]>,
    /// Event, kind and SHA-256 of the text of each overlay by number; the hash is empty where the log tells none.
    pub(crate) overlays: BTreeMap<u64, (u64, String, String)>,
    /// Digests of rows; absent in the log of an older version.
    pub(crate) content: Option<rows::Told>,
    /// The first entry that tells of rows.
    pub(crate) since: u64,
    before: Hash,
    walk: Walk,
    hashes: Vec<String>,
    leaves: Vec<Hash>,
}

/// Whether entries may stand without their text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Withheld {
    /// In a package that states a redaction.
    Allowed,
    /// In a case, and in a package that hides nothing.
    Refused,
}

impl Log {
    /// Takes the next entry; the error says what does not fit.
    pub(crate) fn take(
        &mut self,
        seq: u64,
        entry: Option<&str>,
        leaf: Option<Hash>,
        prev: Hash,
        hash: Hash,
    ) -> Result<(), String> {
        let expected = self.size + 1;
        if seq != expected {
            return Err(format!(
                "entry {expected} is missing, entry {seq} stands in its place"
            ));
        }
        if prev != self.before {
            return Err(format!("entry {seq} does not follow the one before it"));
        }
        let leaf = match entry {
            Some(text) => {
                let found: Hash = Sha256::new_with_prefix(prev)
                    .chain_update(text)
                    .finalize()
                    .into();
                if found != hash {
                    return Err(format!("entry {seq} was changed"));
                }
                let value: Value =
                    serde_json::from_str(text).map_err(|_| format!("entry {seq} is no JSON"))?;
                if value["seq"].as_u64() != Some(seq) {
                    return Err(format!("entry {seq} stands in the wrong place"));
                }
                self.listen(&value);
                tree::leaf(text.as_bytes())
            }
            // Nothing ties this leaf to this hash: only the root binds what stands up to here.
            None => {
                self.withheld += 1;
                self.first_withheld.get_or_insert(seq);
                leaf.ok_or_else(|| format!("entry {seq} is withheld without its leaf"))?
            }
        };
        self.walk.push(1, leaf);
        self.leaves.push(leaf);
        self.before = hash;
        self.size = seq;
        self.head = hex::encode(hash);
        self.hashes.push(self.head.clone());
        Ok(())
    }

    fn listen(&mut self, entry: &Value) {
        let detail = &entry["detail"];
        for source in detail["sources"].as_array().into_iter().flatten() {
            if let (Some(id), Some(sha256), Some(root), Some(entries)) = (
                source["id"].as_u64(),
                source["sha256"].as_str(),
                source["merkle_root"].as_str(),
                source["entries"].as_u64(),
            ) {
                let told = Told {
                    sha256: sha256.to_owned(),
                    root: root.to_owned(),
                    entries,
                    receipt: source.clone(),
                };
                self.sources.insert(id, told);
            }
        }
        for segment in detail["segments"].as_array().into_iter().flatten() {
            if let (Some(id), Some(hash)) = (segment["id"].as_u64(), segment["sha256"].as_str()) {
                self.segments.insert(id, hash.to_owned());
            }
        }
        if let (Some(id), Some(hash)) = (detail["segment"].as_u64(), detail["sha256"].as_str()) {
            self.segments.insert(id, hash.to_owned());
        }
        if let (Some(import), Some(hash)) =
            (detail["import"].as_u64(), detail["hot_sha256"].as_str())
        {
            self.small.insert(import, hash.to_owned());
        }
        if let (Some(import), Some(hash)) =
            (detail["import"].as_u64(), detail["superseded"].as_str())
        {
            self.superseded.insert(import, hash.to_owned());
        }
        let text = |key: &str| detail[key].as_str().unwrap_or_default().to_owned();
        match entry["action"].as_str() {
            Some("reread" | "withdraw") => {
                if let Some(id) = detail["source"].as_u64() {
                    let standing = self.standing.entry(id).or_default();
                    match detail["generation"].as_u64() {
                        Some(generation) => standing.generation = generation,
                        None => standing.withdrawn = true,
                    }
                }
            }
            Some("statement.add") => {
                if let Some(id) = detail["statement"].as_u64() {
                    let said = [text("kind"), text("subject"), text("sha256")];
                    self.statements.insert(id, said);
                }
            }
            Some("overlay.add") => {
                if let (Some(id), Some(event)) =
                    (detail["overlay"].as_u64(), detail["event"].as_u64())
                {
                    self.overlays
                        .insert(id, (event, text("kind"), text("sha256")));
                }
            }
            _ => {}
        }
        self.listen_to_rows(entry);
    }

    fn listen_to_rows(&mut self, entry: &Value) {
        let Some(content) = entry["content"].as_object() else {
            return;
        };
        if self.content.is_none() {
            self.since = entry["seq"].as_u64().unwrap_or_default();
        }
        let told = self.content.get_or_insert_with(rows::Told::new);
        for (table, parts) in content {
            let of_table = told.entry(table.clone()).or_default();
            for (part, digest) in parts.as_object().into_iter().flatten() {
                if let Ok(part) = part.parse() {
                    of_table.insert(part, digest.as_str().map(ToOwned::to_owned));
                }
            }
        }
    }

    /// Whether a checkpoint is that of this log.
    pub(crate) fn checkpoint(&self, text: &str) -> Result<(), String> {
        let mut lines = text.lines();
        let (origin, size, root) = (lines.next(), lines.next(), lines.next());
        if !origin.is_some_and(|o| o.starts_with("witnessmark/")) {
            return Err("the checkpoint names no case".to_owned());
        }
        if size != Some(&self.size.to_string()) {
            return Err(format!("the checkpoint is not of {} entries", self.size));
        }
        if root != Some(&STANDARD.encode(self.walk.root())) {
            return Err("the checkpoint has another root than the log".to_owned());
        }
        Ok(())
    }

    /// The root over the first entries.
    fn root_of(&self, size: usize) -> Option<Hash> {
        let mut walk = Walk::default();
        for leaf in self.leaves.get(..size)? {
            walk.push(1, *leaf);
        }
        Some(walk.root())
    }

    /// Whether a head that left the machine earlier lies in this log: a root over all entries up to it, or the hash of its
    /// last entry. A hash says nothing of what stands before an entry that is withheld, because the text that would tie it
    /// to that is not there; so it is no proof then.
    pub(crate) fn holds(&self, head: &str) -> Result<String, String> {
        let parsed = head
            .split_once([':', ' '])
            .and_then(|(size, hash)| Some((size.trim().parse::<u64>().ok()?, hash.trim())));
        let Some((size, hash)) = parsed else {
            return Err(format!(
                "`{head}` is no head; write its number and the root of the checkpoint, such as 62:q83vEjRW…=, or its number and hash, such as 62:4c19…"
            ));
        };
        if size > self.size {
            return Err(format!(
                "the log has {} entries, the head that was kept says {size}: its tail was cut off",
                self.size
            ));
        }
        let at = usize::try_from(size).unwrap_or(usize::MAX);
        let begins = |whole: &str| hash.len() >= 16 && whole.starts_with(&hash.to_lowercase());
        let root = self.root_of(at).filter(|_| size > 0);
        if root.is_some_and(|root| STANDARD.encode(root) == hash || begins(&hex::encode(root))) {
            return Ok(format!(
                "the first {size} entries have the root that was kept"
            ));
        }
        if !self
            .hashes
            .get(at.wrapping_sub(1))
            .is_some_and(|f| begins(f))
        {
            return Err(format!(
                "entry {size} is not the head that was kept: the log was written anew"
            ));
        }
        match self.first_withheld.filter(|first| *first <= size) {
            None => Ok(format!("entry {size} is the head that was kept")),
            Some(first) => Err(format!(
                "entry {size} has the hash that was kept, which proves nothing here: entry {first} is withheld, and without its text anything can stand before that hash; give the root of a checkpoint instead (--head {size}:ROOT, as `witnessmark custody` prints it)"
            )),
        }
    }

    /// The layer of the chain.
    pub(crate) fn layer(
        &self,
        fault: Option<String>,
        head: Option<&str>,
        withheld: Withheld,
    ) -> Layer {
        if let Some(fault) = fault {
            return Layer::failed("custody", fault);
        }
        if self.size == 0 {
            return Layer::failed(
                "custody",
                "there is no entry, not even that of the making of the case",
            );
        }
        if let Some(first) = self.first_withheld
            && withheld == Withheld::Refused
        {
            return Layer::failed(
                "custody",
                format!("entry {first} is withheld, in a package that states no redaction"),
            );
        }
        let kept = match head.map(|head| self.holds(head)) {
            None => String::new(),
            Some(Ok(kept)) => format!(", {kept}"),
            Some(Err(fault)) => return Layer::failed("custody", fault),
        };
        let root = format!("root {}:{}", self.size, STANDARD.encode(self.walk.root()));
        let (count, proves, without_head) = match self.withheld {
            0 => (
                String::new(),
                "each entry follows from the one before; none was changed, removed, added or moved without all later ones",
                "that the whole log was not written anew or its end cut off: compare the head with one that left the machine earlier (--head)",
            ),
            n => (
                format!(", {n} withheld"),
                "each entry that is shown follows from the hash of the one before, and the checkpoint is the root over all of them, withheld ones too",
                "that what stands before a withheld entry was not written anew, or the end cut off: compare the root with one that left the machine earlier (--head SIZE:ROOT)",
            ),
        };
        Layer::held(
            "custody",
            format!(
                "{} entries{count}, head {}, {root}{kept}",
                self.size, self.head
            ),
            proves,
            if head.is_some() {
                "what the person at the machine did outside the program, or that names and times in the entries are true"
            } else {
                without_head
            },
        )
    }
}
