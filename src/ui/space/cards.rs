//! Cards beside near neurons: what a neuron sees (its receptive field) or feels (its membrane over the last moments), with
//! its name and its class. They fade in with size, stand beside their neuron and cover no other.

use std::collections::HashMap;
use std::sync::Arc;

use egui::epaint::TextShape;
use egui::{Align2, Color32, FontId, Pos2, Rect, Shape, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};

use super::SpaceInput;
use super::place::{Disc, Inside, Placer, Wish};
use crate::ui::colour_map::{ValueTexture, field_image, show_version};
use crate::ui::style::Ink;

/// A card fades in within this time where it has found a place, s.
const FADE_S: f32 = 0.25;
/// From a sphere to its card, points.
const GAP: f32 = 7.0;
/// Height of the line of text, points.
const TITLE: f32 = 16.0;
/// Around the contents, points.
const PAD: f32 = 4.0;

/// A near neuron.
#[derive(Clone, Debug)]
pub struct Card {
    /// Id.
    pub neuron: u32,
    /// Where it is.
    pub at: Pos2,
    /// Radius of its sphere.
    pub radius: f32,
    /// 0 too far to say anything, 1 near.
    pub nearness: f32,
    /// Population and number.
    pub title: String,
    /// The class it answers to.
    pub class: Option<u8>,
    /// Of its population, sRGB.
    pub colour: [f32; 3],
    /// What it shows; none: only its name, as for spheres that only stand in the way.
    pub content: Option<CardContent>,
}

/// What a card shows.
#[derive(Clone, Debug)]
pub enum CardContent {
    /// Weights of its inputs, by place in the image.
    Field(Field),
    /// Its membrane value over time.
    Curve(Curve),
}

/// A receptive field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Field {
    /// Width and height.
    pub size: [u32; 2],
    /// Row by row: weights as shares of the strongest; negative where pruned or absent.
    pub shares: Arc<[f32]>,
    /// Another number for other shares.
    pub version: u64,
    /// Inputs that pruning took.
    pub pruned: u32,
}

/// A membrane curve.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// Time, ms, and membrane value, mV; oldest first. Empty for neurons without a membrane.
    pub points: Arc<[[f64; 2]]>,
    /// Time, ms, and threshold, mV.
    pub threshold: Arc<[[f64; 2]]>,
    /// Times of its spikes, ms.
    pub spikes_ms: Arc<[f64]>,
    /// What the curve spans, ms.
    pub span_ms: [f64; 2],
    /// Values at the bottom and the top, mV.
    pub range_mv: [f64; 2],
}

/// See the module.
#[derive(Default)]
pub(super) struct Cards {
    placer: Placer,
    /// Per neuron: where it stood beside its anchor, and how far it has faded in.
    shown: HashMap<u32, (Vec2, f32)>,
    textures: HashMap<u32, ValueTexture>,
}

