//! The window: one scene at a time, live, with the overlay over it. In go a scene and a few choices, out comes nothing
//! but a clean end or one readable message.
//!
//! `handler` listens to the window system and paces the frames, `stage` holds what is shown (session, renderer,
//! camera, lens), `screen` the surface, `painter` the overlay's pixels, `pointer` the mouse and the flight keys, `obey`
//! does what the overlay asks for, `memory` keeps size and layout between starts, `keep` saves pictures and films, `awake` keeps
//! the screen on during a talk.

pub(in crate::app) mod awake;
mod caption;
mod clipboard;
pub mod displays;
mod film;
mod handler;
mod keep;
mod lasso;
mod memory;
mod obey;
mod pace;
mod painter;
mod pointer;
mod recovery;
mod report;
mod screen;
mod selecting;
mod shown;
mod spread;
mod stage;
mod talk;

use winit::event_loop::EventLoop;

use crate::app::AppError;
use crate::gpu::GpuError;
use crate::model::scene::{Scene, SceneError};
use crate::recording::Recording;
use crate::session::{EngineChoice, SessionError, StreamFeed};

pub use memory::CONFIG_VARIABLE;
pub use report::{DROP_DEVICE_VARIABLE, LOG_VARIABLE, LOSE_SURFACE_VARIABLE};

/// What the window should do beyond showing the scene.
#[derive(Clone, Debug)]
pub struct WindowOptions {
    /// Who simulates.
    pub engine: EngineChoice,
    /// The adapter whose name contains this; none: the fastest kind.
    pub adapter: Option<String>,
    /// Replaces the scene's seed.
    pub seed: Option<u64>,
    /// Scene values set on the command line; they hold for every scene that is opened and has them.
    pub set: Vec<String>,
    /// Starts with the overlay shown.
    pub overlay: bool,
    /// Begins with the scene's tour.
    pub tour: bool,
    /// Full screen on the display of this number or name.
    pub display: Option<String>,
    /// The recording that the first scene stands for, if it does.
    pub recording: Option<Recording>,
    /// The stream that the first scene stands for, if it does.
    pub stream: Option<StreamFeed>,
    /// Asked a few times a second; true ends the window as if it had been closed (an interrupt, a kill signal).
    pub should_end: fn() -> bool,
}

impl Default for WindowOptions {
    fn default() -> Self {
        Self {
            engine: EngineChoice::Auto,
            adapter: None,
            seed: None,
            set: Vec::new(),
            overlay: true,
            tour: false,
            display: None,
            recording: None,
            stream: None,
            should_end: || false,
        }
    }
}

/// Why there is no window, or none any more.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// No display: the caller may render without a window instead.
    #[error(
        "there is no display to open a window on ({0}); set DISPLAY or WAYLAND_DISPLAY, or use `spikescope render`"
    )]
    NoDisplay(String),
    /// The window system refused.
    #[error("the window could not be opened: {0}")]
    Refused(String),
    /// No such display.
    #[error("--display: there is no display {wish:?}; there are: {known}")]
    NoSuchDisplay {
        /// What was asked for.
        wish: String,
        /// What there is.
        known: String,
    },
    /// No adapter for it.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// The scene cannot be compiled.
    #[error(transparent)]
    Scene(#[from] SceneError),
    /// The session cannot be opened, or broke.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The GPU is gone.
    #[error("the GPU stopped working: {0}; start again, or choose another adapter with --adapter")]
    DeviceLost(String),
}

impl From<WindowError> for AppError {
    fn from(error: WindowError) -> Self {
        match error {
            WindowError::Gpu(error) => error.into(),
            WindowError::Scene(error) => error.into(),
            WindowError::Session(error) => error.into(),
            WindowError::NoSuchDisplay { .. } => Self::Mistake(error.to_string()),
            WindowError::NoDisplay(_) | WindowError::Refused(_) | WindowError::DeviceLost(_) => {
                Self::Failure(error.to_string())
            }
        }
    }
}

/// Shows `scene` until the window is closed. Call it on the main thread, once in a process.
///
/// # Errors
/// See [`WindowError`]; [`WindowError::NoDisplay`] before anything was shown.
pub fn run(scene: Scene, options: WindowOptions) -> Result<(), WindowError> {
    let events = EventLoop::new().map_err(|error| WindowError::NoDisplay(error.to_string()))?;
    let mut handler = handler::Handler::new(scene, options, events.owned_display_handle());
    events.run_app(&mut handler).map_err(|error| WindowError::Refused(error.to_string()))?;
    handler.finish()
}
