//! The layers of synapses of one network: which sets of lines there are, what each picture shows of them, and what a
//! viewer must know about them. In go a network, settings, what is picked or selected and what was ranked.

use std::sync::Arc;

use super::arcs::Arcs;
use super::following::Following;
use super::lines::{LinePipelines, Lines, Style};
use super::looks::{Law, is_capped};
use super::ranking::{Ranked, Wish};
use super::sampling::{Drawn, Ends, of_neurons, sample};
use crate::engine::Activity;
use crate::gpu::Gpu;
use crate::model::Network;
use crate::session::ViewSettings;
use crate::session::traffic::Traffic;
use crate::session::view::SynapseLayers;

/// A set of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Set {
    Sample,
    /// More than the sample, for pulses alone.
    Pulses,
    Inputs,
    Outputs,
    Strongest,
    Grown,
    Shrunk,
    Graves,
}

/// Sets.
const SETS: usize = 8;
/// Light of lines that stand in the background of others.
const BACKGROUND: f32 = 0.3;
/// Of the budget, so many of the strongest and of the most changed are shown.
const RANKED_SHARE: u32 = 16;

/// What was drawn of what there is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Count {
    /// Lines.
    pub(super) drawn: u64,
    /// Synapses that they stand for.
    pub(super) all: u64,
    /// Shortest and longest delay, steps.
    pub(super) delays: Option<[u32; 2]>,
}

/// See the module.
pub(super) struct Layers {
    weights: Vec<Option<wgpu::Buffer>>,
    sets: [Option<Lines>; SETS],
    /// What each set was made of; the two largest are not kept.
    drawn: [Drawn; SETS],
    counts: [Count; SETS],
    following: Following,
    /// Thick arcs between populations.
    pub(super) arcs: Arcs,
    budget: u32,
    /// The settings asked for more lines than this adapter draws.
    pub(super) is_lowered: bool,
    /// Some lines would have to be brighter than a line can be.
    pub(super) is_capped: bool,
    /// As strong as the weakest of the strongest, but left out.
    pub(super) tied: u64,
    /// Synapses were ranked at least once.
    pub(super) has_ranked: bool,
    has_pulses: bool,
    selected: Selected,
}

/// Whose synapses are shown.
#[derive(Default, PartialEq)]
struct Selected {
    picked: Option<u32>,
    version: u64,
    ids: Vec<u32>,
}

impl Layers {
    pub(super) fn new(
        gpu: &Arc<Gpu>,
        pipelines: &LinePipelines,
        network: &Network,
        weights: &[Option<wgpu::Buffer>],
        settings: &ViewSettings,
        arcs: Arcs,
    ) -> Self {
        let budget = line_budget(gpu, settings.synapse_budget);
        let drawn = sample(network, budget);
        let mut layers = Self {
            weights: weights.to_vec(),
            sets: [const { None }; SETS],
            drawn: Default::default(),
            counts: Default::default(),
            following: Following::new(Arc::clone(gpu), network),
            arcs,
            budget,
            is_lowered: budget < settings.synapse_budget,
            is_capped: is_capped(network, &drawn),
            tied: 0,
            has_ranked: false,
            has_pulses: settings.synapses.pulses,
            selected: Selected::default(),
        };
        let is_whole = drawn.total() == drawn.synapses.len() as u64;
        layers.put(gpu, pipelines, network, Set::Sample, drawn);
        if layers.has_pulses && !is_whole {
            let more = sample(network, pulse_budget(gpu, network.synapse_count()).max(budget));
            layers.put(gpu, pipelines, network, Set::Pulses, more);
        }
        layers
    }

    /// True when these settings ask for lines that were not made.
    pub(super) fn lacks(&self, gpu: &Gpu, settings: &ViewSettings) -> bool {
        self.budget != line_budget(gpu, settings.synapse_budget)
            || self.is_lowered != (self.budget < settings.synapse_budget)
            || settings.synapses.pulses && !self.has_pulses
    }

