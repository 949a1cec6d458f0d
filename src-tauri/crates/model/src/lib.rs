//! The vocabulary of Witnessmark: what an event is made of, in the field's standard terms.
//!
//! Owns: fields, events, instants and zones, locators, problems, the batch in which a reader hands events to a writer, and
//! the plain rules by which actors, sign-ins and sessions are compared ([`actor`], [`baseline`], [`idle`], [`geo`], [`unsaid`], [`weight`]).
//! Never touches: files, SQL, the clock, the network.
//! Read next: [`field`] for the names, [`event`] for the shape every front end sees, [`batch`] for the hot path.

pub mod actor;
pub mod baseline;
pub mod batch;
pub mod event;
pub mod field;
pub mod geo;
pub mod idle;
pub mod leaves;
pub mod locator;
pub mod mark;
pub mod mixed;
pub mod problem;
pub mod time;
pub mod unsaid;
pub mod verbs;
pub mod visible;
pub mod weight;

pub use actor::{ActorParts, IdentityKey, IdentityKind};
pub use batch::{Batch, Cell, Column, Row};
pub use event::{Attestation, Change, ChangeKind, Event, Target};
pub use field::{Field, Group};
pub use leaves::{LeafReader, SourceShape};
pub use locator::Locator;
pub use mark::Mark;
pub use problem::{Flag, RejectCode};
pub use time::{Instant, Zone};
