//! Commands of checklists. A page to print goes where a dialog of the system says. Owns nothing; adapters only.

use tauri::AppHandle;
use tauri_plugin_dialog::DialogExt as _;
use witnessmark_engine::api::{CheckedChecklist, ChecklistInfo, ChecklistReport, ChecklistsReport};
use witnessmark_engine::{Code, Error, Result, SubjectChoice};

use super::{Shared, work, zone};

#[tauri::command]
pub(crate) async fn checklists_list(desk: Shared<'_>) -> Result<ChecklistsReport> {
    work(&desk, |desk| desk.case()?.checklists(&[])).await
}

#[tauri::command]
pub(crate) async fn checklist_text(desk: Shared<'_>, name: String) -> Result<String> {
    work(&desk, move |desk| desk.case()?.checklist_source(&name, &[])).await
}

#[tauri::command]
pub(crate) async fn checklist_check(desk: Shared<'_>, text: String) -> Result<CheckedChecklist> {
    work(&desk, move |_| {
        Ok(witnessmark_engine::checklist_check(&text))
    })
    .await
}

#[tauri::command]
pub(crate) async fn checklist_save(desk: Shared<'_>, text: String) -> Result<ChecklistInfo> {
    work(&desk, move |desk| desk.case()?.save_checklist(&text)).await
}

#[tauri::command]
pub(crate) async fn checklist_forget(desk: Shared<'_>, id: String) -> Result<()> {
    work(&desk, move |desk| desk.case()?.forget_checklist(&id)).await
}

#[tauri::command]
pub(crate) async fn checklist_ask(
    desk: Shared<'_>,
    name: String,
    subject: String,
    from: Option<String>,
    to: Option<String>,
    zone: String,
) -> Result<ChecklistReport> {
    work(&desk, move |desk| {
        let choice = SubjectChoice { subject, from, to };
        desk.case()?
            .ask_checklist(&name, &[], &choice, &self::zone(&zone)?, true)
    })
    .await
}

#[tauri::command]
pub(crate) async fn checklist_run(
    desk: Shared<'_>,
    run: u64,
    zone: String,
) -> Result<ChecklistReport> {
    work(&desk, move |desk| {
        desk.case()?.checklist(run, &self::zone(&zone)?)
    })
    .await
}

#[tauri::command]
pub(crate) async fn checklist_again(
    desk: Shared<'_>,
    run: u64,
    zone: String,
) -> Result<ChecklistReport> {
    work(&desk, move |desk| {
        desk.case()?.ask_again(run, &self::zone(&zone)?)
    })
    .await
}

#[tauri::command]
pub(crate) async fn checklist_answer(
    desk: Shared<'_>,
    run: u64,
    step: String,
    answer: Option<String>,
    note: String,
) -> Result<()> {
    work(&desk, move |desk| {
        desk.case()?
            .answer_step(run, &step, answer.as_deref(), &note)
    })
    .await
}

#[tauri::command]
pub(crate) async fn checklist_pin(
    desk: Shared<'_>,
    run: u64,
    step: String,
    event: u64,
    on: bool,
) -> Result<()> {
    work(&desk, move |desk| {
        desk.case()?.pin_event(run, &step, event, on)
    })
    .await
}

#[tauri::command]
pub(crate) async fn checklist_withdraw(desk: Shared<'_>, run: u64) -> Result<()> {
    work(&desk, move |desk| desk.case()?.withdraw_checklist(run)).await
}

#[tauri::command]
pub(crate) async fn checklist_printed(desk: Shared<'_>, run: u64) -> Result<()> {
    work(&desk, move |desk| desk.case()?.checklist_printed(run)).await
}

/// Asks for a file and writes the page of a run; its name, or null when the person went back.
#[tauri::command]
pub(crate) async fn checklist_page(
    app: AppHandle,
    desk: Shared<'_>,
    run: u64,
    zone: String,
) -> Result<Option<String>> {
    work(&desk, move |desk| {
        let (case, zone) = (desk.case()?, self::zone(&zone)?);
        let report = case.checklist(run, &zone)?;
        let dialog = app.dialog().file().set_directory(&desk.places.cases);
        let chosen = dialog
            .set_file_name(format!("{}-{run}.html", report.checklist))
            .add_filter("HTML", &["html"])
            .blocking_save_file()
            .and_then(|file| file.into_path().ok());
        let Some(path) = chosen else {
            return Ok(None);
        };
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let page = case.checklist_page(run, &zone)?;
        std::fs::write(&path, page).map_err(|e| {
            let hint = "Choose another folder, or check its rights and its free space.";
            Error::new(Code::Io, format!("`{name}` cannot be written: {e}"), hint)
        })?;
        Ok(Some(name))
    })
    .await
}
