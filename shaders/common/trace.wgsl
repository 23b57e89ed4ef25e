// Traces: per neuron the value just before its last spike, decayed by table. Rust twin: engine::TraceParameters and
// model::decay. The kernel binds `tables: array<u32>`, which begins with the decay tables.

fn trace_bump(trace: TraceParameters, before: f32) -> f32 {
    return select(1.0, before + 1.0, trace.accumulates != 0u);
}

fn trace_decay(trace: TraceParameters, steps: u32) -> f32 {
    if steps < trace.table_len {
        return bitcast<f32>(tables[trace.table_first + steps]);
    }
    return 0.0;
}

// The trace at the end of step `now`, a spike in `now` included.
fn trace_value(trace: TraceParameters, before: f32, last: u32, now: u32) -> f32 {
    if last == 0u {
        return 0.0;
    }
    return trace_bump(trace, before) * trace_decay(trace, now - last);
}

// The trace at the end of step `now`, a spike in `now` left out.
fn trace_value_without_now(trace: TraceParameters, before: f32, last: u32, now: u32) -> f32 {
    if last == now {
        return before;
    }
    return trace_value(trace, before, last, now);
}
