//! One open window: runs its frames from simulation to present, and obeys what the overlay, the keys and the mouse ask
//! for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use winit::event::WindowEvent;

use crate::gpu::Gpu;
use crate::model::scene::{Scene, built_in};
use crate::render::Steering;
use crate::session::view::Theme;
use crate::session::{Telemetry, ViewSettings};
use crate::ui::action::PanelName;
use crate::ui::{FrameStats, Overlay, OverlayAction, OverlayInput, Presenter, WindowState};

use super::awake::Awake;
use super::keep::Keep;
use super::memory::{Memory, Remembered};
use super::pace::Pace;
use super::painter::{Painted, Painter};
use super::pointer::{self, Click, Pointer};
use super::recovery::Loss;
use super::report;
use super::screen::{Screen, Target};
use super::stage::Stage;
use super::talk::Talk;
use super::{WindowError, WindowOptions};

/// Share of a frame that the simulation may take on the host.
const SIMULATION_BUDGET: Duration = Duration::from_millis(9);
/// The same while a tour wants to reach a moment of the run in time.
const HURRIED_BUDGET: Duration = Duration::from_millis(28);
/// Frames go on for this long after the last event, so that answers under way on the GPU still arrive.
const LINGER: Duration = Duration::from_millis(500);
/// Notices about what was just done stand this long.
const NEWS_FOR: Duration = Duration::from_secs(6);
/// A pointer that rests for so long during a talk is in the way.
const POINTER_RESTS: Duration = Duration::from_secs(2);
/// Weight of the newest frame in the averages shown.
const NEWEST: f32 = 0.08;

/// What should happen after a frame.
pub(super) enum Next {
    /// Another one, as soon as the display takes it.
    Frame,
    /// Nothing until an event, or until this time has passed.
    Idle(Option<Duration>),
    /// Nobody sees the window.
    Hidden,
    /// The end.
    Quit,
}

/// See the module.
pub(super) struct Shown {
    pub(super) gpu: Arc<Gpu>,
    pub(super) screen: Screen,
    pub(super) painter: Painter,
    pub(super) overlay: Overlay,
    presenter: Presenter,
    pub(super) pointer: Pointer,
    pub(super) options: WindowOptions,
    pub(super) stage: Option<Stage>,
    /// What will be shown next, and whether a frame has said so already.
    pub(super) opening: Option<(Opening, bool)>,
    /// Pictures and films on their way into files.
    pub(super) keep: Keep,
    /// The network was changed by hand since the scene began.
    pub(super) was_touched: bool,
    memory: Memory,
    /// Short-lived notices.
    news: Vec<(Instant, String)>,
    /// Lasting notices: what the driver complained about.
    faults: Vec<String>,
    stats: FrameStats,
    last_frame: Option<Instant>,
    pub(super) last_event: Instant,
    pub(super) is_flying: bool,
    /// Keeps the screen on during a talk.
    awake: Awake,
    /// The pointer is out of sight: nobody has touched it for a while, and there is a talk.
    is_pointer_hidden: bool,
    is_occluded: bool,
    was_hidden: bool,
    pub(super) wants_to_quit: bool,
    is_ready: bool,
    /// The device is gone, and no other is there yet.
    pub(super) loss: Option<Loss>,
    /// Pictures until the device is destroyed, where a test asks for it.
    pub(super) drop_after: Option<u32>,
    pub(super) pace: Pace,
    /// The last frame was to be followed by this one at once.
    goes_on: bool,
    /// The picture stands still and is drawn whole.
    is_at_rest: bool,
}

/// A scene on its way.
pub(super) enum Opening {
    Read(Box<Scene>),
    Named(String),
}

impl Opening {
    fn name(&self) -> &str {
        match self {
            Self::Read(scene) => &scene.name,
            Self::Named(name) => name,
        }
    }
}

