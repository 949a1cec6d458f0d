//! The sample case: the sample exports of the repository, compiled in, imported like any other file.
//!
//! Owns: nothing but their table, which the build script writes from samples/manifest.json. Never touches: how they are read.

use std::ops::ControlFlow;

use witnessmark_engine::api::{CaseSummary, ImportChoices};
use witnessmark_engine::{Input, Result};

use crate::commands::zone;
use crate::state::Desk;

/// Zone in which the story of the samples is told (samples/README.md).
const ZONE: &str = "Asia/Manila";
/// Name of the sample case.
const NAME: &str = "Sample case";

struct Sample {
    name: &'static str,
    zone: Option<&'static str>,
    profile: Option<&'static str>,
    labels: &'static [&'static str],
    bytes: &'static [u8],
}

static SAMPLES: &[Sample] = include!(concat!(env!("OUT_DIR"), "/samples.rs"));

/// Makes the sample case and opens it. An earlier one is left as it is: a person may have worked in it.
pub(crate) fn make(desk: &Desk) -> Result<CaseSummary> {
    let path = desk.places.new_case(NAME)?;
    desk.create(&path, NAME, None, &zone(ZONE)?)?;
    let case = desk.case()?;
    for sample in SAMPLES {
        let choices = ImportChoices {
            profile: sample.profile.map(str::to_owned),
            zone: sample.zone.map(str::to_owned),
            labels: sample
                .labels
                .iter()
                .map(|&label| label.to_owned())
                .collect(),
            ..ImportChoices::default()
        };
        let input = Input::Stream {
            name: sample.name.to_owned(),
            reader: Box::new(sample.bytes),
        };
        case.import(vec![input], &choices, &mut |_| ControlFlow::Continue(()))?;
    }
    let summary = case.summary()?;
    desk.refresh(&summary)?;
    Ok(summary)
}
