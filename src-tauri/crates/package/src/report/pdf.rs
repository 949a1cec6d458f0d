//! The report as PDF: A4, faces embedded, no date but the case's own, so that the same report is the same bytes.
//!
//! Owns: the setting. Never touches: what it says.

use krilla::Document;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;

use super::faces::{Face, Faces};
use super::page::{self, HEIGHT, Ink, MARGIN, Mark, WIDTH};
use super::{Bars, Block, Column, Kind, Report, Strip};
use crate::error::{PackageError, Result};

const BLACK: Ink = (22, 25, 29);
const QUIET: Ink = (90, 96, 105);
const RULE: Ink = (222, 219, 213);
const GROUND: Ink = (244, 242, 238);
const TEAL: Ink = (15, 118, 110);
const SUCCESS: Ink = (138, 148, 160);
const FAILURE: Ink = (194, 65, 12);
const OTHER: Ink = (198, 203, 209);
const NO_DATA: Ink = (236, 234, 229);
const INNER: f32 = WIDTH - 2.0 * MARGIN;
const FLOOR: f32 = HEIGHT - MARGIN - 14.0;

/// The report as PDF.
pub(crate) fn pdf(report: &Report) -> Result<Vec<u8>> {
    let faces = Faces::new()?;
    let mut setter = Setter {
        faces: &faces,
        pages: vec![Vec::new()],
        y: MARGIN,
    };
    setter.paragraph(&report.title, Face::Bold, 20.0, 25.0, BLACK);
    setter.paragraph(&report.subtitle, Face::Plain, 9.0, 13.0, QUIET);
    setter.y += 8.0;
    for block in &report.blocks {
        setter.block(block);
    }
    let pages = setter.pages;
    let mut document = Document::new();
    let of = pages.len();
    for (at, mut marks) in pages.into_iter().enumerate() {
        let count = format!("{} / {of}", at + 1);
        let wide = faces.width(&count, Face::Plain, 7.5);
        for (x, text) in [
            (MARGIN, report.foot.clone()),
            (WIDTH - MARGIN - wide, count),
        ] {
            marks.push(Mark::Text {
                x,
                y: HEIGHT - MARGIN + 6.0,
                size: 7.5,
                face: Face::Plain,
                ink: QUIET,
                text,
            });
        }
        let settings = PageSettings::from_wh(WIDTH, HEIGHT)
            .ok_or_else(|| PackageError::Report("no page of this size".to_owned()))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        page::draw(&marks, &faces, &mut surface);
        surface.finish();
        page.finish();
    }
    document.set_metadata(
        Metadata::new()
            .title(report.title.clone())
            .language("en".to_owned())
            .producer("Witnessmark".to_owned()),
    );
    document
        .finish()
        .map_err(|e| PackageError::Report(format!("{e:?}")))
}

struct Setter<'f> {
    faces: &'f Faces,
    pages: Vec<Vec<Mark>>,
    y: f32,
}

