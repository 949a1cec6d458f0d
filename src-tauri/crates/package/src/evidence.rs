//! The bytes behind the events: excerpts, their proofs, and whole originals when they are asked for.
//!
//! Owns: `data/evidence`. Never touches: how a source is cut into entries (the material knows).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use witnessmark_model::Locator;

use crate::bag::Bag;
use crate::error::{PackageError, Result};
use crate::json;
use crate::material::{Material, SourceFacts};
use crate::population::{Census, Place};
use crate::tree::{self, Proof, Prover};
use crate::write::Steps;

/// With up to this many entries of a source each gets an audit path of its own; more are proved together.
const PATHS: usize = 1_000;

/// Reads every entry of the scope and keeps its leaf; writes the excerpts when `bag` is given.
pub(crate) fn leaves(
    material: &dyn Material,
    census: &mut Census,
    mut bag: Option<&mut Bag<'_>>,
    steps: &Steps<'_>,
) -> Result<()> {
    let of: u64 = census.places.values().map(|p| p.len() as u64).sum();
    let mut done = 0;
    let mut raw = Vec::new();
    let mut line = String::new();
    for (source, places) in &mut census.places {
        if let Some(bag) = &mut bag {
            bag.begin(&format!("data/evidence/excerpts/source-{source}.ndjson"))?;
        }
        for place in places {
            let at = Locator {
                source: *source,
                entry: place.entry,
                part: 1,
                line: place.line,
                offset: place.offset,
                length: place.length,
            };
            material.raw(&at, &mut raw)?;
            place.leaf = tree::leaf(&raw);
            if let Some(bag) = &mut bag {
                excerpt(place, &raw, &mut line);
                bag.push(line.as_bytes())?;
            }
            done += 1;
            steps.at("evidence", done, of)?;
        }
    }
    Ok(())
}

/// One line of an excerpt, canonical: the bytes as text where they are UTF-8, as base64 where they are not.
fn excerpt(place: &Place, raw: &[u8], line: &mut String) {
    use std::fmt::Write as _;
    line.clear();
    let text = std::str::from_utf8(raw);
    line.push('{');
    if text.is_err() {
        // Writing into a text cannot fail.
        let _ = write!(line, "\"base64\":\"{}\",", STANDARD.encode(raw));
    }
    let _ = write!(
        line,
        "\"entry\":{},\"leaf\":\"{}\",\"length\":{},\"line\":{},\"offset\":{}",
        place.entry,
        hex::encode(place.leaf),
        place.length,
        place.line,
        place.offset
    );
    if let Ok(text) = text {
        line.push_str(",\"text\":");
        json::text(text, line);
    }
    line.push_str("}\n");
}

/// Writes the proofs that the entries of the scope are in the trees recorded at import.
pub(crate) fn proofs(
    material: &dyn Material,
    census: &Census,
    bag: &mut Bag<'_>,
    steps: &Steps<'_>,
) -> Result<()> {
    bag.begin("data/evidence/proofs.ndjson")?;
    for (source, places) in &census.places {
        let Some(facts) = material.facts().sources.iter().find(|s| s.id == *source) else {
            let message = format!("an event names source {source}, which the case does not list");
            return Err(PackageError::Inconsistent(message));
        };
        let shown: Vec<u64> = places.iter().map(|p| p.entry).collect();
        let mut prover = Prover::new(&shown, PATHS);
        let mut expected = places.iter().peekable();
        let mut entry = 0;
        let mut differs = None;
        let mut stop = Ok(());
        material.leaves(*source, &mut |leaf| {
            entry += 1;
            if let Some(place) = expected.next_if(|p| p.entry == entry)
                && place.leaf != leaf
            {
                differs.get_or_insert(entry);
            }
            prover.push(leaf);
            if stop.is_ok() {
                stop = steps.at("proofs", entry, facts.entries);
            }
        })?;
        stop?;
        let (entries, root, proof) = prover.end();
        if differs.is_some() || hex::encode(root) != facts.merkle_root || entries != facts.entries {
            return Err(PackageError::Inconsistent(format!(
                "the entries of source {source} ({}) are not those of its import: the tree over them has another root{}",
                facts.name,
                differs.map_or(String::new(), |e| format!(
                    ", and entry {e} has other bytes"
                ))
            )));
        }
        write_proof(facts, shown.len(), &proof, bag)?;
    }
    Ok(())
}

fn write_proof(facts: &SourceFacts, shown: usize, proof: &Proof, bag: &mut Bag<'_>) -> Result<()> {
    let mut push = |value| {
        let line = json::canonical(&value) + "\n";
        bag.push(line.as_bytes())
    };
    push(json!({
        "kind": "tree", "source": facts.id, "entries": facts.entries, "root": facts.merkle_root, "shown": shown,
    }))?;
    match proof {
        Proof::Paths(paths) => {
            for (entry, path) in paths {
                let path: Vec<String> = path.iter().map(hex::encode).collect();
                push(json!({"kind": "path", "source": facts.id, "entry": entry, "path": path}))?;
            }
        }
        Proof::Covers(covers) => {
            for cover in covers {
                push(json!({
                    "kind": "cover", "source": facts.id, "first": cover.first, "count": cover.count,
                    "hash": hex::encode(cover.hash),
                }))?;
            }
        }
    }
    Ok(())
}

/// The name of a whole original in the package.
pub(crate) fn original_name(facts: &SourceFacts) -> String {
    let extension = facts
        .name
        .rsplit_once('.')
        .map(|(_, e)| e.to_ascii_lowercase())
        .filter(|e| (1..=8).contains(&e.len()) && e.bytes().all(|b| b.is_ascii_alphanumeric()));
    format!(
        "data/evidence/{}.{}",
        facts.sha256,
        extension.as_deref().unwrap_or("bin")
    )
}

/// Writes whole originals of the sources that the scope touches, each content once.
pub(crate) fn originals(
    material: &dyn Material,
    census: &Census,
    bag: &mut Bag<'_>,
    steps: &Steps<'_>,
) -> Result<()> {
    let mut written = std::collections::BTreeSet::new();
    for facts in &material.facts().sources {
        if census.places.contains_key(&facts.id) && written.insert(&facts.sha256) {
            bag.begin(&original_name(facts))?;
            let mut out = bag.writer();
            let done = material.original(facts.id, &mut out);
            out.end(done)?;
            steps.at("originals", written.len() as u64, 0)?;
        }
    }
    Ok(())
}
