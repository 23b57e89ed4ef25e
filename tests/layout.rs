//! Every struct that Rust fills and WGSL reads: the same offsets by member name, and the same size.

use std::mem::{offset_of, size_of};

use spikescope::engine::gpu::layout::{
    BLOCK_SIZE, BlockSums, DeliverRule, DeliverSegment, EngineGlobals, FieldRequest, GatherRequest, MutableProjection,
    PruneState, Slot, StepNumber,
};
use spikescope::engine::gpu::shaders;
use spikescope::engine::{
    HISTOGRAM_BINS, NeuronState, PRUNED, PopulationParameters, RuleParameters, Touch, TraceParameters,
};
use spikescope::gpu::shader::ShaderSource;
use spikescope::render::shaders as render;
use spikescope::render::{Line, LineRange, LineSet, LineState, PopulationArc, ProjectionLook};
use wgpu::naga;

fn module(source: &ShaderSource) -> naga::Module {
    let text = source.text();
    naga::front::wgsl::parse_str(&text).unwrap_or_else(|error| panic!("{}", error.emit_to_string(&text)))
}

/// Members (name, offset) and size of a struct of a shader.
fn shader_layout(source: &ShaderSource, name: &str) -> (Vec<(String, usize)>, usize) {
    let module = module(source);
    let (_, found) = module
        .types
        .iter()
        .find(|(_, ty)| ty.name.as_deref() == Some(name))
        .unwrap_or_else(|| panic!("{} has no struct {name}", source.label));
    let naga::TypeInner::Struct { members, span } = &found.inner else { panic!("{name} is no struct") };
    let named = |m: &naga::StructMember| (m.name.clone().expect("named"), m.offset as usize);
    (members.iter().map(named).collect(), *span as usize)
}

/// Compares the named members; members that only pad may be spelled differently.
fn compare(source: &ShaderSource, name: &str, rust: &[(&str, usize)], size: usize) {
    let (shader, span) = shader_layout(source, name);
    let shader: Vec<(&str, usize)> =
        shader.iter().map(|(n, o)| (n.as_str(), *o)).filter(|(n, _)| !n.starts_with("_padding")).collect();
    assert_eq!(shader, rust, "{name} in {}", source.label);
    assert_eq!(span, size, "size of {name} in {}", source.label);
}

macro_rules! check {
    ($source:expr, $ty:ident { $($member:ident),* $(,)? }) => {
        compare(&$source, stringify!($ty), &[$((stringify!($member), offset_of!($ty, $member))),*], size_of::<$ty>())
    };
}

#[test]
fn structs_of_the_model() {
    for source in [shaders::INTEGRATE, shaders::LEARN_PRE, shaders::LEARN_POST, shaders::MEASURE_NEURONS] {
        check!(source, NeuronState { membrane_mv, theta_mv, hold, last_spike_step });
    }
    for source in [shaders::INTEGRATE, shaders::REST, shaders::MEASURE_NEURONS] {
        check!(
            source,
            PopulationParameters {
                first,
                size,
                cell,
                refractory_steps,
                threshold_mv,
                reset_mv,
                drive_mv,
                membrane_propagator,
                excitatory_propagator,
                inhibitory_propagator,
                excitatory_to_membrane,
                inhibitory_to_membrane,
                excitatory_reversal_mv,
                inhibitory_reversal_mv,
                dt_over_tau,
                excitatory_unit,
                inhibitory_unit,
                theta_increment_mv,
                theta_decay,
                theta_interval,
                port_first,
                port_count,
                source_first,
                background_first,
                background_len,
                background_weight,
                background_receptor,
                trace_first,
                trace_count,
                first_slot,
            }
        );
    }
    for source in [shaders::INTEGRATE, shaders::LEARN_PRE] {
        check!(source, TraceParameters { first, table_first, table_len, accumulates });
    }
    check!(
        shaders::LEARN_PRE,
        RuleParameters {
            depression,
            potentiation,
            target_trace,
            mu_minus_kind,
            mu_plus_kind,
            mu_minus_table,
            mu_plus_table,
            trace_pre,
            trace_post1,
            trace_post2,
        }
    );
}

#[test]
fn structs_of_the_engine() {
    check!(
        shaders::INTEGRATE,
        EngineGlobals {
            seed,
            learning,
            population_count,
            port_count,
            ring_slots,
            block_count,
            spike_mask,
            start_mask,
            touched,
            always_zero
        }
    );
    check!(shaders::INTEGRATE, StepNumber { step, slot, count });
    check!(shaders::ADVANCE, Slot { population, first, port, size });
    check!(shaders::INTEGRATE, Touch { flags, stimulus_mv, stimulus_end });
    check!(shaders::DELIVER, DeliverSegment { first_source, end_source, delay_min, port_bits, leads, rule_count });
    check!(
        shaders::DELIVER,
        DeliverRule { source_first, source_size, kind, weight, delay, port_first, group, target_size }
    );
    for source in [shaders::LEARN_PRE, shaders::LEARN_POST, shaders::NORMALISE, shaders::PRUNE, shaders::PRUNE_END] {
        check!(
            source,
            MutableProjection {
                rule,
                pre,
                post1,
                post2,
                source_first,
                source_size,
                target_first,
                target_size,
                port_first,
                delay,
                dense,
                synapse_count,
                delivery_factor,
                normalised_share,
                has_post2,
                prune_floor,
                prune_policy,
                prune_alpha,
                prune_beta,
                prune_cap,
                prune_target,
                prune_seed,
                prune_stream,
                prune_flags,
            }
        );
    }
    for source in [shaders::PRUNE, shaders::PRUNE_END] {
        check!(source, PruneState { threshold, remaining, total, removed });
    }
    check!(shaders::MEASURE_NEURONS, BlockSums { count_low, count_high, membrane_mv });
    check!(shaders::MEASURE_FIELD, FieldRequest { target_local });
    check!(shaders::GATHER_SPIKES, GatherRequest { first_step, room });
}

#[test]
fn structs_of_synapse_lines() {
    for source in [render::LINES, render::PULSES, render::LINES_GATHER, render::PULSES_GATHER, render::LINES_UPDATE] {
        check!(source, Line { source, target_neuron, synapse, projection_delay });
        check!(source, LineState { share, average, pruned_step, flash });
        check!(source, LineSet { count, segments, style, gain, pulse_gain, quiet, bundled });
        check!(source, ProjectionLook { source_middle, gain, target_middle, share_full, bend, reach, inhibitory });
    }
    check!(render::LINES_UPDATE, LineRange { first, count, synapse_base, grid_width });
    check!(render::ARCS, PopulationArc { a, half_width, b, light, c, inhibitory, d, traffic });
}

/// The value of a shader's constant.
fn constant(source: &ShaderSource, name: &str) -> naga::Literal {
    let module = module(source);
    let (_, found) = module
        .constants
        .iter()
        .find(|(_, c)| c.name.as_deref() == Some(name))
        .unwrap_or_else(|| panic!("{} has no constant {name}", source.label));
    match module.global_expressions[found.init] {
        naga::Expression::Literal(literal) => literal,
        ref other => panic!("{name} is {other:?}"),
    }
}

#[test]
fn constants() {
    assert_eq!(constant(&shaders::INTEGRATE, "BLOCK_SIZE"), naga::Literal::U32(BLOCK_SIZE));
    assert_eq!(constant(&shaders::MEASURE_WEIGHTS, "BINS"), naga::Literal::U32(HISTOGRAM_BINS as u32));
    let text = shaders::PRUNE.text();
    assert!(text.contains(&format!("const PRUNED = {PRUNED:.1};")), "PRUNED differs");
}