impl Cards {
    /// Draws them, adds what they took to `taken`, and says how many there are.
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        input: &SpaceInput,
        free: Rect,
        taken: &mut Vec<Rect>,
        ink: &Ink,
    ) -> usize {
        let discs: Vec<Disc> = input.cards.iter().map(|card| Disc { at: card.at, radius: card.radius + 1.0 }).collect();
        let with_content: Vec<&Card> = input.cards.iter().filter(|card| card.content.is_some()).collect();
        let wishes: Vec<Wish> = with_content
            .iter()
            .map(|card| {
                let disc = input.cards.iter().position(|other| other.neuron == card.neuron).unwrap_or_default();
                let inside = inside(card).map(|rect| Inside { rect, disc });
                Wish { key: u64::from(card.neuron), places: places(card.at, card.radius, size_of(card)), inside }
            })
            .collect();
        let placed = self.placer.place(&wishes, free, taken, &discs);
        let mut shown = HashMap::with_capacity(placed.len());
        let mut is_fading = false;
        for (card, place) in with_content.iter().zip(&placed) {
            let Some(place) = *place else { continue };
            taken.push(place);
            let offset = place.center() - card.at;
            // A card that had to change sides fades in anew instead of flying through others.
            let faded = match self.shown.get(&card.neuron) {
                Some((before, faded)) if before.dot(offset) > 0.0 || *before == offset => {
                    (faded + input.seconds / FADE_S).min(1.0)
                }
                _ if self.shown.is_empty() && input.seconds <= 0.0 => 1.0,
                _ => (input.seconds / FADE_S).clamp(0.05, 1.0),
            };
            is_fading |= faded < 1.0;
            shown.insert(card.neuron, (offset, faded));
        }
        // Far ones first: where a fading card is still under way nothing near is covered.
        for (card, place) in with_content.iter().zip(&placed).rev() {
            let (Some(place), Some((_, faded))) = (*place, shown.get(&card.neuron)) else { continue };
            let opacity = card.nearness.clamp(0.0, 1.0) * faded;
            self.draw(ui, card, place, opacity, ink);
        }
        self.textures.retain(|neuron, _| shown.contains_key(neuron));
        self.shown = shown;
        if is_fading {
            ui.ctx().request_repaint();
        }
        self.shown.len()
    }

    fn draw(&mut self, ui: &mut Ui, card: &Card, place: Rect, opacity: f32, ink: &Ink) {
        let Some(content) = &card.content else { return };
        let colour = ink.series(card.colour).gamma_multiply(opacity);
        let painter = ui.painter().clone();
        // On its own sphere a card is only its picture: there is no room for words.
        let is_inside = place.contains(card.at);
        let from = card.at + (place.center() - card.at).normalized() * (card.radius + 1.0);
        if !is_inside {
            painter.line_segment([from, place.clamp(from)], Stroke::new(1.0, colour));
        }
        painter.rect_filled(place, 5.0, ink.card.gamma_multiply(opacity));
        painter.rect_stroke(place, 5.0, Stroke::new(1.0, colour.gamma_multiply(0.8)), StrokeKind::Inside);
        let inside = place.shrink(if is_inside { 2.0 } else { PAD });
        let top = inside.top() + 0.5 * TITLE - 1.0;
        let mut room = inside.width();
        if let Some(class) = card.class.filter(|_| !is_inside) {
            let at = pos2(inside.right(), top);
            let font = FontId::proportional(14.0);
            let class = painter.text(at, Align2::RIGHT_CENTER, class, font, ink.strong.gamma_multiply(opacity));
            room -= class.width() + 3.0;
        }
        if !is_inside {
            let galley = fitted(&painter, &card.title, room, ink.strong);
            let at = pos2(inside.left(), top - 0.5 * galley.size().y);
            painter.add(TextShape::new(at, galley, ink.strong).with_opacity_factor(opacity));
        }
        let body = Rect::from_min_max(inside.min + vec2(0.0, if is_inside { 0.0 } else { TITLE }), inside.max);
        match content {
            CardContent::Field(field) => {
                let texture = self.textures.entry(card.neuron).or_default();
                let name = format!("field of neuron {}", card.neuron);
                let image = || field_image(field.size, &field.shares, ink.absent);
                let id = show_version(texture, field.version, ui.ctx(), &name, image);
                let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
                painter.image(id, picture(field, body), uv, Color32::WHITE.gamma_multiply(opacity));
            }
            CardContent::Curve(curve) => painter.extend(drawn(curve, body, colour, opacity, ink)),
        }
        let class = card.class.map_or_else(String::new, |class| format!(", class {class}"));
        let what = match content {
            CardContent::Field(field) if field.pruned > 0 => format!("receptive field, {} inputs pruned", field.pruned),
            CardContent::Field(_) => "receptive field".to_owned(),
            CardContent::Curve(_) => "membrane".to_owned(),
        };
        let name = format!("{}{class}: {what}", card.title);
        let response = ui.interact(place, ui.scope_id().with(("card in space", card.neuron)), egui::Sense::hover());
        response.accessible_name(name);
    }
}

/// How large a card is: it grows with its neuron.
fn size_of(card: &Card) -> Vec2 {
    let side = (1.5 * card.radius + 24.0).clamp(46.0, 128.0).round();
    let frame = vec2(2.0 * PAD, 2.0 * PAD + TITLE);
    match &card.content {
        Some(CardContent::Field(field)) => {
            let [width, height] = field.size.map(|s| s.max(1) as f32);
            let scale = side / width.max(height);
            vec2((width * scale).max(46.0), height * scale) + frame
        }
        _ => vec2((1.9 * side).min(190.0), 0.62 * side) + frame,
    }
}

/// The square that a large enough sphere has room for; a curve would be too small to read there.
fn inside(card: &Card) -> Option<Rect> {
    let is_field = matches!(card.content, Some(CardContent::Field(_)));
    (is_field && card.radius >= 16.0)
        .then(|| Rect::from_center_size(card.at, Vec2::splat((1.36 * card.radius).min(128.0))))
}

/// Where a card may stand, best first: as near to its sphere as it goes.
fn places(at: Pos2, radius: f32, size: Vec2) -> Vec<Rect> {
    let reach = |extra: f32| 0.5 * size + Vec2::splat(radius + GAP + extra);
    let mut places = Vec::with_capacity(16);
    for extra in [0.0, 22.0] {
        let reach = reach(extra);
        // The corner of a card touches no sphere either.
        let slant = reach - Vec2::splat(0.29 * radius + 0.5 * GAP);
        let ways = [
            vec2(reach.x, 0.0),
            vec2(-reach.x, 0.0),
            vec2(0.0, -reach.y),
            vec2(0.0, reach.y),
            vec2(slant.x, -slant.y),
            vec2(slant.x, slant.y),
            vec2(-slant.x, -slant.y),
            vec2(-slant.x, slant.y),
        ];
        places.extend(ways.map(|way| Rect::from_center_size(at + way, size)));
    }
    places
}

