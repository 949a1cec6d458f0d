//! The names that a package of format 1 may hold: whatever else lies in it is no part of it.
//!
//! Owns: the list of docs/package-format.md, "Files". Never touches: what the files say. A `fetch.txt` would let a bag hold what
//! it does not hold; a manifest of a second algorithm would let two tools disagree; a program among the files would be run.

/// Files at fixed places, beside those under `data/`.
const TAGS: &[&str] = &[
    "bagit.txt",
    "bag-info.txt",
    "README.txt",
    "keys/signer.pub",
    "manifest-sha256.txt",
    "tagmanifest-sha256.txt",
    "tagmanifest-sha256.txt.minisig",
];

/// Files at fixed places under `data/` that every package holds.
pub(crate) const ALWAYS: &[&str] = &[
    "data/coverage/coverage.json",
    "data/coverage/rejects.ndjson",
    "data/custody/checkpoint.txt",
    "data/custody/custody.ndjson",
    "data/events/events.csv",
    "data/events/events.ndjson",
    "data/evidence/index.csv",
    "data/notes/notes.ndjson",
    "data/report/report.html",
    "data/report/report.pdf",
    "data/review/controls.json",
    "data/review/review.json",
    "data/rules/methods.json",
    "data/scope/counts.csv",
    "data/scope/population.json",
];

/// Files at fixed places under `data/` that some packages hold.
const SOMETIMES: &[&str] = &[
    "data/events/events.ecs.ndjson",
    "data/events/events.ocsf.ndjson",
    "data/evidence/proofs.ndjson",
    "data/redaction/policy.toml",
    "data/redaction/redactions.ndjson",
    "data/redaction/summary.json",
    "data/rules/detections.json",
    "data/scope/sample.json",
];

/// Whether a package may hold a file of this name.
pub(crate) fn may_hold(name: &str) -> bool {
    [TAGS, ALWAYS, SOMETIMES].iter().any(|l| l.contains(&name)) || numbered(name)
}

/// Files of which there are as many as there are sources, profiles or checklists.
fn numbered(name: &str) -> bool {
    let between = |front: &str, back: &str| {
        name.strip_prefix(front)
            .and_then(|rest| rest.strip_suffix(back))
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let plain = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
            && !text.starts_with('.')
    };
    between("data/evidence/excerpts/source-", ".ndjson").is_some_and(digits)
        || between("data/rules/checklists/run-", ".json").is_some_and(digits)
        || between("data/rules/checklists/", ".toml").is_some_and(plain)
        || between("data/rules/profiles/", ".toml").is_some_and(plain)
        || name.strip_prefix("data/evidence/").is_some_and(original)
}

/// A whole original, by its hash and the ending of its name.
fn original(name: &str) -> bool {
    name.split_once('.').is_some_and(|(hash, ending)| {
        let lower = |b: u8| b.is_ascii_digit() || b.is_ascii_lowercase();
        hash.len() == 64
            && hash.bytes().all(|b| b.is_ascii_hexdigit() && lower(b))
            && (1..=8).contains(&ending.len())
            && ending.bytes().all(lower)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_holds_what_the_format_names_and_nothing_else() {
        let hash = "0".repeat(64);
        for good in [
            "data/events/events.ndjson",
            "data/evidence/excerpts/source-12.ndjson",
            "data/rules/profiles/paymongo-1.toml",
            "data/rules/checklists/run-3.json",
            &format!("data/evidence/{hash}.csv"),
        ] {
            assert!(may_hold(good), "{good}");
        }
        for bad in [
            "fetch.txt",
            "manifest-md5.txt",
            "tagmanifest-md5.txt",
            "data/report/setup.exe",
            "data/evidence/excerpts/source-.ndjson",
            "data/evidence/setup.exe",
            "data/rules/profiles/../../x.toml",
            "data/events/events.NDJSON",
            "note.txt",
        ] {
            assert!(!may_hold(bad), "{bad}");
        }
    }
}
