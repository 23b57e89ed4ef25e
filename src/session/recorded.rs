//! A recorded run as a network to look at: populations, positions and synapses out of a recording. In: a
//! [`Recording`]. Out: the [`Network`] whose activity is played, the scene that stands for it, and where each recorded
//! synapse went. What a recording does not tell is filled in, and that is said.

use crate::model::layout::{Form, Layout, Sphere};
use crate::model::scene::{Scene, ViewScene};
use crate::model::{
    Cell, Connectivity, Delays, Lif, Network, Plasticity, Population, Projection, Receptor, Rule, Source, SynapseModel,
    Weights,
};
use crate::recording::{Neurons, PopulationEntry, Recording, RecordingError};

/// Recorded synapses that are drawn and listed; of recordings with more, none are.
const SYNAPSES_MAX: u64 = 30_000_000;
/// Distance of neighbours where a recording has no positions, scene units.
const SPACING: f32 = 1.5;
/// Radius of a neuron for neighbours of that distance, scene units.
const RADIUS: f32 = 0.5;

/// See the module.
pub(super) struct Recorded {
    pub(super) network: Network,
    /// Per recorded synapse: its projection, and its id there.
    pub(super) places: Vec<(u32, u32)>,
    /// Steps that are taken off recorded times.
    pub(super) shift: i64,
    pub(super) notices: Vec<String>,
}

/// What stands for a recording where a scene is asked for.
///
/// # Errors
/// A damaged recording.
pub fn scene_of_recording(recording: &Recording) -> Result<Scene, RecordingError> {
    let header = recording.header();
    let (positions, _) = positions(&recording.neurons()?, &header.populations);
    let mut view = ViewScene::around(&positions);
    let spacing = spacing(&positions);
    if !(0.5..=2.0).contains(&(spacing / SPACING)) {
        view.look.neuron_radius = Some(RADIUS * spacing / SPACING);
    }
    let folder = recording.folder().display().to_string();
    let stem = recording.folder().file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name =
        if header.name.is_empty() { stem.unwrap_or_else(|| "recording".to_owned()) } else { header.name.clone() };
    let title = if header.title.is_empty() { name.clone() } else { header.title.clone() };
    let simulator = if header.simulator.is_empty() { "another program" } else { &header.simulator };
    let title = format!("{title} (a recording of {simulator})");
    Ok(Scene::of_run(&name, &title, &folder, [header.dt_ms, recording.duration_ms().max(header.dt_ms)], view))
}

/// The network of a recording.
pub(super) fn network_of(recording: &Recording) -> Result<Recorded, RecordingError> {
    let header = recording.header();
    let mut notices = Vec::new();
    let (positions, notice) = positions(&recording.neurons()?, &header.populations);
    notices.extend(notice);
    let membrane = membrane_range(recording)?;
    let populations = header.populations.iter().enumerate().map(|(index, entry)| Population {
        name: entry.name.clone(),
        first: entry.first_neuron,
        size: entry.size,
        cell: if entry.source { Cell::Source(Source::Poisson { rate_hz: 0.0 }) } else { Cell::Lif(cell(membrane)) },
        shape: None,
        colour: Scene::usual_colour(index),
    });
    let mut network = Network {
        name: header.name.clone(),
        dt_ms: header.dt_ms,
        seed: header.seed,
        populations: populations.collect(),
        positions,
        ..Network::default()
    };
    let mut places = Vec::new();
    if recording.synapse_count() > SYNAPSES_MAX {
        notices.push(format!(
            "the recording has {} synapses; more than {SYNAPSES_MAX} are not drawn",
            recording.synapse_count()
        ));
    } else if recording.synapse_count() > 0 {
        let (projections, found) = projections_of(recording, &network)?;
        (network.projections, places) = (projections, found);
        if recording.weight_change_count() > 0 && !network.projections.iter().any(Projection::is_mutable) {
            notices.push("changes of weights are not shown: some weights are negative".to_owned());
        }
    }
    let shift = shift_of(recording);
    if shift != 0 {
        notices.push(format!(
            "times are shown from the recording's beginning: 0 ms here is {} ms there",
            shift as f64 * header.dt_ms
        ));
    }
    if shift == 0 && recording.spike_span_ms().is_some_and(|(first, _)| first < 0.5 * header.dt_ms) {
        notices.push(format!("spikes at 0 ms are shown at the end of the first step, {} ms", header.dt_ms));
    }
    Ok(Recorded { network, places, shift, notices })
}

