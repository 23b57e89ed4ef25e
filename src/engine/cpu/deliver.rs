//! `deliver`: the spikes of step s add their weights to the input of step s + delay; the twin of
//! `shaders/engine/deliver.wgsl`.
//!
//! All sums are wrapping i32, so their order is free:
//! - static weight: `round_ties_even(weight * scale)`, computed once; mutable share x that is not [`PRUNED`](crate::engine::PRUNED):
//!   `round_ties_even(x * delivery_factor)`
//! - a synapse adds that to the ring at slot `(s + delay) % ring_slots`, port `port_first + target`
//! - all-to-all with one weight and delay: each spike adds the weight to the group ring, slot as above, entry
//!   `group`; all-but-self does the same and subtracts the weight from the port of the neuron that spiked.

use super::synapses::{Fixed, Synapses, Wiring};
use crate::engine::Plan;
use crate::model::{Delays, Projection};

/// The two rings of input under way.
pub(super) struct Rings<'a> {
    pub(super) ring: &'a mut [i32],
    pub(super) group_ring: &'a mut [i32],
}

/// One projection at one step.
pub(super) struct Delivery<'a> {
    pub(super) plan: &'a Plan,
    pub(super) index: usize,
    pub(super) projection: &'a Projection,
    pub(super) synapses: &'a Synapses,
    /// Shares of a mutable projection, else empty.
    pub(super) shares: &'a [f32],
    pub(super) step: u32,
}

/// `round_ties_even(x) as i32` without a library call: adding and subtracting 2^23 rounds values below it to whole
/// numbers, and values above it are whole.
#[inline]
pub(super) fn fixed_point(x: f32) -> i32 {
    const WHOLE_FROM: f32 = 8_388_608.0;
    let magnitude = x.abs();
    let rounded = if magnitude < WHOLE_FROM { (magnitude + WHOLE_FROM) - WHOLE_FROM } else { magnitude };
    rounded.copysign(x) as i32
}

impl Delivery<'_> {
    /// Delivers the spikes of the sources with these local ids.
    pub(super) fn run(&self, spiking: &[u32], rings: &mut Rings<'_>) {
        if spiking.is_empty() {
            return;
        }
        if let (Wiring::Group { but_self }, Fixed::One(weight)) = (&self.synapses.wiring, &self.synapses.fixed) {
            self.group(*but_self, *weight, spiking, rings);
            return;
        }
        let factor = self.plan.projections[self.index].delivery_factor;
        for &source in spiking {
            let range = self.row_range(source as usize);
            match &self.synapses.fixed {
                Fixed::One(weight) => self.row(range.clone(), std::iter::repeat_n(*weight, range.len()), rings.ring),
                Fixed::Each(weights) => self.row(range.clone(), weights[range].iter().copied(), rings.ring),
                Fixed::Shares => {
                    let shares = self.shares[range.clone()].iter();
                    let weights = shares.map(|&x| if x < 0.0 { 0 } else { fixed_point(x * factor) });
                    self.row(range, weights, rings.ring);
                }
            }
        }
    }

    fn row_range(&self, source: usize) -> std::ops::Range<usize> {
        match self.synapses.rows(self.projection) {
            Some((row_start, _)) => row_start[source] as usize..row_start[source + 1] as usize,
            None => source * self.synapses.targets..(source + 1) * self.synapses.targets,
        }
    }

    /// Ring entry of port `port_first` of this projection, `delay` steps from now.
    #[inline]
    fn base(&self, delay: u32) -> usize {
        let plan = self.plan;
        let slot = (self.step % plan.ring_slots + delay) % plan.ring_slots;
        slot as usize * plan.port_count as usize + plan.projections[self.index].port_first as usize
    }

    fn row(&self, range: std::ops::Range<usize>, weights: impl Iterator<Item = i32>, ring: &mut [i32]) {
        let listed = self.synapses.rows(self.projection).map(|(_, target)| &target[range.clone()]);
        match (&self.projection.delays, listed) {
            (Delays::Constant(delay), None) => {
                let ports = &mut ring[self.base(*delay)..][..self.synapses.targets];
                for (port, weight) in ports.iter_mut().zip(weights) {
                    *port = port.wrapping_add(weight);
                }
            }
            (Delays::Constant(delay), Some(targets)) => {
                let ports = &mut ring[self.base(*delay)..][..self.synapses.targets];
                for (&target, weight) in targets.iter().zip(weights) {
                    let port = &mut ports[target as usize];
                    *port = port.wrapping_add(weight);
                }
            }
            (Delays::PerSynapse(delays), None) => {
                let targets = 0..self.synapses.targets;
                for ((target, weight), &delay) in targets.zip(weights).zip(&delays[range]) {
                    let port = &mut ring[self.base(u32::from(delay)) + target];
                    *port = port.wrapping_add(weight);
                }
            }
            (Delays::PerSynapse(delays), Some(targets)) => {
                // Rows are sorted by delay: the slot changes seldom.
                let (mut last_delay, mut base) = (0, 0);
                for ((&target, weight), &delay) in targets.iter().zip(weights).zip(&delays[range]) {
                    if delay != last_delay {
                        (last_delay, base) = (delay, self.base(u32::from(delay)));
                    }
                    let port = &mut ring[base + target as usize];
                    *port = port.wrapping_add(weight);
                }
            }
        }
    }

    fn group(&self, but_self: bool, weight: i32, spiking: &[u32], rings: &mut Rings<'_>) {
        let delay = self.projection.delays.get(0);
        let groups = 2 * self.plan.populations.len();
        let slot = ((self.step % self.plan.ring_slots + delay) % self.plan.ring_slots) as usize;
        let group = &mut rings.group_ring[slot * groups + self.plan.projections[self.index].group as usize];
        *group = group.wrapping_add(weight.wrapping_mul(spiking.len() as i32));
        if but_self {
            let base = self.base(delay);
            for &source in spiking {
                let port = &mut rings.ring[base + source as usize];
                *port = port.wrapping_sub(weight);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_point_is_round_ties_even() {
        let cases = [0.0_f32, 0.5, 1.5, 2.5, 0.499_999_97, 4_194_303.5, 4_194_304.5, 8_388_607.5, 8_388_609.0, 1e9];
        for x in cases.into_iter().flat_map(|x| [x, -x]) {
            assert_eq!(fixed_point(x), x.round_ties_even() as i32, "{x}");
        }
        for bits in (0..u32::MAX).step_by(65_537) {
            let x = f32::from_bits(bits);
            assert_eq!(fixed_point(x), x.round_ties_even() as i32, "{x}");
        }
    }
}
