//! The overlay as a whole: lays the panels out so that nothing overlaps or is cut at any size, and collects what they
//! ask for.

use egui::{Panel, ScrollArea, Ui};

use crate::model::Network;
use crate::session::view::{Channel, Others, Theme, Variable};
use crate::session::{Command, Select, ViewSettings};

use super::action::{Own, PanelName, Question, Tool};
use super::ask::Answer;
use super::colour_map::ValueTexture;
use super::controls::Controls;
use super::layout::{CHARTS_RANGE, LEFT_RANGE, Layout, TEXT_RANGE};
use super::palette::{Outcome, Palette};
use super::selection::SelectionPanel;
use super::{OverlayAction, OverlayInput, Space, ask, help, keys, legend, look, style, timeline};

/// Window width, points, below which only one side panel is shown at a time.
const BOTH_SIDES: f32 = 980.0;

/// Window width, points, from which both side panels are open at the start.
const ROOM_FOR_ALL: f32 = 1500.0;

/// Window height, points, from which the timeline is open at the start.
const ROOM_FOR_TIME: f32 = 800.0;

/// The picture keeps at least this much between the panels, points.
const PICTURE_LEAST: f32 = 200.0;

/// Step of the text's size.
const TEXT_STEP: f32 = 1.1;

/// What stands over everything else.
#[derive(Clone, Debug)]
enum Popup {
    Help,
    Palette(Palette),
    Question(Question),
}

