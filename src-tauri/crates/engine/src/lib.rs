//! The facade that every front end uses: cases, imports, views, and what they tell.
//!
//! Owns: the order of work between readers and the case file, and the plain types in [`api`].
//! Never touches: Tauri, stdout, the environment, the clock or randomness (they are passed in).
//! Read next: [`api`] for what comes out, [`Error`] for what can go wrong, [`Case`] for what can be done.

mod agents;
pub mod api;
mod case;
mod checklist;
mod choices;
mod clock_text;
mod complete;
mod context;
mod custody_words;
mod detail;
mod disclose;
mod drill;
mod entries;
mod error;
mod export;
mod failures;
mod feed;
mod findings;
mod folder;
mod glance;
mod guard;
mod import;
mod input;
mod inspect;
mod kept;
mod keys;
mod lens;
mod mapping;
mod members;
mod missing;
mod notes;
mod numbers;
mod own_entries;
mod package;
mod packed_review;
mod preview;
mod profile_folder;
mod profiles;
mod pull;
mod queue;
mod rejects;
mod revise;
mod rows;
mod rules;
mod saved;
mod schedule;
mod search;
mod setting;
mod sql;
mod streams;
mod trial;
mod verdicts;
mod verify;
mod views;
mod writer;

use witnessmark_model::visible;

pub use case::Case;
pub use checklist::{SubjectChoice, checklist_check, checklist_text};
pub use clock_text::local_time;
pub use context::Reach;
pub use drill::{
    ActorSort, ActorsWanted, FirstSeen, RecordOf, RecordsWanted, SessionOf, SessionOrder,
    SigninShow, Signins,
};
pub use error::{Code, Error, Result, Where};
pub use export::{ExportRequest, TextFormat};
pub use findings::DetectChoices;
pub use folder::part_file;
pub use guard::change_passphrase;
pub use input::Input;
pub use inspect::inspect;
pub use keys::KeyRing;
pub use mapping::MappingWanted;
pub use numbers::{EachEntry, FacetPick, Order};
pub use profile_folder::{FileNames, ProfileFolder};
pub use profiles::{profile_draft, profile_id, profile_test, profile_text, profiles};
pub use pull::{Connectors, PullSecret, PullTarget, pull_target};
pub use rules::RuleFiles;
pub use schedule::Schedule;
pub use setting::{Randomness, ReadList, Setting};
pub use sql::SqlLimits;
pub use verdicts::{Suppression, VERDICTS};
pub use verify::{VerifyOptions, verify};
pub use views::Sort;
pub use witnessmark_export::{EventWriter, Format, line as json_line, spreadsheet_safe};
pub use witnessmark_model::visible::{is_hidden, visible, visible_bytes};
pub use witnessmark_model::{Change, Event, Field, Instant, Target, Zone};
pub use witnessmark_package::{KeyError, SigningKey, make_key, public_key_text};
pub use witnessmark_store::query::SqlCell;
