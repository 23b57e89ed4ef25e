//! The engine's shaders: which WGSL files each kernel is made of.

use crate::gpu::shader::ShaderSource;

macro_rules! part {
    ($path:literal) => {
        ($path, include_str!(concat!("../../../shaders/", $path)))
    };
}

/// Advances neurons.
pub const INTEGRATE: ShaderSource = ShaderSource {
    label: "engine.integrate",
    parts: &[
        part!("common/random.wgsl"),
        part!("common/neuron.wgsl"),
        part!("common/population.wgsl"),
        part!("common/touch.wgsl"),
        part!("common/trace_parameters.wgsl"),
        part!("common/trace.wgsl"),
        part!("engine/globals.wgsl"),
        part!("engine/lif.wgsl"),
        part!("engine/note.wgsl"),
        part!("engine/integrate.wgsl"),
    ],
};

/// Advances a whole small network by many steps.
pub const ADVANCE: ShaderSource = ShaderSource {
    label: "engine.advance",
    parts: &[
        part!("common/random.wgsl"),
        part!("common/neuron.wgsl"),
        part!("common/population.wgsl"),
        part!("common/touch.wgsl"),
        part!("common/trace_parameters.wgsl"),
        part!("common/trace.wgsl"),
        part!("engine/globals.wgsl"),
        part!("engine/lif.wgsl"),
        part!("engine/note.wgsl"),
        part!("engine/delivery.wgsl"),
        part!("engine/advance.wgsl"),
    ],
};

/// Delivers spikes through fixed weights.
pub const DELIVER: ShaderSource = ShaderSource {
    label: "engine.deliver",
    parts: &[part!("engine/globals.wgsl"), part!("engine/delivery.wgsl"), part!("engine/deliver.wgsl")],
};

/// Changes rows of spiking sources and delivers them.
pub const LEARN_PRE: ShaderSource = ShaderSource {
    label: "engine.learn_pre",
    parts: &[
        part!("common/neuron.wgsl"),
        part!("common/trace_parameters.wgsl"),
        part!("common/trace.wgsl"),
        part!("common/rule_parameters.wgsl"),
        part!("common/rule.wgsl"),
        part!("engine/globals.wgsl"),
        part!("engine/projection.wgsl"),
        part!("engine/learn_pre.wgsl"),
    ],
};

/// Changes columns of spiking targets.
pub const LEARN_POST: ShaderSource = ShaderSource {
    label: "engine.learn_post",
    parts: &[
        part!("common/neuron.wgsl"),
        part!("common/trace_parameters.wgsl"),
        part!("common/trace.wgsl"),
        part!("common/rule_parameters.wgsl"),
        part!("common/rule.wgsl"),
        part!("engine/globals.wgsl"),
        part!("engine/projection.wgsl"),
        part!("engine/learn_post.wgsl"),
    ],
};

/// Puts neurons back to rest.
pub const REST: ShaderSource = ShaderSource {
    label: "engine.rest",
    parts: &[
        part!("common/neuron.wgsl"),
        part!("common/population.wgsl"),
        part!("engine/globals.wgsl"),
        part!("engine/rest.wgsl"),
    ],
};

/// Scales columns to one sum.
pub const NORMALISE: ShaderSource = ShaderSource {
    label: "engine.normalise",
    parts: &[
        part!("common/trace_parameters.wgsl"),
        part!("common/rule_parameters.wgsl"),
        part!("engine/projection.wgsl"),
        part!("engine/column.wgsl"),
        part!("engine/normalise.wgsl"),
    ],
};

/// Removes and reinforces synapses.
pub const PRUNE: ShaderSource = ShaderSource {
    label: "engine.prune",
    parts: &[
        part!("common/random.wgsl"),
        part!("common/trace_parameters.wgsl"),
        part!("common/rule_parameters.wgsl"),
        part!("engine/globals.wgsl"),
        part!("engine/projection.wgsl"),
        part!("engine/column.wgsl"),
        part!("engine/prune_state.wgsl"),
        part!("engine/prune.wgsl"),
    ],
};

/// Closes a pruning period.
pub const PRUNE_END: ShaderSource = ShaderSource {
    label: "engine.prune_end",
    parts: &[
        part!("common/trace_parameters.wgsl"),
        part!("common/rule_parameters.wgsl"),
        part!("engine/projection.wgsl"),
        part!("engine/prune_state.wgsl"),
        part!("engine/prune_end.wgsl"),
    ],
};

/// Removes the synapses of lesioned neurons.
pub const LESION: ShaderSource = ShaderSource {
    label: "engine.lesion",
    parts: &[
        part!("common/touch.wgsl"),
        part!("common/trace_parameters.wgsl"),
        part!("common/rule_parameters.wgsl"),
        part!("engine/globals.wgsl"),
        part!("engine/projection.wgsl"),
        part!("engine/prune_state.wgsl"),
        part!("engine/lesion.wgsl"),
    ],
};

/// Counts what a lesion left.
pub const LESION_END: ShaderSource = ShaderSource {
    label: "engine.lesion_end",
    parts: &[part!("engine/prune_state.wgsl"), part!("engine/lesion_end.wgsl")],
};

/// Sums spike counts and membrane values.
pub const MEASURE_NEURONS: ShaderSource = ShaderSource {
    label: "engine.measure_neurons",
    parts: &[
        part!("common/neuron.wgsl"),
        part!("common/population.wgsl"),
        part!("engine/globals.wgsl"),
        part!("engine/measure_neurons.wgsl"),
    ],
};

/// Histogram and sum of weights.
pub const MEASURE_WEIGHTS: ShaderSource = ShaderSource {
    label: "engine.measure_weights",
    parts: &[
        part!("common/trace_parameters.wgsl"),
        part!("common/rule_parameters.wgsl"),
        part!("engine/projection.wgsl"),
        part!("engine/measure_weights.wgsl"),
    ],
};

/// Gathers a receptive field.
pub const MEASURE_FIELD: ShaderSource = ShaderSource {
    label: "engine.measure_field",
    parts: &[
        part!("common/trace_parameters.wgsl"),
        part!("common/rule_parameters.wgsl"),
        part!("engine/globals.wgsl"),
        part!("engine/projection.wgsl"),
        part!("engine/column.wgsl"),
        part!("engine/measure_field.wgsl"),
    ],
};

/// Copies the spikes since a step from the ring.
pub const GATHER_SPIKES: ShaderSource = ShaderSource {
    label: "engine.gather_spikes",
    parts: &[part!("engine/globals.wgsl"), part!("engine/gather_spikes.wgsl")],
};

/// Every shader of the engine.
pub const SHADERS: &[ShaderSource] = &[
    INTEGRATE,
    ADVANCE,
    DELIVER,
    LEARN_PRE,
    LEARN_POST,
    REST,
    NORMALISE,
    PRUNE,
    PRUNE_END,
    LESION,
    LESION_END,
    MEASURE_NEURONS,
    MEASURE_WEIGHTS,
    MEASURE_FIELD,
    GATHER_SPIKES,
];
