//! Count, facets, histogram and the stream of events under one filter.
//!
//! Owns: the answers of the commands of the same names. Never touches: how they are counted.

use std::ops::ControlFlow;

use witnessmark_lens::fold;
use witnessmark_model::{Event, Field, Instant, Zone};
use witnessmark_store::query::{self as q, HistogramSpec, RowRef, View};

use crate::api::{BinPart, CountReport, FacetPart, FacetValue, FacetsReport, HistogramReport};
use crate::case::Case;
use crate::clock_text::ticks;
use crate::error::{Code, Error, Result};
use crate::lens::Answer;

/// The order of a stream of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By event number.
    Number,
    /// Latest first, undated last.
    Newest,
    /// Earliest first, undated last.
    Oldest,
}

/// Which values of a field are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FacetPick<'a> {
    /// At most so many.
    pub limit: usize,
    /// The least frequent instead of the most frequent.
    pub rare: bool,
    /// Only values that contain this text, upper and lower case ignored; empty: all values.
    pub contains: &'a str,
    /// Whether to tell when each value was first and last seen.
    pub seen: bool,
}

/// More bins than this are a mistake, and would only cost memory.
const MOST_BINS: u32 = 100_000;
/// Values into which a bin is split.
const SPLIT: usize = 12;
/// Gives the rows from a rank on, at most so many.
type NextRows<'a> = dyn FnMut(u64, usize) -> Result<Vec<RowRef>> + 'a;

/// Takes an event and, where that was asked for, the bytes of its entry; a break ends the stream.
pub type EachEntry<'a> = dyn FnMut(&Event, Option<&[u8]>) -> ControlFlow<()> + 'a;

/// Events read at a time for a stream.
const STEP: usize = 512;

impl Case {
    /// How many events match.
    pub fn count(&self, query: &str, zone: &Zone) -> Result<CountReport> {
        let answer = self.answer(query, zone)?;
        Ok(CountReport {
            count: answer.mask.len(),
            undated: answer.mask.undated(),
        })
    }

    /// The values of fields among the events that match.
    pub fn facets(
        &self,
        query: &str,
        zone: &Zone,
        fields: &[String],
        limit: usize,
    ) -> Result<FacetsReport> {
        let pick = FacetPick {
            limit,
            ..FacetPick::default()
        };
        self.facets_picked(query, zone, fields, &pick)
    }

    /// The values of fields among the events that match: the most or the least frequent, of all or of those that contain
    /// a text, with the moments of their first and last event if wished. Counts are exact.
    pub fn facets_picked(
        &self,
        query: &str,
        zone: &Zone,
        fields: &[String],
        pick: &FacetPick<'_>,
    ) -> Result<FacetsReport> {
        let known: Vec<Option<Field>> = fields
            .iter()
            .map(|name| match raw_path(name) {
                Some(_) => Ok(None),
                None => field(name).map(Some),
            })
            .collect::<Result<_>>()?;
        let answer = self.answer(query, zone)?;
        let wanted = q::Pick {
            limit: pick.limit,
            rare: pick.rare,
            contains: fold(pick.contains).into_owned(),
        };
        let columns: Vec<Field> = known.iter().flatten().copied().collect();
        let mut parts = (self.facets_of(&answer, &columns, wanted.clone())?.fields).into_iter();
        let mut report = FacetsReport { fields: Vec::new() };
        for (name, known) in fields.iter().zip(known) {
            let part = match (known, raw_path(name)) {
                (Some(field), _) => parts.next().map(|mut part| {
                    let seen = if pick.seen {
                        self.see(&answer, field, &mut part)
                    } else {
                        Ok(())
                    };
                    seen.map(|()| part)
                }),
                (None, Some(path)) => Some(self.path_part(&answer, name, &path, &wanted)),
                (None, None) => None,
            };
            report.fields.extend(part.transpose()?);
        }
        Ok(report)
    }

