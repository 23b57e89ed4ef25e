// gather_spikes: threads share out the spikes since a given step and copy them from the spike ring, oldest first, to
// the front of a buffer that the host reads back; as many as the ring still holds and the buffer has room for.
// Reads: spike ring and clock. Writes: the gathered spikes.
// Rust twin: src/engine/gpu/spikes.rs, which knows the numbers and asks for the rest.

struct GatherRequest {
    first_step: u32,
    room: u32,       // entries of `gathered`
    _padding0: u32,
    _padding1: u32,
}

struct SpikeClock {
    total: u32,
    starts: array<u32>,
}

@group(0) @binding(0) var<uniform> globals: EngineGlobals;
@group(0) @binding(1) var<uniform> request: GatherRequest;
@group(0) @binding(2) var<storage, read> spikes: array<u32>;
@group(0) @binding(3) var<storage, read> clock: SpikeClock;
@group(0) @binding(4) var<storage, read_write> gathered: array<u32>;

@compute @workgroup_size(64)
fn gather_spikes(@builtin(global_invocation_id) thread: vec3<u32>, @builtin(num_workgroups) grid: vec3<u32>) {
    let since = clock.total - clock.starts[request.first_step & globals.start_mask];
    let held = min(since, globals.spike_mask + 1u);
    let first = clock.total - held;
    for (var i = thread.x; i < min(held, request.room); i += grid.x * 64u) {
        gathered[i] = spikes[(first + i) & globals.spike_mask];
    }
}
