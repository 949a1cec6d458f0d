//! What a package would hold, before anything is written.
//!
//! Owns: the figures and examples for whoever decides. Never touches: the disk.

use std::ops::ControlFlow;

use witnessmark_model::{Field, Instant};
use witnessmark_package::{Policy, preview};

use crate::api::{
    CoverageGap, EffectPart, ExamplePart, FacetValue, PackageChoices, PackagePreview,
    PackageProgress,
};
use crate::case::Case;
use crate::error::Result;
use crate::package::{DAY, Scope, package_zone, told};
use crate::rows::{Marks, row};

/// Events that are shown before and after redaction.
const EXAMPLES: usize = 3;
/// Gaps that are listed for each source.
const GAPS: usize = 8;

impl Case {
    /// Counts the scope, the days without events, and what a policy would hide. `tell` is asked whether to go on.
    pub fn package_preview(
        &self,
        choices: &PackageChoices,
        tell: &mut dyn FnMut(&PackageProgress) -> ControlFlow<()>,
    ) -> Result<PackagePreview> {
        let zone = package_zone(choices)?;
        let answer = self.answer(&choices.query, &zone)?;
        let by_profile = self.facets_of(&answer, &[Field::Profile], 50)?;
        let systems = by_profile.fields.into_iter().flat_map(|f| f.values);
        let systems = systems.map(|v| {
            let title = self.library().find(&v.value).map(|p| p.title.clone());
            FacetValue {
                value: title.unwrap_or_else(|| v.value.clone()),
                ..v
            }
        });
        let facts = self.package_facts(&choices.query, &zone, choices.redact.is_some())?;
        let mut gaps = Vec::new();
        for source in &facts.sources {
            let mut of_source: Vec<CoverageGap> = source
                .days
                .windows(2)
                .filter(|w| w[1].day - w[0].day > 1)
                .map(|w| CoverageGap {
                    source: source.id,
                    name: source.title.clone(),
                    from: day(w[0].day + 1),
                    to: day(w[1].day - 1),
                    days: (w[1].day - w[0].day - 1) as u64,
                })
                .collect();
            of_source.sort_by_key(|gap| std::cmp::Reverse(gap.days));
            of_source.truncate(GAPS);
            gaps.extend(of_source);
        }
        let total = facts.events;
        let marks = facts.notes.len() as u64;
        let notes = (self.notes("", &[])?.notes.len() as u64).saturating_sub(marks);
        let (mut effects, mut examples) = (Vec::new(), Vec::new());
        if let Some(text) = &choices.redact {
            let policy = Policy::read(text).map_err(told)?;
            let scope = Scope::new(self, facts, &choices.query, zone, tell);
            let (found, pairs) = preview(&scope, &policy, EXAMPLES).map_err(told)?;
            effects.extend(found.into_iter().map(|e| EffectPart {
                what: e.what,
                act: e.act.to_owned(),
                places: e.places,
                values: e.values,
                before: e.example.as_ref().map(|x| x.0.clone()),
                after: e.example.map(|x| x.1),
            }));
            let none = Marks::default();
            examples.extend(pairs.iter().map(|(before, after)| ExamplePart {
                before: row(before, &zone, &self.library(), &none),
                after: row(after, &zone, &self.library(), &none),
            }));
        }
        Ok(PackagePreview {
            events: answer.mask.len(),
            undated: answer.mask.undated(),
            total,
            systems: systems.collect(),
            gaps,
            marks,
            notes,
            effects,
            examples,
        })
    }
}

fn day(day: i64) -> String {
    let text = Instant(day.saturating_mul(DAY)).rfc3339();
    text.get(..10).unwrap_or(&text).to_owned()
}
