//! A person's own checklists: checked while they are written, kept in the case, asked by their names.
//!
//! Owns: which texts are at hand. Never touches: the language, runs (each keeps the text that it used, whatever becomes of
//! the one here).

use witnessmark_checklist::{Checklist, ChecklistError, library};

use super::{Words, info, named, wrong};
use crate::api::{CheckedChecklist, ChecklistInfo, ChecklistText, RefusedChecklist};
use crate::case::Case;
use crate::error::{Code, Error, Result};

const OWN: &str = "checklist_own";
/// Longest text, in bytes.
const LONGEST: usize = 256 * 1024;

pub(super) fn refused(error: ChecklistError) -> RefusedChecklist {
    RefusedChecklist {
        file: error.file,
        line: error.line.map(|l| l as u32),
        key: error.key,
        message: error.message,
    }
}

/// The text of a checklist of the program.
fn shipped(id: &str) -> Option<&'static str> {
    let mut all = library::SHIPPED.iter();
    all.find(|(file, _)| file.trim_end_matches(".toml") == id)
        .map(|(_, text)| *text)
}

fn taken(file: &str, checklist: &Checklist) -> ChecklistError {
    let starts = |line: &str| line.trim_start().starts_with("id");
    ChecklistError {
        file: file.to_owned(),
        line: checklist.text.lines().position(starts).map(|at| at + 1),
        key: "checklist.id".to_owned(),
        message: format!(
            "`{}` is a checklist of the program; give yours a name of its own",
            checklist.id
        ),
    }
}

/// Refuses a text under the id of a checklist of the program that is not that checklist, to the byte: two that answer
/// differently would stand under one name.
pub(super) fn not_taken(
    file: &str,
    checklist: &Checklist,
) -> std::result::Result<(), ChecklistError> {
    match shipped(&checklist.id) {
        Some(text) if text != checklist.text => Err(taken(file, checklist)),
        _ => Ok(()),
    }
}

fn file_of(id: &str) -> String {
    format!("{id}.toml")
}

/// Whether a text is a checklist that can be kept beside those of the program; else the first mistake with line and key.
#[must_use]
pub fn checklist_check(text: &str) -> CheckedChecklist {
    const FILE: &str = "checklist";
    let checklist = match Checklist::parse(FILE, text, &Words) {
        Ok(checklist) => checklist,
        Err(error) => {
            return CheckedChecklist {
                refused: Some(refused(error)),
                ..CheckedChecklist::default()
            };
        }
    };
    if shipped(&checklist.id).is_some() {
        return CheckedChecklist {
            refused: Some(refused(taken(FILE, &checklist))),
            ..CheckedChecklist::default()
        };
    }
    CheckedChecklist {
        checklist: Some(info(&checklist, false)),
        ..CheckedChecklist::default()
    }
}

impl Case {
    /// Those given, then those that the case keeps.
    pub(super) fn texts_at_hand(&self, own: &[ChecklistText]) -> Result<Vec<ChecklistText>> {
        let mut texts = own.to_vec();
        let kept = self.store.statements(Some(OWN), None)?;
        texts.extend(kept.into_iter().map(|s| ChecklistText {
            file: file_of(&s.subject),
            text: s.value,
        }));
        Ok(texts)
    }

    /// The same without texts of the case that this version cannot read; they are listed as refused and spoil nothing.
    pub(super) fn readable_texts(&self, own: &[ChecklistText]) -> Result<Vec<ChecklistText>> {
        let mut texts = self.texts_at_hand(own)?;
        let given = own.len();
        let mut at = 0;
        texts.retain(|t| {
            at += 1;
            at <= given || Checklist::parse(&t.file, &t.text, &Words).is_ok()
        });
        Ok(texts)
    }

    /// The text of a checklist of the program, of the case, or of those given.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn checklist_source(&self, name: &str, own: &[ChecklistText]) -> Result<String> {
        for kept in self.texts_at_hand(own)? {
            if kept.file == file_of(name) {
                return Ok(kept.text);
            }
        }
        Ok(named(name, own)?.text)
    }

    /// Keeps a checklist of a person's own in the case, in the place of the one of the same id. Runs go on with the text that
    /// they used.
    ///
    /// # Errors
    /// With line and key when the text is no checklist; when its id is that of one of the program.
    pub fn save_checklist(&self, text: &str) -> Result<ChecklistInfo> {
        if text.len() > LONGEST {
            return Err(Error::new(
                Code::LimitExceeded,
                format!("a checklist has at most {LONGEST} bytes"),
                "Make two of it.",
            ));
        }
        let checked = checklist_check(text);
        if let Some(refused) = checked.refused {
            return Err(wrong(&ChecklistError {
                file: refused.file,
                line: refused.line.map(|l| l as usize),
                key: refused.key,
                message: refused.message,
            }));
        }
        let Some(info) = checked.checklist else {
            return Err(crate::failures::internal(
                "a checklist was neither read nor refused",
            ));
        };
        let before = self.store.statements(Some(OWN), Some(&info.id))?;
        if before.iter().any(|s| s.value == text) {
            return Ok(info);
        }
        let stamp = self.stamp();
        self.store.state(&stamp, OWN, &info.id, text)?;
        for old in before {
            self.store.take_back(&stamp, old.id)?;
        }
        Ok(info)
    }

    /// Takes a checklist of a person's own back; its runs stay, with the text that they used.
    ///
    /// # Errors
    /// When the case keeps none of this id.
    pub fn forget_checklist(&self, id: &str) -> Result<()> {
        let kept = self.store.statements(Some(OWN), Some(id))?;
        if kept.is_empty() {
            return Err(Error::new(
                Code::NoSuchItem,
                format!("the case keeps no checklist `{id}`"),
                "List them with `checklist CASE`.",
            ));
        }
        for one in kept {
            self.store.take_back(&self.stamp(), one.id)?;
        }
        Ok(())
    }
}
