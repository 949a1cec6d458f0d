//! A dialog that the system draws over the window: no WebDriver sees it, and the page can neither draw nor press it.
//!
//! Owns: finding it by its title and pressing its buttons as a person would, over X11 with its extension XTEST; `chooser` answers
//! those that ask for a file. Never touches: the application.

use std::thread::sleep;
use std::time::{Duration, Instant};

use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    AtomEnum, BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt as _, MOTION_NOTIFY_EVENT,
    MapState, Window,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

use crate::Result;

/// How long it may take to come or to go.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long it may take to draw itself after it has come.
const DRAWN: Duration = Duration::from_millis(400);
/// Pixels of the middle of its row of buttons from its lower edge.
const BUTTONS: i16 = 22;

/// A dialog that is shown.
#[derive(Debug)]
pub struct SystemDialog {
    connection: RustConnection,
    root: Window,
    window: Window,
    title: String,
}

impl SystemDialog {
    /// Waits for the dialog with this title.
    pub(crate) fn find(display: &str, title: &str) -> Result<Self> {
        let (connection, screen) = x11rb::connect(Some(display))?;
        let root = connection.setup().roots[screen].root;
        let begun = Instant::now();
        loop {
            let mut shown = Vec::new();
            let children = connection.query_tree(root)?.reply()?.children;
            for window in children {
                let name = title_of(&connection, window)?;
                if name == title && is_shown(&connection, window)? {
                    sleep(DRAWN);
                    return Ok(Self {
                        connection,
                        root,
                        window,
                        title: name,
                    });
                }
                shown.push(name);
            }
            if begun.elapsed() > PATIENCE {
                return Err(format!("no dialog `{title}` came; there are {shown:?}").into());
            }
            sleep(Duration::from_millis(50));
        }
    }

    /// Presses a button in the row at its lower edge, the first from the left being 0, and waits until it is gone.
    pub fn press(self, button: u16, of: u16) -> Result<()> {
        let size = self.connection.get_geometry(self.window)?.reply()?;
        let at = self
            .connection
            .translate_coordinates(self.window, self.root, 0, 0)?
            .reply()?;
        let x = at.dst_x + i16::try_from(size.width / (2 * of) * (2 * button + 1))?;
        let y = at.dst_y + i16::try_from(size.height)? - BUTTONS;
        self.fake(MOTION_NOTIFY_EVENT, 0, x, y)?;
        self.fake(BUTTON_PRESS_EVENT, 1, 0, 0)?;
        self.fake(BUTTON_RELEASE_EVENT, 1, 0, 0)?;
        self.gone()
    }

    fn fake(&self, kind: u8, detail: u8, x: i16, y: i16) -> Result<()> {
        self.connection
            .xtest_fake_input(kind, detail, x11rb::CURRENT_TIME, self.root, x, y, 0)?
            .check()?;
        Ok(())
    }

    fn gone(self) -> Result<()> {
        let begun = Instant::now();
        while is_shown(&self.connection, self.window).unwrap_or(false) {
            if begun.elapsed() > PATIENCE {
                return Err(format!("the dialog `{}` stays", self.title).into());
            }
            sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

fn title_of(connection: &RustConnection, window: Window) -> Result<String> {
    let name = connection
        .get_property(false, window, AtomEnum::WM_NAME, AtomEnum::ANY, 0, 256)?
        .reply();
    // A window that is gone again has no title.
    Ok(name.map_or(String::new(), |name| {
        String::from_utf8_lossy(&name.value).into_owned()
    }))
}

fn is_shown(connection: &RustConnection, window: Window) -> Result<bool> {
    let attributes = connection.get_window_attributes(window)?.reply();
    Ok(attributes.is_ok_and(|a| a.map_state == MapState::VIEWABLE))
}
