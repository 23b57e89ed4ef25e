//! Names of populations at their place: above them where there is room, pushed aside with a leader line where not.

use egui::{FontId, Pos2, Rect, Shape, Stroke, Ui, Vec2, pos2, vec2};

use super::SpaceInput;
use super::place::{Placer, Wish};
use crate::ui::style::Ink;

/// A population smaller than this on screen has no name, points; full from twice that.
const LEAST: f32 = 14.0;
/// A leader line is drawn when a name is farther than this from what it names, points.
const NEAR: f32 = 16.0;
/// From what it names to a name, points.
const GAP: f32 = 8.0;

/// A population's name.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// As the scene has it.
    pub text: String,
    /// What stands behind it in a weaker colour.
    pub note: String,
    /// sRGB, 0 to 1.
    pub colour: [f32; 3],
    /// What the population takes on screen.
    pub outline: Rect,
    /// Where it stands between the nearest (0) and the farthest (1) thing of the network.
    pub depth: f32,
}

/// See the module.
#[derive(Default)]
pub(super) struct Names {
    placer: Placer,
}

impl Names {
    /// Draws the plates; returns the lines from plates to places, to be drawn below everything.
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        input: &SpaceInput,
        free: Rect,
        taken: &[Rect],
        ink: &Ink,
    ) -> Vec<Shape> {
        let opacity: Vec<f32> = input.names.iter().map(|name| opacity(name, free)).collect();
        let galleys: Vec<_> = input.names.iter().map(|name| layout(ui, name, ink)).collect();
        let mut order: Vec<usize> = (0..input.names.len()).filter(|&index| opacity[index] > 0.02).collect();
        // Those higher up choose first, so that lines do not cross.
        order.sort_by(|&a, &b| input.names[a].outline.top().total_cmp(&input.names[b].outline.top()).then(a.cmp(&b)));
        let wishes: Vec<Wish> = order
            .iter()
            .map(|&index| {
                let others =
                    input.names.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, n)| n.outline);
                let size = galleys[index].size() + vec2(26.0, 8.0);
                Wish { key: index as u64, places: places(input.names[index].outline, size, free, others), inside: None }
            })
            .collect();
        let placed = self.placer.place(&wishes, free, taken, &[]);
        let mut leaders = Vec::new();
        for (&index, place) in order.iter().zip(placed) {
            let Some(place) = place else { continue };
            let (name, opacity) = (&input.names[index], opacity[index]);
            let colour = ink.series(name.colour).gamma_multiply(opacity);
            let painter = ui.painter();
            if let Some([from, to]) = leader(place, name.outline.intersect(free)) {
                leaders.push(Shape::line_segment([from, to], Stroke::new(1.2, colour)));
                leaders.push(Shape::circle_filled(to, 2.5, colour));
            }
            painter.rect_filled(place, 5.0, ink.card.gamma_multiply(opacity));
            painter.circle_filled(pos2(place.left() + 11.0, place.center().y), 4.0, colour);
            let at = pos2(place.left() + 20.0, place.top() + 4.0);
            painter
                .add(egui::epaint::TextShape::new(at, galleys[index].clone(), ink.strong).with_opacity_factor(opacity));
            let response = ui.interact(place, ui.scope_id().with(("name in space", index)), egui::Sense::hover());
            response.accessible_name(format!("population {}", name.text));
        }
        leaders
    }
}

fn layout(ui: &Ui, name: &Name, ink: &Ink) -> std::sync::Arc<egui::Galley> {
    let mut job = egui::text::LayoutJob::default();
    let format = |size, colour| egui::TextFormat::simple(FontId::proportional(size), colour);
    job.append(&name.text, 0.0, format(13.5, ink.strong));
    job.append(&name.note, 7.0, format(12.0, ink.weak));
    ui.painter().layout_job(job)
}

/// Names fade with distance, and where a population is too small to point at or so near that it fills the picture.
fn opacity(name: &Name, free: Rect) -> f32 {
    let seen = name.outline.intersect(free);
    if !name.outline.is_finite() || !seen.is_positive() {
        return 0.0;
    }
    let size = name.outline.size().max_elem();
    let small = ((size - LEAST) / LEAST).clamp(0.0, 1.0);
    let fill = name.outline.size() / free.size();
    let large = (3.0 - fill.max_elem()).clamp(0.0, 1.0);
    small * large * (1.0 - 0.45 * name.depth.clamp(0.0, 1.0))
}

