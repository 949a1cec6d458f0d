//! Threads that read and map lots beside the one that finds them.
//!
//! Owns: who works on which lot, and that lots come back in order. Never touches: entries.
//!
//! What comes of a source is the same, however many threads there are: a lot whose mapper has learnt something that entries
//! after it are read by comes back unsettled, and whoever gave it works on it, and on all that follow, in order himself.

use super::lot::{Lot, Reading};
use super::read::ValueReader;
use super::sink::EntryMap;
use std::num::NonZero;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Scope;

/// Threads at most: beyond them, hashing and laying down what was read takes longer than reading it.
const MOST: usize = 4;
/// Lots that wait for each of them.
const WAITING: usize = 2;

/// A lot that was worked on, and whether what came of it counts.
pub(super) struct Done {
    pub(super) lot: Lot,
    pub(super) settled: bool,
}

struct Hand {
    give: SyncSender<Lot>,
    take: Receiver<Done>,
}

/// The threads, and the lots that are with them.
pub(super) struct Crew {
    hands: Vec<Hand>,
    given: usize,
    taken: usize,
}

impl Crew {
    /// Starts threads, each with a fork of the mapper; absent where one processor is all there is, and where the mapper
    /// cannot be forked now.
    pub(super) fn start<'s, 'e>(
        scope: &'s Scope<'s, 'e>,
        mapper: &dyn EntryMap,
        how: Reading<'e>,
    ) -> Option<Self> {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        if processors < 2 {
            return None;
        }
        let forks: Option<Vec<_>> = (0..processors.min(MOST)).map(|_| mapper.fork()).collect();
        let hands = forks?
            .into_iter()
            .map(|mut mapper| {
                let (give, lots) = sync_channel::<Lot>(WAITING);
                let (done, take) = sync_channel(WAITING);
                scope.spawn(move || {
                    let mut reader = ValueReader::default();
                    for mut lot in lots {
                        let mut batch = lot.spare.pop().unwrap_or_default();
                        lot.work(&how, &mut reader, &mut *mapper, &mut batch);
                        lot.full.push(batch);
                        let settled = mapper.is_as_forked();
                        // When nobody takes it, the source was given up.
                        if done.send(Done { lot, settled }).is_err() {
                            return;
                        }
                    }
                });
                Hand { give, take }
            })
            .collect();
        Some(Self {
            hands,
            given: 0,
            taken: 0,
        })
    }

    /// How many lots should be with the threads at a time.
    pub(super) fn busy(&self) -> usize {
        self.hands.len() * WAITING
    }

    /// How many lots are with the threads.
    pub(super) const fn out(&self) -> usize {
        self.given - self.taken
    }

    /// Gives a lot to a thread.
    pub(super) fn give(&mut self, lot: Lot) {
        let hand = &self.hands[self.given % self.hands.len()];
        // A thread only stops by a panic, which the end of the scope passes on.
        let _ = hand.give.send(lot);
        self.given += 1;
    }

    /// Waits for the lot that was given longest ago; absent when its thread has stopped, which is a panic.
    pub(super) fn take(&mut self) -> Option<Done> {
        let hand = &self.hands[self.taken % self.hands.len()];
        self.taken += 1;
        hand.take.recv().ok()
    }
}
