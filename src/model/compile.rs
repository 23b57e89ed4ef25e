//! From a scene to a network: numbers neurons, places them, connects them and draws initial values. In: a [`Scene`] and
//! a seed. Out: a [`Network`], the same for every number of threads, or an error before memory runs out.

use rayon::prelude::*;

use super::connect::{self, FileSynapses, Space, Synapses, TooMany, Values};
use super::random::{Draws, Stream};
use super::scene::files;
use super::scene::spec::{Distribution, Kernel, PopulationSpec, ProjectionSpec, RuleSpec};
use super::scene::{Scene, SceneError};
use super::{
    Cell, Connectivity, Delays, Lif, Network, Population, Projection, Receptor, Source, SynapseModel, Weights,
};

/// What is assumed to be there where the system does not say.
const ASSUMED_MEMORY: u64 = 16 << 30;

/// Bytes of engine and picture state per neuron, generously.
const BYTES_PER_NEURON: f64 = 128.0;

/// Builds the network of a scene.
pub(crate) fn compile(scene: &Scene, seed: u64) -> Result<Network, SceneError> {
    check_memory(&Sizes {
        populations: scene.populations(),
        projections: scene.projections(),
        dt_ms: scene.dt_ms(),
        seed: scene.seed(),
        origin: &scene.origin,
    })?;
    let mut network = Network { name: scene.name.clone(), dt_ms: scene.dt_ms(), seed, ..Default::default() };
    let mut first = 0;
    for spec in scene.populations() {
        network.positions.extend(spec.layout.positions(spec.size, seed, first));
        network.populations.push(Population {
            name: spec.name.clone(),
            first,
            size: spec.size,
            cell: cell(spec, scene.dt_ms())?,
            shape: spec.shape,
            colour: spec.colour,
        });
        first += spec.size;
    }
    initial_values(scene, &mut network)?;
    for (part, spec) in scene.projections().iter().enumerate() {
        let projection = projection(scene, spec, part, &network)?;
        network.projections.push(projection);
    }
    Ok(network)
}

fn cell(spec: &PopulationSpec, dt_ms: f64) -> Result<Cell, SceneError> {
    let (Some(path), Cell::Source(Source::SpikeList(lists))) = (&spec.spike_file, &spec.cell) else {
        return Ok(spec.cell.clone());
    };
    let wrong = |what: String| {
        let advice = "give a file with the neuron (from 0) and the time in ms of every spike";
        SceneError::new(&spec.place, format!("population.{}.file", spec.name), what, advice)
    };
    let neuron_names = ["neuron", "i", "id", "sender", "senders"];
    let time_names = ["time_ms", "t_ms", "times", "t"];
    let wanted: Vec<&str> = neuron_names.iter().chain(&time_names).copied().collect();
    let columns = files::columns(path, &wanted).map_err(wrong)?;
    let neurons = columns.need(&neuron_names, path).map_err(wrong)?;
    let times = columns.need(&time_names, path).map_err(wrong)?;
    let mut lists = lists.clone();
    for (row, (&neuron, &time)) in neurons.iter().zip(times).enumerate() {
        let list = (neuron >= 0.0 && neuron.fract() == 0.0).then(|| lists.get_mut(neuron as usize)).flatten();
        let Some(list) = list else {
            return Err(wrong(format!("row {row} of {} names neuron {neuron} of {}", path.display(), spec.size)));
        };
        if !time.is_finite() || time < 0.0 {
            return Err(wrong(format!("row {row} of {} has the time {time}", path.display())));
        }
        list.push((time / dt_ms).round().clamp(1.0, f64::from(u32::MAX)) as u32);
    }
    for list in &mut lists {
        list.sort_unstable();
        list.dedup();
    }
    Ok(Cell::Source(Source::SpikeList(lists)))
}

