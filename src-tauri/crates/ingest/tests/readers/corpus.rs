//! Real exports, when the folder of `WITNESSMARK_CORPUS` is there: as many entries as independent parsers found, and no byte lost.

use crate::support::*;
use std::path::Path;
use witnessmark_ingest::Limits;
use witnessmark_ingest::options::Options;
use witnessmark_ingest::pipeline::{Input, InputReader, Profiles, Setup, run};

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

#[test]
fn real_exports_keep_their_sums_with_real_profiles() {
    let Ok(root) = std::env::var("WITNESSMARK_CORPUS") else {
        eprintln!("WITNESSMARK_CORPUS is not set: real exports were not mapped");
        return;
    };
    let library = witnessmark_ingest::profile::Library::builtin().unwrap();
    let options = Options {
        zone: witnessmark_model::Zone::parse("UTC"),
        date_order: witnessmark_ingest::times::DateOrder::parse("mdy"),
        ..Options::default()
    };
    let planner = Profiles {
        options: &options,
        library: &library,
        keys: witnessmark_ingest::mapping::IdentityKey([7; 16]),
        now: witnessmark_model::Instant(1_800_000_000_000_000_000),
    };
    let setup = Setup {
        options: &options,
        limits: Limits::default(),
        planner: &planner,
    };
    let mut mapped = 0;
    for folder in std::fs::read_dir(&root).unwrap() {
        let folder = folder.unwrap().path();
        let Ok(files) = std::fs::read_dir(&folder) else {
            continue;
        };
        for file in files {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|e| e != "raw") {
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let mut memory = Memory::default();
            let input = Input {
                name: path.display().to_string(),
                reader: InputReader::Seekable(Box::new(std::io::Cursor::new(bytes.clone()))),
            };
            let result = run(input, &setup, &mut memory);
            assert!(result.is_ok(), "{}: {result:?}", path.display());
            let seen = &memory.sources[0];
            assert_eq!(seen.bytes, bytes);
            let mut entries: Vec<u64> = seen.events.iter().map(|(at, _)| at.entry).collect();
            entries.dedup();
            assert_eq!(
                entries.len() + seen.rejects.len(),
                seen.end.entries as usize,
                "{}: entries = stored + rejected",
                path.display()
            );
            mapped += entries.len();
        }
    }
    eprintln!("{mapped} real entries mapped");
}
