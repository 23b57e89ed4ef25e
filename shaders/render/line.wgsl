// Synapse lines as the GPU holds them. Rust twins: render::Line, render::LineState, render::LineSet, render::ProjectionLook.

struct Line {
    source: u32,          // neuron id
    target_neuron: u32,   // neuron id
    synapse: u32,         // within its projection
    projection_delay: u32 // projection in the low 16 bits, delay in steps above
}

struct LineState {
    share: f32,           // weight as a share of the largest; -2: not looked at yet
    average: f32,         // the share, averaged over the last while: what is above has just grown
    pruned_step: u32,     // 0: alive; else the step at which the picture saw it gone; SINCE_EVER: before the first look
    flash: f32,           // 1 when pruned, then fading
}

struct LineSet {
    count: u32,
    segments: u32,
    style: u32,
    _padding: u32,
    gain: f32,            // factor on the light of lines
    pulse_gain: f32,      // factor on the light of pulses
    quiet: f32,           // fainter lines are thinned; those that stay take over the light of the others
    bundled: f32,         // how much lines are drawn together, 0 to 1
}

struct ProjectionLook {
    source_middle: vec3<f32>,
    gain: f32,            // opacity: what is left out and crowding corrected
    target_middle: vec3<f32>,
    share_full: f32,      // the share at which a line shines fully
    bend: f32,            // within a population: sideways bulge, share of the line's length; 0 between populations
    reach: f32,           // radius of the population: shorter lines within it are not drawn together
    inhibitory: u32,
    _padding: u32,
}

const UNKNOWN = -2.0;
const SINCE_EVER = 0xffffffffu;

const STYLE_PLAIN = 0u;
const STYLE_INPUT = 1u;   // brighter towards its end
const STYLE_OUTPUT = 2u;  // dashed
const STYLE_DOTTED = 3u;
const STYLE_GRAVE = 4u;   // dotted, in the colour of the pruned, by no weight

const EXCITATORY_LINE = 0u;
const INHIBITORY_LINE = 1u;
const PRUNED_LINE = 2u;