fn initial_values(scene: &Scene, network: &mut Network) -> Result<(), SceneError> {
    let needs_synaptic =
        scene.populations().iter().any(|spec| spec.initial_synaptic.iter().any(|d| *d != Distribution::Constant(0.0)));
    for (index, spec) in scene.populations().iter().enumerate() {
        let population = &network.populations[index];
        let (first, seed) = (population.first, network.seed);
        let rest = match &population.cell {
            Cell::Lif(lif) => lif.v_rest_mv,
            Cell::Source(_) => 0.0,
        };
        let membrane =
            draw_initial(&spec.initial_membrane_mv, spec, "initial_membrane_mv", Key { seed, first, lane: 0 })?;
        network.initial_membrane_mv.extend(membrane.iter().map(|v| (v - rest) as f32));
        if needs_synaptic {
            let [excitatory, inhibitory] = &spec.initial_synaptic;
            let excitatory = draw_initial(excitatory, spec, "initial_excitatory", Key { seed, first, lane: 1 })?;
            let inhibitory = draw_initial(inhibitory, spec, "initial_inhibitory", Key { seed, first, lane: 2 })?;
            network.initial_synaptic.extend(excitatory.iter().zip(&inhibitory).map(|(&e, &i)| [e as f32, i as f32]));
        }
    }
    Ok(())
}

/// Which random numbers initial values use: `lane` keeps the three kinds apart.
#[derive(Clone, Copy)]
struct Key {
    seed: u64,
    first: u32,
    lane: usize,
}

fn draw_initial(
    distribution: &Distribution,
    spec: &PopulationSpec,
    key: &str,
    random: Key,
) -> Result<Vec<f64>, SceneError> {
    if let Distribution::File { path, array, first } = distribution {
        let wrong = |what: String| {
            SceneError::new(
                &spec.place,
                format!("population.{}.{key}", spec.name),
                what,
                "one value per neuron is needed",
            )
        };
        let columns = files::columns(path, &[array]).map_err(wrong)?;
        let values = columns.need(&[array], path).map_err(wrong)?;
        return match values.get(*first..*first + spec.size as usize) {
            Some(values) if values.iter().all(|v| v.is_finite()) => Ok(values.to_vec()),
            Some(_) => Err(wrong(format!("{array} of {} holds values that are not finite", path.display()))),
            None => {
                let (have, size) = (values.len(), spec.size);
                Err(wrong(format!(
                    "{array} of {} has {have} values, {size} from {first} on are needed",
                    path.display()
                )))
            }
        };
    }
    Ok((0..spec.size)
        .map(|k| {
            let mut draws = Draws::new(random.seed, Stream::Membrane.part(random.lane), random.first + k);
            match distribution {
                Distribution::Uniform { low, high } => low + (high - low) * draws.uniform(),
                Distribution::Normal { mean, sd, low, high } => (mean + sd * draws.normal()).clamp(*low, *high),
                other => other.mean(),
            }
        })
        .collect())
}

fn projection(scene: &Scene, spec: &ProjectionSpec, part: usize, network: &Network) -> Result<Projection, SceneError> {
    let (source, target) = (&network.populations[spec.source], &network.populations[spec.target]);
    let positions = |p: &Population| &network.positions[p.first as usize..(p.first + p.size) as usize];
    let torus = matches!(spec.rule, RuleSpec::Distance(kernel) if kernel.torus);
    let layout = &scene.populations()[spec.target].layout;
    let space = Space {
        sources: positions(source),
        targets: positions(target),
        period: if torus { layout.period(target.size).unwrap_or_default() } else { [0.0; 3] },
        axes: if let RuleSpec::Distance(kernel) = spec.rule { kernel.axes } else { [true; 3] },
    };
    let values = Values {
        seed: network.seed,
        part,
        weight: &spec.weight,
        delay_ms: &spec.delay_ms,
        dt_ms: network.dt_ms,
        space,
    };
    let mut result = Projection {
        name: spec.name.clone(),
        source: spec.source,
        target: spec.target,
        receptor: spec.receptor,
        connectivity: Connectivity::AllToAll,
        weights: Weights::Constant(spec.weight.mean() as f32),
        delays: Delays::Constant(u32::from(values.steps(spec.delay_ms.mean()))),
        plasticity: spec.plasticity.clone(),
        normalised_sum: spec.normalised_sum,
        pruning: spec.pruning.clone(),
    };
    let plain = matches!(spec.weight, Distribution::Constant(_)) && matches!(spec.delay_ms, Distribution::Constant(_));
    match spec.rule {
        RuleSpec::AllToAll if matches!(spec.delay_ms, Distribution::Constant(_)) => {
            if !matches!(spec.weight, Distribution::Constant(_)) {
                result.weights = Weights::PerSynapse(dense_weights(source.size, target.size, &values));
            }
        }
        RuleSpec::OneToOne if plain && !result.is_mutable() => result.connectivity = Connectivity::OneToOne,
        RuleSpec::AllButSelf if plain && !result.is_mutable() => {
            result.connectivity = Connectivity::AllButSelf;
        }
        _ => {
            let synapses = sparse(spec, part, network, &values)?;
            store(spec, synapses, &target.cell, &mut result)?;
        }
    }
    Ok(result)
}

