//! Columns derived from the originals: the leaf values at a path of the raw entry, read once and kept.
//!
//! Owns: such a column of one chunk, tests and counts on it. Never touches: formats (the leaf reader knows them), the
//! columns of the case file. What is kept lies in memory while the case is open and can be dropped at any time.

use std::{collections::HashMap, sync::Arc};

use rayon::prelude::*;
use witnessmark_lens::{contains_folded, fold, path_is, query::Test};

use super::{
    Pick, Query, bits::Bits, caches::TermCache, facets::FacetValue, filter::At, mask::Mask,
};
use crate::Result;

/// The values at one path in the rows of a chunk.
pub(crate) struct Derived {
    /// First value of each row, then the number of all.
    offsets: Vec<u32>,
    /// Positions in `values`.
    codes: Vec<u32>,
    /// Distinct values.
    values: Vec<Box<str>>,
}

impl Derived {
    pub(crate) fn bytes(&self) -> usize {
        let texts: usize = self.values.iter().map(|v| v.len() + 16).sum();
        (self.offsets.len() + self.codes.len()) * 4 + texts + 96
    }

    fn of_row(&self, row: usize) -> &[u32] {
        &self.codes[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }

    /// The rows that hold a value which passes; each distinct value is looked at once.
    fn rows(&self, test: &Test) -> Bits {
        let passes: Vec<bool> = self.values.iter().map(|v| test.matches(v)).collect();
        Bits::collect(self.offsets.len() - 1, |row| {
            self.of_row(row).iter().any(|code| passes[*code as usize])
        })
    }
}

/// Values of a path over the selected events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathFacet {
    /// Number of distinct values, exact.
    pub distinct: u64,
    /// Selected events that have no value there.
    pub absent: u64,
    /// Number of distinct values that hold the text of the pick.
    pub found: u64,
    /// The picked values in their order.
    pub values: Vec<FacetValue>,
}

/// The name under which a path is kept.
fn name(path: &[String]) -> String {
    fold(&path.join(".")).into_owned()
}

impl At<'_> {
    /// The rows of `within` whose entry has a value at the path that passes, from the derived column where there is one
    /// or where so many rows are asked for that it is worth making; absent otherwise.
    pub(crate) fn by_path(
        &self,
        path: &[String],
        test: &Test,
        within: &Bits,
    ) -> Result<Option<Bits>> {
        let rows = self.rows();
        let known = self.terms.derived(&name(path), self.segment.id, self.chunk);
        if known.is_none() && within.count(rows) * 4 < rows as u64 {
            return Ok(None);
        }
        Ok(Some(self.derived(path)?.rows(test)))
    }

    /// The derived column of the chunk; rows that may not be seen have no value in it.
    fn derived(&self, path: &[String]) -> Result<Arc<Derived>> {
        let name = name(path);
        if let Some(known) = self.terms.derived(&name, self.segment.id, self.chunk) {
            return Ok(known);
        }
        let rows = self.rows();
        let leaves = self.query.facts.leaf_reader();
        let mut codes: HashMap<Box<str>, u32> = HashMap::new();
        let mut found: Vec<(u32, u32)> = Vec::new();
        self.each_run(
            &self.segment.visible(self.chunk),
            &mut |shape, _, entries| {
                entries(&mut |row, _, raw| {
                    leaves.leaves(shape, raw, &mut |leaf, value| {
                        if value.is_empty() || !path_is(path, leaf) {
                            return;
                        }
                        let next = codes.len() as u32;
                        let code = match codes.get(value) {
                            Some(code) => *code,
                            None => *codes.entry(value.into()).or_insert(next),
                        };
                        found.push((row, code));
                    });
                })
            },
        )?;
        // Entries were read in the order of their places; a stable sort keeps the order of values within one.
        found.sort_by_key(|(row, _)| *row);
        let mut offsets = vec![0_u32; rows + 1];
        for (row, _) in &found {
            offsets[*row as usize + 1] += 1;
        }
        for row in 0..rows {
            offsets[row + 1] += offsets[row];
        }
        let mut values: Vec<Box<str>> = vec![Box::default(); codes.len()];
        for (value, code) in codes {
            values[code as usize] = value;
        }
        let made = Arc::new(Derived {
            offsets,
            codes: found.into_iter().map(|(_, code)| code).collect(),
            values,
        });
        self.terms
            .keep_derived(&name, self.segment.id, self.chunk, &made);
        Ok(made)
    }
}

impl Query<'_> {
    /// How often each value at a path of the raw entry stands in the selected events. An event that holds a value several
    /// times counts once for it.
    pub fn path_facet(
        &self,
        mask: &Mask,
        path: &[String],
        pick: &Pick,
        terms: &TermCache,
    ) -> Result<PathFacet> {
        type Counts = (HashMap<Box<str>, u64>, u64);
        let parts: Result<Vec<Counts>> = (self.snapshot.chunks().into_par_iter())
            .map(|(s, chunk)| {
                let bits = &mask.segments[s].chunks[chunk];
                if bits.is_none() {
                    return Ok((HashMap::new(), 0));
                }
                let at = At::new(self, terms, s, chunk);
                let column = at.derived(path)?;
                let mut counts = vec![0_u64; column.values.len()];
                let (mut absent, mut seen) = (0, Vec::new());
                bits.each_in(0..at.rows(), |row| {
                    seen.clear();
                    seen.extend_from_slice(column.of_row(row));
                    seen.sort_unstable();
                    seen.dedup();
                    absent += u64::from(seen.is_empty());
                    seen.iter().for_each(|code| counts[*code as usize] += 1);
                });
                let held = column.values.iter().cloned().zip(counts);
                Ok((held.filter(|(_, count)| *count > 0).collect(), absent))
            })
            .collect();
        let (mut totals, mut absent): Counts = (HashMap::new(), 0);
        for (counts, without) in parts? {
            absent += without;
            for (value, count) in counts {
                *totals.entry(value).or_default() += count;
            }
        }
        let distinct = totals.len() as u64;
        let mut values: Vec<FacetValue> = (totals.into_iter())
            .filter(|(value, _)| contains_folded(value, &pick.contains))
            .map(|(value, count)| FacetValue {
                value: value.into(),
                count,
            })
            .collect();
        let found = values.len() as u64;
        values.sort_unstable_by(|a, b| {
            let by_count = if pick.rare {
                a.count.cmp(&b.count)
            } else {
                b.count.cmp(&a.count)
            };
            by_count.then_with(|| a.value.cmp(&b.value))
        });
        values.truncate(pick.limit);
        Ok(PathFacet {
            distinct,
            absent,
            found,
            values,
        })
    }
}
