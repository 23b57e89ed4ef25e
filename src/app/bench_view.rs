//! The price of looking: the same run while a picture of it is drawn 60 times a second, as for a window. In go a session
//! and how fast it runs unseen, out come times of the same steps with pictures. Pictures are drawn whole, and stay where
//! they are: nothing is read back or encoded.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::canvas::FORMAT;
use super::error::AppError;
use super::interrupt;
use crate::gpu::Gpu;
use crate::render::{CameraView, Frame, Renderer};
use crate::session::{ActivityBuffers, Session, ViewSettings};

/// Pixels.
const SIZE: [u32; 2] = [1920, 1080];
/// Pictures in a second of the unseen run.
const PICTURES_PER_S: f64 = 60.0;
/// Pictures that may be under way before the next one waits, as those of a window do.
const AHEAD: usize = 2;

/// Pictures before the first one that counts.
const WARM_UP_PICTURES: usize = 3;

/// What looking costs.
#[derive(Serialize)]
pub(super) struct ViewPrice {
    /// Who drew.
    adapter: String,
    size: [u32; 2],
    /// In one repetition.
    pictures: u64,
    /// In a second of the run that was looked at.
    pictures_per_s: f64,
    /// Median of the repetitions that were looked at.
    wall_s: f64,
    /// How much longer the same steps took.
    price_percent: f64,
}

/// Looks at a session.
pub(super) struct Looker {
    gpu: Arc<Gpu>,
    view: wgpu::TextureView,
    renderer: Renderer,
    activity: ActivityBuffers,
    settings: ViewSettings,
    camera: CameraView,
    under_way: VecDeque<wgpu::SubmissionIndex>,
    walls: Vec<Duration>,
    pictures: u64,
}

impl Looker {
    pub(super) fn new(gpu: &Arc<Gpu>, session: &Session) -> Self {
        let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("bench.picture"),
            size: wgpu::Extent3d { width: SIZE[0], height: SIZE[1], depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: FORMAT,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT,
            view_formats: &[],
        });
        let scene = &session.scene().view;
        let settings = ViewSettings::from_scene(scene);
        let mut renderer = Renderer::new(Arc::clone(gpu), FORMAT);
        let activity = ActivityBuffers::new(gpu, &session.activity());
        renderer.load(session.network(), &activity, &settings);
        Self {
            gpu: Arc::clone(gpu),
            view: texture.create_view(&wgpu::TextureViewDescriptor::default()),
            renderer,
            activity,
            settings,
            camera: CameraView::new(scene.camera.into(), SIZE[0] as f32 / SIZE[1] as f32),
            under_way: VecDeque::new(),
            walls: Vec::new(),
            pictures: 0,
        }
    }

    /// Draws without being measured: drivers compile shaders at the first picture.
    pub(super) fn warm_up(&mut self, session: &Session) -> Result<(), AppError> {
        for _ in 0..WARM_UP_PICTURES {
            self.draw(session, 0)?;
        }
        self.wait_for_pictures(0)
    }

    /// Takes so many steps with pictures in between, as often as `unseen`, the time of the same steps, asks for. False
    /// when it was stopped.
    pub(super) fn run(&mut self, session: &mut Session, steps: u32, unseen: Duration) -> Result<bool, AppError> {
        let pictures = (unseen.as_secs_f64() * PICTURES_PER_S).ceil().clamp(1.0, f64::from(steps.max(1))) as u32;
        session.engine().wait()?;
        self.wait_for_pictures(0)?;
        let begun = Instant::now();
        let mut done = 0;
        for picture in 1..=pictures {
            if interrupt::requested() {
                return Ok(false);
            }
            let until = (u64::from(steps) * u64::from(picture) / u64::from(pictures)) as u32;
            session.advance(until - done)?;
            self.draw(session, until - done)?;
            done = until;
        }
        session.engine().wait()?;
        self.wait_for_pictures(0)?;
        self.walls.push(begun.elapsed());
        self.pictures = u64::from(pictures);
        Ok(true)
    }

    /// What it came to. `unseen_s`: median of the same steps without pictures.
    pub(super) fn price(mut self, unseen_s: f64, median: fn(&[Duration]) -> f64) -> Option<ViewPrice> {
        if self.walls.is_empty() {
            return None;
        }
        self.walls.sort_unstable();
        let wall_s = median(&self.walls);
        Some(ViewPrice {
            adapter: self.gpu.info.name.clone(),
            size: SIZE,
            pictures: self.pictures,
            pictures_per_s: self.pictures as f64 / wall_s,
            wall_s,
            price_percent: (wall_s / unseen_s - 1.0) * 100.0,
        })
    }

    fn draw(&mut self, session: &Session, elapsed_steps: u32) -> Result<(), AppError> {
        let (network, activity) = (session.network(), session.activity());
        if self.activity.update(&self.gpu, &activity) {
            self.renderer.load(network, &self.activity, &self.settings);
        }
        self.renderer.follow(network, &activity, &self.settings, false);
        let frame = Frame {
            size: SIZE,
            camera: self.camera,
            step: session.step(),
            elapsed_steps: u64::from(elapsed_steps),
            dt_ms: network.dt_ms,
            settings: self.settings.clone(),
        };
        let label = wgpu::CommandEncoderDescriptor { label: Some("bench.draw") };
        let mut encoder = self.gpu.device.create_command_encoder(&label);
        self.renderer.draw(&mut encoder, &self.view, &frame);
        self.under_way.push_back(self.gpu.queue.submit([encoder.finish()]));
        self.wait_for_pictures(AHEAD)
    }

    /// Until at most so many are under way.
    fn wait_for_pictures(&mut self, most: usize) -> Result<(), AppError> {
        while self.under_way.len() > most
            && let Some(oldest) = self.under_way.pop_front()
        {
            let wait = wgpu::PollType::Wait { submission_index: Some(oldest), timeout: Some(Duration::from_secs(60)) };
            let waited = self.gpu.device.poll(wait);
            waited.map_err(|error| AppError::Failure(format!("the GPU stopped working: {error}")))?;
        }
        Ok(())
    }
}

impl ViewPrice {
    /// One line.
    pub(super) fn describe(&self) -> String {
        format!(
            "looked at ({}x{}, {} pictures, {:.1} a second, drawn by {}): {:.3} s; looking costs {:.1} %",
            self.size[0],
            self.size[1],
            self.pictures,
            self.pictures_per_s,
            self.adapter,
            self.wall_s,
            self.price_percent
        )
    }
}
