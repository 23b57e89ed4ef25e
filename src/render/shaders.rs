//! Every shader of the renderer, put together from its parts. Draws have the entry points `vs_main` and `fs_main`,
//! kernels `main`.

use crate::gpu::shader::ShaderSource;

macro_rules! part {
    ($file:literal) => {
        ($file, include_str!(concat!("../../shaders/", $file)))
    };
}

const FRAME: (&str, &str) = part!("render/frame.wgsl");
const NEURON: (&str, &str) = part!("common/neuron.wgsl");
const ACTIVITY: (&str, &str) = part!("render/activity.wgsl");
const LINE: (&str, &str) = part!("render/line.wgsl");
const LINE_LIGHT: (&str, &str) = part!("render/line_light.wgsl");
const RIBBON: (&str, &str) = part!("render/ribbon.wgsl");
const GATHER_LINE: (&str, &str) = part!("render/gather_line.wgsl");
const LIGHT: (&str, &str) = part!("render/light.wgsl");
const CELLS: (&str, &str) = part!("render/cells.wgsl");

/// Backdrop and floor.
pub const STAGE: ShaderSource = ShaderSource { label: "render.stage", parts: &[FRAME, part!("render/stage.wgsl")] };
/// Neurons as spheres.
pub const POINTS: ShaderSource = ShaderSource {
    label: "render.points",
    parts: &[FRAME, NEURON, ACTIVITY, LIGHT, CELLS, part!("render/points.wgsl")],
};
/// Halos of spikes.
pub const FLASHES: ShaderSource = ShaderSource {
    label: "render.flashes",
    parts: &[FRAME, NEURON, ACTIVITY, LIGHT, CELLS, part!("render/flashes.wgsl")],
};
/// Neurons as splats.
pub const SPLATS: ShaderSource = ShaderSource {
    label: "render.splats",
    parts: &[FRAME, NEURON, ACTIVITY, LIGHT, CELLS, part!("render/splats.wgsl")],
};
/// Live weights of synapse lines.
pub const LINES_UPDATE: ShaderSource =
    ShaderSource { label: "render.lines_update", parts: &[FRAME, LINE, part!("render/lines_update.wgsl")] };
/// Synapses as lines.
pub const LINES: ShaderSource = ShaderSource {
    label: "render.lines",
    parts: &[FRAME, NEURON, ACTIVITY, LINE, LINE_LIGHT, RIBBON, part!("render/lines.wgsl")],
};
/// Pulses along lines.
pub const PULSES: ShaderSource = ShaderSource {
    label: "render.pulses",
    parts: &[FRAME, NEURON, ACTIVITY, LINE, LINE_LIGHT, RIBBON, part!("render/pulses.wgsl")],
};
/// Synapses as lines, gathered.
pub const LINES_GATHER: ShaderSource = ShaderSource {
    label: "render.lines_gather",
    parts: &[FRAME, NEURON, ACTIVITY, LINE, LINE_LIGHT, GATHER_LINE, part!("render/lines_gather.wgsl")],
};
/// Pulses along lines, gathered.
pub const PULSES_GATHER: ShaderSource = ShaderSource {
    label: "render.pulses_gather",
    parts: &[FRAME, NEURON, ACTIVITY, LINE, LINE_LIGHT, GATHER_LINE, part!("render/pulses_gather.wgsl")],
};
/// Arcs between populations.
pub const ARCS: ShaderSource = ShaderSource { label: "render.arcs", parts: &[FRAME, part!("render/arcs.wgsl")] };
/// Rings around picked neurons.
pub const MARKS: ShaderSource =
    ShaderSource { label: "render.marks", parts: &[FRAME, NEURON, ACTIVITY, part!("render/marks.wgsl")] };
/// Glow, down.
pub const BLOOM_DOWN: ShaderSource =
    ShaderSource { label: "render.bloom_down", parts: &[part!("render/bloom_down.wgsl")] };
/// Glow, up.
pub const BLOOM_UP: ShaderSource = ShaderSource { label: "render.bloom_up", parts: &[part!("render/bloom_up.wgsl")] };
/// Light to screen.
pub const TONE: ShaderSource = ShaderSource { label: "render.tone", parts: &[FRAME, part!("render/tone.wgsl")] };

/// All of them.
pub const SHADERS: &[ShaderSource] = &[
    STAGE,
    POINTS,
    FLASHES,
    SPLATS,
    LINES_UPDATE,
    LINES,
    PULSES,
    LINES_GATHER,
    PULSES_GATHER,
    ARCS,
    MARKS,
    BLOOM_DOWN,
    BLOOM_UP,
    TONE,
];
