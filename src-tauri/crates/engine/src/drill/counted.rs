//! Counts over gathered rows: how often each value of a column stands in them, and when first and last.
//!
//! Owns: that count, and the order in which values are told. Never touches: filters, the columns of a case. A page that
//! gathered its rows once counts all its panels here, so that it costs what its rows cost.

use std::collections::HashMap;

use witnessmark_model::mixed::Mixed;
use witnessmark_store::query::{Elements, Gathered, Tally, Values};

/// Values up to which a count has a place for each; more only where there are as many rows.
const PLACES: usize = 65_536;

/// Counts by number.
pub(super) enum Counts<T> {
    All(Vec<T>),
    Met(HashMap<u32, T, Mixed>),
}

impl<T: Clone + Default> Counts<T> {
    /// Room for numbers below `values`, of which `rows` rows may hold some.
    pub(super) fn new(values: usize, rows: usize) -> Self {
        if values <= PLACES.max(rows) {
            Self::All(vec![T::default(); values])
        } else {
            Self::Met(HashMap::default())
        }
    }

    #[inline]
    pub(super) fn at(&mut self, number: u32) -> &mut T {
        match self {
            Self::All(all) => &mut all[number as usize],
            Self::Met(met) => met.entry(number).or_default(),
        }
    }

    /// Numbers with what was counted of them, in no order; those that were not met may be among them.
    pub(super) fn into_each(self) -> Vec<(u32, T)> {
        match self {
            Self::All(all) => (0_u32..).zip(all).collect(),
            Self::Met(met) => met.into_iter().collect(),
        }
    }
}

/// Count, first dated row plus one, last dated row plus one.
type Marks = [u32; 3];

fn add(marks: &mut Marks, row: u32, dated: u32) {
    marks[0] += 1;
    if row < dated {
        if marks[1] == 0 {
            marks[1] = row + 1;
        }
        marks[2] = row + 1;
    }
}

fn told(rows: &Gathered, counts: Counts<Marks>) -> Vec<Tally> {
    let moment = |mark: u32| rows.time((mark as usize).checked_sub(1)?);
    (counts.into_each().into_iter())
        .filter(|(number, marks)| *number != 0 && marks[0] > 0)
        .map(|(number, [count, first, last])| Tally {
            number,
            count: u64::from(count),
            first: moment(first),
            last: moment(last),
        })
        .collect()
}

/// The values of a column in the rows for which `holds` says so. Numbers are below `values`.
pub(super) fn tallies(
    rows: &Gathered,
    column: &[u32],
    values: usize,
    holds: impl Fn(usize) -> bool,
) -> Vec<Tally> {
    let dated = rows.times.len() as u32;
    let mut counts: Counts<Marks> = Counts::new(values, column.len());
    for (row, number) in column.iter().enumerate().filter(|(row, _)| holds(*row)) {
        add(counts.at(*number), row as u32, dated);
    }
    told(rows, counts)
}

/// The values of a list in all rows.
pub(super) fn of_elements(rows: &Gathered, elements: &Elements, values: usize) -> Vec<Tally> {
    let dated = rows.times.len() as u32;
    let mut counts: Counts<Marks> = Counts::new(values, elements.rows.len());
    for (row, number) in elements.rows.iter().zip(&elements.numbers) {
        add(counts.at(*number), *row, dated);
    }
    told(rows, counts)
}

/// Leaves the first `limit` in an order, sorted; only these are sorted.
pub(super) fn first_of<T>(
    list: &mut Vec<T>,
    limit: usize,
    order: impl Fn(&T, &T) -> std::cmp::Ordering,
) {
    if list.len() > limit {
        if limit > 0 {
            list.select_nth_unstable_by(limit - 1, &order);
        }
        list.truncate(limit);
    }
    list.sort_by(order);
}

/// The most frequent values, greatest count first, then by text.
pub(super) fn most(tallies: &mut Vec<Tally>, values: &Values, limit: usize) {
    first_of(tallies, limit, |a, b| {
        (b.count.cmp(&a.count))
            .then_with(|| values.text(a.number).cmp(values.text(b.number)))
            .then(a.number.cmp(&b.number))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_values_are_counted_alike() {
        let mut rows = Gathered::default();
        rows.times = vec![10, 20, 30];
        let column = [7, 0, 7, 3];
        let sorted = |values| {
            let mut found = tallies(&rows, &column, values, |row| row != 1);
            found.sort_by_key(|t| t.number);
            found
        };
        let few = sorted(8);
        assert_eq!(few, sorted(10_000_000));
        let told: Vec<_> = few
            .iter()
            .map(|t| (t.number, t.count, t.first.map(|t| t.0), t.last.map(|t| t.0)))
            .collect();
        // The fourth row has no time.
        assert_eq!(told, [(3, 1, None, None), (7, 2, Some(10), Some(30))]);
    }

    #[test]
    fn the_first_of_a_list_are_those_of_the_sorted_list() {
        let list: Vec<u32> = (0..500).map(|i| i * 7919 % 501).collect();
        let mut all = list.clone();
        all.sort_unstable();
        for limit in [0, 1, 7, 499, 500, 900] {
            let mut some = list.clone();
            first_of(&mut some, limit, Ord::cmp);
            assert_eq!(some, all[..limit.min(500)]);
        }
    }
}
