//! A chart as lines, areas and text on a white page: axes with units, a legend, and what was merged or left out. In goes
//! a chart's data, out come SVG, or shapes for a painter.

use std::fmt::Write;

use egui::{Align2, Color32, FontId, Mesh, Painter, Pos2, Shape, Stroke, pos2};

use super::super::chart::{axis_number, marks};
use super::data::{ChartData, Layer};

/// Width and height of the page, points.
pub const SIZE: [f32; 2] = [960.0, 540.0];

const MARGIN: [f32; 4] = [72.0, 86.0, 24.0, 76.0];
const INK: [u8; 3] = [32, 36, 44];
const WEAK: [u8; 3] = [96, 104, 118];
const GRID: [u8; 3] = [226, 229, 234];
const LEVEL: [u8; 3] = [190, 60, 20];
const TEXT: f32 = 14.0;
const SMALL: f32 = 12.0;
/// Width of a letter over its height, about: good enough to place the entries of a legend.
const LETTER: f32 = 0.55;

/// One thing on the page.
#[derive(Clone, Debug, PartialEq)]
enum Item {
    Rect {
        from: [f32; 2],
        to: [f32; 2],
        colour: [u8; 3],
    },
    Path {
        points: Vec<[f32; 2]>,
        colour: [u8; 3],
        width: f32,
        dashed: bool,
    },
    /// Between two curves over the same places.
    Band {
        x: Vec<f32>,
        low: Vec<f32>,
        high: Vec<f32>,
        colour: [u8; 3],
    },
    Marks {
        points: Vec<[f32; 2]>,
        size: [f32; 2],
        colour: [u8; 3],
    },
    Text {
        at: [f32; 2],
        align: Align2,
        size: f32,
        colour: [u8; 3],
        text: String,
    },
}

/// A page.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    title: String,
    items: Vec<Item>,
}

/// From values to places on the page.
struct Frame {
    x: [f64; 2],
    y: [f64; 2],
}

impl Frame {
    fn of(chart: &ChartData) -> Self {
        let (mut x, mut y) = ([f64::INFINITY, f64::NEG_INFINITY], [f64::INFINITY, f64::NEG_INFINITY]);
        let take = |range: &mut [f64; 2], value: f64| {
            if value.is_finite() {
                *range = [range[0].min(value), range[1].max(value)];
            }
        };
        chart.include_y.iter().for_each(|&value| take(&mut y, value));
        for layer in &chart.layers {
            match layer {
                Layer::Line { points, .. } => points.iter().for_each(|&[at, _, low, high]| {
                    take(&mut x, at);
                    take(&mut y, low);
                    take(&mut y, high);
                }),
                Layer::Marks { points, .. } => points.iter().for_each(|&[at, value]| {
                    take(&mut x, at);
                    take(&mut y, value);
                }),
                Layer::Bars { bars, .. } => bars.iter().for_each(|&[from, to, height]| {
                    take(&mut x, from);
                    take(&mut x, to);
                    take(&mut y, height);
                }),
                Layer::Level { x: at, .. } => take(&mut x, *at),
            }
        }
        // A single value still has a place.
        let wide = |[from, to]: [f64; 2]| match to - from {
            size if size > 0.0 => [from, to],
            0.0 => [from - 0.5, to + 0.5],
            _ => [0.0, 1.0],
        };
        let [x, [low, high]] = [wide(x), wide(y)];
        // Room above, and below where the values are not anchored there.
        let room = 0.06 * (high - low);
        let is_anchored = chart.include_y.contains(&low);
        Self { x, y: [if is_anchored { low } else { low - room }, high + room] }
    }

    fn x(&self, value: f64) -> f32 {
        let share = (value - self.x[0]) / (self.x[1] - self.x[0]);
        MARGIN[0] + share as f32 * (SIZE[0] - MARGIN[0] - MARGIN[2])
    }

    fn y(&self, value: f64) -> f32 {
        let share = (value - self.y[0]) / (self.y[1] - self.y[0]);
        SIZE[1] - MARGIN[3] - share as f32 * (SIZE[1] - MARGIN[1] - MARGIN[3])
    }
}

impl Drawing {
    /// Draws a chart.
    #[must_use]
    pub fn of(chart: &ChartData) -> Self {
        let frame = Frame::of(chart);
        let mut page = Self { title: chart.name.clone(), items: Vec::new() };
        page.items.push(Item::Rect { from: [0.0; 2], to: SIZE, colour: [255; 3] });
        page.axes(&frame, chart);
        for layer in &chart.layers {
            page.layer(&frame, layer);
        }
        page.text([MARGIN[0], 26.0], Align2::LEFT_CENTER, 18.0, INK, &capital(&chart.name));
        page.text([SIZE[0] - MARGIN[2], 26.0], Align2::RIGHT_CENTER, SMALL, WEAK, &chart.subtitle);
        page.legend(chart);
        let notes = chart.notes.join("; ");
        page.text([MARGIN[0], SIZE[1] - 16.0], Align2::LEFT_CENTER, SMALL, WEAK, &shortened(&notes));
        page
    }

