//! Walks over a log that cannot be asked by time, and over one that is read on from a token.
//!
//! Owns: where such a walk may end, and what it may count as read. Never touches: requests.

use std::collections::HashSet;

use sha2::{Digest, Sha256};
use witnessmark_model::Instant;

use super::Run;
use super::covered::{DEEP, LOST};
use crate::cursor::Walk;
use crate::{Result, request};

/// Ids that are remembered of a log that cannot be asked by time.
const KNOWN: usize = 5_000;

impl Run<'_, '_> {
    /// All pages of a log that is read on from a token, or of one that cannot be asked by time. Only where new entries
    /// come first may known ones end it: in any other order new ones could stand behind them.
    pub(super) async fn listed(&mut self, mut walk: Walk) -> Result<()> {
        self.walker.begin(false);
        let durable = self.connector.paging.durable;
        let newest_first = self.connector.paging.newest_first;
        let known: HashSet<u64> = self.cursor.known.iter().copied().collect();
        let values = request::values(self.connector, self.settings, self.stream, &walk)?;
        let mut pages_known = 0;
        let mut resume = None;
        loop {
            let at = walk.next.clone();
            self.cursor.walk = (!durable || walk.lost).then(|| walk.clone());
            let step = match self.walker.step(&values, at.as_ref()).await {
                Ok(step) => step,
                Err(error) => {
                    self.gap(&walk, &error);
                    return Err(error);
                }
            };
            self.limited(&mut walk, &step);
            let (next, rest, ids) = (step.next.clone(), step.rest, step.ids.clone());
            resume = step.resume.clone().or(resume);
            self.taken(&mut walk, step).await?;
            if durable {
                if !walk.lost {
                    self.cursor.resume = resume.clone().or(self.cursor.resume.take());
                }
            } else {
                let hashes = ids.iter().map(|id| id.as_deref().map(hash));
                let hashes: Vec<Option<u64>> = hashes.collect();
                let is_known = |h: &Option<u64>| h.is_some_and(|h| known.contains(&h));
                let all_known = !hashes.is_empty() && hashes.iter().all(is_known);
                pages_known = if all_known { pages_known + 1 } else { 0 };
                walk.again |= hashes.iter().any(is_known);
                walk.met.extend(hashes.into_iter().flatten());
                let many = walk.met.len().saturating_sub(KNOWN);
                if newest_first {
                    walk.met.truncate(KNOWN);
                } else {
                    walk.met.drain(..many);
                }
            }
            // One page beyond the first that is known as a whole: order is not promised.
            let Some(next) = next.filter(|_| !newest_first || pages_known < 2) else {
                break;
            };
            walk.next = Some(next);
            if !durable || walk.lost {
                self.cursor.walk = Some(walk.clone());
            }
            self.commit_if_due()?;
            self.rest(rest).await?;
        }
        self.lists(&walk, !known.is_empty());
        if !durable {
            self.cursor.known = std::mem::take(&mut walk.met);
        }
        self.cursor.walk = None;
        self.cursor.resume = resume.or(self.cursor.resume.take());
        self.cursor.high_water = self.cursor.high_water.max(Some(walk.counted()));
        self.commit()
    }

    /// What a walk that reached its end covers. `known` is whether the walk before met ids.
    fn lists(&mut self, walk: &Walk, known: bool) {
        let until = walk.counted();
        let edge = self.edge();
        let water = self.cursor.high_water;
        let from = water.unwrap_or(Instant::EARLIEST_PLAUSIBLE);
        let mut says =
            |from, to, complete, reason: &str| self.says(walk, from, to, complete, reason);
        match (water, edge) {
            (None, Some((edge, _))) => says(
                edge.min(until),
                until,
                true,
                "everything that the vendor still had",
            ),
            (None, None) => says(from, until, false, DEEP),
            (Some(_), _) if known && !walk.again => says(
                from,
                until,
                false,
                "no entry of the pull before was met again: what came between may have been lost",
            ),
            (Some(_), None) if walk.lost => says(from, until, false, LOST),
            (Some(_), Some((edge, reason))) if from < edge => {
                says(from, edge.min(until), false, &reason);
                says(edge, until, true, "");
            }
            (Some(_), _) => says(from, until, true, ""),
        }
    }
}

/// A short print of an id; it decides only when a walk over a whole log may end early.
fn hash(id: &str) -> u64 {
    let digest = Sha256::digest(id.as_bytes());
    let mut half = [0; 8];
    half.copy_from_slice(&digest[..8]);
    u64::from_le_bytes(half)
}