fn dense_weights(sources: u32, targets: u32, values: &Values<'_>) -> Vec<f32> {
    (0..sources).into_par_iter().flat_map_iter(|source| values.weights_of(source, 0..targets)).collect()
}

/// Compressed rows for every rule.
fn sparse(spec: &ProjectionSpec, part: usize, network: &Network, values: &Values<'_>) -> Result<Synapses, SceneError> {
    let (source, target) = (&network.populations[spec.source], &network.populations[spec.target]);
    let (sources, targets, seed) = (source.size, target.size, network.seed);
    let recurrent = spec.source == spec.target && !spec.autapses;
    let skip = |source: u32| recurrent.then_some(source);
    let too_many = |TooMany(count): TooMany| {
        let what = format!("would have {count} synapses, and a projection can number {}", u32::MAX - 1);
        SceneError::new(&spec.place, &spec.path, what, "lower its probability or degree, or split the populations")
    };
    match &spec.rule {
        RuleSpec::AllToAll => connect::assemble(sources, values, |_, row| row.extend(0..targets)).map_err(too_many),
        RuleSpec::OneToOne => connect::assemble(sources, values, |source, row| row.push(source)).map_err(too_many),
        RuleSpec::AllButSelf => {
            connect::assemble(sources, values, |source, row| row.extend((0..targets).filter(|&t| t != source)))
                .map_err(too_many)
        }
        RuleSpec::FixedProbability(probability) => connect::assemble(sources, values, |source, row| {
            connect::probability_row(seed, part, source, targets, *probability, skip(source), row);
        })
        .map_err(too_many),
        RuleSpec::FixedInDegree { degree, multapses } => {
            let (row_start, target) =
                connect::in_degree_rows(seed, part, [sources, targets], *degree, *multapses, recurrent)
                    .map_err(too_many)?;
            connect::assemble(sources, values, |source, row| {
                let range = row_start[source as usize] as usize..row_start[source as usize + 1] as usize;
                row.extend_from_slice(&target[range]);
            })
            .map_err(too_many)
        }
        RuleSpec::FixedOutDegree { degree, multapses } => connect::assemble(sources, values, |source, row| {
            let key = connect::Key { seed, part, neuron: source, skip: skip(source) };
            connect::out_degree_row(key, targets, *degree, *multapses, row);
        })
        .map_err(too_many),
        RuleSpec::Distance(kernel) => {
            let rows = connect::rows_by_distance(values.space, *kernel, recurrent, seed, part);
            connect::assemble(sources, values, |source, row| rows.row(source, row)).map_err(too_many)
        }
        RuleSpec::List(list) => {
            let file = FileSynapses {
                list,
                first: [source.first, target.first],
                sizes: [sources, targets],
                neuron_count: network.positions.len() as u32,
                weight_factor: spec.weight_from_file.then_some(spec.weight_factor),
                delays: spec.delay_from_file,
            };
            connect::assemble_list(&file, values).map_err(|what| {
                SceneError::new(
                    &spec.place,
                    format!("{}.file", spec.path),
                    what,
                    "see `rule = \"list\"` in docs/scenes.md",
                )
            })
        }
    }
}

