//! What stands over the picture while a tour is played: a line that the last row can read, how far the talk is, two
//! moments side by side, one chart large. Everything is sized by the height of the picture, so a film and a projector
//! show the same.

use egui::epaint::text::{LayoutJob, TextFormat};
use egui::{Align, Align2, Color32, CornerRadius, FontId, Painter, Pos2, Rect, Ui, pos2, vec2};

use crate::session::Telemetry;

use super::colour_map::{ValueTexture, field_image, show_version};
use super::input::FieldGrid;
use super::large_chart;
use super::style::{self, Ink};

/// Heights as shares of the picture's.
const CAPTION: f32 = 0.046;
const DETAIL: f32 = 0.029;
const FIGURE: f32 = 0.033;
const MARGIN: f32 = 0.05;

/// Widest line of a caption, as a share of the picture's width.
const WIDEST: f32 = 0.84;

/// Two moments side by side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// What they are called.
    pub titles: [String; 2],
    /// What is compared, and both figures.
    pub rows: Vec<[String; 3]>,
}

/// What a tour shows beside the picture.
#[derive(Clone, Copy)]
pub struct PresenterInput<'a> {
    /// The line.
    pub caption: Option<&'a str>,
    /// A smaller one under it.
    pub detail: Option<&'a str>,
    /// How much of them is there, 0 to 1.
    pub strength: f32,
    /// Which step, from 0.
    pub step: usize,
    /// Of how many; 0: not a tour, and no dots.
    pub steps: usize,
    /// How much of the step is over, 0 to 1.
    pub share: f32,
    /// It waits for a key.
    pub waits: bool,
    /// The hand leads the camera.
    pub is_away: bool,
    /// Nothing is to be seen.
    pub is_blank: bool,
    /// The picture is light.
    pub is_light: bool,
    /// Two moments side by side.
    pub comparison: Option<&'a Comparison>,
    /// A chart shown large, of `model::scene::CHARTS`.
    pub chart: Option<&'a str>,
    /// Where charts take their values from.
    pub telemetry: &'a Telemetry,
    /// The receptive fields, where they are pictures.
    pub fields: Option<&'a FieldGrid>,
}

/// Draws it; holds the textures that charts need.
#[derive(Default)]
pub struct Presenter {
    fields: ValueTexture,
    input: ValueTexture,
}

/// The present theme's ink on the plates of a talk, which hide more than those of panels: the last row is far away.
fn ground(ink: &Ink) -> Color32 {
    let [r, g, b, _] = ink.window.to_srgba_unmultiplied();
    Color32::from_rgba_unmultiplied(r, g, b, 218)
}

impl Presenter {
    /// Draws across `screen` and returns the rectangle of the caption's plate, if there is one.
    pub fn show(&mut self, ui: &mut Ui, screen: Rect, input: &PresenterInput<'_>) -> Option<Rect> {
        let ink = style::ink_for(input.is_light);
        if input.is_blank {
            ui.painter().rect_filled(screen, 0, Color32::BLACK);
            return None;
        }
        let unit = screen.height().max(1.0);
        let mut bottom = screen.bottom() - MARGIN * unit;
        if input.steps > 0 {
            let middle = pos2(screen.center().x, screen.bottom() - 0.024 * unit);
            dots(ui.painter(), middle, unit, input, ink);
        }
        let plate =
            input.caption.filter(|_| !input.is_away).map(|caption| line(ui, screen, bottom, caption, input, ink));
        if let Some(plate) = plate {
            bottom = plate.top() - 0.02 * unit;
        }
        let right = screen.right() - MARGIN * unit;
        let mut top = screen.top() + MARGIN * unit;
        if let Some(comparison) = input.comparison.filter(|_| !input.is_away) {
            top = compare(ui.painter(), pos2(right, top), unit, comparison, ink).bottom() + 0.02 * unit;
        }
        if let Some(chart) = input.chart.filter(|_| !input.is_away) {
            let width = (0.38 * screen.width()).min(0.8 * unit);
            let height = (bottom - top).min(0.46 * unit);
            if height > 0.12 * unit {
                let rect = Rect::from_min_max(pos2(right - width, top), pos2(right, top + height));
                self.chart(ui, (screen, rect), chart, input, ink);
            }
        }
        plate
    }

    fn chart(&mut self, ui: &mut Ui, (screen, rect): (Rect, Rect), name: &str, input: &PresenterInput<'_>, ink: &Ink) {
        if let ("fields", Some(grid)) = (name, input.fields) {
            let side = rect.height().min(rect.width());
            let rect = Rect::from_min_size(pos2(rect.right() - side, rect.top()), vec2(side, side));
            ui.painter().rect_filled(rect, CornerRadius::same(10), ground(ink));
            let picture = rect.shrink(0.03 * side);
            let make = || field_image(grid.size, &grid.values, ink.absent);
            let id = show_version(&mut self.fields, grid.version, ui.ctx(), "presented fields", make);
            let whole = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
            ui.painter().image(id, picture, whole, Color32::WHITE);
            return;
        }
        ui.painter().rect_filled(rect, CornerRadius::same(10), ground(ink));
        let card = large_chart::Card { rect, text: 0.024 * screen.height(), ink };
        large_chart::show(ui, &card, name, input.telemetry, &mut self.input);
    }
}

