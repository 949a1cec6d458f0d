//! The folder of real exports.
//!
//! Owns: which files are what. Never touches: what is in them.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// One export with what independent parsers found in it.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) shape: String,
    pub(crate) entries: u64,
    /// One for each entry; null where nobody says anything.
    pub(crate) expected: Vec<Value>,
}

impl Case {
    /// Whether it is lines of text, of which nobody says how many entries they are.
    pub(crate) fn is_text(&self) -> bool {
        self.shape.starts_with("text")
    }
}

pub(crate) struct Corpus(PathBuf);

impl Corpus {
    /// The folder that the environment names; absent when it names none.
    pub(crate) fn open() -> Option<Self> {
        std::env::var_os("WITNESSMARK_CORPUS").map(|path| Self(path.into()))
    }

    /// The cases by system.
    pub(crate) fn systems(&self) -> BTreeMap<String, Vec<Case>> {
        let index = std::fs::read(self.0.join("index.json")).unwrap();
        let index: Value = serde_json::from_slice(&index).unwrap();
        let only = std::env::var("WITNESSMARK_CONFORMANCE_ONLY").ok();
        let mut out: BTreeMap<String, Vec<Case>> = BTreeMap::new();
        for case in index["cases"].as_array().unwrap() {
            let text = |key: &str| case[key].as_str().unwrap().to_owned();
            let (system, file) = (text("system"), text("case"));
            if only
                .as_ref()
                .is_some_and(|o| !o.split(',').any(|o| o == system))
            {
                continue;
            }
            let folder = self.0.join(&system);
            let Ok(bytes) = std::fs::read(folder.join(format!("{file}.raw"))) else {
                continue;
            };
            let expected = std::fs::read(folder.join(format!("{file}.expected.json")))
                .ok()
                .and_then(|bytes| serde_json::from_slice::<Vec<Value>>(&bytes).ok())
                .unwrap_or_default();
            out.entry(system.clone()).or_default().push(Case {
                name: format!("{system}/{file}"),
                bytes,
                shape: text("shape"),
                entries: case["events"].as_u64().unwrap(),
                expected,
            });
        }
        out
    }

    /// Events that rules are tested with; nobody says what their fields are.
    pub(crate) fn unlabelled(&self) -> Vec<Case> {
        let Ok(folders) = std::fs::read_dir(self.0.join("panther")) else {
            return Vec::new();
        };
        let mut out: Vec<Case> = folders
            .filter_map(|folder| {
                let folder = folder.unwrap();
                let bytes = std::fs::read(folder.path().join("_events.ndjson")).ok()?;
                Some(Case {
                    name: folder.file_name().into_string().unwrap(),
                    entries: bytes
                        .split(|b| *b == b'\n')
                        .filter(|line| !line.trim_ascii().is_empty())
                        .count() as u64,
                    bytes,
                    shape: "ndjson".to_owned(),
                    expected: Vec::new(),
                })
            })
            .collect();
        out.sort_by(|a, b| a.name.cmp(&b.name));
        out
    }
}