/// The overlay's own state; everything else it shows comes in with every frame.
pub struct Overlay {
    /// Name and title of every scene that can be chosen.
    pub(super) scenes: Vec<(String, String)>,
    pub(super) controls: Controls,
    selection: SelectionPanel,
    pub(super) layout: Layout,
    /// The layout comes from an earlier start; nothing of it is guessed from the window's size.
    is_remembered: bool,
    popup: Option<Popup>,
    /// Sections that the scene opens with; empty: the overlay's own choice.
    charts: Vec<String>,
    /// Counts scenes, so that every scene's sections open as it asks.
    generation: u32,
    pub(super) input_texture: ValueTexture,
    pub(super) field_texture: ValueTexture,
    pub(super) fields_texture: ValueTexture,
    space: Space,
    /// Said of neurons that found no room.
    crowd: Option<String>,
    /// Where legend, notices and caption stood in the last frame.
    legend_place: Vec<egui::Rect>,
    visible: bool,
    free: [f32; 4],
    pub(super) is_narrow: bool,
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
            selection: SelectionPanel::default(),
            layout: Layout::default(),
            is_remembered: false,
            popup: None,
            charts: Vec::new(),
            generation: 0,
            input_texture: ValueTexture::default(),
            field_texture: ValueTexture::default(),
            fields_texture: ValueTexture::default(),
            space: Space::default(),
            crowd: None,
            legend_place: Vec::new(),
            visible: true,
            free: [0.0, 0.0, 1.0, 1.0],
            is_narrow: false,
            is_styled: false,
        }
    }

    /// Takes the layout of an earlier start; call it before the first frame.
    pub fn remember(&mut self, layout: Layout) {
        self.layout = layout.sane();
        self.is_remembered = true;
    }

    /// The present layout.
    #[must_use]
    pub const fn layout(&self) -> &Layout {
        &self.layout
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

    /// Shows the overlay for one frame into the root [`Ui`] and returns what was asked for, the overlay's own actions
    /// (obeyed already) among it. Edits `settings` directly.
    pub fn show(&mut self, ui: &mut Ui, input: &OverlayInput<'_>, settings: &mut ViewSettings) -> Vec<OverlayAction> {
        self.prepare(ui, settings);
        let mut out = keys::pressed(ui.ctx(), input, self.popup.is_some());
        self.obey_own(ui.ctx(), 0, input, settings, &mut out);
        let screen = ui.max_rect();
        self.free = [0.0, 0.0, 1.0, 1.0];
        if self.visible {
            self.panels(ui, input, settings, &mut out);
            let free = ui.available_rect_before_wrap();
            let share = |at: egui::Pos2| ((at - screen.min) / screen.size().max(egui::Vec2::splat(1.0))).into();
            let ([left, top], [right, bottom]) = (share(free.min), share(free.max));
            self.free = [left, top, right, bottom];
            self.show_in_space(ui, input, settings, free);
        }
        self.popup(ui, input, settings, &mut out);
        self.layout.text_size = ui.ctx().zoom_factor();
        out
    }

    /// Style, theme and, in the first frame, the layout that fits the window.
    fn prepare(&mut self, ui: &Ui, settings: &mut ViewSettings) {
        let context = ui.ctx();
        if !self.is_styled {
            style::install(context);
            self.is_styled = true;
            if self.is_remembered {
                context.set_zoom_factor(self.layout.text_size);
            } else {
                if ui.available_width() < ROOM_FOR_ALL {
                    self.layout.left = None;
                }
                self.layout.time = ui.available_height() >= ROOM_FOR_TIME;
            }
        }
        let theme = match settings.theme {
            Theme::Dark => egui::Theme::Dark,
            Theme::Light => egui::Theme::Light,
        };
        if context.theme() != theme {
            context.set_theme(theme);
        }
    }

    fn panels(
        &mut self,
        ui: &mut Ui,
        input: &OverlayInput<'_>,
        settings: &mut ViewSettings,
        out: &mut Vec<OverlayAction>,
    ) {
        let width = ui.available_width();
        self.is_narrow = width < BOTH_SIDES;
        if self.is_narrow && self.layout.charts {
            self.layout.left = None;
        }
        let asked = out.len();
        Panel::top("top bar").frame(style::panel(ui)).resizable(false).show_separator_line(false).show(ui, |ui| {
            self.top_bar(ui, input, out);
        });
        self.obey_own(ui.ctx(), asked, input, settings, out);
        if self.layout.time {
            let panel = Panel::bottom("timeline").frame(style::panel(ui)).resizable(false).show_separator_line(false);
            panel.show(ui, |ui| timeline::show(ui, input.telemetry, out));
        }
        let room = ui.available_width() - PICTURE_LEAST;
        if self.layout.charts {
            let wanted = match self.layout.charts_width {
                0.0 => (width * 0.29).clamp(310.0, 470.0),
                wanted => wanted,
            };
            let most = room.clamp(CHARTS_RANGE.0, CHARTS_RANGE.1);
            let panel = docked(ui, Panel::right("charts panel"), wanted, (CHARTS_RANGE.0, most));
            let shown = panel.show(ui, |ui| self.charts(ui, input, out)).response.rect.width();
            note_width(&mut self.layout.charts_width, wanted, shown);
        }
        if let Some(left) = self.layout.left {
            let room = ui.available_width() - PICTURE_LEAST;
            let wanted = self.layout.left_width;
            let most = room.clamp(LEFT_RANGE.0, LEFT_RANGE.1);
            let panel = docked(ui, Panel::left("left panel"), wanted, (LEFT_RANGE.0, most));
            let shown = panel.show(ui, |ui| self.left(ui, left, input, settings, out)).response.rect.width();
            note_width(&mut self.layout.left_width, wanted, shown);
        }
    }

    fn left(
        &mut self,
        ui: &mut Ui,
        panel: PanelName,
        input: &OverlayInput<'_>,
        settings: &mut ViewSettings,
        out: &mut Vec<OverlayAction>,
    ) {
        let mut commands = Vec::new();
        ScrollArea::vertical().id_salt(("left", panel)).auto_shrink([false, false]).show(ui, |ui| match panel {
            PanelName::Look => look::show(ui, input, settings),
            PanelName::Selection => self.selection.show(ui, input.telemetry, settings, out),
            _ => {
                style::Section::open("Live parameters").show(ui, "", |ui| {
                    self.controls.show(ui, input.telemetry, &mut commands);
                });
                style::Section::open("Views").show(ui, "", |ui| views(ui, input.views, out));
            }
        });
        out.extend(commands.into_iter().map(OverlayAction::Command));
    }

    /// What stands over everything.
    fn popup(&mut self, ui: &Ui, input: &OverlayInput<'_>, settings: &mut ViewSettings, out: &mut Vec<OverlayAction>) {
        let asked = out.len();
        let stays = match &mut self.popup {
            None => return,
            Some(Popup::Help) => !help::show(ui),
            Some(Popup::Question(question)) => match ask::show(ui, *question, input.telemetry) {
                Answer::NotYet => true,
                Answer::No => false,
                Answer::Yes(action) => {
                    out.push(action);
                    false
                }
            },
            Some(Popup::Palette(palette)) => match palette.show(ui, input, &self.scenes) {
                Outcome::Open => true,
                Outcome::Closed => false,
                Outcome::Chosen(action) => {
                    out.push(action);
                    false
                }
            },
        };
        if !stays {
            self.popup = None;
        }
        self.obey_own(ui.ctx(), asked, input, settings, out);
    }

    /// What stands in the picture: names, scale bar and cards keep clear of the legend, whose place is that of the last
    /// frame.
    fn show_in_space(&mut self, ui: &mut Ui, input: &OverlayInput<'_>, settings: &ViewSettings, free: egui::Rect) {
        if let Some(space) = input.space {
            let clip = ui.clip_rect();
            ui.set_clip_rect(free);
            self.crowd = self.space.show(ui, space, free, &self.legend_place);
            ui.set_clip_rect(clip);
        }
        self.legend_place = legend::show(ui, input, settings, free, self.crowd.as_deref());
    }

    /// Obeys what of `out`, from `first` on, is the overlay's own, and adds what follows from it.
    fn obey_own(
        &mut self,
        context: &egui::Context,
        first: usize,
        input: &OverlayInput<'_>,
        settings: &mut ViewSettings,
        out: &mut Vec<OverlayAction>,
    ) {
        for index in first..out.len() {
            if let OverlayAction::Own(own) = out[index] {
                self.obey(context, own, input, settings, out);
            }
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
        let (least, greatest) = TEXT_RANGE;
        match own {
            Own::Hide => self.visible = !self.visible,
            Own::Help => {
                let was_open = matches!(self.popup, Some(Popup::Help));
                self.popup = (!was_open).then_some(Popup::Help);
                self.visible = true;
            }
            Own::Palette => {
                let was_open = matches!(self.popup, Some(Popup::Palette(_)));
                self.popup = (!was_open).then(|| Popup::Palette(Palette::default()));
            }
            Own::Ask(question) => self.popup = Some(Popup::Question(question)),
            Own::Larger => context.set_zoom_factor((context.zoom_factor() * TEXT_STEP).min(greatest)),
            Own::Smaller => context.set_zoom_factor((context.zoom_factor() / TEXT_STEP).max(least)),
            Own::Toggle(panel) => {
                let open = !self.layout.is_open(panel) || !self.visible;
                self.visible = true;
                self.layout.open(panel, open, self.is_narrow);
            }
            Own::NextColour => settings.colour = Channel::of(after(&Variable::ALL, settings.colour.by)),
            Own::NextSynapses => settings.synapses = settings.synapses.next_preset(),
            Own::Theme => {
                settings.theme = if settings.theme == Theme::Dark { Theme::Light } else { Theme::Dark };
                self.layout.light = Some(settings.theme == Theme::Light);
            }
            Own::Billboards => settings.billboards = !settings.billboards,
            Own::Labels => settings.labels = !settings.labels,
            Own::Floor => settings.floor = !settings.floor,
            Own::Isolate => {
                settings.others = if settings.others == Others::Hidden { Others::Dimmed } else { Others::Hidden };
            }
            Own::Close => {
                if self.popup.take().is_some() {
                } else if input.window.is_flying {
                    out.push(OverlayAction::LeaveFlight);
                } else if input.window.tool != Tool::Orbit {
                    out.push(OverlayAction::Tool(Tool::Orbit));
                } else if input.telemetry.selection.count > 0 {
                    out.push(OverlayAction::Command(Command::Select(Select::Clear)));
                    out.push(OverlayAction::Command(Command::Pick(None)));
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

fn docked(ui: &Ui, panel: Panel, wanted: f32, (least, most): (f32, f32)) -> Panel {
    panel
        .frame(style::panel(ui))
        .resizable(true)
        .show_separator_line(false)
        .default_size(wanted.clamp(least, most))
        .size_range(least..=most)
}

/// Keeps a width that the viewer dragged; what the window's size made of it is not kept.
fn note_width(kept: &mut f32, wanted: f32, shown: f32) {
    if (shown - wanted).abs() > 1.0 && *kept != shown {
        *kept = shown;
    }
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
