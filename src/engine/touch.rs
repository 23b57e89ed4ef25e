//! What the user does to single neurons while the network runs: silence, stimulation, lesion. Both engines hold one
//! [`Touch`] per neuron from the first such change on, and none before, so that an untouched network pays nothing.

use bytemuck::{Pod, Zeroable};

/// [`Touch::flags`]: held at rest, cannot spike.
pub const TOUCH_SILENCED: u32 = 1;
/// [`Touch::flags`]: gone; as silenced, without synaptic state, and for ever.
pub const TOUCH_LESIONED: u32 = 2;

/// What is done to one neuron. 16 bytes; WGSL twin in `shaders/common/touch.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct Touch {
    /// The `TOUCH_` constants, combined.
    pub flags: u32,
    /// Added to the drive, mV.
    pub stimulus_mv: f32,
    /// Last step at which it is.
    pub stimulus_end: u32,
    /// Unused.
    pub _padding: u32,
}

impl Touch {
    /// It cannot spike.
    #[must_use]
    pub const fn is_silent(&self) -> bool {
        self.flags != 0
    }

    /// It is gone.
    #[must_use]
    pub const fn is_lesioned(&self) -> bool {
        self.flags & TOUCH_LESIONED != 0
    }

    /// What is added to its drive at a step, mV.
    #[must_use]
    pub const fn stimulus_at(&self, step: u32) -> f32 {
        if step <= self.stimulus_end { self.stimulus_mv } else { 0.0 }
    }
}
