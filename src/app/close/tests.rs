//! Close up, from a session and a camera to what is drawn: the right neurons, their weights, the scale.

use super::*;
use crate::model::scene::Scene;
use crate::render::Pose;
use crate::session::{EngineChoice, SessionOptions};

fn gpu() -> Option<Arc<Gpu>> {
    let gpu = Gpu::headless(None).ok().map(Arc::new);
    if gpu.is_none() {
        assert!(std::env::var_os(crate::gpu::REQUIRE_GPU_VARIABLE).is_none(), "no adapter");
        eprintln!("skipped: no graphics adapter");
    }
    gpu
}

fn session(name: &str, engine: EngineChoice, gpu: &Arc<Gpu>) -> Session {
    let scene = Scene::load(name, &[]).expect("a scene");
    Session::open(scene, SessionOptions { engine, gpu: Some(Arc::clone(gpu)), seed: None }).expect("a session")
}

/// A view of one neuron from straight ahead.
fn view_of(network: &Network, neuron: u32, distance: f32) -> CameraView {
    let [x, y, z] = network.positions[neuron as usize];
    CameraView::new(Pose { eye: [x, y, z + distance], target: [x, y, z], fov_degrees: 45.0 }, 1.6)
}

fn shot<'a>(view: &'a CameraView, settings: &'a ViewSettings) -> Shot<'a> {
    Shot { view, size_px: [1280, 800], pixels_per_point: 1.0, settings, seconds: 0.0 }
}

#[test]
fn fields_are_the_weights_of_the_neurons_that_are_near_on_both_engines() {
    let Some(gpu) = gpu() else { return };
    for engine in [EngineChoice::Cpu, EngineChoice::Gpu] {
        let mut session = session("digits", engine, &gpu);
        session.advance(700).expect("it runs");
        let network = Arc::clone(session.network());
        let mut close = Close::new(&gpu, &network);
        let settings = ViewSettings { neuron_radius: 0.55, ..ViewSettings::default() };
        let neuron = network.populations[1].first + 44;
        let view = view_of(&network, neuron, 9.0);
        let mut input = SpaceInput::default();
        // A GPU's weights come back a neuron or two at a time.
        for _ in 0..40 {
            input = close.look(&session, &shot(&view, &settings));
            gpu.wait().expect("the GPU works");
        }
        assert_eq!(input.cards[0].neuron, neuron, "the nearest");
        assert_eq!(input.cards[0].title, "excitatory 44");
        let weights = session.engine().weights(0).expect("weights");
        let targets = network.populations[1].size as usize;
        let mut fields = 0;
        for card in &input.cards {
            let Some(CardContent::Field(field)) = &card.content else { continue };
            fields += 1;
            assert_eq!(field.size, [8, 8]);
            let local = (card.neuron - network.populations[1].first) as usize;
            let own: Vec<f32> = (0..64).map(|source| weights[source * targets + local]).collect();
            let strongest = own.iter().copied().fold(0.0, f32::max);
            for (share, weight) in field.shares.iter().zip(&own) {
                assert!((share - weight / strongest).abs() < 1e-5, "{engine:?}, neuron {local}");
            }
        }
        assert!((5..=CARDS_MOST).contains(&fields), "{fields}");
        assert!(input.near >= fields);
    }
}

#[test]
fn pruned_inputs_are_told_apart() {
    let Some(gpu) = gpu() else { return };
    let scene = Scene::load("compression", &[]).expect("a scene");
    let options = SessionOptions { engine: EngineChoice::Cpu, gpu: Some(Arc::clone(&gpu)), seed: None };
    let mut session = Session::open(scene, options).expect("a session");
    let network = Arc::clone(session.network());
    let pruned = (0..network.projections.len()).find(|&p| network.projections[p].pruning.is_some()).expect("one");
    for _ in 0..6 {
        session.engine().prune(pruned).expect("it prunes");
    }
    let target = &network.populations[network.projections[pruned].target];
    let source = &network.populations[network.projections[pruned].source];
    let mut fields = Fields::new(&gpu, &network);
    let neuron = target.first + 3;
    fields.update(&[neuron], &session.activity());
    let field = fields.field(neuron).expect("a field");
    let weights = session.engine().weights(pruned).expect("weights");
    let own = (0..source.size).map(|s| weights[(s * target.size + 3) as usize]);
    let gone = own.filter(|weight| *weight < 0.0).count();
    assert!(gone > 0, "something was pruned");
    assert_eq!((field.pruned as usize, field.shares.iter().filter(|share| **share < 0.0).count()), (gone, gone));
}

