//! How columns and dictionaries become blobs, and back. docs/case-format.md describes the same bytes for stock tools.
//!
//! Owns: the byte layout. Never touches: SQL, meaning. Every length that a blob states is checked against a bound before
//! memory is taken for it, because a case file may come from somebody else.

use std::{cell::RefCell, sync::Arc};

use super::{Codes, Column, Dictionary};
use crate::error::{Result, StoreError};

/// Bytes before the compressed part of a block of integers.
const HEAD: usize = 16;
/// Most bytes that one block may unfold to.
const MOST: usize = 1 << 29;
/// Fastest level that still halves the codes; higher levels cost more than the disk they save.
const LEVEL: i32 = 1;

thread_local! {
    /// The memory that compression works in; a segment has hundreds of blocks, and to get it anew costs as much as a block.
    static PACKER: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
}

const PLAIN: u8 = 0;
const DELTA: u8 = 1;

const ONE: u8 = 1;
const MANY: u8 = 2;

/// Encodes integers; `delta` stores zig-zag differences from the value before (the first from `base`).
pub(crate) fn put_ints(out: &mut Vec<u8>, values: &[u64], delta: bool) -> Result<()> {
    let base = values.first().copied().unwrap_or(0);
    let mut before = base;
    let changed: Vec<u64>;
    let stored = if delta {
        changed = values
            .iter()
            .map(|v| {
                let step = v.wrapping_sub(before) as i64;
                before = *v;
                ((step << 1) ^ (step >> 63)) as u64
            })
            .collect();
        &changed
    } else {
        values
    };
    let greatest = stored.iter().copied().max().unwrap_or(0);
    let width = match greatest {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xffff_ffff => 4,
        _ => 8,
    };
    let mut bytes = vec![0_u8; stored.len() * width];
    for (plane, bytes) in bytes.chunks_exact_mut(stored.len().max(1)).enumerate() {
        for (to, value) in bytes.iter_mut().zip(stored) {
            *to = (value >> (8 * plane)) as u8;
        }
    }
    put_block(
        out,
        width as u8,
        u8::from(delta),
        stored.len(),
        base,
        &bytes,
    )
}

fn put_block(
    out: &mut Vec<u8>,
    width: u8,
    transform: u8,
    count: usize,
    base: u64,
    bytes: &[u8],
) -> Result<()> {
    out.extend_from_slice(&[width, transform, 0, 0]);
    out.extend_from_slice(&(count as u32).to_le_bytes());
    out.extend_from_slice(&base.to_le_bytes());
    let packed = PACKER.with_borrow_mut(|packer| {
        let packer = match packer {
            Some(packer) => packer,
            None => packer.insert(zstd::bulk::Compressor::new(LEVEL)?),
        };
        packer.compress(bytes)
    });
    let packed = packed.map_err(|error| StoreError::Io {
        what: "compressing a column".to_owned(),
        error,
    })?;
    out.extend_from_slice(&packed);
    Ok(())
}

struct Block {
    width: usize,
    delta: bool,
    count: usize,
    base: u64,
    bytes: Vec<u8>,
}

fn block(data: &[u8], most: usize) -> Result<Block> {
    let bad = |detail: &str| StoreError::corrupt("a column", detail);
    let (head, packed) = data
        .split_at_checked(HEAD)
        .ok_or_else(|| bad("it is shorter than its head"))?;
    let width = match head[0] {
        1 | 2 | 4 | 8 => head[0] as usize,
        other => return Err(bad(&format!("width {other} is not 1, 2, 4 or 8"))),
    };
    let delta = match head[1] {
        PLAIN => false,
        DELTA => true,
        other => return Err(bad(&format!("transform {other} is not known"))),
    };
    let count = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
    let mut base = [0; 8];
    base.copy_from_slice(&head[8..16]);
    let size = count
        .checked_mul(width)
        .filter(|size| count <= most && *size <= MOST)
        .ok_or_else(|| bad("it states more values than it may hold"))?;
    let bytes = zstd::bulk::decompress(packed, size)
        .ok()
        .filter(|bytes| bytes.len() == size)
        .ok_or_else(|| bad("its compressed part does not unfold to the stated size"))?;
    Ok(Block {
        width,
        delta,
        count,
        base: u64::from_le_bytes(base),
        bytes,
    })
}

