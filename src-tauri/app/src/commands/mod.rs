//! What the window may call: one list, from which the handler is made.
//!
//! Owns: the list, and the step from the window's thread to a worker thread. Each command is an adapter of a few lines;
//! the permission file names the same commands, and a test compares the two.
//! Never touches: logs, filters, paths.

mod app;
mod case;
mod checklist;
mod drill;
mod export;
mod findings;
mod glance;
mod import;
mod mapping;
mod notes;
mod package;
mod pull;
mod source;
mod sql;
mod view;

use std::sync::Arc;

use tauri::ipc::Invoke;
use tauri::{State, Wry};
use witnessmark_engine::{Code, Error, Result, Zone};

use crate::state::Desk;

/// The desk as Tauri hands it to a command.
type Shared<'a> = State<'a, Arc<Desk>>;

macro_rules! commands {
    ($($module:ident::$name:ident,)*) => {
        /// Answers every call of the window.
        pub(crate) fn handler() -> impl Fn(Invoke<Wry>) -> bool + Send + Sync + 'static {
            tauri::generate_handler![$($module::$name),*]
        }
    };
}

commands! {
    app::app_info,
    app::settings_save,
    app::window_print,
    case::case_create,
    case::case_open,
    case::case_choose,
    case::case_sample,
    case::case_summary,
    case::case_close,
    case::custody,
    import::inputs_choose,
    import::input_paste,
    import::import_inspect,
    import::import_start,
    import::import_cancel,
    import::rejects,
    source::source_choices,
    source::source_inspect,
    source::source_reread,
    source::source_withdraw,
    source::source_missing,
    source::copy_choose,
    source::sources_copy,
    source::rejects_save,
    mapping::mapping_look,
    mapping::profile_keep,
    mapping::profile_save,
    mapping::profile_read,
    mapping::profiles_list,
    mapping::profile_forget,
    mapping::profiles_choose,
    mapping::profiles_put_away,
    pull::pull_connectors,
    pull::connector_choose,
    pull::authorities_choose,
    pull::pull_trial,
    pull::pull_start,
    pull::pulled,
    pull::pull_secret,
    pull::pull_forget,
    pull::plan_start,
    pull::plans,
    pull::plan_stop,
    view::view_open,
    view::view_rows,
    view::view_facets,
    view::view_histogram,
    view::view_locate,
    view::query_complete,
    view::event_detail,
    view::mark,
    export::export_view,
    sql::sql_run,
    sql::sql_save,
    drill::actors_list,
    drill::actor_page,
    drill::actor_filter,
    drill::actor_hour,
    drill::actors_compare,
    drill::actors_merge,
    drill::actors_part,
    drill::records_list,
    drill::record_page,
    drill::session_page,
    drill::signins_review,
    drill::addresses_choose,
    drill::errors_list,
    drill::first_seen,
    drill::agents_list,
    findings::findings_list,
    findings::findings_look,
    findings::finding_page,
    findings::findings_what_if,
    findings::finding_judge,
    findings::finding_unjudge,
    findings::findings_suppress,
    findings::findings_unsuppress,
    findings::rules_choose,
    findings::rules_chosen,
    findings::rules_put_away,
    checklist::checklists_list,
    checklist::checklist_text,
    checklist::checklist_check,
    checklist::checklist_save,
    checklist::checklist_forget,
    checklist::checklist_ask,
    checklist::checklist_run,
    checklist::checklist_again,
    checklist::checklist_answer,
    checklist::checklist_pin,
    checklist::checklist_withdraw,
    checklist::checklist_page,
    checklist::checklist_printed,
    notes::notes_list,
    notes::note_put,
    notes::entry_add,
    notes::note_take_back,
    notes::view_entries,
    glance::view_values,
    glance::view_holds,
    glance::view_events,
    glance::saved_views,
    glance::save_view,
    glance::forget_view,
    package::package_preview,
    package::package_choose,
    package::package_write,
    package::keys_list,
    package::key_make,
    package::key_forget,
    package::package_pick,
    package::package_disclose,
    package::verify_choose,
    package::case_verify,
    package::case_copy,
}

/// Runs work of the engine on a thread where it may take its time; the window goes on drawing.
async fn work<T, F>(desk: &Shared<'_>, job: F) -> Result<T>
where
    T: Send + 'static,
    F: FnOnce(&Desk) -> Result<T> + Send + 'static,
{
    let desk = Arc::clone(desk);
    tauri::async_runtime::spawn_blocking(move || job(&desk))
        .await
        .unwrap_or_else(|e| {
            Err(Error::new(
                Code::Internal,
                format!("a part of the program failed: {e}"),
                "The case is unharmed. Please report this.",
            ))
        })
}

/// The zone of a name that the window sent.
pub(crate) fn zone(name: &str) -> Result<Zone> {
    Zone::parse(name).ok_or_else(|| {
        Error::new(
            Code::InvalidOption,
            format!("`{name}` is no time zone"),
            "Use a name such as `Asia/Manila`, an offset such as `+08:00`, or `UTC`.",
        )
    })
}