    fn axes(&mut self, frame: &Frame, chart: &ChartData) {
        let (left, right) = (MARGIN[0], SIZE[0] - MARGIN[2]);
        let (top, bottom) = (MARGIN[1], SIZE[1] - MARGIN[3]);
        for mark in marks((frame.x[0], frame.x[1]), 8.0) {
            let at = frame.x(mark.value);
            self.path(&[[at, top], [at, bottom]], GRID, 1.0);
            let text = axis_number(mark.value, mark.step_size);
            self.text([at, bottom + 12.0], Align2::CENTER_CENTER, SMALL, INK, &text);
        }
        for mark in marks((frame.y[0], frame.y[1]), 6.0) {
            let at = frame.y(mark.value);
            self.path(&[[left, at], [right, at]], GRID, 1.0);
            let text = axis_number(mark.value, mark.step_size);
            self.text([left - 8.0, at], Align2::RIGHT_CENTER, SMALL, INK, &text);
        }
        self.path(&[[left, top], [left, bottom], [right, bottom]], INK, 1.2);
        let title =
            |[name, unit]: &[String; 2]| if unit.is_empty() { name.clone() } else { format!("{name} ({unit})") };
        self.text([0.5 * (left + right), bottom + 34.0], Align2::CENTER_CENTER, TEXT, INK, &title(&chart.x));
        self.text([left - 40.0, top - 12.0], Align2::LEFT_CENTER, TEXT, INK, &title(&chart.y));
    }

    fn layer(&mut self, frame: &Frame, layer: &Layer) {
        match layer {
            Layer::Line { colour, points, .. } => {
                let colour = on_white(*colour);
                if points.iter().any(|[_, _, low, high]| high > low) {
                    let x = points.iter().map(|p| frame.x(p[0])).collect();
                    let low = points.iter().map(|p| frame.y(p[2])).collect();
                    let high = points.iter().map(|p| frame.y(p[3])).collect();
                    self.items.push(Item::Band { x, low, high, colour });
                }
                let points = points.iter().map(|p| [frame.x(p[0]), frame.y(p[1])]).collect();
                self.items.push(Item::Path { points, colour, width: 1.6, dashed: false });
            }
            Layer::Marks { colour, points, .. } => {
                let points = points.iter().map(|&[x, y]| [frame.x(x), frame.y(y + 0.5)]).collect();
                self.items.push(Item::Marks { points, size: [1.6, 3.0], colour: on_white(*colour) });
            }
            Layer::Bars { colour, bars, .. } => {
                for &[from, to, height] in bars {
                    let (from, to) = ([frame.x(from) + 0.5, frame.y(height)], [frame.x(to) - 0.5, frame.y(0.0)]);
                    self.items.push(Item::Rect { from, to, colour: on_white(*colour) });
                }
            }
            Layer::Level { x, .. } => {
                let points = vec![[frame.x(*x), MARGIN[1]], [frame.x(*x), SIZE[1] - MARGIN[3]]];
                self.items.push(Item::Path { points, colour: LEVEL, width: 1.6, dashed: true });
            }
        }
    }

    fn legend(&mut self, chart: &ChartData) {
        let mut x = MARGIN[0];
        let mut y = MARGIN[1] - 32.0;
        for layer in &chart.layers {
            let (name, colour) = match layer {
                Layer::Line { name, colour, .. }
                | Layer::Marks { name, colour, .. }
                | Layer::Bars { name, colour, .. } => (name, on_white(*colour)),
                Layer::Level { name, .. } => (name, LEVEL),
            };
            let width = 34.0 + name.chars().count() as f32 * TEXT * LETTER;
            if x + width > SIZE[0] - MARGIN[2] {
                (x, y) = (MARGIN[0], y + 18.0);
            }
            self.items.push(Item::Rect { from: [x, y - 5.0], to: [x + 14.0, y + 5.0], colour });
            self.text([x + 20.0, y], Align2::LEFT_CENTER, TEXT, INK, name);
            x += width;
        }
    }

    fn path(&mut self, points: &[[f32; 2]], colour: [u8; 3], width: f32) {
        self.items.push(Item::Path { points: points.to_vec(), colour, width, dashed: false });
    }

