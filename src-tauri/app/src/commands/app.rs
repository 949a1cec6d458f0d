//! Commands about the program itself. Owns nothing; adapters only.

use tauri::WebviewWindow;
use witnessmark_engine::Result;

use super::{Shared, work};
use crate::window;
use crate::wire::{AppInfo, Settings};

#[tauri::command]
pub(crate) async fn app_info(desk: Shared<'_>) -> Result<AppInfo> {
    work(&desk, |desk| desk.info()).await
}

#[tauri::command]
pub(crate) async fn settings_save(
    window: WebviewWindow,
    desk: Shared<'_>,
    settings: Settings,
) -> Result<()> {
    window::zoom(&window, settings.zoom);
    work(&desk, move |desk| desk.keep(&settings)).await
}
