//! The library in thirty lines: read a scene, simulate a second, say how often each population fired.
//!
//! `cargo run --release --example first_run`

use std::io::Write;

use spikescope::model::scene::Scene;
use spikescope::session::{EngineChoice, Session, SessionOptions};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Any scene value can be overridden, as with `--set` on the command line.
    let overrides = ["population.excitatory.size=400".to_owned()];
    let scene = Scene::from_toml(include_str!("first_scene.toml"), "first_scene.toml", &overrides)?;
    let steps = (scene.duration_ms / scene.dt_ms()).round() as u32;

    // The same seed gives the same spikes, on either engine.
    let options = SessionOptions { engine: EngineChoice::Cpu, gpu: None, seed: Some(42) };
    let mut session = Session::open(scene, options)?;
    session.keep_spikes();
    session.advance(steps)?;

    let spikes = session.drain_spikes();
    let seconds = f64::from(steps) * session.network().dt_ms * 1e-3;
    let mut out = std::io::stdout().lock();
    for population in &session.network().populations {
        let count = spikes.iter().filter(|spike| population.neurons().contains(&spike.neuron)).count();
        let rate_hz = count as f64 / f64::from(population.size) / seconds;
        writeln!(out, "{}: {} neurons at {rate_hz:.1} Hz", population.name, population.size)?;
    }
    Ok(())
}
