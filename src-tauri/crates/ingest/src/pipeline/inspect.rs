//! What a file looks like before anything is stored, for the window's mapping step.
//!
//! Owns: opening as much of a file as is needed. Never touches: the rest of it.

use super::error::ImportError;
use super::member::{SAMPLE, look, sample_places, with_sample};
use super::run::Setup;
use crate::container::{Kind, sniff};
use crate::entry::Entry;
use crate::shape::Shape;
use std::io::Read;
use witnessmark_model::SourceShape;

/// What the first bytes tell.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// How entries stand in it.
    pub shape: Shape,
    /// What must be known to read one entry on its own.
    pub source: SourceShape,
    /// The arrangement in a few words, for people.
    pub described: String,
    /// Entries that were looked at.
    pub sampled: usize,
}

/// Looks at the first bytes of a file and hands its first entries to `visit`. A gzip or Zstandard file is unpacked as far
/// as `head` reaches; an archive of several members cannot be looked at, since each is a source of its own.
///
/// # Errors
/// When the file is no log, or its encoding must be chosen first.
pub fn inspect<T>(
    head: &[u8],
    whole: bool,
    name: &str,
    setup: &Setup<'_>,
    visit: impl FnOnce(&[Entry<'_>], &SourceShape) -> T,
) -> Result<(Inspection, T), ImportError> {
    let most = setup.limits.head as u64;
    let mut unpacked = Vec::new();
    let (head, whole) = match sniff(head) {
        Kind::Gzip => {
            // The head of a compressed file ends anywhere, which is no fault; what it gave until then counts.
            let _ = flate2::read::MultiGzDecoder::new(head)
                .take(most)
                .read_to_end(&mut unpacked);
            (&unpacked[..], whole && (unpacked.len() as u64) < most)
        }
        Kind::Zstd => {
            if let Ok(decoder) = zstd::stream::read::Decoder::new(head) {
                let _ = decoder.take(most).read_to_end(&mut unpacked);
            }
            (&unpacked[..], whole && (unpacked.len() as u64) < most)
        }
        _ => (head, whole),
    };
    let known = look(head, whole, setup).map_err(|error| error.at(name, None))?;
    let mut text = Vec::new();
    known.encoding.decode(&head[known.mark..], whole, &mut text);
    let source = known.shape.source(known.encoding.label());
    let places = sample_places(&known.shape, &text, whole, setup);
    let seen = with_sample(&known.shape, &text, &places, setup, |sample| {
        visit(sample, &source)
    });
    let inspection = Inspection {
        described: known.shape.describe(),
        sampled: places.len().min(SAMPLE),
        source,
        shape: known.shape,
    };
    Ok((inspection, seen))
}
