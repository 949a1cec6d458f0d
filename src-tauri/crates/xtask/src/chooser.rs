//! The dialog of the system that asks for a file or folder, answered by the keyboard, which no WebDriver can do.
//!
//! Owns: finding the dialog on a virtual screen over X11 and typing into it (extension XTEST), as a person would. Never
//! touches: the application.

use std::path::Path;
use std::time::{Duration, Instant};

use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    AtomEnum, ConnectionExt as _, InputFocus, KEY_PRESS_EVENT, KEY_RELEASE_EVENT, MapState, Window,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

use crate::Result;

/// How long the dialog may take to come, and to go.
const PATIENCE: Duration = Duration::from_secs(20);
/// What a person waits between two keys; a dialog that completes paths needs it.
const BEAT: Duration = Duration::from_millis(12);
/// What it may need until a path that was typed is looked up.
const PAUSE: Duration = Duration::from_millis(600);

const SHIFT: u32 = 0xffe1;
const CONTROL: u32 = 0xffe3;
const ENTER: u32 = 0xff0d;
const DELETE: u32 = 0xffff;

x11rb::atom_manager! {
    /// How a dialog is told from other windows.
    Words: WordsCookie { _NET_WM_WINDOW_TYPE, _NET_WM_WINDOW_TYPE_DIALOG, }
}

/// A keyboard on a screen.
struct Keys {
    connection: RustConnection,
    root: Window,
    first: u8,
    per_key: usize,
    symbols: Vec<u32>,
}

/// Waits for the dialog, types a path into it, and waits until it is gone.
pub(crate) fn answer(display: &str, path: &Path) -> Result<()> {
    let (connection, screen) = x11rb::connect(Some(display))?;
    let words = Words::new(&connection)?.reply()?;
    let root = connection.setup().roots[screen].root;
    let dialog = until(|| shown(&connection, &words, root))?
        .ok_or("no dialog of the system asked for a file")?;
    let keys = Keys::of(connection, root)?;
    // Without a window manager nobody gives a new window the focus.
    keys.connection
        .set_input_focus(InputFocus::PARENT, dialog, x11rb::CURRENT_TIME)?;
    keys.connection.flush()?;
    std::thread::sleep(PAUSE);
    // A dialog for saving has a name selected, which typing replaces; in one for opening the first slash begins a path.
    keys.with(CONTROL, u32::from('a'))?;
    let path = path.to_str().ok_or("the path is not Unicode")?;
    for c in path.chars() {
        keys.type_one(c)?;
    }
    std::thread::sleep(PAUSE);
    // What the dialog completed behind the path is selected; of a folder it is what lies in it.
    keys.press(DELETE)?;
    keys.press(ENTER)?;
    let gone = until(|| {
        let left = shown(&keys.connection, &words, root)?;
        Ok((left != Some(dialog)).then_some(()))
    })?;
    gone.ok_or_else(|| format!("the dialog of the system did not take `{path}`").into())
}

fn until<T>(mut look: impl FnMut() -> Result<Option<T>>) -> Result<Option<T>> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(found) = look()? {
            return Ok(Some(found));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(None)
}

/// The dialog that is shown on a screen.
fn shown(connection: &RustConnection, words: &Words, root: Window) -> Result<Option<Window>> {
    for window in connection.query_tree(root)?.reply()?.children {
        let kinds = connection
            .get_property(
                false,
                window,
                words._NET_WM_WINDOW_TYPE,
                AtomEnum::ATOM,
                0,
                8,
            )?
            .reply();
        let is_dialog = kinds.is_ok_and(|p| {
            let mut kinds = p.value32().into_iter().flatten();
            kinds.any(|k| k == words._NET_WM_WINDOW_TYPE_DIALOG)
        });
        let is_shown = connection
            .get_window_attributes(window)?
            .reply()
            .is_ok_and(|a| a.map_state == MapState::VIEWABLE);
        if is_dialog && is_shown {
            return Ok(Some(window));
        }
    }
    Ok(None)
}

impl Keys {
    fn of(connection: RustConnection, root: Window) -> Result<Self> {
        let (first, last) = (
            connection.setup().min_keycode,
            connection.setup().max_keycode,
        );
        let map = connection
            .get_keyboard_mapping(first, last - first + 1)?
            .reply()?;
        Ok(Self {
            per_key: usize::from(map.keysyms_per_keycode).max(1),
            symbols: map.keysyms,
            connection,
            root,
            first,
        })
    }

    /// The key that has a symbol, and whether it has it with Shift.
    fn key(&self, symbol: u32) -> Result<(u8, bool)> {
        for (at, symbols) in self.symbols.chunks(self.per_key).enumerate() {
            let place = symbols.iter().take(2).position(|s| *s == symbol);
            if let Some(column) = place {
                let code = u8::try_from(at)? + self.first;
                return Ok((code, column == 1));
            }
        }
        Err(format!("no key of this screen has the symbol {symbol:#x}").into())
    }

    fn say(&self, kind: u8, key: u8) -> Result<()> {
        self.connection
            .xtest_fake_input(kind, key, x11rb::CURRENT_TIME, self.root, 0, 0, 0)?;
        self.connection.flush()?;
        std::thread::sleep(BEAT);
        Ok(())
    }

    fn press(&self, symbol: u32) -> Result<()> {
        let (key, _) = self.key(symbol)?;
        self.say(KEY_PRESS_EVENT, key)?;
        self.say(KEY_RELEASE_EVENT, key)
    }

    /// A key while another one is held.
    fn with(&self, held: u32, symbol: u32) -> Result<()> {
        let (held, _) = self.key(held)?;
        self.say(KEY_PRESS_EVENT, held)?;
        let pressed = self.press(symbol);
        self.say(KEY_RELEASE_EVENT, held)?;
        pressed
    }

    fn type_one(&self, c: char) -> Result<()> {
        let symbol = u32::from(c);
        match self.key(symbol)? {
            (_, true) => self.with(SHIFT, symbol),
            (_, false) => self.press(symbol),
        }
    }
}
