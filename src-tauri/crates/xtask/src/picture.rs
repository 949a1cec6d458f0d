//! A screenshot, and whether anything is on it.
//!
//! Owns: decoding. A page that has not been painted gives a perfectly valid picture of one colour, so a test that only
//! asks for a picture proves nothing. Never touches: the disk but to save a picture.

use std::collections::HashSet;
use std::path::Path;

use crate::Result;

/// A decoded screenshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    png: Vec<u8>,
    width: u32,
    height: u32,
    rows: Vec<Vec<[u8; 3]>>,
}

/// Fewer colours than this are an empty window: text alone brings dozens by its smooth edges.
const FEWEST_COLOURS: usize = 24;

impl Picture {
    /// Decodes a PNG of 8 bits a channel.
    pub fn decode(png: Vec<u8>) -> Result<Self> {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(&png));
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info()?;
        let size = reader
            .output_buffer_size()
            .ok_or("the picture is too large")?;
        let mut pixels = vec![0; size];
        let info = reader.next_frame(&mut pixels)?;
        let channels = info.color_type.samples();
        if channels < 3 {
            return Err("the picture has no colours".into());
        }
        let rows = pixels
            .chunks_exact(info.line_size)
            .map(|line| {
                line.chunks_exact(channels)
                    .map(|p| [p[0], p[1], p[2]])
                    .collect()
            })
            .collect();
        Ok(Self {
            width: info.width,
            height: info.height,
            rows,
            png,
        })
    }

    /// A picture of pixels of three bytes each, row after row.
    pub(crate) fn of_pixels(width: u32, height: u32, pixels: &[u8]) -> Result<Self> {
        let mut png = Vec::new();
        let mut encoder = png::Encoder::new(&mut png, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.write_header()?.write_image_data(pixels)?;
        Self::decode(png)
    }

    /// Pixels across and down.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// Distinct colours in a part of the picture; edges beyond it are cut.
    #[must_use]
    pub fn colours(&self, left: u32, top: u32, width: u32, height: u32) -> usize {
        let [left, top, width, height] = [left, top, width, height].map(|n| n as usize);
        self.rows
            .iter()
            .skip(top)
            .take(height)
            .flat_map(|row| row.iter().skip(left).take(width))
            .collect::<HashSet<_>>()
            .len()
    }

    /// Fails when the picture, or its lower half, shows nothing.
    pub fn check(&self) -> Result<()> {
        let whole = self.colours(0, 0, self.width, self.height);
        let lower = self.colours(0, self.height / 2, self.width, self.height / 2);
        if whole < FEWEST_COLOURS || lower < 2 {
            return Err(
                format!("the window is blank: {whole} colours, {lower} in its lower half").into(),
            );
        }
        Ok(())
    }

    /// Writes the picture as it came.
    pub fn save(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, &self.png)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(colour: impl Fn(u32, u32) -> [u8; 3]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, 64, 64);
        encoder.set_color(png::ColorType::Rgb);
        let pixels: Vec<u8> = (0..64)
            .flat_map(|y| (0..64).map(move |x| (x, y)))
            .flat_map(|(x, y)| colour(x, y))
            .collect();
        encoder
            .write_header()
            .unwrap()
            .write_image_data(&pixels)
            .unwrap();
        out
    }

    #[test]
    fn a_picture_of_one_colour_is_blank() {
        let picture = Picture::decode(png(|_, _| [250, 250, 250])).unwrap();
        assert!(
            picture.check().is_err(),
            "one colour is what an unpainted page gives"
        );
    }

    #[test]
    fn a_picture_with_an_empty_lower_half_is_blank() {
        let picture = Picture::decode(png(|x, y| {
            if y < 32 {
                [x as u8, y as u8, 0]
            } else {
                [9, 9, 9]
            }
        }))
        .unwrap();
        assert!(
            picture.check().is_err(),
            "a list that stops half way must not pass"
        );
    }

    #[test]
    fn a_picture_with_much_on_it_is_none() {
        let picture = Picture::decode(png(|x, y| [x as u8, y as u8, 0])).unwrap();
        assert_eq!(picture.size(), (64, 64));
        picture.check().unwrap();
    }
}
