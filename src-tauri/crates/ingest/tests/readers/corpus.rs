//! Real exports, when the folder of `WITNESSMARK_CORPUS` is there: as many entries as independent parsers found, and no byte lost.

use crate::support::*;
use std::path::Path;
use witnessmark_ingest::Limits;
use witnessmark_ingest::options::Options;

#[test]
fn real_exports_give_as_many_entries_as_their_oracles() {
    let Ok(root) = std::env::var("WITNESSMARK_CORPUS") else {
        eprintln!("WITNESSMARK_CORPUS is not set: real exports were not read");
        return;
    };
    let index = std::fs::read(Path::new(&root).join("index.json")).unwrap();
    let index: serde_json::Value = serde_json::from_slice(&index).unwrap();
    let (mut read, mut wrong) = (0, Vec::new());
    for case in index["cases"].as_array().unwrap() {
        let name = format!(
            "{}/{}",
            case["system"].as_str().unwrap(),
            case["case"].as_str().unwrap()
        );
        let Ok(bytes) = std::fs::read(Path::new(&root).join(format!("{name}.raw"))) else {
            continue;
        };
        let shape = case["shape"].as_str().unwrap();
        let expected = case["events"].as_u64().unwrap();
        match import_with(&bytes, &Options::default(), Limits::default(), 0) {
            Ok(memory) => {
                let seen = &memory.sources[0];
                assert_eq!(seen.bytes, bytes, "{name}");
                read += 1;
                if seen.end.entries != expected
                    || !seen.rejects.is_empty() && !shape.starts_with("text")
                {
                    wrong.push(format!(
                        "{name}: {shape} {expected} expected, {} entries, {} rejected as {}",
                        seen.end.entries,
                        seen.end.rejected,
                        seen.start.as_ref().unwrap().described
                    ));
                }
            }
            Err(error) => wrong.push(format!("{name}: {shape} {expected}: {error:?}")),
        }
    }
    eprintln!("{read} real exports read");
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
