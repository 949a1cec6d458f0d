//! Which formats there are, and which one a file name means. Owns names and endings; never writes.

use std::path::Path;

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// For spreadsheets: every cell quoted, formulas made text.
    Csv,
    /// One JSON object a line, lossless: the shape of `events --json`.
    Ndjson,
    /// One JSON object a line in the Elastic Common Schema.
    Ecs,
    /// One JSON object a line in the Open Cybersecurity Schema Framework.
    Ocsf,
    /// Apache Parquet with typed columns.
    Parquet,
}

impl Format {
    /// Every format, the commonest first.
    pub const ALL: &'static [Self] = &[
        Self::Csv,
        Self::Ndjson,
        Self::Parquet,
        Self::Ecs,
        Self::Ocsf,
    ];

    /// The word in options and in the custody log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Ecs => "ecs",
            Self::Ocsf => "ocsf",
            Self::Parquet => "parquet",
        }
    }

    /// The format of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|f| f.as_str().eq_ignore_ascii_case(word))
    }

    /// The format that the ending of a file name means. `.json` is one JSON object a line, as `.ndjson` and `.jsonl` are:
    /// an array could not be read while it is written.
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match ending.as_str() {
            "csv" => Self::Csv,
            "json" | "ndjson" | "jsonl" => Self::Ndjson,
            "parquet" => Self::Parquet,
            _ => return None,
        })
    }

    /// Whether the format has a place for the entry as it stood in its source.
    #[must_use]
    pub const fn keeps_original(self) -> bool {
        matches!(self, Self::Ecs | Self::Ocsf)
    }
}
