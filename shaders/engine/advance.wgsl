// advance: one workgroup advances a whole small network by many steps in one dispatch. Each thread keeps the state of
// its neurons in registers from the first step to the last; a step is integrate, note and deliver with two barriers.
// Input is looked for only where `dirty` says that some has arrived: most neurons get none in most steps, and a load
// that differs between threads is the dearest thing that a software adapter does. Parameters are uniforms for the same
// reason.
// Reads: parameters, tables, rows. Writes: everything that integrate and deliver write.
// The arithmetic: lif.wgsl and delivery.wgsl, the same as that of the many-dispatch path.

override WORKGROUP_SIZE: u32 = 64u;
override SLOTS: u32 = 1u;            // neurons of a thread
override ROW_THREADS: u32 = 32u;     // threads that walk one row together
const SLOTS_MAX = 32u;

struct SpikeClock {
    total: u32,
    starts: array<u32>,
}

// A neuron as its thread keeps it.
struct OwnNeuron {
    membrane_mv: f32,
    theta_mv: f32,
    hold: u32,
    first: u32,      // sources: as advance_source has it
    end: u32,
    g: vec2<f32>,
}

// The neurons that slot k of all threads holds: thread t has local neuron first + t.
struct Slot {
    population: u32,
    first: u32,
    port: u32,       // of thread 0, excitatory
    size: u32,       // of the population: from a neuron's excitatory port to its inhibitory one
}

@group(0) @binding(0) var<uniform> globals: EngineGlobals;
@group(0) @binding(1) var<uniform> populations: array<PopulationParameters, POPULATIONS_MAX>;
@group(0) @binding(2) var<uniform> slots: array<Slot, SLOTS_MAX>;
@group(0) @binding(3) var<storage, read> population_traces: array<TraceParameters>;
@group(0) @binding(4) var<storage, read> tables: array<u32>;
@group(0) @binding(5) var<storage, read_write> neurons: array<NeuronState>;
@group(0) @binding(6) var<storage, read_write> synaptic: array<vec2<f32>>;
@group(0) @binding(7) var<storage, read_write> spike_counts: array<u32>;
@group(0) @binding(8) var<storage, read_write> traces: array<f32>;
@group(0) @binding(9) var<storage, read_write> ring: array<atomic<i32>>;
@group(0) @binding(10) var<storage, read_write> group_ring: array<atomic<i32>>;
@group(0) @binding(11) var<storage, read_write> clock: SpikeClock;
@group(0) @binding(12) var<storage, read_write> spikes: array<u32>;
@group(0) @binding(13) var<storage, read> touches: array<Touch>;   // one that says nothing while none is touched
@group(0) @binding(14) var<uniform> segment: DeliverSegment;
@group(0) @binding(15) var<storage, read> row_start: array<u32>;
@group(0) @binding(16) var<storage, read> entries: array<u32>;
@group(0) @binding(17) var<storage, read> weights: array<i32>;
@group(0) @binding(18) var<storage, read> rules: array<DeliverRule>;
// Bit k of word (ring slot * 2 + receptor) * WORKGROUP_SIZE + t: input waits for slot k of thread t. A bit too many is
// harmless.
@group(0) @binding(19) var<storage, read_write> dirty: array<atomic<u32>>;
@group(1) @binding(0) var<uniform> now: StepNumber;

var<workgroup> spike_total: atomic<u32>;

fn touch_of(neuron: u32) -> Touch {
    if !HAS_TOUCHES || globals.touched == 0u {
        return Touch();
    }
    return touches[neuron];
}

fn own_neuron(p: PopulationParameters, local: u32) -> OwnNeuron {
    let stored = neurons[p.first + local];
    var own = OwnNeuron(stored.membrane_mv, stored.theta_mv, stored.hold, 0u, 0u, vec2<f32>());
    if is_source(p) {
        own.first = tables[p.source_first + local];
        if is_cell(p, CELL_SPIKE_LIST) {
            own.end = tables[p.source_first + local + 1u];
        }
    } else if !is_cell(p, CELL_DELTA) {
        own.g = synaptic[p.first + local];
    }
    return own;
}

fn keep(p: PopulationParameters, local: u32, own: OwnNeuron) {
    let neuron = p.first + local;
    neurons[neuron].membrane_mv = own.membrane_mv;
    neurons[neuron].theta_mv = own.theta_mv;
    neurons[neuron].hold = own.hold;
    if !is_source(p) && !is_cell(p, CELL_DELTA) {
        synaptic[neuron] = own.g;
    }
}

fn integrate(p: PopulationParameters, neuron: u32, own: OwnNeuron, arrived: vec2<i32>, step: u32) -> LifState {
    let touch = touch_of(neuron);
    if is_source(p) {
        return advance_source(p, neuron, own.first, own.end, own.hold, touch.flags != 0u, step);
    }
    let input = arrived + background_input(p, neuron, step);
    return advance_lif(p, LifState(own.membrane_mv, own.theta_mv, own.hold, false, own.g), input, touch, step);
}

// Raises the input of a port, and marks it as waiting.
fn add(slot_now: u32, delay: u32, port: u32, weight: i32) {
    let slot = slot_after(slot_now, delay);
    atomicAdd(&ring[slot * globals.port_count + port], weight);
    var word = 0u;
    var bit = 0u;
    for (var q = 0u; q < globals.population_count; q++) {
        let offset = port - populations[q].port_first;
        let size = populations[q].size;
        if port >= populations[q].port_first && offset < populations[q].port_count * size {
            let receptor = u32(offset >= size);
            let local = offset - receptor * size;
            word = (slot * 2u + receptor) * WORKGROUP_SIZE + local % WORKGROUP_SIZE;
            bit = 1u << (populations[q].first_slot + local / WORKGROUP_SIZE);
        }
    }
    atomicOr(&dirty[word], bit);
}

