// deliver: workgroups share out the spikes of this step; a workgroup's threads walk the rows of one spiking neuron
// through one segment of the fixed-weight synapses. The first segment's dispatch also serves the projections that
// are rules (one-to-one, all-to-all, all-but-self), closes the step in the spike clock and clears the group input
// that was used up.
// Reads: spikes, rows. Writes: input rings by wrapping integer adds (any order gives the same sums), spike clock.
// CPU twin: src/engine/cpu/deliver.rs.

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

fn add(slot_now: u32, delay: u32, port: u32, weight: i32) {
    atomicAdd(&ring[slot_after(slot_now, delay) * globals.port_count + port], weight);
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
                apply_rule(now.slot, rules[r], neuron);
            }
        }
        if neuron >= segment.first_source && neuron < segment.end_source {
            let row = neuron - segment.first_source;
            let end = row_start[row + 1u];
            for (var k = row_start[row] + workgroup.y * 64u + lane; k < end; k += grid.y * 64u) {
                let entry = entries[k];
                add(now.slot, segment.delay_min + (entry >> segment.port_bits), entry & port_mask, weights[k]);
            }
        }
    }
}
