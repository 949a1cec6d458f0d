//! A screen that nobody sees. Owns: one Xvfb process, ended with its owner, and a look at all of it. Never touches: a screen that is
//! there already.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{ConnectionExt as _, ImageFormat};

use crate::{Picture, Result};

/// A virtual screen; it goes dark when this is dropped.
#[derive(Debug)]
pub struct Display {
    server: Child,
    name: String,
}

impl Display {
    /// A screen of this many pixels, under a number that was free.
    pub fn start(width: u32, height: u32) -> Result<Self> {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-nolisten", "tcp", "-screen", "0"])
            .arg(format!("{width}x{height}x24"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| {
                format!("Xvfb does not start ({e}); on Debian and Ubuntu it is in the package xvfb")
            })?;
        // Xvfb writes the number it took once it answers, so nothing has to be guessed or waited for.
        let mut number = String::new();
        if let Some(out) = server.stdout.take() {
            BufReader::new(out).read_line(&mut number)?;
        }
        if number.trim().is_empty() {
            server.kill()?;
            return Err("Xvfb ended before it was ready".into());
        }
        let name = format!(":{}", number.trim());
        Ok(Self { server, name })
    }

    /// Everything that is on it.
    pub fn picture(&self) -> Result<Picture> {
        let (connection, screen) = x11rb::connect(Some(&self.name))?;
        let screen = &connection.setup().roots[screen];
        let (width, height) = (screen.width_in_pixels, screen.height_in_pixels);
        let image = connection
            .get_image(
                ImageFormat::Z_PIXMAP,
                screen.root,
                0,
                0,
                width,
                height,
                u32::MAX,
            )?
            .reply()?;
        // 24 bits in four bytes, blue first.
        let pixels = image.data.chunks_exact(4).flat_map(|p| [p[2], p[1], p[0]]);
        Picture::of_pixels(width.into(), height.into(), &pixels.collect::<Vec<u8>>())
    }

    /// Its name for `DISPLAY`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing to do about it then.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
