//! Filters that people keep in the case under a name.
//!
//! Owns: what is kept of a filter, and its name being one of its own. Never touches: rows; the store keeps statements and
//! writes the custody log.

use serde::{Deserialize, Serialize};
use witnessmark_lens::fold;
use witnessmark_model::Zone;

use crate::api::{SavedView, SavedViewsReport};
use crate::case::Case;
use crate::error::{Code, Error, Result};
use crate::failures::internal;

/// Kind of these statements.
const KIND: &str = "view";
/// Longest name, in characters.
const LONGEST_NAME: usize = 80;

/// The value of such a statement.
#[derive(Serialize, Deserialize)]
struct Kept {
    name: String,
    query: String,
    #[serde(default)]
    suspended: Vec<String>,
    zone: String,
}

impl Case {
    /// The filters that were kept, by name.
    pub fn saved_views(&self) -> Result<SavedViewsReport> {
        let mut views = Vec::new();
        for statement in self.store.statements(Some(KIND), None)? {
            // One that a later version wrote in another shape stays in the file and is not listed.
            let Ok(kept) = serde_json::from_str::<Kept>(&statement.value) else {
                continue;
            };
            views.push(SavedView {
                id: statement.id,
                name: kept.name,
                query: kept.query,
                suspended: kept.suspended,
                zone: kept.zone,
                at: statement.at.rfc3339(),
                who: statement.who,
            });
        }
        views.sort_by(|a, b| fold(&a.name).cmp(&fold(&b.name)).then(a.id.cmp(&b.id)));
        Ok(SavedViewsReport { views })
    }

    /// Keeps a filter under a name. One of the same name is taken back: the custody log shows both. The filter must be a
    /// filter; pieces that are suspended are kept as they are.
    pub fn save_view(
        &self,
        name: &str,
        query: &str,
        suspended: &[String],
        zone: &Zone,
    ) -> Result<SavedView> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > LONGEST_NAME {
            return Err(Error::new(
                Code::InvalidOption,
                "a kept filter needs a name",
                format!("Give one of 1 to {LONGEST_NAME} characters."),
            ));
        }
        self.parse(query, zone)?;
        let kept = Kept {
            name: name.to_owned(),
            query: query.to_owned(),
            suspended: suspended.to_vec(),
            zone: zone.name(),
        };
        let value = serde_json::to_string(&kept).map_err(|e| internal(e.to_string()))?;
        let before = self.saved_views()?.views;
        let stamp = self.stamp();
        let id = self.store.state(&stamp, KIND, "", &value)?;
        for old in before.iter().filter(|v| fold(&v.name) == fold(name)) {
            self.store.take_back(&stamp, old.id)?;
        }
        self.saved_views()?
            .views
            .into_iter()
            .find(|v| v.id == id)
            .ok_or_else(|| internal("a filter that was kept is not listed"))
    }

    /// Takes a kept filter back.
    pub fn forget_view(&self, id: u64) -> Result<()> {
        if !self.saved_views()?.views.iter().any(|v| v.id == id) {
            return Err(Error::new(
                Code::NoSuchItem,
                format!("there is no kept filter {id}"),
                "It may have been removed already.",
            ));
        }
        Ok(self.store.take_back(&self.stamp(), id)?)
    }
}
