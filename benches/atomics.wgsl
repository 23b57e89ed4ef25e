// atomics: every thread adds to many targets drawn by a hash, as synaptic delivery does. One dispatch makes
// threads * ADDS additions.

override TARGETS: u32 = 10000u;
const ADDS = 256u;

@group(0) @binding(0) var<storage, read_write> targets: array<atomic<i32>>;

@compute @workgroup_size(64)
fn atomics(@builtin(global_invocation_id) thread: vec3<u32>) {
    var state = thread.x * 747796405u + 2891336453u;
    for (var i = 0u; i < ADDS; i++) {
        state = state * 1664525u + 1013904223u;
        let mixed = (state ^ (state >> 15u)) * 2246822519u;
        atomicAdd(&targets[(mixed ^ (mixed >> 13u)) % TARGETS], 1);
    }
}
