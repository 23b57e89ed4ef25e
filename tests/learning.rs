//! Learning from outside: the digits scene learns real digits well above chance, online and on held-out images, and the
//! protocol shows images again when they got too few answers.

use std::path::Path;

use spikescope::model::scene::Scene;
use spikescope::session::{EngineChoice, Session, SessionOptions};

fn open(overrides: &[&str]) -> Session {
    let overrides: Vec<String> = overrides.iter().map(|&o| o.to_owned()).collect();
    let scene = Scene::load("digits", &overrides).expect("the built-in scene");
    Session::open(scene, SessionOptions { engine: EngineChoice::Cpu, gpu: None, seed: Some(1) }).expect("opens")
}

fn online_percent(session: &Session) -> f64 {
    session.protocol().and_then(|p| p.score().accuracy_percent()).expect("images were shown")
}

#[test]
fn the_digits_scene_learns_to_read() {
    let mut session = open(&["learning.test_images=599"]);
    // As many images as the scene shows in two minutes at its own speed: chance is 10 %.
    session.train(600, &mut |_| true).expect("runs");
    let early = online_percent(&session);
    eprintln!("online after 600 images: {early:.1} %");
    assert!(early >= 65.0, "only {early} % after 600 images");
    session.train(1400, &mut |_| true).expect("runs");
    let late = online_percent(&session);
    let report = session.test(None, 599, &mut |_| true).expect("runs");
    eprintln!("online after 2,000 images: {late:.1} %; held-out third: {:.1} %", report.accuracy_percent);
    assert_eq!(report.images, 599);
    assert!(late >= 72.0, "only {late} % after 2,000 images");
    assert!(report.accuracy_percent >= 75.0, "only {} % of the held-out third", report.accuracy_percent);
    let labelled = session.protocol().map_or(0, |p| p.score().assigned().iter().flatten().count());
    assert!(labelled >= 90, "only {labelled} of 100 neurons stand for a digit");
}

#[test]
fn images_with_too_few_answers_are_shown_again_brighter() {
    // Nobody ever spikes enough: every image is shown 1 + 2 times, each time with a higher rate.
    let mut session = open(&[
        "learning.min_spikes=1000000",
        "learning.max_retries=2",
        "learning.intensity_step_hz_per_level=0.25",
        "learning.present_ms=100",
    ]);
    session.keep_spikes();
    session.train(3, &mut |_| true).expect("runs");
    let showings = session.drain_showings();
    let repeated: Vec<(u64, bool)> = showings.iter().map(|s| (s.presentation, s.repeated)).collect();
    let one_image = |n: u64| [(n, true), (n, true), (n + 1, false)];
    assert_eq!(repeated, [one_image(0), one_image(1), one_image(2)].concat());
    assert!(showings.chunks(3).all(|image| image.iter().all(|s| s.image == image[0].image)));
    // 100 ms of image and 50 ms of silence at 0.5 ms per step, one showing after the other.
    let spans: Vec<(u64, u64)> = showings.iter().map(|s| (s.start_step, s.end_step)).collect();
    assert_eq!(spans, (0..9).map(|n| (n * 300, n * 300 + 200)).collect::<Vec<_>>());
    let input = session.network().populations[0].neurons();
    let spikes = session.drain_spikes();
    let input_spikes = |(start, end): (u64, u64)| {
        let shown = |step: u32| u64::from(step) > start && u64::from(step) <= end;
        spikes.iter().filter(|s| input.contains(&s.neuron) && shown(s.step)).count() as f64
    };
    // Intensities 1, 2 and 3 times the first; 10 % is several standard errors of these counts.
    let [first, second, third] =
        [0, 1, 2].map(|nth| (0..3).map(|image| input_spikes(spans[3 * image + nth])).sum::<f64>());
    assert!((second / first - 2.0).abs() < 0.25 && (third / first - 3.0).abs() < 0.45, "{first} {second} {third}");
    let silent = |step: u32| u64::from(step) % 300 == 0 || u64::from(step) % 300 > 200;
    assert!(!spikes.iter().any(|s| input.contains(&s.neuron) && silent(s.step)), "silence is silent");
}

#[test]
fn any_data_drives_the_input_alike() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/mnist");
    let mut rates = Vec::new();
    let mnist = format!("learning.data={}", folder.display());
    let mut sources = vec![vec![]];
    if folder.is_dir() {
        sources.push(vec![mnist.as_str(), "population.excitatory.size=10"]);
    } else {
        eprintln!("skipped: no MNIST at {}", folder.display());
    }
    for overrides in &sources {
        let mut session = open(&[&overrides[..], &["learning.max_retries=0"]].concat());
        session.train(20, &mut |_| true).expect("runs");
        let input = session.network().populations[0].neurons();
        let spikes = session.drain_spikes().iter().filter(|s| input.contains(&s.neuron)).count();
        rates.push(spikes as f64 / (20.0 * 0.15));
    }
    // 6,500 Hz in the mean over all images; twenty of them differ.
    assert!(rates.iter().all(|rate| (4500.0..8500.0).contains(rate)), "{rates:?} Hz");
}
