//! What the overlay shows in one frame: plain values that the window collects and lends.

use crate::session::Telemetry;
use crate::session::view::{ChannelSlot, Variable};

use super::action::Tool;
use super::space::SpaceInput;

/// What the overlay shows in one frame.
#[derive(Clone, Copy)]
pub struct OverlayInput<'a> {
    /// The session's.
    pub telemetry: &'a Telemetry,
    /// The renderer's: what it samples or leaves out.
    pub notices: &'a [String],
    /// The window's: what was just done, what failed.
    pub news: &'a [String],
    /// The window's.
    pub frame: FrameStats,
    /// The colours of the present colouring, unless it is by population.
    pub scale: Option<&'a ColourScale>,
    /// What sizes and heights mean, where they mean something.
    pub forms: &'a [FormKey],
    /// What the lines in the picture mean.
    pub lines: &'a [LineKey],
    /// The receptive fields of the output neurons, where they are pictures.
    pub fields: Option<&'a FieldGrid>,
    /// How the values that the channels show are spread, while somebody edits how they are shown.
    pub values: &'a [ValueHistogram],
    /// Names of the scene's saved views.
    pub views: &'a [String],
    /// What the scene says at this moment.
    pub caption: Option<&'a str>,
    /// What the window is doing.
    pub window: WindowState,
    /// What stands in the picture itself.
    pub space: Option<&'a SpaceInput>,
}

/// How many neurons have which value of a variable.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueHistogram {
    /// Which channel shows them.
    pub slot: ChannelSlot,
    /// Of which variable.
    pub by: Variable,
    /// Values at the ends; bins may be as wide as the scale is there, not as the values are.
    pub range: [f32; 2],
    /// Neurons per bin, all bins equally wide on the scale.
    pub bins: Vec<u32>,
    /// Neurons without a value.
    pub without: u64,
}

/// What colours mean, from the least value to the greatest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColourScale {
    /// sRGB, 0 to 1, evenly spaced along the scale.
    pub colours: Vec<[f32; 3]>,
    /// Ends and unit in words.
    pub text: String,
}

/// What sizes or heights mean.
#[derive(Clone, Debug, PartialEq)]
pub struct FormKey {
    /// Which of the two.
    pub slot: ChannelSlot,
    /// Variable, range and unit in words.
    pub text: String,
}

/// What a colour or a pattern of lines means.
#[derive(Clone, Debug, PartialEq)]
pub struct LineKey {
    /// sRGB, 0 to 1; none where lines of any colour may look so.
    pub colour: Option<[f32; 3]>,
    /// How it is drawn.
    pub pattern: LineStyle,
    /// What it says.
    pub text: String,
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineStyle {
    /// Even.
    Solid,
    /// Brighter towards its end.
    Rising,
    /// Dashed.
    Dashed,
    /// Dotted.
    Dotted,
    /// A point that travels.
    Pulse,
}

/// Receptive fields side by side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldGrid {
    /// Width and height of one field.
    pub tile: [u32; 2],
    /// Fields.
    pub count: u32,
    /// Fields in a row.
    pub columns: u32,
    /// Neuron of the first field.
    pub first: u32,
    /// Neurons from one field to the next.
    pub stride: u32,
    /// Width and height of the whole: fields with a pixel between and around them.
    pub size: [u32; 2],
    /// Row by row: weight as a share of the field's strongest; negative where there is none.
    pub values: Vec<f32>,
    /// Another number for other values; 0: none yet.
    pub version: u64,
}

/// How the last frames went.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FrameStats {
    /// Frames per second.
    pub fps: f32,
    /// From one frame to the next, ms.
    pub frame_ms: f32,
    /// Recording and submitting one picture, ms of the host's time.
    pub draw_ms: f32,
}

/// What the window is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WindowState {
    /// The mouse looks around.
    pub is_flying: bool,
    /// A tour moves the camera.
    pub is_touring: bool,
    /// A film is being made.
    pub is_filming: bool,
    /// What a drag does.
    pub tool: Tool,
}
