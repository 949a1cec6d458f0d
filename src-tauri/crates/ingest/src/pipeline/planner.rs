//! The planner that knows profiles.
//!
//! Owns: the way from a sample to a mapper. Never touches: how profiles are recognised, how entries are mapped.

use super::sink::{EntryMap, Planned, Planner};
use crate::entry::Entry;
use crate::mapping::{IdentityKey, Mapper};
use crate::options::{Options, Question};
use crate::profile::Library;
use crate::recognise;
use crate::times::ZoneBasis;
use witnessmark_model::{Batch, Instant, RejectCode, SourceShape};

/// Recognises sources by a library of profiles.
#[derive(Clone, Copy, Debug)]
pub struct Profiles<'a> {
    /// Decisions of a person.
    pub options: &'a Options,
    /// The profiles.
    pub library: &'a Library,
    /// Key of the case's hashes.
    pub keys: IdentityKey,
    /// The moment of import.
    pub now: Instant,
}

impl Planner for Profiles<'_> {
    fn plan(
        &self,
        sample: &[Entry<'_>],
        _name: &str,
        _shape: &SourceShape,
    ) -> Result<Planned, Question> {
        let plan = recognise::plan(sample, self.options, self.library)?;
        let zone = plan.planned.iter().find_map(|p| p.zone);
        Ok(Planned {
            profiles: plan.profiles(),
            texts: plan.texts(),
            confidence: plan.confidence(),
            zone: zone.map(|(zone, basis)| {
                let why = match basis {
                    ZoneBasis::Chosen => "chosen",
                    ZoneBasis::Vendor => "vendor",
                };
                format!("{} ({why})", zone.name())
            }),
            date_order: plan.date_order().map(str::to_owned),
            line_header: plan.line_header(),
            mapper: Box::new(Mapper::new(plan, self.keys, self.now)),
        })
    }

    fn knows_lines(&self, lines: &[&str]) -> bool {
        recognise::lines_known(lines.iter().copied(), self.library)
            || crate::guess::are_named_lines(lines)
    }
}

impl EntryMap for Mapper {
    fn map(&mut self, entry: &Entry<'_>, batch: &mut Batch) -> Result<(), (RejectCode, String)> {
        Mapper::map(self, entry, batch)
    }

    fn profiles(&self) -> Vec<String> {
        Mapper::profiles(self)
    }

    fn texts(&self) -> Vec<(String, String)> {
        Mapper::texts(self)
    }

    fn fork(&self) -> Option<Box<dyn EntryMap + Send>> {
        Mapper::fork(self).map(|fork| Box::new(fork) as Box<dyn EntryMap + Send>)
    }

    fn is_as_forked(&self) -> bool {
        Mapper::is_as_forked(self)
    }
}
