//! The JSON document of `analyze`, under the field names that the facts of reference files use (`spike_count`,
//! `mean_rate_hz`, `isi_cv_mean`, `spikes_per_100ms_bin`, `populations`, `connectivity`). In: an analysis. Out: JSON.

use std::fs;
use std::ops::Range;

use serde_json::{Map, Value, json};

use crate::analysis::bins::population_fano_factor;
use crate::analysis::connectivity::Connectivity;
use crate::analysis::recorded::{Analysis, PAIR_MS};
use crate::analysis::responses::{Psth, Responses};
use crate::analysis::trains::PopulationStatistics;
use crate::analysis::weights::{Moments, WeightInterval, activation_sparsity};
use crate::recording::Recording;

/// Neurons whose counts are listed.
const LISTED: usize = 20;

/// Of all neurons, or of one population.
pub(super) fn document(recording: &Recording, analysis: &Analysis, population: Option<usize>) -> Value {
    let plan = analysis.trains.plan();
    let first_ids = first_ids(recording);
    let id_of = |index: usize| first_ids.get(index).copied().unwrap_or(0);
    let mut populations = Map::new();
    for (index, (name, range)) in plan.populations.iter().enumerate() {
        if population.is_some_and(|only| only != index) {
            continue;
        }
        let mut own = block(recording, analysis, &analysis.trains.population(index), range.start, id_of(index));
        own.insert("id_from".to_owned(), json!(id_of(index)));
        own.insert("id_to_exclusive".to_owned(), json!(id_of(index) + u64::from(range.end - range.start)));
        own.insert("n".to_owned(), json!(range.len()));
        populations.insert(name.clone(), Value::Object(own));
    }
    let (first, statistics) = match population {
        Some(index) => (index, analysis.trains.population(index)),
        None => (0, analysis.trains.all()),
    };
    let first_neuron = plan.populations.get(first).map_or(0, |(_, range)| range.start);
    let mut spikes = block(recording, analysis, &statistics, first_neuron, id_of(first));
    spikes.insert("populations".to_owned(), Value::Object(populations));

    let header = recording.header();
    let mut document = Map::new();
    document.insert("recording".to_owned(), json!(recording.folder()));
    document.insert("simulator".to_owned(), json!(header.simulator));
    document.insert("from_ms".to_owned(), json!(plan.from_ms));
    document.insert("to_ms".to_owned(), json!(plan.to_ms));
    document.insert("spikes".to_owned(), Value::Object(spikes));
    if let Some((projections, all)) = &analysis.connectivity {
        let mut own = synapses(all, &id_by_neuron(analysis, &first_ids));
        own.insert("connection_sparsity".to_owned(), json!(analysis.connection_sparsity));
        own.insert("synaptic_operations".to_owned(), json!(analysis.synaptic_operations));
        document.insert("connectivity".to_owned(), Value::Object(own));
        let per_projection: Map<String, Value> = projections
            .iter()
            .map(|(name, own)| (name.clone(), Value::Object(synapses(own, &id_by_neuron(analysis, &first_ids)))))
            .collect();
        document.insert("projections".to_owned(), Value::Object(per_projection));
    }
    if !analysis.weights.is_empty() {
        let of = |(name, intervals): &(String, Vec<WeightInterval>)| {
            (name.clone(), Value::Array(intervals.iter().map(interval).collect()))
        };
        document.insert("weights".to_owned(), Value::Object(analysis.weights.iter().map(of).collect()));
    }
    if let Some(values) = &analysis.potentials {
        document.insert("potentials".to_owned(), moments(values));
    }
    if let (Some(responses), Some(psth)) = (&analysis.responses, &analysis.psth) {
        document.insert("responses".to_owned(), answers(analysis, responses, psth));
    }
    if let Some(pairs) = &analysis.pairs {
        let n = pairs.neurons.len();
        document.insert(
            "pairs".to_owned(),
            json!({
                "neurons": pairs.neurons,
                "bin_ms": PAIR_MS,
                "correlation": pairs.correlation.chunks(n).collect::<Vec<_>>(),
                "spike_time_tiling_dt_ms": PAIR_MS,
                "spike_time_tiling": pairs.tiling.chunks(n).collect::<Vec<_>>(),
            }),
        );
    }
    document.insert("interval_ms".to_owned(), json!(analysis.interval_ms));
    let findings: Vec<Value> = analysis
        .findings
        .iter()
        .map(|f| json!({"rule": f.rule, "from_ms": f.from_ms, "to_ms": f.to_ms, "text": f.text}))
        .collect();
    document.insert("findings".to_owned(), Value::Array(findings));
    document.insert("notices".to_owned(), json!(analysis.notices));
    Value::Object(document)
}

