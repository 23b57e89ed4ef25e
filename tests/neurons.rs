//! Neurons in pictures, from outside: light that stays the same however many are drawn, flags and clips obeyed, channels
//! that show what a host computation says, the light stage, and spheres and points of light in one picture.

#[path = "common/studio.rs"]
#[allow(unreachable_pub, reason = "shared by several test binaries")]
mod studio;

use std::sync::Arc;

use glam::Vec3;
use spikescope::engine::NeuronState;
use spikescope::model::Network;
use spikescope::render::{CameraView, Pose, map_colour};
use spikescope::session::ViewSettings;
use spikescope::session::view::{Channel, ChannelSlot, Clip, MapName, Others, PointStyle, Quality, Theme, Variable};
use studio::{Picture, STEP, Studio, gpu, plain, population, quiet, singles, spiking, view};

/// A cloud of neurons of one population in a box of 8 x 4 x 4.
fn cloud(count: u32) -> Network {
    let mut state = 7_u32;
    let mut chance = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 16_777_216.0 - 0.5
    };
    Network {
        name: "cloud".into(),
        dt_ms: 1.0,
        populations: vec![population(0, count, [0.7, 0.6, 0.5])],
        positions: (0..count).map(|_| [8.0 * chance(), 4.0 * chance(), 4.0 * chance()]).collect(),
        ..Network::default()
    }
}

/// Resting neurons only, dim enough for the straight part of the tone curve.
fn resting(count: u32) -> ViewSettings {
    ViewSettings {
        base_brightness: 0.6,
        neuron_radius: 3.0 / (count as f32).sqrt(),
        exposure: -3.0,
        ..plain(PointStyle::Splats)
    }
}

fn pixels(picture: &Picture, dark: &Picture) -> usize {
    picture.beyond(dark).iter().filter(|(.., light)| light.abs().max_element() > 0.004).count()
}

#[test]
fn thinning_keeps_the_light() {
    let Some(gpu) = gpu() else { return };
    let network = cloud(30_000);
    let full = ViewSettings { quality: Quality::Pinned(1.0), ..resting(30_000) };
    let mut studio = Studio::new(gpu, &network, &full);
    let nothing = ViewSettings { base_brightness: 0.0, ..full.clone() };
    let dark = studio.shoot(&quiet(30_000), &nothing, STEP);
    let whole = studio.shoot(&quiet(30_000), &full, STEP).total_beyond(&dark);
    let said = |studio: &Studio| studio.renderer.notices().into_iter().find(|n| n.contains("neurons in view drawn"));
    let before = said(&studio);
    // Half the ladder: fewer points, at fewer pixels.
    let less = ViewSettings { quality: Quality::Pinned(0.6), ..full };
    let thinned = studio.shoot(&quiet(30_000), &less, STEP).total_beyond(&dark);
    assert!(whole.min_element() > 20.0, "there is something to see: {whole}");
    let ratio = thinned / whole;
    assert!((ratio - 1.0).abs().max_element() < 0.05, "{whole} and {thinned}");
    let after = said(&studio).expect("the share is stated");
    assert_ne!(before, Some(after), "another share");
    assert!(studio.renderer.notices().iter().any(|n| n.contains("pinned")));
}

#[test]
fn spikes_are_never_thinned() {
    let Some(gpu) = gpu() else { return };
    let network = cloud(30_000);
    let settings =
        ViewSettings { quality: Quality::Pinned(0.0), base_brightness: 0.0, exposure: -1.0, ..resting(30_000) };
    let settings = ViewSettings { neuron_radius: 0.2, ..settings };
    let mut studio = Studio::new(gpu, &network, &settings);
    let dark = studio.shoot(&quiet(30_000), &settings, STEP);
    for neuron in [3, 4_711, 12_345, 29_999] {
        let lit = studio.shoot(&spiking(30_000, neuron, STEP), &settings, STEP);
        assert!(lit.total_beyond(&dark).element_sum() > 0.1, "neuron {neuron}");
    }
}

