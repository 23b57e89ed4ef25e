//! Nothing needs a mouse or eyes: every widget has a name in the accessibility tree and is reached with the Tab key.

use std::collections::BTreeSet;

use egui::accesskit::{Action, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::NodeT;
use spikescope::session::telemetry::RewindTelemetry;
use spikescope::session::view::{Channel, Quality, Theme, Variable};
use spikescope::ui::Layout;
use spikescope::ui::action::PanelName;

use super::stage::{Stage, fields, harness, histogram, telemetry};

/// One state of the overlay that is looked at.
struct Case {
    name: &'static str,
    stage: Stage,
    /// Sections to open: closed ones hide what is in them.
    size: [f32; 2],
}

fn open(panel: PanelName) -> Stage {
    let mut stage = Stage::new(telemetry());
    stage.fields = Some(fields());
    stage.prepare_everything();
    let left = panel.is_left().then_some(panel);
    stage.overlay.remember(Layout { left, charts: panel == PanelName::Charts, time: true, ..Layout::default() });
    stage
}

fn cases() -> Vec<Case> {
    let mut look = open(PanelName::Look);
    look.settings.colour = Channel::of(Variable::Rate);
    look.settings.colour.transfer.range = Some([0.0, 50.0]);
    look.settings.size = Channel::of(Variable::Theta);
    look.settings.quality = Quality::Pinned(0.5);
    look.settings.clip.low[0] = 0.2;
    look.values = Some(histogram());
    let mut past = open(PanelName::Selection);
    past.telemetry.rewind = RewindTelemetry {
        to_ms: 5_000.0,
        at_ms: Some(2_000.0),
        activity: vec![3, 9, 1, 4].into(),
        ..Default::default()
    };
    past.telemetry.undo = Some("pruning".to_owned());
    let mut light = open(PanelName::Parameters);
    light.settings.theme = Theme::Light;
    let hd = [1920.0, 1080.0];
    vec![
        Case { name: "parameters, light", stage: light, size: hd },
        Case { name: "look", stage: look, size: hd },
        Case { name: "selection and past", stage: past, size: hd },
        Case { name: "charts", stage: open(PanelName::Charts), size: hd },
        Case { name: "charts, narrow", stage: open(PanelName::Charts), size: [640.0, 480.0] },
    ]
}

/// Everything that can be acted on, with its name.
fn widgets(harness: &Harness<'static, Stage>) -> Vec<(u64, Role, Option<String>, bool)> {
    let root = harness.root();
    let all = root.children_recursive();
    all.filter_map(|node| {
        let node = node.accesskit_node();
        let data = node.data();
        let acts = data.supports_action(Action::Focus) || data.supports_action(Action::Click);
        // Scroll bars have no names: what they scroll comes into sight with the focus.
        let acts = acts && node.role() != Role::ScrollBar;
        let shows = matches!(node.role(), Role::Image | Role::Canvas | Role::ProgressIndicator);
        (acts || shows).then(|| {
            let name = node.label().or_else(|| node.value()).filter(|name| !name.trim().is_empty());
            let reached = data.supports_action(Action::Focus) && !node.is_disabled();
            (key(&node), node.role(), name, reached)
        })
    })
    .collect()
}

fn key(node: &egui_kittest::kittest::AccessKitNode<'_>) -> u64 {
    let (id, _) = node.locate();
    id.0
}

#[test]
fn every_widget_has_a_name() {
    for case in cases() {
        let harness = harness(case.stage, case.size, 1.0);
        let all = widgets(&harness);
        assert!(all.len() > 20, "{}: only {} widgets", case.name, all.len());
        let unnamed: Vec<_> = all.iter().filter(|(_, _, name, _)| name.is_none()).collect();
        assert!(unnamed.is_empty(), "{}: without a name: {unnamed:?}", case.name);
    }
}

#[test]
fn every_widget_is_reached_with_the_tab_key() {
    for case in cases() {
        let mut harness = harness(case.stage, case.size, 1.0);
        let count = widgets(&harness).len();
        let mut reached = BTreeSet::new();
        for _ in 0..count + 8 {
            harness.key_press(egui::Key::Tab);
            harness.run_steps(1);
            let root = harness.root();
            let focused = root.children_recursive().find(|node| node.accesskit_node().is_focused());
            if let Some(node) = focused {
                reached.insert(key(&node.accesskit_node()));
            }
        }
        let missed: Vec<_> =
            widgets(&harness).into_iter().filter(|(id, _, _, wants)| *wants && !reached.contains(id)).collect();
        assert!(missed.is_empty(), "{}: out of reach of {} reached: {missed:?}", case.name, reached.len());
    }
}

#[test]
fn popups_are_named_too() {
    for own in [egui::Key::F1, egui::Key::R] {
        let mut harness = harness(Stage::new(telemetry()), [1280.0, 720.0], 1.0);
        harness.key_press(own);
        harness.run_steps(3);
        let unnamed: Vec<_> = widgets(&harness).into_iter().filter(|(_, _, name, _)| name.is_none()).collect();
        assert!(unnamed.is_empty(), "{own:?}: without a name: {unnamed:?}");
    }
}
