//! Time on the GPU, by timestamps at the ends of compute passes: spans are numbered, a timed pass writes its span,
//! and the spans come back through a [`ReadbackRing`](super::ReadbackRing) as nanoseconds.

use super::{Gpu, readback::Piece};

/// Room for the timestamps of some spans.
pub struct SpanTimer {
    queries: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    spans: u32,
    ns_per_tick: f64,
}

impl SpanTimer {
    /// Room for `spans` spans; `None` where the adapter has no timestamps.
    #[must_use]
    pub fn new(gpu: &Gpu, spans: u32) -> Option<Self> {
        if !gpu.features.contains(wgpu::Features::TIMESTAMP_QUERY)
            || spans == 0
            || spans * 2 > wgpu::QUERY_SET_MAX_QUERIES
        {
            return None;
        }
        let queries = gpu.device.create_query_set(&wgpu::QuerySetDescriptor {
            label: Some("timing"),
            ty: wgpu::QueryType::Timestamp,
            count: spans * 2,
        });
        let resolved = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("timing"),
            size: u64::from(spans) * 16,
            usage: wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: false,
        });
        Some(Self { queries, resolved, spans, ns_per_tick: f64::from(gpu.queue.get_timestamp_period()) })
    }

    /// For the descriptor of the pass that is span `span`.
    #[must_use]
    pub const fn writes(&self, span: u32) -> wgpu::ComputePassTimestampWrites<'_> {
        wgpu::ComputePassTimestampWrites {
            query_set: &self.queries,
            beginning_of_pass_write_index: Some(span * 2),
            end_of_pass_write_index: Some(span * 2 + 1),
        }
    }

    /// Gathers the first `spans` spans, all of them written in this encoder; copy the piece to read them.
    pub fn resolve(&self, encoder: &mut wgpu::CommandEncoder, spans: u32) -> Piece<'_> {
        let spans = spans.min(self.spans);
        encoder.resolve_query_set(&self.queries, 0..spans * 2, &self.resolved, 0);
        Piece { buffer: &self.resolved, offset: 0, bytes: u64::from(spans) * 16 }
    }

    /// Durations of the spans, ns, from the bytes that came back.
    #[must_use]
    pub fn durations_ns(&self, bytes: &[u8]) -> Vec<f64> {
        let ticks: Vec<u64> = bytemuck::pod_collect_to_vec(bytes);
        ticks.chunks_exact(2).map(|span| span[1].saturating_sub(span[0]) as f64 * self.ns_per_tick).collect()
    }
}
