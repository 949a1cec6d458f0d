//! Writes a made-up export for the benchmarks: `make_export csv|ndjson|records|threats ROWS FILE`.

use std::io::{BufWriter, Write};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<_> = std::env::args().collect();
    let [_, kind, rows, path] = args.as_slice() else {
        return Err("make_export csv|ndjson|records|threats ROWS FILE".into());
    };
    let mut out = BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?);
    match kind.as_str() {
        "csv" => witnessmark_tests::generate::csv(rows.parse()?, 1, &mut out)?,
        "threats" => witnessmark_tests::generate::threats(rows.parse()?, 1, &mut out)?,
        "records" => witnessmark_tests::generate::records(rows.parse()?, 1, &mut out)?,
        _ => witnessmark_tests::generate::ndjson(rows.parse()?, 1, &mut out)?,
    }
    Ok(out.flush()?)
}
