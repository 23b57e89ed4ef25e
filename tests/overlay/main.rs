//! The overlay from outside: widgets, keys and the palette emit the right commands, panels have their place at every size,
//! and everything can be reached and read without a mouse.

mod access;
mod actions;
mod linked;
mod pictures;
mod stage;
mod widgets;
