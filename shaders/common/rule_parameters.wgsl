// The learning rule of one projection. Rust twin: engine::RuleParameters, which says what each member is; here the power
// tables' indices count in the engine's `tables`.

struct RuleParameters {
    depression: f32,
    potentiation: f32,
    target_trace: f32,
    mu_minus_kind: u32,
    mu_plus_kind: u32,
    mu_minus_table: u32,
    mu_plus_table: u32,
    trace_pre: u32,
    trace_post1: u32,
    trace_post2: u32,
    _padding: array<u32, 2>,
}
