//! What is shown: a session and what draws it. Obeys the overlay's wishes that concern them, draws the picture, and
//! tells what stands over it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::app::canvas::{Canvas, Over};
use crate::app::fields::Fields;
use crate::app::lens::Lens;
use crate::app::output::Notes;
use crate::app::spotlight::Spotlight;
use crate::app::{AppError, command_line};
use crate::gpu::Gpu;
use crate::model::Network;
use crate::model::scene::{CameraPose, Scene};
use crate::render::{Bounds, Camera, CameraView, Frame, LineMeaning, LinePattern, Pose, Renderer};
use crate::session::view::ChannelSlot;
use crate::session::{
    ActivityBuffers, Command, LIVE_STREAM, Recovery, Session, SessionError, SessionOptions, StandardView, Telemetry,
    ViewSettings,
};
use crate::ui::{ColourScale, FieldGrid, FormKey, LineKey, LineStyle, SpaceInput, TourKey, ValueHistogram};

use super::super::channels;
use super::caption;
use super::spread::Spread;
use super::talk::Talk;
use super::{WindowError, WindowOptions};
use crate::app::close::{Close, Shot};

/// Samples of a colour scale in the legend.
const SCALE_SAMPLES: usize = 48;

/// Frames after which a setting that a slider moves counts as meant.
const SETTLED_FRAMES: u32 = 6;

/// A running scene and its picture.
pub(super) struct Stage {
    gpu: Arc<Gpu>,
    pub(super) session: Session,
    pub(super) network: Arc<Network>,
    pub(super) renderer: Renderer,
    buffers: ActivityBuffers,
    pub(super) camera: Camera,
    pub(super) settings: ViewSettings,
    /// Names of the scene's saved views.
    pub(super) views: Vec<String>,
    pub(super) bounds: Bounds,
    /// The tour under way.
    pub(super) talk: Option<Talk>,
    talk_failed: Option<String>,
    drawn_step: u64,
    spotlight: Spotlight,
    scale: Option<ColourScale>,
    spread: Spread,
    lens: Lens,
    /// Host time that the last frame's simulation took.
    simulated: Duration,
    close: Close,
    fields: Option<Fields>,
    /// The synapse budget asked for, and for how many frames it has stood still.
    budget_wish: (u32, u32),
}

impl Stage {
    /// Compiles the scene, opens its session and loads it into a new renderer. May take seconds for large scenes.
    pub(super) fn open(
        gpu: &Arc<Gpu>,
        format: wgpu::TextureFormat,
        scene: Scene,
        options: &WindowOptions,
    ) -> Result<Self, WindowError> {
        let session_options = SessionOptions { engine: options.engine, gpu: Some(Arc::clone(gpu)), seed: options.seed };
        let recording = options.recording.as_ref().filter(|recording| recording.folder() == Path::new(&scene.origin));
        let stream = options.stream.as_ref().filter(|_| scene.origin == LIVE_STREAM);
        let session = match (recording, stream) {
            (Some(recording), _) => Session::open_recording(scene, recording, session_options)?,
            (None, Some(feed)) => Session::open_stream(scene, feed, session_options)?,
            (None, None) => Session::open(scene, session_options)?,
        };
        let network = Arc::clone(session.network());
        let buffers = ActivityBuffers::new(gpu, &session.activity());
        let view = &session.scene().view;
        let settings = ViewSettings::from_scene(view);
        let bounds = Bounds::of(&network.positions);
        let input = session.scene().learning.as_ref().and_then(|learning| network.population_named(&learning.input));
        let fields = input.and_then(|input| Fields::of(gpu, &network, input));
        let close = Close::new(gpu, &network);
        let mut renderer = Renderer::new(Arc::clone(gpu), format);
        renderer.load(&network, &buffers, &settings);
        Ok(Self {
            gpu: Arc::clone(gpu),
            camera: Camera::new(pose_of(&view.camera), bounds.radius()),
            views: view.cameras.iter().map(|(name, _)| name.clone()).collect(),
            session,
            network,
            renderer,
            buffers,
            settings,
            bounds,
            talk: None,
            talk_failed: None,
            drawn_step: 0,
            spotlight: Spotlight::default(),
            scale: None,
            spread: Spread::default(),
            lens: Lens::default(),
            simulated: Duration::ZERO,
            close,
            fields,
            budget_wish: (0, 0),
        })
    }

