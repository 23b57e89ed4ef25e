//! A running network on disk: one versioned file that either engine can go on from.
//!
//! Layout, little-endian: magic (8 bytes), version (u32), network hash (u64), step (u64), then the sections in the
//! order of [`Checkpoint`]'s fields, each its number of entries (u64) and its entries, and at the end a [`Fingerprint`]
//! (u64) of all bytes before it. A file that is damaged, cut short, of another version or of another network is
//! refused with a message; nothing in a file can make the reader panic or allocate more than the file's size.

use super::fingerprint::Fingerprint;
use super::{CELL_SPIKE_LIST, EngineError, Live, NeuronState, PRUNED, Plan, Touch, network_hash};
use crate::model::{Cell, Network, Source};

const MAGIC: [u8; 8] = *b"SPKSCOPE";
const VERSION: u32 = 2;
/// Magic, version, hash, step, checksum.
const SMALLEST: usize = 8 + 4 + 8 + 8 + 8;

/// Everything that changes while a network runs, the same for both engines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkpoint {
    /// Fingerprint of the network it belongs to: [`network_hash`].
    pub network_hash: u64,
    /// Steps done.
    pub step: u64,
    /// Per neuron.
    pub neurons: Vec<NeuronState>,
    /// Per neuron: excitatory and inhibitory synaptic state.
    pub synaptic: Vec<[f32; 2]>,
    /// Per neuron: spikes since the start.
    pub spike_counts: Vec<u32>,
    /// The trace array.
    pub traces: Vec<f32>,
    /// The input ring: slot by slot, port by port.
    pub ring: Vec<i32>,
    /// The group ring: slot by slot, two per population.
    pub group_ring: Vec<i32>,
    /// Per projection: shares of weight_max for mutable projections, else empty.
    pub weights: Vec<Vec<f32>>,
    /// Per projection: threshold of the next pruning period.
    pub thresholds: Vec<f32>,
    /// Live parameters in force.
    pub live: Live,
}

