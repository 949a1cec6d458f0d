//! Commands about the timeline. Owns nothing; adapters only.

use witnessmark_engine::api::{
    CompletionReport, EventDetail, FacetsReport, HistogramReport, RowPart, ViewSummary,
};
use witnessmark_engine::{Result, Sort};

use super::{Shared, work, zone};

#[tauri::command]
pub(crate) async fn view_open(
    desk: Shared<'_>,
    query: String,
    sort: Sort,
    zone: String,
) -> Result<ViewSummary> {
    work(&desk, move |desk| {
        desk.case()?.view_open(&query, sort, &self::zone(&zone)?)
    })
    .await
}

#[tauri::command]
pub(crate) async fn view_rows(
    desk: Shared<'_>,
    view: u32,
    first: u64,
    len: u32,
    fields: Vec<String>,
) -> Result<Vec<RowPart>> {
    work(&desk, move |desk| {
        desk.case()?.view_rows(view, first, len, &fields)
    })
    .await
}

#[tauri::command]
pub(crate) async fn view_facets(
    desk: Shared<'_>,
    view: u32,
    fields: Vec<String>,
    limit: u32,
) -> Result<FacetsReport> {
    work(&desk, move |desk| {
        desk.case()?.view_facets(view, &fields, limit)
    })
    .await
}

#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn view_histogram(
    desk: Shared<'_>,
    view: u32,
    bins: u32,
    by: Option<String>,
    from_ms: Option<f64>,
    to_ms: Option<f64>,
) -> Result<HistogramReport> {
    work(&desk, move |desk| {
        desk.case()?
            .view_histogram(view, bins, by.as_deref(), from_ms, to_ms)
    })
    .await
}

#[tauri::command(rename_all = "snake_case")]
pub(crate) async fn view_locate(
    desk: Shared<'_>,
    view: u32,
    event: Option<u64>,
    time_ms: Option<f64>,
) -> Result<Option<u64>> {
    work(&desk, move |desk| {
        desk.case()?.view_locate(view, event, time_ms)
    })
    .await
}

#[tauri::command]
pub(crate) async fn query_complete(
    desk: Shared<'_>,
    text: String,
    cursor: u32,
) -> Result<CompletionReport> {
    work(&desk, move |desk| {
        desk.case()?.query_complete(&text, cursor)
    })
    .await
}

#[tauri::command]
pub(crate) async fn event_detail(
    desk: Shared<'_>,
    event: u64,
    zone: String,
) -> Result<EventDetail> {
    work(&desk, move |desk| {
        desk.case()?.event_detail(event, &self::zone(&zone)?)
    })
    .await
}

#[tauri::command]
pub(crate) async fn mark(
    desk: Shared<'_>,
    event: u64,
    kind: String,
    value: String,
    on: bool,
) -> Result<()> {
    work(&desk, move |desk| {
        desk.case()?.mark(event, &kind, &value, on)
    })
    .await
}
