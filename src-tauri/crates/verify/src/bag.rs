//! The bag: manifests complete and exact, no file too few, none too many, every hash.
//!
//! Owns: RFC 8493, read strictly. Never touches: what the payload says.

use std::collections::BTreeMap;
use std::io::Read;

use sha2::{Digest, Sha256};

use crate::files::Files;
use crate::names;
use crate::report::Layer;
use crate::tree::{self, Hash};

/// Faults of one kind that are told.
const TOLD: usize = 8;

/// What the manifests say.
pub(crate) struct Bag {
    /// Hash of every file that one of the manifests lists.
    pub(crate) listed: BTreeMap<String, Hash>,
    /// SHA-256 of the tag manifest, hex.
    pub(crate) binds: Option<String>,
    /// Bytes and files of the payload, as `bag-info.txt` states them.
    oxum: Option<(u64, u64)>,
    pub(crate) layer: Layer,
}

pub(crate) fn told(mut faults: Vec<String>) -> String {
    let more = faults.len().saturating_sub(TOLD);
    faults.truncate(TOLD);
    if more > 0 {
        faults.push(format!("and {more} more"));
    }
    faults.join("; ")
}

fn manifest(
    files: &Files,
    name: &str,
    payload: bool,
    listed: &mut BTreeMap<String, Hash>,
    faults: &mut Vec<String>,
) {
    let text = match files.text(name) {
        Ok(text) => text,
        Err(why) => return faults.push(why),
    };
    for (at, line) in text.lines().enumerate() {
        let parts = line.split_once("  ");
        let parsed = parts.and_then(|(hash, file)| Some((tree::hash(hash)?, file)));
        let Some((hash, file)) = parsed else {
            faults.push(format!("`{name}` line {} is no manifest line", at + 1));
            continue;
        };
        if file.starts_with("data/") != payload {
            faults.push(format!(
                "`{name}` lists `{file}`, which belongs to the other manifest"
            ));
        } else if listed.insert(file.to_owned(), hash).is_some() {
            faults.push(format!("`{file}` is listed twice"));
        }
        if !files.has(file) {
            faults.push(format!("`{file}` is listed and missing"));
        }
    }
}

pub(crate) fn check(files: &Files) -> Bag {
    let mut faults = files.faults.clone();
    let mut listed = BTreeMap::new();
    if files.text("bagit.txt").ok().as_deref()
        != Some("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    {
        faults.push("`bagit.txt` is missing or is not that of BagIt 1.0".to_owned());
    }
    manifest(files, "manifest-sha256.txt", true, &mut listed, &mut faults);
    manifest(
        files,
        "tagmanifest-sha256.txt",
        false,
        &mut listed,
        &mut faults,
    );
    for needed in [
        "bagit.txt",
        "bag-info.txt",
        "manifest-sha256.txt",
        "README.txt",
    ] {
        if !listed.contains_key(needed) {
            faults.push(format!("the tag manifest does not list `{needed}`"));
        }
    }
    for needed in names::ALWAYS {
        if !listed.contains_key(*needed) {
            faults.push(format!("the manifest does not list `{needed}`"));
        }
    }
    for name in files.names() {
        if !names::may_hold(name) {
            faults.push(format!("`{name}` is no file of a package"));
        }
        let sealing = name == "tagmanifest-sha256.txt" || name == "tagmanifest-sha256.txt.minisig";
        if !sealing && !listed.contains_key(name) {
            faults.push(format!("`{name}` is in the package and in no manifest"));
        }
    }
    let info = files.text("bag-info.txt").unwrap_or_default();
    let oxum = info
        .lines()
        .find_map(|l| l.strip_prefix("Payload-Oxum: "))
        .and_then(|value| {
            let (bytes, count) = value.split_once('.')?;
            Some((bytes.parse().ok()?, count.parse().ok()?))
        });
    if oxum.is_none() {
        faults.push("`bag-info.txt` states no Payload-Oxum".to_owned());
    }
    let binds = files
        .text("tagmanifest-sha256.txt")
        .ok()
        .map(|text| hex::encode(Sha256::digest(text)));
    let layer = if faults.is_empty() {
        Layer::held(
            "completeness",
            format!("{} files, each in one manifest", listed.len()),
            "the package holds exactly the files that its manifests list, and none that the format does not name",
            "that the manifests are those of its maker: the signature does",
        )
    } else {
        Layer::failed("completeness", told(faults))
    };
    Bag {
        listed,
        binds,
        oxum,
        layer,
    }
}

/// Hashes every listed file.
pub(crate) fn hashes(files: &Files, bag: &Bag) -> Layer {
    let mut faults = Vec::new();
    let (mut bytes, mut payload) = (0_u64, 0_u64);
    let mut total = 0_u64;
    let mut buffer = vec![0; 256 << 10];
    for (name, expected) in &bag.listed {
        let found = files.with(name, |read| hash(read, &mut buffer));
        match found {
            Ok((found, length)) => {
                total += length;
                if name.starts_with("data/") {
                    bytes += length;
                    payload += 1;
                }
                if found != *expected {
                    faults.push(format!("`{name}` was changed"));
                }
            }
            Err(error) => faults.push(format!("`{name}`: {error}")),
        }
    }
    if let Some(stated) = bag.oxum
        && stated != (bytes, payload)
    {
        faults.push(format!(
            "the payload is {payload} files of {bytes} bytes, `bag-info.txt` states {} of {}",
            stated.1, stated.0
        ));
    }
    if faults.is_empty() && !bag.listed.is_empty() {
        Layer::held(
            "files",
            format!("{} files, {total} bytes", bag.listed.len()),
            "every listed file has the SHA-256 that its manifest states",
            "that the manifests are those of its maker: the signature does",
        )
    } else {
        faults.extend(
            bag.listed
                .is_empty()
                .then(|| "no file is listed".to_owned()),
        );
        Layer::failed("files", told(faults))
    }
}

fn hash(read: &mut dyn Read, buffer: &mut [u8]) -> std::io::Result<(Hash, u64)> {
    let mut hash = Sha256::new();
    let mut length = 0;
    loop {
        match read.read(buffer)? {
            0 => return Ok((hash.finalize().into(), length)),
            n => {
                hash.update(&buffer[..n]);
                length += n as u64;
            }
        }
    }
}
