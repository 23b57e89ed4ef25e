//! The learning protocol as the overlay sees it. In: the protocol. Out: [`LearningTelemetry`].

use super::telemetry::{LearningTelemetry, Telemetry};
use crate::learn::{Phase, Protocol, Showing};
use crate::model::scene::LearningScene;

/// Before the first image.
pub(super) fn fresh(protocol: &Protocol, scene: &LearningScene) -> LearningTelemetry {
    let data = protocol.data();
    let mut telemetry = LearningTelemetry {
        data: data.name.clone(),
        phase: protocol.phase().label(),
        image_size: [data.width, data.height],
        accuracy_window: scene.accuracy_window,
        assigned: protocol.score().assigned().to_vec(),
        learning: true,
        ..Default::default()
    };
    show_image(&mut telemetry, protocol);
    telemetry
}

/// A showing is over: one point on the accuracy chart, new labels. Repeated showings are not scored.
pub(super) fn showing_over(telemetry: &mut Telemetry, protocol: &Protocol, showing: &Showing) {
    let Some(learning) = &mut telemetry.learning else { return };
    learning.last_spike_count = showing.spikes;
    if showing.repeated {
        return;
    }
    learning.last_prediction = showing.answer.map(|answer| (answer, showing.label));
    if let Some(percent) = showing.accuracy_percent {
        learning.accuracy_percent.push(showing.presentation as f64, percent);
    }
    learning.assigned.copy_from_slice(protocol.score().assigned());
}

/// Every frame: phase, count and image.
pub(super) fn protocol_now(learning: &mut LearningTelemetry, protocol: &Protocol) {
    learning.phase = protocol.phase().label();
    learning.learning = protocol.learning();
    let begun = protocol.presentations() + u64::from(protocol.phase() != Phase::Begin);
    if begun != learning.presentations || learning.label.is_none() {
        learning.presentations = begun;
        show_image(learning, protocol);
    }
}

/// The protocol is at another moment of the run.
pub(super) fn turned_back(learning: &mut LearningTelemetry, protocol: &Protocol) {
    learning.accuracy_percent.forget_after(protocol.presentations() as f64);
    learning.assigned.copy_from_slice(protocol.score().assigned());
    (learning.last_prediction, learning.last_spike_count) = (None, protocol.last_spike_count());
    learning.label = None;
    protocol_now(learning, protocol);
}

fn show_image(learning: &mut LearningTelemetry, protocol: &Protocol) {
    let (data, index) = (protocol.data(), protocol.image() as usize);
    learning.image.clear();
    learning.image.extend_from_slice(data.image(index));
    learning.label = data.labels.get(index).copied();
}