    fn put(&mut self, gpu: &Gpu, pipelines: &LinePipelines, network: &Network, set: Set, drawn: Drawn) {
        let index = set as usize;
        if set != Set::Sample && set != Set::Pulses {
            if self.drawn[index] == drawn {
                return;
            }
            self.drawn[index] = drawn.clone();
        }
        let (law, style) = match set {
            Set::Sample | Set::Pulses => (Law::ForAll, Style::Plain),
            Set::Inputs => (Law::Own, Style::Input),
            Set::Outputs => (Law::Own, Style::Output),
            Set::Strongest | Set::Grown => (Law::Own, Style::Plain),
            Set::Shrunk => (Law::Own, Style::Dotted),
            Set::Graves => (Law::Own, Style::Grave),
        };
        let delays = drawn.synapses.iter().map(|s| s.delay).fold(None, |range: Option<[u32; 2]>, delay| {
            Some(range.map_or([delay; 2], |[low, high]| [low.min(delay), high.max(delay)]))
        });
        self.counts[index] = Count { drawn: drawn.synapses.len() as u64, all: drawn.total(), delays };
        self.sets[index] = pipelines.lines(gpu, network, &self.weights, &drawn, (law, style));
    }

    /// The picked neuron, and the selected ones; their synapses are looked up when either changed.
    pub(super) fn select(
        &mut self,
        gpu: &Gpu,
        pipelines: &LinePipelines,
        network: &Network,
        change: SelectionChange<'_>,
    ) {
        match change {
            SelectionChange::Picked(neuron) if neuron != self.selected.picked => self.selected.picked = neuron,
            SelectionChange::Selected(ids, version) if version != self.selected.version => {
                self.selected.version = version;
                self.selected.ids = ids.to_vec();
            }
            _ => return,
        }
        let mut ids = self.selected.ids.clone();
        ids.extend(self.selected.picked);
        ids.sort_unstable();
        ids.dedup();
        let half = (self.budget / 2).max(1);
        // What lies within a selection counts once, as one of its outputs.
        self.put(gpu, pipelines, network, Set::Inputs, of_neurons(network, &ids, Ends::InputsFromOutside, half));
        self.put(gpu, pipelines, network, Set::Outputs, of_neurons(network, &ids, Ends::Outputs, half));
    }

    /// Of the selection shown.
    pub(super) const fn selected_version(&self) -> u64 {
        self.selected.version
    }

    /// Something is picked or selected.
    pub(super) fn has_selection(&self) -> bool {
        self.selected.picked.is_some() || !self.selected.ids.is_empty()
    }

    /// Follows the weights; see [`Following::follow`].
    pub(super) fn follow(
        &mut self,
        gpu: &Gpu,
        pipelines: &LinePipelines,
        network: &Arc<Network>,
        activity: &Activity<'_>,
        (shown, wait): (SynapseLayers, bool),
    ) {
        let ranked = (self.budget / RANKED_SHARE).clamp(50, 50_000);
        let wish = Wish {
            strongest: if shown.strongest { ranked } else { 0 },
            changed: if shown.most_changed { ranked } else { 0 },
            graves: if shown.graveyard { self.budget.max(1) } else { 0 },
        };
        let Some(Ranked { strongest, strongest_tied, grown, shrunk, graves }) =
            self.following.follow(network, activity, wish, wait)
        else {
            return;
        };
        (self.tied, self.has_ranked) = (strongest_tied, true);
        for (set, drawn) in
            [(Set::Strongest, strongest), (Set::Grown, grown), (Set::Shrunk, shrunk), (Set::Graves, graves)]
        {
            self.put(gpu, pipelines, network, set, drawn);
        }
    }

    /// What goes through each projection and what its synapses weigh now.
    pub(super) fn set_traffic(&mut self, gpu: &Gpu, traffic: &[Traffic]) {
        self.arcs.set_traffic(traffic);
        self.sets.iter_mut().flatten().for_each(|lines| lines.weigh(gpu, traffic));
    }

