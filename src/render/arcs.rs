//! Thick arcs between populations, for networks seen from afar: one per projection, wide by its total weight, bright by
//! the spikes that it delivers. In go a network and its traffic, out comes one draw.

use bytemuck::{Pod, Zeroable};
use glam::{Quat, Vec3};

use super::looks::sphere_of;
use super::shaders;
use super::wiring::{Bound, Depth, Draw, LIGHT_FORMAT, Mix, group, group_layout};
use crate::gpu::Gpu;
use crate::model::{Network, Receptor, Weights};
use crate::session::traffic::Traffic;

/// Weights looked at for the mean of a projection.
const LOOKED_AT: usize = 1024;

/// One arc. WGSL twin: `PopulationArc` in `shaders/render/arcs.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct PopulationArc {
    /// Where it begins, scene units.
    pub a: [f32; 3],
    /// Scene units.
    pub half_width: f32,
    /// First control point, scene units.
    pub b: [f32; 3],
    /// Factor on its light.
    pub light: f32,
    /// Second control point, scene units.
    pub c: [f32; 3],
    /// 1: it inhibits.
    pub inhibitory: u32,
    /// Where it ends, scene units.
    pub d: [f32; 3],
    /// Spikes delivered, as a share of the busiest projection's, with a steep start; 0 to 1.
    pub traffic: f32,
}

/// The draw.
pub(super) struct ArcPipeline {
    layout: wgpu::BindGroupLayout,
    pipeline: wgpu::RenderPipeline,
}

/// The arcs of one network.
pub(super) struct Arcs {
    shown: Vec<PopulationArc>,
    written: Vec<PopulationArc>,
    /// Sums of weights at the start, counts, mean weights.
    start: Vec<Traffic>,
    reach: f32,
    light: f32,
    busiest_hz: f64,
    buffer: wgpu::Buffer,
    group: wgpu::BindGroup,
}

impl ArcPipeline {
    pub(super) fn new(device: &wgpu::Device, view: &wgpu::BindGroupLayout, activity: &wgpu::BindGroupLayout) -> Self {
        let layout = group_layout(device, "render.arcs", &[Bound::Read]);
        let pipeline = Draw {
            source: &shaders::ARCS,
            groups: &[view, activity, &layout],
            format: LIGHT_FORMAT,
            depth: Depth::Ignore,
            mix: Mix::Add,
            constants: &[],
        }
        .pipeline(device);
        Self { layout, pipeline }
    }

    /// Groups 0 and 1 are set, and indices of a strip of 18 pieces.
    pub(super) fn draw(&self, pass: &mut wgpu::RenderPass<'_>, arcs: &Arcs) {
        if arcs.light > 0.0 && !arcs.shown.is_empty() {
            pass.set_pipeline(&self.pipeline);
            pass.set_bind_group(2, &arcs.group, &[]);
            pass.draw_indexed(0..6 * super::lines::PIECES_MOST, 0, 0..arcs.shown.len() as u32);
        }
    }
}

impl Arcs {
    pub(super) fn new(device: &wgpu::Device, pipeline: &ArcPipeline, network: &Network) -> Self {
        let shown = places(network);
        let buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("render.arcs"),
            size: (shown.len().max(1) * size_of::<PopulationArc>()) as u64,
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let start: Vec<Traffic> = network
            .projections
            .iter()
            .enumerate()
            .map(|(index, projection)| Traffic {
                synapses: network.synapse_count_of(index),
                weight_mean: Some(weight_mean(&projection.weights)),
                delivered_hz: 0.0,
            })
            .collect();
        let reach = network.populations.iter().map(|p| sphere_of(network, p.neurons()).1).fold(0.0_f32, f32::max);
        let mut arcs = Self {
            shown,
            written: Vec::new(),
            reach,
            light: 0.0,
            busiest_hz: 0.0,
            group: group(device, "render.arcs", &pipeline.layout, &[buffer.as_entire_binding()]),
            buffer,
            start,
        };
        arcs.set_traffic(&[]);
        arcs
    }

    /// What goes through the projections now; none where it is not known.
    pub(super) fn set_traffic(&mut self, traffic: &[Traffic]) {
        let weight = |index: usize| {
            let (start, now) = (&self.start[index], traffic.get(index));
            let mean = now.and_then(|now| now.weight_mean).or(start.weight_mean).unwrap_or(0.0);
            now.map_or(start.synapses, |now| now.synapses) as f32 * mean.abs()
        };
        let weights: Vec<f32> = (0..self.shown.len()).map(weight).collect();
        let most = weights.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        self.busiest_hz = traffic.iter().map(|t| t.delivered_hz).fold(0.0, f64::max);
        for (index, arc) in self.shown.iter_mut().enumerate() {
            arc.half_width = self.reach * (0.02 + 0.12 * (weights[index] / most).sqrt());
            let delivered = traffic.get(index).map_or(0.0, |t| t.delivered_hz / self.busiest_hz.max(1e-9));
            arc.traffic = delivered.sqrt() as f32;
        }
    }

