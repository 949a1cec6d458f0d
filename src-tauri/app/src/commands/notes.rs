//! Commands of notes, tags, bookmarks and the examiner's own entries. Owns nothing; adapters only.

use witnessmark_engine::Result;
use witnessmark_engine::api::{NotesReport, OwnEntryPart};

use super::{Shared, work, zone};

#[tauri::command]
pub(crate) async fn notes_list(
    desk: Shared<'_>,
    contains: String,
    kinds: Vec<String>,
) -> Result<NotesReport> {
    work(&desk, move |desk| desk.case()?.notes(&contains, &kinds)).await
}

#[tauri::command]
pub(crate) async fn note_put(
    desk: Shared<'_>,
    subject: String,
    kind: String,
    text: String,
    on: bool,
) -> Result<()> {
    work(&desk, move |desk| {
        desk.case()?.mark_on(&subject, &kind, &text, on)
    })
    .await
}

#[tauri::command]
pub(crate) async fn entry_add(
    desk: Shared<'_>,
    time: String,
    text: String,
    zone: String,
) -> Result<u64> {
    work(&desk, move |desk| {
        desk.case()?.add_entry(&time, &text, &self::zone(&zone)?)
    })
    .await
}

#[tauri::command]
pub(crate) async fn note_take_back(desk: Shared<'_>, id: u64) -> Result<()> {
    work(&desk, move |desk| desk.case()?.take_note_back(id)).await
}

#[tauri::command]
pub(crate) async fn view_entries(desk: Shared<'_>, view: u32) -> Result<Vec<OwnEntryPart>> {
    work(&desk, move |desk| desk.case()?.view_entries(view)).await
}
