//! Tours from outside: every built-in scene tells its story in time, and a film of a tour shows the same steps and
//! captions every time it is made.

use std::fs;
use std::path::Path;

use serde_json::Value;
use spikescope::model::scene::{Scene, built_in};

#[path = "common/adapter.rs"]
mod adapter;
#[path = "common/program.rs"]
mod program;

use adapter::gpu;
use program::{json, program, stderr};

/// A talk of three steps over a network that keeps itself awake.
const TALK: &str = r#"
dt_ms = 0.1
seed = 5
[population.excitatory]
size = 80
cell = "lif"
synapse = "current"
v_rest_mv = -49
v_reset_mv = -60
v_threshold_mv = -50
tau_membrane_ms = 20
tau_excitatory_ms = 5
tau_inhibitory_ms = 10
refractory_ms = 5
initial_membrane_mv = { uniform = [-60, -50] }
[projection.excitation]
source = "excitatory"
target = "excitatory"
rule = "fixed-in-degree"
in_degree = 8
weight = 0.5
[view]
speed = 0.1
[[tour]]
camera = "opening"
move_s = 0
hold_s = 1
caption = "It begins"
[[tour]]
camera = { azimuth_degrees = 90 }
move_s = 1
hold_s = 1
turn_degrees = 20
wait = "key"
caption = "And goes on"
detail = "much as before"
actions = [{ mark = "here" }, { chart = "rate" }]
[[tour]]
hold_s = 1
caption = "Until it ends"
actions = [{ compare = "here" }, { look = { colour_by = "rate" } }]
"#;

#[test]
fn every_built_in_scene_tells_its_story_in_two_minutes() {
    for known in built_in() {
        let tour = Scene::load(known.name, &[]).expect("valid").view.tour;
        let seconds: f64 = tour.iter().map(spikescope::model::scene::TourStep::seconds).sum();
        assert!((30.0..120.0).contains(&seconds), "{}: {seconds} s", known.name);
        assert!(tour.len() >= 4, "{} tells something", known.name);
        for step in &tour {
            let caption = step.caption.as_deref().expect("something is said");
            assert!(
                caption.len() <= 70 && (!caption.ends_with('.') || caption.ends_with(" ...")),
                "{}: {caption}",
                known.name
            );
            assert!(step.hold_s >= 5.0, "{}: {caption}: there is time to read", known.name);
            let detail = step.detail.as_deref().unwrap_or_default();
            assert!(detail.len() <= 110, "{}: {detail}", known.name);
        }
    }
}

#[test]
fn the_compression_scene_is_the_digits_scene_with_pruning() {
    let [digits, compression] = ["digits", "compression"].map(|name| Scene::load(name, &[]).expect("valid"));
    let networks = [&digits, &compression].map(|scene| scene.compile(None).expect("a network"));
    assert_eq!(networks[0].neuron_count(), networks[1].neuron_count());
    assert_eq!(networks[0].synapse_count(), networks[1].synapse_count());
    let pruned = networks.map(|network| network.projections.iter().filter(|p| p.pruning.is_some()).count());
    assert_eq!(pruned, [0, 1]);
    assert_eq!(compression.learning.map(|learning| learning.label_window), Some(300));
}

fn film(folder: &Path, out: &str, more: &[&str]) -> Value {
    fs::write(folder.join("talk.toml"), TALK).expect("scene");
    let mut command = program();
    command.args(["render", "talk.toml", "--camera", "tour", "--size", "320x180", "--fps", "2", "--json"]);
    let output = command.current_dir(folder).args(["--out", out]).args(more).output().expect("runs");
    assert!(output.status.success(), "{}", stderr(&output));
    json(&output.stdout)
}

fn pixels(path: &Path) -> Vec<u8> {
    let file = std::io::BufReader::new(fs::File::open(path).expect("a frame"));
    let mut reader = png::Decoder::new(file).read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("small")];
    reader.next_frame(&mut pixels).expect("whole");
    pixels
}

#[test]
fn a_film_of_a_tour_is_the_same_every_time_and_says_what_the_tour_says() {
    if gpu().is_none() {
        return;
    }
    let temporary = tempfile::tempdir().expect("temporary folder");
    let folder = temporary.path();
    let (first, second) = (film(folder, "a", &[]), film(folder, "b", &[]));
    let silent = film(folder, "c", &["--overlay", "none"]);
    // Four seconds at two frames a second, and the last moment; nobody has to press a key.
    assert_eq!(first["frames"], 9);
    assert_eq!((&first["frames_hash"], &first["state_hash"]), (&second["frames_hash"], &second["state_hash"]));
    assert_eq!(first["state_hash"], silent["state_hash"]);
    assert_ne!(first["frames_hash"], silent["frames_hash"]);
    // Frame k shows k x 500 steps: half a second of film at a tenth of real time.
    let stretch = serde_json::json!([{ "first_frame": 0, "first_step": 0, "steps_per_frame": 500 }]);
    assert_eq!((&first["stretches"], &first["simulated_ms"]), (&stretch, &Value::from(8.0 * 50.0)));
    for (frame, said) in [(0, true), (4, true), (8, true)] {
        let name = format!("frame_{frame:06}.png");
        let (a, b, c) = (
            pixels(&folder.join("a").join(&name)),
            pixels(&folder.join("b").join(&name)),
            pixels(&folder.join("c").join(&name)),
        );
        assert_eq!(a, b, "{name}");
        // Bright text where the caption stands, and nothing there without it.
        let bright = |pixels: &[u8]| {
            let rows = 140..172;
            rows.flat_map(|y| (40..280).map(move |x| (y * 320 + x) * 3))
                .filter(|&at| pixels[at..at + 3].iter().all(|&v| v > 170))
                .count()
        };
        assert_eq!(bright(&a) > bright(&c) + 40, said, "{name}: {} and {}", bright(&a), bright(&c));
    }
}
