//! What the window may speak of without knowing where it lies: a token stands for a path or a pasted text.
//!
//! Owns: the only map between tokens and paths. Never touches: the contents; a path never leaves this process.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use witnessmark_engine::{Code, Error, Input, Result};

use crate::wire::InputFile;

/// Ending of a case file.
pub(crate) const CASE_ENDING: &str = "wmcase";

/// What a token stands for.
#[derive(Clone, Debug)]
enum Held {
    Path(PathBuf),
    Paste {
        name: String,
        text: String,
    },
    /// A file that is no log: a connector, certificates.
    Text {
        name: String,
        text: String,
    },
}

/// Every token given out since the program started.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    held: HashMap<String, Held>,
    pastes: u32,
}

impl Tokens {
    /// A token for a path that a person dropped, chose or named on the command line.
    pub(crate) fn path(&mut self, path: &Path) -> InputFile {
        let token = self.put(Held::Path(path.to_owned()));
        let meta = std::fs::metadata(path).ok();
        InputFile {
            token,
            name: path
                .file_name()
                .unwrap_or(path.as_os_str())
                .to_string_lossy()
                .into_owned(),
            bytes: meta.filter(std::fs::Metadata::is_file).map(|m| m.len()),
            is_case: path.extension().is_some_and(|e| e == CASE_ENDING),
        }
    }

    /// A token for text that a person pasted.
    pub(crate) fn paste(&mut self, text: String) -> InputFile {
        self.pastes += 1;
        let name = format!("pasted text {}", self.pastes);
        let bytes = Some(text.len() as u64);
        let token = self.put(Held::Paste {
            name: name.clone(),
            text,
        });
        InputFile {
            token,
            name,
            bytes,
            is_case: false,
        }
    }

    /// A token for the text of a file that a person chose, as it was then.
    pub(crate) fn text(&mut self, name: String, text: String) -> String {
        self.put(Held::Text { name, text })
    }

    /// The text behind such a token.
    pub(crate) fn text_of(&self, token: &str) -> Result<String> {
        match self.held.get(token) {
            Some(Held::Text { text, .. }) => Ok(text.clone()),
            _ => Err(unknown()),
        }
    }

    /// The path behind a token of a case.
    pub(crate) fn case(&self, token: &str) -> Result<PathBuf> {
        match self.held.get(token) {
            Some(Held::Path(path)) => Ok(path.clone()),
            _ => Err(unknown()),
        }
    }

    /// The input behind a token.
    pub(crate) fn input(&self, token: &str) -> Result<Input> {
        match self.held.get(token) {
            Some(Held::Path(path)) => Input::at(path),
            Some(Held::Paste { name, text } | Held::Text { name, text }) => Ok(Input::Paste {
                name: name.clone(),
                text: text.clone(),
            }),
            None => Err(unknown()),
        }
    }

    fn put(&mut self, held: Held) -> String {
        // Counting is enough: the window that receives a token is the only one that can use it.
        let token = format!("input-{}", self.held.len() + 1);
        self.held.insert(token.clone(), held);
        token
    }
}

fn unknown() -> Error {
    Error::new(
        Code::NoSuchItem,
        "this file is no longer known to the window",
        "Choose or drop it again.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_token_reaches_nothing() {
        let mut tokens = Tokens::default();
        tokens.path(Path::new("/somewhere/logs.csv"));
        for made_up in ["", "input-2", "/somewhere/logs.csv", "../logs.csv"] {
            assert!(
                tokens.case(made_up).is_err(),
                "{made_up:?} was never given out"
            );
            assert!(
                tokens.input(made_up).is_err(),
                "{made_up:?} was never given out"
            );
        }
    }

    #[test]
    fn the_window_learns_the_name_and_not_the_folder() {
        let file = Tokens::default().path(Path::new("/home/someone/secret/logs.csv"));
        let sent = serde_json::to_string(&file).unwrap();
        assert_eq!(file.name, "logs.csv");
        assert!(
            !sent.contains("secret"),
            "a folder crossed to the window: {sent}"
        );
    }

    #[test]
    fn only_the_text_of_a_chosen_file_goes_with_a_request() {
        let mut tokens = Tokens::default();
        let pasted = tokens.paste("base = 'https://evil.example'".into());
        let path = tokens.path(Path::new("/somewhere/secret"));
        let chosen = tokens.text("mine.toml".into(), "language = 1".into());
        assert_eq!(tokens.text_of(&chosen).unwrap(), "language = 1");
        for other in [
            pasted.token.as_str(),
            &path.token,
            "language = 1",
            "input-9",
        ] {
            assert!(tokens.text_of(other).is_err(), "{other} was not chosen");
        }
    }

    #[test]
    fn a_paste_is_no_case() {
        let mut tokens = Tokens::default();
        let file = tokens.paste("a|b".into());
        assert_eq!(file.bytes, Some(3));
        assert!(
            tokens.case(&file.token).is_err(),
            "text cannot be opened as a case"
        );
    }
}
