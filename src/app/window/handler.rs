//! Listens to the window system: opens the window, passes events on, and decides when the next frame is due. Frames
//! follow each other while something moves; a paused picture costs nothing; a hidden window only simulates.

use std::sync::Arc;
use std::time::{Duration, Instant};

use winit::application::ApplicationHandler;
use winit::dpi::LogicalSize;
use winit::event::{DeviceEvent, DeviceId, StartCause, WindowEvent};
use winit::event_loop::{ActiveEventLoop, ControlFlow, OwnedDisplayHandle};
use winit::window::{Fullscreen, Window, WindowId};

use crate::gpu::Gpu;
use crate::model::scene::Scene;

use super::memory::Memory;
use super::screen::Screen;
use super::shown::{Next, Shown};
use super::{WindowError, WindowOptions};
use super::{displays, report};

/// How often a window that needs no frames looks whether the program was asked to end.
const IDLE_TICK: Duration = Duration::from_millis(200);
/// How often a hidden window goes on simulating.
const HIDDEN_TICK: Duration = Duration::from_millis(50);
/// Size of the window at the start, points.
const FIRST_SIZE: LogicalSize<f64> = LogicalSize::new(1280.0, 720.0);
/// Frames per second where the display does not tell.
const DEFAULT_REFRESH_HZ: f64 = 60.0;

/// The listener. Holds everything from the first event to the last.
pub(super) struct Handler {
    scene: Option<Scene>,
    options: WindowOptions,
    display: OwnedDisplayHandle,
    shown: Option<Shown>,
    failure: Option<WindowError>,
    /// When the next frame is due, if it is.
    due: Option<Instant>,
    frame_interval: Duration,
}

impl Handler {
    pub(super) fn new(scene: Scene, options: WindowOptions, display: OwnedDisplayHandle) -> Self {
        Self {
            scene: Some(scene),
            options,
            display,
            shown: None,
            failure: None,
            due: None,
            frame_interval: Duration::from_secs_f64(1.0 / DEFAULT_REFRESH_HZ),
        }
    }

    /// How it ended.
    pub(super) fn finish(self) -> Result<(), WindowError> {
        self.failure.map_or(Ok(()), Err)
    }

    fn open(&mut self, event_loop: &ActiveEventLoop, scene: Scene) -> Result<Shown, WindowError> {
        let memory = Memory::open();
        let remembered = memory.1.as_ref();
        let size =
            remembered.and_then(|r| r.size).filter(|size| size.iter().all(|side| (240.0..=16_384.0).contains(side)));
        let attributes = Window::default_attributes()
            .with_title(format!("{} - spikescope", scene.title))
            .with_inner_size(size.map_or(FIRST_SIZE, LogicalSize::from))
            .with_maximized(remembered.is_some_and(|r| r.maximised))
            .with_min_inner_size(LogicalSize::new(320.0, 240.0));
        let attributes = match &self.options.display {
            Some(wish) => {
                attributes.with_fullscreen(Some(Fullscreen::Borderless(Some(displays::find(event_loop, wish)?))))
            }
            None => attributes,
        };
        let window = event_loop.create_window(attributes).map_err(|error| WindowError::Refused(error.to_string()))?;
        let window = Arc::new(window);
        let refresh = window.current_monitor().and_then(|monitor| monitor.refresh_rate_millihertz());
        let hertz = refresh.map_or(DEFAULT_REFRESH_HZ, |millihertz| f64::from(millihertz) / 1e3).clamp(24.0, 480.0);
        // A little shorter than the display's own interval, so that the display sets the pace where it can.
        self.frame_interval = Duration::from_secs_f64(0.85 / hertz);
        let instance = Gpu::window_instance(Box::new(self.display.clone()));
        let (screen, gpu) = Screen::open(window, instance, self.options.adapter.as_deref())?;
        Ok(Shown::new(screen, Arc::new(gpu), scene, self.options.clone(), memory))
    }

    fn fail(&mut self, event_loop: &ActiveEventLoop, error: WindowError) {
        report::say(format_args!("failed: {error}"));
        self.failure.get_or_insert(error);
        event_loop.exit();
    }

    fn frame(&mut self, event_loop: &ActiveEventLoop) {
        let Some(shown) = &mut self.shown else { return };
        let started = Instant::now();
        match shown.frame() {
            Ok(Next::Frame) => self.due = Some(started + self.frame_interval),
            Ok(Next::Idle(rest)) => self.due = rest.map(|rest| Instant::now() + rest),
            Ok(Next::Hidden) => self.due = Some(Instant::now() + HIDDEN_TICK),
            Ok(Next::Quit) => event_loop.exit(),
            Err(error) => self.fail(event_loop, error),
        }
    }
}

impl ApplicationHandler for Handler {
    fn resumed(&mut self, event_loop: &ActiveEventLoop) {
        let Some(scene) = self.scene.take() else { return };
        match self.open(event_loop, scene) {
            Ok(shown) => {
                self.shown = Some(shown);
                self.due = Some(Instant::now());
            }
            Err(error) => self.fail(event_loop, error),
        }
    }

    fn window_event(&mut self, event_loop: &ActiveEventLoop, _window: WindowId, event: WindowEvent) {
        let Some(shown) = &mut self.shown else { return };
        match &event {
            WindowEvent::CloseRequested | WindowEvent::Destroyed => {
                report::say("closed");
                event_loop.exit();
            }
            WindowEvent::RedrawRequested => self.frame(event_loop),
            other => {
                if shown.on_event(other) {
                    self.due = Some(self.due.map_or_else(Instant::now, |due| due.min(Instant::now())));
                }
            }
        }
    }

    fn device_event(&mut self, _event_loop: &ActiveEventLoop, _device: DeviceId, event: DeviceEvent) {
        if let (Some(shown), DeviceEvent::MouseMotion { delta: (x, y) }) = (&mut self.shown, event)
            && shown.look_around([x as f32, y as f32])
        {
            self.due = Some(self.due.map_or_else(Instant::now, |due| due.min(Instant::now())));
        }
    }

    fn new_events(&mut self, event_loop: &ActiveEventLoop, _cause: StartCause) {
        if (self.options.should_end)() {
            report::say("interrupted");
            event_loop.exit();
        }
    }

    fn about_to_wait(&mut self, event_loop: &ActiveEventLoop) {
        let now = Instant::now();
        let Some(shown) = &self.shown else { return };
        if self.due.is_some_and(|due| due <= now) {
            if shown.is_hidden() {
                // A hidden window gets no redraw events from some systems.
                self.frame(event_loop);
            } else {
                self.due = None;
                shown.request_redraw();
            }
        }
        let next = self.due.map_or(now + IDLE_TICK, |due| due.min(now + IDLE_TICK));
        event_loop.set_control_flow(ControlFlow::WaitUntil(next));
    }

    fn exiting(&mut self, _event_loop: &ActiveEventLoop) {
        if let Some(shown) = &mut self.shown {
            shown.finish_keeping();
            shown.end();
        }
        // Surfaces must go before the connection to the display does.
        self.shown = None;
        report::say("ended");
    }
}
