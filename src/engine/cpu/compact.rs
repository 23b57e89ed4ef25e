//! Compaction: rows without their pruned synapses, so that a pruned network is smaller and is stepped faster. In: rows
//! and shares, some of them pruned. Out: the survivors in the same order, and one bit per former synapse, from which
//! their ids can be told.

use super::synapses::Rows;
use crate::engine::PRUNED;
use crate::model::Delays;

/// Rows are rewritten once this share of what they hold is gone.
const GONE_FROM: f64 = 1.0 / 16.0;

/// See the module.
pub(super) struct Compact {
    row_start: Vec<u32>,
    target: Vec<u32>,
    delays: Delays,
    /// Bit k of word k / 64: synapse k survives.
    survives: Vec<u64>,
    /// Synapses before any was pruned.
    total: usize,
}

impl Compact {
    /// Keeps what is not pruned, and takes the rest out of `shares`; nothing happens while too few are gone. `known` is
    /// what an earlier compaction made, if the rows are its.
    pub(super) fn new(rows: Rows<'_>, delays: &Delays, shares: &mut Vec<f32>, known: Option<&Self>) -> Option<Self> {
        let left = shares.iter().filter(|&&share| share >= 0.0).count();
        if shares.is_empty() || ((shares.len() - left) as f64) < GONE_FROM * shares.len() as f64 {
            return None;
        }
        let total = known.map_or(shares.len(), |known| known.total);
        let mut survives = known.map_or_else(|| all(total), |known| known.survives.clone());
        let mut place = 0;
        for (word, bits) in survives.iter_mut().enumerate() {
            let mut rest = *bits;
            while rest != 0 {
                if shares[place] < 0.0 {
                    *bits &= !(1 << rest.trailing_zeros());
                }
                rest &= rest - 1;
                place += 1;
            }
            debug_assert!(place <= shares.len(), "word {word}");
        }
        let mut row_start = Vec::with_capacity(rows.start.len());
        let mut target = Vec::with_capacity(left);
        row_start.push(0);
        for source in 0..rows.start.len() - 1 {
            let own = rows.range(source);
            let survivors = rows.targets_of(source).iter().zip(&shares[own]).filter(|(_, share)| **share >= 0.0);
            target.extend(survivors.map(|(&target, _)| target));
            row_start.push(target.len() as u32);
        }
        let delays = match delays {
            Delays::Constant(steps) => Delays::Constant(*steps),
            Delays::PerSynapse(delays) => {
                let mut kept = Vec::with_capacity(left);
                kept.extend(delays.iter().zip(&*shares).filter(|(_, share)| **share >= 0.0).map(|(&delay, _)| delay));
                Delays::PerSynapse(kept)
            }
        };
        shares.retain(|&share| share >= 0.0);
        shares.shrink_to_fit();
        Some(Self { row_start, target, delays, survives, total })
    }

    pub(super) fn rows(&self) -> Rows<'_> {
        Rows { start: &self.row_start, target: &self.target }
    }

    pub(super) const fn delays(&self) -> &Delays {
        &self.delays
    }

    /// Shares of the survivors as shares of all, [`PRUNED`] where one is gone.
    pub(super) fn by_id(&self, shares: &[f32]) -> Vec<f32> {
        let mut all = vec![PRUNED; self.total];
        let mut left = shares.iter();
        for (word, &bits) in self.survives.iter().enumerate() {
            let mut rest = bits;
            while rest != 0 {
                let id = 64 * word + rest.trailing_zeros() as usize;
                if let (Some(place), Some(&share)) = (all.get_mut(id), left.next()) {
                    *place = share;
                }
                rest &= rest - 1;
            }
        }
        all
    }

    /// Bytes of the map from survivors to ids.
    pub(super) fn map_bytes(&self) -> u64 {
        8 * self.survives.len() as u64
    }
}

/// So many bits that are set.
fn all(count: usize) -> Vec<u64> {
    let mut words = vec![u64::MAX; count.div_ceil(64)];
    if let Some(last) = words.last_mut().filter(|_| !count.is_multiple_of(64)) {
        *last = (1 << (count % 64)) - 1;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survivors_keep_their_order_and_their_ids() {
        let start: Vec<u32> = (0..=40).map(|source| source * 5).collect();
        let target: Vec<u32> = (0..200).map(|synapse| synapse % 5 * 7).collect();
        let delays = Delays::PerSynapse((0..200).map(|synapse| synapse / 5 + 1).collect());
        let mut whole: Vec<f32> = (0..200).map(|synapse| synapse as f32 / 200.0).collect();
        let mut shares = whole.clone();
        let mut compact: Option<Compact> = None;
        for prune in [3, 5, 2] {
            let alive: Vec<usize> = (0..200).filter(|&id| whole[id] >= 0.0).collect();
            for (place, &id) in alive.iter().enumerate().filter(|(_, id)| *id % prune == 0) {
                (whole[id], shares[place]) = (PRUNED, PRUNED);
            }
            let rows = compact.as_ref().map_or(Rows { start: &start, target: &target }, Compact::rows);
            let known = compact.as_ref().map_or(&delays, Compact::delays);
            let next = Compact::new(rows, known, &mut shares, compact.as_ref()).expect("enough are gone");
            assert_eq!(next.by_id(&shares), whole);
            let left: Vec<usize> = (0..200).filter(|&id| whole[id] >= 0.0).collect();
            assert_eq!(next.target, left.iter().map(|&id| target[id]).collect::<Vec<_>>());
            let Delays::PerSynapse(kept) = next.delays() else { panic!("they differ") };
            assert!(kept.iter().zip(&left).all(|(&delay, &id)| usize::from(delay) == id / 5 + 1));
            for source in 0..40 {
                assert_eq!(next.rows().range(source).len(), left.iter().filter(|&&id| id / 5 == source).count());
            }
            compact = Some(next);
        }
        let compact = compact.expect("made");
        assert!(
            Compact::new(compact.rows(), compact.delays(), &mut shares, Some(&compact)).is_none(),
            "nothing is gone"
        );
    }
}
