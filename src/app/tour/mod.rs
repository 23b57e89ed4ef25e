//! Tours: `player` says when what happens (pure), `director` does it to a session and its looks, `figures` compares two
//! moments of a run. The window and the films both play through these.

mod director;
mod figures;
mod player;

pub(in crate::app) use director::Director;
pub(in crate::app) use player::{Cue, Line, Player};
