// The state of one neuron, drawn and simulated from the same buffer. Rust twin: engine::NeuronState.

struct NeuronState {
    membrane_mv: f32,      // relative to rest
    theta_mv: f32,         // raise of the threshold
    hold: u32,             // LIF: steps left in the refractory time; spike list: index of the next spike
    last_spike_step: u32,  // 0: none yet
}
