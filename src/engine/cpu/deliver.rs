//! `deliver`: the spikes of step s add their weights to the input of step s + delay; the twin of
//! `shaders/engine/deliver.wgsl`.
//!
//! All sums are wrapping i32, so their order is free:
//! - static weight: `round_ties_even(weight * scale)`; mutable share x that is not [`PRUNED`](crate::engine::PRUNED):
//!   `round_ties_even(x * delivery_factor)`
//! - a synapse adds that to the ring at slot `(s + delay) % ring_slots`, port `port_first + target`
//! - all-to-all with one weight and delay: each spike adds the weight to the group ring, slot as above, entry
//!   `group`; all-but-self does the same and subtracts the weight from the port of the neuron that spiked.
//!
//! Many events at once are shared among threads by target: each thread owns a range of ports and takes from every row
//! the synapses that end there, which lie together because rows are sorted.

use std::ops::Range;

use fearless_simd::{Level, Simd, WithSimd};
use rayon::prelude::*;

use super::synapses::{Kind, Rows, Synapses, Wiring};
use crate::engine::Plan;
use crate::model::{Delays, Projection, Weights};

/// Events of one projection and step from which several threads share the work.
const PARALLEL_FROM: usize = 1 << 17;
/// Weights converted to fixed point together.
const BATCH: usize = 64;

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
    pub(super) level: Level,
}

/// `round_ties_even(x) as i32` without a library call: adding and subtracting 2^23 rounds values below it to whole
/// numbers, and values above it are whole.
#[inline(always)]
pub(super) fn fixed_point(x: f32) -> i32 {
    const WHOLE_FROM: f32 = 8_388_608.0;
    let magnitude = x.abs();
    let rounded = if magnitude < WHOLE_FROM { (magnitude + WHOLE_FROM) - WHOLE_FROM } else { magnitude };
    rounded.copysign(x) as i32
}

/// Weights by place.
#[derive(Clone, Copy)]
enum Amounts<'a> {
    One(i32),
    /// Values and the factor that makes fixed point of them; below 0 counts as 0 where they are shares.
    Each {
        values: &'a [f32],
        factor: f32,
        are_shares: bool,
    },
}

impl Delivery<'_> {
    /// Delivers the spikes of the sources with these local ids.
    pub(super) fn run(&self, spiking: &[u32], rings: &mut Rings<'_>) {
        if spiking.is_empty() {
            return;
        }
        let plan = &self.plan.projections[self.index];
        let amounts = match (self.synapses.kind, &self.projection.weights) {
            (Kind::One(weight), _) => Amounts::One(weight),
            (Kind::Each, Weights::PerSynapse(values)) => {
                Amounts::Each { values, factor: plan.scale, are_shares: false }
            }
            _ => Amounts::Each { values: self.shares, factor: plan.delivery_factor, are_shares: true },
        };
        let targets = self.synapses.targets;
        match (&self.synapses.wiring, self.synapses.rows(self.projection), self.synapses.delays(self.projection)) {
            (Wiring::Group { but_self }, ..) => {
                if let Amounts::One(weight) = amounts {
                    self.group(*but_self, weight, spiking, rings);
                }
            }
            (_, Some(rows), Delays::Constant(delay)) => {
                let ports = &mut rings.ring[self.base(*delay)..][..targets];
                let events: usize = spiking.iter().map(|&source| rows.range(source as usize).len()).sum();
                self.listed(Listed { rows, spiking, amounts, first: 0, ports }, events);
            }
            (_, Some(rows), Delays::PerSynapse(delays)) => {
                self.level.dispatch(Varied { delivery: self, rows, delays, spiking, amounts, ring: rings.ring });
            }
            (_, None, delays) => {
                for &source in spiking {
                    self.dense(source as usize * targets, delays, amounts, rings.ring);
                }
            }
        }
    }

    /// Ring entry of port `port_first` of this projection, `delay` steps from now.
    #[inline]
    fn base(&self, delay: u32) -> usize {
        let plan = self.plan;
        let slot = (self.step % plan.ring_slots + delay) % plan.ring_slots;
        slot as usize * plan.port_count as usize + plan.projections[self.index].port_first as usize
    }

    fn listed(&self, listed: Listed<'_>, events: usize) {
        if events < PARALLEL_FROM || !self.synapses.is_sorted {
            self.level.dispatch(listed);
            return;
        }
        let share = listed.ports.len().div_ceil(rayon::current_num_threads()).max(1);
        let Listed { rows, spiking, amounts, ports, .. } = listed;
        ports.par_chunks_mut(share).enumerate().for_each(|(part, ports)| {
            self.level.dispatch(Listed { rows, spiking, amounts, first: part * share, ports });
        });
    }

    fn dense(&self, at: usize, delays: &Delays, amounts: Amounts<'_>, ring: &mut [i32]) {
        let targets = self.synapses.targets;
        match delays {
            Delays::Constant(delay) => {
                let ports = &mut ring[self.base(*delay)..][..targets];
                self.level.dispatch(Dense { at, amounts, ports });
            }
            Delays::PerSynapse(delays) => {
                for (target, &delay) in delays[at..at + targets].iter().enumerate() {
                    let port = &mut ring[self.base(u32::from(delay)) + target];
                    *port = port.wrapping_add(amounts.at(at + target));
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

impl Amounts<'_> {
    #[inline(always)]
    fn at(&self, place: usize) -> i32 {
        match *self {
            Self::One(weight) => weight,
            Self::Each { values, factor, are_shares } => converted(values[place], factor, are_shares),
        }
    }

    /// The amounts of up to [`BATCH`] synapses from a place on.
    #[inline(always)]
    fn batch<'b>(&self, places: Range<usize>, room: &'b mut [i32; BATCH]) -> &'b [i32] {
        let room = &mut room[..places.len()];
        match *self {
            Self::One(weight) => room.fill(weight),
            Self::Each { values, factor, are_shares } => {
                for (amount, &x) in room.iter_mut().zip(&values[places]) {
                    *amount = converted(x, factor, are_shares);
                }
            }
        }
        room
    }
}

#[inline(always)]
fn converted(x: f32, factor: f32, is_share: bool) -> i32 {
    fixed_point(if is_share { x.max(0.0) } else { x } * factor)
}

/// Listed rows of one delay, as far as they end at the given ports, the first of which is that of target `first`.
struct Listed<'a> {
    rows: Rows<'a>,
    spiking: &'a [u32],
    amounts: Amounts<'a>,
    first: usize,
    ports: &'a mut [i32],
}

