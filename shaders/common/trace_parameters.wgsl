// One trace of one population. Rust twin: engine::TraceParameters, which says what each member is.

struct TraceParameters {
    first: u32,
    table_first: u32,
    table_len: u32,
    accumulates: u32,
}
