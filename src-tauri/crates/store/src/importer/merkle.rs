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

/// Bytes up to which an entry is hashed in one go.
const SHORT: usize = 16 * BLOCK;
/// Bytes of a block of SHA-256.
const BLOCK: usize = 64;
/// Bytes at the end of the last block: the mark after the message, and its length in bits.
const TAIL: usize = 9;

/// `SHA-256(0x00 ‖ bytes)`.
#[must_use]
pub fn leaf(bytes: &[u8]) -> [u8; 32] {
    let mut blocks = [[0; BLOCK]; SHORT / BLOCK];
    let message = blocks.as_flattened_mut();
    let Some(body) = message.get_mut(1..=bytes.len()) else {
        return long_leaf(bytes);
    };
    body.copy_from_slice(bytes);
    hash_blocks(&mut blocks, 1 + bytes.len()).unwrap_or_else(|| long_leaf(bytes))
}

fn long_leaf(bytes: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update([0]);
    hash.update(bytes);
    hash.finalize().into()
}

/// SHA-256 of a message that stands at the front of zeros; absent when they leave no room for the padding. Entries and
/// nodes are short, and a general hasher would spend more on its buffer than on the hash.
fn hash_blocks(blocks: &mut [[u8; BLOCK]], length: usize) -> Option<[u8; 32]> {
    const FIRST: [u32; 8] = [
        0x6a09_e667,
        0xbb67_ae85,
        0x3c6e_f372,
        0xa54f_f53a,
        0x510e_527f,
        0x9b05_688c,
        0x1f83_d9ab,
        0x5be0_cd19,
    ];
    let used = (length + TAIL).div_ceil(BLOCK);
    let blocks = blocks.get_mut(..used)?;
    let message = blocks.as_flattened_mut();
    message[length] = 0x80;
    let bits = (length as u64 * 8).to_be_bytes();
    *message.last_chunk_mut()? = bits;
    let mut state = FIRST;
    sha2::block_api::compress256(&mut state, blocks);
    let mut out = [0; 32];
    for (to, word) in out.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *to = word.to_be_bytes();
    }
    Some(out)
}

fn node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    let mut blocks = [[0; BLOCK]; 2];
    let message = blocks.as_flattened_mut();
    message[0] = 1;
    message[1..33].copy_from_slice(left);
    message[33..65].copy_from_slice(right);
    hash_blocks(&mut blocks, 65).unwrap_or_default()
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
    fn leaves_and_nodes_are_plain_sha256() {
        for length in (0..300).chain(SHORT - 20..SHORT + 20) {
            let bytes: Vec<u8> = (0..length).map(|i| i as u8).collect();
            assert_eq!(leaf(&bytes), long_leaf(&bytes), "{length} bytes");
        }
        let (left, right) = (leaf(b"left"), leaf(b"right"));
        let whole: [u8; 32] = Sha256::digest([&[1][..], &left, &right].concat()).into();
        assert_eq!(node(&left, &right), whole);
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