impl WithSimd for Listed<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let end = self.first + self.ports.len();
        for &source in self.spiking {
            let range = self.rows.range(source as usize);
            let mut targets = self.rows.targets_of(source as usize);
            let mut at = range.start;
            if self.first > 0 {
                let before = targets.partition_point(|&target| (target as usize) < self.first);
                (targets, at) = (&targets[before..], at + before);
            }
            if targets.last().is_some_and(|&last| last as usize >= end) {
                targets = &targets[..targets.partition_point(|&target| (target as usize) < end)];
            }
            Run { targets, at, first: self.first, amounts: self.amounts, ports: &mut *self.ports }.with_simd(simd);
        }
    }
}

/// Listed rows with delays of their own.
struct Varied<'a> {
    delivery: &'a Delivery<'a>,
    rows: Rows<'a>,
    delays: &'a [u16],
    spiking: &'a [u32],
    amounts: Amounts<'a>,
    ring: &'a mut [i32],
}

impl WithSimd for Varied<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for &source in self.spiking {
            let mut rest = self.rows.range(source as usize);
            // Rows are sorted by delay: what arrives together lies together.
            while !rest.is_empty() {
                let delay = self.delays[rest.start];
                let same = self.delays[rest.clone()].iter().take_while(|&&other| other == delay).count();
                let (at, end) = (rest.start, rest.start + same);
                let ports = &mut self.ring[self.delivery.base(u32::from(delay))..][..self.delivery.synapses.targets];
                Run { targets: &self.rows.target[at..end], at, first: 0, amounts: self.amounts, ports }.with_simd(simd);
                rest.start = end;
            }
        }
    }
}

/// Synapses of one source and one delay.
struct Run<'a> {
    targets: &'a [u32],
    /// Place of the first.
    at: usize,
    /// Target of the first port.
    first: usize,
    amounts: Amounts<'a>,
    ports: &'a mut [i32],
}

impl WithSimd for Run<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let first = self.first as u32;
        if let Amounts::One(weight) = self.amounts {
            for &target in self.targets {
                let port = &mut self.ports[target.wrapping_sub(first) as usize];
                *port = port.wrapping_add(weight);
            }
            return;
        }
        let mut room = [0; BATCH];
        for (batch, targets) in self.targets.chunks(BATCH).enumerate() {
            let at = self.at + batch * BATCH;
            let amounts = self.amounts.batch(at..at + targets.len(), &mut room);
            for (&target, &amount) in targets.iter().zip(amounts) {
                let port = &mut self.ports[target.wrapping_sub(first) as usize];
                *port = port.wrapping_add(amount);
            }
        }
    }
}

/// One source's synapses to all targets in turn.
struct Dense<'a> {
    at: usize,
    amounts: Amounts<'a>,
    ports: &'a mut [i32],
}

impl WithSimd for Dense<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let mut room = [0; BATCH];
        for (batch, ports) in self.ports.chunks_mut(BATCH).enumerate() {
            let at = self.at + batch * BATCH;
            let amounts = self.amounts.batch(at..at + ports.len(), &mut room);
            for (port, &amount) in ports.iter_mut().zip(amounts) {
                *port = port.wrapping_add(amount);
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
