//! The signature over the tag manifest.
//!
//! Owns: which key speaks, and that a signature was not simply taken away. Never touches: manifests' lines.

use minisign_verify::{PublicKey, Signature};

use crate::files::Files;
use crate::report::Layer;

const TAGS: &str = "tagmanifest-sha256.txt";
const SIGNATURE: &str = "tagmanifest-sha256.txt.minisig";
const SIGNER: &str = "keys/signer.pub";

/// What the signature says.
pub(crate) struct Signed {
    /// `valid`, `absent` or `wrong`.
    pub(crate) state: &'static str,
    pub(crate) signed_by: Option<String>,
    pub(crate) comment: Option<String>,
    pub(crate) layer: Layer,
}

fn wrong(detail: impl Into<String>) -> Signed {
    Signed {
        state: "wrong",
        signed_by: None,
        comment: None,
        layer: Layer::failed("signature", detail),
    }
}

/// A key given as its word or as the text of its file, with that word. It must be the only one there: a line after it could name
/// somebody else.
fn read_key(text: &str) -> Option<(PublicKey, String)> {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .collect();
    let word = match lines[..] {
        [word] => word,
        [comment, word] if comment.starts_with("untrusted comment:") => word,
        _ => return None,
    };
    Some((PublicKey::from_base64(word).ok()?, word.to_owned()))
}

pub(crate) fn check(files: &Files, key: Option<&str>) -> Signed {
    if !files.has(SIGNATURE) {
        if files.has(SIGNER) {
            return wrong("the package names a signer but its signature was taken away");
        }
        if key.is_some() {
            return wrong("a key was given, but the package is not signed");
        }
        return Signed {
            state: "absent",
            signed_by: None,
            comment: None,
            layer: Layer::held(
                "signature",
                "the package is not signed",
                "nothing: without a signature the other layers find accidents, not a person who changed files and manifests together",
                "who made the package",
            ),
        };
    }
    let own = files.text(SIGNER).ok();
    let Some(text) = key.map(str::to_owned).or_else(|| own.clone()) else {
        return wrong("the package has a signature but no key; give the signer's key with --key");
    };
    let Some((public, word)) = read_key(&text) else {
        return wrong("the key is no minisign public key");
    };
    let (signature, tags) = match (files.text(SIGNATURE), files.text(TAGS)) {
        (Ok(signature), Ok(tags)) => (signature, tags),
        (Err(why), _) | (_, Err(why)) => return wrong(why),
    };
    let mut lines = signature.split('\n');
    let begins = ["untrusted comment: ", "", "trusted comment: ", ""];
    let whole = begins
        .iter()
        .all(|begin| lines.next().is_some_and(|line| line.starts_with(begin)))
        && lines.eq([""]);
    if !whole {
        return wrong("the signature is not the four lines that minisign writes");
    }
    let Ok(signature) = Signature::decode(&signature) else {
        return wrong("the signature is no minisign signature");
    };
    // Legacy signatures are not accepted: they sign the text itself and old tools treat them otherwise.
    if let Err(error) = public.verify(tags.as_bytes(), &signature, false) {
        return wrong(format!(
            "the signature does not fit the tag manifest: {error}"
        ));
    }
    let comment = signature.trusted_comment().to_owned();
    let manifest = bound_manifest(&tags);
    if manifest.is_some_and(|hash| !comment.contains(&format!("package:{hash}"))) {
        return wrong("the trusted comment names another package than the tag manifest does");
    }
    let compared = if key.is_some() {
        "by the key that was given"
    } else {
        "by the key inside the package; compare it with the signer by another way"
    };
    Signed {
        state: "valid",
        layer: Layer::held(
            "signature",
            format!("{compared}: {word}"),
            "the tag manifest is the one that the holder of this key signed, and so is the trusted comment",
            "who holds the key (compare it by another way), when it was signed (the time in the comment is the signer's word), or that what was signed is true",
        ),
        signed_by: Some(word),
        comment: Some(comment),
    }
}

/// The hash of the manifest that the tag manifest names.
fn bound_manifest(tags: &str) -> Option<&str> {
    tags.lines()
        .find_map(|line| line.strip_suffix("  manifest-sha256.txt"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_that_is_named_is_the_one_that_was_used() {
        let word = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
        let file = format!("untrusted comment: minisign public key\n{word}\n");
        for text in [word, &format!(" {word}\n"), &file] {
            assert_eq!(read_key(text).unwrap().1, word);
        }
        for text in [&format!("{file}RWRsomebodyelse\n"), "", "no key"] {
            assert!(read_key(text).is_none(), "{text}");
        }
    }
}