/// The facts of a set of neurons.
fn block(
    recording: &Recording,
    analysis: &Analysis,
    s: &PopulationStatistics,
    first_neuron: u32,
    first_id: u64,
) -> Map<String, Value> {
    let plan = analysis.trains.plan();
    let trains = analysis.trains.trains();
    let begin = (first_neuron as usize).min(trains.len());
    let end = (begin + LISTED.min(s.n_neurons as usize)).min(trains.len());
    let counts: Vec<u32> = trains[begin..end].iter().map(|train| train.spike_count()).collect();
    let steps = plan.duration_ms() / recording.header().dt_ms;
    let value = json!({
        "n_neurons": s.n_neurons,
        "first_id": first_id,
        "duration_ms": plan.duration_ms(),
        "spike_count": s.spike_count,
        "active_neurons": s.active_neurons,
        "silent_neurons": s.n_neurons - s.active_neurons,
        "mean_rate_hz": s.mean_rate_hz,
        "first_spike_ms": s.span_ms.map(|span| span.0),
        "last_spike_ms": s.span_ms.map(|span| span.1),
        "sum_of_spike_times_ms": s.sum_of_spike_times_ms,
        "isi_cv_mean": s.isi_cv_mean,
        "isi_cv_neurons": s.isi_cv_neurons,
        "isi_cv2_mean": s.isi_cv2_mean,
        "isi_lv_mean": s.isi_lv_mean,
        "isi_lvr_mean": s.isi_lvr_mean,
        "fano_factor_mean": s.fano_factor_mean,
        "population_fano_factor": population_fano_factor(&s.spikes_per_100ms_bin),
        "bursts": s.bursts.0,
        "spikes_in_bursts": s.bursts.1,
        "activation_sparsity": activation_sparsity(s.spike_count, s.n_neurons, steps),
        "max_spikes_of_one_neuron": s.max_spikes_of_one_neuron,
        "counts_of_first_20_neurons": counts,
        "spikes_per_100ms_bin": s.spikes_per_100ms_bin,
        "isi_histogram_1ms": trimmed(&s.isi_histogram_1ms),
    });
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Without the empty bins at the end; the last one, of all longer intervals, only where there are some.
fn trimmed(histogram: &[u64]) -> &[u64] {
    let used = histogram.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
    &histogram[..used]
}

fn synapses(c: &Connectivity, id_of: &dyn Fn(u32) -> u64) -> Map<String, Value> {
    let of_sign = |m: &Moments| json!({"n": m.count, "weight_mean": m.mean(), "weight_std": m.std()});
    let groups: Map<String, Value> = ["excitatory", "inhibitory"]
        .iter()
        .zip(&c.weights_by_sign)
        .filter(|(_, moments)| moments.count > 0)
        .map(|(name, moments)| ((*name).to_owned(), of_sign(moments)))
        .collect();
    let value = json!({
        "n_connections": c.connections,
        "weight_mean": c.weights.mean(),
        "weight_std": c.weights.std(),
        "weight_min": c.weights.min,
        "weight_max": c.weights.max,
        "weight_sum": c.weights.sum,
        "self_connections": c.self_connections,
        "distinct_pairs": c.clone().distinct_pairs(),
        "out_degree_of_first_source": c.out_degree_of_first_source().map(|(neuron, degree)| (id_of(neuron), degree)),
        "delay_mean_ms": c.delays_ms.mean(),
        "delay_std_ms": c.delays_ms.std(),
        "delay_min_ms": c.delays_ms.min,
        "delay_max_ms": c.delays_ms.max,
        "groups": groups,
    });
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn interval(i: &WeightInterval) -> Value {
    json!({
        "end_ms": i.end_ms,
        "n_connections": i.weights.count,
        "weight_mean": i.weights.mean(),
        "weight_std": i.weights.std(),
        "weight_min": i.weights.min,
        "weight_max": i.weights.max,
        "updates": i.updates,
        "total_change": i.total_change,
        "pruned": i.pruned,
        "histogram": i.histogram,
    })
}

/// What each population answers to, and its PSTH around the beginnings of inputs.
fn answers(analysis: &Analysis, responses: &Responses, psth: &Psth) -> Value {
    let of = |(group, (name, range)): (usize, &(String, Range<u32>))| {
        let selective: Vec<(u16, f64)> = range.clone().filter_map(|n| responses.selectivity(n as usize)).collect();
        let latencies: Vec<f64> = range.clone().filter_map(|n| responses.first_spike_latency_ms(n as usize)).collect();
        let mut preferring = vec![0_u64; responses.classes()];
        selective.iter().for_each(|(class, _)| preferring[usize::from(*class)] += 1);
        let mean = |sum: f64, count: usize| (count > 0).then(|| sum / count as f64);
        let value = json!({
            "neurons_by_preferred_class": preferring,
            "selectivity_mean": mean(selective.iter().map(|(_, s)| s).sum(), selective.len()),
            "first_spike_latency_mean_ms": mean(latencies.iter().sum(), latencies.len()),
            "psth_rate_hz": psth.rate_hz(group, range.clone()),
        });
        (name.clone(), value)
    };
    let populations: Map<String, Value> = analysis.trains.plan().populations.iter().enumerate().map(of).collect();
    json!({
        "classes": responses.classes(),
        "psth_bin_starts_ms": psth.starts_ms().collect::<Vec<_>>(),
        "populations": populations,
    })
}

fn moments(m: &Moments) -> Value {
    json!({"values": m.count, "mean": m.mean(), "std": m.std(), "min": m.min, "max": m.max})
}

/// The id that each population's first neuron had where the recording was imported from; its place in the recording
/// where that is not said.
fn first_ids(recording: &Recording) -> Vec<u64> {
    let header: Value = fs::read_to_string(recording.folder().join("recording.json"))
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or(Value::Null);
    let populations = &recording.header().populations;
    let said = |index: usize| header["populations"][index]["first_id"].as_u64();
    populations.iter().enumerate().map(|(index, p)| said(index).unwrap_or(u64::from(p.first_neuron))).collect()
}

fn id_by_neuron<'a>(analysis: &'a Analysis, first_ids: &'a [u64]) -> impl Fn(u32) -> u64 + 'a {
    move |neuron| {
        let populations = &analysis.trains.plan().populations;
        let at = populations.partition_point(|(_, range)| range.end <= neuron);
        match (populations.get(at), first_ids.get(at)) {
            (Some((_, range)), Some(first_id)) => first_id + u64::from(neuron - range.start.min(neuron)),
            _ => u64::from(neuron),
        }
    }
}
