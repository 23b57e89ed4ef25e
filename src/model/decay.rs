//! Exponential decay by table: `exp(-steps * dt / tau)` for every whole number of steps, computed once in f64.
//!
//! Synaptic traces and firing-rate traces are stored as "the value just before the neuron's last spike"; their value
//! at any later step is that, bumped by the spike, times a table entry. Nothing has to be decayed every step, and the
//! CPU engine and the shaders get the same bits without an `exp` in a kernel.

/// `exp(-n dt / tau)` for `n` in `0..len`; zero beyond.
#[derive(Clone, Debug, PartialEq)]
pub struct DecayTable(Vec<f32>);

impl DecayTable {
    /// The table for `tau_ms` at `dt_ms`, long enough that what is cut off is below exp(-16), about 1e-7.
    #[must_use]
    pub fn new(tau_ms: f64, dt_ms: f64) -> Self {
        let len = ((16.0 * tau_ms / dt_ms).ceil() as usize).clamp(1, 1 << 20) + 1;
        Self((0..len).map(|n| (-(n as f64) * dt_ms / tau_ms).exp() as f32).collect())
    }

    /// The factor after `steps` steps.
    #[must_use]
    pub fn after(&self, steps: u64) -> f32 {
        usize::try_from(steps).ok().and_then(|n| self.0.get(n)).copied().unwrap_or(0.0)
    }

    /// The entries, for upload.
    #[must_use]
    pub fn entries(&self) -> &[f32] {
        &self.0
    }
}

/// `x^exponent` on `[0, 1]` by linear interpolation between 1,025 host-computed points, exact for exponents 0 and 1.
/// A table instead of `pow` because shaders' `pow` differs between devices.
#[derive(Clone, Debug, PartialEq)]
pub struct PowerTable {
    exponent: f64,
    points: Vec<f32>,
}

impl PowerTable {
    /// Intervals between points.
    pub const INTERVALS: usize = 1024;

    /// The table of `x^exponent`; the exponent is 0 or more.
    #[must_use]
    pub fn new(exponent: f64) -> Self {
        let points = (0..=Self::INTERVALS).map(|i| (i as f64 / Self::INTERVALS as f64).powf(exponent) as f32).collect();
        Self { exponent, points }
    }

    /// `x^exponent`; `x` is clamped to `[0, 1]`.
    #[must_use]
    pub fn at(&self, x: f32) -> f32 {
        let x = x.clamp(0.0, 1.0);
        if self.exponent == 0.0 {
            return 1.0;
        }
        if self.exponent == 1.0 {
            return x;
        }
        let place = x * Self::INTERVALS as f32;
        let left = (place as usize).min(Self::INTERVALS - 1);
        let share = place - left as f32;
        self.points[left] + (self.points[left + 1] - self.points[left]) * share
    }

    /// The points, for upload: [`Self::INTERVALS`] + 1 values.
    #[must_use]
    pub fn points(&self) -> &[f32] {
        &self.points
    }

    /// The exponent.
    #[must_use]
    pub const fn exponent(&self) -> f64 {
        self.exponent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decay_is_exponential_and_ends() {
        let table = DecayTable::new(20.0, 0.1);
        assert_eq!(table.after(0), 1.0);
        assert!((f64::from(table.after(200)) - (-1.0_f64).exp()).abs() < 1e-7);
        assert_eq!(table.after(u64::MAX), 0.0);
    }

    #[test]
    fn power_is_exact_for_zero_and_one_and_close_between() {
        assert_eq!(PowerTable::new(0.0).at(0.3), 1.0);
        assert_eq!(PowerTable::new(1.0).at(0.3), 0.3);
        let table = PowerTable::new(0.4);
        for x in [0.01_f32, 0.1, 0.5, 0.99] {
            assert!((table.at(x) - x.powf(0.4)).abs() < 2e-3, "{x}");
        }
    }
}
