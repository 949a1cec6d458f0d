//! User agents in words: client and system with versions, and the device, of one event and of many.
//!
//! Owns: what is said of a user agent beside the client and system that an event was stored with. Never touches: these
//! (filters count them), how a user agent is read (`enrich`).

use witnessmark_enrich::agent;
use witnessmark_ingest::mapping::client_and_system;
use witnessmark_lens::to_text;
use witnessmark_model::{Event, Field, Zone};

use crate::api::{AgentPart, AgentsReport};
use crate::case::Case;
use crate::drill::is;
use crate::error::Result;

/// The user agent of an event in words; absent when nothing in it is known.
pub(crate) fn in_words(event: &Event) -> Option<String> {
    let original = event.get(Field::UserAgentOriginal)?;
    let name = event.get(Field::UserAgentName);
    agent::in_words(original, name, event.get(Field::UserAgentOs))
}

impl Case {
    /// The user agents among the events that match, most frequent first, each in words. Counts are exact.
    pub fn agents(&self, query: &str, zone: &Zone, limit: usize) -> Result<AgentsReport> {
        let answer = self.answer(query, zone)?;
        let found = self.facets_of(&answer, &[Field::UserAgentOriginal], limit)?;
        let facet = found.fields.into_iter().next();
        let Some(facet) = facet else {
            return Ok(AgentsReport::default());
        };
        let agents = facet.values.into_iter().map(|value| {
            let (name, os) = client_and_system(&value.value);
            let said = agent::beside(&value.value, name, os);
            AgentPart {
                text: agent::in_words(&value.value, name, os),
                device: said.device,
                filter: to_text(&is(Field::UserAgentOriginal, &value.value)),
                events: value.count,
                original: value.value,
            }
        });
        Ok(AgentsReport {
            agents: agents.collect(),
            distinct: facet.distinct,
            absent: facet.absent,
        })
    }
}
