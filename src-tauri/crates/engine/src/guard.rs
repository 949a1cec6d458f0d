//! Protecting a case: its passphrase, a copy of it, the check of its own file, and the record of its being opened.
//!
//! Owns: the order of those with the custody log. Never touches: encryption (the store does it), the checks (verify).

use std::path::Path;

use serde_json::json;
use witnessmark_store as store;

use crate::api::VerifyReport;
use crate::case::{Case, stamp};
use crate::error::Result;
use crate::setting::Setting;
use crate::verify::{VerifyOptions, shown, told};

/// Gives a case a first passphrase, another one, or none. Nobody may have the case open.
pub fn change_passphrase(
    path: &Path,
    old: Option<&str>,
    new: Option<&str>,
    setting: &Setting,
) -> Result<()> {
    Ok(store::change_passphrase(path, old, new, &stamp(setting))?)
}

impl Case {
    /// Records that a person opened the case.
    pub fn note_opened(&self) -> Result<()> {
        self.store.record(&self.stamp(), "open", &json!({}))?;
        Ok(())
    }

    /// Writes a complete copy, encrypted like this case, to a path where nothing is.
    pub fn save_copy(&self, to: &Path) -> Result<()> {
        Ok(self.store.save_copy(to, &self.stamp())?)
    }

    /// Checks this case, every original and every column, and records the outcome. An encrypted case needs its passphrase
    /// again: it is not kept.
    pub fn verify_self(&self, passphrase: Option<&str>) -> Result<VerifyReport> {
        let options = VerifyOptions {
            passphrase,
            ..VerifyOptions::default()
        };
        let report = witnessmark_verify::verify_open_case(self.path(), &options)
            .map_err(|error| told(self.path(), &error))?;
        let failed: Vec<&str> = report
            .layers
            .iter()
            .filter(|l| !l.ok)
            .map(|l| l.layer.as_str())
            .collect();
        let detail =
            json!({"ok": report.ok, "failed": failed, "custody_size": report.custody_size});
        self.store.record(&self.stamp(), "verify", &detail)?;
        Ok(shown(report))
    }
}
