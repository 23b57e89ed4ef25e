//! Synapses in pictures, from outside: layers, what they count and say, pulses where their delay puts them, bundles, arcs.

use std::sync::Arc;

use glam::Vec3;
use spikescope::engine::PRUNED;
use spikescope::model::{Connectivity, Delays, Network, Weights};
use spikescope::render::{CameraView, Pose};
use spikescope::session::ViewSettings;
use spikescope::session::selection::HIDDEN;
use spikescope::session::traffic::Traffic;
use spikescope::session::view::{Direction, PointStyle, SynapseLayers};

#[path = "common/studio.rs"]
mod studio;

use studio::*;

#[test]
fn a_line_shines_grows_with_its_weight_and_goes_when_pruned() {
    let Some(gpu) = gpu() else { return };
    let network = joined();
    // Rasterised, then gathered.
    for points in [PointStyle::Quads, PointStyle::Splats] {
        let hidden = ViewSettings { synapse_opacity: 1.0, neuron_radius: 0.2, ..plain(points) };
        let shown =
            ViewSettings { synapses: SynapseLayers { sample: true, ..SynapseLayers::HIDDEN }, ..hidden.clone() };
        let mut studio = Studio::new(Arc::clone(&gpu), &network, &shown);
        let dark = studio.shoot(&quiet(2), &hidden, STEP);
        let light = |studio: &mut Studio, share: f32, step: u64| {
            studio.weights = vec![Some(vec![share])];
            studio.shoot(&quiet(2), &shown, step).total_beyond(&dark)
        };
        let strong = light(&mut studio, 0.9, STEP);
        assert!(strong.x > 3.0 && strong.x > 2.0 * strong.z, "{points:?}: amber light: {strong}");
        let weak = light(&mut studio, 0.3, STEP);
        assert!(weak.x > 0.0 && weak.x < 0.4 * strong.x, "{points:?}: {weak} of {strong}");
        let flash = light(&mut studio, PRUNED, STEP + 1);
        assert!(flash.z > 2.0 * strong.z, "{points:?}: the rose flash of a pruned line: {flash}");
        // It fades over several pictures, however much time passes between them.
        let after = light(&mut studio, PRUNED, STEP + 2000);
        assert!(after.x < flash.x && after.x > 0.3 * flash.x, "{points:?}: {after} of {flash}");
        let gone = (3..80).map(|k| light(&mut studio, PRUNED, STEP + 1000 * k)).last().expect("pictures");
        assert!(gone.abs().max_element() < 0.02, "{points:?}: {gone}");
    }
}

#[test]
fn a_pulse_travels_from_source_to_target() {
    let Some(gpu) = gpu() else { return };
    let network = joined();
    for points in [PointStyle::Quads, PointStyle::Splats] {
        let settings = ViewSettings {
            synapses: SynapseLayers { sample: true, pulses: true, ..SynapseLayers::HIDDEN },
            synapse_opacity: 0.5,
            flash_decay_ms: 50.0,
            neuron_radius: 0.05,
            ..plain(points)
        };
        let mut studio = Studio::new(Arc::clone(&gpu), &network, &settings);
        let still = studio.shoot(&quiet(2), &settings, STEP);
        // The delay is 20 ms, but no pulse crosses faster than the flash decays: 50 ms.
        let mut brightest = |age: u64| {
            let picture = studio.shoot(&spiking(2, 0, STEP - age), &settings, STEP);
            let lights = picture.beyond(&still).into_iter();
            let near_line = lights.filter(|(x, ..)| (60..132).contains(x));
            near_line.max_by(|a, b| a.2.x.total_cmp(&b.2.x)).map(|(x, _, light)| (x, light.x)).expect("pixels")
        };
        let (early, late) = (brightest(20), brightest(32));
        assert!(early.1 > 0.05 && late.1 > 0.05, "{points:?}: {early:?} {late:?}");
        assert!(late.0 > early.0 + 8, "{points:?}: it moves to the target: {early:?} {late:?}");
    }
}

