//! Sliding windows over instants: bursts, and how alike two texts are.
//!
//! Owns: arithmetic without meaning. Never touches: events. Windows slide; a bucket that begins at the full hour would
//! let nine failures before it and nine after it pass.

use std::ops::Range;

/// A run of instants of which every stretch of a window's length within it was dense enough, or overlaps one that was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Burst {
    /// Positions of the instants.
    pub range: Range<usize>,
    /// The most that one window held.
    pub most: usize,
}

/// Runs in which some window (inclusive at both ends) holds at least so many instants. The instants must rise.
#[must_use]
pub fn bursts(times: &[i64], window: i64, least: usize) -> Vec<Burst> {
    let mut found: Vec<Burst> = Vec::new();
    let mut start = 0;
    for end in 0..times.len() {
        while times[end].saturating_sub(times[start]) > window {
            start += 1;
        }
        let held = end + 1 - start;
        if held < least.max(1) {
            continue;
        }
        match found.last_mut() {
            Some(burst) if start < burst.range.end => {
                burst.range.end = end + 1;
                burst.most = burst.most.max(held);
            }
            _ => found.push(Burst {
                range: start..end + 1,
                most: held,
            }),
        }
    }
    found
}

/// Characters of each text that are compared; a user agent has a few hundred.
const COMPARED: usize = 512;

/// How alike two texts are, 0 to 1: twice the characters in common blocks over all characters, where the longest common
/// block is taken first and then those before and after it (Ratcliff and Obershelp, as Python's `difflib` does without junk).
#[must_use]
pub fn similarity(a: &str, b: &str) -> f64 {
    let (a, b): (Vec<char>, Vec<char>) = (
        a.chars().take(COMPARED).collect(),
        b.chars().take(COMPARED).collect(),
    );
    if a.is_empty() && b.is_empty() {
        return 1.0;
    }
    let mut common = 0;
    let mut open = vec![(0..a.len(), 0..b.len())];
    while let Some((of_a, of_b)) = open.pop() {
        let (at_a, at_b, len) = longest(&a, &b, &of_a, &of_b);
        if len > 0 {
            common += len;
            open.push((of_a.start..at_a, of_b.start..at_b));
            open.push((at_a + len..of_a.end, at_b + len..of_b.end));
        }
    }
    2.0 * common as f64 / (a.len() + b.len()) as f64
}

/// The longest block that both parts have; the earliest of equals.
fn longest(
    a: &[char],
    b: &[char],
    of_a: &Range<usize>,
    of_b: &Range<usize>,
) -> (usize, usize, usize) {
    let mut best = (of_a.start, of_b.start, 0);
    let mut before = vec![0_usize; of_b.len() + 1];
    for at_a in of_a.clone() {
        let mut here = vec![0_usize; of_b.len() + 1];
        for (column, at_b) in of_b.clone().enumerate() {
            if a[at_a] == b[at_b] {
                let len = before[column] + 1;
                here[column + 1] = len;
                if len > best.2 {
                    best = (at_a + 1 - len, at_b + 1 - len, len);
                }
            }
        }
        before = here;
    }
    best
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_burst_is_found_across_any_boundary() {
        // Nine at the end of one hour, one at the start of the next.
        let times: Vec<i64> = (0..9).map(|i| 3_590 + i).chain([3_601]).collect();
        assert_eq!(
            bursts(&times, 600, 10),
            [Burst {
                range: 0..10,
                most: 10
            }]
        );
        assert_eq!(bursts(&times, 600, 11), []);
        assert_eq!(
            bursts(&times, 10, 10),
            [],
            "the first and the last are eleven apart"
        );
        assert_eq!(bursts(&times, 11, 10).len(), 1, "a window is inclusive");
    }

    #[test]
    fn similarity_is_that_of_difflib() {
        // difflib.SequenceMatcher(None, a, b, autojunk=False).ratio()
        for (a, b, ratio) in [
            ("abcd", "bcde", 0.75),
            ("private", "privet", 0.769_230),
            ("", "", 1.0),
            ("a", "", 0.0),
            ("same", "same", 1.0),
        ] {
            assert!((similarity(a, b) - ratio).abs() < 1e-5, "{a} {b}");
        }
    }

    proptest! {
        #[test]
        fn bursts_are_those_of_every_window_tried(mut times in prop::collection::vec(0_i64..60, 0..40), window in 0_i64..20, least in 1_usize..6) {
            times.sort_unstable();
            let mut dense = vec![false; times.len()];
            for (i, from) in times.iter().enumerate() {
                let held = times.iter().filter(|t| **t >= *from && **t - from <= window).count();
                if held >= least {
                    for (j, t) in times.iter().enumerate() {
                        // Equal instants before the first of the window belong to it.
                        if *t >= times[i] && *t - from <= window { dense[j] = true; }
                    }
                }
            }
            let mut covered = vec![false; times.len()];
            for burst in bursts(&times, window, least) {
                prop_assert!(burst.most >= least);
                covered[burst.range].fill(true);
            }
            prop_assert_eq!(covered, dense);
        }
    }
}