/// Decodes integers; `most` bounds how many there may be.
pub(crate) fn ints(data: &[u8], most: usize) -> Result<Vec<u64>> {
    let block = block(data, most)?;
    let mut values = vec![0_u64; block.count];
    for (plane, bytes) in block
        .bytes
        .chunks_exact(block.count.max(1))
        .take(block.width)
        .enumerate()
    {
        for (value, byte) in values.iter_mut().zip(bytes) {
            *value |= u64::from(*byte) << (8 * plane);
        }
    }
    if block.delta {
        let mut before = block.base;
        for value in &mut values {
            let step = (*value >> 1) as i64 ^ -((*value & 1) as i64);
            before = before.wrapping_add(step as u64);
            *value = before;
        }
    }
    Ok(values)
}

/// Decodes integers that must each fit 32 bits.
pub(crate) fn ints_u32(data: &[u8], most: usize) -> Result<Vec<u32>> {
    ints(data, most)?
        .into_iter()
        .map(|v| {
            u32::try_from(v)
                .map_err(|_| StoreError::corrupt("a column", "a value is beyond 32 bits"))
        })
        .collect()
}

fn put_codes(out: &mut Vec<u8>, codes: &Codes) -> Result<()> {
    match codes {
        Codes::U8(c) => put_block(out, 1, PLAIN, c.len(), 0, c),
        wide => {
            let values: Vec<u64> = (0..wide.len()).map(|i| u64::from(wide.get(i))).collect();
            // Ids that nearly every row has for itself rise by small steps in arrival order; differences then pack far better.
            let sample = &values[..values.len().min(4_096)];
            let small = sample
                .windows(2)
                .filter(|w| w[0].abs_diff(w[1]) < 128)
                .count();
            put_ints(out, &values, small * 2 > sample.len())
        }
    }
}

fn codes(data: &[u8], most: usize) -> Result<Codes> {
    if data.first() == Some(&1) && data.get(1) == Some(&PLAIN) {
        return Ok(Codes::U8(block(data, most)?.bytes));
    }
    Ok(Codes::narrow(&ints_u32(data, most)?))
}

/// The blob of a column; `None` for an absent one, which is not stored.
pub(crate) fn put_column(column: &Column) -> Result<Option<Vec<u8>>> {
    let mut out = Vec::new();
    match column {
        Column::Absent => return Ok(None),
        Column::One(codes) => {
            out.push(ONE);
            put_codes(&mut out, codes)?;
        }
        Column::Many { offsets, codes } => {
            out.push(MANY);
            let counts: Vec<u64> = offsets.windows(2).map(|w| u64::from(w[1] - w[0])).collect();
            let mut first = Vec::new();
            put_ints(&mut first, &counts, false)?;
            out.extend_from_slice(&(first.len() as u32).to_le_bytes());
            out.extend_from_slice(&first);
            put_codes(&mut out, codes)?;
        }
    }
    Ok(Some(out))
}

/// Reads a column of a chunk with this many rows whose dictionary has this many codes.
pub(crate) fn column(data: &[u8], rows: usize, dictionary: usize) -> Result<Column> {
    let bad = |detail: &str| StoreError::corrupt("a column", detail);
    let (kind, rest) = data.split_first().ok_or_else(|| bad("it is empty"))?;
    let checked = |codes: Codes, expected: usize| {
        if codes.len() != expected {
            Err(bad("it has another number of rows than its chunk"))
        } else if codes.greatest() as usize >= dictionary {
            Err(bad("a code is not in the dictionary"))
        } else {
            Ok(Arc::new(codes))
        }
    };
    match *kind {
        ONE => Ok(Column::One(checked(codes(rest, rows)?, rows)?)),
        MANY => {
            let (counts, rest) = split(rest)?;
            let counts = ints(counts, rows)?;
            if counts.len() != rows {
                return Err(bad("it has another number of rows than its chunk"));
            }
            let mut offsets = Vec::with_capacity(rows + 1);
            let mut end = 0_u32;
            offsets.push(0);
            for count in counts {
                end = u32::try_from(count)
                    .ok()
                    .and_then(|c| end.checked_add(c))
                    .ok_or_else(|| bad("its lists are too long"))?;
                offsets.push(end);
            }
            let elements = codes(rest, MOST)?;
            Ok(Column::Many {
                offsets: offsets.into(),
                codes: checked(elements, end as usize)?,
            })
        }
        other => Err(bad(&format!("kind {other} is not known"))),
    }
}

