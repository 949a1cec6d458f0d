//! Merkle trees after RFC 6962, from the checking side.
//!
//! Owns: leaves, nodes, audit paths, and walking over subtrees from left to right. Never touches: files.

use sha2::{Digest, Sha256};

pub(crate) type Hash = [u8; 32];

pub(crate) fn leaf(bytes: &[u8]) -> Hash {
    let mut hash = Sha256::new_with_prefix([0]);
    hash.update(bytes);
    hash.finalize().into()
}

fn parent(left: &Hash, right: &Hash) -> Hash {
    let mut both = [1; 65];
    both[1..33].copy_from_slice(left);
    both[33..].copy_from_slice(right);
    Sha256::digest(both).into()
}

/// A hash from 64 hex digits.
pub(crate) fn hash(text: &str) -> Option<Hash> {
    let mut out = [0; 32];
    hex::decode_to_slice(text, &mut out).ok()?;
    Some(out)
}

/// The root that a leaf and its audit path lead to, by RFC 9162, section 2.1.3.2 (the same trees as RFC 6962).
/// `index` counts from 0; absent when the path has another length than the tree allows.
pub(crate) fn root_of_path(index: u64, size: u64, leaf: Hash, path: &[Hash]) -> Option<Hash> {
    let (mut at, mut last) = (index, size.checked_sub(1)?);
    if at > last {
        return None;
    }
    let mut root = leaf;
    for step in path {
        if last == 0 {
            return None;
        }
        if at & 1 == 1 || at == last {
            root = parent(step, &root);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            root = parent(&root, step);
        }
        at >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(root)
}

/// A walk over complete subtrees from left to right.
#[derive(Default)]
pub(crate) struct Walk {
    /// Leaves and hash of each subtree that waits for its right neighbour, greatest first.
    waiting: Vec<(u64, Hash)>,
    /// Leaves so far.
    pub(crate) at: u64,
}

impl Walk {
    /// Takes the next subtree of `count` leaves; false when no subtree of that size can stand here.
    pub(crate) fn push(&mut self, count: u64, hash: Hash) -> bool {
        if !count.is_power_of_two() || !self.at.is_multiple_of(count) {
            return false;
        }
        // A package can state any number; two halves of all that can be counted would be one more than that.
        let Some(at) = self.at.checked_add(count) else {
            return false;
        };
        self.at = at;
        let mut top = (count, hash);
        while let Some(left) = self.waiting.pop_if(|left| left.0 == top.0) {
            top = (top.0 * 2, parent(&left.1, &top.1));
        }
        self.waiting.push(top);
        true
    }

    /// The root of what was walked over.
    pub(crate) fn root(&self) -> Hash {
        let mut rest = self.waiting.iter().rev();
        match rest.next() {
            None => Sha256::digest([]).into(),
            Some((_, last)) => rest.fold(*last, |right, (_, left)| parent(left, &right)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc_holds() {
        // Two leaves of certificate transparency's own tests: "" and 0x00.
        let mut walk = Walk::default();
        assert_eq!(
            hex::encode(walk.root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert!(walk.push(1, leaf(b"")));
        assert!(walk.push(1, leaf(&[0])));
        let root = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125";
        assert_eq!(hex::encode(walk.root()), root);
        let path = [leaf(&[0])];
        assert_eq!(root_of_path(0, 2, leaf(b""), &path), Some(walk.root()));
        assert_ne!(root_of_path(1, 2, leaf(b""), &path), Some(walk.root()));
        assert_eq!(root_of_path(2, 2, leaf(b""), &path), None);
        assert_eq!(root_of_path(0, 2, leaf(b""), &[]), None, "too short a path");
        assert_eq!(
            root_of_path(0, 1, leaf(b""), &path),
            None,
            "too long a path"
        );
        assert!(!walk.push(4, [0; 32]), "four leaves do not stand after two");
        let mut walk = Walk::default();
        assert!(walk.push(1 << 63, [0; 32]));
        assert!(!walk.push(1 << 63, [0; 32]), "more than can be counted");
    }
}
