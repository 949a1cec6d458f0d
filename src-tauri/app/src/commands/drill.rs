//! Commands about actors, records, sessions, sign-ins, errors and what is new. Owns nothing; adapters only.

use tauri::AppHandle;
use tauri_plugin_dialog::DialogExt as _;
use witnessmark_engine::api::{
    ActorReport, ActorsReport, AgentsReport, CompareReport, ErrorsReport, FirstSeenReport,
    GeoDatabase, MergePart, RecordReport, RecordsReport, SessionReport, SigninsReport,
};
use witnessmark_engine::{
    ActorsWanted, FirstSeen, RecordOf, RecordsWanted, Result, SessionOf, SessionOrder, Signins,
};

use super::{Shared, work, zone};

/// The most acts, steps or trends of one answer.
const MOST: usize = 500;
/// The most user agents of one answer.
const AGENTS: usize = 30;

#[tauri::command]
pub(crate) async fn actors_list(
    desk: Shared<'_>,
    query: String,
    zone: String,
    wanted: ActorsWanted,
) -> Result<ActorsReport> {
    work(&desk, move |desk| {
        desk.case()?.actors(&query, &self::zone(&zone)?, &wanted)
    })
    .await
}

/// `who` is a name as a person types it, or a filter that the list gave.
#[tauri::command]
pub(crate) async fn actor_page(
    desk: Shared<'_>,
    who: String,
    query: String,
    zone: String,
    idle: u32,
) -> Result<ActorReport> {
    work(&desk, move |desk| {
        desk.case()?
            .actor(&who, &query, &self::zone(&zone)?, idle, 60)
    })
    .await
}

#[tauri::command]
pub(crate) async fn actor_filter(desk: Shared<'_>, who: String, exact: bool) -> Result<String> {
    work(&desk, move |desk| match exact {
        true => desk.case()?.actor_named(&who),
        false => desk.case()?.actor_filter(&who, &self::zone("UTC")?),
    })
    .await
}

/// The filter behind a square of the heat map: a day of the week (Monday is 0) and an hour of the zone.
#[tauri::command]
pub(crate) async fn actor_hour(
    desk: Shared<'_>,
    who: String,
    query: String,
    zone: String,
    day: usize,
    hour: usize,
) -> Result<String> {
    work(&desk, move |desk| {
        desk.case()?
            .hour_filter(&who, &query, &self::zone(&zone)?, (day, hour))
    })
    .await
}

#[tauri::command]
pub(crate) async fn actors_compare(
    desk: Shared<'_>,
    first: String,
    second: String,
    query: String,
    zone: String,
) -> Result<CompareReport> {
    work(&desk, move |desk| {
        desk.case()?
            .compare([&first, &second], &query, &self::zone(&zone)?)
    })
    .await
}

#[tauri::command]
pub(crate) async fn actors_merge(desk: Shared<'_>, keys: Vec<String>) -> Result<MergePart> {
    work(&desk, move |desk| desk.case()?.merge(&keys)).await
}

#[tauri::command]
pub(crate) async fn actors_part(desk: Shared<'_>, id: u64) -> Result<()> {
    work(&desk, move |desk| desk.case()?.unmerge(id)).await
}

#[tauri::command]
pub(crate) async fn records_list(
    desk: Shared<'_>,
    query: String,
    zone: String,
    wanted: RecordsWanted,
) -> Result<RecordsReport> {
    work(&desk, move |desk| {
        desk.case()?.records(&query, &self::zone(&zone)?, &wanted)
    })
    .await
}

#[tauri::command]
pub(crate) async fn record_page(
    desk: Shared<'_>,
    of: RecordOf,
    at: Option<String>,
    zone: String,
) -> Result<RecordReport> {
    work(&desk, move |desk| {
        desk.case()?
            .record(&of, at.as_deref(), &self::zone(&zone)?, (0, MOST))
    })
    .await
}

/// One of `id` (the vendor's) and `event` is given.
#[tauri::command]
pub(crate) async fn session_page(
    desk: Shared<'_>,
    id: Option<String>,
    event: Option<u64>,
    idle: u32,
    order: SessionOrder,
    zone: String,
) -> Result<SessionReport> {
    let of = match (id, event) {
        (Some(id), _) => SessionOf::Id(id),
        (None, event) => SessionOf::Event(event.unwrap_or(0)),
    };
    work(&desk, move |desk| {
        desk.case()?
            .session(&of, idle, order, (0, MOST), &self::zone(&zone)?)
    })
    .await
}

#[tauri::command]
pub(crate) async fn signins_review(
    desk: Shared<'_>,
    query: String,
    zone: String,
    wanted: Signins,
) -> Result<SigninsReport> {
    work(&desk, move |desk| {
        desk.case()?.signins(&query, &self::zone(&zone)?, &wanted)
    })
    .await
}

/// A dialog of the system; nothing when the person went back.
#[tauri::command]
pub(crate) async fn addresses_choose(
    app: AppHandle,
    desk: Shared<'_>,
) -> Result<Option<GeoDatabase>> {
    work(&desk, move |desk| {
        match app
            .dialog()
            .file()
            .blocking_pick_file()
            .and_then(|f| f.into_path().ok())
        {
            Some(path) => Ok(Some(desk.case()?.use_addresses(&path)?)),
            None => Ok(None),
        }
    })
    .await
}

#[tauri::command]
pub(crate) async fn errors_list(
    desk: Shared<'_>,
    query: String,
    zone: String,
) -> Result<ErrorsReport> {
    work(&desk, move |desk| {
        desk.case()?.errors(&query, &self::zone(&zone)?, (0, MOST))
    })
    .await
}

#[tauri::command]
pub(crate) async fn first_seen(
    desk: Shared<'_>,
    query: String,
    zone: String,
    wanted: FirstSeen,
) -> Result<FirstSeenReport> {
    work(&desk, move |desk| {
        desk.case()?
            .first_seen(&query, &self::zone(&zone)?, &wanted)
    })
    .await
}

/// The user agents of a filter in words.
#[tauri::command]
pub(crate) async fn agents_list(
    desk: Shared<'_>,
    query: String,
    zone: String,
) -> Result<AgentsReport> {
    work(&desk, move |desk| {
        desk.case()?.agents(&query, &self::zone(&zone)?, AGENTS)
    })
    .await
}
