//! The proofs of inclusion, against the roots that the custody log holds since the import.
//!
//! Owns: `proofs.ndjson`. Never touches: bytes of entries (their leaves come from the excerpts).

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::custody::Told;
use crate::tree::{self, Hash, Walk};

/// One line.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Line {
    Tree {
        source: u64,
        entries: u64,
        root: String,
        shown: u64,
    },
    Path {
        source: u64,
        entry: u64,
        path: Vec<String>,
    },
    Cover {
        source: u64,
        first: u64,
        count: u64,
        hash: String,
    },
}

/// The tree of one source while its proof is read.
struct Open<'l> {
    source: u64,
    entries: u64,
    root: Hash,
    leaves: &'l [(u64, Hash)],
    next: usize,
    walk: Walk,
    paths: u64,
}

/// Checks proofs line by line.
pub(crate) struct Proofs<'l> {
    /// Leaves of the excerpts by source, rising by entry.
    leaves: &'l BTreeMap<u64, Vec<(u64, Hash)>>,
    told: &'l BTreeMap<u64, Told>,
    open: Option<Open<'l>>,
    /// Sources whose proof is complete.
    pub(crate) proved: Vec<u64>,
}

impl<'l> Proofs<'l> {
    pub(crate) fn new(
        leaves: &'l BTreeMap<u64, Vec<(u64, Hash)>>,
        told: &'l BTreeMap<u64, Told>,
    ) -> Self {
        Self {
            leaves,
            told,
            open: None,
            proved: Vec::new(),
        }
    }

    pub(crate) fn line(&mut self, text: &str) -> Result<(), String> {
        let line: Line =
            serde_json::from_str(text).map_err(|e| format!("a line is no proof: {e}"))?;
        match line {
            Line::Tree {
                source,
                entries,
                root,
                shown,
            } => {
                self.close()?;
                self.begin(source, entries, &root, shown)
            }
            Line::Path {
                source,
                entry,
                path,
            } => {
                let open = self.of(source)?;
                let expected = open.leaves.get(open.next).filter(|l| l.0 == entry);
                let Some((_, leaf)) = expected else {
                    return Err(format!(
                        "source {source}: the path of entry {entry} is out of order"
                    ));
                };
                open.next += 1;
                open.paths += 1;
                let path: Option<Vec<Hash>> = path.iter().map(|h| tree::hash(h)).collect();
                let root = path.and_then(|path| {
                    tree::root_of_path(entry.wrapping_sub(1), open.entries, *leaf, &path)
                });
                if root == Some(open.root) {
                    Ok(())
                } else {
                    Err(format!("source {source}: entry {entry} is not in the tree"))
                }
            }
            Line::Cover {
                source,
                first,
                count,
                hash,
            } => {
                let open = self.of(source)?;
                if open.paths > 0 {
                    return Err(format!("source {source}: paths and covers stand together"));
                }
                open.until(first);
                let fits = open.walk.at.checked_add(1) == Some(first)
                    && count <= open.entries.saturating_sub(open.walk.at);
                let hash = tree::hash(&hash).filter(|_| fits);
                if hash.is_some_and(|hash| open.walk.push(count, hash)) {
                    Ok(())
                } else {
                    Err(format!(
                        "source {source}: the cover from entry {first} does not fit"
                    ))
                }
            }
        }
    }

    fn begin(&mut self, source: u64, entries: u64, root: &str, shown: u64) -> Result<(), String> {
        match self.told.get(&source) {
            Some(told) if told.root == root && told.entries == entries => {}
            Some(_) => {
                return Err(format!(
                    "source {source}: the custody log tells of another root"
                ));
            }
            None => {
                return Err(format!(
                    "source {source}: the custody log does not tell of it"
                ));
            }
        }
        let leaves = self
            .leaves
            .get(&source)
            .ok_or_else(|| format!("source {source}: there is a proof and no excerpt"))?;
        if leaves.len() as u64 != shown {
            return Err(format!(
                "source {source}: {} entries are shown, the proof is of {shown}",
                leaves.len()
            ));
        }
        let root = tree::hash(root).ok_or_else(|| format!("source {source}: no root"))?;
        self.open = Some(Open {
            source,
            entries,
            root,
            leaves,
            next: 0,
            walk: Walk::default(),
            paths: 0,
        });
        Ok(())
    }

    fn of(&mut self, source: u64) -> Result<&mut Open<'l>, String> {
        self.open
            .as_mut()
            .filter(|open| open.source == source)
            .ok_or_else(|| format!("source {source}: a proof without its tree"))
    }

    /// Ends the tree that is open.
    pub(crate) fn close(&mut self) -> Result<(), String> {
        let Some(mut open) = self.open.take() else {
            return Ok(());
        };
        let source = open.source;
        if open.paths == 0 {
            open.until(open.entries.saturating_add(1));
            if open.walk.at != open.entries || open.walk.root() != open.root {
                return Err(format!(
                    "source {source}: the entries shown do not lead to the root"
                ));
            }
        }
        if open.next != open.leaves.len() {
            return Err(format!(
                "source {source}: not every entry that is shown is proved"
            ));
        }
        self.proved.push(source);
        Ok(())
    }
}

impl Open<'_> {
    /// Walks over the shown entries that stand next, up to an entry.
    fn until(&mut self, before: u64) {
        while let Some((entry, leaf)) = self.leaves.get(self.next)
            && Some(*entry) == self.walk.at.checked_add(1)
            && *entry < before
        {
            self.walk.push(1, *leaf);
            self.next += 1;
        }
    }
}
