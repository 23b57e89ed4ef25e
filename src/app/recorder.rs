//! What a session did, handed to a recording: spikes, showings, events, and at the times that the scene asks for
//! membrane values and changed weights.

use std::path::Path;
use std::sync::Arc;

use super::error::AppError;
use crate::engine::{Activity, NeuronState};
use crate::gpu::{Gpu, Piece, read_blocking};
use crate::model::scene::RecordScene;
use crate::model::{Cell, Network};
use crate::recording::{RecordingInfo, RecordingWriter};
use crate::session::Session;

/// More synapses than this are left out of the recording, and its events say so: 20 bytes each add up.
const SYNAPSES_MAX: u64 = 50_000_000;

/// See the module.
pub(super) struct Recorder {
    writer: RecordingWriter,
    gpu: Option<Arc<Gpu>>,
    network: Arc<Network>,
    /// Index of each population whose membrane values are recorded.
    potentials_of: Vec<usize>,
    /// 0: never.
    potentials_every: u64,
    /// 0: never.
    weights_every: u64,
}

impl Recorder {
    /// Finds a place that cannot be written to before the network is built.
    pub(super) fn check_place(path: &Path) -> Result<(), AppError> {
        Ok(RecordingWriter::check_place(path)?)
    }

    /// Begins a recording of a session that has not run yet.
    pub(super) fn begin(
        path: &Path,
        session: &mut Session,
        gpu: Option<Arc<Gpu>>,
        wishes: &RecordScene,
    ) -> Result<Self, AppError> {
        let network = Arc::clone(session.network());
        let synapses = network.synapse_count();
        let engine = session.engine().name();
        let simulating = gpu.as_ref().filter(|_| engine == "gpu");
        let info = RecordingInfo {
            title: session.scene().title.clone(),
            engine: engine.to_owned(),
            adapter: simulating.map_or_else(String::new, |gpu| gpu.info.name.clone()),
            synapses: synapses <= SYNAPSES_MAX,
        };
        let mut writer = RecordingWriter::create(path, &network, info)?;
        if synapses > SYNAPSES_MAX {
            writer.write_event(
                0,
                "note",
                &format!("{synapses} synapses are too many to record; the table is left out"),
            )?;
        }
        session.keep_spikes();
        let every = |ms: f64| if ms > 0.0 { ((ms / network.dt_ms).round() as u64).max(1) } else { 0 };
        let potentials_of: Vec<usize> = wishes
            .potentials_of
            .iter()
            .filter_map(|name| network.population_named(name))
            .filter(|&population| matches!(network.populations[population].cell, Cell::Lif(_)))
            .collect();
        let weights_every = every(wishes.weights_every_ms);
        if weights_every > 0 {
            for projection in mutable_projections(&network) {
                writer.know_weights(projection, session.engine().weights(projection)?);
            }
        }
        Ok(Self {
            writer,
            gpu,
            potentials_every: if potentials_of.is_empty() { 0 } else { every(wishes.potentials_every_ms) },
            weights_every,
            potentials_of,
            network,
        })
    }

    /// How many steps may be taken before something is to be recorded at an exact step.
    pub(super) fn steps_until_due(&self, step: u64) -> u64 {
        [self.potentials_every, self.weights_every]
            .into_iter()
            .filter(|&every| every > 0)
            .map(|every| every - step % every)
            .min()
            .unwrap_or(u64::MAX)
    }

    /// Takes everything that happened since the last time.
    pub(super) fn take(&mut self, session: &mut Session) -> Result<(), AppError> {
        let step = session.step();
        self.writer.write_spikes(&session.drain_spikes(), step)?;
        for showing in session.drain_showings() {
            let input = u64::from(showing.image);
            self.writer.write_label(showing.start_step, showing.end_step, showing.label, input)?;
        }
        for event in session.drain_events() {
            self.writer.write_event(event.step, event.kind, &event.text)?;
        }
        if self.potentials_every > 0 && step.is_multiple_of(self.potentials_every) {
            self.take_potentials(session)?;
        }
        if self.weights_every > 0 && step.is_multiple_of(self.weights_every) {
            self.take_weights(session)?;
        }
        Ok(())
    }

    /// The last weights and the classes that neurons answer to, then the end.
    pub(super) fn finish(mut self, session: &mut Session) -> Result<(), AppError> {
        self.take(session)?;
        if self.weights_every > 0 {
            self.take_weights(session)?;
        }
        if let (Some(learning), Some(scene)) = (&session.telemetry().learning, &session.scene().learning)
            && let Some(output) = self.network.population_named(&scene.output)
        {
            self.writer.set_classes(self.network.populations[output].first, &learning.assigned);
        }
        Ok(self.writer.finish()?)
    }

    fn take_weights(&mut self, session: &mut Session) -> Result<(), AppError> {
        for projection in mutable_projections(&self.network) {
            let weights = session.engine().weights(projection)?;
            self.writer.write_weights(session.step(), projection, &weights)?;
        }
        Ok(())
    }

    fn take_potentials(&mut self, session: &Session) -> Result<(), AppError> {
        for &index in &self.potentials_of {
            let population = &self.network.populations[index];
            let Cell::Lif(lif) = &population.cell else { continue };
            let neurons = population.neurons();
            let states = self.states(session, neurons.start as usize..neurons.end as usize)?;
            let values: Vec<(u32, f32)> = neurons
                .zip(&states)
                .map(|(neuron, state)| (neuron, (f64::from(state.membrane_mv) + lif.v_rest_mv) as f32))
                .collect();
            self.writer.write_potentials(session.step(), &values)?;
        }
        Ok(())
    }

    fn states(&self, session: &Session, range: std::ops::Range<usize>) -> Result<Vec<NeuronState>, AppError> {
        match (session.activity(), &self.gpu) {
            (Activity::Host { neurons, .. } | Activity::Replayed { neurons, .. }, _) => Ok(neurons[range].to_vec()),
            (Activity::Device { neurons, .. }, Some(gpu)) => {
                let each = size_of::<NeuronState>() as u64;
                let piece =
                    Piece { buffer: neurons, offset: range.start as u64 * each, bytes: range.len() as u64 * each };
                let bytes = read_blocking(gpu, &[piece])
                    .map_err(|reason| AppError::Failure(format!("the GPU stopped working: {reason}")))?;
                Ok(bytemuck::pod_collect_to_vec(&bytes))
            }
            (Activity::Device { .. }, None) => Err(AppError::Failure("the GPU engine runs without a GPU".to_owned())),
        }
    }
}

fn mutable_projections(network: &Network) -> Vec<usize> {
    (0..network.projections.len()).filter(|&index| network.projections[index].is_mutable()).collect()
}