/// Where a name of this size may stand, best first: above, beside, below, then farther and farther away. Places over
/// other populations come after those over nothing.
fn places(outline: Rect, size: Vec2, free: Rect, others: impl Iterator<Item = Rect>) -> Vec<Rect> {
    let seen = outline.intersect(free);
    let centre = seen.center();
    let at = |x: f32, y: f32| Rect::from_center_size(pos2(x, y), size);
    let (above, below) = (seen.top() - GAP - 0.5 * size.y, seen.bottom() + GAP + 0.5 * size.y);
    let (left, right) = (seen.left() - GAP - 0.5 * size.x, seen.right() + GAP + 0.5 * size.x);
    let step = size.y + 5.0;
    let mut places = vec![at(centre.x, above), at(right, centre.y), at(left, centre.y), at(centre.x, below)];
    for k in 1..=6 {
        let away = step * k as f32;
        places.extend([
            at(centre.x, above - away),
            at(right + 20.0, centre.y - away),
            at(right + 20.0, centre.y + away),
            at(left - 20.0, centre.y - away),
            at(left - 20.0, centre.y + away),
        ]);
    }
    // Where the population fills the picture its name may stand in it, along the top.
    places.extend((0..8).map(|k| at(centre.x, seen.top() + GAP + 0.5 * size.y + step * k as f32)));
    let others: Vec<Rect> = others.collect();
    let covers = |place: &Rect| others.iter().any(|other| other.intersects(*place)) && !outline.contains_rect(*place);
    places.sort_by_key(covers);
    places
}

/// The line from a name to what it names, where they are far apart.
fn leader(place: Rect, outline: Rect) -> Option<[Pos2; 2]> {
    if !outline.is_positive() || outline.contains(place.center()) {
        return None;
    }
    let to = outline.clamp(place.center());
    // A little inside, where neurons are.
    let to = to + (outline.center() - to) * 0.12;
    let from = place.clamp(to);
    (from.distance(outline.clamp(from)) > NEAR).then_some([from, to])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(left: f32, top: f32, right: f32, bottom: f32) -> Rect {
        Rect::from_min_max(pos2(left, top), pos2(right, bottom))
    }

    #[test]
    fn stacked_layers_are_named_at_their_side() {
        let free = rect(0.0, 0.0, 1000.0, 800.0);
        let layers: Vec<Rect> =
            (0..4).map(|k| rect(300.0, 100.0 + 150.0 * k as f32, 600.0, 245.0 + 150.0 * k as f32)).collect();
        let others = layers.iter().copied().filter(|layer| *layer != layers[1]);
        let best = places(layers[1], vec2(90.0, 22.0), free, others)[0];
        assert!(best.left() > 600.0 && (best.center().y - layers[1].center().y).abs() < 1.0, "{best:?}");
        let alone = places(layers[1], vec2(90.0, 22.0), free, std::iter::empty())[0];
        assert!(alone.bottom() < layers[1].top(), "above where nothing is: {alone:?}");
    }

    #[test]
    fn what_is_pushed_away_gets_a_line_and_what_is_near_does_not() {
        let outline = rect(100.0, 100.0, 200.0, 200.0);
        assert_eq!(leader(rect(110.0, 70.0, 190.0, 92.0), outline), None);
        let [from, to] = leader(rect(300.0, 20.0, 380.0, 42.0), outline).expect("far away");
        assert!(outline.contains(to) && from.x <= 300.1, "{from:?} {to:?}");
    }

    #[test]
    fn names_fade_with_distance_and_when_too_small() {
        let free = rect(0.0, 0.0, 1000.0, 800.0);
        let name = |outline, depth| Name { text: "a".into(), note: String::new(), colour: [1.0; 3], outline, depth };
        let large = rect(100.0, 100.0, 300.0, 300.0);
        assert!(opacity(&name(large, 0.0), free) > opacity(&name(large, 1.0), free));
        assert_eq!(opacity(&name(rect(100.0, 100.0, 108.0, 108.0), 0.0), free), 0.0);
        assert_eq!(opacity(&name(rect(-9e3, -9e3, 9e3, 9e3), 0.0), free), 0.0, "from inside");
        assert_eq!(opacity(&name(Rect::NOTHING, 0.0), free), 0.0);
    }
}
