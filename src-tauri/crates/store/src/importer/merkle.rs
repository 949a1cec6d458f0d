//! The Merkle root of a source's entries, grown leaf by leaf (RFC 6962, section 2.1).
//!
//! Owns: the tree. Never touches: where the bytes come from. One root for a source means that an excerpt can later carry
//! a proof of inclusion without the rest of the source.

use sha2::{Digest, Sha256};

/// A root in the making: the complete subtrees so far, largest first.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    subtrees: Vec<(u32, [u8; 32])>,
    leaves: u64,
}

/// `SHA-256(0x00 ‖ bytes)`.
#[must_use]
pub fn leaf(bytes: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update([0]);
    hash.update(bytes);
    hash.finalize().into()
}

fn node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(left);
    bytes[33..].copy_from_slice(right);
    Sha256::digest(bytes).into()
}

impl Tree {
    /// Adds the hash of the next entry.
    pub fn push(&mut self, leaf: [u8; 32]) {
        let (mut height, mut hash) = (0, leaf);
        while let Some((_, left)) = self.subtrees.pop_if(|(h, _)| *h == height) {
            hash = node(&left, &hash);
            height += 1;
        }
        self.subtrees.push((height, hash));
        self.leaves += 1;
    }

    /// Entries so far.
    #[must_use]
    pub fn leaves(&self) -> u64 {
        self.leaves
    }

    /// The root; of no entries, the hash of nothing.
    #[must_use]
    pub fn root(&self) -> [u8; 32] {
        let mut subtrees = self.subtrees.iter().rev();
        let Some((_, last)) = subtrees.next() else {
            return Sha256::digest([]).into();
        };
        subtrees.fold(*last, |right, (_, left)| node(left, &right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition of the RFC, word for word.
    fn recursive(leaves: &[[u8; 32]]) -> [u8; 32] {
        match leaves {
            [] => Sha256::digest([]).into(),
            [one] => *one,
            many => {
                let mut split = 1;
                while split * 2 < many.len() {
                    split *= 2;
                }
                node(&recursive(&many[..split]), &recursive(&many[split..]))
            }
        }
    }

    #[test]
    fn the_grown_root_is_the_root_of_the_definition() {
        let leaves: Vec<[u8; 32]> = (0_u32..70).map(|i| leaf(&i.to_le_bytes())).collect();
        let mut tree = Tree::default();
        for n in 0..=leaves.len() {
            assert_eq!(tree.root(), recursive(&leaves[..n]), "{n} leaves");
            if let Some(leaf) = leaves.get(n) {
                tree.push(*leaf);
            }
        }
    }

    #[test]
    fn known_answers_of_certificate_transparency() {
        assert_eq!(
            hex::encode(Tree::default().root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        let mut tree = Tree::default();
        tree.push(leaf(b""));
        tree.push(leaf(&[0]));
        assert_eq!(
            hex::encode(tree.root()),
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
        );
    }
}