impl Checkpoint {
    /// The file's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer(Vec::with_capacity(self.size_estimate()));
        out.0.extend_from_slice(&MAGIC);
        out.0.extend_from_slice(&VERSION.to_le_bytes());
        out.long(self.network_hash);
        out.long(self.step);
        let words = |n: &NeuronState| [n.membrane_mv.to_bits(), n.theta_mv.to_bits(), n.hold, n.last_spike_step];
        out.section(self.neurons.len(), self.neurons.iter().flat_map(words));
        out.section(self.synaptic.len(), self.synaptic.iter().flatten().map(|x| x.to_bits()));
        out.section(self.spike_counts.len(), self.spike_counts.iter().copied());
        out.floats(&self.traces);
        out.section(self.ring.len(), self.ring.iter().map(|&x| x as u32));
        out.section(self.group_ring.len(), self.group_ring.iter().map(|&x| x as u32));
        out.long(self.weights.len() as u64);
        for weights in &self.weights {
            out.floats(weights);
        }
        out.floats(&self.thresholds);
        out.0.extend_from_slice(&u32::from(self.live.learning).to_le_bytes());
        out.floats(&self.live.learning_rates);
        out.section(self.live.receptor_gains.len(), self.live.receptor_gains.iter().flatten().map(|x| x.to_bits()));
        out.floats(&self.live.drives_mv);
        let halves = |x: &f64| [x.to_bits() as u32, (x.to_bits() >> 32) as u32];
        out.section(self.live.background_rates_hz.len(), self.live.background_rates_hz.iter().flat_map(halves));
        out.section(self.live.source_thresholds.len(), self.live.source_thresholds.iter().copied());
        let words = |t: &Touch| [t.flags, t.stimulus_mv.to_bits(), t.stimulus_end];
        out.section(self.live.touches.len(), self.live.touches.iter().flat_map(words));
        let checksum = checksum(&out.0);
        out.long(checksum);
        out.0
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// The bytes are no checkpoint, of another version, cut short or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EngineError> {
        if bytes.len() < SMALLEST || bytes[..8] != MAGIC {
            return refuse("this is no checkpoint file, or only the beginning of one");
        }
        let mut input = Reader(&bytes[8..bytes.len() - 8]);
        let version = input.word()?;
        if version != VERSION {
            return refuse(&format!("its version is {version}, and this program reads version {VERSION}"));
        }
        let stored = Reader(&bytes[bytes.len() - 8..]).long()?;
        if checksum(&bytes[..bytes.len() - 8]) != stored {
            return refuse("it is damaged or cut short (the checksum differs); use an earlier one");
        }
        let checkpoint = input.checkpoint()?;
        if !input.0.is_empty() {
            return refuse("it holds more than it should; it was not written by this version");
        }
        Ok(checkpoint)
    }

    /// A hash of the whole state: equal for equal states, whichever engine they came from.
    #[must_use]
    pub fn hash(&self) -> u64 {
        checksum(&self.to_bytes())
    }

    /// Checks that a network can go on from here.
    ///
    /// # Errors
    /// It belongs to another network, or holds values that no running network has.
    pub fn check(&self, network: &Network, plan: &Plan) -> Result<(), EngineError> {
        if self.network_hash != network_hash(network, plan) {
            return refuse(
                "it was taken from another network; open it with the same scene, settings and seed it was made with",
            );
        }
        let neurons = network.neuron_count() as usize;
        let weight_counts = network
            .projections
            .iter()
            .enumerate()
            .map(|(index, projection)| if projection.is_mutable() { network.synapse_count_of(index) } else { 0 });
        let slots = plan.ring_slots as usize;
        let sizes_fit = self.neurons.len() == neurons
            && self.synaptic.len() == neurons
            && self.spike_counts.len() == neurons
            && self.traces.len() == plan.trace_len as usize
            && self.ring.len() == slots * plan.port_count as usize
            && self.group_ring.len() == slots * 2 * network.populations.len()
            && self.weights.len() == network.projections.len()
            && self.weights.iter().map(|w| w.len() as u64).eq(weight_counts)
            && self.thresholds.len() == network.projections.len()
            && self.live.fits(network, plan);
        if !sizes_fit {
            return refuse("its arrays do not have the sizes of this network");
        }
        let weights_sound = self.weights.iter().flatten().all(|w| (0.0..=1.0).contains(w) || *w == PRUNED);
        let thresholds_sound = self.thresholds.iter().all(|t| t.is_finite());
        let sound = weights_sound && thresholds_sound && self.live.is_sound() && self.neurons_sound(network, plan);
        if self.step > u64::from(u32::MAX) || !sound {
            return refuse("it holds values that no running network has");
        }
        Ok(())
    }

    fn neurons_sound(&self, network: &Network, plan: &Plan) -> bool {
        let in_the_past = self.neurons.iter().all(|n| u64::from(n.last_spike_step) <= self.step);
        let lists_sound = network.populations.iter().zip(&plan.populations).all(|(population, p)| {
            let Cell::Source(Source::SpikeList(lists)) = &population.cell else { return p.cell != CELL_SPIKE_LIST };
            let states = &self.neurons[population.first as usize..][..population.size as usize];
            states.iter().zip(lists).all(|(state, list)| state.hold as usize <= list.len())
        });
        in_the_past && lists_sound
    }

    fn size_estimate(&self) -> usize {
        let synapses: usize = self.weights.iter().map(Vec::len).sum();
        SMALLEST
            + 256
            + 4 * (self.neurons.len() * 7 + self.traces.len() + self.ring.len() + self.group_ring.len() + synapses)
            + 24 * self.weights.len()
            + 4 * self.live.source_thresholds.len()
            + 12 * self.live.touches.len()
    }
}

fn refuse<T>(message: &str) -> Result<T, EngineError> {
    Err(EngineError::Checkpoint(message.into()))
}

fn checksum(bytes: &[u8]) -> u64 {
    let mut hash = Fingerprint::new();
    hash.bytes(bytes);
    hash.finish()
}

struct Writer(Vec<u8>);