    /// The values at a path of the raw entries; their first and last moments are not looked for.
    fn path_part(
        &self,
        answer: &Answer,
        name: &str,
        path: &[String],
        pick: &q::Pick,
    ) -> Result<FacetPart> {
        let found =
            self.query(&answer.snapshot)
                .path_facet(&answer.mask, path, pick, &self.terms)?;
        Ok(FacetPart {
            field: name.to_owned(),
            distinct: found.distinct,
            absent: found.absent,
            found: (!pick.contains.is_empty()).then_some(found.found),
            values: found.values.into_iter().map(FacetValue::from).collect(),
        })
    }

    /// Adds to each value when it was first and last seen.
    fn see(&self, answer: &Answer, field: Field, part: &mut FacetPart) -> Result<()> {
        let values: Vec<String> = part.values.iter().map(|v| v.value.clone()).collect();
        let seen = self
            .query(&answer.snapshot)
            .seen(&answer.mask, field, &values)?;
        for (value, seen) in part.values.iter_mut().zip(seen) {
            value.first = seen.map(|(first, _)| first.rfc3339());
            value.last = seen.map(|(_, last)| last.rfc3339());
        }
        Ok(())
    }

    /// Events over time.
    pub fn histogram(
        &self,
        query: &str,
        zone: &Zone,
        bins: u32,
        by: Option<&str>,
    ) -> Result<HistogramReport> {
        let answer = self.answer(query, zone)?;
        let mut report = self.histogram_of(&answer, zone, bins, by, None, None)?;
        if let Some(by) = by {
            let pick = q::Pick {
                limit: SPLIT,
                ..q::Pick::default()
            };
            let facet = self.facets_of(&answer, &[field(by)?], pick)?;
            report.distinct = facet.fields.first().map(|field| field.distinct);
        }
        Ok(report)
    }

    pub(crate) fn facets_of(
        &self,
        answer: &Answer,
        fields: &[Field],
        pick: impl Into<q::Pick>,
    ) -> Result<FacetsReport> {
        let pick = pick.into();
        let asked = !pick.contains.is_empty();
        let found = self
            .query(&answer.snapshot)
            .facets(&answer.mask, fields, pick)?;
        let fields = found.into_iter().map(|facet| FacetPart {
            field: facet.field.name().to_owned(),
            distinct: facet.distinct,
            absent: facet.absent,
            found: asked.then_some(facet.found),
            values: facet.values.into_iter().map(FacetValue::from).collect(),
        });
        Ok(FacetsReport {
            fields: fields.collect(),
        })
    }

    pub(crate) fn histogram_of(
        &self,
        answer: &Answer,
        zone: &Zone,
        bins: u32,
        by: Option<&str>,
        from: Option<Instant>,
        to: Option<Instant>,
    ) -> Result<HistogramReport> {
        if bins == 0 || bins > MOST_BINS {
            let message = format!("{bins} is no number of intervals");
            return Err(Error::new(
                Code::InvalidOption,
                message,
                format!("Choose 1 to {MOST_BINS}."),
            ));
        }
        let by = by.map(field).transpose()?;
        let spec = HistogramSpec {
            from,
            to,
            bins: bins as usize,
            by,
            values: SPLIT,
        };
        let found = self
            .query(&answer.snapshot)
            .histogram(&answer.mask, &spec)?;
        let marks = match (found.from, found.to) {
            (Some(from), Some(to)) => ticks(from, to, zone),
            _ => Vec::new(),
        };
        Ok(HistogramReport {
            from: found.from.map(Instant::rfc3339),
            to: found.to.map(Instant::rfc3339),
            bins: found.bins.into_iter().map(BinPart::from).collect(),
            undated: found.undated,
            outside: found.outside,
            ticks: marks,
            distinct: None,
        })
    }

    /// Hands every matching event to `each`, in order, until it breaks or `limit` is reached. Memory does not grow with
    /// the number of events.
    pub fn each_event(
        &self,
        query: &str,
        zone: &Zone,
        order: Order,
        limit: Option<u64>,
        each: &mut dyn FnMut(&Event) -> ControlFlow<()>,
    ) -> Result<()> {
        self.each_entry(query, zone, order, limit, false, &mut |event, _| {
            each(event)
        })
    }

