//! Files dragged onto the window from another program, which no WebDriver can do.
//!
//! Owns: the side of the source in the XDND protocol, version 5 (freedesktop.org), over X11: what a file manager says
//! while a person drags files, and the data it hands over when they let go. Never touches: the application.

use std::path::Path;
use std::time::{Duration, Instant};

use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ClientMessageEvent, ConnectionExt as _, CreateWindowAux, EventMask, PropMode,
    SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use crate::Result;

/// Version of the protocol that is spoken.
const VERSION: u32 = 5;
/// How long the window may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

x11rb::atom_manager! {
    /// The words of the protocol.
    Words: WordsCookie {
        XdndAware, XdndEnter, XdndPosition, XdndStatus, XdndLeave, XdndDrop, XdndFinished, XdndSelection,
        XdndActionCopy, TARGETS, URI_LIST: b"text/uri-list",
    }
}

/// Files that are held over the window.
#[derive(Debug)]
pub struct Drag {
    connection: RustConnection,
    words: Words,
    source: Window,
    target: Window,
    data: String,
}

impl Drag {
    /// Takes the files and moves them over the middle of the one window of a screen that accepts drops.
    pub(crate) fn over(display: &str, paths: &[&Path]) -> Result<Self> {
        let (connection, screen) = x11rb::connect(Some(display))?;
        let words = Words::new(&connection)?.reply()?;
        let root = connection.setup().roots[screen].root;
        let source = connection.generate_id()?;
        connection.create_window(
            x11rb::COPY_DEPTH_FROM_PARENT,
            source,
            root,
            0,
            0,
            1,
            1,
            0,
            WindowClass::INPUT_OUTPUT,
            x11rb::COPY_FROM_PARENT,
            &CreateWindowAux::new().event_mask(EventMask::PROPERTY_CHANGE),
        )?;
        connection.set_selection_owner(source, words.XdndSelection, x11rb::CURRENT_TIME)?;
        let target = aware(&connection, &words, root)?
            .ok_or("no window of this screen accepts what is dropped on it")?;
        let data = paths.iter().map(|path| uri(path)).collect();
        let drag = Self {
            connection,
            words,
            source,
            target,
            data,
        };
        let version = VERSION << 24;
        drag.say(words.XdndEnter, [source, version, words.URI_LIST, 0, 0])?;
        drag.say_position()?;
        drag.answer_until(words.XdndStatus)?;
        Ok(drag)
    }

    /// Lets go: the window asks for the files and says when it is done with them.
    pub fn let_go(self) -> Result<()> {
        // A window may learn of the files only once it has asked for them, so the place is told again first.
        self.say_position()?;
        self.answer_until(self.words.XdndStatus)?;
        self.say(
            self.words.XdndDrop,
            [self.source, 0, x11rb::CURRENT_TIME, 0, 0],
        )?;
        self.answer_until(self.words.XdndFinished)
    }

    /// Takes them away again.
    pub fn leave(self) -> Result<()> {
        self.say(self.words.XdndLeave, [self.source, 0, 0, 0, 0])?;
        self.connection.sync()?;
        Ok(())
    }

    fn say_position(&self) -> Result<()> {
        let size = self.connection.get_geometry(self.target)?.reply()?;
        let (x, y) = (u32::from(size.width / 2), u32::from(size.height / 2));
        let place = (x << 16) | y;
        let copy = self.words.XdndActionCopy;
        self.say(
            self.words.XdndPosition,
            [self.source, 0, place, x11rb::CURRENT_TIME, copy],
        )
    }

    fn say(&self, word: Atom, data: [u32; 5]) -> Result<()> {
        let message = ClientMessageEvent::new(32, self.target, word, data);
        self.connection
            .send_event(false, self.target, EventMask::NO_EVENT, message)?;
        self.connection.flush()?;
        Ok(())
    }

    /// Hands over what the window asks for until it says this word.
    fn answer_until(&self, word: Atom) -> Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            match self.connection.poll_for_event()? {
                Some(Event::ClientMessage(message)) if message.type_ == word => return Ok(()),
                Some(Event::SelectionRequest(asked)) => self.hand_over(&asked)?,
                Some(_) => {}
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
        let name = self.connection.get_atom_name(word)?.reply()?.name;
        Err(format!(
            "the window did not say {} while files were dragged over it",
            String::from_utf8_lossy(&name)
        )
        .into())
    }

    fn hand_over(&self, asked: &SelectionRequestEvent) -> Result<()> {
        let (to, property) = (asked.requestor, asked.property);
        let mut given = property;
        if asked.target == self.words.URI_LIST {
            self.connection.change_property8(
                PropMode::REPLACE,
                to,
                property,
                self.words.URI_LIST,
                self.data.as_bytes(),
            )?;
        } else if asked.target == self.words.TARGETS {
            self.connection.change_property32(
                PropMode::REPLACE,
                to,
                property,
                AtomEnum::ATOM,
                &[self.words.URI_LIST],
            )?;
        } else {
            given = x11rb::NONE;
        }
        let told = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: asked.time,
            requestor: to,
            selection: asked.selection,
            target: asked.target,
            property: given,
        };
        self.connection
            .send_event(false, to, EventMask::NO_EVENT, told)?;
        self.connection.flush()?;
        Ok(())
    }
}

/// The first mapped window below another that says it speaks the protocol.
fn aware(connection: &RustConnection, words: &Words, below: Window) -> Result<Option<Window>> {
    let begun = Instant::now();
    loop {
        for window in connection.query_tree(below)?.reply()?.children {
            let said = connection
                .get_property(false, window, words.XdndAware, AtomEnum::ANY, 0, 1)?
                .reply();
            let is_shown = connection
                .get_window_attributes(window)?
                .reply()
                .is_ok_and(|a| a.map_state == x11rb::protocol::xproto::MapState::VIEWABLE);
            if is_shown && said.is_ok_and(|p| p.value_len > 0) {
                return Ok(Some(window));
            }
        }
        if begun.elapsed() > PATIENCE {
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A line of `text/uri-list` (RFC 2483): everything but letters, digits and a few marks is written as `%XX`.
fn uri(path: &Path) -> String {
    let mut line = String::from("file://");
    for byte in path.to_string_lossy().bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            line.push(char::from(byte));
        } else {
            line.push_str(&format!("%{byte:02X}"));
        }
    }
    line.push_str("\r\n");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_as_a_line_of_a_uri_list() {
        assert_eq!(
            uri(Path::new("/a b/ü#.csv")),
            "file:///a%20b/%C3%BC%23.csv\r\n"
        );
    }
}