    /// Everything on another device: the run goes on, and the picture is the same.
    pub(super) fn replace_device(
        &mut self,
        gpu: &Arc<Gpu>,
        format: wgpu::TextureFormat,
    ) -> Result<Recovery, SessionError> {
        let recovery = self.session.recover(Arc::clone(gpu))?;
        self.gpu = Arc::clone(gpu);
        self.buffers = ActivityBuffers::new(gpu, &self.session.activity());
        self.renderer = Renderer::new(Arc::clone(gpu), format);
        self.renderer.load(&self.network, &self.buffers, &self.settings);
        let input = self.driven_population();
        self.fields = input.and_then(|input| Fields::of(gpu, &self.network, input));
        self.spotlight.forget();
        self.spotlight.point(&self.session, &mut self.renderer);
        Ok(recovery)
    }

    pub(super) const fn network(&self) -> &Arc<Network> {
        &self.network
    }

    pub(super) fn scene(&self) -> &Scene {
        self.session.scene()
    }

    pub(super) fn telemetry(&self) -> &Telemetry {
        self.session.telemetry()
    }

    /// Simulates for one frame and takes note of what changed. Never waits for the GPU.
    pub(super) fn update(&mut self, wall: Duration, budget: Duration) -> Result<(), SessionError> {
        let started = Instant::now();
        self.session.update(wall, budget)?;
        self.simulated = started.elapsed();
        self.spotlight.point(&self.session, &mut self.renderer);
        if let Some(fields) = &mut self.fields {
            fields.update(&self.session.activity(), self.session.step());
        }
        Ok(())
    }

    /// Simulates towards the step that a film wants next, and not past it; true once it is there.
    pub(super) fn update_towards(&mut self, step: u64, wall: Duration, budget: Duration) -> Result<bool, SessionError> {
        let is_there = self.session.update_towards(step, wall, budget)?;
        self.spotlight.point(&self.session, &mut self.renderer);
        if let Some(fields) = &mut self.fields {
            fields.update(&self.session.activity(), self.session.step());
        }
        Ok(is_there)
    }

    /// Takes note of how long a frame took, the host's simulation apart, so that the quality of pictures can follow.
    pub(super) fn note_frame_time(&mut self, wall: Duration) {
        self.renderer.note_frame_time(wall.saturating_sub(self.simulated));
    }

    /// Moves the camera on by the wall time; true while it moves. `free`: the part of the picture that no panel covers,
    /// as shares of its width and height (left, top, right, bottom).
    pub(super) fn move_camera(&mut self, wall: Duration, free: [f32; 4]) -> bool {
        let free = self.talk.as_ref().and_then(Talk::free_part).unwrap_or(free);
        let lens_moves = self.lens.follow(free, wall.as_secs_f32());
        let Some(talk) = self.talk.as_mut() else { return self.camera.update(wall.as_secs_f64()) || lens_moves };
        if !talk.is_away() && self.camera.is_in_hand() {
            talk.take();
        }
        if let Err(error) = talk.go_on(wall, &mut self.session, &mut self.settings) {
            self.session.apply(Command::Pause);
            self.talk_failed = Some(error.to_string());
        }
        let Some(talk) = self.talk.as_ref() else { return lens_moves };
        if talk.is_away() {
            self.camera.update(wall.as_secs_f64());
        } else {
            self.camera.carry_to(talk.pose());
        }
        true
    }

    /// Why the tour could not go on, once.
    pub(super) const fn take_talk_failure(&mut self) -> Option<String> {
        self.talk_failed.take()
    }

    /// A presenter's key.
    pub(super) fn press(&mut self, key: TourKey) {
        let here = self.camera.pose();
        if let Some(talk) = &mut self.talk {
            talk.press(key, here);
            self.camera.carry_to(here);
        }
    }

    pub(super) fn apply(&mut self, command: Command) {
        self.session.apply(command);
    }

    /// The renderer's notices, without what stands in the legend already.
    pub(super) fn notices(&self) -> Vec<String> {
        const IN_THE_LEGEND: [&str; 4] = ["colour: ", "size: ", "height: ", "lines of the selection: "];
        let stands_there = |notice: &String| IN_THE_LEGEND.iter().any(|beginning| notice.starts_with(beginning));
        let mut notices: Vec<String> =
            self.renderer.notices().into_iter().filter(|notice| !stands_there(notice)).collect();
        if self.settings.billboards && self.settings.height.is_in_use(ChannelSlot::Height) {
            notices.push("no curves at near neurons while heights show a value".to_owned());
        }
        notices
    }