    /// As [`Case::each_event`], and with `originals` also the event's entry: as UTF-8 where it is text in the encoding of its
    /// source, else the bytes as they stand there.
    pub fn each_entry(
        &self,
        query: &str,
        zone: &Zone,
        order: Order,
        limit: Option<u64>,
        originals: bool,
        each: &mut EachEntry<'_>,
    ) -> Result<()> {
        let answer = self.answer(query, zone)?;
        let wanted = limit.unwrap_or(u64::MAX).min(answer.mask.len());
        let query = self.query(&answer.snapshot);
        let mut next: Box<NextRows<'_>> = match order {
            Order::Number => {
                let mut rows = query.sequence(&answer.mask)?;
                let answer = answer.clone();
                Box::new(move |_, len| Ok(rows.next(&query, &answer.mask, len)?))
            }
            Order::Newest | Order::Oldest => {
                let order = if order == Order::Newest {
                    q::Order::Newest
                } else {
                    q::Order::Oldest
                };
                let view = View::new(answer.snapshot.clone(), answer.mask.clone(), order);
                Box::new(move |first, len| Ok(view.rows(first, len)?))
            }
        };
        let (mut done, mut raw) = (0, Vec::new());
        while done < wanted {
            let len = usize::try_from(wanted - done).unwrap_or(STEP).min(STEP);
            let rows = next(done, len)?;
            if rows.is_empty() {
                break;
            }
            for event in query.events(&rows)? {
                if !originals {
                    if each(&event, None).is_break() {
                        return Ok(());
                    }
                    continue;
                }
                self.store.raw_into(&event.locator, &mut raw)?;
                // As text where it is one: the bytes of UTF-16 are text of another kind to whoever reads the output.
                let shape = query.facts.shape(event.locator.source)?;
                let text = query.facts.leaf_reader().text(&shape, &raw);
                let bytes = text.as_ref().map_or(&raw[..], |text| text.as_bytes());
                if each(&event, Some(bytes)).is_break() {
                    return Ok(());
                }
            }
            done += rows.len() as u64;
        }
        Ok(())
    }
}

/// The path of `raw.a.b`; a name that itself has dots is met by as many parts.
fn raw_path(name: &str) -> Option<Vec<String>> {
    let path = name.strip_prefix("raw.").filter(|path| !path.is_empty())?;
    Some(path.split('.').map(str::to_owned).collect())
}

/// The field of a name or alias.
pub(crate) fn field(name: &str) -> Result<Field> {
    Field::by_name(name).ok_or_else(|| {
        let hint = match name {
            "actor" | "user" => "Choose one of user.id, user.email, user.name.",
            "target" => "Choose one of target.type, target.id, target.name.",
            "org" => "Choose one of organization.id, organization.name.",
            _ => "The fields and their short names are listed in docs/filter-language.md.",
        };
        Error::new(Code::InvalidOption, format!("`{name}` is no field"), hint)
    })
}

impl From<q::FacetValue> for FacetValue {
    fn from(v: q::FacetValue) -> Self {
        Self {
            value: v.value,
            count: v.count,
            first: None,
            last: None,
        }
    }
}

impl From<q::Bin> for BinPart {
    fn from(bin: q::Bin) -> Self {
        // Whole milliseconds that hold the bin: a fraction below a microsecond is lost in a number of this size, and with it
        // an event on the very end.
        Self {
            start: bin.start.rfc3339(),
            end: bin.end.rfc3339(),
            start_ms: bin.start.0.div_euclid(1_000_000) as f64,
            end_ms: -((-i128::from(bin.end.0)).div_euclid(1_000_000)) as f64,
            count: bin.count,
            split: bin
                .split
                .into_iter()
                .map(|(value, count)| FacetValue::from(q::FacetValue { value, count }))
                .collect(),
        }
    }
}
