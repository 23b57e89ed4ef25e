//! Plain data: what a user writes ([`Scene`](scene::Scene)), what it becomes ([`Network`]), and the numbers both engines
//! share (random numbers, decay tables, fixed point). Knows no GPU, no window and no clock.

mod compile;
mod connect;
pub mod decay;
pub mod layout;
pub mod network;
pub mod random;
pub mod scene;
#[cfg(test)]
pub(crate) mod sketch;

pub use network::{
    AdaptiveThreshold, Background, Cell, Connectivity, Delays, Lif, Network, Plasticity, Population, Projection,
    Pruning, PruningPolicy, Receptor, Rule, Source, SynapseModel, Weights,
};
