//! Scenes from outside: every built-in one, every kind of mistake, overrides, scaling, connectivity statistics.

use spikescope::model::Network;
use spikescope::model::scene::{Scene, built_in};

fn compile(name: &str, overrides: &[&str]) -> Network {
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    let scene = Scene::load(name, &overrides).unwrap_or_else(|error| panic!("{error}"));
    scene.compile(None).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_built_in_scene_compiles_and_frames_itself() {
    for known in built_in() {
        let scene = Scene::load(known.name, &[]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(scene.name, known.name);
        assert!(
            !scene.title.is_empty() && !scene.description.is_empty() && !scene.view.tour.is_empty(),
            "{}",
            known.name
        );
        let network = scene.compile(None).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(u64::from(network.neuron_count()), scene.neuron_count());
        spikescope::engine::check_network(&network).unwrap_or_else(|error| panic!("{}: {error}", known.name));
    }
}

#[test]
fn the_size_of_the_excitatory_population_scales_the_scene() {
    let network = compile("cuba", &["population.excitatory.size=400"]);
    assert_eq!(network.populations[1].size, 100);
}