#[test]
fn flags_are_obeyed() {
    let Some(gpu) = gpu() else { return };
    let network = singles(&[[-3.0, 0.0, 0.0], [0.0, 0.0, 0.0], [3.0, 0.0, 0.0]], &[[0.8; 3]; 3]);
    for points in [PointStyle::Quads, PointStyle::Splats] {
        let shown = ViewSettings { base_brightness: 0.5, ..plain(points) };
        let mut studio = Studio::new(Arc::clone(&gpu), &network, &shown);
        let dark = studio.shoot(&quiet(3), &plain(PointStyle::Splats), STEP);
        let all = pixels(&studio.shoot(&quiet(3), &shown, STEP), &dark);
        assert!(all > 100, "{points:?}: {all}");
        // Neuron 1 is hidden: a third fewer pixels.
        studio.renderer.set_flags(&[0, 2, 0], 1);
        let two = pixels(&studio.shoot(&quiet(3), &shown, STEP), &dark);
        assert!((two as f32 / all as f32 - 0.667).abs() < 0.05, "{points:?}: {two} of {all}");
        // Neuron 0 is selected: the others are dimmed, or gone.
        studio.renderer.set_flags(&[1, 0, 0], 2);
        let light = |picture: &Picture, x: f32| {
            let (px, _) = view().project(Vec3::new(x, 0.0, 0.0), studio::SIZE).expect("in view");
            picture.light(px.x as u32, px.y as u32).element_sum()
        };
        let dimmed = studio.shoot(&quiet(3), &shown, STEP);
        assert!(light(&dimmed, -3.0) > 3.0 * light(&dimmed, 3.0), "{points:?}");
        let isolated = ViewSettings { others: Others::Hidden, ..shown.clone() };
        let one = pixels(&studio.shoot(&quiet(3), &isolated, STEP), &dark);
        assert!((one as f32 / all as f32 - 0.333).abs() < 0.06, "{points:?}: {one} of {all}");
        // The same version again: nothing changes.
        studio.renderer.set_flags(&[2, 2, 2], 2);
        assert_eq!(pixels(&studio.shoot(&quiet(3), &isolated, STEP), &dark), one);
        // Clipped: only the right half is left.
        studio.renderer.set_flags(&[0, 0, 0], 3);
        let clipped = ViewSettings { clip: Clip { low: [0.6, 0.0, 0.0], ..Clip::default() }, ..shown.clone() };
        let right = pixels(&studio.shoot(&quiet(3), &clipped, STEP), &dark);
        assert!((right as f32 / all as f32 - 0.333).abs() < 0.06, "{points:?}: {right} of {all}");
        assert!(studio.renderer.notices().iter().any(|n| n.starts_with("clipped")));
    }
}

#[test]
fn colours_of_host_values_are_those_of_the_map() {
    let Some(gpu) = gpu() else { return };
    let places: Vec<[f32; 3]> = (0..5).map(|k| [1.8 * (k as f32 - 2.0), 0.0, 0.0]).collect();
    let network = singles(&places, &[[0.5; 3]; 5]);
    let mut settings = ViewSettings { base_brightness: 1.0, ..plain(PointStyle::Quads) };
    settings.colour = Channel::of(Variable::Cv);
    settings.colour.transfer.map = MapName::Viridis;
    settings.colour.transfer.points = vec![[0.0, 0.0], [0.5, 0.8], [1.0, 1.0]];
    let mut studio = Studio::new(gpu, &network, &settings);
    studio.renderer.set_values(ChannelSlot::Colour, &[0.0, 0.5, 1.0, 2.0, f32::NAN], [0.0, 2.0], 1);
    let picture = studio.shoot(&quiet(5), &settings, STEP);
    let seen = |k: usize| {
        let (px, _) = view().project(Vec3::from_array(places[k]), studio::SIZE).expect("in view");
        picture.light(px.x as u32, px.y as u32)
    };
    for (k, share) in [0.0, 0.25, 0.5, 1.0].into_iter().enumerate() {
        let at = settings.colour.transfer.curve(share);
        let wanted = map_colour(MapName::Viridis, Theme::Dark, at).map(spikescope::render::colour::linear);
        let (seen, wanted) = (seen(k), Vec3::from_array(wanted));
        // The same hue: shading and exposure scale all channels alike.
        let (a, b) = (seen / seen.max_element(), wanted / wanted.max_element());
        assert!((a - b).abs().max_element() < 0.12, "value {share}: {a} is not {b}");
    }
    let none = seen(4);
    assert!(none.max_element() < 1.35 * none.min_element(), "grey without a value: {none}");
    assert!(studio.renderer.notices().iter().any(|n| n.starts_with("colour: ISI CV from 0 to 2")));
}