/// The field in its own proportions in the middle of `body`.
fn picture(field: &Field, body: Rect) -> Rect {
    let size = vec2(field.size[0].max(1) as f32, field.size[1].max(1) as f32);
    Rect::from_center_size(body.center(), size * (body.size() / size).min_elem())
}

/// Text on one line, smaller and then cut where it is too long.
fn fitted(painter: &egui::Painter, text: &str, width: f32, colour: Color32) -> Arc<egui::Galley> {
    let layout = |text: &str, size: f32| painter.layout_no_wrap(text.to_owned(), FontId::proportional(size), colour);
    let whole = layout(text, 11.5);
    if whole.size().x <= width {
        return whole;
    }
    let number = text.rsplit(' ').next().unwrap_or(text);
    let short = layout(&format!("{}. {number}", text.chars().take(3).collect::<String>()), 11.0);
    if short.size().x <= width { short } else { layout(number, 11.0) }
}

/// The curve, its threshold and its spikes.
fn drawn(curve: &Curve, body: Rect, colour: Color32, opacity: f32, ink: &Ink) -> Vec<Shape> {
    let ([from, to], [low, high]) = (curve.span_ms, curve.range_mv);
    let (span, range) = ((to - from).max(1e-9), (high - low).max(1e-9));
    let body = body.shrink2(vec2(0.0, 2.0));
    let x = |ms: f64| body.left() + (((ms - from) / span) as f32).clamp(0.0, 1.0) * body.width();
    let y = |mv: f64| body.bottom() - (((mv - low) / range) as f32).clamp(0.0, 1.0) * body.height();
    let line = |points: &[[f64; 2]]| -> Vec<Pos2> {
        points.iter().filter(|[ms, _]| *ms >= from).map(|&[ms, mv]| pos2(x(ms), y(mv))).collect()
    };
    let mut shapes = Vec::new();
    let threshold = line(&curve.threshold);
    let warning = ink.warning.gamma_multiply(opacity);
    shapes.extend(Shape::dashed_line(&threshold, Stroke::new(1.0, warning), 3.0, 3.0));
    let membrane = line(&curve.points);
    // Few values are shown as what they are.
    if membrane.len() * 5 < body.width() as usize {
        shapes.extend(membrane.iter().map(|&at| Shape::circle_filled(at, 1.4, colour)));
    }
    shapes.push(Shape::line(membrane, Stroke::new(1.4, colour)));
    let strong = ink.strong.gamma_multiply(opacity);
    for &ms in curve.spikes_ms.iter().filter(|ms| (from..=to).contains(ms)) {
        let top = body.top() - 1.0;
        let bottom = threshold.last().map_or(body.bottom(), |_| body.top() + 0.3 * body.height());
        shapes.push(Shape::line_segment([pos2(x(ms), top), pos2(x(ms), bottom)], Stroke::new(1.3, strong)));
    }
    shapes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(radius: f32) -> Card {
        Card {
            neuron: 1,
            at: pos2(100.0, 100.0),
            radius,
            nearness: 1.0,
            title: "excitatory 1".into(),
            class: None,
            colour: [1.0; 3],
            content: Some(CardContent::Curve(Curve::default())),
        }
    }

    #[test]
    fn no_place_covers_the_neuron_itself() {
        for radius in [8.0, 30.0, 90.0] {
            for place in places(pos2(100.0, 100.0), radius, size_of(&card(radius))) {
                assert!(place.distance_to_pos(pos2(100.0, 100.0)) > radius + 1.0, "{radius}: {place:?}");
            }
        }
    }

    #[test]
    fn a_spike_is_marked_at_its_time_and_the_threshold_at_its_height() {
        let curve = Curve {
            points: [[0.0, 0.0], [50.0, 5.0], [100.0, 2.0]].into(),
            threshold: [[0.0, 10.0], [100.0, 10.0]].into(),
            spikes_ms: [25.0, 300.0].into(),
            span_ms: [0.0, 100.0],
            range_mv: [0.0, 20.0],
        };
        let body = Rect::from_min_max(pos2(0.0, 0.0), pos2(200.0, 104.0));
        let shapes = drawn(&curve, body, Color32::WHITE, 1.0, crate::ui::style::ink_on(false));
        let ticks: Vec<f32> = shapes
            .iter()
            .filter_map(|shape| match shape {
                Shape::LineSegment { points, stroke } if stroke.width == 1.3 => Some(points[0].x),
                _ => None,
            })
            .collect();
        assert_eq!(ticks, [50.0], "one spike lies in the span");
        let path = shapes.iter().find_map(|shape| match shape {
            Shape::Path(path) => Some(path.points.clone()),
            _ => None,
        });
        assert_eq!(path.expect("the curve"), [pos2(0.0, 102.0), pos2(100.0, 77.0), pos2(200.0, 92.0)]);
    }
}
