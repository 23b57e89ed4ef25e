// Synapse lines as the GPU holds them. Rust twins: render::Line, render::LineState, render::ProjectionLook.

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
    emphasis: f32,        // 1: ordinary; more: of the picked neuron
}

struct ProjectionLook {
    colour: vec3<f32>,
    gain: f32,            // opacity: sampling and crowding corrected
    axis: vec3<f32>,      // from the source population's middle to the target's; zero within a population
    bend: f32,            // sideways bulge, share of the line's length
    middle: vec3<f32>,    // between the two populations
    share_full: f32,      // the share at which a line shines fully
}

const UNKNOWN = -2.0;
const SINCE_EVER = 0xffffffffu;
