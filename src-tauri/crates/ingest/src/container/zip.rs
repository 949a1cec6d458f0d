//! The directory of a ZIP archive, and its members one by one.
//!
//! Owns: names that are unsafe, members that overlap, methods that are not read. Never touches: what a member holds.
//! Read by hand and not through a library, because libraries merge members of one name, and every member must be told of.
//! Format: PKWARE APPNOTE 6.3.10, sections 4.3 and 4.4.

use std::io::{self, Read, Seek, SeekFrom};

/// A member as the directory states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// Name as it stands in the archive.
    pub(crate) raw_name: Vec<u8>,
    method: u16,
    encrypted: bool,
    symlink: bool,
    packed: u64,
    crc: u32,
    header_at: u64,
    overlaps: bool,
}

/// Why a directory cannot be read.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The archive is not one, or cut off.
    Format(&'static str),
    /// More members than allowed.
    Many(u64),
    /// Reading failed.
    Io(io::Error),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            Self::Format("its directory is cut off")
        } else {
            Self::Io(error)
        }
    }
}

fn number(bytes: &[u8], at: usize, width: usize) -> u64 {
    bytes.get(at..at + width).map_or(0, |field| {
        field
            .iter()
            .rev()
            .fold(0, |sum, b| (sum << 8) | u64::from(*b))
    })
}

/// Reads the directory at the end of an archive. Directories inside it are left out.
pub(crate) fn directory<R: Read + Seek>(
    archive: &mut R,
    most: usize,
) -> Result<Vec<Member>, Broken> {
    let size = archive.seek(SeekFrom::End(0))?;
    let (count, length, start) = find_end(archive, size)?;
    if count > most as u64 {
        return Err(Broken::Many(count));
    }
    if length > 256 << 20 || start.checked_add(length).is_none_or(|end| end > size) {
        return Err(Broken::Format("its directory does not fit into the file"));
    }
    archive.seek(SeekFrom::Start(start))?;
    let mut directory = vec![0; length as usize];
    archive.read_exact(&mut directory)?;
    let mut members = Vec::new();
    let mut at = 0;
    for _ in 0..count {
        let header = directory
            .get(at..at + 46)
            .ok_or(Broken::Format("its directory is cut off"))?;
        if !header.starts_with(b"PK\x01\x02") {
            return Err(Broken::Format("its directory is damaged"));
        }
        let name_len = number(header, 28, 2) as usize;
        let extra_len = number(header, 30, 2) as usize;
        let comment_len = number(header, 32, 2) as usize;
        let name_at = at + 46;
        let raw_name = directory
            .get(name_at..name_at + name_len)
            .ok_or(Broken::Format("its directory is cut off"))?
            .to_vec();
        let extra = directory
            .get(name_at + name_len..name_at + name_len + extra_len)
            .ok_or(Broken::Format("its directory is cut off"))?;
        let mut member = Member {
            method: number(header, 10, 2) as u16,
            encrypted: number(header, 8, 2) & 1 != 0,
            symlink: number(header, 4, 2) >> 8 == 3
                && (number(header, 38, 4) >> 16) & 0o170_000 == 0o120_000,
            crc: number(header, 16, 4) as u32,
            packed: number(header, 20, 4),
            header_at: number(header, 42, 4),
            overlaps: false,
            raw_name,
        };
        wide(&mut member, number(header, 24, 4), extra);
        at = name_at + name_len + extra_len + comment_len;
        if !member.raw_name.ends_with(b"/") {
            members.push(member);
        }
    }
    mark_overlaps(&mut members, start);
    Ok(members)
}

/// Count, length and place of the directory, by the record at the end.
fn find_end<R: Read + Seek>(archive: &mut R, size: u64) -> Result<(u64, u64, u64), Broken> {
    let tail_len = size.min(65_557 + 20);
    archive.seek(SeekFrom::Start(size - tail_len))?;
    let mut tail = vec![0; tail_len as usize];
    archive.read_exact(&mut tail)?;
    let at = memchr::memmem::rfind(&tail, b"PK\x05\x06")
        .filter(|at| at + 22 <= tail.len())
        .ok_or(Broken::Format(
            "it has no directory at its end; it may be cut off",
        ))?;
    let end = &tail[at..];
    let (count, length, start) = (number(end, 10, 2), number(end, 12, 4), number(end, 16, 4));
    if count != 0xFFFF && length != 0xFFFF_FFFF && start != 0xFFFF_FFFF {
        return Ok((count, length, start));
    }
    let Some(locator) = at
        .checked_sub(20)
        .and_then(|from| tail.get(from..at))
        .filter(|l| l.starts_with(b"PK\x06\x07"))
    else {
        return Ok((count, length, start));
    };
    archive.seek(SeekFrom::Start(number(locator, 8, 8)))?;
    let mut wide = [0; 56];
    archive.read_exact(&mut wide)?;
    if !wide.starts_with(b"PK\x06\x06") {
        return Err(Broken::Format("its directory is damaged"));
    }
    Ok((
        number(&wide, 32, 8),
        number(&wide, 40, 8),
        number(&wide, 48, 8),
    ))
}