/// A network of which only names and sizes of populations are known.
pub(super) fn network_of_populations(name: &str, dt_ms: f64, populations: &[(String, u32)]) -> Network {
    let mut first_neuron = 0;
    let mut entries = Vec::with_capacity(populations.len());
    for (name, size) in populations {
        entries.push(PopulationEntry { name: name.clone(), first_neuron, size: *size, source: false });
        first_neuron += size;
    }
    let unknown = Neurons { positions: vec![[f32::NAN; 3]; first_neuron as usize], ..Neurons::default() };
    let (positions, _) = positions(&unknown, &entries);
    let populations = entries.iter().enumerate().map(|(index, entry)| Population {
        name: entry.name.clone(),
        first: entry.first_neuron,
        size: entry.size,
        cell: Cell::Lif(cell(None)),
        shape: None,
        colour: Scene::usual_colour(index),
    });
    Network { name: name.to_owned(), dt_ms, populations: populations.collect(), positions, ..Network::default() }
}

/// Recordings that begin before 0 or very late are shown from their beginning.
fn shift_of(recording: &Recording) -> i64 {
    let Some((first, last)) = recording.spike_span_ms() else { return 0 };
    let dt_ms = recording.header().dt_ms;
    if first < 0.0 || last / dt_ms > f64::from(u32::MAX / 2) { (first / dt_ms).floor() as i64 - 1 } else { 0 }
}

/// Lowest and highest of the first membrane values, mV.
fn membrane_range(recording: &Recording) -> Result<Option<(f32, f32)>, RecordingError> {
    let Some(batch) = recording.potentials(f64::NEG_INFINITY, f64::INFINITY).next().transpose()? else {
        return Ok(None);
    };
    let finite = batch.v_mv().iter().copied().filter(|v| v.is_finite());
    Ok(Some(finite.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v))))
        .filter(|(low, high)| low < high))
}

/// A cell that is only looked at: what matters is where its membrane value lies on the scale.
fn cell(membrane: Option<(f32, f32)>) -> Lif {
    let (v_rest_mv, v_threshold_mv) = membrane.map_or((-65.0, -50.0), |(low, high)| (f64::from(low), f64::from(high)));
    Lif {
        v_rest_mv,
        v_reset_mv: v_rest_mv,
        v_threshold_mv,
        tau_membrane_ms: 20.0,
        refractory_ms: 0.0,
        synapse: SynapseModel::Delta,
        drive_mv: 0.0,
        drive_steps: Vec::new(),
        background: None,
        adaptive_threshold: None,
    }
}

/// The recording's own positions; where it has none, balls of neurons side by side, one per population.
fn positions(neurons: &Neurons, populations: &[PopulationEntry]) -> (Vec<[f32; 3]>, Option<String>) {
    let known = &neurons.positions;
    let is_given = known.iter().flatten().all(|x| x.is_finite());
    let is_spread = known.len() < 2 || known.iter().any(|position| *position != known[0]);
    if is_given && is_spread {
        return (known.clone(), None);
    }
    let mut placed = Vec::with_capacity(known.len());
    let mut edge = 0.0;
    for population in populations {
        let form = Form::Ball { radius: None, spacing: SPACING };
        let layout = Layout { form, offset: [0.0; 3], jitter: 0.0 };
        let ball = layout.positions(population.size, 1, population.first_neuron);
        let sphere = Sphere::around(ball.iter());
        let shift = edge + sphere.radius - sphere.centre[0];
        placed.extend(ball.iter().map(|[x, y, z]| [x + shift, *y, *z]));
        edge += 2.0 * sphere.radius + 2.0 * SPACING;
    }
    let notice = "the recording has no positions: neurons stand in one ball per population".to_owned();
    (placed, Some(notice))
}

/// About the distance of neighbours, if they filled the box of all evenly; flat sheets have a flat box.
fn spacing(positions: &[[f32; 3]]) -> f32 {
    let (mut low, mut high) = ([f32::INFINITY; 3], [f32::NEG_INFINITY; 3]);
    for position in positions {
        for axis in 0..3 {
            low[axis] = low[axis].min(position[axis]);
            high[axis] = high[axis].max(position[axis]);
        }
    }
    let mut sides: Vec<f32> = (0..3).map(|axis| high[axis] - low[axis]).filter(|side| *side > 0.0).collect();
    sides.sort_by(f32::total_cmp);
    let longest = sides.last().copied().unwrap_or(0.0);
    sides.retain(|side| *side > longest * 0.02);
    let count = positions.len().max(2) as f32;
    let volume: f32 = sides.iter().product();
    match sides.len() {
        0 => SPACING,
        dimensions => (volume / count).powf(1.0 / dimensions as f32),
    }
}

/// One projection while its synapses are gathered.
struct Gathered {
    name: String,
    source: usize,
    target: usize,
    /// Recorded id, local source, local target, weight, delay in steps.
    rows: Vec<(u32, u32, u32, f32, u16)>,
}

