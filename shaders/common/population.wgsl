// One population as the kernels see it. Rust twin: engine::PopulationParameters, which says what each member is.

const CELL_DELTA = 0u;
const CELL_CURRENT = 1u;
const CELL_CONDUCTANCE = 2u;
const CELL_POISSON = 3u;
const CELL_SPIKE_LIST = 4u;

// As many fit a uniform of 64 KiB, which every adapter binds.
const POPULATIONS_MAX = 512u;

struct PopulationParameters {
    first: u32,
    size: u32,
    cell: u32,
    refractory_steps: u32,
    threshold_mv: f32,
    reset_mv: f32,
    drive_mv: f32,
    membrane_propagator: f32,
    excitatory_propagator: f32,
    inhibitory_propagator: f32,
    excitatory_to_membrane: f32,
    inhibitory_to_membrane: f32,
    excitatory_reversal_mv: f32,
    inhibitory_reversal_mv: f32,
    dt_over_tau: f32,
    excitatory_unit: f32,
    inhibitory_unit: f32,
    theta_increment_mv: f32,
    theta_decay: f32,
    theta_interval: u32,
    port_first: u32,
    port_count: u32,
    source_first: u32,       // in `tables`: Poisson thresholds, or row starts of the spike lists
    background_first: u32,   // in `tables`
    background_len: u32,
    background_weight: i32,
    background_receptor: u32,
    trace_first: u32,
    trace_count: u32,
    first_slot: u32,         // one-workgroup path: the slot that holds the first neurons
    _padding0: u32,
    _padding1: u32,
}