#[test]
fn the_synapse_budget_holds_and_is_stated() {
    let Some(gpu) = gpu() else { return };
    let mut network = joined();
    network.populations = vec![population(0, 40, [1.0; 3]), population(40, 50, [1.0; 3])];
    network.positions = (0..90).map(|k| [(k % 10) as f32 - 5.0, (k / 10) as f32 - 4.0, 0.0]).collect();
    network.projections[0].connectivity = Connectivity::AllToAll;
    network.projections[0].weights = Weights::PerSynapse(vec![0.5; 2000]);
    let settings = ViewSettings {
        synapses: SynapseLayers { sample: true, pulses: true, ..SynapseLayers::HIDDEN },
        synapse_budget: 500,
        ..plain(PointStyle::Auto)
    };
    let mut studio = Studio::new(gpu, &network, &settings);
    studio.shoot(&quiet(90), &settings, STEP);
    let notices = studio.renderer.notices();
    assert!(notices.iter().any(|n| n == "500 of 2,000 synapses drawn (25.0 %)"), "{notices:?}");
    assert!(!studio.renderer.needs_load(&settings));
    let all = ViewSettings { synapse_budget: 5000, ..settings };
    assert!(studio.renderer.needs_load(&all));
    studio.renderer.load(&network, &studio.buffers, &all);
    studio.shoot(&quiet(90), &all, STEP);
    assert!(studio.renderer.notices().iter().all(|n| !n.contains("synapses drawn")), "all are drawn");
}

#[test]
fn a_picked_neuron_and_its_partners_are_marked() {
    let Some(gpu) = gpu() else { return };
    let network = joined();
    let settings = ViewSettings {
        synapses: SynapseLayers { of_selection: Direction::Both, ..SynapseLayers::HIDDEN },
        neuron_radius: 0.2,
        ..plain(PointStyle::Quads)
    };
    let mut studio = Studio::new(gpu, &network, &settings);
    let before = studio.shoot(&quiet(2), &settings, STEP);
    studio.renderer.set_picked(&network, Some(0), &[(1, 0.9)]);
    let picked = studio.shoot(&quiet(2), &settings, STEP);
    let near = |x: f32| {
        let (px, _) = view().project(Vec3::new(x, 0.0, 0.0), SIZE).expect("in view");
        let lights = picked.beyond(&before).into_iter();
        lights.filter(|(u, v, _)| px.distance(glam::Vec2::new(*u as f32, *v as f32)) < 12.0).map(|p| p.2.y).sum::<f32>()
    };
    assert!(near(-4.0) > 1.0, "the picked neuron's ring: {}", near(-4.0));
    assert!(near(4.0) > 1.0, "its partner's ring: {}", near(4.0));
    assert!(near(0.0) > 0.3, "the line between them: {}", near(0.0));
    let meanings: Vec<_> = studio.renderer.line_meanings().into_iter().map(|meaning| meaning.text).collect();
    let drawn = ["synapse that excites", "out of the selection", "spike on its way"];
    assert_eq!(meanings, drawn, "what is drawn, and nothing else");
    studio.renderer.set_picked(&network, None, &[]);
    assert!(studio.shoot(&quiet(2), &settings, STEP) == before);
    assert_eq!(studio.renderer.line_meanings(), []);
}

/// Forty sources in a row, fifty targets in a row above.
fn rows(weights: Vec<f32>) -> Network {
    let mut network = joined();
    network.populations = vec![population(0, 40, [1.0; 3]), population(40, 50, [1.0; 3])];
    network.positions = (0..90)
        .map(|k| if k < 40 { [k as f32 * 0.2 - 4.0, -3.0, 0.0] } else { [(k - 40) as f32 * 0.16 - 4.0, 3.0, 0.0] })
        .collect();
    network.projections[0].connectivity = Connectivity::AllToAll;
    network.projections[0].weights = Weights::PerSynapse(weights);
    network
}

fn only(layer: impl FnOnce(&mut SynapseLayers)) -> SynapseLayers {
    let mut layers = SynapseLayers { bundled: 0.0, ..SynapseLayers::HIDDEN };
    layer(&mut layers);
    layers
}

