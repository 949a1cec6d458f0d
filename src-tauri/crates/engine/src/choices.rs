//! The choices of one import, in the readers' own types.
//!
//! Owns: what a zone, an order of dates and a label may be called. Never touches: bytes, the case file.

use witnessmark_ingest::options::Options;
use witnessmark_ingest::times::DateOrder;
use witnessmark_model::Zone;

use crate::api::ImportChoices;
use crate::error::{Code, Error, Result};

/// The choices in the readers' types.
pub(crate) fn options(choices: &ImportChoices) -> Result<Options> {
    let zone = choices.zone.as_deref().map(|name| {
        Zone::parse(name).ok_or_else(|| {
            let hint = "Write an IANA name such as Asia/Manila, or an offset such as +08:00.";
            Error::new(
                Code::InvalidOption,
                format!("`{name}` is no time zone"),
                hint,
            )
        })
    });
    let order = choices.date_order.as_deref().map(|word| {
        DateOrder::parse(word).ok_or_else(|| {
            Error::new(
                Code::InvalidOption,
                format!("`{word}` is no order of dates"),
                "Write dmy, mdy or ymd.",
            )
        })
    });
    let labels = choices
        .labels
        .iter()
        .map(|label| match label.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => {
                Ok((key.trim().to_owned(), value.to_owned()))
            }
            _ => Err(Error::new(
                Code::InvalidOption,
                format!("the label `{label}` has no `=`"),
                "Write field=value, such as organization.name=Acme.",
            )),
        });
    Ok(Options {
        profile: choices.profile.clone(),
        zone: zone.transpose()?,
        date_order: order.transpose()?,
        encoding: choices.encoding.clone(),
        path: choices.path.clone(),
        sheet: false,
        labels: labels.collect::<Result<_>>()?,
    })
}
