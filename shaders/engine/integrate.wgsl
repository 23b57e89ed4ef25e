// integrate: one thread advances one neuron by one step; a workgroup's neurons belong to one population.
// Reads: parameters, tables, the input that arrives at this step. Writes: the neuron's state, traces and spike count,
// zeroes of the input it took, and the spike ring (one reservation per workgroup).
// CPU twin: src/engine/cpu/integrate.rs. The arithmetic: lif.wgsl.

struct SpikeClock {
    total: atomic<u32>,    // spikes of all time, modulo 2^32
    starts: array<u32>,
}

@group(0) @binding(0) var<uniform> globals: EngineGlobals;
@group(0) @binding(1) var<uniform> populations: array<PopulationParameters, POPULATIONS_MAX>;
@group(0) @binding(2) var<storage, read> blocks: array<vec2<u32>>;    // (population, first local neuron)
@group(0) @binding(3) var<storage, read> population_traces: array<TraceParameters>;
@group(0) @binding(4) var<storage, read> tables: array<u32>;
@group(0) @binding(5) var<storage, read> group_ring: array<i32>;
@group(0) @binding(6) var<storage, read_write> neurons: array<NeuronState>;
@group(0) @binding(7) var<storage, read_write> synaptic: array<vec2<f32>>;
@group(0) @binding(8) var<storage, read_write> spike_counts: array<u32>;
@group(0) @binding(9) var<storage, read_write> traces: array<f32>;
@group(0) @binding(10) var<storage, read_write> ring: array<i32>;
@group(0) @binding(11) var<storage, read_write> clock: SpikeClock;
@group(0) @binding(12) var<storage, read_write> spikes: array<u32>;
@group(0) @binding(13) var<storage, read> touches: array<Touch>;   // one that says nothing while none is touched
@group(1) @binding(0) var<uniform> now: StepNumber;

var<workgroup> spiking: atomic<u32>;
var<workgroup> reserved: u32;

// Takes the input of one receptor at this step, in fixed point.
fn take_input(p: PopulationParameters, population: u32, local: u32, receptor: u32) -> i32 {
    let port = now.slot * globals.port_count + p.port_first + receptor * p.size + local;
    var input = ring[port];
    if input != 0 {
        ring[port] = 0;
    }
    if HAS_GROUPS {
        input += group_ring[now.slot * 2u * globals.population_count + 2u * population + receptor];
    }
    return input;
}

fn touch_of(neuron: u32) -> Touch {
    if !HAS_TOUCHES || globals.touched == 0u {
        return Touch();
    }
    return touches[neuron];
}

// True when the neuron spikes.
fn integrate_lif(p: PopulationParameters, population: u32, local: u32) -> bool {
    let neuron = p.first + local;
    let stored = neurons[neuron];
    var before = LifState(stored.membrane_mv, stored.theta_mv, stored.hold, false, vec2<f32>());
    var input = background_input(p, neuron, now.step);
    input.x += take_input(p, population, local, 0u);
    if !is_cell(p, CELL_DELTA) {
        before.g = synaptic[neuron];
        input.y += take_input(p, population, local, 1u);
    }
    let after = advance_lif(p, before, input, touch_of(neuron), now.step);
    neurons[neuron].membrane_mv = after.membrane_mv;
    if after.theta_mv != before.theta_mv {
        neurons[neuron].theta_mv = after.theta_mv;
    }
    if after.hold != before.hold {
        neurons[neuron].hold = after.hold;
    }
    if !is_cell(p, CELL_DELTA) {
        synaptic[neuron] = after.g;
    }
    return after.spikes;
}

fn integrate_source(p: PopulationParameters, local: u32) -> bool {
    let neuron = p.first + local;
    let silent = touch_of(neuron).flags != 0u;
    let first = tables[p.source_first + local];
    var end = 0u;
    var hold = 0u;
    if is_cell(p, CELL_SPIKE_LIST) {
        end = tables[p.source_first + local + 1u];
        hold = neurons[neuron].hold;
    }
    let after = advance_source(p, neuron, first, end, hold, silent, now.step);
    if after.hold != hold {
        neurons[neuron].hold = after.hold;
    }
    return after.spikes;
}

@compute @workgroup_size(BLOCK_SIZE)
fn integrate(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let index = workgroup.y * grid.x + workgroup.x;
    if index >= globals.block_count {
        return;
    }
    let block = blocks[index];
    let p = populations[block.x];
    let local = block.y + lane;
    var spikes_now = false;
    if local < p.size {
        if is_source(p) {
            spikes_now = integrate_source(p, local);
        } else {
            spikes_now = integrate_lif(p, block.x, local);
        }
        if spikes_now {
            note_spike(p, p.first + local, now.step);
        }
    }
    var place = 0u;
    if spikes_now {
        place = atomicAdd(&spiking, 1u);
    }
    workgroupBarrier();
    if lane == 0u {
        let count = atomicLoad(&spiking);
        if count > 0u {
            reserved = atomicAdd(&clock.total, count);
        }
    }
    workgroupBarrier();
    if spikes_now {
        spikes[(reserved + place) & globals.spike_mask] = p.first + local;
    }
}