#[test]
fn curves_of_a_gpu_come_back_without_waiting_and_are_its_states() {
    let Some(gpu) = gpu() else { return };
    let mut session = session("cuba", EngineChoice::Gpu, &gpu);
    let network = Arc::clone(session.network());
    let mut close = Close::new(&gpu, &network);
    let settings = ViewSettings { neuron_radius: 0.28, ..ViewSettings::default() };
    let view = view_of(&network, 100, 4.0);
    let mut probed = Vec::new();
    for _ in 0..6 {
        session.advance(40).expect("it runs");
        close.look(&session, &shot(&view, &settings));
        gpu.wait().expect("the GPU works");
        let request = crate::engine::SampleRequest { probe: Some(100), ..Default::default() };
        assert!(session.engine().request_sample(&request));
        session.engine().wait().expect("the GPU works");
        // The session's own samples come first.
        let samples = std::iter::from_fn(|| session.engine().poll_sample());
        let probe = samples.filter_map(|sample| sample.probe).last().expect("a probe");
        probed.push([session.step() as f64 * network.dt_ms, f64::from(probe.state.membrane_mv) - 49.0]);
    }
    let input = close.look(&session, &shot(&view, &settings));
    let card = input.cards.iter().find(|card| card.neuron == 100).expect("it is near");
    let Some(CardContent::Curve(curve)) = &card.content else { panic!("a curve") };
    assert_eq!(curve.points.to_vec(), probed);
    let curves = input.cards.iter().filter(|card| card.content.is_some()).count();
    assert!(curves <= CURVES_MOST, "{curves}");
}

#[test]
fn the_scale_bar_is_as_long_as_what_it_measures() {
    let settings = ViewSettings::default();
    for (distance, pixels_per_point) in [(12.0, 1.0), (70.0, 2.0), (0.4, 1.5)] {
        let target = Vec3::new(3.0, -1.0, 2.0);
        let eye = (target + Vec3::new(0.5, 0.3, 1.0).normalize() * distance).to_array();
        let view = CameraView::new(Pose { eye, target: target.to_array(), fov_degrees: 35.0 }, 1.6);
        let shot = Shot { pixels_per_point, ..shot(&view, &settings) };
        let ruler = ruler(&shot).expect("a scale");
        let (length, _) = ruler.text().expect("a length");
        // Two points that far apart, across the view at the depth of the focus.
        let half = view.right * (0.5 * length as f32);
        let ends = [target - half, target + half].map(|end| view.project(end, shot.size_px).expect("in front").0);
        let points = ends[0].distance(ends[1]) / pixels_per_point;
        let drawn = length as f32 * ruler.points_per_unit;
        assert!((points - drawn).abs() < 0.05, "{points} points, but the bar has {drawn}");
    }
}

#[test]
fn names_stand_where_their_populations_are() {
    let Some(gpu) = gpu() else { return };
    let session = session("digits", EngineChoice::Cpu, &gpu);
    let mut close = Close::new(&gpu, session.network());
    let settings = ViewSettings { billboards: false, ..ViewSettings::default() };
    let bounds = Bounds::of(&session.network().positions);
    let view = CameraView::new(Pose::framing(bounds.low, bounds.high, [1.0, 0.2, 0.5], 45.0, 1.6), 1.6);
    let input = close.look(&session, &shot(&view, &settings));
    assert!(input.cards.is_empty());
    assert_eq!(
        input.names.iter().map(|name| name.text.as_str()).collect::<Vec<_>>(),
        ["input", "excitatory", "inhibitory"]
    );
    for (name, population) in input.names.iter().zip(&session.network().populations) {
        for neuron in population.neurons() {
            let place = Vec3::from_array(session.network().positions[neuron as usize]);
            let (px, _) = view.project(place, [1280, 800]).expect("in front");
            assert!(name.outline.contains(point(px)), "{}: {px} in {:?}", name.text, name.outline);
        }
    }
    let hidden = ViewSettings { labels: false, ..settings };
    let input = close.look(&session, &shot(&view, &hidden));
    assert!(input.names.is_empty() && input.ruler.is_none());
}
