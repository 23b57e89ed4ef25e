//! One counter-based random number generator for everything random in a run: any value can be recomputed anywhere
//! from (seed, stream, index, counter), on the host or in a shader. The WGSL twin is `shaders/common/random.wgsl`.
//!
//! The hash is pcg4d of Jarzynski and Olano, "Hash Functions for GPU Rendering" (JCGT 9(3), 2020).

/// What a random number is for. Streams never overlap, so adding one use of randomness changes no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Stream {
    /// Does a Poisson source neuron spike in this step? Index: neuron. Counter: step.
    Poisson = 1,
    /// How many background events reach a neuron in this step? Index: neuron. Counter: step.
    Background = 2,
    /// Which synapses exist. Index: source (or target) neuron. Counter: draw. Offset by the projection.
    Connectivity = 0x100,
    /// Initial weights. Index: source neuron (local). Counter: draw, along the row. Offset by the projection.
    Weight = 0x1_0000,
    /// Delays. Index: source neuron (local). Counter: draw, along the row. Offset by the projection.
    Delay = 0x2_0000,
    /// Initial membrane values and synaptic state. Index: neuron. Counter: draw. Offset by the kind.
    Membrane = 3,
    /// Positions. Index: neuron. Counter: draw.
    Position = 4,
    /// Order in which a data set is presented. Index: position. Counter: pass.
    Order = 5,
    /// Which synapses random pruning takes first. Index: synapse. Offset by the projection.
    Pruning = 0x4_0000,
    /// Which synapses the picture samples. Index: synapse. Offset by the projection.
    Picture = 0x3_0000,
}

impl Stream {
    /// This stream for the `part`-th of several like things (projections, mostly).
    #[must_use]
    pub const fn part(self, part: usize) -> u32 {
        (self as u32).wrapping_add((part as u32).wrapping_mul(0x0100_0000).wrapping_add(part as u32))
    }
}

/// A 64-bit seed folded to the 32 bits that the generator's key holds.
#[must_use]
pub const fn fold_seed(seed: u64) -> u32 {
    (seed ^ (seed >> 32)) as u32
}

/// Four independent uniform 32-bit numbers from four counters.
#[inline(always)]
#[must_use]
pub const fn pcg4d(mut x: u32, mut y: u32, mut z: u32, mut w: u32) -> [u32; 4] {
    x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    y = y.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    z = z.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    w = w.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    x = x.wrapping_add(y.wrapping_mul(w));
    y = y.wrapping_add(z.wrapping_mul(x));
    z = z.wrapping_add(x.wrapping_mul(y));
    w = w.wrapping_add(y.wrapping_mul(z));
    x ^= x >> 16;
    y ^= y >> 16;
    z ^= z >> 16;
    w ^= w >> 16;
    x = x.wrapping_add(y.wrapping_mul(w));
    y = y.wrapping_add(z.wrapping_mul(x));
    z = z.wrapping_add(x.wrapping_mul(y));
    w = w.wrapping_add(y.wrapping_mul(z));
    [x, y, z, w]
}

/// One uniform 32-bit number. `seed` is folded ([`fold_seed`]); `stream` is a [`Stream`] as a number.
#[inline(always)]
#[must_use]
pub const fn random_u32(seed: u32, stream: u32, index: u32, counter: u32) -> u32 {
    pcg4d(seed, stream, index, counter)[0]
}

/// A host-side sequence of random numbers: one key (seed, stream, index), counters 0, 1, 2, ...
#[derive(Clone, Debug)]
pub struct Draws {
    seed: u32,
    stream: u32,
    index: u32,
    counter: u32,
    spare_normal: Option<f64>,
}

impl Draws {
    /// The sequence of one key. `seed` is the run's whole 64-bit seed.
    #[must_use]
    pub const fn new(seed: u64, stream: u32, index: u32) -> Self {
        Self { seed: fold_seed(seed), stream, index, counter: 0, spare_normal: None }
    }

    /// Uniform in `[0, 1)`, 53 bits.
    pub fn uniform(&mut self) -> f64 {
        let [a, b, _, _] = pcg4d(self.seed, self.stream, self.index, self.counter);
        self.counter = self.counter.wrapping_add(1);
        let bits = (u64::from(a) << 21) ^ (u64::from(b) >> 11);
        bits as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Uniform integer in `0..bound` (bound above 0), by multiply-shift: bias below `bound / 2^32`.
    pub fn below(&mut self, bound: u32) -> u32 {
        let value = random_u32(self.seed, self.stream, self.index, self.counter);
        self.counter = self.counter.wrapping_add(1);
        ((u64::from(value) * u64::from(bound)) >> 32) as u32
    }

    /// Standard normal, by Box and Muller.
    pub fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare_normal.take() {
            return spare;
        }
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        let angle = std::f64::consts::TAU * self.uniform();
        self.spare_normal = Some(radius * angle.sin());
        radius * angle.cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uniform_fills_the_unit_interval_evenly() {
        let mut draws = Draws::new(7, Stream::Weight as u32, 3);
        let mut bins = [0_u32; 10];
        for _ in 0..100_000 {
            bins[(draws.uniform() * 10.0) as usize] += 1;
        }
        // 5 standard deviations of a binomial(100000, 0.1) are 474.
        assert!(bins.iter().all(|&count| count.abs_diff(10_000) < 474), "{bins:?}");
    }

    #[test]
    fn normal_has_zero_mean_and_unit_variance() {
        let mut draws = Draws::new(1, Stream::Weight as u32, 0);
        let values: Vec<f64> = (0..100_000).map(|_| draws.normal()).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
        assert!(mean.abs() < 0.016 && (variance - 1.0).abs() < 0.023, "{mean} {variance}");
    }

    #[test]
    fn neighbouring_keys_are_uncorrelated() {
        // Same counter, neighbouring indices: the correlation of 100,000 pairs stays within 5 standard errors.
        let value = |i| f64::from(random_u32(9, 1, i, 500)) / 4_294_967_296.0 - 0.5;
        let sum: f64 = (0..100_000).map(|i| value(i) * value(i + 1)).sum::<f64>() / 100_000.0;
        assert!(sum.abs() * 12.0 < 5.0 / 100_000_f64.sqrt(), "{sum}");
    }
}