/// Puts built rows into the projection, weights and delays only where they differ.
fn store(
    spec: &ProjectionSpec,
    mut synapses: Synapses,
    target: &Cell,
    projection: &mut Projection,
) -> Result<(), SceneError> {
    let conductance = matches!(target, Cell::Lif(Lif { synapse: SynapseModel::Conductance { .. }, .. }));
    let inhibits = projection.receptor == Receptor::Inhibitory;
    // Weights that change and conductances are magnitudes; other inhibition is a negative number of mV.
    let (wrong, rule): (fn(&f32) -> bool, _) = match (projection.is_mutable() || conductance, inhibits) {
        (true, _) => (|weight| *weight < 0.0, "the weights here are 0 or more"),
        (false, true) => (|weight| *weight > 0.0, "inhibition here is a negative number of mV"),
        (false, false) => (|_| false, ""),
    };
    if let Some(weight) = synapses.weights.iter().copied().find(wrong) {
        let what = format!("there is the weight {weight}, and {rule}");
        return Err(SceneError::new(
            &spec.place,
            &spec.path,
            what,
            "change its sign, or split the synapses by receptor",
        ));
    }
    if projection.is_mutable() {
        let max = projection.weight_max();
        synapses.weights.iter_mut().for_each(|weight| *weight = weight.min(max));
    }
    projection.connectivity = Connectivity::Sparse { row_start: synapses.row_start, target: synapses.target };
    if !synapses.weights.is_empty() {
        projection.weights =
            same(&synapses.weights).map_or_else(|| Weights::PerSynapse(synapses.weights.clone()), Weights::Constant);
    }
    if !synapses.delays.is_empty() {
        projection.delays = match same(&synapses.delays) {
            Some(steps) => Delays::Constant(u32::from(steps)),
            None => Delays::PerSynapse(synapses.delays),
        };
    }
    Ok(())
}

/// The value that all share.
fn same<T: PartialEq + Copy>(values: &[T]) -> Option<T> {
    let first = *values.first()?;
    values.iter().all(|value| *value == first).then_some(first)
}

/// Synapses that a projection between these populations is expected to have.
pub(crate) fn expected_synapses(populations: &[PopulationSpec], seed: u64, spec: &ProjectionSpec) -> f64 {
    let (source, target) = (&populations[spec.source], &populations[spec.target]);
    let (sources, targets) = (f64::from(source.size), f64::from(target.size));
    let others = targets - f64::from(u8::from(spec.source == spec.target && !spec.autapses));
    match &spec.rule {
        RuleSpec::AllToAll => sources * targets,
        RuleSpec::OneToOne => sources,
        RuleSpec::AllButSelf => sources * (targets - 1.0),
        RuleSpec::FixedProbability(probability) => sources * others * probability,
        RuleSpec::FixedInDegree { degree, .. } => targets * f64::from(*degree),
        RuleSpec::FixedOutDegree { degree, .. } => sources * f64::from(*degree),
        RuleSpec::Distance(kernel) => expected_by_distance(seed, kernel, source, target),
        RuleSpec::List(_) => 0.0,
    }
}

/// Synapses of a kernel, estimated from random pairs of neurons.
fn expected_by_distance(seed: u64, kernel: &Kernel, source: &PopulationSpec, target: &PopulationSpec) -> f64 {
    const SOURCES: u32 = 300;
    const TARGETS: u32 = 6000;
    let pick = |spec: &PopulationSpec, most: u32| -> Vec<[f32; 3]> {
        let mut draws = Draws::new(seed, Stream::Connectivity as u32, u32::MAX - most);
        (0..most.min(spec.size))
            .map(|k| if spec.size <= most { k } else { draws.below(spec.size) })
            .map(|k| spec.layout.position(k, spec.size, seed, 0))
            .collect()
    };
    let (from, to) = (pick(source, SOURCES), pick(target, TARGETS));
    let period = if kernel.torus { target.layout.period(target.size).unwrap_or_default() } else { [0.0; 3] };
    let space = Space { sources: &from, targets: &to, period, axes: kernel.axes };
    let sum: f64 = (0..from.len() as u32)
        .into_par_iter()
        .map(|s| {
            let near = (0..to.len() as u32).map(|t| space.distance(s, t)).filter(|&r| r <= kernel.radius);
            near.map(|r| kernel.probability * kernel.shape.at(r)).sum::<f64>()
        })
        .sum();
    sum * (f64::from(source.size) / from.len().max(1) as f64) * (f64::from(target.size) / to.len().max(1) as f64)
}