// The bits of a thread's slots whose input of a receptor waits; they are cleared.
fn take_dirty(lane: u32, slot_now: u32, receptor: u32) -> u32 {
    let word = (slot_now * 2u + receptor) * WORKGROUP_SIZE + lane;
    let bits = atomicLoad(&dirty[word]);
    if bits != 0u {
        atomicStore(&dirty[word], 0u);
    }
    return bits;
}

// Takes the waiting input of a port.
fn take_input(slot: Slot, lane: u32, slot_now: u32, receptor: u32) -> i32 {
    let port = slot_now * globals.port_count + slot.port + receptor * slot.size + lane;
    let input = atomicLoad(&ring[port]);
    atomicStore(&ring[port], 0);
    return input;
}

fn population_of(neuron: u32) -> u32 {
    var population = 0u;
    for (var q = 1u; q < globals.population_count; q++) {
        population += u32(neuron >= populations[q].first);
    }
    return population;
}

// Adds the rows of spikes `start..end` to the rings: ROW_THREADS threads a spike.
fn deliver(lane: u32, start: u32, end: u32, slot_now: u32) {
    let port_mask = (1u << segment.port_bits) - 1u;
    let member = lane % ROW_THREADS;
    for (var i = lane / ROW_THREADS; i < end - start; i += WORKGROUP_SIZE / ROW_THREADS) {
        let neuron = spikes[(start + i) & globals.spike_mask];
        for (var r = member; r < segment.rule_count; r += ROW_THREADS) {
            apply_rule(slot_now, rules[r], neuron);
        }
        if neuron >= segment.first_source && neuron < segment.end_source {
            let row = neuron - segment.first_source;
            let row_end = row_start[row + 1u];
            for (var k = row_start[row] + member; k < row_end; k += ROW_THREADS) {
                let entry = entries[k];
                add(slot_now, segment.delay_min + (entry >> segment.port_bits), entry & port_mask, weights[k]);
            }
        }
    }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn advance(@builtin(local_invocation_index) lane: u32) {
    var own: array<OwnNeuron, SLOTS_MAX>;
    var arrived: array<vec2<i32>, SLOTS_MAX>;
    var with_ports = vec2<u32>();   // per receptor: bits of the slots that have such a port
    for (var k = 0u; k < SLOTS; k++) {
        let local = slots[k].first + lane;
        let p = populations[slots[k].population];
        if local < p.size {
            own[k] = own_neuron(p, local);
            with_ports |= vec2<u32>(u32(p.port_count > 0u), u32(p.port_count > 1u)) << vec2<u32>(k);
        }
    }
    var start = clock.total;
    if lane == 0u {
        atomicStore(&spike_total, start);
    }
    workgroupBarrier();
    var slot_now = now.slot;
    for (var s = 0u; s < now.count; s++) {
        let step = now.step + s;
        for (var receptor = 0u; receptor < 2u; receptor++) {
            var waiting = take_dirty(lane, slot_now, receptor) & with_ports[receptor];
            while waiting != 0u {
                let k = firstTrailingBit(waiting);
                waiting &= waiting - 1u;
                arrived[k][receptor] = take_input(slots[k], lane, slot_now, receptor);
            }
        }
        var spiking = 0u;
        for (var q = 0u; q < globals.population_count; q++) {
            let p = populations[q];
            var group = vec2<i32>();
            if HAS_GROUPS {
                let entry = slot_now * 2u * globals.population_count + 2u * q;
                group = vec2<i32>(atomicLoad(&group_ring[entry]), atomicLoad(&group_ring[entry + 1u]));
            }
            var k = p.first_slot;
            for (var local = lane; local < p.size; local += WORKGROUP_SIZE) {
                let after = integrate(p, p.first + local, own[k], arrived[k] + group, step);
                arrived[k] = vec2<i32>();
                own[k].membrane_mv = after.membrane_mv;
                own[k].theta_mv = after.theta_mv;
                own[k].hold = after.hold;
                own[k].g = after.g;
                spiking |= u32(after.spikes) << k;
                k += 1u;
            }
        }
        while spiking != 0u {
            let k = firstTrailingBit(spiking);
            spiking &= spiking - 1u;
            let place = atomicAdd(&spike_total, 1u);
            spikes[place & globals.spike_mask] = populations[slots[k].population].first + slots[k].first + lane;
        }
        storageBarrier();
        workgroupBarrier();
        let end = atomicLoad(&spike_total);
        if lane == 0u {
            clock.starts[(step + 1u) & globals.start_mask] = end;
        }
        for (var i = lane; i < end - start; i += WORKGROUP_SIZE) {
            let neuron = spikes[(start + i) & globals.spike_mask];
            note_spike(populations[population_of(neuron)], neuron, step);
        }
        if HAS_GROUPS {
            let used = slot_now * 2u * globals.population_count;
            for (var group = lane; group < 2u * globals.population_count; group += WORKGROUP_SIZE) {
                atomicStore(&group_ring[used + group], 0);
            }
        }
        deliver(lane, start, end, slot_now);
        start = end;
        slot_now = select(slot_now + 1u, 0u, slot_now + 1u == globals.ring_slots);
        storageBarrier();
        workgroupBarrier();
    }
    for (var k = 0u; k < SLOTS; k++) {
        let local = slots[k].first + lane;
        let p = populations[slots[k].population];
        if local < p.size {
            keep(p, local, own[k]);
        }
    }
    if lane == 0u {
        clock.total = start;
    }
}