    /// What sizes and heights mean, where they mean something.
    pub(super) fn forms(&self) -> Vec<FormKey> {
        let slots = [ChannelSlot::Size, ChannelSlot::Height].into_iter();
        let key =
            |slot| self.renderer.legend(slot, &self.settings, 0).map(|legend| FormKey { slot, text: legend.text });
        slots.filter_map(key).collect()
    }

    /// What the lines in the picture mean.
    pub(super) fn lines(&self) -> Vec<LineKey> {
        let style = |pattern| match pattern {
            LinePattern::Solid => LineStyle::Solid,
            LinePattern::Rising => LineStyle::Rising,
            LinePattern::Dashed => LineStyle::Dashed,
            LinePattern::Dotted => LineStyle::Dotted,
            LinePattern::Pulse => LineStyle::Pulse,
        };
        let key =
            |LineMeaning { colour, pattern, text }| LineKey { colour, pattern: style(pattern), text: text.into() };
        self.renderer.line_meanings().into_iter().map(key).collect()
    }

    /// How values are spread, while somebody looks at how they are shown.
    pub(super) fn spread(&mut self, is_looked_at: bool) {
        if is_looked_at {
            self.spread.follow(&mut self.session, &self.settings);
        }
    }

    pub(super) fn histograms(&self) -> &[ValueHistogram] {
        self.spread.histograms()
    }

    /// The receptive fields of the output neurons, where they are pictures.
    pub(super) fn fields(&self) -> Option<&FieldGrid> {
        self.fields.as_ref().and_then(Fields::grid)
    }

    /// What the scene says now.
    pub(super) fn caption(&self) -> Option<&str> {
        let view = &self.session.scene().view;
        if self.talk.is_some() {
            return None;
        }
        let telemetry = self.session.telemetry();
        let presentation = telemetry.learning.as_ref().map(|learning| learning.presentations);
        caption::by_time(&view.captions, telemetry.time_ms(), presentation)
    }

    /// The colours of the present colouring; none for colours by population.
    pub(super) fn scale(&mut self) -> Option<&ColourScale> {
        self.scale = self.renderer.legend(ChannelSlot::Colour, &self.settings, SCALE_SAMPLES).map(|legend| {
            let text = legend.text.strip_prefix("colour: ").unwrap_or(&legend.text).to_owned();
            ColourScale { colours: legend.colours, text }
        });
        self.scale.as_ref()
    }

    pub(super) fn view(&self, size: [u32; 2]) -> CameraView {
        self.lens.through(self.camera.view(size[0].max(1) as f32 / size[1].max(1) as f32))
    }

    /// What stands in the picture of this size, as it is now.
    pub(super) fn look_close(&mut self, size_px: [u32; 2], pixels_per_point: f32, seconds: f32) -> SpaceInput {
        let view = self.view(size_px);
        let shot = Shot { view: &view, size_px, pixels_per_point, settings: &self.settings, seconds };
        self.close.look(&self.session, &shot)
    }

    /// Moves the camera to the scene's saved view of this index, if there is one.
    pub(super) fn go_to_view(&mut self, index: usize) {
        if let Some((_, pose)) = self.session.scene().view.cameras.get(index) {
            let pose = pose_of(pose);
            self.camera.move_to(pose);
        }
    }

    /// Starts the scene's tour, or a round where it has none; ends one under way.
    pub(super) fn toggle_tour(&mut self) {
        if self.talk.take().is_none() {
            let here = self.camera.pose();
            self.talk = Talk::of(&self.session, &self.bounds, here).map(|talk| talk.beginning_at(here));
            self.camera.carry_to(here);
        }
    }

    /// Moves the camera so that the whole network is seen, from where it looks now.
    pub(super) fn frame_all(&mut self, size: [u32; 2]) {
        let pose = self.camera.pose();
        let from = [0, 1, 2].map(|axis| pose.eye[axis] - pose.target[axis]);
        let aspect = size[0].max(1) as f32 / size[1].max(1) as f32;
        self.camera.move_to(Pose::framing(self.bounds.low, self.bounds.high, from, pose.fov_degrees, aspect));
    }

    /// Moves the camera to one of the views along the axes.
    pub(super) fn look(&mut self, from: StandardView, size: [u32; 2]) {
        let aspect = size[0].max(1) as f32 / size[1].max(1) as f32;
        let fov_degrees = self.camera.pose().fov_degrees;
        self.camera.move_to(Pose::standard(from, self.bounds.low, self.bounds.high, fov_degrees, aspect));
    }

    /// Moves the camera to the picked neuron.
    pub(super) fn focus_picked(&mut self) {
        let Some(picked) = &self.session.telemetry().picked else { return };
        if let Some(&position) = self.network.positions.get(picked.neuron as usize) {
            self.camera.focus_on(position, 0.25 * self.bounds.radius());
        }
    }