#[test]
fn a_sample_shines_like_all_it_stands_for() {
    let Some(gpu) = gpu() else { return };
    let network = rows((0..2000).map(|k| 0.3 + 0.3 * ((k * 37) % 100) as f32 / 100.0).collect());
    for points in [PointStyle::Quads, PointStyle::Splats] {
        let light = |budget: u32| {
            let settings = ViewSettings {
                synapses: only(|layers| layers.sample = true),
                synapse_budget: budget,
                synapse_opacity: 0.25,
                neuron_radius: 0.2,
                ..plain(points)
            };
            let hidden = ViewSettings { synapses: SynapseLayers::HIDDEN, ..settings.clone() };
            let mut studio = Studio::new(Arc::clone(&gpu), &network, &settings);
            studio.weights = vec![match &network.projections[0].weights {
                Weights::PerSynapse(weights) => Some(weights.clone()),
                Weights::Constant(_) => None,
            }];
            let dark = studio.shoot(&quiet(90), &hidden, STEP);
            studio.shoot(&quiet(90), &settings, STEP).total_beyond(&dark).x
        };
        let (all, half, some) = (light(2000), light(1000), light(700));
        assert!((half / all - 1.0).abs() < 0.12, "{points:?}: {half} of {all}");
        assert!((some / all - 1.0).abs() < 0.12, "{points:?}: {some} of {all}");
    }
}

#[test]
fn inputs_and_outputs_of_a_selection_are_told_apart_without_colours() {
    let Some(gpu) = gpu() else { return };
    let network = joined();
    for points in [PointStyle::Quads, PointStyle::Splats] {
        let settings = ViewSettings {
            synapses: only(|layers| layers.of_selection = Direction::Both),
            synapse_opacity: 0.3,
            neuron_radius: 0.1,
            ..plain(points)
        };
        let mut studio = Studio::new(Arc::clone(&gpu), &network, &settings);
        let dark = studio.shoot(&quiet(2), &settings, STEP);
        // Light along the line from the first neuron to the second, in eighths of the way.
        let mut along = |neuron: u32, version: u64| {
            studio.renderer.set_selected(&network, &[neuron], version);
            let picture = studio.shoot(&quiet(2), &settings, STEP);
            let mut columns = vec![0.0_f32; SIZE[0] as usize];
            picture.beyond(&dark).into_iter().for_each(|(x, _, light)| columns[x as usize] += light.x);
            let column = |x: f32| view().project(Vec3::new(x, 0.0, 0.0), SIZE).expect("in view").0.x as usize;
            columns[column(-3.7)..column(3.7)].to_vec()
        };
        let outputs = along(0, 1);
        let dashes = outputs.windows(2).filter(|pair| (pair[0] > 0.02) != (pair[1] > 0.02)).count();
        assert!(dashes >= 8, "{points:?}: outputs are dashed: {outputs:?}");
        let inputs = along(1, 2);
        let (begin, end) = (inputs[0], inputs[inputs.len() - 1]);
        assert!(begin > 0.02 && end > 2.0 * begin, "{points:?}: inputs shine more where they arrive: {inputs:?}");
        assert!(inputs.iter().all(|&light| light > 0.02), "{points:?}: and are whole: {inputs:?}");
        let asked =
            ViewSettings { synapses: only(|layers| layers.of_selection = Direction::Outputs), ..settings.clone() };
        assert!(studio.shoot(&quiet(2), &asked, STEP) == dark, "{points:?}: the last neuron has no outputs");
    }
}

