//! Commands about the case as a whole. Owns nothing; adapters only.

use tauri::AppHandle;
use tauri_plugin_dialog::DialogExt as _;
use witnessmark_engine::Result;
use witnessmark_engine::api::{CaseSummary, CustodyReport};

use super::{Shared, work, zone};
use crate::sample;
use crate::tokens::CASE_ENDING;
use crate::wire::InputFile;

#[tauri::command]
pub(crate) async fn case_create(
    desk: Shared<'_>,
    name: String,
    passphrase: Option<String>,
    zone: String,
) -> Result<CaseSummary> {
    work(&desk, move |desk| {
        let path = desk.places.new_case(&name)?;
        desk.create(&path, &name, passphrase.as_deref(), &self::zone(&zone)?)
    })
    .await
}

#[tauri::command]
pub(crate) async fn case_open(
    desk: Shared<'_>,
    token: String,
    passphrase: Option<String>,
) -> Result<CaseSummary> {
    work(&desk, move |desk| {
        desk.open(&desk.case_path(&token)?, passphrase.as_deref())
    })
    .await
}

#[tauri::command]
pub(crate) async fn case_choose(app: AppHandle, desk: Shared<'_>) -> Result<Option<InputFile>> {
    work(&desk, move |desk| {
        let dialog = app.dialog().file().set_directory(&desk.places.cases);
        let chosen = dialog
            .add_filter("Witnessmark case", &[CASE_ENDING])
            .blocking_pick_file();
        Ok(chosen
            .and_then(|file| file.into_path().ok())
            .map(|path| desk.token(&path)))
    })
    .await
}

#[tauri::command]
pub(crate) async fn case_sample(desk: Shared<'_>) -> Result<CaseSummary> {
    work(&desk, sample::make).await
}

#[tauri::command]
pub(crate) async fn case_summary(desk: Shared<'_>) -> Result<CaseSummary> {
    work(&desk, |desk| {
        let summary = desk.case()?.summary()?;
        desk.refresh(&summary)?;
        Ok(summary)
    })
    .await
}

#[tauri::command]
pub(crate) async fn case_close(desk: Shared<'_>) -> Result<()> {
    work(&desk, |desk| {
        desk.close();
        Ok(())
    })
    .await
}

#[tauri::command]
pub(crate) async fn custody(desk: Shared<'_>) -> Result<CustodyReport> {
    work(&desk, |desk| desk.case()?.custody()).await
}
