//! Pictures: draws activity buffers into any texture view. Sees no session, no window and no egui.
//!
//! What a picture is made of, in the order it is drawn: the stage; neurons as shaded spheres ([`PointStyle::Quads`]) or
//! as additive splats; synapses as lines of light; halos of spikes; the glow; the tone curve. All light is linear and
//! gathered in half floats. The same state gives the same bytes.
//!
//! [`PointStyle::Quads`]: crate::session::view::PointStyle::Quads

mod arcs;
mod bloom;
pub mod camera;
mod cells;
pub mod colour;
mod detail;
mod following;
mod frame;
mod gather;
mod layer_notices;
mod layers;
mod lines;
mod looks;
mod lookup;
mod maps;
mod marks;
mod meanings;
mod neurons;
mod notices;
mod pick;
mod points;
mod quality;
mod ranking;
mod region;
mod renderer;
mod sampling;
pub mod shaders;
mod targets;
mod tile;
mod variants;
mod wiring;

pub use arcs::PopulationArc;
pub use camera::{Camera, CameraView, Flight, Pose, Steering};
pub use cells::DrawnCell;
pub use colour::RATE_TOP_HZ;
pub use frame::{Bounds, Frame, FrameUniform, PopulationLook, pulse_ms};
pub use lines::{Line, LineRange, LineSet, LineState};
pub use looks::{ProjectionLook, line_colours};
pub use lookup::{ChannelUniform, MAP_LEN, share_of};
pub use maps::{CATEGORIES, category_colour, map_colour};
pub use marks::Mark;
pub use meanings::{LineMeaning, LinePattern};
pub use pick::nearest_neuron;
pub use region::{Region, neurons_within};
pub use renderer::{Legend, Renderer};
pub use sampling::{Drawn, DrawnSynapse, Ends, of_neurons, sample};
pub use shaders::SHADERS;
pub use tile::Tile;