    fn text(&mut self, at: [f32; 2], align: Align2, size: f32, colour: [u8; 3], text: &str) {
        if !text.is_empty() {
            self.items.push(Item::Text { at, align, size, colour, text: text.to_owned() });
        }
    }

    /// As a file that every drawing program opens.
    #[must_use]
    pub fn svg(&self) -> String {
        let [width, height] = SIZE;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} \
             {height}\" font-family=\"Helvetica, Arial, sans-serif\">\n<title>{}</title>\n",
            escaped(&self.title)
        );
        for item in &self.items {
            // Writing to a string cannot fail.
            let _ = write_item(&mut svg, item);
        }
        svg.push_str("</svg>\n");
        svg
    }

    /// Into a painter whose page begins at the origin.
    pub fn paint(&self, painter: &Painter) {
        let rgb = |[r, g, b]: [u8; 3]| Color32::from_rgb(r, g, b);
        let place = |[x, y]: [f32; 2]| pos2(x, y);
        for item in &self.items {
            match item {
                Item::Rect { from, to, colour } => {
                    painter.rect_filled(egui::Rect::from_two_pos(place(*from), place(*to)), 0.0, rgb(*colour));
                }
                Item::Path { points, colour, width, dashed } => {
                    let points: Vec<Pos2> = points.iter().map(|&point| place(point)).collect();
                    let stroke = Stroke::new(*width, rgb(*colour));
                    if *dashed {
                        painter.extend(Shape::dashed_line(&points, stroke, 6.0, 4.0));
                    } else {
                        painter.add(Shape::line(points, stroke));
                    }
                }
                Item::Band { x, low, high, colour } => {
                    let mut mesh = Mesh::default();
                    for (k, &x) in x.iter().enumerate() {
                        mesh.colored_vertex(pos2(x, low[k]), rgb(*colour).gamma_multiply(0.25));
                        mesh.colored_vertex(pos2(x, high[k]), rgb(*colour).gamma_multiply(0.25));
                        if k > 0 {
                            let at = 2 * k as u32;
                            mesh.add_triangle(at - 2, at - 1, at);
                            mesh.add_triangle(at - 1, at, at + 1);
                        }
                    }
                    painter.add(mesh);
                }
                Item::Marks { points, size, colour } => {
                    let mut mesh = Mesh::default();
                    for &point in points {
                        let rect = egui::Rect::from_center_size(place(point), (*size).into());
                        mesh.add_colored_rect(rect, rgb(*colour));
                    }
                    painter.add(mesh);
                }
                Item::Text { at, align, size, colour, text } => {
                    painter.text(place(*at), *align, text, FontId::proportional(*size), rgb(*colour));
                }
            }
        }
    }
}

fn write_item(svg: &mut String, item: &Item) -> std::fmt::Result {
    match item {
        Item::Rect { from, to, colour } => {
            let (x, y) = (from[0].min(to[0]), from[1].min(to[1]));
            let (width, height) = ((to[0] - from[0]).abs(), (to[1] - from[1]).abs());
            let fill = hex(*colour);
            writeln!(
                svg,
                "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height:.2}\" fill=\"{fill}\"/>"
            )
        }
        Item::Path { points, colour, width, dashed } => {
            let dashes = if *dashed { " stroke-dasharray=\"6 4\"" } else { "" };
            write!(
                svg,
                "<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\"{dashes} points=\"",
                hex(*colour)
            )?;
            write_points(svg, points.iter().copied())?;
            writeln!(svg, "\"/>")
        }
        Item::Band { x, low, high, colour } => {
            write!(svg, "<polygon fill=\"{}\" fill-opacity=\"0.25\" points=\"", hex(*colour))?;
            let there = x.iter().zip(low).map(|(&x, &y)| [x, y]);
            let back = x.iter().zip(high).rev().map(|(&x, &y)| [x, y]);
            write_points(svg, there.chain(back))?;
            writeln!(svg, "\"/>")
        }
        Item::Marks { points, size: [width, height], colour } => {
            // One path for all: a raster has tens of thousands.
            write!(svg, "<path fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\" d=\"", hex(*colour))?;
            for [x, y] in points {
                write!(svg, "M{x:.2} {:.2}v{height}", y - 0.5 * height)?;
            }
            writeln!(svg, "\"/>")
        }
        Item::Text { at: [x, y], align, size, colour, text } => {
            let anchor = match align.x() {
                egui::Align::Min => "start",
                egui::Align::Center => "middle",
                egui::Align::Max => "end",
            };
            writeln!(
                svg,
                "<text x=\"{x:.2}\" y=\"{y:.2}\" font-size=\"{size}\" text-anchor=\"{anchor}\" \
                 dominant-baseline=\"central\" fill=\"{}\">{}</text>",
                hex(*colour),
                escaped(text)
            )
        }
    }
}

