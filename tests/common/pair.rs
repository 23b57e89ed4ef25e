//! The two engines side by side on one network, and exact comparison of everything that they hold. Uses the module
//! `adapter` beside it.

#![allow(dead_code, reason = "each test file uses some of it")]

use std::sync::Arc;

use spikescope::engine::gpu::{GpuEngine, GpuOptions};
use spikescope::engine::{Checkpoint, Engine, NeuronState, SampleRequest, Spike, cpu::CpuEngine};
use spikescope::gpu::Gpu;
use spikescope::model::Network;

/// Both engines on one network.
pub(crate) struct Pair {
    pub(crate) gpu: Arc<Gpu>,
    pub(crate) host: CpuEngine,
    pub(crate) device: GpuEngine,
}

impl Pair {
    pub(crate) fn new(network: Network, options: GpuOptions) -> Option<Self> {
        let gpu = crate::adapter::gpu()?;
        let network = Arc::new(network);
        let host = CpuEngine::new(Arc::clone(&network)).expect("CPU engine");
        let device = GpuEngine::with_options(Arc::clone(&gpu), network, options).expect("GPU engine");
        Some(Self { gpu, host, device })
    }

    pub(crate) fn host_network(&self) -> &Network {
        self.host.network()
    }

    pub(crate) fn both(&mut self, mut act: impl FnMut(&mut dyn Engine)) {
        act(&mut self.host);
        act(&mut self.device);
    }

    /// What failures say: the network, the step and the way on the GPU.
    fn place(&self) -> String {
        let way = self.device.explain().into_iter().next().unwrap_or_default();
        format!("{} at step {} ({way})", self.host.network().name, self.host.step())
    }

    /// Advances both and compares their spikes step by step; returns how many there were.
    pub(crate) fn advance(&mut self, steps: u32) -> usize {
        self.both(|engine| engine.advance(steps).expect("advance"));
        let host = spikes(&mut self.host);
        let device = spikes(&mut self.device);
        if host != device {
            let at = host.iter().zip(&device).take_while(|(a, b)| a == b).count();
            panic!(
                "{}: {} and {} spikes; the first that differs: {:?} on the CPU, {:?} on the GPU",
                self.place(),
                host.len(),
                device.len(),
                host.get(at),
                device.get(at)
            );
        }
        host.len()
    }

    /// Compares everything a checkpoint holds.
    pub(crate) fn compare(&mut self) -> Checkpoint {
        let host = self.host.checkpoint().expect("checkpoint");
        let device = self.device.checkpoint().expect("checkpoint");
        compare_checkpoints(&self.place(), &host, &device);
        assert_eq!(self.gpu.take_fault(), None);
        host
    }
}

pub(crate) fn spikes(engine: &mut dyn Engine) -> Vec<Spike> {
    assert!(engine.request_sample(&SampleRequest { spikes: true, ..Default::default() }));
    engine.wait().expect("wait");
    let sample = engine.poll_sample().expect("the sample that was asked for");
    assert_eq!(sample.spikes_lost, 0);
    sample.spikes
}

pub(crate) fn same(a: f32, b: f32) -> bool {
    a == b || (a.abs() < f32::MIN_POSITIVE && b.abs() < f32::MIN_POSITIVE)
}

pub(crate) fn same_floats(what: &str, host: &[f32], device: &[f32]) {
    assert_eq!(host.len(), device.len(), "{what}");
    let different: Vec<usize> = (0..host.len()).filter(|&i| !same(host[i], device[i])).collect();
    if let Some(&first) = different.first() {
        panic!(
            "{what}: {} of {} differ; entry {first}: {:e} on the CPU, {:e} on the GPU",
            different.len(),
            host.len(),
            host[first],
            device[first]
        );
    }
}

pub(crate) fn compare_checkpoints(place: &str, host: &Checkpoint, device: &Checkpoint) {
    assert_eq!(host.step, device.step, "{place}");
    assert_eq!(host.network_hash, device.network_hash, "{place}");
    assert_eq!(host.live, device.live, "{place}");
    assert_eq!(host.spike_counts, device.spike_counts, "{place}");
    assert_eq!(host.ring, device.ring, "{place}");
    assert_eq!(host.group_ring, device.group_ring, "{place}");
    let part = |c: &Checkpoint, f: fn(&NeuronState) -> u32| c.neurons.iter().map(f).collect::<Vec<_>>();
    assert_eq!(part(host, |n| n.hold), part(device, |n| n.hold), "{place}");
    assert_eq!(part(host, |n| n.last_spike_step), part(device, |n| n.last_spike_step), "{place}");
    let floats = |c: &Checkpoint, f: fn(&NeuronState) -> f32| c.neurons.iter().map(f).collect::<Vec<_>>();
    same_floats(&format!("{place}: membrane"), &floats(host, |n| n.membrane_mv), &floats(device, |n| n.membrane_mv));
    same_floats(&format!("{place}: theta"), &floats(host, |n| n.theta_mv), &floats(device, |n| n.theta_mv));
    same_floats(&format!("{place}: synaptic"), host.synaptic.as_flattened(), device.synaptic.as_flattened());
    same_floats(&format!("{place}: traces"), &host.traces, &device.traces);
    for (index, (host, device)) in host.weights.iter().zip(&device.weights).enumerate() {
        same_floats(&format!("{place}: weights of projection {index}"), host, device);
    }
    same_floats(&format!("{place}: pruning thresholds"), &host.thresholds, &device.thresholds);
}