impl Setter<'_> {
    fn put(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    /// Begins a page when less than `tall` is left of this one.
    fn need(&mut self, tall: f32) -> bool {
        if self.y + tall <= FLOOR {
            return false;
        }
        self.pages.push(Vec::new());
        self.y = MARGIN;
        true
    }

    fn line(&mut self, x: f32, text: String, face: Face, size: f32, ink: Ink) {
        let y = self.y + size;
        self.put(Mark::Text {
            x,
            y,
            size,
            face,
            ink,
            text,
        });
    }

    fn fill(&mut self, x: f32, y: f32, wide: f32, tall: f32, ink: Ink) {
        self.put(Mark::Box {
            x,
            y,
            wide,
            tall,
            ink,
        });
    }

    fn paragraph(&mut self, text: &str, face: Face, size: f32, leading: f32, ink: Ink) {
        for line in self.faces.lines(text, face, size, INNER) {
            self.need(leading);
            self.line(MARGIN, line, face, size, ink);
            self.y += leading;
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading(text) => {
                // A heading stays with what follows it.
                if !self.need(90.0) {
                    self.y += 12.0;
                }
                let y = self.y;
                self.fill(MARGIN, y, INNER, 0.6, RULE);
                self.y += 9.0;
                self.paragraph(text, Face::Bold, 11.5, 17.0, BLACK);
            }
            Block::Text(text) => {
                self.paragraph(text, Face::Plain, 8.8, 12.6, BLACK);
                self.y += 4.0;
            }
            Block::Note(text) => self.paragraph(text, Face::Plain, 8.2, 11.8, QUIET),
            Block::List(items) => {
                for item in items {
                    let lines = self.faces.lines(item, Face::Plain, 8.4, INNER - 12.0);
                    for (at, line) in lines.into_iter().enumerate() {
                        self.need(11.8);
                        if at == 0 {
                            self.line(MARGIN, "•".to_owned(), Face::Plain, 8.4, QUIET);
                        }
                        self.line(MARGIN + 12.0, line, Face::Plain, 8.4, BLACK);
                        self.y += 11.8;
                    }
                }
                self.y += 4.0;
            }
            Block::Facts(rows) => {
                for (name, value) in rows {
                    let lines = self.faces.lines(value, Face::Plain, 8.8, INNER - 96.0);
                    for (at, line) in lines.into_iter().enumerate() {
                        self.need(12.8);
                        if at == 0 {
                            self.line(MARGIN, name.clone(), Face::Plain, 8.8, QUIET);
                        }
                        self.line(MARGIN + 96.0, line, Face::Plain, 8.8, BLACK);
                        self.y += 12.8;
                    }
                }
                self.y += 4.0;
            }
            Block::Table(columns, rows) => self.table(columns, rows),
            Block::Bars(bars) => self.bars(bars),
            Block::Strips { from, to, strips } => self.strips(from, to, strips),
            Block::Code(lines) => {
                let tall = lines.len() as f32 * 12.0 + 10.0;
                self.need(tall);
                let y = self.y;
                self.fill(MARGIN, y, INNER, tall, GROUND);
                self.y += 5.0;
                for line in lines {
                    self.line(MARGIN + 8.0, line.clone(), Face::Mono, 8.0, BLACK);
                    self.y += 12.0;
                }
                self.y += 9.0;
            }
        }
    }

    fn table(&mut self, columns: &[Column], rows: &[Vec<String>]) {
        let whole: f32 = columns.iter().map(|c| c.weight).sum();
        let mut x = MARGIN;
        let places: Vec<(f32, f32)> = columns
            .iter()
            .map(|c| {
                let wide = c.weight / whole * INNER;
                let place = (x, wide - 8.0);
                x += wide;
                place
            })
            .collect();
        self.head(columns, &places);
        for row in rows {
            let cells: Vec<Vec<String>> = row
                .iter()
                .zip(columns)
                .zip(&places)
                .map(|((text, column), (_, wide))| {
                    let (face, size) = style(column.kind);
                    self.faces.lines(text, face, size, *wide)
                })
                .collect();
            let tall = cells.iter().map(Vec::len).max().unwrap_or(1) as f32 * 10.6 + 4.4;
            if self.need(tall) {
                self.head(columns, &places);
            }
            let top = self.y;
            for ((lines, column), (x, wide)) in cells.into_iter().zip(columns).zip(&places) {
                let (face, size) = style(column.kind);
                self.y = top + 2.0;
                for line in lines {
                    let x = match column.kind {
                        Kind::Figure => x + wide - self.faces.width(&line, face, size),
                        _ => *x,
                    };
                    self.line(x, line, face, size, BLACK);
                    self.y += 10.6;
                }
            }
            self.y = top + tall;
            let y = self.y - 0.6;
            self.fill(MARGIN, y, INNER, 0.4, RULE);
        }
        self.y += 6.0;
    }

    fn head(&mut self, columns: &[Column], places: &[(f32, f32)]) {
        self.need(40.0);
        for (column, (x, wide)) in columns.iter().zip(places) {
            let x = match column.kind {
                Kind::Figure => x + wide - self.faces.width(column.title, Face::Plain, 7.6),
                _ => *x,
            };
            self.line(x, column.title.to_owned(), Face::Plain, 7.6, QUIET);
        }
        self.y += 12.6;
        let y = self.y - 0.6;
        self.fill(MARGIN, y, INNER, 0.6, RULE);
    }

    fn bars(&mut self, bars: &Bars) {
        let tall = 92.0;
        self.need(tall + 30.0);
        let most = bars
            .bins
            .iter()
            .map(|b| b.iter().sum::<u64>())
            .max()
            .unwrap_or(1)
            .max(1);
        let legend = format!(
            "{most} at most in {}; grey success, orange failure, pale without outcome",
            bars.step
        );
        self.line(MARGIN, legend, Face::Plain, 7.6, QUIET);
        self.y += 14.0;
        // A few days need no bars as wide as the page.
        let (top, step) = (self.y, (INNER / bars.bins.len().max(1) as f32).min(28.0));
        for share in [0.0, 0.5] {
            self.fill(MARGIN, top + tall * share, INNER, 0.3, RULE);
        }
        for (at, bin) in bars.bins.iter().enumerate() {
            let mut y = top + tall;
            for (count, ink) in bin.iter().zip([SUCCESS, FAILURE, OTHER]) {
                if *count > 0 {
                    let high = *count as f32 / most as f32 * tall;
                    y -= high;
                    let gap = if step > 3.0 { 1.0 } else { 0.2 };
                    self.fill(MARGIN + at as f32 * step, y, step - gap, high, ink);
                }
            }
        }
        self.y = top + tall;
        let y = self.y;
        self.fill(MARGIN, y, INNER, 0.6, RULE);
        self.y += 4.0;
        self.ends(&bars.from, &bars.to);
    }

    fn ends(&mut self, from: &str, to: &str) {
        let wide = self.faces.width(to, Face::Plain, 7.6);
        self.line(MARGIN, from.to_owned(), Face::Plain, 7.6, QUIET);
        self.line(
            WIDTH - MARGIN - wide,
            to.to_owned(),
            Face::Plain,
            7.6,
            QUIET,
        );
        self.y += 16.0;
    }

    fn strips(&mut self, from: &str, to: &str, strips: &[Strip]) {
        for strip in strips {
            self.need(40.0);
            self.line(MARGIN, strip.name.clone(), Face::Plain, 7.6, QUIET);
            self.y += 12.0;
            let (top, step) = (self.y, INNER / strip.pieces.len().max(1) as f32);
            for (at, share) in strip.pieces.iter().enumerate() {
                let ink = share.map_or(NO_DATA, |share| {
                    // Paler where there are fewer events, as the strips of the window are.
                    let mix = |c: u8| {
                        let pale = 255.0 - (255.0 - f32::from(c)) * (0.35 + 0.65 * share);
                        pale as u8
                    };
                    (mix(TEAL.0), mix(TEAL.1), mix(TEAL.2))
                });
                self.fill(MARGIN + at as f32 * step, top, step + 0.05, 6.0, ink);
            }
            self.y += 10.0;
        }
        self.ends(from, to);
    }
}

fn style(kind: Kind) -> (Face, f32) {
    match kind {
        Kind::Text | Kind::Figure => (Face::Plain, 8.0),
        Kind::Mono => (Face::Mono, 7.4),
    }
}