#[test]
fn a_pulse_is_where_its_delay_says() {
    let Some(gpu) = gpu() else { return };
    let mut network = joined();
    network.projections[0].delays = Delays::Constant(80);
    for points in [PointStyle::Quads, PointStyle::Splats] {
        let settings = ViewSettings {
            synapses: only(|layers| layers.pulses = true),
            synapse_opacity: 1.0,
            flash_decay_ms: 20.0,
            neuron_radius: 0.05,
            ..plain(points)
        };
        let mut studio = Studio::new(Arc::clone(&gpu), &network, &settings);
        let still = studio.shoot(&quiet(2), &settings, STEP);
        for age in [20_u64, 40, 60] {
            let picture = studio.shoot(&spiking(2, 0, STEP - age), &settings, STEP);
            let lights = picture.beyond(&still).into_iter().filter(|(x, ..)| (60..132).contains(x));
            let brightest = lights.max_by(|a, b| a.2.x.total_cmp(&b.2.x)).expect("pixels");
            // A straight line from -4 to 4, crossed in 80 ms.
            let expected = view().project(Vec3::new(-4.0 + 0.1 * age as f32, 0.0, 0.0), SIZE).expect("in view").0;
            assert!(brightest.2.x > 0.05, "{points:?}: a light at {age} ms");
            assert!((brightest.0 as f32 - expected.x).abs() < 2.5, "{points:?}: {age} ms: {brightest:?}, {expected}");
        }
    }
}

#[test]
fn bundling_moves_the_middle_of_a_line_and_never_its_ends() {
    let Some(gpu) = gpu() else { return };
    let mut network = rows(vec![0.0; 2000]);
    // One line, from the far left below to the far left above.
    let mut live = vec![0.0; 2000];
    live[0] = 1.0;
    network.projections[0].weights = Weights::PerSynapse(live.clone());
    let settings = ViewSettings { synapse_opacity: 1.0, neuron_radius: 0.05, ..plain(PointStyle::Splats) };
    let mut studio = Studio::new(gpu, &network, &settings);
    studio.weights = vec![Some(live)];
    let dark = studio.shoot(&quiet(90), &settings, STEP);
    let mut across = |bundled: f32, y: f32| {
        let layers = SynapseLayers { bundled, ..only(|layers| layers.sample = true) };
        let picture = studio.shoot(&quiet(90), &ViewSettings { synapses: layers, ..settings.clone() }, STEP);
        let row = view().project(Vec3::new(0.0, y, 0.0), SIZE).expect("in view").0.y as u32;
        let (mut sum, mut weight) = (0.0, 0.0);
        for (x, _, light) in picture.beyond(&dark).into_iter().filter(|p| p.1 == row) {
            (sum, weight) = (sum + x as f32 * light.x, weight + light.x);
        }
        assert!(weight > 0.01, "a line at height {y}, bundled {bundled}");
        sum / weight
    };
    let end = |y: f32| view().project(Vec3::new(-4.0, y, 0.0), SIZE).expect("in view").0.x;
    for bundled in [0.0, 0.5, 1.0] {
        for y in [-2.95, 2.95] {
            assert!((across(bundled, y) - end(y)).abs() < 3.0, "{bundled}: {} {}", across(bundled, y), end(y));
        }
    }
    let (straight, half, whole) = (across(0.0, 0.0), across(0.5, 0.0), across(1.0, 0.0));
    assert!(half > straight + 5.0 && whole > half + 5.0, "to the middle: {straight} {half} {whole}");
}

