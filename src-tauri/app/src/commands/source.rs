//! Commands about a source that is in the case already. Owns nothing; adapters only.

use std::ops::ControlFlow;

use tauri::AppHandle;
use tauri::ipc::Channel;
use tauri_plugin_dialog::DialogExt as _;
use witnessmark_engine::api::{
    CopyReport, ImportChoices, ImportProgress, InspectionReport, MissingReport, SourcesReport,
    WithdrawalReport,
};
use witnessmark_engine::{Case, Code, Error, Result, Zone};

use super::{Shared, work};
use crate::tokens::CASE_ENDING;
use crate::wire::InputFile;

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

/// A dialog of the system for the case that sources are copied into: one that is there, or, with `fresh`, one that is made.
/// Absent when the person went back.
#[tauri::command]
pub(crate) async fn copy_choose(
    app: AppHandle,
    desk: Shared<'_>,
    fresh: bool,
) -> Result<Option<InputFile>> {
    work(&desk, move |desk| {
        let dialog = app.dialog().file().set_directory(&desk.places.cases);
        let dialog = dialog.add_filter("Witnessmark case", &[CASE_ENDING]);
        let chosen = if fresh {
            let name = format!("Copied sources.{CASE_ENDING}");
            dialog.set_file_name(name).blocking_save_file()
        } else {
            dialog.blocking_pick_file()
        };
        let path = chosen.and_then(|file| file.into_path().ok());
        Ok(path.map(|mut path| {
            if fresh && path.extension().is_none_or(|e| e != CASE_ENDING) {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                path.set_file_name(format!("{name}.{CASE_ENDING}"));
            }
            desk.token(&path)
        }))
    })
    .await
}

/// Copies sources of the open case, with what was said of them, into the case behind a token, which is made where it is not
/// there. The open case stays open, the other is closed again.
#[tauri::command]
pub(crate) async fn sources_copy(
    desk: Shared<'_>,
    job: String,
    token: String,
    sources: Vec<u32>,
    passphrase: Option<String>,
    progress: Channel<ImportProgress>,
) -> Result<CopyReport> {
    work(&desk, move |desk| {
        let (case, path) = (desk.case()?, desk.case_path(&token)?);
        let same = |a: &std::path::Path| std::fs::canonicalize(a).ok();
        if same(&path).is_some_and(|p| Some(p) == same(case.path())) {
            return Err(Error::new(
                Code::InvalidOption,
                "this is the case that is open",
                "Choose another one to copy into.",
            ));
        }
        let word = passphrase.as_deref().filter(|word| !word.is_empty());
        let setting = std::sync::Arc::clone(&desk.setting);
        let other = if path.exists() {
            Case::open(&path, word, setting)?
        } else {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            Case::create(&path, &name, word, &Zone::UTC, setting)?
        };
        let job = desk.begin(job)?;
        let copied = other.copy_from(&case, &sources, &mut |now| {
            // A window that no longer listens does not stop it; cancelling does.
            let _ = progress.send(now.clone());
            if job.is_cancelled() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        if copied.is_err() {
            // A case that was made for this and holds nothing would only surprise; the first error is the one that is told.
            let _ = other.discard_new();
        }
        copied
    })
    .await
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
