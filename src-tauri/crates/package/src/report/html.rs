//! The report as one HTML file: no script, nothing loaded from anywhere.
//!
//! Owns: markup. Never touches: what it says. Every text is escaped; the policy in its head forbids everything but its
//! own style.

use std::fmt::Write as _;

use super::{Bars, Block, Column, Kind, Report, Strip};

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:14px/1.5 Inter,system-ui,sans-serif;color:#16191d;background:#fff;max-width:64rem;margin:2rem auto;padding:0 1.5rem;font-variant-numeric:tabular-nums}\
h1{font-size:1.9rem;line-height:1.2;margin:0}h2{font-size:1.1rem;margin:2.2rem 0 .6rem;border-top:1px solid #d9d7d2;padding-top:1rem}\
.sub{color:#5a6069;margin:.3rem 0 1.5rem}.note{color:#5a6069}\
table{border-collapse:collapse;width:100%}th{text-align:left;font-weight:500;color:#5a6069;font-size:12px}\
th,td{padding:.28rem .6rem .28rem 0;border-bottom:1px solid #e6e4df;vertical-align:top;overflow-wrap:anywhere}\
.n{text-align:right;white-space:nowrap}.m,pre{font-family:'JetBrains Mono',ui-monospace,monospace;font-size:.92em}\
dl{display:grid;grid-template-columns:10rem 1fr;gap:.3rem 1rem;margin:0}dt{color:#5a6069}dd{margin:0;overflow-wrap:anywhere}\
pre{background:#f4f2ee;padding:.8rem;overflow-x:auto}svg{width:100%;height:auto;display:block}\
.ok{fill:#8a94a0}.bad{fill:#c2410c}.other{fill:#c6cbd1}.has{fill:#0f766e}.none{fill:#eceae5}text{font-size:10px;fill:#5a6069}\
@media(prefers-color-scheme:dark){body{color:#e8eaed;background:#14171a}h2{border-color:#33383e}.sub,.note,th,dt{color:#9aa3ad}\
th,td{border-color:#2a2f35}pre{background:#1c2024}.none{fill:#262b30}.other{fill:#4b535c}text{fill:#9aa3ad}}\
@media print{body{margin:0;max-width:none}h2{break-after:avoid}tr{break-inside:avoid}}";

fn escaped(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}

fn tag(name: &str, text: &str, out: &mut String) {
    let _ = write!(out, "<{name}>");
    escaped(text, out);
    let end = name.split(' ').next().unwrap_or(name);
    let _ = writeln!(out, "</{end}>");
}

/// The report as HTML.
pub(crate) fn html(report: &Report) -> String {
    let mut out = String::with_capacity(1 << 16);
    out.push_str("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n");
    out.push_str("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    escaped(&report.title, &mut out);
    let _ = write!(out, "</title>\n<style>{STYLE}</style></head><body>\n");
    tag("h1", &report.title, &mut out);
    tag("p class=\"sub\"", &report.subtitle, &mut out);
    for block in &report.blocks {
        write_block(block, &mut out);
    }
    tag("p class=\"note\"", &report.foot, &mut out);
    out.push_str("</body></html>\n");
    out
}

fn write_block(block: &Block, out: &mut String) {
    match block {
        Block::Heading(text) => tag("h2", text, out),
        Block::Text(text) => tag("p", text, out),
        Block::Note(text) => tag("p class=\"note\"", text, out),
        Block::List(items) => {
            out.push_str("<ul>\n");
            items.iter().for_each(|i| tag("li", i, out));
            out.push_str("</ul>\n");
        }
        Block::Facts(rows) => {
            out.push_str("<dl>\n");
            for (name, value) in rows {
                tag("dt", name, out);
                tag("dd", value, out);
            }
            out.push_str("</dl>\n");
        }
        Block::Table(columns, rows) => table(columns, rows, out),
        Block::Bars(bars) => draw_bars(bars, out),
        Block::Strips { from, to, strips } => draw_strips(from, to, strips, out),
        Block::Code(lines) => tag("pre", &lines.join("\n"), out),
    }
}

fn table(columns: &[Column], rows: &[Vec<String>], out: &mut String) {
    let class = |kind: Kind| match kind {
        Kind::Text => "",
        Kind::Figure => " class=\"n\"",
        Kind::Mono => " class=\"m\"",
    };
    out.push_str("<table><thead><tr>");
    for column in columns {
        tag(&format!("th{}", class(column.kind)), column.title, out);
    }
    out.push_str("</tr></thead><tbody>\n");
    for row in rows {
        out.push_str("<tr>");
        for (column, text) in columns.iter().zip(row) {
            tag(&format!("td{}", class(column.kind)), text, out);
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table>\n");
}

fn draw_bars(bars: &Bars, out: &mut String) {
    let (width, height) = (960.0, 150.0);
    let most = bars
        .bins
        .iter()
        .map(|b| b.iter().sum::<u64>())
        .max()
        .unwrap_or(1)
        .max(1);
    let step = width / bars.bins.len().max(1) as f64;
    let _ = write!(
        out,
        "<svg viewBox=\"0 0 {width} {}\" role=\"img\" aria-label=\"events over time\">",
        height + 18.0
    );
    for (at, bin) in bars.bins.iter().enumerate() {
        let mut top = height;
        for (count, class) in bin.iter().zip(["ok", "bad", "other"]) {
            if *count == 0 {
                continue;
            }
            let tall = *count as f64 / most as f64 * (height - 12.0);
            top -= tall;
            let _ = write!(
                out,
                "<rect class=\"{class}\" x=\"{:.2}\" y=\"{top:.2}\" width=\"{:.2}\" height=\"{tall:.2}\"/>",
                at as f64 * step,
                (step - 1.0).max(0.6)
            );
        }
    }
    let _ = writeln!(
        out,
        "<text x=\"0\" y=\"{y}\">{}</text><text x=\"{width}\" y=\"{y}\" text-anchor=\"end\">{}</text><text x=\"0\" y=\"9\">{most} at most in {}; grey success, orange failure, pale without outcome</text></svg>",
        bars.from,
        bars.to,
        bars.step,
        y = height + 13.0
    );
}

fn draw_strips(from: &str, to: &str, strips: &[Strip], out: &mut String) {
    let (width, row) = (960.0, 26.0);
    let height = strips.len() as f64 * row + 16.0;
    let _ = write!(
        out,
        "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"days with data by source\">"
    );
    for (at, strip) in strips.iter().enumerate() {
        let y = at as f64 * row;
        let step = width / strip.pieces.len().max(1) as f64;
        let _ = write!(out, "<text x=\"0\" y=\"{:.1}\">", y + 10.0);
        escaped(&strip.name, out);
        out.push_str("</text>");
        for (piece, share) in strip.pieces.iter().enumerate() {
            let (class, opacity) = share.map_or(("none", 1.0), |s| ("has", 0.35 + 0.65 * s));
            let _ = write!(
                out,
                "<rect class=\"{class}\" opacity=\"{opacity:.2}\" x=\"{:.2}\" y=\"{:.1}\" width=\"{:.2}\" height=\"7\"/>",
                piece as f64 * step,
                y + 14.0,
                step + 0.05
            );
        }
    }
    let _ = writeln!(
        out,
        "<text x=\"0\" y=\"{y}\">{from}</text><text x=\"{width}\" y=\"{y}\" text-anchor=\"end\">{to}</text></svg>",
        y = height - 3.0
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        let nasty = "<img src=x onerror=alert(1)>\"'&</script>";
        let report = Report {
            title: nasty.to_owned(),
            subtitle: nasty.to_owned(),
            foot: nasty.to_owned(),
            blocks: vec![
                Block::Text(nasty.to_owned()),
                Block::Facts(vec![(nasty.to_owned(), nasty.to_owned())]),
                Block::Strips {
                    from: String::new(),
                    to: String::new(),
                    strips: vec![Strip {
                        name: nasty.to_owned(),
                        pieces: vec![None, Some(1.0)],
                    }],
                },
            ],
        };
        let text = html(&report);
        assert!(
            !text.contains("<img") && !text.contains("</script"),
            "{text}"
        );
        assert!(!text.contains("<script"));
    }
}
