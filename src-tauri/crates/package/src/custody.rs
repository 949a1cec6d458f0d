//! The custody log as it leaves the case: its lines, and its head as the text of a checkpoint.
//!
//! Owns: the text after C2SP tlog-checkpoint (<https://c2sp.org/tlog-checkpoint>), and which last entries a package
//! leaves out. Never touches: the chain itself (the store keeps it).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::material::CustodyLine;
use crate::tree;

/// Actions that say only that something left the case or was looked at; what the case holds is the same before and after.
const LEAVES_THE_CASE_AS_IT_IS: &[&str] = &[
    "open",
    "package",
    "disclose",
    "verify",
    "export",
    "case.copy",
    "case.copy_to",
    "checklist.print",
    "checkpoint",
    "derived.keep",
    "derived.forget",
];

/// The log up to the last entry that changed what the case holds or says. Without this no package could be made twice
/// with the same bytes: making the first adds an entry.
#[must_use]
pub fn settled(log: &[CustodyLine]) -> &[CustodyLine] {
    let kept = log
        .iter()
        .rposition(|line| !LEAVES_THE_CASE_AS_IT_IS.contains(&line.action.as_str()))
        .map_or(0, |at| at + 1);
    &log[..kept]
}

/// Merkle root of a log as its checkpoint gives it.
pub(crate) fn root(log: &[CustodyLine]) -> String {
    STANDARD.encode(tree::root(log.iter().map(|l| l.entry.as_bytes())))
}

/// Origin, size and Merkle root (RFC 6962 over the texts of the entries), each on a line.
#[must_use]
pub fn checkpoint<'t>(case_id: &str, entries: impl ExactSizeIterator<Item = &'t str>) -> String {
    let size = entries.len();
    let root = tree::root(entries.map(str::as_bytes));
    format!("witnessmark/{case_id}\n{size}\n{}\n", STANDARD.encode(root))
}
