//! What stands in the picture close up: from a session and a camera, the names, the scale bar and the cards of near neurons
//! as plain inputs for [`Space`](crate::ui::Space). Used by the window and by pictures without one. Never waits for the GPU.

mod fields;
mod near;
mod trails;

use std::sync::Arc;

use egui::{Pos2, Rect, pos2};
use glam::Vec3;

use super::text;
use crate::engine::{Activity, NeuronState};
use crate::gpu::{Gpu, Piece, ReadbackRing};
use crate::model::Network;
use crate::render::{Bounds, CameraView};
use crate::session::view::{Theme, Variable};
use crate::session::{Session, ViewSettings};
use crate::ui::{Card, CardContent, Name, Ruler, SpaceInput};

use fields::Fields;
use near::{Grid, Near, Seen};
use trails::Trails;

/// Neurons that say something at most: the largest on screen.
const CARDS_MOST: usize = 28;
/// Of those, membrane curves at most.
const CURVES_MOST: usize = 14;
/// A neuron says something from this radius on, points; all of it from the second on.
const NEAR: [f32; 2] = [11.0, 17.0];
/// Spheres from this radius on are not covered by cards, points.
const LEAST_DISC: f32 = 4.0;
/// Spheres that cards keep clear of at most.
const DISCS_MOST: usize = 400;

/// One picture.
pub(super) struct Shot<'a> {
    pub(super) view: &'a CameraView,
    pub(super) size_px: [u32; 2],
    pub(super) pixels_per_point: f32,
    pub(super) settings: &'a ViewSettings,
    /// Since the last one.
    pub(super) seconds: f32,
}

/// What is known of near neurons. One per session.
pub(super) struct Close {
    gpu: Arc<Gpu>,
    network: Arc<Network>,
    bounds: Bounds,
    boxes: Vec<Bounds>,
    grid: Grid,
    trails: Trails,
    fields: Fields,
    states: Option<ReadbackRing<(u64, Vec<u32>)>>,
    /// Neurons with cards in the last picture.
    chosen: Vec<u32>,
}

impl Close {
    pub(super) fn new(gpu: &Arc<Gpu>, network: &Arc<Network>) -> Self {
        let bounds = Bounds::of(&network.positions);
        let of = |p: &crate::model::Population| {
            let range = p.first as usize..(p.first + p.size) as usize;
            Bounds::of(network.positions.get(range).unwrap_or_default())
        };
        Self {
            gpu: Arc::clone(gpu),
            boxes: network.populations.iter().map(of).collect(),
            grid: Grid::new(&network.positions, &bounds),
            bounds,
            trails: Trails::default(),
            fields: Fields::new(gpu, network),
            network: Arc::clone(network),
            states: None,
            chosen: Vec::new(),
        }
    }

    /// Everything for one picture of the session as it is now.
    pub(super) fn look(&mut self, session: &Session, shot: &Shot<'_>) -> SpaceInput {
        let mut input = SpaceInput {
            is_light: shot.settings.theme == Theme::Light,
            seconds: shot.seconds,
            ..SpaceInput::default()
        };
        if shot.settings.labels {
            input.names = self.names(shot);
            input.ruler = ruler(shot);
        }
        // Neurons raised by their value do not stand where they are looked for.
        if shot.settings.billboards && shot.settings.height.by == Variable::Population {
            self.add_cards(session, shot, &mut input);
        } else {
            self.trails.clear();
            self.chosen.clear();
        }
        input
    }

    fn names(&self, shot: &Shot<'_>) -> Vec<Name> {
        let (view, radius) = (shot.view, self.bounds.radius());
        let named = |(population, bounds): (&crate::model::Population, &Bounds)| {
            let depth = (Vec3::from_array(bounds.centre()) - view.eye).dot(view.forward);
            Name {
                text: population.name.clone(),
                note: text::count(u64::from(population.size)),
                colour: population.colour,
                outline: outline(bounds, shot),
                depth: (depth - view.focus_distance + radius) / (2.0 * radius),
            }
        };
        let populations = self.network.populations.iter().zip(&self.boxes).filter(|(p, _)| p.size > 0);
        populations.map(named).collect()
    }

    fn add_cards(&mut self, session: &Session, shot: &Shot<'_>, input: &mut SpaceInput) {
        let near = self.near(session, shot);
        let large = |near: &&Near| near.radius >= NEAR[0];
        input.near = near.iter().filter(large).count();
        let mut curves = 0;
        let chosen: Vec<Near> = near
            .iter()
            .filter(large)
            .filter(|near| {
                let has_field = self.fields.has(near.neuron);
                curves += usize::from(!has_field);
                has_field || curves <= CURVES_MOST
            })
            .take(CARDS_MOST)
            .copied()
            .collect();
        let neurons: Vec<u32> = chosen.iter().map(|near| near.neuron).collect();
        let activity = session.activity();
        self.take_states(&neurons, &activity, session.step());
        self.fields.update(&neurons, &activity);
        let is_past = matches!(activity, Activity::Replayed { .. });
        for near in near.iter().take(DISCS_MOST) {
            let is_chosen = neurons.contains(&near.neuron);
            let content = is_chosen.then(|| self.content(near.neuron, is_past)).flatten();
            input.cards.push(self.card(session, near, content));
        }
        self.chosen = neurons;
    }

