//! Commands about a view beside its rows, and about kept filters. Owns nothing; adapters only.

use witnessmark_engine::Result;
use witnessmark_engine::api::{EventJson, SavedView, SavedViewsReport, ValuesReport};

use super::{Shared, work, zone};

#[tauri::command]
pub(crate) async fn view_values(
    desk: Shared<'_>,
    view: u32,
    field: String,
    contains: String,
    rare: bool,
    limit: u32,
) -> Result<ValuesReport> {
    work(&desk, move |desk| {
        desk.case()?
            .view_values(view, &field, &contains, rare, limit)
    })
    .await
}

#[tauri::command]
pub(crate) async fn view_holds(desk: Shared<'_>, view: u32, events: Vec<u64>) -> Result<Vec<bool>> {
    work(&desk, move |desk| desk.case()?.view_holds(view, &events)).await
}

#[tauri::command]
pub(crate) async fn view_events(
    desk: Shared<'_>,
    view: u32,
    first: u64,
    len: u32,
) -> Result<Vec<EventJson>> {
    work(&desk, move |desk| {
        desk.case()?.view_events(view, first, len)
    })
    .await
}

#[tauri::command]
pub(crate) async fn saved_views(desk: Shared<'_>) -> Result<SavedViewsReport> {
    work(&desk, |desk| desk.case()?.saved_views()).await
}

#[tauri::command]
pub(crate) async fn save_view(
    desk: Shared<'_>,
    name: String,
    query: String,
    suspended: Vec<String>,
    zone: String,
) -> Result<SavedView> {
    work(&desk, move |desk| {
        desk.case()?
            .save_view(&name, &query, &suspended, &self::zone(&zone)?)
    })
    .await
}

#[tauri::command]
pub(crate) async fn forget_view(desk: Shared<'_>, id: u64) -> Result<()> {
    work(&desk, move |desk| desk.case()?.forget_view(id)).await
}
