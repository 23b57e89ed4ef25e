//! What a viewer can ask for, as plain values: the overlay emits them, the window obeys.

use serde::{Deserialize, Serialize};

use crate::session::{Command, StandardView};

/// What the viewer asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum OverlayAction {
    /// For the session.
    Command(Command),
    /// The overlay's own; it has obeyed already.
    Own(Own),
    /// Move the camera to the scene's saved view of this index.
    View(usize),
    /// Start or stop the camera tour.
    Tour,
    /// A presenter's key while the tour runs.
    TourKey(TourKey),
    /// Move the camera so that everything is seen.
    FrameAll,
    /// Move the camera to the picked neuron.
    FocusPicked,
    /// Look from a standard side.
    Look(StandardView),
    /// Turn slowly around the middle, or stop.
    Turntable,
    /// Widen (positive steps) or narrow the field of view.
    FieldOfView {
        /// One step is 15 percent of what is seen.
        steps: f32,
        /// The camera comes nearer or goes back, so that things in the middle keep their size.
        keeps_size: bool,
    },
    /// Take back the last change of view.
    UndoView,
    /// Take back the taking back.
    RedoView,
    /// Switch free flight on or off.
    ToggleFlight,
    /// Leave free flight.
    LeaveFlight,
    /// What a drag on the picture does.
    Tool(Tool),
    /// Switch full screen on or off.
    FullScreen,
    /// Save the picture.
    Screenshot,
    /// Save the picture larger or smaller than the window.
    PictureOf(PictureSize),
    /// Start filming, or stop.
    Film(FilmKind),
    /// Save a chart.
    ExportChart {
        /// The chart's name, as its accessible name has it.
        chart: String,
        /// As what.
        format: ChartFormat,
    },
    /// Put the command line that reproduces this view on the clipboard.
    CopyCommand,
    /// End the program.
    Quit,
}

/// What the overlay does itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// Open or close the palette.
    Palette,
    /// Open or close the help.
    Help,
    /// Hide or show everything but the picture.
    Hide,
    /// Close what is open, or let go of what is held.
    Close,
    /// Larger text.
    Larger,
    /// Smaller text.
    Smaller,
    /// Open or close a panel.
    Toggle(PanelName),
    /// The next variable as colour.
    NextColour,
    /// The next choice of synapses.
    NextSynapses,
    /// Names and the scale bar in space, shown and hidden.
    Labels,
    /// What near neurons see or feel, shown and hidden.
    Billboards,
    /// Dark stage or light stage.
    Theme,
    /// The floor, shown or not.
    Floor,
    /// Only what is selected is drawn, or the others too.
    Isolate,
    /// Ask before this is done.
    Ask(Question),
}

/// A panel that opens and closes. The first three share the left side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PanelName {
    /// Live parameters, saved views.
    Parameters,
    /// How the picture looks.
    Look,
    /// What is selected, and what can be done with it.
    Selection,
    /// Everything measured.
    Charts,
    /// The last seconds, to be looked at again.
    Time,
}

impl PanelName {
    /// All of them, as their buttons stand in the bar.
    pub const ALL: [Self; 5] = [Self::Parameters, Self::Look, Self::Selection, Self::Charts, Self::Time];

    /// On its button.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Parameters => "Parameters",
            Self::Look => "Look",
            Self::Selection => "Selection",
            Self::Charts => "Charts",
            Self::Time => "Time",
        }
    }

    /// The action that opens and closes it.
    #[must_use]
    pub const fn action(self) -> &'static str {
        match self {
            Self::Parameters => "panels.parameters",
            Self::Look => "panels.look",
            Self::Selection => "panels.selection",
            Self::Charts => "panels.charts",
            Self::Time => "panels.time",
        }
    }

    /// It stands on the left.
    #[must_use]
    pub const fn is_left(self) -> bool {
        matches!(self, Self::Parameters | Self::Look | Self::Selection)
    }
}

/// Something that cannot be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Throw the run away.
    Reset,
    /// Remove the selected neurons.
    Lesion,
}

/// What dragging with the left button does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tool {
    /// Turns the camera.
    #[default]
    Orbit,
    /// Selects what a rectangle holds.
    Box,
    /// Selects what a drawn line encloses.
    Lasso,
}

/// What presenters' remote controls send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TourKey {
    /// To the next step.
    Next,
    /// To the step before.
    Previous,
    /// The viewer takes the camera, or gives it back to the tour.
    TakeOver,
    /// Nothing to see for now, or again something.
    Blank,
}

/// How large a picture is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureSize {
    /// As large as the window, without panels.
    Bare,
    /// As the window, this many times as large, panels and all.
    Times(u32),
    /// Width and height, pixels; without panels.
    Pixels([u32; 2]),
}

/// What a film becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilmKind {
    /// What this machine can make that most programs play: H.264 where there is ffmpeg, else PNG files.
    Usual,
    /// H.264, through ffmpeg.
    Mp4,
    /// AV1, through ffmpeg.
    Webm,
    /// One uncompressed file.
    Y4m,
    /// A folder of PNG files.
    Frames,
    /// A short loop: an animated PNG.
    Loop,
}

/// What a chart can be saved as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChartFormat {
    /// Pixels.
    Png,
    /// Lines.
    Svg,
    /// Numbers.
    Csv,
}
