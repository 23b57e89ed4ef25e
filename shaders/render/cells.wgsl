// Neurons in the order of the cells that a picture shows. Group 2. Rust twin of Cell: render::DrawnCell.

struct Cell {
    first: u32,     // of its neurons in `order`
    count: u32,
    share: f32,     // of its resting neurons that is drawn as points of light
    padding: u32,
}

const NOBODY = 0xffffffffu;

@group(2) @binding(0) var<storage, read> order: array<u32>;
@group(2) @binding(1) var<storage, read> cells: array<Cell>;

// The neuron that an instance (a cell) and a vertex (six each) draw; NOBODY beyond the cell's last.
fn neuron_of(instance: u32, vertex: u32) -> u32 {
    let cell = cells[instance];
    let rank = vertex / 6u;
    if rank >= cell.count {
        return NOBODY;
    }
    return order[cell.first + rank];
}