/// Projections, and by recorded synapse its projection and its row there.
type Placed = (Vec<Projection>, Vec<(u32, u32)>);

/// Projections as the header gives them, else one per pair of populations.
fn projections_of(recording: &Recording, network: &Network) -> Result<Placed, RecordingError> {
    let header = recording.header();
    let named = |name: &str| network.population_named(name).unwrap_or(0);
    let is_named = header.projections.iter().map(|p| p.synapses).sum::<u64>() == recording.synapse_count();
    let mut gathered: Vec<Gathered> = Vec::new();
    if is_named {
        gathered.extend(header.projections.iter().map(|p| Gathered {
            name: p.name.clone(),
            source: named(&p.source),
            target: named(&p.target),
            rows: Vec::new(),
        }));
    }
    let mut next = 0_u32;
    for batch in recording.synapses() {
        let batch = batch?;
        for row in 0..batch.pre().len() {
            let (pre, post) = (batch.pre()[row], batch.post()[row]);
            let (source, target) = (network.population_of(pre), network.population_of(post));
            let place = if is_named {
                let id = u64::from(next);
                header.projections.partition_point(|p| p.first_synapse + p.synapses <= id)
            } else {
                gathered.iter().position(|g| (g.source, g.target) == (source, target)).unwrap_or_else(|| {
                    let names = [source, target].map(|index| network.populations[index].name.as_str());
                    let name = format!("{} -> {}", names[0], names[1]);
                    gathered.push(Gathered { name, source, target, rows: Vec::new() });
                    gathered.len() - 1
                })
            };
            if let Some(projection) = gathered.get_mut(place)
                && (projection.source, projection.target) == (source, target)
            {
                let delay = (batch.delays_ms()[row] / network.dt_ms).round().clamp(1.0, f64::from(u16::MAX)) as u16;
                projection.rows.push((
                    next,
                    pre - network.populations[source].first,
                    post - network.populations[target].first,
                    batch.weights()[row],
                    delay,
                ));
            } else {
                return Err(RecordingError::Damaged {
                    path: recording.folder().join("synapses.parquet"),
                    reason: format!("synapse {next} from {pre} to {post} belongs to no projection of recording.json"),
                });
            }
            next += 1;
        }
    }
    let mut places = vec![(0, 0); next as usize];
    let changed = recording.weight_range();
    let projections = gathered
        .into_iter()
        .enumerate()
        .map(|(index, gathered)| projection(index as u32, gathered, network, changed, &mut places))
        .collect();
    Ok((projections, places))
}

fn projection(
    index: u32,
    mut gathered: Gathered,
    network: &Network,
    changed: Option<(f32, f32)>,
    places: &mut [(u32, u32)],
) -> Projection {
    let rows = &mut gathered.rows;
    rows.sort_by_key(|&(id, pre, post, _, delay)| (pre, delay, post, id));
    let mut row_start = vec![0_u32; network.populations[gathered.source].size as usize + 1];
    for (at, &(id, pre, ..)) in rows.iter().enumerate() {
        places[id as usize] = (index, at as u32);
        row_start[pre as usize + 1] = at as u32 + 1;
    }
    for at in 1..row_start.len() {
        row_start[at] = row_start[at].max(row_start[at - 1]);
    }
    let weights: Vec<f32> = rows.iter().map(|row| row.3).collect();
    let low = weights.iter().copied().fold(f32::INFINITY, f32::min);
    let high = weights.iter().copied().fold(0.0, f32::max);
    let is_mutable = low >= 0.0 && changed.is_some_and(|(least, _)| least >= 0.0);
    let rule =
        Rule::Pair { tau_plus_ms: 20.0, tau_minus_ms: 20.0, lambda: 0.0, alpha: 1.0, mu_plus: 0.0, mu_minus: 0.0 };
    let weight_max = changed.map_or(high, |(_, most)| most.max(high)).max(f32::MIN_POSITIVE);
    let delays: Vec<u16> = rows.iter().map(|row| row.4).collect();
    let one_delay = delays.first().copied().filter(|first| delays.iter().all(|delay| delay == first));
    Projection {
        receptor: if low < 0.0 { Receptor::Inhibitory } else { Receptor::Excitatory },
        connectivity: Connectivity::Sparse { row_start, target: rows.iter().map(|row| row.2).collect() },
        weights: Weights::PerSynapse(weights),
        delays: one_delay.map_or(Delays::PerSynapse(delays), |delay| Delays::Constant(u32::from(delay))),
        plasticity: is_mutable.then_some(Plasticity { rule, weight_max }),
        normalised_sum: None,
        pruning: None,
        name: gathered.name,
        source: gathered.source,
        target: gathered.target,
    }
}
