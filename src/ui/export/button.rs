//! The small button beside a chart that saves it. A chart deep inside a panel leaves its wish with the context, and the
//! panel picks it up at the end: charts are drawn by functions that give nothing back.

use egui::{Button, Context, Id, RichText, Ui};

use super::super::action::{ChartFormat, OverlayAction};
use super::super::style;

/// Which chart, as what.
type Wish = (String, ChartFormat);

const FORMATS: [(ChartFormat, &str, &str); 3] = [
    (ChartFormat::Png, "PNG", "a picture"),
    (ChartFormat::Svg, "SVG", "a drawing for papers"),
    (ChartFormat::Csv, "CSV", "all its numbers, as a table"),
];

/// Stands in the header of the chart of this name.
pub(in crate::ui) fn save_button(ui: &mut Ui, chart: &str) {
    let label = RichText::new("save").size(style::SMALL).color(style::ink(ui).weak);
    let menu = egui::containers::menu::MenuButton::from_button(Button::new(label).small());
    let (response, _) = menu.ui(ui, |ui| {
        for (format, name, what) in FORMATS {
            let button = ui.button(name).on_hover_text(what);
            if button.accessible_name(format!("save {chart} as {name}")).clicked() {
                ui.ctx().data_mut(|data| data.insert_temp(id(), (chart.to_owned(), format)));
            }
        }
    });
    response.accessible_name(format!("save {chart}"));
}

/// The wish that a button left in this frame.
pub(in crate::ui) fn take_wish(context: &Context) -> Option<OverlayAction> {
    let wish = context.data_mut(|data| {
        let wish = data.get_temp::<Wish>(id());
        data.remove::<Wish>(id());
        wish
    });
    wish.map(|(chart, format)| OverlayAction::ExportChart { chart, format })
}

fn id() -> Id {
    Id::unique("chart to save")
}
