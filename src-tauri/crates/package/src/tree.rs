//! The Merkle tree of a source's entries (RFC 6962, section 2.1), and what proves that some of them are in it.
//!
//! Owns: leaves, nodes, audit paths and covers. Never touches: where the bytes come from. An audit path proves one entry.
//! A cover proves many at once: the hashes of the greatest complete subtrees that hold none of them, so that whoever has
//! the entries can walk from left to right and arrive at the root.

use sha2::{Digest, Sha256};

/// A hash.
pub type Hash = [u8; 32];

/// `SHA-256(0x00 ‖ bytes)`.
#[must_use]
pub fn leaf(bytes: &[u8]) -> Hash {
    Sha256::new()
        .chain_update([0])
        .chain_update(bytes)
        .finalize()
        .into()
}

/// `SHA-256(0x01 ‖ left ‖ right)`.
#[must_use]
pub fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new()
        .chain_update([1])
        .chain_update(left)
        .chain_update(right)
        .finalize()
        .into()
}

/// A complete subtree that holds none of the entries that are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cover {
    /// Its first entry, from 1.
    pub first: u64,
    /// How many entries it holds; a power of two.
    pub count: u64,
    /// Its hash.
    pub hash: Hash,
}

/// The proof of some entries of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// For each entry shown: its number and its audit path, lowest sibling first (RFC 6962, section 2.1.1).
    Paths(Vec<(u64, Vec<Hash>)>),
    /// Everything that is not shown, in order.
    Covers(Vec<Cover>),
}

struct Subtree {
    height: u32,
    first: u64,
    hash: Hash,
    /// Whether an entry that is shown lies in it.
    shown: bool,
    /// Indices of the shown entries in it, when paths are wanted.
    inside: Vec<usize>,
}

/// Takes the leaves of a source in order and gives its root and the proof.
pub struct Prover<'e> {
    shown: &'e [u64],
    next_shown: usize,
    leaves: u64,
    stack: Vec<Subtree>,
    paths: Option<Vec<Vec<Hash>>>,
    covers: Vec<Cover>,
}

impl<'e> Prover<'e> {
    /// A prover of the entries `shown` (rising, without repetition). With at most `most_paths` of them each gets an
    /// audit path of its own; more are proved together by covers.
    #[must_use]
    pub fn new(shown: &'e [u64], most_paths: usize) -> Self {
        Self {
            shown,
            next_shown: 0,
            leaves: 0,
            stack: Vec::new(),
            paths: (shown.len() <= most_paths).then(|| vec![Vec::new(); shown.len()]),
            covers: Vec::new(),
        }
    }

    /// Adds the hash of the next entry.
    pub fn push(&mut self, hash: Hash) {
        self.leaves += 1;
        let entry = self.leaves;
        let shown = self.shown.get(self.next_shown) == Some(&entry);
        let mut inside = Vec::new();
        if shown {
            if self.paths.is_some() {
                inside.push(self.next_shown);
            }
            self.next_shown += 1;
        }
        let mut right = Subtree {
            height: 0,
            first: entry,
            hash,
            shown,
            inside,
        };
        while let Some(left) = self.stack.pop_if(|top| top.height == right.height) {
            right = self.join(left, right);
        }
        self.stack.push(right);
    }

    fn join(&mut self, mut left: Subtree, right: Subtree) -> Subtree {
        if left.shown != right.shown {
            self.cover(if left.shown { &right } else { &left });
        }
        if let Some(paths) = &mut self.paths {
            for index in &left.inside {
                paths[*index].push(right.hash);
            }
            for index in &right.inside {
                paths[*index].push(left.hash);
            }
        }
        left.inside.extend(right.inside);
        Subtree {
            height: left.height.max(right.height) + 1,
            first: left.first,
            hash: node(&left.hash, &right.hash),
            shown: left.shown || right.shown,
            inside: left.inside,
        }
    }

    fn cover(&mut self, subtree: &Subtree) {
        if self.paths.is_none() {
            self.covers.push(Cover {
                first: subtree.first,
                count: 1 << subtree.height,
                hash: subtree.hash,
            });
        }
    }

