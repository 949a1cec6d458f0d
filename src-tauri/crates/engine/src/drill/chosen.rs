//! The sign-ins of a filter among all that were reviewed: which they are, and what is counted of them.
//!
//! Owns: one pass over the bits of all sign-ins. Never touches: the review, words.

use rayon::prelude::*;
use witnessmark_store::query::Mask;

use super::review::{FAILED, Review, UNFAMILIAR};
use super::signins::Signins;

/// Sign-ins in words of 64 that one thread counts at a time.
const SHARE: usize = 1_024;
/// One more than the greatest value of the bits of a sign-in.
const KINDS: usize = 1 << 11;

/// The sign-ins of a filter.
pub(super) struct Chosen {
    words: Vec<u64>,
    /// How many have exactly these bits.
    kinds: Vec<u64>,
    /// Sign-ins, failed and unfamiliar ones at each site.
    pub(super) sites: Vec<[u64; 3]>,
}

struct Counted {
    kinds: Vec<u64>,
    sites: Vec<[u64; 3]>,
}

impl Counted {
    fn new(review: &Review) -> Self {
        Self {
            kinds: vec![0; KINDS],
            sites: vec![[0; 3]; review.all_sites.len()],
        }
    }

    fn add(&mut self, review: &Review, row: usize) {
        let flags = review.flags[row];
        self.kinds[flags as usize % KINDS] += 1;
        if let Some(count) = (review.sites[row] as usize)
            .checked_sub(1)
            .and_then(|site| self.sites.get_mut(site))
        {
            count[0] += 1;
            count[1] += u64::from(flags & FAILED != 0);
            count[2] += u64::from(flags & UNFAMILIAR != 0);
        }
    }

    fn join(mut self, other: Self) -> Self {
        (self.kinds.iter_mut().zip(other.kinds)).for_each(|(a, b)| *a += b);
        for (a, b) in self.sites.iter_mut().zip(other.sites) {
            (a.iter_mut().zip(b)).for_each(|(a, b)| *a += b);
        }
        self
    }
}

/// Calls `visit` with each position whose bit is set in words that begin at a position.
fn each(words: &[u64], start: usize, mut visit: impl FnMut(usize)) {
    for (at, word) in words.iter().enumerate() {
        let mut word = *word;
        while word != 0 {
            visit(start + at * 64 + word.trailing_zeros() as usize);
            word &= word - 1;
        }
    }
}

impl Chosen {
    /// The sign-ins of a mask of the snapshot that was reviewed.
    pub(super) fn of(review: &Review, mask: &Mask) -> Self {
        let words = review.rows.selected(mask);
        let shares = words.par_chunks(SHARE).enumerate();
        let counted = shares
            .fold(
                || Counted::new(review),
                |mut counted, (share, words)| {
                    each(words, share * SHARE * 64, |row| counted.add(review, row));
                    counted
                },
            )
            .reduce(|| Counted::new(review), Counted::join);
        Self {
            words,
            kinds: counted.kinds,
            sites: counted.sites,
        }
    }

    /// How many there are.
    pub(super) fn total(&self) -> u64 {
        self.kinds.iter().sum()
    }

    /// How many have any of these bits.
    pub(super) fn with(&self, flags: u16) -> u64 {
        let kinds = (0_u16..).zip(&self.kinds);
        kinds
            .filter(|(kind, _)| kind & flags != 0)
            .map(|(_, n)| n)
            .sum()
    }

    /// Whether a sign-in is among them.
    pub(super) fn has(&self, row: usize) -> bool {
        (self.words.get(row / 64)).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// The positions of a page: of those with any of some bits, or of all; undated ones last in either order.
    pub(super) fn page(&self, review: &Review, flags: Option<u16>, wanted: &Signins) -> Vec<usize> {
        let dated = review.rows.times.len();
        let holds = |row: &usize| {
            self.has(*row) && flags.is_none_or(|flags| review.flags[*row] & flags != 0)
        };
        let (first, last) = (0..dated, dated..review.rows.len());
        let cut = |rows: &mut dyn Iterator<Item = usize>| -> Vec<usize> {
            rows.filter(holds)
                .skip(wanted.first)
                .take(wanted.limit)
                .collect()
        };
        match wanted.oldest_first {
            true => cut(&mut first.chain(last)),
            false => cut(&mut first.rev().chain(last.rev())),
        }
    }
}
