//! Commands about what comes in. Owns nothing; adapters only.

use std::ops::ControlFlow;

use tauri::AppHandle;
use tauri::ipc::Channel;
use tauri_plugin_dialog::DialogExt as _;
use witnessmark_engine::Result;
use witnessmark_engine::api::{
    ImportChoices, ImportProgress, InspectionReport, RejectsReport, SourcesReport,
};

use super::{Shared, work};
use crate::wire::InputFile;

#[tauri::command]
pub(crate) async fn inputs_choose(
    app: AppHandle,
    desk: Shared<'_>,
    folder: bool,
) -> Result<Vec<InputFile>> {
    work(&desk, move |desk| {
        let dialog = app.dialog().file();
        let chosen = if folder {
            dialog.blocking_pick_folders()
        } else {
            dialog.blocking_pick_files()
        };
        let paths = chosen
            .unwrap_or_default()
            .into_iter()
            .filter_map(|file| file.into_path().ok());
        Ok(paths.map(|path| desk.token(&path)).collect())
    })
    .await
}

#[tauri::command]
pub(crate) async fn input_paste(desk: Shared<'_>, text: String) -> Result<InputFile> {
    Ok(desk.paste(text))
}

#[tauri::command]
pub(crate) async fn import_inspect(
    desk: Shared<'_>,
    token: String,
    choices: ImportChoices,
) -> Result<InspectionReport> {
    work(&desk, move |desk| {
        let input = desk.inputs(std::slice::from_ref(&token))?.remove(0);
        let choices = desk.with_own(choices);
        // The open case knows profiles of its own.
        match desk.case() {
            Ok(case) => case.inspect_input(input, &choices),
            Err(_) => witnessmark_engine::inspect(input, &choices, &desk.setting),
        }
    })
    .await
}

#[tauri::command]
pub(crate) async fn import_start(
    desk: Shared<'_>,
    job: String,
    tokens: Vec<String>,
    choices: ImportChoices,
    progress: Channel<ImportProgress>,
) -> Result<SourcesReport> {
    work(&desk, move |desk| {
        let (case, inputs) = (desk.case()?, desk.inputs(&tokens)?);
        let choices = desk.with_own(choices);
        let job = desk.begin(job)?;
        case.import(inputs, &choices, &mut |now| {
            // A window that no longer listens does not stop an import; cancelling does.
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
pub(crate) async fn import_cancel(desk: Shared<'_>, job: String) -> Result<()> {
    desk.cancel(&job);
    Ok(())
}

#[tauri::command]
pub(crate) async fn rejects(desk: Shared<'_>, source: Option<u32>) -> Result<RejectsReport> {
    work(&desk, move |desk| desk.case()?.rejects(source)).await
}
