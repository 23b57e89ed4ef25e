//! The overlay as a whole: lays the panels out so that nothing overlaps or is cut at any size, and collects what they
//! ask for.

use egui::{Panel, ScrollArea, Ui};

use crate::model::Network;
use crate::session::{Command, Telemetry, ViewSettings};

use super::chart::Span;
use super::colour_map::ValueTexture;
use super::controls::Controls;
use super::keys::{self, OwnKey};
use super::{help, legend, look, style};

/// Window width, points, below which only one side panel is shown at a time.
const BOTH_SIDES: f32 = 980.0;

/// Window width, points, from which both side panels are open at the start.
const ROOM_FOR_ALL: f32 = 1500.0;

/// The left panel's width, points.
const CONTROLS_WIDTH: f32 = 286.0;

/// Step and range of the overlay's size.
const SCALE_STEP: f32 = 1.1;
const SCALE_RANGE: (f32, f32) = (0.6, 4.0);

/// What the overlay shows in one frame.
#[derive(Clone, Copy)]
pub struct OverlayInput<'a> {
    /// The session's.
    pub telemetry: &'a Telemetry,
    /// The renderer's: what it samples or leaves out.
    pub notices: &'a [String],
    /// The window's.
    pub frame: FrameStats,
    /// The colours of the present colouring, unless it is by population.
    pub scale: Option<&'a ColourScale>,
    /// The receptive fields of the output neurons, where they are pictures.
    pub fields: Option<&'a FieldGrid>,
    /// Names of the scene's saved views.
    pub views: &'a [String],
    /// What the scene says at this moment.
    pub caption: Option<&'a str>,
    /// The mouse looks around.
    pub is_flying: bool,
}

/// What colours mean, from the least value to the greatest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColourScale {
    /// sRGB, 0 to 1, evenly spaced along the scale.
    pub colours: Vec<[f32; 3]>,
    /// Ends and unit in words.
    pub text: String,
}

/// Receptive fields side by side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldGrid {
    /// Width and height of one field.
    pub tile: [u32; 2],
    /// Fields.
    pub count: u32,
    /// Fields in a row.
    pub columns: u32,
    /// Neuron of the first field.
    pub first: u32,
    /// Neurons from one field to the next.
    pub stride: u32,
    /// Width and height of the whole: fields with a pixel between and around them.
    pub size: [u32; 2],
    /// Row by row: weight as a share of the field's strongest; negative where there is none.
    pub values: Vec<f32>,
    /// Another number for other values; 0: none yet.
    pub version: u64,
}

/// How the last frames went.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FrameStats {
    /// Frames per second.
    pub fps: f32,
    /// From one frame to the next, ms.
    pub frame_ms: f32,
    /// Recording and submitting one picture, ms of the host's time.
    pub draw_ms: f32,
}

/// What the viewer asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum OverlayAction {
    /// For the session.
    Command(Command),
    /// Move the camera to the scene's saved view of this index.
    View(usize),
    /// Start or stop the camera tour.
    Tour,
    /// Move the camera so that everything is seen.
    FrameAll,
    /// Move the camera to the picked neuron.
    FocusPicked,
    /// Switch free flight on or off.
    ToggleFlight,
    /// Leave free flight.
    LeaveFlight,
    /// Switch full screen on or off.
    FullScreen,
    /// Save the picture.
    Screenshot,
    /// End the program.
    Quit,
}

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
        let (mut out, own) = keys::pressed(ui.ctx(), settings);
        for key in own {
            self.obey(ui.ctx(), key, input, &mut out);
        }
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

    fn obey(&mut self, context: &egui::Context, key: OwnKey, input: &OverlayInput<'_>, out: &mut Vec<OverlayAction>) {
        let (least, greatest) = SCALE_RANGE;
        match key {
            OwnKey::Hide => self.visible = !self.visible,
            OwnKey::Help => {
                self.help_open = !self.help_open || !self.visible;
                self.visible = true;
            }
            OwnKey::Larger => context.set_zoom_factor((context.zoom_factor() * SCALE_STEP).min(greatest)),
            OwnKey::Smaller => context.set_zoom_factor((context.zoom_factor() / SCALE_STEP).max(least)),
            OwnKey::Close => {
                if self.help_open {
                    self.help_open = false;
                } else if input.is_flying {
                    out.push(OverlayAction::LeaveFlight);
                } else if input.telemetry.picked.is_some() {
                    out.push(OverlayAction::Command(Command::Pick(None)));
                }
            }
        }
    }
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