impl Writer {
    fn long(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn section(&mut self, entries: usize, words: impl Iterator<Item = u32>) {
        self.long(entries as u64);
        for word in words {
            self.0.extend_from_slice(&word.to_le_bytes());
        }
    }

    fn floats(&mut self, values: &[f32]) {
        self.section(values.len(), values.iter().map(|x| x.to_bits()));
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn word(&mut self) -> Result<u32, EngineError> {
        let Some((word, rest)) = self.0.split_first_chunk::<4>() else { return refuse("it is cut short") };
        self.0 = rest;
        Ok(u32::from_le_bytes(*word))
    }

    fn long(&mut self) -> Result<u64, EngineError> {
        Ok(u64::from(self.word()?) | u64::from(self.word()?) << 32)
    }

    /// A section of entries of `N` words each; never allocates more than the file holds.
    fn section<const N: usize, T>(&mut self, entry: impl Fn([u32; N]) -> T) -> Result<Vec<T>, EngineError> {
        let entries = self.long()?;
        let bytes = entries.checked_mul(4 * N as u64).filter(|&bytes| bytes <= self.0.len() as u64);
        let Some(bytes) = bytes else { return refuse("a section is longer than the file") };
        let (section, rest) = self.0.split_at(bytes as usize);
        self.0 = rest;
        let word = |chunk: &[u8], k: usize| {
            u32::from_le_bytes([chunk[4 * k], chunk[4 * k + 1], chunk[4 * k + 2], chunk[4 * k + 3]])
        };
        Ok(section.chunks_exact(4 * N).map(|chunk| entry(std::array::from_fn(|k| word(chunk, k)))).collect())
    }

    fn floats(&mut self) -> Result<Vec<f32>, EngineError> {
        self.section(|[bits]| f32::from_bits(bits))
    }

    fn checkpoint(&mut self) -> Result<Checkpoint, EngineError> {
        let (network_hash, step) = (self.long()?, self.long()?);
        let neurons = self.section(|[v, theta, hold, last]| NeuronState {
            membrane_mv: f32::from_bits(v),
            theta_mv: f32::from_bits(theta),
            hold,
            last_spike_step: last,
        })?;
        let synaptic = self.section(|pair: [u32; 2]| pair.map(f32::from_bits))?;
        let spike_counts = self.section(|[count]| count)?;
        let traces = self.floats()?;
        let ring = self.section(|[input]| input as i32)?;
        let group_ring = self.section(|[input]| input as i32)?;
        let projections = self.long()?;
        // Each takes at least its length's 8 bytes: a damaged count ends at the end of the file.
        let mut weights = Vec::new();
        for _ in 0..projections {
            weights.push(self.floats()?);
        }
        let thresholds = self.floats()?;
        let live = Live {
            learning: self.word()? != 0,
            learning_rates: self.floats()?,
            receptor_gains: self.section(|pair: [u32; 2]| pair.map(f32::from_bits))?,
            drives_mv: self.floats()?,
            background_rates_hz: self.section(|[low, high]| f64::from_bits(u64::from(low) | u64::from(high) << 32))?,
            source_thresholds: self.section(|[threshold]| threshold)?,
            touches: self.section(|[flags, mv, stimulus_end]| Touch {
                flags,
                stimulus_mv: f32::from_bits(mv),
                stimulus_end,
                ..Default::default()
            })?,
        };
        Ok(Checkpoint {
            network_hash,
            step,
            neurons,
            synaptic,
            spike_counts,
            traces,
            ring,
            group_ring,
            weights,
            thresholds,
            live,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(bytes: &[u8]) -> String {
        Checkpoint::from_bytes(bytes).expect_err("not sound").to_string()
    }

    #[test]
    fn a_refusal_says_what_is_wrong() {
        let checkpoint =
            Checkpoint { step: 7, weights: vec![vec![0.5, PRUNED], Vec::new()], ring: vec![-3], ..Default::default() };
        let bytes = checkpoint.to_bytes();
        assert_eq!(Checkpoint::from_bytes(&bytes).expect("sound"), checkpoint);
        assert!(refusal(b"PNG").contains("no checkpoint file"));
        assert!(refusal(&bytes[..bytes.len() - 9]).contains("damaged or cut short"));
        let mut later = bytes.clone();
        later[8] = 3;
        assert!(refusal(&later).contains("its version is 3, and this program reads version 2"));
        let mut flipped = bytes;
        flipped[30] ^= 1;
        assert!(refusal(&flipped).contains("damaged"));
    }

    #[test]
    fn another_network_is_refused_by_name_of_the_reason() {
        let network = Network { dt_ms: 0.1, seed: 3, ..Default::default() };
        let plan = Plan::new(&network);
        let mut checkpoint = Checkpoint { network_hash: network_hash(&network, &plan), ..Default::default() };
        checkpoint.check(&network, &plan).expect("its own network");
        let other = Network { seed: 4, ..network.clone() };
        let message = checkpoint.check(&other, &Plan::new(&other)).expect_err("another seed").to_string();
        assert!(message.contains("another network"), "{message}");
        checkpoint.thresholds.push(0.0);
        assert!(checkpoint.check(&network, &plan).is_err());
    }
}