#[test]
fn ranked_layers_and_the_graveyard_show_and_count_what_there_is() {
    let Some(gpu) = gpu() else { return };
    let network = Arc::new(rows(vec![0.5; 2000]));
    // 150 are gone, 100 grew, 50 shrank.
    let live: Vec<f32> = (0..2000)
        .map(|k| match k {
            0..150 => PRUNED,
            500..600 => 0.8,
            700..750 => 0.2,
            _ => 0.5,
        })
        .collect();
    let shot = |layers: SynapseLayers| {
        let settings = ViewSettings { synapses: layers, synapse_opacity: 1.0, ..plain(PointStyle::Auto) };
        let mut studio = Studio::new(Arc::clone(&gpu), &network, &settings);
        studio.weights = vec![Some(live.clone())];
        let dark =
            studio.shoot(&quiet(90), &ViewSettings { synapses: SynapseLayers::HIDDEN, ..settings.clone() }, STEP);
        let activity = host(&[], &[], &studio.weights);
        studio.renderer.follow(&network, &activity, &settings, true);
        let picture = studio.shoot(&quiet(90), &settings, STEP);
        (picture.total_beyond(&dark), studio.renderer.notices())
    };
    let (light, notices) = shot(only(|layers| layers.graveyard = true));
    assert!(light.x > 0.5 && light.z > 0.3, "rose: {light}");
    assert!(notices.iter().any(|n| n == "graveyard: 150 synapses pruned; rose dots"), "{notices:?}");
    let (light, notices) = shot(only(|layers| layers.most_changed = true));
    assert!(light.x > 0.5, "{light}");
    let expected = "the 150 most changed since the start of 150: 100 grew (solid), 50 shrank (dotted)";
    assert!(notices.iter().any(|n| n == expected), "{notices:?}");
    let (light, notices) = shot(only(|layers| layers.strongest = true));
    assert!(light.x > 0.5, "{light}");
    // A sixteenth of the usual 20,000 lines is for ranks: those that grew, and some of those that stayed.
    let expected = "the 1,250 strongest of 1,850 synapses; 550 more are as strong as the weakest of them";
    assert!(notices.iter().any(|n| n == expected), "{notices:?}");
}

#[test]
fn lines_and_pulses_of_hidden_neurons_are_not_drawn() {
    let Some(gpu) = gpu() else { return };
    let network = joined();
    for points in [PointStyle::Quads, PointStyle::Splats] {
        let layers = only(|layers| (layers.sample, layers.pulses) = (true, true));
        let settings = ViewSettings { synapses: layers, neuron_radius: 0.05, ..plain(points) };
        let nothing = ViewSettings { synapses: SynapseLayers::HIDDEN, ..settings.clone() };
        let mut studio = Studio::new(Arc::clone(&gpu), &network, &settings);
        let neurons = spiking(2, 0, STEP - 20);
        for (version, flags) in [(1, [HIDDEN, 0]), (2, [0, HIDDEN])] {
            studio.renderer.set_flags(&flags, version);
            assert!(
                studio.shoot(&neurons, &settings, STEP) == studio.shoot(&neurons, &nothing, STEP),
                "{points:?}: {flags:?}"
            );
        }
        studio.renderer.set_flags(&[0, 0], 3);
        assert!(studio.shoot(&neurons, &settings, STEP) != studio.shoot(&neurons, &nothing, STEP), "{points:?}");
    }
}

#[test]
fn arcs_are_seen_from_afar_alone_and_say_what_they_mean() {
    let Some(gpu) = gpu() else { return };
    let network = rows(vec![0.5; 2000]);
    let settings = ViewSettings { synapses: only(|layers| layers.arcs = true), ..plain(PointStyle::Auto) };
    let hidden = ViewSettings { synapses: SynapseLayers::HIDDEN, ..settings.clone() };
    let mut studio = Studio::new(gpu, &network, &settings);
    let near = studio.shoot(&quiet(90), &hidden, STEP);
    assert!(studio.shoot(&quiet(90), &settings, STEP) == near, "near, there are none");
    let pose = Pose { eye: [0.0, 0.0, 90.0], target: [0.0; 3], fov_degrees: 45.0 };
    studio.camera = CameraView::new(pose, SIZE[0] as f32 / SIZE[1] as f32);
    let dark = studio.shoot(&quiet(90), &hidden, STEP);
    let mut light = |delivered_hz: f64| {
        let traffic = [Traffic { synapses: 2000, weight_mean: Some(0.5), delivered_hz }];
        studio.renderer.set_traffic(&traffic);
        studio.shoot(&quiet(90), &settings, STEP).total_beyond(&dark).x
    };
    let (quiet_light, busy_light) = (light(0.0), light(3000.0));
    assert!(quiet_light > 0.1 && busy_light > 1.5 * quiet_light, "{quiet_light} {busy_light}");
    let notices = studio.renderer.notices();
    assert!(
        notices.iter().any(|n| n.starts_with("1 arc, one per projection") && n.contains("3000 a second")),
        "{notices:?}"
    );
}
