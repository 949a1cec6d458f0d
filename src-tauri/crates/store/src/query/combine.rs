//! Columns that are no field of their own: one code for each combination of several fields of a row.
//!
//! Owns: finding the combinations of one segment, once while the case is open. Never touches: what a combination means
//! (`axis` does). An actor is such a combination (system, organization, id, e-mail, name, kind), a device another.
//!
//! Combinations are the nodes of a tree: from the node of the fields so far, the code of the next field leads to the
//! next node, and code 0 (absent) stays where it is. So a chunk that lacks a field costs nothing for it.

use std::sync::Arc;

use rayon::prelude::*;
use witnessmark_model::{Field, Group};

use super::{Query, snapshot::Segment};
use crate::{
    Result,
    segment::{Codes, Column},
};

/// The most fields of a combination.
pub(crate) const MOST: usize = 7;

/// The combinations of one segment.
pub(crate) struct Combined {
    /// Code of the combination of each row, or of each element of a list; 0 where every field is absent.
    pub(crate) chunks: Vec<Column>,
    /// The codes of the fields for each combination, in the order of the fields. The first has none of them.
    pub(crate) tuples: Vec<[u32; MOST]>,
}

impl Combined {
    pub(crate) fn bytes(&self) -> usize {
        let column = |c: &Column| match c {
            Column::Absent => 0,
            Column::One(codes) => codes.bytes(),
            // The offsets are those of the field and are shared with it.
            Column::Many { codes, .. } => codes.bytes(),
        };
        self.chunks.iter().map(column).sum::<usize>() + self.tuples.len() * 4 * MOST
    }
}

/// Ways from node to node. A small table of recent ways answers nearly always, because logs repeat themselves.
struct Ways {
    /// Way from the root by code; 0 where none was made.
    root: Vec<u32>,
    recent: Vec<(u32, u32, u32)>,
    all: std::collections::HashMap<(u32, u32), u32, foldhash::fast::FixedState>,
}

const RECENT: usize = 4_096;

impl Ways {
    fn new(codes: usize) -> Self {
        Self {
            root: vec![0; codes],
            recent: vec![(0, 0, 0); RECENT],
            all: std::collections::HashMap::default(),
        }
    }

    fn follow(&mut self, node: u32, code: u32, make: impl FnOnce() -> u32) -> u32 {
        if node == 0 {
            let way = &mut self.root[code as usize];
            if *way == 0 {
                *way = make();
            }
            return *way;
        }
        let slot = (node.wrapping_mul(0x9e37_79b1) ^ code.wrapping_mul(0x85eb_ca6b)) as usize;
        let slot = &mut self.recent[slot % RECENT];
        if (slot.0, slot.1) == (node, code) {
            return slot.2;
        }
        let next = *self.all.entry((node, code)).or_insert_with(make);
        *slot = (node, code, next);
        next
    }
}

/// The combinations of a segment. The fields are all single, or all of one group of lists.
fn combine(segment: &Segment, fields: &[Field]) -> Result<Combined> {
    let mut ways = Vec::with_capacity(fields.len());
    for field in fields {
        ways.push(Ways::new(segment.columns.dictionary(*field)?.len()));
    }
    let mut tuples = vec![[0_u32; MOST]];
    let mut chunks = Vec::with_capacity(segment.columns.chunks().len());
    let mut nodes: Vec<u32> = Vec::new();
    for chunk in 0..segment.columns.chunks().len() {
        nodes.clear();
        let mut lists: Option<Arc<[u32]>> = None;
        for (at, field) in fields.iter().enumerate() {
            let codes = match segment.columns.column(*field, chunk)? {
                Column::Absent => continue,
                Column::One(codes) => codes,
                Column::Many { offsets, codes } => {
                    lists = Some(offsets);
                    codes
                }
            };
            nodes.resize(codes.len(), 0);
            let ways = &mut ways[at];
            let mut step = |node: &mut u32, code: u32| {
                if code != 0 {
                    *node = ways.follow(*node, code, || {
                        let mut tuple = tuples[*node as usize];
                        tuple[at] = code;
                        tuples.push(tuple);
                        tuples.len() as u32 - 1
                    });
                }
            };
            match &*codes {
                Codes::U8(c) => (nodes.iter_mut().zip(c)).for_each(|(n, c)| step(n, u32::from(*c))),
                Codes::U16(c) => {
                    (nodes.iter_mut().zip(c)).for_each(|(n, c)| step(n, u32::from(*c)));
                }
                Codes::U32(c) => (nodes.iter_mut().zip(c)).for_each(|(n, c)| step(n, *c)),
            }
        }
        chunks.push(match (nodes.is_empty(), lists) {
            (true, _) => Column::Absent,
            (false, Some(offsets)) => Column::Many {
                offsets,
                codes: Arc::new(Codes::narrow(&nodes)),
            },
            (false, None) => Column::One(Arc::new(Codes::narrow(&nodes))),
        });
    }
    Ok(Combined { chunks, tuples })
}

impl Query<'_> {
    /// The combinations of some fields in every segment of the snapshot; made once for each sealed segment.
    pub(crate) fn combined(&self, fields: &'static [Field]) -> Result<Vec<Arc<Combined>>> {
        debug_assert!(fields.len() <= MOST);
        debug_assert!(
            fields.iter().all(|f| f.group() == Group::Single)
                || fields.iter().all(|f| f.group() == fields[0].group())
        );
        self.snapshot
            .segments
            .par_iter()
            .map(|segment| {
                self.caches
                    .combined(segment.id, fields[0], fields.len(), || {
                        combine(segment, fields)
                    })
            })
            .collect()
    }
}
