// The learning rules, all in one form (Morrison, Diesmann, Gerstner 2008; Guetig et al. 2003; Diehl and Cook 2015).
// Rust twin: engine::RuleParameters. The kernel binds `tables: array<u32>`; here the power tables' indices count in it.

// x^mu on [0, 1]. kind 0: 1; kind 1: x; kind 2: linear between the 1,025 points of a table.
fn rule_power(kind: u32, table: u32, value: f32) -> f32 {
    let x = clamp(value, 0.0, 1.0);
    if kind == 0u {
        return 1.0;
    }
    if kind == 1u {
        return x;
    }
    let place = x * 1024.0;
    let left = min(u32(place), 1023u);
    let share = place - f32(left);
    let low = bitcast<f32>(tables[table + left]);
    let high = bitcast<f32>(tables[table + left + 1u]);
    return low + (high - low) * share;
}
