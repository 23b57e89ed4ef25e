// latency: next to no work on each of the buffers that it binds, so that what is left is the cost of a dispatch. The
// host adds one binding, and one line that reads and writes it, per buffer.

@compute @workgroup_size(64)
fn latency(@builtin(local_invocation_index) lane: u32) {
    TOUCH
}