impl Shown {
    pub(super) fn new(
        screen: Screen,
        gpu: Arc<Gpu>,
        scene: Scene,
        options: WindowOptions,
        (memory, remembered, notice): (Memory, Option<Remembered>, Option<String>),
    ) -> Self {
        let painter = Painter::new(&screen.window, &gpu, screen.format());
        let scenes = built_in().iter().map(|known| (known.name.to_owned(), title_of(known.text))).collect();
        let mut overlay = Overlay::new(scenes);
        overlay.set_visible(options.overlay);
        if let Some(remembered) = remembered {
            overlay.remember(remembered.layout);
        }
        Self {
            gpu,
            screen,
            painter,
            overlay,
            presenter: Presenter::default(),
            pointer: Pointer::default(),
            options,
            stage: None,
            opening: Some((Opening::Read(Box::new(scene)), false)),
            keep: Keep::default(),
            was_touched: false,
            memory,
            news: notice.into_iter().map(|notice| (Instant::now(), notice)).collect(),
            faults: Vec::new(),
            stats: FrameStats::default(),
            last_frame: None,
            last_event: Instant::now(),
            is_flying: false,
            awake: Awake::default(),
            is_pointer_hidden: false,
            is_occluded: false,
            was_hidden: false,
            wants_to_quit: false,
            is_ready: false,
            loss: None,
            drop_after: report::drop_device_after(),
            pace: Pace::default(),
            goes_on: false,
            is_at_rest: false,
        }
    }

    pub(super) fn request_redraw(&self) {
        self.screen.window.request_redraw();
    }

    /// What the next start should find again.
    fn remembered(&self) -> Remembered {
        let window = &self.screen.window;
        let maximised = window.is_maximized();
        let size = window.inner_size().to_logical::<f64>(window.scale_factor());
        let is_own_size = !maximised && window.fullscreen().is_none() && size.width >= 320.0 && size.height >= 240.0;
        // A maximised window goes back to the size it had before.
        let size = if is_own_size { Some([size.width, size.height]) } else { self.memory.size() };
        Remembered { layout: self.overlay.layout().clone(), size, maximised }
    }

    /// Keeps what changed last.
    pub(super) fn end(&mut self) {
        self.memory.note(self.remembered());
        self.memory.write();
    }

    /// Nobody sees the window.
    pub(super) const fn is_hidden(&self) -> bool {
        self.is_occluded || self.was_hidden
    }

    /// Takes a window event; true when a frame should follow soon.
    pub(super) fn on_event(&mut self, event: &WindowEvent) -> bool {
        self.last_event = Instant::now();
        let overlay_changes = self.painter.on_event(&self.screen.window, event);
        match event {
            WindowEvent::Resized(size) => {
                self.screen.resize(&self.gpu, *size);
                report::say(format_args!("resized {}x{}", size.width, size.height));
                return true;
            }
            WindowEvent::Occluded(occluded) => {
                self.is_occluded = *occluded;
                return true;
            }
            WindowEvent::Focused(false) => self.fly(false),
            _ => {}
        }
        let free = !self.is_over_overlay() && !self.is_flying;
        let Some(stage) = &mut self.stage else { return overlay_changes };
        let size = self.screen.size();
        let is_flying = pointer::keys(&self.painter.context).0.is_under_way();
        match self.pointer.on_event(event, free, is_flying, size[1] as f32, &mut stage.camera) {
            Some(Click::Once(at)) => {
                stage.click(size, at, self.pointer.how());
                return true;
            }
            Some(Click::Enclosed(region)) => {
                stage.select_within(size, &region, self.pointer.how());
                return true;
            }
            Some(Click::Twice) => stage.focus_picked(),
            None => {}
        }
        overlay_changes || self.pointer.is_dragging() || pointer::is_gesture(event)
    }

    /// The pointer is over the overlay, or drags something of it. Asks by where the pointer is now: egui itself only
    /// knows where it was at the last frame, and a press right after a move would be lost.
    fn is_over_overlay(&self) -> bool {
        if !self.overlay.is_visible() {
            return false;
        }
        let context = &self.painter.context;
        let ([x, y], [width, height]) = (self.pointer.at(), self.screen.size().map(|side| side.max(1) as f32));
        let [left, top, right, bottom] = self.overlay.free_part();
        let is_in_panel = x < left * width || x >= right * width || y < top * height || y >= bottom * height;
        let is_in_window = || {
            let at = egui::pos2(x, y) / context.pixels_per_point();
            context.layer_id_at(at).is_some_and(|layer| layer.order != egui::Order::Background)
        };
        is_in_panel || is_in_window() || context.egui_is_using_pointer()
    }

    /// The mouse moved by this many pixels, wherever the pointer is; true when it turned the camera.
    pub(super) fn look_around(&mut self, delta: [f32; 2]) -> bool {
        match &mut self.stage {
            Some(stage) if self.is_flying => {
                stage.camera.look(delta, self.screen.size()[1] as f32);
                true
            }
            _ => false,
        }
    }

