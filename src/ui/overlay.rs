//! The overlay as a whole: lays the panels out so that nothing overlaps or is cut at any size, and collects what they
//! ask for.

use egui::{Panel, ScrollArea, Ui};

use crate::model::Network;
use crate::session::view::{Channel, Variable};
use crate::session::{Command, ViewSettings};

use super::action::{Own, PanelName};
use super::chart::Span;
use super::colour_map::ValueTexture;
use super::controls::Controls;
use super::{OverlayAction, OverlayInput, help, keys, legend, look, style};

/// Window width, points, below which only one side panel is shown at a time.
const BOTH_SIDES: f32 = 980.0;

/// Window width, points, from which both side panels are open at the start.
const ROOM_FOR_ALL: f32 = 1500.0;

/// The left panel's width, points.
const CONTROLS_WIDTH: f32 = 286.0;

/// Step and range of the overlay's size.
const SCALE_STEP: f32 = 1.1;
const SCALE_RANGE: (f32, f32) = (0.6, 4.0);

/// The overlay's own state; everything else it shows comes in with every frame.
pub struct Overlay {
    /// Name and title of every scene that can be chosen.
    pub(super) scenes: Vec<(String, String)>,
    pub(super) controls: Controls,
    pub(super) controls_open: bool,
    pub(super) charts_open: bool,
    pub(super) help_open: bool,
    pub(super) span: Span,
    pub(super) logarithmic: bool,
    /// Sections that the scene opens with; empty: the overlay's own choice.
    charts: Vec<String>,
    /// Counts scenes, so that every scene's sections open as it asks.
    generation: u32,
    pub(super) input_texture: ValueTexture,
    pub(super) field_texture: ValueTexture,
    pub(super) fields_texture: ValueTexture,
    visible: bool,
    free: [f32; 4],
    is_narrow: bool,
    is_styled: bool,
}

impl Default for Overlay {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Overlay {
    /// An overlay that offers these scenes (name and title).
    #[must_use]
    pub fn new(scenes: Vec<(String, String)>) -> Self {
        Self {
            scenes,
            controls: Controls::default(),
            controls_open: true,
            charts_open: true,
            help_open: false,
            span: Span::TenSeconds,
            logarithmic: false,
            charts: Vec::new(),
            generation: 0,
            input_texture: ValueTexture::default(),
            field_texture: ValueTexture::default(),
            fields_texture: ValueTexture::default(),
            visible: true,
            free: [0.0, 0.0, 1.0, 1.0],
            is_narrow: false,
            is_styled: false,
        }
    }

    /// Takes the starting values of a network's live parameters. `driven`: the source population whose rates a
    /// learning protocol sets, if any. `charts`: the charts to open with (see `model::scene::CHARTS`); empty: the
    /// overlay's own choice.
    pub fn load(&mut self, network: &Network, driven: Option<usize>, charts: &[String]) {
        self.controls = Controls::of(network, driven);
        self.charts = charts.to_vec();
        self.generation += 1;
    }

    /// A section of the charts that opens when the scene asks for one of `charts`, or by `default` where it asks for
    /// nothing.
    pub(super) fn section_of(&self, title: &'static str, charts: &[&str], default: bool) -> style::Section {
        let asked = self.charts.iter().any(|chart| charts.contains(&chart.as_str()));
        let open = if self.charts.is_empty() { default } else { asked };
        style::Section { title, id: self.generation, open }
    }

    /// Puts the live parameters' sliders back to where the scene has them, after a reset of the session.
    pub fn reset_controls(&mut self) {
        self.controls.back_to_start();
    }

    /// False while everything is hidden.
    #[must_use]
    pub const fn is_visible(&self) -> bool {
        self.visible
    }

    /// The part that no panel covered in the last frame: left, top, right, bottom as shares of the whole.
    #[must_use]
    pub const fn free_part(&self) -> [f32; 4] {
        self.free
    }

    /// Shows or hides everything.
    pub const fn set_visible(&mut self, visible: bool) {
        self.visible = visible;
    }

    /// Shows the overlay for one frame into the root [`Ui`] and returns what was asked for. Edits `settings` directly.
    pub fn show(&mut self, ui: &mut Ui, input: &OverlayInput<'_>, settings: &mut ViewSettings) -> Vec<OverlayAction> {
        if !self.is_styled {
            style::install(ui.ctx());
            self.is_styled = true;
            self.controls_open = ui.available_width() >= ROOM_FOR_ALL;
        }
        let mut out = keys::pressed(ui.ctx(), input);
        self.obey_own(ui.ctx(), input, settings, &mut out);
        let screen = ui.max_rect();
        self.free = [0.0, 0.0, 1.0, 1.0];
        if !self.visible {
            return out;
        }
        self.is_narrow = ui.available_width() < BOTH_SIDES;
        if self.is_narrow && self.charts_open {
            self.controls_open = false;
        }
        Panel::top("top bar").frame(style::panel()).resizable(false).show_separator_line(false).show(ui, |ui| {
            self.top_bar(ui, input.telemetry, &mut out);
        });
        if self.charts_open {
            let width = (ui.available_width() * 0.29).clamp(310.0, 470.0);
            docked(Panel::right("charts panel"), width).show(ui, |ui| self.charts(ui, input, &mut out));
        }
        if self.controls_open {
            docked(Panel::left("parameters panel"), CONTROLS_WIDTH).show(ui, |ui| {
                self.parameters(ui, input, settings, &mut out);
            });
        }
        let free = ui.available_rect_before_wrap();
        let share = |at: egui::Pos2| ((at - screen.min) / screen.size().max(egui::Vec2::splat(1.0))).into();
        let ([left, top], [right, bottom]) = (share(free.min), share(free.max));
        self.free = [left, top, right, bottom];
        legend::show(ui, input, settings, free);
        if self.help_open && help::show(ui) {
            self.help_open = false;
        }
        out
    }

