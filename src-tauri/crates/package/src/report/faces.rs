//! The faces that the PDF is set in: their outlines, the width of every character, and which face has a character.
//!
//! Owns: Inter (regular, semibold) and JetBrains Mono, both under the SIL Open Font License (`fonts/OFL.txt`), reduced to
//! Latin, Greek, Cyrillic and signs. Never touches: layout. A character that no face has is written as its code point.

use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider};

use crate::error::{PackageError, Result};

const INTER: &[u8] = include_bytes!("../../fonts/Inter-Regular.otf");
const INTER_BOLD: &[u8] = include_bytes!("../../fonts/Inter-SemiBold.otf");
const MONO: &[u8] = include_bytes!("../../fonts/JetBrainsMono-Regular.ttf");

/// Which face.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    Plain = 0,
    Bold = 1,
    Mono = 2,
}

struct Loaded {
    font: Font,
    signs: Charmap<'static>,
    widths: GlyphMetrics<'static>,
    units: f32,
}

/// The three faces.
pub(crate) struct Faces {
    all: Vec<Loaded>,
}

/// Characters of one face that stand together.
pub(crate) struct Run {
    pub(crate) face: usize,
    pub(crate) text: String,
    /// Glyph, its width in ems, and its bytes in `text`.
    glyphs: Vec<(u32, f32, std::ops::Range<usize>)>,
}

impl Run {
    /// Width at a size.
    pub(crate) fn width(&self, size: f32) -> f32 {
        self.glyphs.iter().map(|g| g.1).sum::<f32>() * size
    }

    /// As the PDF library takes it.
    pub(crate) fn glyphs(&self) -> Vec<KrillaGlyph> {
        self.glyphs
            .iter()
            .map(|(glyph, width, range)| {
                KrillaGlyph::new(
                    GlyphId::new(*glyph),
                    *width,
                    0.0,
                    0.0,
                    0.0,
                    range.clone(),
                    None,
                )
            })
            .collect()
    }
}

impl Faces {
    /// Reads the faces.
    pub(crate) fn new() -> Result<Self> {
        let load = |data: &'static [u8]| {
            let font = Font::new(data.to_vec().into(), 0);
            let outlines = FontRef::new(data).ok();
            match (font, outlines) {
                (Some(font), Some(outlines)) => {
                    let (size, plain) = (Size::unscaled(), LocationRef::default());
                    Ok(Loaded {
                        font,
                        signs: outlines.charmap(),
                        widths: outlines.glyph_metrics(size, plain),
                        units: f32::from(outlines.metrics(size, plain).units_per_em),
                    })
                }
                _ => Err(PackageError::Report("a face cannot be read".to_owned())),
            }
        };
        Ok(Self {
            all: [INTER, INTER_BOLD, MONO]
                .into_iter()
                .map(load)
                .collect::<Result<_>>()?,
        })
    }

    /// The face for the PDF library.
    pub(crate) fn font(&self, run: &Run) -> Font {
        self.all[run.face].font.clone()
    }

    fn glyph(&self, face: usize, c: char) -> Option<(u32, f32)> {
        let face = &self.all[face];
        let glyph = face.signs.map(c).filter(|g| g.to_u32() != 0)?;
        Some((
            glyph.to_u32(),
            face.widths.advance_width(glyph)? / face.units,
        ))
    }

    /// A text as runs; a character that the wanted face lacks is taken from another, or written as its code point.
    pub(crate) fn runs(&self, text: &str, face: Face) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        let mut push = |c: char| -> bool {
            let order = [face as usize, Face::Plain as usize, Face::Mono as usize];
            let Some((face, (glyph, width))) =
                order.iter().find_map(|f| Some((*f, self.glyph(*f, c)?)))
            else {
                return false;
            };
            if runs.last().is_none_or(|run| run.face != face) {
                runs.push(Run {
                    face,
                    text: String::new(),
                    glyphs: Vec::new(),
                });
            }
            if let Some(run) = runs.last_mut() {
                let from = run.text.len();
                run.text.push(c);
                run.glyphs.push((glyph, width, from..run.text.len()));
            }
            true
        };
        for c in text.chars() {
            if !push(c) {
                format!("⟨U+{:04X}⟩", u32::from(c)).chars().for_each(|c| {
                    push(c);
                });
            }
        }
        runs
    }

    /// Width of a text at a size.
    pub(crate) fn width(&self, text: &str, face: Face, size: f32) -> f32 {
        self.runs(text, face).iter().map(|r| r.width(size)).sum()
    }

    /// A text in lines no wider than `most`. A word that is wider is broken where it must be.
    pub(crate) fn lines(&self, text: &str, face: Face, size: f32, most: f32) -> Vec<String> {
        let mut lines = vec![String::new()];
        let mut at = 0.0;
        for word in text.split_inclusive([' ', '\n']) {
            let wide = self.width(word.trim_end(), face, size);
            if at > 0.0 && at + wide > most {
                lines.push(String::new());
                at = 0.0;
            }
            if wide <= most {
                push(&mut lines, word.trim_end_matches('\n'));
                at += self.width(word.trim_end_matches('\n'), face, size);
            } else {
                for c in word.trim_end_matches('\n').chars() {
                    let wide = self.width(c.encode_utf8(&mut [0; 4]), face, size);
                    if at > 0.0 && at + wide > most {
                        lines.push(String::new());
                        at = 0.0;
                    }
                    push(&mut lines, c.encode_utf8(&mut [0; 4]));
                    at += wide;
                }
            }
            if word.ends_with('\n') {
                lines.push(String::new());
                at = 0.0;
            }
        }
        lines
    }
}

fn push(lines: &mut [String], text: &str) {
    if let Some(line) = lines.last_mut() {
        line.push_str(text);
    }
}
