//! Networks for unit tests, in a line: populations that only send, joined as asked. In: sizes and connectivity. Out: a
//! [`Network`] whose every weight and delay is 1; a test sets what else it is about.

use super::{Cell, Connectivity, Delays, Network, Population, Projection, Receptor, Source, Weights};

/// Populations of these sizes and projections from one to another, by index.
pub(crate) fn sketch(sizes: &[u32], projections: impl IntoIterator<Item = (usize, usize, Connectivity)>) -> Network {
    let mut first = 0;
    let population = |&size: &u32| {
        let population = Population {
            name: format!("from {first}"),
            first,
            size,
            cell: Cell::Source(Source::Poisson { rate_hz: 1.0 }),
            shape: None,
            colour: [1.0; 3],
        };
        first += size;
        population
    };
    let projection = |(source, target, connectivity)| Projection {
        name: format!("{source} -> {target}"),
        source,
        target,
        receptor: Receptor::Excitatory,
        connectivity,
        weights: Weights::Constant(1.0),
        delays: Delays::Constant(1),
        plasticity: None,
        normalised_sum: None,
        pruning: None,
    };
    Network {
        populations: sizes.iter().map(population).collect(),
        projections: projections.into_iter().map(projection).collect(),
        ..Network::default()
    }
}
