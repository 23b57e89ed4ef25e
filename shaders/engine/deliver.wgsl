// deliver: workgroups share out the spikes of this step; a workgroup's threads walk the rows of one spiking neuron
// through one segment of the fixed-weight synapses. The first segment's dispatch also serves the projections that
// are rules (one-to-one, all-to-all, all-but-self), closes the step in the spike clock and clears the group input
// that was used up.
// Reads: spikes, rows. Writes: input rings by wrapping integer adds (any order gives the same sums), spike clock.
// CPU twin: src/engine/cpu/deliver.rs.

const RULE_ONE_TO_ONE = 0u;
const RULE_ALL_TO_ALL = 1u;
const RULE_ALL_BUT_SELF = 2u;

struct DeliverSegment {
    first_source: u32,
    end_source: u32,
    delay_min: u32,
    port_bits: u32,     // entry = port | (delay - delay_min) << port_bits
    leads: u32,         // 1 for the first segment
    rule_count: u32,
    _padding0: u32,
    _padding1: u32,
}

struct DeliverRule {
    source_first: u32,
    source_size: u32,
    kind: u32,
    weight: i32,
    delay: u32,
    port_first: u32,
    group: u32,
    target_size: u32,
}

struct SpikeClock {
    total: u32,
    starts: array<u32>,
}

@group(0) @binding(0) var<uniform> globals: EngineGlobals;
@group(0) @binding(1) var<uniform> segment: DeliverSegment;
@group(0) @binding(2) var<storage, read> spikes: array<u32>;
@group(0) @binding(3) var<storage, read> row_start: array<u32>;
@group(0) @binding(4) var<storage, read> entries: array<u32>;
@group(0) @binding(5) var<storage, read> weights: array<i32>;
@group(0) @binding(6) var<storage, read> rules: array<DeliverRule>;
@group(0) @binding(7) var<storage, read_write> clock: SpikeClock;
@group(0) @binding(8) var<storage, read_write> ring: array<atomic<i32>>;
@group(0) @binding(9) var<storage, read_write> group_ring: array<atomic<i32>>;
@group(1) @binding(0) var<uniform> now: StepNumber;

// Delays are shorter than the ring: no division needed.
fn slot_after(delay: u32) -> u32 {
    let slot = now.slot + delay;
    return select(slot, slot - globals.ring_slots, slot >= globals.ring_slots);
}

fn add(delay: u32, port: u32, weight: i32) {
    atomicAdd(&ring[slot_after(delay) * globals.port_count + port], weight);
}

fn add_to_group(delay: u32, group: u32, weight: i32) {
    atomicAdd(&group_ring[slot_after(delay) * 2u * globals.population_count + group], weight);
}

fn apply_rule(rule: DeliverRule, neuron: u32) {
    if neuron < rule.source_first || neuron - rule.source_first >= rule.source_size {
        return;
    }
    let local = neuron - rule.source_first;
    if rule.kind == RULE_ONE_TO_ONE {
        if local < rule.target_size {
            add(rule.delay, rule.port_first + local, rule.weight);
        }
        return;
    }
    add_to_group(rule.delay, rule.group, rule.weight);
    if rule.kind == RULE_ALL_BUT_SELF {
        add(rule.delay, rule.port_first + local, -rule.weight);
    }
}

@compute @workgroup_size(64)
fn deliver(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let start = clock.starts[now.step & globals.start_mask];
    let total = clock.total;
    let leads = segment.leads != 0u && workgroup.y == 0u;
    if leads && workgroup.x == 0u {
        if lane == 0u {
            clock.starts[(now.step + 1u) & globals.start_mask] = total;
        }
        let used = now.slot * 2u * globals.population_count;
        for (var group = lane; group < 2u * globals.population_count; group += 64u) {
            atomicStore(&group_ring[used + group], 0);
        }
    }
    let port_mask = (1u << segment.port_bits) - 1u;
    for (var i = workgroup.x; i < total - start; i += grid.x) {
        let neuron = spikes[(start + i) & globals.spike_mask];
        if leads {
            for (var r = lane; r < segment.rule_count; r += 64u) {
                apply_rule(rules[r], neuron);
            }
        }
        if neuron >= segment.first_source && neuron < segment.end_source {
            let row = neuron - segment.first_source;
            let end = row_start[row + 1u];
            for (var k = row_start[row] + workgroup.y * 64u + lane; k < end; k += grid.y * 64u) {
                let entry = entries[k];
                add(segment.delay_min + (entry >> segment.port_bits), entry & port_mask, weights[k]);
            }
        }
    }
}
