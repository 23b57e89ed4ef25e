//! spikescope simulates spiking neural networks on the GPU and shows them alive in 3D.
//!
//! # The map of this house
//!
//! Storeys, from the roof down. A folder uses the folders below it and never one above or beside it;
//! `tests/house.rs` enforces that.
//!
//! | storey | owns |
//! |---|---|
//! | `app` | the doors: command line, window, headless rendering, doctor |
//! | [`ui`], [`render`] | the overlay (egui) and the pictures (wgpu); neither knows the other |
//! | [`session`] | a source of activity, a clock, commands in, telemetry out |
//! | [`learn`] | experiments: data sets, encoding, presentation protocol, labels, accuracy |
//! | [`analysis`] | statistics over samples and spikes |
//! | [`recording`] | the recorded run: tables, their writer and their reader; live streams |
//! | [`engine`] | one trait, two engines: `cpu` (the oracle) and `gpu` (WGSL kernels) |
//! | [`gpu`] | wgpu helpers that know no neurons |
//! | [`model`] | plain data: scenes, networks, parameters; knows no GPU |
//!
//! # One way
//!
//! ```text
//! recording or live stream --+
//!                            v
//! scene.toml -> model -> engine -> activity buffers -> render -> window | frame | test
//!                          |
//!                          +-> samples -> analysis -> telemetry -> ui -> commands -> session
//! ```

pub mod analysis;
pub mod app;
pub mod engine;
pub mod gpu;
pub mod learn;
pub mod model;
pub mod recording;
pub mod render;
pub mod session;
pub mod ui;
