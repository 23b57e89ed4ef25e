//! The statistics against Elephant's own values, and what must hold for any spikes: time may be cut anywhere and the
//! pieces merged.

use proptest::prelude::*;
use serde_json::Value;
use spikescope::analysis::bins::{BinGrid, complexity, gaussian_rate_hz};
use spikescope::analysis::pairs::{Correlations, spike_time_tiling};
use spikescope::analysis::train::TrainOptions;
use spikescope::analysis::trains::{PopulationStatistics, TrainPlan, Trains};

/// Made by Elephant and Neo in the versions that the file names.
const ELEPHANT: &str = include_str!("data/elephant/trains.json");

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|x| x.as_f64().unwrap_or(f64::NAN)).collect()
}

fn plan(neurons: u32, to_ms: f64) -> TrainPlan {
    let half = neurons / 2;
    TrainPlan {
        populations: vec![("a".to_owned(), 0..half), ("b".to_owned(), half..neurons)],
        from_ms: 0.0,
        to_ms,
        options: TrainOptions::default(),
    }
}

/// As (time, neuron), sorted by time.
fn merged(trains: &[Vec<f64>]) -> (Vec<f64>, Vec<u32>) {
    let mut spikes: Vec<(f64, u32)> =
        trains.iter().zip(0..).flat_map(|(train, neuron)| train.iter().map(move |time| (*time, neuron))).collect();
    spikes.sort_by(|a, b| a.partial_cmp(b).expect("finite"));
    spikes.into_iter().unzip()
}

fn close(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{what}: {found}, Elephant says {expected}");
}

