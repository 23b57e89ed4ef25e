//! A population cut into blocks of one size: what `integrate` works on. In go slices of the state's arrays, out come
//! arrays whose length the compiler knows, so that nothing is checked per neuron.

/// Neurons advanced together.
pub(super) const BLOCK: usize = 32;

/// Neurons of one population and their input: the same number of each, but delta cells have no inhibitory ports.
pub(super) struct Neurons<'a> {
    /// Local id of the first.
    pub(super) first: u32,
    pub(super) membrane_mv: &'a mut [f32],
    pub(super) theta_mv: &'a mut [f32],
    pub(super) hold: &'a mut [u32],
    pub(super) g_excitatory: &'a mut [f32],
    pub(super) g_inhibitory: &'a mut [f32],
    pub(super) excitatory: &'a mut [i32],
    pub(super) inhibitory: &'a mut [i32],
}

/// [`BLOCK`] of them: a number that the compiler knows needs no checks.
pub(super) struct Block<'a> {
    pub(super) first: u32,
    pub(super) membrane_mv: &'a mut [f32; BLOCK],
    pub(super) theta_mv: &'a mut [f32; BLOCK],
    pub(super) hold: &'a mut [u32; BLOCK],
    pub(super) g_excitatory: &'a mut [f32; BLOCK],
    pub(super) g_inhibitory: &'a mut [f32; BLOCK],
    pub(super) excitatory: &'a mut [i32; BLOCK],
    pub(super) inhibitory: &'a mut [i32; BLOCK],
}

impl<'a> Neurons<'a> {
    /// The first `count`, which are taken away.
    pub(super) fn take(&mut self, count: usize) -> Self {
        fn take<'a, T>(values: &mut &'a mut [T], count: usize) -> &'a mut [T] {
            let count = count.min(values.len());
            values.split_off_mut(..count).unwrap_or_default()
        }
        let first = self.first;
        self.first += count as u32;
        Self {
            first,
            membrane_mv: take(&mut self.membrane_mv, count),
            theta_mv: take(&mut self.theta_mv, count),
            hold: take(&mut self.hold, count),
            g_excitatory: take(&mut self.g_excitatory, count),
            g_inhibitory: take(&mut self.g_inhibitory, count),
            excitatory: take(&mut self.excitatory, count),
            inhibitory: take(&mut self.inhibitory, count),
        }
    }

    /// The first block, which is taken away; nothing, and nothing taken, when fewer are left. `spare` stands in for ports
    /// that there are not.
    #[inline(always)]
    pub(super) fn take_block<'b>(&mut self, spare: &'b mut [i32; BLOCK]) -> Option<Block<'b>>
    where
        'a: 'b,
    {
        #[inline(always)]
        fn take<'a, T>(values: &mut &'a mut [T]) -> Option<&'a mut [T; BLOCK]> {
            values.split_off_mut(..BLOCK)?.try_into().ok()
        }
        let block = Block {
            first: self.first,
            membrane_mv: take(&mut self.membrane_mv)?,
            theta_mv: take(&mut self.theta_mv)?,
            hold: take(&mut self.hold)?,
            g_excitatory: take(&mut self.g_excitatory)?,
            g_inhibitory: take(&mut self.g_inhibitory)?,
            excitatory: take(&mut self.excitatory)?,
            inhibitory: take(&mut self.inhibitory).unwrap_or(spare),
        };
        self.first += BLOCK as u32;
        Some(block)
    }

    pub(super) const fn len(&self) -> usize {
        self.membrane_mv.len()
    }
}

/// A block's worth of neurons of its own, for the few that do not fill one.
#[derive(Default)]
pub(super) struct Padded {
    floats: [[f32; BLOCK]; 4],
    hold: [u32; BLOCK],
    ports: [[i32; BLOCK]; 2],
}

impl Padded {
    /// Swaps the first neurons with others, as many as those are.
    pub(super) fn exchange(&mut self, neurons: &mut Neurons<'_>) {
        fn swap<T>(mine: &mut [T; BLOCK], theirs: &mut [T]) {
            mine[..theirs.len()].swap_with_slice(theirs);
        }
        let [membrane_mv, theta_mv, g_excitatory, g_inhibitory] = &mut self.floats;
        swap(membrane_mv, neurons.membrane_mv);
        swap(theta_mv, neurons.theta_mv);
        swap(g_excitatory, neurons.g_excitatory);
        swap(g_inhibitory, neurons.g_inhibitory);
        swap(&mut self.hold, neurons.hold);
        swap(&mut self.ports[0], neurons.excitatory);
        swap(&mut self.ports[1], neurons.inhibitory);
    }

    /// All of them, from this local id on.
    pub(super) fn block(&mut self, first: u32) -> Block<'_> {
        let [membrane_mv, theta_mv, g_excitatory, g_inhibitory] = &mut self.floats;
        let [excitatory, inhibitory] = &mut self.ports;
        let hold = &mut self.hold;
        Block { first, membrane_mv, theta_mv, hold, g_excitatory, g_inhibitory, excitatory, inhibitory }
    }
}
