//! Receptive fields of near neurons: which projection makes a picture, which of its synapses end at a neuron, and their
//! weights now, from host memory or read back from the GPU a neuron at a time without waiting.

use std::collections::HashMap;
use std::sync::Arc;

use crate::engine::{Activity, PRUNED};
use crate::gpu::{Gpu, Piece, ReadbackRing};
use crate::model::{Connectivity, Network};
use crate::ui::Field;

/// Pixels of a field at most: more cannot be seen on a card.
const PIXELS_MOST: u32 = 4096;
/// Stored synapses that are searched for a neuron's inputs.
const SEARCHED_MOST: usize = 4 << 20;
/// A sparse projection makes a picture when a neuron has at least this share of the pixels.
const LEAST_SHARE: f32 = 0.1;
/// Fields remembered.
const KEPT: usize = 256;

/// A neuron's inputs.
struct Inputs {
    projection: usize,
    /// Place in the picture and synapse of each.
    synapses: Vec<(u32, u64)>,
    field: Field,
    /// When its weights were asked for; 0: never.
    asked: u64,
}

/// Fields by neuron.
pub(super) struct Fields {
    network: Arc<Network>,
    /// Per population.
    projections: Vec<Option<usize>>,
    known: HashMap<u32, Inputs>,
    ring: Option<ReadbackRing<u32>>,
    gpu: Arc<Gpu>,
    looks: u64,
}

impl Fields {
    pub(super) fn new(gpu: &Arc<Gpu>, network: &Arc<Network>) -> Self {
        Self {
            projections: (0..network.populations.len()).map(|index| field_projection(network, index)).collect(),
            network: Arc::clone(network),
            known: HashMap::new(),
            ring: None,
            gpu: Arc::clone(gpu),
            looks: 0,
        }
    }

    /// True where this neuron's inputs make a picture.
    pub(super) fn has(&self, neuron: u32) -> bool {
        self.projections.get(self.network.population_of(neuron)).is_some_and(Option::is_some)
    }

    /// Brings the fields of these neurons up to date, as far as that is possible without waiting.
    pub(super) fn update(&mut self, neurons: &[u32], activity: &Activity<'_>) {
        self.looks += 1;
        if self.known.len() > KEPT {
            self.known.retain(|neuron, _| neurons.contains(neuron));
        }
        for &neuron in neurons {
            if !self.known.contains_key(&neuron)
                && let Some(inputs) = self.inputs_of(neuron)
            {
                self.known.insert(neuron, inputs);
            }
        }
        match activity {
            Activity::Host { weights, .. } => {
                for neuron in neurons {
                    let Some(inputs) = self.known.get_mut(neuron) else { continue };
                    if let Some(weights) = weights.get(inputs.projection).copied().flatten() {
                        inputs.take(|_, synapse| weights.get(synapse as usize).copied());
                    }
                }
            }
            Activity::Device { weights, .. } | Activity::Replayed { weights, .. } => self.read_back(neurons, weights),
        }
    }

    /// The newest field, once its weights are known.
    pub(super) fn field(&self, neuron: u32) -> Option<&Field> {
        self.known.get(&neuron).map(|inputs| &inputs.field).filter(|field| field.version > 0)
    }

    fn read_back(&mut self, neurons: &[u32], weights: &[Option<&wgpu::Buffer>]) {
        let ring = self.ring.get_or_insert_with(|| ReadbackRing::new(Arc::clone(&self.gpu), "close.fields", 2));
        while !ring.is_empty() {
            let arrived = ring.poll(|neuron, bytes| (neuron, bytemuck::pod_collect_to_vec::<u8, f32>(bytes)));
            let Some((neuron, values)) = arrived else { break };
            if let Some(inputs) = self.known.get_mut(&neuron) {
                inputs.take(|index, _| values.get(index).copied());
            }
        }
        while ring.has_room() {
            // The one that has waited longest; each at most once a frame.
            let known = neurons.iter().filter_map(|n| self.known.get(n).map(|inputs| (inputs.asked, *n)));
            let Some((asked, neuron)) = known.min() else { return };
            if asked >= self.looks {
                return;
            }
            let Some(inputs) = self.known.get_mut(&neuron) else { return };
            inputs.asked = self.looks;
            let Some(Some(buffer)) = weights.get(inputs.projection) else { continue };
            let piece = |&(_, synapse): &(u32, u64)| Piece { buffer, offset: synapse * 4, bytes: 4 };
            let pieces: Vec<Piece<'_>> = inputs.synapses.iter().map(piece).collect();
            if pieces.is_empty() || pieces.iter().any(|piece| piece.offset + piece.bytes > buffer.size()) {
                continue;
            }
            let label = wgpu::CommandEncoderDescriptor { label: Some("close.fields") };
            ring.submit(self.gpu.device.create_command_encoder(&label), &pieces, neuron);
        }
    }