    /// Ends the tree: entries, root, proof.
    #[must_use]
    pub fn end(mut self) -> (u64, Hash, Proof) {
        let mut rest = std::mem::take(&mut self.stack);
        // Subtrees of different size are covered one by one: joined they would be no complete subtree.
        if self.paths.is_none() {
            for subtree in rest.iter().filter(|s| !s.shown) {
                self.cover(subtree);
            }
        }
        let paths_wanted = self.paths.is_some();
        let root = match rest.pop() {
            None => Sha256::digest([]).into(),
            Some(mut right) => {
                while let Some(left) = rest.pop() {
                    right = if paths_wanted {
                        self.join(left, right)
                    } else {
                        Subtree {
                            hash: node(&left.hash, &right.hash),
                            ..left
                        }
                    };
                }
                right.hash
            }
        };
        let proof = match self.paths {
            Some(paths) => Proof::Paths(self.shown.iter().copied().zip(paths).collect()),
            None => {
                self.covers.sort_unstable_by_key(|c| c.first);
                Proof::Covers(self.covers)
            }
        };
        (self.leaves, root, proof)
    }
}

/// The root over some texts in order: the tree of a custody log.
#[must_use]
pub fn root<'t>(texts: impl IntoIterator<Item = &'t [u8]>) -> Hash {
    let mut prover = Prover::new(&[], 0);
    for text in texts {
        prover.push(leaf(text));
    }
    prover.end().1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition of the RFC, word for word.
    fn recursive(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [one] => *one,
            many => {
                let split = many.len().next_power_of_two() / 2;
                node(&recursive(&many[..split]), &recursive(&many[split..]))
            }
        }
    }

    /// RFC 6962, section 2.1.1, word for word.
    fn path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
        if leaves.len() <= 1 {
            return Vec::new();
        }
        let split = leaves.len().next_power_of_two() / 2;
        let (mut steps, last) = if index < split {
            (path(index, &leaves[..split]), recursive(&leaves[split..]))
        } else {
            (
                path(index - split, &leaves[split..]),
                recursive(&leaves[..split]),
            )
        };
        steps.push(last);
        steps
    }

    /// What a reader of a cover does: walks from left to right.
    fn walked(leaves: &[Hash], shown: &[u64], covers: &[Cover]) -> Hash {
        let mut stack: Vec<(u64, Hash)> = Vec::new();
        let (mut at, mut covers) = (1, covers.iter());
        while at <= leaves.len() as u64 {
            let (count, hash) = if shown.contains(&at) {
                (1, leaves[at as usize - 1])
            } else {
                let cover = covers.next().unwrap();
                assert_eq!(cover.first, at);
                (cover.count, cover.hash)
            };
            at += count;
            let mut top = (count, hash);
            while let Some(left) = stack.pop_if(|s| s.0 == top.0) {
                top = (top.0 * 2, node(&left.1, &top.1));
            }
            stack.push(top);
        }
        assert!(covers.next().is_none(), "no cover is left over");
        let last = stack.pop().unwrap().1;
        stack
            .into_iter()
            .rev()
            .fold(last, |right, (_, left)| node(&left, &right))
    }

    #[test]
    fn paths_and_covers_are_those_of_the_definition() {
        let leaves: Vec<Hash> = (0_u32..41).map(|i| leaf(&i.to_le_bytes())).collect();
        for n in 1..=leaves.len() {
            for step in [1, 2, 3, 7, 40] {
                let shown: Vec<u64> = (1..=n as u64).step_by(step).collect();
                let run = |most| {
                    let mut prover = Prover::new(&shown, most);
                    leaves[..n].iter().for_each(|l| prover.push(*l));
                    prover.end()
                };
                let (count, root, proof) = run(usize::MAX);
                assert_eq!((count, root), (n as u64, recursive(&leaves[..n])));
                let Proof::Paths(paths) = proof else {
                    panic!("paths")
                };
                for (entry, steps) in paths {
                    assert_eq!(
                        steps,
                        path(entry as usize - 1, &leaves[..n]),
                        "{entry} of {n}"
                    );
                }
                let (_, same, proof) = run(0);
                let Proof::Covers(covers) = proof else {
                    panic!("covers")
                };
                assert_eq!(same, root);
                assert_eq!(walked(&leaves[..n], &shown, &covers), root, "{n} by {step}");
            }
        }
    }
}
