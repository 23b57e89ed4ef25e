// What a spike leaves behind, apart from its entry in the spike ring: its count, the traces' values just before it, and
// its step. The kernel binds `neurons`, `spike_counts`, `traces` and `population_traces`.
// CPU twin: sources::record in src/engine/cpu/sources.rs.

fn note_spike(p: PopulationParameters, neuron: u32, step: u32) {
    spike_counts[neuron] += 1u;
    let last = neurons[neuron].last_spike_step;
    for (var i = 0u; i < p.trace_count; i++) {
        let trace = population_traces[p.trace_first + i];
        let entry = trace.first + neuron - p.first;
        traces[entry] = trace_value(trace, traces[entry], last, step);
    }
    neurons[neuron].last_spike_step = step;
}