    /// What is large enough to be kept clear of, the largest first.
    fn near(&self, session: &Session, shot: &Shot<'_>) -> Vec<Near> {
        let (positions, settings) = (&self.network.positions, shot.settings);
        let seen = Seen {
            view: shot.view,
            size_px: shot.size_px,
            pixels_per_point: shot.pixels_per_point,
            radius: settings.neuron_radius,
        };
        let (low, high) = (Vec3::from_array(self.bounds.low), Vec3::from_array(self.bounds.high));
        let inside = |neuron: u32| {
            let share = (Vec3::from_array(positions[neuron as usize]) - low) / (high - low).max(Vec3::splat(1e-6));
            let (from, to) = (Vec3::from_array(settings.clip.low), Vec3::from_array(settings.clip.high));
            share.cmpge(from - 1e-4).all() && share.cmple(to + 1e-4).all()
        };
        let is_whole = settings.clip.is_whole();
        let is_shown = |neuron: u32| !session.selection().is_hidden(neuron) && (is_whole || inside(neuron));
        // Small neurons only matter where there are large ones.
        let least = NEAR[0];
        let large = self.grid.near(positions, &seen, least, is_shown, |neuron| self.chosen.contains(&neuron));
        if large.is_empty() {
            return large;
        }
        let mut all = large;
        let rest = self.grid.near(positions, &seen, LEAST_DISC, is_shown, |_| false);
        all.extend(rest.into_iter().filter(|near| near.radius < least));
        all
    }

    /// The states of near neurons, from host memory or by tiny read-backs.
    fn take_states(&mut self, neurons: &[u32], activity: &Activity<'_>, step: u64) {
        match activity {
            Activity::Host { neurons: states, .. } => {
                let state = |&neuron: &u32| states.get(neuron as usize).map(|state| (neuron, *state));
                self.trails.take(step, neurons.iter().filter_map(state));
            }
            Activity::Device { neurons: buffer, .. } => {
                let ring =
                    self.states.get_or_insert_with(|| ReadbackRing::new(Arc::clone(&self.gpu), "close.states", 3));
                while !ring.is_empty() {
                    let arrived =
                        ring.poll(|purpose, bytes| (purpose, bytemuck::pod_collect_to_vec::<u8, NeuronState>(bytes)));
                    let Some(((step, neurons), states)) = arrived else { break };
                    self.trails.take(step, neurons.into_iter().zip(states));
                }
                let bytes = size_of::<NeuronState>() as u64;
                let piece = |&neuron: &u32| Piece { buffer, offset: u64::from(neuron) * bytes, bytes };
                let pieces: Vec<Piece<'_>> = neurons.iter().map(piece).collect();
                if ring.has_room() && !pieces.is_empty() {
                    let label = wgpu::CommandEncoderDescriptor { label: Some("close.states") };
                    let encoder = self.gpu.device.create_command_encoder(&label);
                    ring.submit(encoder, &pieces, (step, neurons.to_vec()));
                }
            }
            // The past knows spikes, not membranes.
            Activity::Replayed { .. } => self.trails.clear(),
        }
    }

    fn content(&self, neuron: u32, is_past: bool) -> Option<CardContent> {
        if self.fields.has(neuron) {
            return self.fields.field(neuron).cloned().map(CardContent::Field);
        }
        let curve = (!is_past).then(|| self.trails.curve(neuron, &self.network)).flatten();
        // A source that has not spiked has nothing to show.
        curve.filter(|curve| !curve.points.is_empty() || !curve.spikes_ms.is_empty()).map(CardContent::Curve)
    }

    fn card(&self, session: &Session, near: &Near, content: Option<CardContent>) -> Card {
        let index = self.network.population_of(near.neuron);
        let population = &self.network.populations[index];
        let local = near.neuron - population.first;
        let is_output = session.protocol().is_some_and(|protocol| protocol.output() == index);
        let assigned = session.telemetry().learning.as_ref().map(|learning| &learning.assigned);
        Card {
            neuron: near.neuron,
            at: near.at.into(),
            radius: near.radius,
            nearness: smooth((near.radius - NEAR[0]) / (NEAR[1] - NEAR[0])),
            title: if content.is_some() { format!("{} {local}", population.name) } else { String::new() },
            class: assigned.filter(|_| is_output).and_then(|all| all.get(local as usize).copied().flatten()),
            colour: population.colour,
            content,
        }
    }
}

fn smooth(share: f32) -> f32 {
    let x = share.clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

/// The scale bar of a picture.
fn ruler(shot: &Shot<'_>) -> Option<Ruler> {
    let depth = shot.view.focus_distance;
    let points_per_unit = shot.view.focal_px(shot.size_px[1].max(1) as f32) / (depth * shot.pixels_per_point);
    (points_per_unit.is_finite() && points_per_unit > 0.0).then_some(Ruler { points_per_unit, focus_depth: depth })
}

/// What a box takes on screen, points; everything where the eye stands in it or before it.
fn outline(bounds: &Bounds, shot: &Shot<'_>) -> Rect {
    let mut outline = Rect::NOTHING;
    for corner in 0..8 {
        let pick = |axis: usize| if corner & (1 << axis) == 0 { bounds.low[axis] } else { bounds.high[axis] };
        match shot.view.project(Vec3::new(pick(0), pick(1), pick(2)), shot.size_px) {
            Some((px, _)) => outline.extend_with(point(px / shot.pixels_per_point)),
            None => return Rect::EVERYTHING,
        }
    }
    outline.expand(1.0)
}

fn point(at: glam::Vec2) -> Pos2 {
    pos2(at.x, at.y)
}

#[cfg(test)]
mod tests;