#[test]
fn trains_agree_with_elephant() {
    let data: Value = serde_json::from_str(ELEPHANT).expect("valid");
    let trains: Vec<Vec<f64>> = data["trains_ms"].as_array().expect("a list").iter().map(numbers).collect();
    let mut found = Trains::new(plan(trains.len() as u32, 2000.0));
    let (times, neurons) = merged(&trains);
    found.push(&times, &neurons);
    let windows = found.plan().count_windows();
    let mut compared = 0;
    for (neuron, (train, expected)) in found.trains().iter().zip(data["neurons"].as_array().expect("list")).enumerate()
    {
        let mine = [
            ("cv", train.cv()),
            ("cv2", train.cv2()),
            ("lv", train.lv()),
            ("lvr", train.lvr()),
            ("fano_factor_100ms_by_elephant", train.fano_factor(windows)),
        ];
        for (name, value) in mine {
            assert_eq!(value.is_some(), !expected[name].is_null(), "{name} of neuron {neuron}");
            if let (Some(value), Some(expected)) = (value, expected[name].as_f64()) {
                close(value, expected, name);
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 4 * 5 + 1);
    let all = found.all();
    let histogram: Vec<f64> = all.spikes_per_100ms_bin.iter().map(|count| *count as f64).collect();
    assert_eq!(histogram, numbers(&data["time_histogram_100ms"]));
    close(all.mean_rate_hz, (20.0 + 19.5 + 19.0 + 10.0 + 1.0) / 6.0, "rate");
    assert_eq!(found.trains()[3].bursts(), (4, 20), "four bursts of five");
}

#[test]
fn pairs_agree_with_elephant() {
    let data: Value = serde_json::from_str(ELEPHANT).expect("valid");
    let trains: Vec<Vec<f64>> = data["trains_ms"].as_array().expect("a list")[..5].iter().map(numbers).collect();
    let (times, neurons) = merged(&trains);
    let grid = BinGrid::new(0.0, 2000.0, 5.0).expect("few bins");
    let mut correlations = Correlations::new(grid, 5);
    let mut counts = vec![0; grid.len()];
    for (time, neuron) in times.iter().zip(&neurons) {
        correlations.push(*time, *neuron);
        counts[grid.bin(*time)] += 1;
    }
    let (covariance, correlation) = correlations.matrices();
    for (a, b) in (0..5).flat_map(|a| (0..5).map(move |b| (a, b))) {
        let of = |name: &str| data[name][a][b].as_f64().expect("a number");
        close(covariance[a * 5 + b], of("covariance"), "covariance");
        close(correlation[a * 5 + b], of("correlation"), "correlation");
        let tiling = spike_time_tiling(&trains[a], &trains[b], 0.0, 2000.0, 5.0).expect("spikes");
        close(tiling, of("tiling"), "spike-time tiling");
    }
    assert_eq!(spike_time_tiling(&trains[0], &[], 0.0, 2000.0, 5.0), None);
    let of_five: Vec<f64> = complexity(&counts).iter().map(|bins| *bins as f64).collect();
    let expected = numbers(&data["complexity_histogram"]);
    // Elephant counts a neuron once per bin; here neuron 3's bursts put two spikes into one bin at times.
    assert!((of_five[0] - expected[0]).abs() < 0.5, "{of_five:?} and {expected:?}");
}

#[test]
fn the_smoothed_rate_agrees_with_elephant() {
    let data: Value = serde_json::from_str(ELEPHANT).expect("valid");
    let train = numbers(&data["trains_ms"][2]);
    let grid = BinGrid::new(0.0, 2000.0, 10.0).expect("few bins");
    let mut counts = vec![0; grid.len()];
    train.iter().for_each(|time| counts[grid.bin(*time)] += 1);
    let mine = gaussian_rate_hz(&counts, 10.0, 20.0);
    let expected = numbers(&data["gaussian_rate_hz_of_train_2"]);
    // Elephant cuts its kernel and puts its samples between ours: the shape agrees, not the last digits.
    let highest = expected.iter().copied().fold(0.0, f64::max);
    let worst = mine.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(worst < 0.2 * highest, "{worst} Hz apart of {highest} Hz");
    let both = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    assert!((both(&mine[..expected.len()]) - both(&expected)).abs() < 0.05 * both(&expected));
}

fn same(a: &PopulationStatistics, b: &PopulationStatistics) -> Result<(), TestCaseError> {
    prop_assert_eq!((a.spike_count, a.active_neurons, a.bursts), (b.spike_count, b.active_neurons, b.bursts));
    prop_assert_eq!(&a.spikes_per_100ms_bin, &b.spikes_per_100ms_bin);
    prop_assert_eq!(&a.isi_histogram_1ms, &b.isi_histogram_1ms);
    prop_assert_eq!(
        (a.isi_cv_neurons, a.max_spikes_of_one_neuron, a.span_ms),
        (b.isi_cv_neurons, b.max_spikes_of_one_neuron, b.span_ms)
    );
    let pairs = [
        (a.isi_cv_mean, b.isi_cv_mean),
        (a.isi_cv2_mean, b.isi_cv2_mean),
        (a.isi_lv_mean, b.isi_lv_mean),
        (a.isi_lvr_mean, b.isi_lvr_mean),
        (a.fano_factor_mean, b.fano_factor_mean),
        (Some(a.sum_of_spike_times_ms), Some(b.sum_of_spike_times_ms)),
    ];
    for (x, y) in pairs {
        prop_assert_eq!(x.is_some(), y.is_some());
        let (x, y) = (x.unwrap_or(0.0), y.unwrap_or(0.0));
        prop_assert!((x - y).abs() <= 1e-9 * x.abs().max(1.0), "{} and {}", x, y);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Threads share the work by cutting time: wherever it is cut, the merged pieces say what one pass says.
    #[test]
    fn cut_and_merged_is_the_same(
        spikes in prop::collection::vec((0_u32..30_000, 0_u32..6), 0..300),
        cuts in prop::collection::vec(0_usize..300, 0..5),
    ) {
        let mut spikes = spikes;
        spikes.sort_unstable();
        let times: Vec<f64> = spikes.iter().map(|(tenth, _)| f64::from(*tenth) * 0.1).collect();
        let neurons: Vec<u32> = spikes.iter().map(|(_, neuron)| *neuron).collect();
        let mut whole = Trains::new(plan(6, 2950.0));
        whole.push(&times, &neurons);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (spikes.len() + 1)).collect();
        cuts.extend([0, spikes.len()]);
        cuts.sort_unstable();
        let mut sum = Trains::new(plan(6, 2950.0));
        for pair in cuts.windows(2) {
            let mut piece = Trains::new(plan(6, 2950.0));
            piece.push(&times[pair[0]..pair[1]], &neurons[pair[0]..pair[1]]);
            sum.append(&piece);
        }
        same(&whole.all(), &sum.all())?;
        same(&whole.population(1), &sum.population(1))?;
    }
}