    /// One frame, from simulation to present.
    pub(super) fn live_frame(&mut self) -> Result<Next, WindowError> {
        self.pace.begin();
        let now = Instant::now();
        let wall = self.last_frame.map_or(Duration::ZERO, |last| now - last);
        self.last_frame = Some(now);
        if let Some(fault) = self.gpu.take_fault() {
            report::say(format_args!("fault {fault}"));
            self.faults.push(format!("the graphics driver complained: {fault}"));
        }
        self.open_what_was_announced()?;
        self.pace.lap("opening");
        let mut moves = false;
        if let Some(stage) = &mut self.stage {
            let (flight, mut steering) = pointer::keys(&self.painter.context);
            if stage.talk.is_some() {
                // The arrows turn the pages.
                steering = Steering::default();
            }
            stage.camera.fly(flight);
            stage.camera.steer(steering);
            moves = flight.is_under_way() || steering.is_under_way();
        }
        if self.goes_on
            && let Some(stage) = &mut self.stage
        {
            stage.note_frame_time(wall);
        }
        let talk = self.stage.as_ref().and_then(|stage| stage.talk.as_ref());
        let is_in_a_hurry = talk.is_some_and(Talk::is_in_a_hurry);
        self.simulate(wall, if is_in_a_hurry { HURRIED_BUDGET } else { SIMULATION_BUDGET })?;
        self.pace.lap("simulating");
        let camera_time = self.camera_time(wall);
        if let Some(stage) = &mut self.stage {
            moves |= stage.move_camera(camera_time, self.overlay.free_part());
            if let Some(failure) = stage.take_talk_failure() {
                self.tell(format!("the tour cannot go on: {failure}"));
            }
        }
        self.attend_talk();
        let painted = self.run_overlay(camera_time);
        self.pace.lap("overlay");
        self.go_on_keeping(&painted);
        self.memory.note(self.remembered());
        self.pace.lap("keeping pictures");
        if self.wants_to_quit {
            self.finish_keeping();
            return Ok(Next::Quit);
        }
        let moves = moves || self.is_busy();
        // Once whole, it stays whole until something moves: a pointer that passes by coarsens nothing.
        self.is_at_rest = !moves && (self.is_at_rest || now - self.last_event >= LINGER);
        if let Some(stage) = &mut self.stage {
            stage.renderer.set_at_rest(self.is_at_rest);
        }
        let was_presented = self.present(&painted, now);
        self.pace.lap("drawing");
        self.pace.end();
        self.average(wall);
        self.was_hidden = matches!(was_presented, Presented::Hidden);
        if self.was_hidden || self.is_occluded {
            return Ok(Next::Hidden);
        }
        let goes_on = moves
            || matches!(was_presented, Presented::Later)
            || painted.again_in.is_zero()
            || now - self.last_event < LINGER;
        self.goes_on = goes_on;
        let rest = (painted.again_in < Duration::from_secs(3600)).then_some(painted.again_in);
        Ok(if goes_on { Next::Frame } else { Next::Idle(rest.or((!self.news.is_empty()).then_some(NEWS_FOR))) })
    }

    /// The picture changes from frame to frame, whoever watches.
    fn is_busy(&self) -> bool {
        let stage_is = |stage: &Stage| stage.telemetry().playing || stage.is_unsettled();
        self.stage.as_ref().is_some_and(stage_is) || self.opening.is_some() || self.keep.is_busy()
    }

    /// During a talk the screen stays on, and a pointer that nobody moves is out of sight.
    fn attend_talk(&mut self) {
        let has_talk = self.stage.as_ref().is_some_and(|stage| stage.talk.is_some());
        if let Some(news) = self.awake.follow(has_talk) {
            report::say(news);
        }
        let hides = has_talk && !self.overlay.is_visible() && self.pointer.rests_for() > POINTER_RESTS;
        if hides != self.is_pointer_hidden {
            self.is_pointer_hidden = hides;
            self.screen.window.set_cursor_visible(!hides && !self.is_flying);
            report::say(if hides { "pointer hidden" } else { "pointer shown" });
        }
    }

    /// A scene is opened in the frame after the one that says so, since opening holds everything up.
    fn open_what_was_announced(&mut self) -> Result<(), WindowError> {
        let Some((opening, _)) = self.opening.take_if(|(_, was_announced)| *was_announced) else {
            if let Some((_, was_announced)) = &mut self.opening {
                *was_announced = true;
            }
            return Ok(());
        };
        let name = opening.name().to_owned();
        let scene = match opening {
            Opening::Read(scene) => Ok(*scene),
            Opening::Named(name) => self.read_scene(&name),
        };
        let stage = scene.and_then(|scene| Stage::open(&self.gpu, self.screen.format(), scene, &self.options));
        match stage {
            Ok(stage) => self.put_on(stage),
            // With something to go on showing, a scene that cannot be opened is news, not the end.
            Err(error) if self.stage.is_some() => self.tell(format!("{name} was not opened: {error}")),
            Err(error) => return Err(error),
        }
        self.last_frame = Some(Instant::now());
        self.pace.loaded();
        Ok(())
    }

