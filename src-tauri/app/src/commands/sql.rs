//! Commands about SQL over the events. Owns nothing; adapters only.

use tauri::AppHandle;
use tauri_plugin_dialog::DialogExt as _;
use witnessmark_engine::api::SqlReport;
use witnessmark_engine::{Result, SqlLimits};

use super::{Shared, work};

/// Rows that the window is given at most; a file has no limit.
const MOST: u32 = 10_000;

#[tauri::command]
pub(crate) async fn sql_run(desk: Shared<'_>, statement: String) -> Result<SqlReport> {
    work(&desk, move |desk| {
        desk.case()?
            .sql_report(&statement, MOST, SqlLimits::default())
    })
    .await
}

/// Runs a statement and writes every row of it as CSV where the person says; gives the name of the file, or nothing when
/// they went back.
#[tauri::command]
pub(crate) async fn sql_save(
    app: AppHandle,
    desk: Shared<'_>,
    statement: String,
) -> Result<Option<String>> {
    work(&desk, move |desk| {
        let case = desk.case()?;
        let chosen = app
            .dialog()
            .file()
            .set_file_name("statement.csv")
            .blocking_save_file();
        let Some(path) = chosen.and_then(|file| file.into_path().ok()) else {
            return Ok(None);
        };
        case.sql_save(&statement, SqlLimits::default(), &path)?;
        let name = path.file_name().unwrap_or_default();
        Ok(Some(name.to_string_lossy().into_owned()))
    })
    .await
}