/// Splits off a part that its length precedes.
pub(crate) fn split(data: &[u8]) -> Result<(&[u8], &[u8])> {
    let bad = || StoreError::corrupt("a blob", "it ends before its first part does");
    let (length, rest) = data.split_first_chunk::<4>().ok_or_else(bad)?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
        .ok_or_else(bad)
}

/// Several blocks of integers in one blob, each after its length.
pub(crate) fn put_parts(parts: &[(&[u64], bool)]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for (values, delta) in parts {
        let mut part = Vec::new();
        put_ints(&mut part, values, *delta)?;
        out.extend_from_slice(&(part.len() as u32).to_le_bytes());
        out.extend_from_slice(&part);
    }
    Ok(out)
}

/// Reads what [`put_parts`] wrote: exactly N blocks of exactly `rows` values.
pub(crate) fn parts<const N: usize>(mut data: &[u8], rows: usize) -> Result<[Vec<u64>; N]> {
    let mut out = [const { Vec::new() }; N];
    for values in &mut out {
        let (part, rest) = split(data)?;
        *values = ints(part, rows)?;
        if values.len() != rows {
            return Err(StoreError::corrupt("a blob", "its parts differ in length"));
        }
        data = rest;
    }
    Ok(out)
}

/// The blob of a dictionary: lengths of the values, then their text.
pub(crate) fn put_dictionary(dictionary: &Dictionary) -> Result<Vec<u8>> {
    let lengths: Vec<u64> = dictionary.lengths().into_iter().map(u64::from).collect();
    let mut out = put_parts(&[(&lengths, false)])?;
    let text = dictionary.arena().as_bytes();
    put_block(&mut out, 1, PLAIN, text.len(), 0, text)?;
    Ok(out)
}

/// Reads a dictionary.
pub(crate) fn dictionary(data: &[u8]) -> Result<Dictionary> {
    let bad = |detail: &str| StoreError::corrupt("a dictionary", detail);
    let (lengths, text) = split(data)?;
    let lengths = ints_u32(lengths, MOST)?;
    let text = String::from_utf8(block(text, MOST)?.bytes).map_err(|_| bad("it is not UTF-8"))?;
    Dictionary::from_parts(text, &lengths).ok_or_else(|| bad("its lengths do not fit its text"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::Interner;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn integers_come_back(values in prop::collection::vec(prop_oneof![any::<u64>(), 0_u64..300], 0..200), delta: bool) {
            let mut out = Vec::new();
            put_ints(&mut out, &values, delta).unwrap();
            prop_assert_eq!(ints(&out, values.len()).unwrap(), values);
        }

        #[test]
        fn columns_come_back(rows in prop::collection::vec(prop::collection::vec(0_u32..70_000, 0..4), 1..100)) {
            let mut offsets = vec![0_u32];
            let mut flat = Vec::new();
            for row in &rows {
                flat.extend_from_slice(row);
                offsets.push(flat.len() as u32);
            }
            let many = Column::Many { offsets: offsets.into(), codes: Arc::new(Codes::narrow(&flat)) };
            let blob = put_column(&many).unwrap().unwrap();
            prop_assert_eq!(&column(&blob, rows.len(), 70_000).unwrap(), &many);
            let one = Column::One(Arc::new(Codes::narrow(&flat)));
            let blob = put_column(&one).unwrap().unwrap();
            prop_assert_eq!(&column(&blob, flat.len(), 70_000).unwrap(), &one);
            prop_assert!(column(&blob, flat.len() + 1, 70_000).is_err());
        }

        #[test]
        fn dictionaries_come_back(values in prop::collection::vec(".{1,12}", 0..50)) {
            let mut interner = Interner::new(1);
            for value in &values { interner.code(value); }
            let blob = put_dictionary(interner.dictionary()).unwrap();
            prop_assert_eq!(&dictionary(&blob).unwrap(), interner.dictionary());
        }

        #[test]
        fn any_bytes_are_an_error_and_no_more(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = column(&bytes, 10, 10);
            let _ = dictionary(&bytes);
            let _ = parts::<3>(&bytes, 10);
        }
    }
}