    /// True while a changed setting waits to be obeyed; frames must go on until then.
    pub(super) fn is_unsettled(&self) -> bool {
        self.renderer.needs_load(&self.settings)
    }

    /// Brings the GPU's buffers up to date and records the picture.
    pub(super) fn draw(&mut self, encoder: &mut wgpu::CommandEncoder, target: &wgpu::TextureView, size: [u32; 2]) {
        let frame = self.picture(size, self.view(size));
        self.drawn_step = frame.step;
        self.renderer.draw(encoder, target, &frame);
    }

    /// What the picture shows now, from `camera`.
    fn picture(&self, size: [u32; 2], camera: CameraView) -> Frame {
        let step = self.session.step();
        Frame {
            size,
            camera,
            step,
            elapsed_steps: step.saturating_sub(self.drawn_step),
            dt_ms: self.network.dt_ms,
            settings: self.settings.clone(),
        }
    }

    /// The present picture for a canvas: with room for panels as in the window, or straight through the camera.
    pub(super) fn picture_of(&self, size: [u32; 2], has_panels: bool) -> Frame {
        let aspect = size[0].max(1) as f32 / size[1].max(1) as f32;
        // Through the pose, as the command that renders it again will see it, to the last bit.
        let bare = || CameraView::new(self.camera.pose(), aspect);
        self.picture(size, if has_panels { self.lens.through(self.camera.view(aspect)) } else { bare() })
    }

    /// Draws the next piece of a picture on a canvas; true when it was the last one.
    pub(super) fn expose(&mut self, canvas: &mut Canvas, frame: &Frame, over: Over<'_>) -> Result<bool, AppError> {
        self.drawn_step = frame.step;
        canvas.draw(&mut self.renderer, frame, over)
    }

    /// Gives back what pictures of other sizes than the window's took.
    pub(super) fn forget_other_sizes(&mut self) {
        self.renderer.forget_other_sizes();
    }

    /// The command that renders the present picture at this size.
    pub(super) fn command(&self, scene: &str, set: &[String], size: [u32; 2], out: &str) -> String {
        let telemetry = self.session.telemetry();
        let view = &self.session.scene().view;
        command_line::Shown {
            scene,
            seed: telemetry.seed,
            set,
            engine: &telemetry.engine,
            pose: self.camera.pose(),
            look: &self.settings,
            scene_look: &ViewSettings::from_scene(view),
            at_ms: telemetry.time_ms(),
            size,
        }
        .render_command(out)
    }

    /// What a picture, or the first frame of a film, says of itself.
    pub(super) fn notes(&self, command: String, steps_per_frame: u32) -> Notes {
        let telemetry = self.session.telemetry();
        Notes {
            scene: telemetry.scene.clone(),
            seed: telemetry.seed,
            first_ms: telemetry.time_ms(),
            frame_ms: f64::from(steps_per_frame) * telemetry.dt_ms,
            command,
        }
    }

    /// Uploads what the engine changed; call it once before the pictures of a frame are drawn.
    pub(super) fn upload(&mut self) {
        let has_other_buffers = self.buffers.update(&self.gpu, &self.session.activity());
        // A new sample of a large network takes time: it waits until the wish for it stands still.
        let budget = self.settings.synapse_budget;
        self.budget_wish =
            (budget, if self.budget_wish.0 == budget { self.budget_wish.1.saturating_add(1) } else { 0 });
        let is_settled = self.budget_wish.1 >= SETTLED_FRAMES;
        if has_other_buffers || (is_settled && self.renderer.needs_load(&self.settings)) {
            self.renderer.load(&self.network, &self.buffers, &self.settings);
            self.spotlight.forget();
            self.spotlight.point(&self.session, &mut self.renderer);
        }
        self.renderer.follow(&self.network, &self.session.activity(), &self.settings, false);
        self.renderer.set_traffic(&self.session.telemetry().traffic());
        channels::hand_over(&mut self.session, &mut self.renderer, &self.settings);
    }

    /// The population whose rates the learning protocol sets.
    pub(super) fn driven_population(&self) -> Option<usize> {
        self.session.scene().learning.as_ref().and_then(|learning| self.network.population_named(&learning.input))
    }
}

/// The scene's words for a pose in the renderer's.
const fn pose_of(pose: &CameraPose) -> Pose {
    Pose { eye: pose.eye, target: pose.target, fov_degrees: pose.fov_degrees }
}
