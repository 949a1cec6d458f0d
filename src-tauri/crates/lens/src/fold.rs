//! Case folding and the text comparisons that both evaluators share.
//!
//! Owns: what "ignoring case" means (full case folding of the Unicode standard, section 3.13, no normalisation: a
//! composed and a decomposed accent stay different). Never touches: tests and terms. Text that is only ASCII, which
//! nearly all log text is, never allocates.

use std::borrow::Cow;

use caseless::Caseless;

/// The text with its case folded: `Straße`, `STRASSE` and `strasse` become the same. Folding twice changes nothing.
#[must_use]
pub fn fold(text: &str) -> Cow<'_, str> {
    if !text.is_ascii() {
        return Cow::Owned(text.chars().default_case_fold().collect());
    }
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether the folded value is this folded text.
#[must_use]
pub fn is_folded(value: &str, folded: &str) -> bool {
    if value.is_ascii() {
        value.eq_ignore_ascii_case(folded)
    } else {
        value.chars().default_case_fold().eq(folded.chars())
    }
}

/// Whether the folded value contains this folded text. The empty text is in every value.
#[must_use]
pub fn contains_folded(value: &str, folded: &str) -> bool {
    if !value.is_ascii() {
        return memchr::memmem::find(fold(value).as_bytes(), folded.as_bytes()).is_some();
    }
    let (value, folded) = (value.as_bytes(), folded.as_bytes());
    let Some(&first) = folded.first() else {
        return true;
    };
    let Some(last_start) = value.len().checked_sub(folded.len()) else {
        return false;
    };
    let starts = &value[..=last_start];
    let here = |at: usize| value[at..at + folded.len()].eq_ignore_ascii_case(folded);
    let upper = first.to_ascii_uppercase();
    if upper == first {
        memchr::memchr_iter(first, starts).any(here)
    } else {
        memchr::memchr2_iter(first, upper, starts).any(here)
    }
}

/// Whether the folded value fits the pattern: folded pieces with any text between one and the next.
#[must_use]
pub(crate) fn fits_pieces(value: &str, pieces: &[String]) -> bool {
    let folded = fold(value);
    let (Some((first, rest)), mut text) = (pieces.split_first(), folded.as_ref()) else {
        return false;
    };
    let Some((last, middle)) = rest.split_last() else {
        return text == first;
    };
    let Some(after_first) = text.strip_prefix(first.as_str()) else {
        return false;
    };
    let Some(between) = after_first.strip_suffix(last.as_str()) else {
        return false;
    };
    text = between;
    // Taking each piece at its first place leaves the most text for those that follow, so no other choice need be tried.
    middle.iter().all(
        |piece| match memchr::memmem::find(text.as_bytes(), piece.as_bytes()) {
            Some(at) => {
                text = &text[at + piece.len()..];
                true
            }
            None => false,
        },
    )
}

/// Whether a leaf path is the one that a `raw.` key names: the same names joined by dots, ignoring case. A name that
/// itself has dots is met by as many parts.
#[must_use]
pub fn path_is(wanted: &[String], leaf: &[&str]) -> bool {
    if let ([one], [other]) = (wanted, leaf) {
        return is_folded(other, &fold(one));
    }
    fold(&leaf.join(".")) == fold(&wanted.join("."))
}
