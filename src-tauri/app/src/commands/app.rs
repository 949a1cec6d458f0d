//! Commands about the program itself. Owns nothing; adapters only.

use tauri::WebviewWindow;
use witnessmark_engine::{Code, Error, Result};

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

/// Shows the print dialog of the system for what the window shows.
#[tauri::command]
pub(crate) async fn window_print(window: WebviewWindow) -> Result<()> {
    window.print().map_err(|e| {
        Error::new(
            Code::Internal,
            format!("the print dialog cannot be shown: {e}"),
            "Save the page instead and print the file.",
        )
    })
}