#[test]
fn size_and_height_follow_their_values() {
    let Some(gpu) = gpu() else { return };
    let network = singles(&[[-3.0, 0.0, 0.0], [3.0, 0.0, 0.0]], &[[0.8; 3]; 2]);
    let mut settings = ViewSettings { base_brightness: 0.5, ..plain(PointStyle::Quads) };
    let mut studio = Studio::new(gpu, &network, &settings);
    let dark = studio.shoot(&quiet(2), &plain(PointStyle::Splats), STEP);
    settings.size = Channel::of(Variable::SynapsesLost);
    settings.height = Channel::of(Variable::WeightSum);
    studio.renderer.set_values(ChannelSlot::Size, &[0.0, 10.0], [0.0, 10.0], 1);
    studio.renderer.set_values(ChannelSlot::Height, &[0.0, 1.0], [0.0, 1.0], 1);
    let lit = studio.shoot(&quiet(2), &settings, STEP).beyond(&dark);
    let of = |left: bool| {
        let middle = studio::SIZE[0] / 2;
        let mine = lit.iter().filter(|(x, _, light)| (*x < middle) == left && light.max_element() > 0.02);
        mine.fold((0_u32, 0_u32), |(count, sum), (_, y, _)| (count + 1, sum + y))
    };
    let ((few, few_y), (many, many_y)) = (of(true), of(false));
    // 2.4 and 0.4 times the radius: 36 times the area.
    assert!(many > 15 * few && few > 0, "{few} and {many} pixels");
    assert!(many_y / many + 2 < few_y / few, "the right one is raised");
    assert!(studio.renderer.notices().iter().any(|n| n.starts_with("height: ")));
}

#[test]
fn on_the_light_stage_a_spike_is_the_darkest_thing() {
    let Some(gpu) = gpu() else { return };
    let network = singles(&[[-3.0, 0.0, 0.0], [3.0, 0.0, 0.0]], &[[1.0, 0.7, 0.33], [0.31, 0.62, 1.0]]);
    for points in [PointStyle::Quads, PointStyle::Splats] {
        let settings = ViewSettings { theme: Theme::Light, base_brightness: 0.25, ..plain(points) };
        let mut studio = Studio::new(Arc::clone(&gpu), &network, &settings);
        for spiking_one in [0, 1] {
            let picture = studio.shoot(&spiking(2, spiking_one, STEP), &settings, STEP);
            let grey = |x: f32| {
                let (px, _) = view().project(Vec3::new(x, 0.0, 0.0), studio::SIZE).expect("in view");
                picture.light(px.x as u32, px.y as u32).dot(Vec3::new(0.2126, 0.7152, 0.0722))
            };
            let (spike, rest) = if spiking_one == 0 { (grey(-3.0), grey(3.0)) } else { (grey(3.0), grey(-3.0)) };
            let ground = picture.light(2, 2).dot(Vec3::new(0.2126, 0.7152, 0.0722));
            assert!(ground > 0.7, "{points:?}: the ground is light: {ground}");
            assert!(rest < 0.95 * ground, "{points:?}: a neuron at rest can be seen: {rest} on {ground}");
            assert!(spike < 0.55 * rest, "{points:?}: spike {spike}, rest {rest}");
        }
    }
}

#[test]
fn near_neurons_are_spheres_while_far_ones_are_points_and_pictures_repeat() {
    let Some(gpu) = gpu() else { return };
    let network = cloud(4_000);
    let neurons: Vec<NeuronState> = (0..4_000_u32)
        .map(|k| NeuronState { last_spike_step: STEP as u32 - (k * 37) % 400, ..NeuronState::default() })
        .collect();
    let settings = ViewSettings { neuron_radius: 0.09, bloom: 0.4, fog: 0.3, ..resting(4_000) };
    let settings = ViewSettings { points: PointStyle::Auto, exposure: 0.0, ..settings };
    let shoot = || {
        let mut studio = Studio::new(Arc::clone(&gpu), &network, &settings);
        let pose = Pose { eye: [4.6, 0.3, 0.4], target: [0.0; 3], fov_degrees: 50.0 };
        studio.camera = CameraView::new(pose, studio::SIZE[0] as f32 / studio::SIZE[1] as f32);
        let picture = studio.shoot(&neurons, &settings, STEP);
        (picture, studio.renderer.notices())
    };
    let (first, notices) = shoot();
    assert!(notices.iter().any(|n| n.starts_with("far neurons are points of light")), "{notices:?}");
    assert!(first == shoot().0, "the same state gives the same bytes");
}
