// How one spike reaches its targets' input rings, through stored rows or through rules that store nothing. The kernel
// binds `globals` and `group_ring`, an array of atomic<i32>, and says by `add` how the input of one port is raised;
// wrapping integer adds give the same sums in any order.
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

// Delays are shorter than the ring: no division needed.
fn slot_after(slot_now: u32, delay: u32) -> u32 {
    let slot = slot_now + delay;
    return select(slot, slot - globals.ring_slots, slot >= globals.ring_slots);
}

fn add_to_group(slot_now: u32, delay: u32, group: u32, weight: i32) {
    atomicAdd(&group_ring[slot_after(slot_now, delay) * 2u * globals.population_count + group], weight);
}

fn apply_rule(slot_now: u32, rule: DeliverRule, neuron: u32) {
    if neuron < rule.source_first || neuron - rule.source_first >= rule.source_size {
        return;
    }
    let local = neuron - rule.source_first;
    if rule.kind == RULE_ONE_TO_ONE {
        if local < rule.target_size {
            add(slot_now, rule.delay, rule.port_first + local, rule.weight);
        }
        return;
    }
    add_to_group(slot_now, rule.delay, rule.group, rule.weight);
    if rule.kind == RULE_ALL_BUT_SELF {
        add(slot_now, rule.delay, rule.port_first + local, -rule.weight);
    }
}