    /// `light`: 0 to 1.
    pub(super) fn prepare(&mut self, gpu: &Gpu, light: f32) {
        self.light = light;
        // Many arcs share the light of a few.
        let each = light * (8.0 / self.shown.len().max(1) as f32).sqrt().min(1.0);
        self.shown.iter_mut().for_each(|arc| arc.light = each);
        if light > 0.0 && self.shown != self.written {
            gpu.queue.write_buffer(&self.buffer, 0, bytemuck::cast_slice(&self.shown));
            self.written.clone_from(&self.shown);
        }
    }

    /// What they mean, while any can be seen.
    pub(super) fn notice(&self) -> Option<String> {
        (self.light > 0.05 && !self.shown.is_empty()).then(|| {
            format!(
                "{} {}, one per projection, thin towards the target: width by total weight, light by spikes delivered \
                 (busiest: {:.0} a second), inhibition hollow",
                self.shown.len(),
                if self.shown.len() == 1 { "arc" } else { "arcs" },
                self.busiest_hz
            )
        })
    }
}

/// Where the arcs run: from middle to middle, bowed to one side, those the other way to the other side; loops for those
/// within a place.
fn places(network: &Network) -> Vec<PopulationArc> {
    let spheres: Vec<(Vec3, f32)> = network.populations.iter().map(|p| sphere_of(network, p.neurons())).collect();
    let count = network.projections.len();
    network
        .projections
        .iter()
        .enumerate()
        .map(|(index, projection)| {
            let ((from, from_reach), (to, to_reach)) = (spheres[projection.source], spheres[projection.target]);
            let axis = to - from;
            let turn = std::f32::consts::TAU * index as f32 / count.max(1) as f32;
            let reach = from_reach.max(to_reach);
            let [a, b, c, d] = if axis.length() < 0.2 * reach {
                let out = Quat::from_rotation_y(turn) * Vec3::X;
                let [low, high] = [from + out * (0.9 * reach), from + Vec3::Y * (0.9 * reach)];
                [low, low + out * (1.3 * reach), high + Vec3::Y * (1.1 * reach) + out * (0.9 * reach), high]
            } else {
                let along = axis.normalize();
                let other = if along.y.abs() > 0.8 { Vec3::X } else { Vec3::Y };
                let side = along.cross(other).normalize();
                // Few arcs lie in one plane; many spread around the axis.
                let spread = if count > 8 { turn } else { 0.0 };
                let bow = Quat::from_axis_angle(along, spread) * side * (0.25 * axis.length() + 0.35 * reach);
                [from, from + axis * 0.25 + bow, to - axis * 0.25 + bow, to]
            };
            let inhibitory = projection.receptor == Receptor::Inhibitory || weight_mean(&projection.weights) < 0.0;
            PopulationArc {
                a: a.to_array(),
                b: b.to_array(),
                c: c.to_array(),
                d: d.to_array(),
                inhibitory: u32::from(inhibitory),
                ..PopulationArc::default()
            }
        })
        .collect()
}

fn weight_mean(weights: &Weights) -> f32 {
    match weights {
        Weights::Constant(weight) => *weight,
        Weights::PerSynapse(weights) => {
            let step = weights.len().div_ceil(LOOKED_AT).max(1);
            let looked_at = weights.iter().step_by(step);
            let count = looked_at.len().max(1) as f32;
            looked_at.sum::<f32>() / count
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Connectivity;
    use crate::model::sketch::sketch;

    fn network() -> Network {
        let all = Connectivity::AllToAll;
        let mut network = sketch(&[2, 2], [(0, 1, all.clone()), (1, 0, all.clone()), (0, 0, all)]);
        network.projections[1].weights = Weights::Constant(-1.0);
        network.positions = vec![[-5.0, -1.0, 0.0], [-5.0, 1.0, 0.0], [5.0, -1.0, 0.0], [5.0, 1.0, 0.0]];
        network
    }

    #[test]
    fn arcs_run_from_middle_to_middle_and_two_ways_lie_apart() {
        let arcs = places(&network());
        assert_eq!((arcs[0].a, arcs[0].d), ([-5.0, 0.0, 0.0], [5.0, 0.0, 0.0]));
        assert_eq!((arcs[1].a, arcs[1].d), (arcs[0].d, arcs[0].a));
        assert_eq!(arcs.iter().map(|arc| arc.inhibitory).collect::<Vec<_>>(), [0, 1, 0]);
        let bow =
            |arc: &PopulationArc| Vec3::from_array(arc.b) - Vec3::from_array(arc.a).lerp(Vec3::from_array(arc.d), 0.25);
        assert!(bow(&arcs[0]).dot(bow(&arcs[1])) < 0.0, "to opposite sides");
        assert!(Vec3::from_array(arcs[2].a).distance(Vec3::from_array(arcs[2].d)) > 0.5, "a loop is open");
    }
}
