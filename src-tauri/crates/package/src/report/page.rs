//! A page of the PDF: what is drawn on it, collected before it is written, so that the foot can say of how many.
//!
//! Owns: positions on paper (points, from the top left). Never touches: what is said.

use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::num::NormalizedF32;
use krilla::paint::Fill;
use krilla::surface::Surface;

use super::faces::{Face, Faces};

/// A4.
pub(crate) const WIDTH: f32 = 595.28;
/// A4.
pub(crate) const HEIGHT: f32 = 841.89;
/// White around the text.
pub(crate) const MARGIN: f32 = 48.0;

/// A colour: red, green, blue.
pub(crate) type Ink = (u8, u8, u8);

/// Something on paper.
pub(crate) enum Mark {
    Text {
        x: f32,
        y: f32,
        size: f32,
        face: Face,
        ink: Ink,
        text: String,
    },
    Box {
        x: f32,
        y: f32,
        wide: f32,
        tall: f32,
        ink: Ink,
    },
}

fn fill(ink: Ink) -> Fill {
    Fill {
        paint: rgb::Color::new(ink.0, ink.1, ink.2).into(),
        opacity: NormalizedF32::ONE,
        rule: krilla::paint::FillRule::NonZero,
    }
}

/// Draws the marks of one page.
pub(crate) fn draw(marks: &[Mark], faces: &Faces, surface: &mut Surface<'_>) {
    for mark in marks {
        match mark {
            Mark::Box {
                x,
                y,
                wide,
                tall,
                ink,
            } => {
                let mut path = PathBuilder::new();
                if let Some(rect) = Rect::from_xywh(*x, *y, *wide, *tall) {
                    path.push_rect(rect);
                }
                if let Some(path) = path.finish() {
                    surface.set_fill(Some(fill(*ink)));
                    surface.draw_path(&path);
                }
            }
            Mark::Text {
                x,
                y,
                size,
                face,
                ink,
                text,
            } => {
                surface.set_fill(Some(fill(*ink)));
                let mut at = *x;
                for run in faces.runs(text, *face) {
                    surface.draw_glyphs(
                        Point::from_xy(at, *y),
                        &run.glyphs(),
                        faces.font(&run),
                        &run.text,
                        *size,
                        false,
                    );
                    at += run.width(*size);
                }
            }
        }
    }
}
