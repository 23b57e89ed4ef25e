// What the user does to one neuron: silence, stimulation, lesion. Rust twin: engine::Touch.

const TOUCH_SILENCED = 1u;
const TOUCH_LESIONED = 2u;

struct Touch {
    flags: u32,
    stimulus_mv: f32,    // added to the drive
    stimulus_end: u32,   // last step at which it is
    _padding: u32,
}