    /// How the sets shine in the next picture. `far`: 0 near to 1 where arcs have taken over.
    pub(super) fn prepare(&mut self, gpu: &Gpu, settings: &ViewSettings, far: f32) {
        let shown = settings.synapses;
        self.arcs.prepare(gpu, if shown.arcs { far } else { 0.0 });
        let opacity = if settings.synapse_opacity.is_finite() { settings.synapse_opacity.clamp(0.0, 1.0) } else { 0.0 };
        let near = if shown.arcs { 1.0 - 0.9 * far } else { 1.0 };
        let has_foreground = self.has_selection() || shown.strongest || shown.most_changed;
        let back = if has_foreground { BACKGROUND } else { 1.0 };
        let has_more_pulses = self.sets[Set::Pulses as usize].is_some();
        let bundled = if shown.bundled.is_finite() { shown.bundled.clamp(0.0, 1.0) } else { 0.0 };
        let quiet = if gpu.is_software() { 0.006 } else { 0.0015 };
        let gain = |on: bool, gain: f32| if on { gain * opacity } else { 0.0 };
        for (set, [body, pulse]) in [
            (Set::Sample, [gain(shown.sample, back * near), gain(shown.pulses && !has_more_pulses, back)]),
            (Set::Pulses, [0.0, gain(shown.pulses, back)]),
            (Set::Inputs, [gain(shown.of_selection.has_inputs(), 2.0), gain(shown.of_selection.has_inputs(), 2.0)]),
            (Set::Outputs, [gain(shown.of_selection.has_outputs(), 2.0), gain(shown.of_selection.has_outputs(), 2.0)]),
            (Set::Strongest, [gain(shown.strongest, 1.2 * near), 0.0]),
            (Set::Grown, [gain(shown.most_changed, 1.2 * near), 0.0]),
            (Set::Shrunk, [gain(shown.most_changed, 1.2 * near), 0.0]),
            (Set::Graves, [gain(shown.graveyard, near), 0.0]),
        ] {
            if let Some(lines) = &mut self.sets[set as usize] {
                lines.adjust(gpu, |set| {
                    (set.gain, set.pulse_gain, set.quiet, set.bundled) = (body, pulse, quiet, bundled);
                });
            }
        }
    }

    /// Sets whose weights can change, shown or not, so that what was pruned meanwhile does not flash when shown again.
    pub(super) fn changing(&self) -> impl Iterator<Item = &Lines> {
        self.sets.iter().flatten().filter(|lines| lines.has_updates())
    }

    /// Sets that shine.
    pub(super) fn shining(&self) -> impl Iterator<Item = &Lines> {
        self.sets.iter().flatten().filter(|lines| lines.set().gain > 0.0 || lines.set().pulse_gain > 0.0)
    }

    /// A set that shines.
    pub(super) fn shown(&self, set: Set) -> Option<&Lines> {
        self.sets[set as usize].as_ref().filter(|lines| lines.set().gain > 0.0 || lines.set().pulse_gain > 0.0)
    }

    /// What is drawn of a set.
    pub(super) const fn count(&self, set: Set) -> &Count {
        &self.counts[set as usize]
    }

    /// Projections with too many synapses to be ranked.
    pub(super) fn not_ranked(&self) -> &[usize] {
        self.following.skipped()
    }
}

/// What is now picked or selected.
pub(super) enum SelectionChange<'a> {
    Picked(Option<u32>),
    /// Ids and their version.
    Selected(&'a [u32], u64),
}

/// Lines that this adapter draws fast enough, at most what was asked for.
fn line_budget(gpu: &Gpu, asked: u32) -> u32 {
    asked.min(if gpu.is_software() { 20_000 } else { 1_000_000 })
}

/// Lines that pulses travel along: all synapses of a small network, a sample of others.
fn pulse_budget(gpu: &Gpu, synapses: u64) -> u32 {
    let (all, some) = if gpu.is_software() { (100_000, 20_000) } else { (2_000_000, 1_000_000) };
    if synapses <= all { synapses as u32 } else { some }
}
