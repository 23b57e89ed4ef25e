//! The selected neurons as a table, to be sorted by any column. A click on a row picks its neuron; with Ctrl the neuron
//! leaves the selection, with Ctrl and Shift it is all that stays.

use egui::{Align2, FontId, RichText, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::session::telemetry::SelectionRow;
use crate::session::view::Variable;
use crate::session::{Command, How, Select, Telemetry};

use super::brush::how_held;
use super::{format, style};

/// Width of a column and height of a row, points.
const COLUMN: f32 = 66.0;
const ROW: f32 = 19.0;

/// Columns: heading, and the variable shown; none for ids and counts.
const COLUMNS: [(&str, Column); 8] = [
    ("id", Column::Id),
    ("spikes", Column::Spikes),
    ("rate Hz", Column::Of(Variable::Rate)),
    ("CV", Column::Of(Variable::Cv)),
    ("theta", Column::Of(Variable::Theta)),
    ("class", Column::Of(Variable::Class)),
    ("weights", Column::Of(Variable::WeightSum)),
    ("lost", Column::Of(Variable::SynapsesLost)),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Column {
    Id,
    Spikes,
    Of(Variable),
}

impl Column {
    fn value(self, row: &SelectionRow) -> f64 {
        match self {
            Self::Id => f64::from(row.neuron),
            Self::Spikes => row.spike_count as f64,
            Self::Of(variable) => f64::from(row.value(variable)),
        }
    }

    fn text(self, row: &SelectionRow) -> String {
        match self {
            Self::Id => row.neuron.to_string(),
            Self::Spikes => format::short_count(row.spike_count),
            Self::Of(_) => format::number(self.value(row)),
        }
    }
}

/// How rows are sorted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Order {
    column: usize,
    descending: bool,
}

impl Order {
    /// Indices of the rows in this order; rows without a value stand last either way.
    fn of(self, rows: &[SelectionRow]) -> Vec<usize> {
        let column = COLUMNS[self.column.min(COLUMNS.len() - 1)].1;
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by(|&a, &b| {
            let (x, y) = (column.value(&rows[a]), column.value(&rows[b]));
            let by_value = if self.descending { y.total_cmp(&x) } else { x.total_cmp(&y) };
            x.is_nan().cmp(&y.is_nan()).then(by_value).then(a.cmp(&b))
        });
        order
    }
}

/// Shows the table.
pub(super) fn show(ui: &mut Ui, telemetry: &Telemetry, order: &mut Order, out: &mut Vec<Command>) {
    let rows = &telemetry.selection.rows;
    if rows.is_empty() {
        style::footnote(ui, "no neuron is selected");
        return;
    }
    let width = COLUMN * COLUMNS.len() as f32;
    ScrollArea::horizontal().id_salt("table").show(ui, |ui| {
        ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
        ui.set_min_width(width);
        ui.horizontal(|ui| {
            for (index, (name, _)) in COLUMNS.iter().enumerate() {
                let is_sorted = order.column == index;
                let text = RichText::new(*name).size(12.0);
                let button = egui::Button::selectable(is_sorted, text).min_size(vec2(COLUMN, ROW));
                let response = ui.add_sized(vec2(COLUMN, ROW), button).on_hover_text("sort by this, again: turn round");
                if response.accessible_name(format!("sort by {name}")).clicked() {
                    order.descending = if is_sorted { !order.descending } else { index > 0 };
                    order.column = index;
                }
            }
        });
        let sorted = order.of(rows);
        ScrollArea::vertical().id_salt("rows").max_height(220.0).show_rows(ui, ROW, rows.len(), |ui, range| {
            for &index in &sorted[range] {
                line(ui, &rows[index], telemetry, width, out);
            }
        });
    });
    if (rows.len() as u64) < telemetry.selection.count {
        let (shown, all) = (format::count(rows.len() as u64), format::count(telemetry.selection.count));
        style::footnote(ui, format!("the first {shown} of {all} selected neurons by id"));
    }
}

fn line(ui: &mut Ui, row: &SelectionRow, telemetry: &Telemetry, width: f32, out: &mut Vec<Command>) {
    let (rect, response) = ui.allocate_exact_size(vec2(width, ROW), Sense::click());
    let is_picked = telemetry.picked.as_ref().is_some_and(|picked| picked.neuron == row.neuron);
    response.widget_info(|| {
        let values: Vec<String> =
            COLUMNS.iter().skip(1).map(|(name, column)| format!("{name} {}", column.text(row))).collect();
        let name = format!("neuron {}: {}", row.neuron, values.join(", "));
        WidgetInfo::selected(egui::Role::Button, true, is_picked, name)
    });
    let ink = style::ink(ui);
    if is_picked {
        ui.painter().rect_filled(rect, 3.0, ink.chosen);
    } else if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 3.0, ui.visuals().widgets.hovered.weak_bg_fill);
    }
    let font = FontId::proportional(12.0);
    for (index, (_, column)) in COLUMNS.iter().enumerate() {
        let at = pos2(rect.left() + COLUMN * (index as f32 + 1.0) - 10.0, rect.center().y);
        let colour = if index == 0 { ink.strong } else { ink.text };
        ui.painter().text(at, Align2::RIGHT_CENTER, column.text(row), font.clone(), colour);
    }
    if response.clicked() {
        out.push(match how_held(ui) {
            How::Remove => Command::Select(Select::Neurons { ids: [row.neuron].into(), how: How::Remove }),
            how @ How::Keep => Command::Select(Select::Neurons { ids: [row.neuron].into(), how }),
            How::Replace | How::Add => Command::Pick(Some(row.neuron)),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_without_a_value_stand_last_in_both_directions() {
        let row = |neuron, rate| {
            let mut values = [f32::NAN; Variable::ALL.len()];
            values[Variable::Rate as usize] = rate;
            SelectionRow { neuron, population: 0, flags: 0, spike_count: 0, values }
        };
        let rows = [row(1, 5.0), row(2, f32::NAN), row(3, 9.0)];
        assert_eq!(Order { column: 2, descending: false }.of(&rows), [0, 2, 1]);
        assert_eq!(Order { column: 2, descending: true }.of(&rows), [2, 0, 1]);
    }
}