    /// Another scene with the same values set as on the command line, where it has such values.
    fn read_scene(&mut self, name: &str) -> Result<Scene, WindowError> {
        let set = self.options.set.clone();
        match Scene::load(name, &set) {
            Ok(scene) => Ok(scene),
            Err(_) if !set.is_empty() => {
                let scene = Scene::load(name, &[])?;
                self.tell(format!("{name} does not take --set {}; it is as its file has it", set.join(" --set ")));
                Ok(scene)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn put_on(&mut self, mut stage: Stage) {
        self.finish_keeping();
        self.was_touched = false;
        if let Some(light) = self.overlay.layout().light {
            stage.settings.theme = if light { Theme::Light } else { Theme::Dark };
        }
        let title = &stage.scene().title;
        self.screen.window.set_title(&format!("{title} - spikescope"));
        self.overlay.load(stage.network(), stage.driven_population(), &stage.scene().view.charts);
        report::say(format_args!("scene {}", stage.scene().name));
        if std::mem::take(&mut self.options.tour) {
            stage.toggle_tour();
            self.overlay.set_visible(false);
        }
        self.stage = Some(stage);
        self.last_event = Instant::now();
    }

    fn run_overlay(&mut self, time: Duration) -> Painted {
        self.news.retain(|(since, _)| since.elapsed() < NEWS_FOR);
        let (painted, actions) = self.paint_overlay(None, time);
        for action in actions {
            self.obey(action);
        }
        painted
    }

    /// The overlay as it is now, this many times as large for a picture of that size. Nobody touches that one.
    pub(super) fn run_overlay_at(&mut self, size: [u32; 2], times: u32) -> Painted {
        self.paint_overlay(Some((size, times)), Duration::ZERO).0
    }

    fn paint_overlay(&mut self, at: Option<([u32; 2], u32)>, time: Duration) -> (Painted, Vec<OverlayAction>) {
        let opening = self.opening.as_ref().map(|(opening, _)| opening.name().to_owned());
        let mut actions = Vec::new();
        let (mut notices, mut views) = (Vec::new(), Vec::new());
        let (mut caption, mut scale) = (None, None);
        let (mut forms, mut lines) = (Vec::new(), Vec::new());
        let mut space = None;
        let pixels_per_point = self.painter.context.pixels_per_point();
        let (size, pixels_per_point) =
            at.map_or((self.screen.size(), pixels_per_point), |(size, times)| (size, pixels_per_point * times as f32));
        if let Some(stage) = &mut self.stage {
            // Hidden with the overlay, and not even looked for.
            space = self.overlay.is_visible().then(|| stage.look_close(size, pixels_per_point, time.as_secs_f32()));
            notices = stage.notices();
            views.clone_from(&stage.views);
            caption = stage.caption().map(str::to_owned);
            scale = stage.scale().cloned();
            (forms, lines) = (stage.forms(), stage.lines());
            stage.spread(self.overlay.is_visible() && self.overlay.layout().is_open(PanelName::Look));
        }
        let mut news: Vec<String> = self.keep.notices().collect();
        news.extend(self.faults.iter().cloned());
        news.extend(self.news.iter().map(|(_, text)| text.clone()));
        if let Some(name) = opening {
            caption = Some(format!("opening {name} ..."));
        }
        // The settings are edited in place; everything else is only looked at.
        let mut settings = self.stage.as_ref().map_or_else(ViewSettings::default, |stage| stage.settings.clone());
        let none_yet = Telemetry::default();
        let telemetry = self.stage.as_ref().map_or(&none_yet, Stage::telemetry);
        let input = OverlayInput {
            telemetry,
            notices: &notices,
            news: &news,
            frame: self.stats,
            scale: scale.as_ref(),
            fields: self.stage.as_ref().and_then(Stage::fields),
            forms: &forms,
            lines: &lines,
            values: self.stage.as_ref().map_or(&[], Stage::histograms),
            views: &views,
            caption: caption.as_deref(),
            space: space.as_ref(),
            window: WindowState {
                is_flying: self.is_flying,
                is_touring: self.stage.as_ref().is_some_and(|stage| stage.talk.is_some()),
                is_filming: self.keep.is_filming(),
                tool: self.pointer.tool,
            },
        };
        // A line being drawn stands over the window, never in pictures that are kept.
        let lasso = self.pointer.lasso().filter(|_| at.is_none());
        let (overlay, presenter, stage) = (&mut self.overlay, &mut self.presenter, self.stage.as_ref());
        let talk = stage.and_then(|stage| Some((stage, stage.talk.as_ref()?)));
        let comparison = talk.and_then(|(stage, talk)| talk.comparison(&stage.session));
        let present =
            talk.map(|(stage, talk)| talk.input(&stage.session, &stage.settings, comparison.as_ref(), stage.fields()));
        let show = |ui: &mut egui::Ui| {
            let screen = ui.max_rect();
            actions.extend(overlay.show(ui, &input, &mut settings));
            if let Some(present) = &present {
                presenter.show(ui, screen, present);
            }
            if let Some(lasso) = lasso {
                lasso.show(ui, ui.ctx().pixels_per_point());
            }
        };
        let painted = match at {
            None => self.painter.run(&self.screen.window, &self.gpu, show),
            Some((size, times)) => self.painter.run_at(&self.gpu, size, times, show),
        };
        if let Some(stage) = &mut self.stage {
            stage.settings = settings;
        }
        (painted, actions)
    }

    pub(super) fn tell(&mut self, news: String) {
        report::say(&news);
        self.news.push((Instant::now(), news));
    }

    fn present(&mut self, painted: &Painted, frame_started: Instant) -> Presented {
        if self.is_occluded {
            return Presented::Hidden;
        }
        self.drop_device_for_a_test();
        let texture = match self.screen.acquire(&self.gpu) {
            Target::Ready(texture) => texture,
            Target::Later => return Presented::Later,
            Target::Hidden => return Presented::Hidden,
        };
        let started = Instant::now();
        if let Some(stage) = &mut self.stage {
            stage.upload();
        }
        let mut encoder = self.encoder();
        let view = texture.texture.create_view(&wgpu::TextureViewDescriptor::default());
        self.record(&mut encoder, &view, painted);
        self.gpu.queue.submit([encoder.finish()]);
        let draw_ms = started.elapsed().as_secs_f32() * 1e3;
        self.stats.draw_ms += (draw_ms - self.stats.draw_ms) * NEWEST;
        self.screen.window.pre_present_notify();
        self.gpu.queue.present(texture);
        if !self.is_ready && self.stage.is_some() {
            self.is_ready = true;
            let [width, height] = self.screen.size();
            report::say(format_args!("ready {width}x{height} after {:.0?}", frame_started.elapsed()));
        }
        Presented::Yes
    }

    fn encoder(&self) -> wgpu::CommandEncoder {
        self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("window.frame") })
    }

    fn record(&mut self, encoder: &mut wgpu::CommandEncoder, view: &wgpu::TextureView, painted: &Painted) {
        let size = self.screen.size();
        match &mut self.stage {
            Some(stage) => stage.draw(encoder, view, size),
            None => clear(encoder, view),
        }
        self.painter.pixels.draw(&self.gpu, encoder, view, size, painted);
    }

    fn average(&mut self, wall: Duration) {
        let frame_ms = wall.as_secs_f32() * 1e3;
        // Pauses between frames of a picture that stands still are no slow frames.
        if frame_ms > 0.0 && frame_ms < 500.0 {
            let stats = &mut self.stats;
            let weight = if stats.frame_ms == 0.0 { 1.0 } else { NEWEST };
            stats.frame_ms += (frame_ms - stats.frame_ms) * weight;
            stats.fps = 1e3 / stats.frame_ms.max(1e-3);
        }
    }
}

enum Presented {
    Yes,
    Later,
    Hidden,
}

fn clear(encoder: &mut wgpu::CommandEncoder, view: &wgpu::TextureView) {
    encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        label: Some("window.empty"),
        color_attachments: &[Some(wgpu::RenderPassColorAttachment {
            view,
            depth_slice: None,
            resolve_target: None,
            ops: wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color::BLACK), store: wgpu::StoreOp::Store },
        })],
        ..Default::default()
    });
}

/// The title that a scene's text gives itself.
fn title_of(text: &str) -> String {
    let line = text.lines().find(|line| line.trim_start().starts_with("title"));
    let value = line.and_then(|line| line.split_once('=')).map_or("", |(_, value)| value);
    value.trim().trim_matches('"').to_owned()
}