/// Sizes and places beyond 4 GiB stand in an extra field.
fn wide(member: &mut Member, unpacked: u64, mut extra: &[u8]) {
    while extra.len() >= 4 {
        let (id, length) = (number(extra, 0, 2), number(extra, 2, 2) as usize);
        let Some(body) = extra.get(4..4 + length) else {
            return;
        };
        if id == 1 {
            let mut at = 0;
            let mut next = |narrow: u64| {
                if narrow == 0xFFFF_FFFF {
                    at += 8;
                    number(body, at - 8, 8)
                } else {
                    narrow
                }
            };
            next(unpacked);
            member.packed = next(member.packed);
            member.header_at = next(member.header_at);
        }
        extra = &extra[4 + length..];
    }
}

/// Members that share bytes are how small archives expand without end; each byte belongs to one member.
fn mark_overlaps(members: &mut [Member], directory_at: u64) {
    let mut order: Vec<usize> = (0..members.len()).collect();
    order.sort_by_key(|i| members[*i].header_at);
    let mut reached = 0;
    for i in order {
        let member = &mut members[i];
        // A local header has at least 30 bytes and the name.
        let end = member
            .header_at
            .saturating_add(30 + member.raw_name.len() as u64)
            .saturating_add(member.packed);
        member.overlaps = member.header_at < reached || end > directory_at;
        reached = reached.max(end);
    }
}

impl Member {
    /// The name as text.
    pub(crate) fn name(&self) -> String {
        String::from_utf8_lossy(&self.raw_name).into_owned()
    }

    /// Compressed bytes.
    pub(crate) fn packed(&self) -> u64 {
        self.packed
    }

    /// Why the member is not read; absent when it can be.
    pub(crate) fn refusal(&self) -> Option<(&'static str, &'static str)> {
        let name = &self.raw_name[..];
        let parts = || name.split(|b| matches!(b, b'/' | b'\\'));
        if name.is_empty() || name.contains(&0) {
            return Some(("unsafe_name", "its name is empty or contains NUL"));
        }
        if parts().any(|part| part == b"..") {
            return Some(("unsafe_name", "its name leads out of the archive"));
        }
        if name.starts_with(b"/") || name.starts_with(b"\\") || name.get(1) == Some(&b':') {
            return Some(("unsafe_name", "its name is an absolute path"));
        }
        if self.symlink {
            return Some(("unsafe_name", "it is a link and not a file"));
        }
        if self.encrypted {
            return Some(("not_readable", "it is encrypted"));
        }
        if self.overlaps {
            return Some((
                "not_readable",
                "it shares bytes with another member, as archives made to expand without end do",
            ));
        }
        (!matches!(self.method, 0 | 8)).then_some((
            "not_readable",
            "it is compressed by a method that is not read here",
        ))
    }

    /// Opens the member.
    pub(crate) fn open<'r, R: Read + Seek>(
        &self,
        archive: &'r mut R,
    ) -> io::Result<Box<dyn Read + 'r>> {
        archive.seek(SeekFrom::Start(self.header_at))?;
        let mut header = [0; 30];
        archive.read_exact(&mut header)?;
        if !header.starts_with(b"PK\x03\x04") {
            return Err(io::Error::other(
                "the member is not where the directory says",
            ));
        }
        let skip = number(&header, 26, 2) + number(&header, 28, 2);
        archive.seek(SeekFrom::Current(skip as i64))?;
        let packed = archive.take(self.packed);
        let body: Box<dyn Read + 'r> = if self.method == 0 {
            Box::new(packed)
        } else {
            Box::new(flate2::read::DeflateDecoder::new(packed))
        };
        Ok(Box::new(Checked {
            inner: body,
            crc: flate2::Crc::new(),
            expected: self.crc,
        }))
    }
}

/// Compares the checksum at the end.
struct Checked<R> {
    inner: R,
    crc: flate2::Crc,
    expected: u32,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        if n == 0 && !buffer.is_empty() && self.crc.sum() != self.expected {
            return Err(io::Error::other("the checksum does not fit"));
        }
        self.crc.update(&buffer[..n]);
        Ok(n)
    }
}
