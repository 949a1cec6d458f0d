//! What a person decided about one import, and what must be asked before one can begin.
//!
//! Owns: the words for decisions and questions. Never touches: sources.

use crate::times::DateOrder;
use witnessmark_model::Zone;

/// Decisions of a person; every one may be absent, and then the source and its profile decide, or a question is asked.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Id of the profile to use (`paymongo`, `paymongo@1`, `guess`), instead of the recognised one.
    pub profile: Option<String>,
    /// Zone for times that name none; it never overrides a zone that a text states.
    pub zone: Option<Zone>,
    /// Order of all-numeric dates.
    pub date_order: Option<DateOrder>,
    /// Encoding label of the WHATWG standard.
    pub encoding: Option<String>,
    /// Keys from the root of each JSON document to the list of its entries, where whoever fetched it knows them.
    pub path: Option<Vec<String>>,
    /// Whether the text is a sheet of a workbook, written by [`crate::container`] and not by a person.
    pub sheet: bool,
    /// Values to give to every event by field name, such as `organization.name` = `Example Store`.
    pub labels: Vec<(String, String)>,
}

/// Something only a person can decide; the import does not begin without the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// The times name no zone and the profile fixes none.
    ZoneRequired {
        /// A time as it stands in the source.
        example: String,
    },
    /// All-numeric dates of which nothing tells day from month.
    DateOrderRequired {
        /// Dates as they stand in the source.
        examples: Vec<String>,
    },
    /// No profile has the id that was chosen.
    UnknownProfile {
        /// What was asked for.
        wanted: String,
        /// The ids that there are.
        known: Vec<String>,
    },
    /// A label names no field of an event.
    UnknownLabel {
        /// The name.
        name: String,
    },
}

impl Question {
    /// The code that programs may rely on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ZoneRequired { .. } => "zone_required",
            Self::DateOrderRequired { .. } => "date_order_required",
            Self::UnknownProfile { .. } => "unknown_profile",
            Self::UnknownLabel { .. } => "unknown_label",
        }
    }

    /// One sentence for people.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::ZoneRequired { example } => {
                format!("the times name no zone, for example `{example}`")
            }
            Self::DateOrderRequired { examples } => format!(
                "nothing tells day from month in the dates, for example `{}`",
                examples.join("`, `")
            ),
            Self::UnknownProfile { wanted, .. } => format!("there is no profile `{wanted}`"),
            Self::UnknownLabel { name } => format!("`{name}` is no field that a label can fill"),
        }
    }

    /// What to do.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::ZoneRequired { .. } => {
                "say in which zone the exporter's clock stood, such as --zone Asia/Manila or --zone UTC".to_owned()
            }
            Self::DateOrderRequired { .. } => "say --date-order dmy, mdy or ymd".to_owned(),
            Self::UnknownProfile { known, .. } => format!("known profiles: {}", known.join(", ")),
            Self::UnknownLabel { .. } => {
                "use organization.name, organization.id, service.name or service.environment".to_owned()
            }
        }
    }
}
