//! Commands about how a log is read: trying a profile, keeping it in the case, taking it out, sharing it as a file, and which folder
//! holds a person's own. Owns nothing; adapters only.

use std::io::Read as _;

use tauri::AppHandle;
use tauri_plugin_dialog::DialogExt as _;
use witnessmark_engine::api::{
    ImportChoices, KeptProfile, MappingEdits, MappingReport, ProfileText,
};
use witnessmark_engine::{
    Code, Error, FileNames, MappingWanted, ProfileFolder, Result, profile_id, profiles,
};

use super::{Shared, work};
use crate::state::Desk;
use crate::wire::{OwnFolder, ProfileFile, ProfilesShown};

/// Bytes that a profile may have.
const LARGEST: u64 = 1 << 20;

/// What a profile makes of a waiting file (`token`) or of a source of the case; nothing is stored.
#[tauri::command]
pub(crate) async fn mapping_look(
    desk: Shared<'_>,
    token: Option<String>,
    member: Option<String>,
    source: Option<u32>,
    choices: ImportChoices,
    text: Option<String>,
    edits: MappingEdits,
) -> Result<MappingReport> {
    work(&desk, move |desk| {
        let case = desk.case()?;
        let choices = desk.with_own(choices);
        let wanted = MappingWanted {
            text: text.as_deref(),
            edits: &edits,
            member: member.as_deref(),
        };
        match (token, source) {
            (Some(token), None) => {
                let input = desk.inputs(std::slice::from_ref(&token))?.remove(0);
                case.mapping_of_input(input, &choices, wanted)
            }
            (None, Some(source)) => case.mapping_of_source(source, &choices, wanted),
            _ => Err(Error::new(
                Code::InvalidOption,
                "a mapping is of one file or of one source",
                "Name one of them.",
            )),
        }
    })
    .await
}

#[tauri::command]
pub(crate) async fn profile_keep(desk: Shared<'_>, text: String) -> Result<KeptProfile> {
    work(&desk, move |desk| desk.case()?.keep_profile(&text)).await
}

/// The profiles that the case keeps, and those of this person's folder as they stand there now.
#[tauri::command]
pub(crate) async fn profiles_list(desk: Shared<'_>) -> Result<ProfilesShown> {
    work(&desk, shown).await
}

/// Takes a kept profile out of the case; what it has read stays as it was read.
#[tauri::command]
pub(crate) async fn profile_forget(desk: Shared<'_>, id: String) -> Result<ProfilesShown> {
    work(&desk, move |desk| {
        desk.case()?.forget_profile(&id)?;
        shown(desk)
    })
    .await
}

/// A dialog of the system for the folder with this person's own profiles, which is remembered; nothing when the person went back.
#[tauri::command]
pub(crate) async fn profiles_choose(
    app: AppHandle,
    desk: Shared<'_>,
) -> Result<Option<ProfilesShown>> {
    work(&desk, move |desk| {
        let chosen = app.dialog().file().blocking_pick_folder();
        let Some(path) = chosen.and_then(|file| file.into_path().ok()) else {
            return Ok(None);
        };
        ProfileFolder::read(&path, FileNames::Short)?;
        desk.places.keep_profile_folder(Some(&path))?;
        shown(desk).map(Some)
    })
    .await
}

/// Forgets which folder holds this person's profiles; nothing in it is touched.
#[tauri::command]
pub(crate) async fn profiles_put_away(desk: Shared<'_>) -> Result<ProfilesShown> {
    work(&desk, |desk| {
        desk.places.keep_profile_folder(None)?;
        shown(desk)
    })
    .await
}

fn shown(desk: &Desk) -> Result<ProfilesShown> {
    let kept = match desk.case() {
        Ok(case) => case.kept_profiles()?.profiles,
        Err(_) => Vec::new(),
    };
    let folder = match desk.profile_folder() {
        None => None,
        Some((name, Err(error))) => Some(OwnFolder {
            name,
            profiles: Vec::new(),
            refused: Vec::new(),
            gone: Some(error.message),
        }),
        Some((name, Ok(found))) => {
            let mut listed = profiles(&found.profiles)?;
            let mut refused = found.refused;
            refused.append(&mut listed.refused);
            // Of the list, those that are of this folder: the others come with the program.
            listed.profiles.retain(|p| !p.builtin);
            Some(OwnFolder {
                name,
                profiles: listed.profiles,
                refused,
                gone: None,
            })
        }
    };
    Ok(ProfilesShown { kept, folder })
}

/// Writes a profile where a dialog says; gives the name of the file, or nothing when the person went back.
#[tauri::command]
pub(crate) async fn profile_save(
    app: AppHandle,
    desk: Shared<'_>,
    text: String,
) -> Result<Option<String>> {
    work(&desk, move |desk| {
        let one = ProfileText {
            file: "profile".to_owned(),
            text,
        };
        let id = profile_id(&one)?;
        let dialog = app.dialog().file().set_directory(&desk.places.cases);
        let chosen = dialog
            .set_file_name(format!("{id}.toml"))
            .add_filter("TOML", &["toml"])
            .blocking_save_file()
            .and_then(|file| file.into_path().ok());
        let Some(path) = chosen else {
            return Ok(None);
        };
        let name = name_of(&path);
        std::fs::write(&path, one.text).map_err(|e| {
            let hint = "Choose another folder, or check its rights and its free space.";
            Error::new(Code::Io, format!("`{name}` cannot be written: {e}"), hint)
        })?;
        Ok(Some(name))
    })
    .await
}

/// Reads a profile from a file that a dialog asks for; nothing when the person went back. Whether it is one, a look at it tells.
#[tauri::command]
pub(crate) async fn profile_read(app: AppHandle, desk: Shared<'_>) -> Result<Option<ProfileFile>> {
    work(&desk, move |_| {
        let dialog = app.dialog().file().add_filter("TOML", &["toml"]);
        let chosen = dialog.blocking_pick_file();
        let Some(path) = chosen.and_then(|file| file.into_path().ok()) else {
            return Ok(None);
        };
        let name = name_of(&path);
        let refused = |why: String| {
            let message = format!("`{name}` cannot be read: {why}");
            Error::new(Code::NotReadable, message, "Choose a profile, a TOML file.")
        };
        let file = std::fs::File::open(&path).map_err(|e| refused(e.to_string()))?;
        let mut bytes = Vec::new();
        let read = file.take(LARGEST + 1).read_to_end(&mut bytes);
        read.map_err(|e| refused(e.to_string()))?;
        if bytes.len() as u64 > LARGEST {
            return Err(refused(format!("it has more than {LARGEST} bytes")));
        }
        let text = String::from_utf8(bytes).map_err(|_| refused("it is no text".to_owned()))?;
        Ok(Some(ProfileFile { name, text }))
    })
    .await
}

fn name_of(path: &std::path::Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
