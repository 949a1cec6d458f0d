//! Walking over the codes of a chunk, one column or two side by side.
//!
//! Owns: loops that know the width of the codes, so that nothing is decided row by row. Never touches: what codes mean.

use super::{bits::Bits, facets::codes_of};
use crate::segment::{Codes, Column};

/// Calls `visit` with each selected row of a chunk and each code it holds, 0 for a row or element without one.
pub(crate) fn each_code(
    column: &Column,
    bits: &Bits,
    rows: usize,
    mut visit: impl FnMut(usize, u32),
) {
    match column {
        Column::Absent => {}
        Column::One(codes) => match &**codes {
            Codes::U8(c) => bits.each_in(0..rows, |row| visit(row, u32::from(c[row]))),
            Codes::U16(c) => bits.each_in(0..rows, |row| visit(row, u32::from(c[row]))),
            Codes::U32(c) => bits.each_in(0..rows, |row| visit(row, c[row])),
        },
        Column::Many { offsets, codes } => match &**codes {
            Codes::U8(c) => in_lists(offsets, c, bits, rows, visit),
            Codes::U16(c) => in_lists(offsets, c, bits, rows, visit),
            Codes::U32(c) => in_lists(offsets, c, bits, rows, visit),
        },
    }
}

fn in_lists<C: Copy + Into<u32>>(
    offsets: &[u32],
    codes: &[C],
    bits: &Bits,
    rows: usize,
    mut visit: impl FnMut(usize, u32),
) {
    bits.each_in(0..rows, |row| {
        for code in &codes[offsets[row] as usize..offsets[row + 1] as usize] {
            visit(row, (*code).into());
        }
    });
}

/// Calls `visit` with each selected row of a chunk and each pair of codes that it holds of two columns. Rows that lack one
/// of the two are left out, or come with 0 for it.
pub(crate) fn each_pair(
    a: &Column,
    b: &Column,
    bits: &Bits,
    rows: usize,
    mut visit: impl FnMut(usize, u32, u32),
) {
    match (a, b) {
        (Column::Absent, _) | (_, Column::Absent) => {}
        (Column::One(a), Column::One(b)) => match &**a {
            Codes::U8(a) => beside(a, b, bits, rows, visit),
            Codes::U16(a) => beside(a, b, bits, rows, visit),
            Codes::U32(a) => beside(a, b, bits, rows, visit),
        },
        _ => bits.each_in(0..rows, |row| {
            for x in codes_of(a, row) {
                for y in codes_of(b, row) {
                    visit(row, x, y);
                }
            }
        }),
    }
}

fn beside<A: Copy + Into<u32>>(
    a: &[A],
    b: &Codes,
    bits: &Bits,
    rows: usize,
    mut visit: impl FnMut(usize, u32, u32),
) {
    match b {
        Codes::U8(b) => bits.each_in(0..rows, |r| visit(r, a[r].into(), u32::from(b[r]))),
        Codes::U16(b) => bits.each_in(0..rows, |r| visit(r, a[r].into(), u32::from(b[r]))),
        Codes::U32(b) => bits.each_in(0..rows, |r| visit(r, a[r].into(), b[r])),
    }
}
