//! Commands about a source that is in the case already. Owns nothing; adapters only.

use std::ops::ControlFlow;

use tauri::AppHandle;
use tauri::ipc::Channel;
use tauri_plugin_dialog::DialogExt as _;
use witnessmark_engine::Result;
use witnessmark_engine::api::{
    ImportChoices, ImportProgress, InspectionReport, MissingReport, SourcesReport, WithdrawalReport,
};

use super::{Shared, work};

#[tauri::command]
pub(crate) async fn source_choices(desk: Shared<'_>, source: u32) -> Result<ImportChoices> {
    work(&desk, move |desk| desk.case()?.source_choices(source)).await
}

#[tauri::command]
pub(crate) async fn source_inspect(
    desk: Shared<'_>,
    source: u32,
    choices: ImportChoices,
) -> Result<InspectionReport> {
    work(&desk, move |desk| {
        desk.case()?.inspect_source(source, &desk.with_own(choices))
    })
    .await
}

#[tauri::command]
pub(crate) async fn source_reread(
    desk: Shared<'_>,
    job: String,
    source: u32,
    choices: ImportChoices,
    progress: Channel<ImportProgress>,
) -> Result<SourcesReport> {
    work(&desk, move |desk| {
        let case = desk.case()?;
        let choices = desk.with_own(choices);
        let job = desk.begin(job)?;
        case.reread(source, &choices, &mut |now| {
            // A window that no longer listens does not stop it; cancelling does.
            let _ = progress.send(now.clone());
            if job.is_cancelled() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
    })
    .await
}

#[tauri::command]
pub(crate) async fn source_withdraw(
    desk: Shared<'_>,
    source: u32,
    why: String,
) -> Result<WithdrawalReport> {
    work(&desk, move |desk| {
        let go_on = &mut |_: &ImportProgress| ControlFlow::Continue(());
        desk.case()?.withdraw(source, &why, go_on)
    })
    .await
}

#[tauri::command]
pub(crate) async fn source_missing(desk: Shared<'_>, source: u32) -> Result<MissingReport> {
    work(&desk, move |desk| desk.case()?.missing(source)).await
}

/// Saves the rejected entries of a source where the person says; gives the name of the file, or nothing when they went back.
#[tauri::command]
pub(crate) async fn rejects_save(
    app: AppHandle,
    desk: Shared<'_>,
    source: u32,
) -> Result<Option<String>> {
    work(&desk, move |desk| {
        let case = desk.case()?;
        let chosen = app
            .dialog()
            .file()
            .set_file_name(format!("rejected-of-source-{source}.ndjson"))
            .blocking_save_file();
        let Some(path) = chosen.and_then(|file| file.into_path().ok()) else {
            return Ok(None);
        };
        case.save_rejects(source, &path)?;
        let name = path.file_name().unwrap_or_default();
        Ok(Some(name.to_string_lossy().into_owned()))
    })
    .await
}
