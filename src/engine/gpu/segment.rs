//! The fixed-weight rows in buffers, one set per segment that can be bound. In: network and plan. Out: segments, ready to
//! be dispatched.

use super::kernels::Kernels;
use super::layout::DeliverSegment;
use super::rows;
use super::state::State;
use crate::engine::{EngineError, Plan};
use crate::gpu::{Gpu, Memory};
use crate::model::Network;

/// One segment of the fixed-weight rows.
pub(super) struct Segment {
    pub(super) group: wgpu::BindGroup,
    pub(super) parameters: wgpu::Buffer,
    pub(super) row_start: wgpu::Buffer,
    pub(super) entries: wgpu::Buffer,
    pub(super) weights: wgpu::Buffer,
    pub(super) rules: wgpu::Buffer,
    pub(super) sources: u32,
    pub(super) mean_row: u32,
    pub(super) bytes: u64,
}

/// Uploads the fixed-weight rows; there is always at least one segment, because its dispatch closes the step.
pub(super) fn segments(
    gpu: &Gpu,
    memory: &mut Memory,
    kernels: &Kernels,
    state: &State,
    network: &Network,
    plan: &Plan,
) -> Result<Vec<Segment>, EngineError> {
    let packing = rows::packing(network, plan)?;
    let rules = rows::rules(network, plan);
    let rule_buffer = memory.storage("delivery rules", &rules)?;
    let mut ranges = rows::segment_ranges(network, memory.max_binding() / 4)?;
    if ranges.is_empty() {
        ranges.push((0, 0));
    }
    let mut segments = Vec::with_capacity(ranges.len());
    for (index, range) in ranges.into_iter().enumerate() {
        let rows = rows::segment(network, plan, packing, range);
        let before = memory.given_out();
        let row_start = memory.storage("rows", &rows.row_start)?;
        let entries = memory.storage("targets and delays", &rows.entries)?;
        let weights = memory.storage("fixed weights", &rows.weights)?;
        let bytes = if rows.entries.is_empty() { 0 } else { memory.given_out() - before };
        let parameters = DeliverSegment {
            first_source: rows.first_source,
            end_source: rows.end_source,
            delay_min: packing.delay_min,
            port_bits: packing.port_bits,
            leads: u32::from(index == 0),
            rule_count: rules.len() as u32,
            ..Default::default()
        };
        let parameter_buffer = memory.uniform("segment", &parameters)?;
        let group = kernels.deliver.bind(
            &gpu.device,
            &[
                &state.globals,
                &parameter_buffer,
                &state.spikes,
                &row_start,
                &entries,
                &weights,
                &rule_buffer,
                &state.clock,
                &state.ring,
                &state.group_ring,
            ],
        );
        let sources = rows.end_source - rows.first_source;
        let mean_row = (rows.entries.len() as u64 / u64::from(sources.max(1))) as u32;
        // The segment that leads serves rules of all sources.
        let sources = if index == 0 { network.neuron_count() } else { sources };
        segments.push(Segment {
            group,
            parameters: parameter_buffer,
            row_start,
            entries,
            weights,
            rules: rule_buffer.clone(),
            sources,
            mean_row,
            bytes,
        });
    }
    Ok(segments)
}
