//! Which image comes next: a new random order in every pass over the data, or the order of the data.

use super::data::permutation;

/// A place in the data.
#[derive(Clone)]
pub(super) struct Cursor {
    order: Vec<u32>,
    position: usize,
    pass: u32,
    seed: Option<u64>,
}

impl Cursor {
    /// Before the first of `len` images; without a seed in the order of the data.
    pub(super) fn new(len: usize, seed: Option<u64>) -> Self {
        let order = seed.map_or_else(|| (0..len as u32).collect(), |seed| permutation(len, seed, 0));
        Self { order, position: 0, pass: 0, seed }
    }

    /// Pass, and place in it.
    pub(super) const fn place(&self) -> (u32, usize) {
        (self.pass, self.position)
    }

    /// Goes to a place; false where there is none.
    pub(super) fn go_to(&mut self, pass: u32, position: usize) -> bool {
        if position >= self.order.len() {
            return false;
        }
        if let Some(seed) = self.seed {
            self.order = permutation(self.order.len(), seed, pass);
        }
        (self.pass, self.position) = (pass, position);
        true
    }

    /// Index of the image.
    pub(super) fn image(&self) -> u32 {
        self.order.get(self.position).copied().unwrap_or_default()
    }

    /// Moves on.
    pub(super) fn next(&mut self) {
        self.position += 1;
        if self.position >= self.order.len() {
            self.position = 0;
            self.pass = self.pass.wrapping_add(1);
            if let Some(seed) = self.seed {
                self.order = permutation(self.order.len(), seed, self.pass);
            }
        }
    }
}