/// Refuses more neurons than fit, before even their positions are worked out.
pub(crate) fn check_neurons(neurons: u64, origin: &str) -> Result<(), SceneError> {
    let (bytes, available) = (neurons as f64 * BYTES_PER_NEURON, available_memory() as f64);
    if bytes <= 0.9 * available {
        return Ok(());
    }
    let what = format!(
        "{neurons} neurons need about {:.1} GB of memory, but {:.1} GB are free, which is enough for about {:.0} neurons",
        bytes * 1e-9,
        available * 1e-9,
        0.9 * available / BYTES_PER_NEURON
    );
    Err(SceneError::new(origin, "population", what, "make populations smaller"))
}

/// What decides how large a network is.
pub(crate) struct Sizes<'a> {
    /// In order of neuron id.
    pub(crate) populations: &'a [PopulationSpec],
    /// Between them.
    pub(crate) projections: &'a [ProjectionSpec],
    /// Step, ms.
    pub(crate) dt_ms: f64,
    /// Of positions.
    pub(crate) seed: u64,
    /// The scene's file or name.
    pub(crate) origin: &'a str,
}

/// Refuses a network that cannot fit, before anything is allocated, and says what would.
pub(crate) fn check_memory(sizes: &Sizes<'_>) -> Result<(), SceneError> {
    let neurons: u64 = sizes.populations.iter().map(|p| u64::from(p.size)).sum();
    // Bytes that grow with the size of the network, and with its square.
    let mut parts = [neurons as f64 * BYTES_PER_NEURON, 0.0];
    let mut largest: Option<(f64, &ProjectionSpec)> = None;
    let mut longest_delay_ms = sizes.dt_ms;
    for spec in sizes.projections {
        let synapses = expected_synapses(sizes.populations, sizes.seed, spec);
        let differ = |d: &Distribution| !matches!(d, Distribution::Constant(_));
        let mutable = spec.plasticity.is_some() || spec.pruning.is_some() || spec.normalised_sum.is_some();
        let stored = match spec.rule {
            RuleSpec::OneToOne | RuleSpec::AllButSelf if !differ(&spec.weight) && !mutable => 0.0,
            RuleSpec::AllToAll if !differ(&spec.delay_ms) => 0.0,
            _ => 4.0,
        };
        let weights = if differ(&spec.weight) || mutable { 4.0 } else { 0.0 };
        let delays = if differ(&spec.delay_ms) { 2.0 } else { 0.0 };
        // Twice: once while being built or in the engine, once in the network.
        let own = 2.0 * synapses * (stored + weights + delays);
        let by_pairs = matches!(spec.rule, RuleSpec::FixedProbability(_) | RuleSpec::AllToAll | RuleSpec::AllButSelf);
        parts[usize::from(by_pairs)] += own;
        if largest.is_none_or(|(most, _)| own > most) {
            largest = Some((own, spec));
        }
        longest_delay_ms = longest_delay_ms.max(match spec.delay_ms {
            Distribution::Normal { mean, sd, high, .. } => high.min(mean + 6.0 * sd),
            ref other => other.bounds().map_or(0.0, |(_, high)| high),
        });
    }
    let slots = (longest_delay_ms / sizes.dt_ms).min(65_535.0) + 1.0;
    parts[0] += slots * 8.0 * neurons as f64;
    let bytes = |share: f64| parts[0] * share + parts[1] * share * share;
    let available = available_memory();
    let usable = 0.9 * available as f64;
    if bytes(1.0) <= usable {
        return Ok(());
    }
    let mut fits = [0.0, 1.0];
    for _ in 0..40 {
        let middle = 0.5 * (fits[0] + fits[1]);
        fits[usize::from(bytes(middle) > usable)] = middle;
    }
    let what = format!(
        "the network needs about {:.1} GB of memory, but {:.1} GB are free; with about {:.0} of its {} neurons it would fit",
        bytes(1.0) * 1e-9,
        available as f64 * 1e-9,
        neurons as f64 * fits[0],
        neurons
    );
    let (place, key) = largest.map_or_else(
        || (sizes.origin.to_owned(), String::new()),
        |(_, spec)| (spec.place.to_string(), spec.path.clone()),
    );
    Err(SceneError::new(place, key, what, "lower the size, probability or degree of its populations and projections"))
}

/// Bytes that the system says are free, or an assumption.
fn available_memory() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok())
        .map_or(ASSUMED_MEMORY, |kib| kib * 1024)
}