    /// Obeys what of `out` is the overlay's own, and adds what follows from it.
    fn obey_own(
        &mut self,
        context: &egui::Context,
        input: &OverlayInput<'_>,
        settings: &mut ViewSettings,
        out: &mut Vec<OverlayAction>,
    ) {
        for index in 0..out.len() {
            if let OverlayAction::Own(own) = out[index] {
                self.obey(context, own, input, settings, out);
            }
        }
    }

    fn parameters(
        &mut self,
        ui: &mut Ui,
        input: &OverlayInput<'_>,
        settings: &mut ViewSettings,
        out: &mut Vec<OverlayAction>,
    ) {
        let mut commands = Vec::new();
        ScrollArea::vertical().id_salt("parameters").auto_shrink([false, false]).show(ui, |ui| {
            style::Section::open("Live parameters").show(ui, "", |ui| {
                self.controls.show(ui, input.telemetry, &mut commands);
            });
            style::Section::open("Look").show(ui, "", |ui| look::show(ui, settings));
            style::Section::open("Views").show(ui, "", |ui| views(ui, input.views, out));
        });
        out.extend(commands.into_iter().map(OverlayAction::Command));
    }

    pub(super) fn open_controls(&mut self, open: bool) {
        self.controls_open = open;
        if open && self.is_narrow {
            self.charts_open = false;
        }
    }

    pub(super) fn open_charts(&mut self, open: bool) {
        self.charts_open = open;
        if open && self.is_narrow {
            self.controls_open = false;
        }
    }

    /// Does what is the overlay's own; what follows from it goes to `out`.
    fn obey(
        &mut self,
        context: &egui::Context,
        own: Own,
        input: &OverlayInput<'_>,
        settings: &mut ViewSettings,
        out: &mut Vec<OverlayAction>,
    ) {
        let (least, greatest) = SCALE_RANGE;
        match own {
            Own::Hide => self.visible = !self.visible,
            Own::Help => {
                self.help_open = !self.help_open || !self.visible;
                self.visible = true;
            }
            Own::Larger => context.set_zoom_factor((context.zoom_factor() * SCALE_STEP).min(greatest)),
            Own::Smaller => context.set_zoom_factor((context.zoom_factor() / SCALE_STEP).max(least)),
            Own::Toggle(PanelName::Parameters) => self.open_controls(!self.controls_open),
            Own::Toggle(PanelName::Charts) => self.open_charts(!self.charts_open),
            Own::NextColour => settings.colour = Channel::of(after(&Variable::ALL, settings.colour.by)),
            Own::NextSynapses => settings.synapses = settings.synapses.next_preset(),
            Own::Labels => settings.labels = !settings.labels,
            Own::Billboards => settings.billboards = !settings.billboards,
            Own::Palette | Own::Ask(_) => {}
            Own::Close => {
                if self.help_open {
                    self.help_open = false;
                } else if input.window.is_flying {
                    out.push(OverlayAction::LeaveFlight);
                } else if input.telemetry.picked.is_some() {
                    out.push(OverlayAction::Command(Command::Pick(None)));
                }
            }
        }
    }
}

fn after<T: Copy + PartialEq>(all: &[T], current: T) -> T {
    let at = all.iter().position(|&one| one == current).unwrap_or(0);
    all[(at + 1) % all.len()]
}

fn docked(panel: Panel, width: f32) -> Panel {
    panel.frame(style::panel()).resizable(false).show_separator_line(false).exact_size(width)
}

fn views(ui: &mut Ui, names: &[String], out: &mut Vec<OverlayAction>) {
    ui.horizontal_wrapped(|ui| {
        if ui.button("Everything").on_hover_text("the whole network (Home)").clicked() {
            out.push(OverlayAction::FrameAll);
        }
        for (index, name) in names.iter().enumerate() {
            let hint = if index < 9 { format!("key {}", index + 1) } else { String::new() };
            if ui.button(name).on_hover_text(hint).clicked() {
                out.push(OverlayAction::View(index));
            }
        }
        if ui.button("Tour").on_hover_text("camera tour on and off (T)").clicked() {
            out.push(OverlayAction::Tour);
        }
        if ui.button("Save picture").on_hover_text("as a PNG file (P)").clicked() {
            out.push(OverlayAction::Screenshot);
        }
    });
}
