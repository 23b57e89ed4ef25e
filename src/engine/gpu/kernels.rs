//! The engine's compute pipelines, and how each binds its buffers (the order is that of the shader's bindings).

use super::advance::specialisation;
use super::layout::StepNumber;
use super::shaders;
use crate::engine::{Live, Plan};
use crate::gpu::Slot::{Read, Uniform, Write};
use crate::gpu::{Gpu, Kernel, Slot};
use crate::model::Network;

/// One pipeline per shader.
pub(super) struct Kernels {
    pub(super) integrate: Kernel,
    pub(super) deliver: Kernel,
    pub(super) learn_pre: Kernel,
    pub(super) learn_post: Kernel,
    pub(super) rest: Kernel,
    pub(super) normalise: Kernel,
    pub(super) prune: Kernel,
    pub(super) prune_end: Kernel,
    pub(super) lesion: Kernel,
    pub(super) lesion_end: Kernel,
    pub(super) measure_neurons: Kernel,
    pub(super) measure_weights: Kernel,
    pub(super) measure_field: Kernel,
    pub(super) gather_spikes: Kernel,
    /// What `integrate` was made for.
    constants: Vec<(&'static str, f64)>,
    has_touches: bool,
}

const INTEGRATE_SLOTS: [Slot; 14] =
    [Uniform, Uniform, Read, Read, Read, Read, Write, Write, Write, Write, Write, Write, Write, Read];

/// Storage buffers of the hungriest kernel (`integrate`).
pub(super) const STORAGE_BUFFERS: u32 = 12;

impl Kernels {
    pub(super) fn new(gpu: &Gpu, network: &Network, plan: &Plan, live: &Live) -> Self {
        let device = &gpu.device;
        let step = Some(size_of::<StepNumber>() as u64);
        let (constants, has_touches) = (specialisation(network, plan), !live.touches.is_empty());
        let deliver_slots = [Uniform, Uniform, Read, Read, Read, Read, Read, Write, Write, Write];
        let pre_slots = [Uniform, Read, Read, Read, Read, Read, Read, Read, Read, Read, Write, Write];
        let post_slots = [Uniform, Read, Read, Read, Read, Read, Read, Read, Read, Write];
        Self {
            integrate: integrate(gpu, &constants, has_touches),
            deliver: Kernel::new(device, &shaders::DELIVER, &deliver_slots, step),
            learn_pre: Kernel::new(device, &shaders::LEARN_PRE, &pre_slots, step),
            learn_post: Kernel::new(device, &shaders::LEARN_POST, &post_slots, step),
            rest: Kernel::new(device, &shaders::REST, &[Uniform, Uniform, Read, Write], None),
            normalise: Kernel::new(device, &shaders::NORMALISE, &[Read, Read, Read, Write], None),
            prune: Kernel::new(device, &shaders::PRUNE, &[Read, Read, Read, Write, Write], None),
            prune_end: Kernel::new(device, &shaders::PRUNE_END, &[Read, Write], None),
            lesion: Kernel::new(device, &shaders::LESION, &[Read, Read, Read, Read, Write, Write], None),
            lesion_end: Kernel::new(device, &shaders::LESION_END, &[Write], None),
            measure_neurons: Kernel::new(
                device,
                &shaders::MEASURE_NEURONS,
                &[Uniform, Uniform, Read, Read, Read, Write],
                None,
            ),
            measure_weights: Kernel::new(device, &shaders::MEASURE_WEIGHTS, &[Read, Read, Write], None),
            measure_field: Kernel::new(
                device,
                &shaders::MEASURE_FIELD,
                &[Uniform, Read, Read, Read, Read, Write],
                None,
            ),
            gather_spikes: Kernel::new(device, &shaders::GATHER_SPIKES, &[Uniform, Uniform, Read, Read, Write], None),
            constants,
            has_touches,
        }
    }

    /// Makes the `integrate` that looks at what is done to single neurons, when it is first needed.
    pub(super) fn touch(&mut self, gpu: &Gpu, live: &Live) {
        if !self.has_touches && !live.touches.is_empty() {
            self.has_touches = true;
            self.integrate = integrate(gpu, &self.constants, true);
        }
    }
}

fn integrate(gpu: &Gpu, constants: &[(&'static str, f64)], has_touches: bool) -> Kernel {
    let mut constants = constants.to_vec();
    constants.push(("HAS_TOUCHES", f64::from(u8::from(has_touches))));
    let step = Some(size_of::<StepNumber>() as u64);
    Kernel::specialised(&gpu.device, &shaders::INTEGRATE, &INTEGRATE_SLOTS, step, &constants)
}