/// The caption on its plate, with its detail; returns the plate.
fn line(ui: &Ui, screen: Rect, bottom: f32, caption: &str, input: &PresenterInput<'_>, ink: &Ink) -> Rect {
    let unit = screen.height();
    let wrap = WIDEST * screen.width();
    let strength = input.strength.clamp(0.0, 1.0);
    let faded = |colour: Color32| colour.gamma_multiply(strength);
    let job = |text: &str, size: f32, colour: Color32| {
        let format = TextFormat { font_id: FontId::proportional(size * unit), color: colour, ..Default::default() };
        let mut job = LayoutJob::single_section(text.to_owned(), format);
        job.wrap.max_width = wrap;
        job.halign = Align::Center;
        ui.painter().layout_job(job)
    };
    let caption = job(caption, CAPTION, faded(ink.strong));
    let detail = input.detail.map(|detail| job(detail, DETAIL, faded(ink.weak)));
    let gap = 0.008 * unit;
    let size = detail.as_ref().map_or(caption.size(), |detail| {
        vec2(caption.size().x.max(detail.size().x), caption.size().y + gap + detail.size().y)
    });
    let padding = vec2(0.03, 0.016) * unit;
    let centre = screen.center().x;
    let plate = Rect::from_min_max(
        pos2(centre - 0.5 * size.x - padding.x, bottom - size.y - 2.0 * padding.y),
        pos2(centre + 0.5 * size.x + padding.x, bottom),
    );
    ui.painter().rect_filled(plate, CornerRadius::same((0.014 * unit).min(60.0) as u8), faded(ground(ink)));
    let below = plate.top() + padding.y + caption.size().y + gap;
    ui.painter().galley(pos2(centre, plate.top() + padding.y), caption, ink.strong);
    if let Some(detail) = detail {
        ui.painter().galley(pos2(centre, below), detail, ink.weak);
    }
    plate
}

/// One dot per step: those over, the present one filling, those to come.
fn dots(painter: &Painter, middle: Pos2, unit: f32, input: &PresenterInput<'_>, ink: &Ink) {
    let pitch = (0.022 * unit).min(0.5 * painter.clip_rect().width() / input.steps as f32);
    let radius = 0.19 * pitch;
    let left = middle.x - 0.5 * pitch * (input.steps - 1) as f32;
    for step in 0..input.steps {
        let at = pos2(left + pitch * step as f32, middle.y);
        let reached = match step.cmp(&input.step) {
            std::cmp::Ordering::Less => 0.75,
            std::cmp::Ordering::Equal => 1.0,
            std::cmp::Ordering::Greater => 0.28,
        };
        if step == input.step {
            // A pill that fills; hollow while the hand leads, accented while it waits for a key.
            let half = vec2(0.42 * pitch, radius);
            let pill = Rect::from_center_size(at, half * 2.0);
            let corner = CornerRadius::same(radius.min(250.0) as u8);
            painter.rect_filled(pill, corner, ink.weak.gamma_multiply(0.35));
            if !input.is_away {
                let fill = Rect::from_min_size(pill.min, vec2(pill.width() * input.share, pill.height()));
                painter.rect_filled(fill, corner, if input.waits { ink.accent } else { ink.strong });
            }
        } else {
            painter.circle_filled(at, radius, ink.weak.gamma_multiply(reached));
        }
    }
}

/// A card with two columns of figures, its top right corner given; returns where it stands.
fn compare(painter: &Painter, corner: Pos2, unit: f32, comparison: &Comparison, ink: &Ink) -> Rect {
    let layout = |text: &str, size: f32, colour| {
        painter.layout_no_wrap(text.to_owned(), FontId::proportional(size * unit), colour)
    };
    let heads = comparison.titles.each_ref().map(|title| layout(title, 0.8 * DETAIL, ink.weak));
    let rows: Vec<_> = comparison
        .rows
        .iter()
        .map(|[what, before, now]| {
            [layout(what, 0.85 * DETAIL, ink.weak), layout(before, FIGURE, ink.strong), layout(now, FIGURE, ink.accent)]
        })
        .collect();
    let widest = |column: usize, least: f32| rows.iter().map(|row| row[column].size().x).fold(least, f32::max);
    let gap = 0.03 * unit;
    let widths = [widest(0, 0.0), widest(1, heads[0].size().x), widest(2, heads[1].size().x)];
    let pitch = 1.5 * FIGURE * unit;
    let padding = vec2(0.025, 0.018) * unit;
    let size = vec2(widths.iter().sum::<f32>() + 2.0 * gap, pitch * (rows.len() + 1) as f32) + 2.0 * padding;
    let rect = Rect::from_min_size(pos2(corner.x - size.x, corner.y), size);
    painter.rect_filled(rect, CornerRadius::same((0.012 * unit).min(60.0) as u8), ground(ink));
    let left = rect.left() + padding.x;
    let ends = [left + widths[0] + gap + widths[1], rect.right() - padding.x];
    let place = |galley: std::sync::Arc<egui::Galley>, x: f32, row: usize, align: Align2| {
        let y = rect.top() + padding.y + pitch * (row as f32 + 0.5);
        let at = align.anchor_size(pos2(x, y), galley.size()).min;
        painter.galley(at, galley, ink.strong);
    };
    let [before, now] = heads;
    place(before, ends[0], 0, Align2::RIGHT_CENTER);
    place(now, ends[1], 0, Align2::RIGHT_CENTER);
    for (index, [what, before, now]) in rows.into_iter().enumerate() {
        place(what, left, index + 1, Align2::LEFT_CENTER);
        place(before, ends[0], index + 1, Align2::RIGHT_CENTER);
        place(now, ends[1], index + 1, Align2::RIGHT_CENTER);
    }
    rect
}