fn write_points(svg: &mut String, points: impl Iterator<Item = [f32; 2]>) -> std::fmt::Result {
    points.into_iter().try_for_each(|[x, y]| write!(svg, "{x:.2},{y:.2} "))
}

fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Text inside XML; characters that XML has no place for become blanks.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A colour that was made for a dark stage, dark enough for a white page.
fn on_white(srgb: [f32; 3]) -> [u8; 3] {
    let [r, g, b] = srgb.map(|c| if c.is_finite() { c.clamp(0.0, 1.0) } else { 0.3 });
    let luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    let factor = (0.5 / luminance.max(1e-3)).min(1.0);
    [r, g, b].map(|c| (c * factor * 255.0).round() as u8)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What fits into the line at the foot.
fn shortened(text: &str) -> String {
    let most = ((SIZE[0] - MARGIN[0] - MARGIN[2]) / (SMALL * LETTER)) as usize;
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 3).chain("...".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::data::{chart, tests::telemetry};
    use super::*;

    /// Enough of XML for what we write: every element closes, every attribute is quoted, no stray marks in text.
    fn elements(svg: &str) -> Vec<String> {
        let mut open: Vec<String> = Vec::new();
        let mut names = Vec::new();
        let mut rest = svg;
        while let Some(at) = rest.find('<') {
            let text = &rest[..at];
            assert!(!text.contains('>'), "a stray mark in {text:?}");
            let bare =
                ["&amp;", "&lt;", "&gt;", "&quot;"].iter().fold(text.to_owned(), |t, entity| t.replace(entity, ""));
            assert!(!bare.contains('&'), "a stray & in {text:?}");
            let end = rest[at..].find('>').expect("an element ends") + at;
            let element = &rest[at + 1..end];
            assert_eq!(element.matches('"').count() % 2, 0, "{element}");
            let name: String = element.trim_start_matches('/').chars().take_while(|c| c.is_alphanumeric()).collect();
            if element.starts_with('/') {
                assert_eq!(open.pop().as_deref(), Some(name.as_str()));
            } else {
                names.push(name.clone());
                if !element.ends_with('/') {
                    open.push(name);
                }
            }
            rest = &rest[end + 1..];
        }
        assert!(open.is_empty() && rest.trim().is_empty(), "{open:?} {rest:?}");
        names
    }

    #[test]
    fn the_drawing_is_well_formed_and_shows_every_series() {
        let telemetry = telemetry();
        let chart = chart(&telemetry, "firing rates").expect("there are rates");
        let svg = Drawing::of(&chart).svg();
        let names = elements(&svg);
        assert_eq!(names.first().map(String::as_str), Some("svg"));
        // The axes' line, grid lines, and one line per series; a band per merged series.
        let series: Vec<&str> = svg.lines().filter(|line| line.contains("stroke-width=\"1.6\"")).collect();
        assert_eq!(series.len(), 2);
        let points = telemetry.populations[0].rate_hz.points().len();
        assert!(series.iter().all(|line| line.matches(',').count() == points));
        assert_eq!(svg.matches("<polygon").count(), 2);
        for text in ["rate (Hz)", "time (s)", "a, &quot;b&quot; &amp; &lt;c&gt;", "Firing rates", "mean of 4 values"] {
            assert!(svg.contains(text), "{text}");
        }
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }

    #[test]
    fn single_values_and_level_lines_have_a_place() {
        let mut chart = chart(&telemetry(), "firing rates").expect("there are rates");
        chart.layers =
            vec![Layer::Line { name: "one".to_owned(), colour: [0.0; 3], points: vec![[2.0, 0.0, 0.0, 0.0]] }];
        chart.layers.push(Layer::Level { name: "level".to_owned(), x: 2.0 });
        chart.layers.push(Layer::Bars { name: "bars".to_owned(), colour: [f32::NAN; 3], bars: vec![[1.0, 2.0, 0.0]] });
        chart.layers.push(Layer::Marks { name: "marks".to_owned(), colour: [1.0; 3], points: vec![[2.0, 0.0]] });
        let svg = Drawing::of(&chart).svg();
        elements(&svg);
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }

    #[test]
    fn bright_colours_darken_for_the_page() {
        assert_eq!(on_white([0.0, 0.0, 0.4]), [0, 0, 102]);
        let [r, g, b] = on_white([1.0, 1.0, 0.0]).map(f32::from);
        assert!(0.2126 * r + 0.7152 * g + 0.0722 * b < 0.55 * 255.0);
    }
}