    /// Finds a neuron's inputs; weights that never change are there at once.
    fn inputs_of(&self, neuron: u32) -> Option<Inputs> {
        let network = &*self.network;
        let population = network.population_of(neuron);
        let index = (*self.projections.get(population)?)?;
        let projection = &network.projections[index];
        let (source, target) = (&network.populations[projection.source], &network.populations[projection.target]);
        let local = neuron - target.first;
        let synapses: Vec<(u32, u64)> = match &projection.connectivity {
            Connectivity::AllToAll => {
                (0..source.size).map(|s| (s, u64::from(s) * u64::from(target.size) + u64::from(local))).collect()
            }
            Connectivity::Sparse { row_start, target: ends } => (0..source.size)
                .flat_map(|s| {
                    let row = row_start[s as usize]..row_start[s as usize + 1];
                    row.filter(|&synapse| ends[synapse as usize] == local).map(move |synapse| (s, u64::from(synapse)))
                })
                .collect(),
            Connectivity::OneToOne | Connectivity::AllButSelf => return None,
        };
        let size = source.shape?;
        let mut inputs = Inputs { projection: index, synapses, field: Field { size, ..Field::default() }, asked: 0 };
        if !projection.is_mutable() {
            inputs.take(|_, synapse| Some(projection.weights.get(synapse as usize)));
        }
        Some(inputs)
    }
}

impl Inputs {
    /// Takes the weights as they are now: by index among the inputs, and by synapse.
    fn take(&mut self, weight: impl Fn(usize, u64) -> Option<f32>) {
        let [width, height] = self.field.size.map(|side| side as usize);
        let mut shares = vec![PRUNED; width * height];
        let mut pruned = 0;
        for (index, &(place, synapse)) in self.synapses.iter().enumerate() {
            let Some(weight) = weight(index, synapse) else { return };
            let Some(share) = shares.get_mut(place as usize) else { continue };
            if weight < 0.0 {
                pruned += 1;
            } else {
                *share = share.max(0.0) + weight;
            }
        }
        let strongest = shares.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        shares.iter_mut().filter(|share| **share >= 0.0).for_each(|share| *share /= strongest);
        if self.field.version == 0 || *self.field.shares != *shares {
            self.field.shares = shares.into();
            self.field.version += 1;
        }
        self.field.pruned = pruned;
    }
}

/// The projection whose weights make a picture of what a neuron of this population sees: from another population that
/// stands for an image, dense enough to be one; rather one that learns.
fn field_projection(network: &Network, population: usize) -> Option<usize> {
    let is_picture = |index: &usize| {
        let p = &network.projections[*index];
        let source = &network.populations[p.source];
        let has_shape = source.shape.is_some_and(|[width, height]| width.saturating_mul(height) <= PIXELS_MOST);
        let is_dense = match &p.connectivity {
            Connectivity::AllToAll => true,
            Connectivity::Sparse { target, .. } => {
                let most = source.size as f32 * network.populations[p.target].size as f32;
                target.len() <= SEARCHED_MOST && target.len() as f32 >= LEAST_SHARE * most
            }
            Connectivity::OneToOne | Connectivity::AllButSelf => false,
        };
        p.target == population && p.source != population && has_shape && is_dense
    };
    let candidates = (0..network.projections.len()).filter(is_picture);
    candidates.min_by_key(|&index| (!network.projections[index].is_mutable(), index))
}
