//! Everything that a viewer can do, in one table: the keyboard, the help, the palette and the buttons' tooltips are all
//! made from it, so that none of them can promise what another does not keep.
//!
//! A new action is one line in [`ACTIONS`], and where it is more than a command to the session, a variant of
//! [`OverlayAction`] (in `intent`) and an arm in the window's `obey`.

use egui::{Key, Modifiers};

use crate::session::command::Rewind;
use crate::session::{Command, How, Select, StandardView};

use super::OverlayInput;

pub use super::intent::{ChartFormat, FilmKind, OverlayAction, Own, PanelName, PictureSize, Question, Tool, TourKey};

/// While what a key means this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Always.
    Always,
    /// While a tour runs.
    Touring,
    /// While no tour runs.
    NotTouring,
}

impl When {
    /// Whether both can hold at once.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self == other || self == Self::Always || other == Self::Always
    }
}

/// A key with what is held down along with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortcut {
    /// The key.
    pub key: Key,
    /// Held down with it; exactly these.
    pub modifiers: Modifiers,
    /// Holding it down does it again and again.
    pub repeats: bool,
}

impl Shortcut {
    /// As printed on the keyboard.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (held, name) in
            [(self.modifiers.command, "Ctrl + "), (self.modifiers.alt, "Alt + "), (self.modifiers.shift, "Shift + ")]
        {
            if held {
                text.push_str(name);
            }
        }
        text + name_of(self.key)
    }
}

/// As people call it.
fn name_of(key: Key) -> &'static str {
    match key {
        Key::Period => ".",
        Key::Comma => ",",
        Key::Plus => "+",
        Key::Minus => "-",
        Key::Equals => "=",
        Key::Questionmark => "?",
        Key::OpenBracket => "[",
        Key::CloseBracket => "]",
        Key::ArrowLeft => "Left",
        Key::ArrowRight => "Right",
        Key::ArrowUp => "Up",
        Key::ArrowDown => "Down",
        Key::PageUp => "Page up",
        Key::PageDown => "Page down",
        Key::Escape => "Esc",
        other => other.name(),
    }
}

/// One action.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Unique and lasting: `topic.what`.
    pub id: &'static str,
    /// What it does, as a viewer reads it.
    pub title: &'static str,
    /// The heading it stands under in the help.
    pub topic: &'static str,
    /// What to press.
    pub keys: &'static [Shortcut],
    /// While what the keys mean this.
    pub when: When,
    /// The action at this moment; none where it makes no sense now.
    pub make: fn(&OverlayInput<'_>) -> Option<OverlayAction>,
}

const fn key(key: Key) -> Shortcut {
    Shortcut { key, modifiers: Modifiers::NONE, repeats: false }
}

const fn ctrl(key: Key) -> Shortcut {
    Shortcut { key, modifiers: Modifiers::COMMAND, repeats: false }
}

const fn shift(key: Key) -> Shortcut {
    Shortcut { key, modifiers: Modifiers::SHIFT, repeats: false }
}

const fn ctrl_shift(key: Key) -> Shortcut {
    Shortcut { key, modifiers: Modifiers::COMMAND.plus(Modifiers::SHIFT), repeats: false }
}

const fn alt(key: Key) -> Shortcut {
    Shortcut { key, modifiers: Modifiers::ALT, repeats: false }
}

impl Shortcut {
    const fn again(self) -> Self {
        Self { repeats: true, ..self }
    }
}

type Make = fn(&OverlayInput<'_>) -> Option<OverlayAction>;

const fn entry(
    id: &'static str,
    title: &'static str,
    topic: &'static str,
    keys: &'static [Shortcut],
    make: Make,
) -> Entry {
    Entry { id, title, topic, keys, when: When::Always, make }
}

impl Entry {
    /// The same, where the keys mean this only at some times.
    const fn when(self, when: When) -> Self {
        Self { when, ..self }
    }

    /// Its keys in words; empty where it has none.
    #[must_use]
    pub fn keys_text(&self) -> String {
        let keys: Vec<String> = self.keys.iter().map(Shortcut::text).collect();
        keys.join(" or ")
    }
}

/// The entry of this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Entry> {
    ACTIONS.iter().find(|entry| entry.id == id)
}

/// What a button that does this says under the pointer: title and keys.
#[must_use]
pub fn tooltip(id: &str) -> String {
    find(id).map_or_else(String::new, |entry| match entry.keys_text() {
        keys if keys.is_empty() => entry.title.to_owned(),
        keys => format!("{} ({keys})", entry.title),
    })
}

fn saved_view(input: &OverlayInput<'_>, index: usize) -> Option<OverlayAction> {
    (index < input.views.len()).then_some(OverlayAction::View(index))
}

fn look(from: StandardView) -> Option<OverlayAction> {
    Some(OverlayAction::Look(from))
}

fn field_of_view(steps: f32, keeps_size: bool) -> Option<OverlayAction> {
    Some(OverlayAction::FieldOfView { steps, keeps_size })
}

fn save_charts(format: ChartFormat) -> Option<OverlayAction> {
    Some(OverlayAction::ExportChart { chart: super::export::ALL_CHARTS.to_owned(), format })
}

fn picture(size: PictureSize) -> Option<OverlayAction> {
    Some(OverlayAction::PictureOf(size))
}

fn film(kind: FilmKind) -> Option<OverlayAction> {
    Some(OverlayAction::Film(kind))
}

/// A move through the past, where there is one.
fn rewind(input: &OverlayInput<'_>, rewind: Rewind) -> Option<OverlayAction> {
    let past = &input.telemetry.rewind;
    (past.to_ms > past.from_ms).then_some(OverlayAction::Command(Command::Rewind(rewind)))
}

/// A move that makes sense only while the past is shown.
fn past(input: &OverlayInput<'_>, rewind: Rewind) -> Option<OverlayAction> {
    input.telemetry.rewind.at_ms.map(|_| OverlayAction::Command(Command::Rewind(rewind)))
}

/// A move that only a recorded run knows.
fn mark(input: &OverlayInput<'_>, rewind: Rewind) -> Option<OverlayAction> {
    input.telemetry.rewind.is_recording.then_some(OverlayAction::Command(Command::Rewind(rewind)))
}

/// A command that acts on the selection, where there is one.
fn on_selection(input: &OverlayInput<'_>, command: Command) -> Option<OverlayAction> {
    (input.telemetry.selection.count > 0).then_some(OverlayAction::Command(command))
}

/// What the selection is joined to.
fn partners(input: &OverlayInput<'_>, inputs: bool, outputs: bool) -> Option<OverlayAction> {
    on_selection(input, Command::Select(Select::Partners { inputs, outputs, how: How::Replace }))
}

/// A tool, or the camera again where it is in hand already.
fn tool(input: &OverlayInput<'_>, tool: Tool) -> Option<OverlayAction> {
    Some(OverlayAction::Tool(if input.window.tool == tool { Tool::Orbit } else { tool }))
}

/// What a stimulus without a slider does.
const STIMULUS: Command = Command::Stimulate { mv: 20.0, duration_ms: 50.0 };

/// A run this long is worth a question before it is thrown away, ms of simulated time.
const LONG_RUN_MS: f64 = 5_000.0;

/// Starting over, with a question where much would be lost.
pub(super) fn reset(input: &OverlayInput<'_>) -> OverlayAction {
    if input.telemetry.time_ms() > LONG_RUN_MS {
        OverlayAction::Own(Own::Ask(Question::Reset))
    } else {
        OverlayAction::Command(Command::Reset)
    }
}

const CAMERA: &str = "Camera";
const RUN: &str = "Simulation";
const PICTURE: &str = "Picture";
const SELECTION: &str = "Selection";
const PANELS: &str = "Panels";
const TALK: &str = "Talk";
const PROGRAM: &str = "Program";

/// Every action, by topic. Keep the lines of a topic together: the help shows them in this order.
#[rustfmt::skip]
pub const ACTIONS: &[Entry] = &[
    entry("camera.frame-all", "the whole network", CAMERA, &[key(Key::Home)], |_| Some(OverlayAction::FrameAll)),
    entry("camera.focus", "look at the picked neuron", CAMERA, &[key(Key::F)],
        |input| input.telemetry.picked.as_ref().map(|_| OverlayAction::FocusPicked)),
    entry("camera.flight", "free flight on and off: the mouse looks around", CAMERA, &[key(Key::V)],
        |_| Some(OverlayAction::ToggleFlight)),
    entry("camera.front", "view from the front", CAMERA, &[alt(Key::Num1)], |_| look(StandardView::Front)),
    entry("camera.right", "view from the right side", CAMERA, &[alt(Key::Num2)], |_| look(StandardView::Right)),
    entry("camera.top", "view from above", CAMERA, &[alt(Key::Num3)], |_| look(StandardView::Top)),
    entry("camera.back", "view from the back", CAMERA, &[alt(Key::Num4)], |_| look(StandardView::Back)),
    entry("camera.left", "view from the left side", CAMERA, &[alt(Key::Num5)], |_| look(StandardView::Left)),
    entry("camera.bottom", "view from below", CAMERA, &[alt(Key::Num6)], |_| look(StandardView::Bottom)),
    entry("camera.turntable", "turntable on and off", CAMERA, &[key(Key::O)], |_| Some(OverlayAction::Turntable)),
    entry("camera.narrower", "narrower angle of view: flatter, same size", CAMERA, &[key(Key::OpenBracket).again()],
        |_| field_of_view(-1.0, true)),
    entry("camera.wider", "wider angle of view: deeper, same size", CAMERA, &[key(Key::CloseBracket).again()],
        |_| field_of_view(1.0, true)),
    entry("camera.zoom-in", "narrower angle of view from where the eye is", CAMERA, &[alt(Key::OpenBracket).again()],
        |_| field_of_view(-1.0, false)),
    entry("camera.zoom-out", "wider angle of view from where the eye is", CAMERA, &[alt(Key::CloseBracket).again()],
        |_| field_of_view(1.0, false)),
    entry("camera.undo", "take back the last change of view", CAMERA, &[key(Key::Backspace).again()],
        |_| Some(OverlayAction::UndoView)),
    entry("camera.redo", "go on to the view that was taken back", CAMERA, &[shift(Key::Backspace).again()],
        |_| Some(OverlayAction::RedoView)),
    entry("camera.view-1", "saved view 1", CAMERA, &[key(Key::Num1)], |input| saved_view(input, 0)),
    entry("camera.view-2", "saved view 2", CAMERA, &[key(Key::Num2)], |input| saved_view(input, 1)),
    entry("camera.view-3", "saved view 3", CAMERA, &[key(Key::Num3)], |input| saved_view(input, 2)),
    entry("camera.view-4", "saved view 4", CAMERA, &[key(Key::Num4)], |input| saved_view(input, 3)),
    entry("camera.view-5", "saved view 5", CAMERA, &[key(Key::Num5)], |input| saved_view(input, 4)),
    entry("camera.view-6", "saved view 6", CAMERA, &[key(Key::Num6)], |input| saved_view(input, 5)),
    entry("camera.view-7", "saved view 7", CAMERA, &[key(Key::Num7)], |input| saved_view(input, 6)),
    entry("camera.view-8", "saved view 8", CAMERA, &[key(Key::Num8)], |input| saved_view(input, 7)),
    entry("camera.view-9", "saved view 9", CAMERA, &[key(Key::Num9)], |input| saved_view(input, 8)),

    entry("run.play", "run, hold still", RUN, &[key(Key::Space)], |_| Some(OverlayAction::Command(Command::TogglePlay)))
        .when(When::NotTouring),
    entry("run.step", "one step", RUN, &[key(Key::Period).again()], |_| Some(OverlayAction::Command(Command::Step(1))))
        .when(When::NotTouring),
    entry("run.reset", "back to the beginning, same seed", RUN, &[key(Key::R)], |input| Some(reset(input))),
    entry("run.prune", "one pruning period, now", RUN, &[], |input| {
        let pruned = input.telemetry.projections.iter().position(|projection| projection.is_pruned);
        pruned.map(|projection| OverlayAction::Command(Command::Prune(projection)))
    }),
    entry("run.undo", "undo the last change of the network", RUN, &[ctrl(Key::Z)],
        |input| input.telemetry.undo.as_ref().map(|_| OverlayAction::Command(Command::Undo))),
    entry("run.redo", "redo what was undone", RUN, &[ctrl_shift(Key::Z), ctrl(Key::Y)],
        |input| input.telemetry.redo.as_ref().map(|_| OverlayAction::Command(Command::Redo))),
    entry("run.rewind", "back by a tenth of a second", RUN, &[ctrl(Key::ArrowLeft).again()],
        |input| rewind(input, Rewind::By { ms: -100.0 })),
    entry("run.forward", "forward again by a tenth of a second", RUN, &[ctrl(Key::ArrowRight).again()],
        |input| past(input, Rewind::By { ms: 100.0 })),
    entry("run.previous-spike", "back to the spike before", RUN, &[ctrl_shift(Key::ArrowLeft).again()],
        |input| rewind(input, Rewind::NextSpike { forward: false })),
    entry("run.next-spike", "forward to the next spike", RUN, &[ctrl_shift(Key::ArrowRight).again()],
        |input| past(input, Rewind::NextSpike { forward: true })),
    entry("run.replay", "run or hold the replay of the past", RUN, &[ctrl(Key::Space)],
        |input| past(input, Rewind::Play(!input.telemetry.rewind.playing))),
    entry("run.previous-mark", "back to the event, input or burst before", RUN, &[ctrl(Key::ArrowUp).again()],
        |input| mark(input, Rewind::NextMark { forward: false })),
    entry("run.next-mark", "forward to the next event, input or burst", RUN, &[ctrl(Key::ArrowDown).again()],
        |input| mark(input, Rewind::NextMark { forward: true })),
    entry("run.loop", "a recording begins again at its end, or stops there", RUN, &[shift(Key::L)],
        |input| mark(input, Rewind::Loop(!input.telemetry.rewind.looped))),
    entry("run.live", "back to the live run", RUN, &[ctrl(Key::End)], |input| past(input, Rewind::Live)),
    entry("run.real-time", "as fast as real time", RUN, &[], |_| Some(OverlayAction::Command(Command::Speed(1.0)))),
    entry("run.fastest", "as fast as it goes", RUN, &[],
        |_| Some(OverlayAction::Command(Command::Speed(f64::INFINITY)))),

    entry("picture.colour", "colour by the next variable", PICTURE, &[key(Key::C)],
        |_| Some(OverlayAction::Own(Own::NextColour))),
    entry("picture.synapses", "synapses: the next choice", PICTURE, &[key(Key::G)],
        |_| Some(OverlayAction::Own(Own::NextSynapses))),
    entry("picture.labels", "names and scale bar on and off", PICTURE, &[key(Key::N)],
        |_| Some(OverlayAction::Own(Own::Labels))),
    entry("picture.billboards", "what near neurons see and feel, on and off", PICTURE, &[shift(Key::N)],
        |_| Some(OverlayAction::Own(Own::Billboards))),
    entry("picture.theme", "light stage, dark stage", PICTURE, &[key(Key::M)],
        |_| Some(OverlayAction::Own(Own::Theme))),
    entry("picture.floor", "floor on and off", PICTURE, &[], |_| Some(OverlayAction::Own(Own::Floor))),
    entry("picture.screenshot", "save the picture as a PNG file", PICTURE, &[key(Key::P)],
        |_| Some(OverlayAction::Screenshot)),
    entry("picture.bare", "save the picture without panels", PICTURE, &[shift(Key::P)], |_| picture(PictureSize::Bare)),
    entry("picture.twice", "save picture and panels at twice the size", PICTURE, &[],
        |_| picture(PictureSize::Times(2))),
    entry("picture.full-hd", "save the picture at 1920x1080", PICTURE, &[],
        |_| picture(PictureSize::Pixels([1920, 1080]))),
    entry("picture.4k", "save the picture at 3840x2160", PICTURE, &[], |_| picture(PictureSize::Pixels([3840, 2160]))),
    entry("picture.8k", "save the picture at 7680x4320", PICTURE, &[], |_| picture(PictureSize::Pixels([7680, 4320]))),
    entry("picture.film", "film: start and stop", PICTURE, &[ctrl(Key::R)], |_| film(FilmKind::Usual)),
    entry("picture.film-mp4", "film as .mp4 (H.264, by ffmpeg)", PICTURE, &[], |_| film(FilmKind::Mp4)),
    entry("picture.film-webm", "film as .webm (AV1, by ffmpeg)", PICTURE, &[], |_| film(FilmKind::Webm)),
    entry("picture.film-y4m", "film as .y4m (uncompressed)", PICTURE, &[], |_| film(FilmKind::Y4m)),
    entry("picture.film-frames", "film as a folder of PNG files", PICTURE, &[], |_| film(FilmKind::Frames)),
    entry("picture.film-loop", "film a loop of at most 600 frames (animated PNG)", PICTURE, &[],
        |_| film(FilmKind::Loop)),
    entry("picture.command", "copy the command that renders this view", PICTURE, &[ctrl_shift(Key::C)],
        |_| Some(OverlayAction::CopyCommand)),
    entry("picture.full-screen", "full screen on and off", PICTURE, &[key(Key::F11)],
        |_| Some(OverlayAction::FullScreen)),

    entry("selection.box", "box: drag to select; Shift adds, Ctrl removes", SELECTION, &[key(Key::B)],
        |input| tool(input, Tool::Box)).when(When::NotTouring),
    entry("selection.lasso", "lasso: draw around neurons; Shift adds, Ctrl removes", SELECTION, &[key(Key::L)],
        |input| tool(input, Tool::Lasso)),
    entry("selection.all", "select everything that is not hidden", SELECTION, &[ctrl(Key::A)],
        |_| Some(OverlayAction::Command(Command::Select(Select::All)))),
    entry("selection.none", "select nothing", SELECTION, &[ctrl_shift(Key::A)],
        |input| on_selection(input, Command::Select(Select::Clear))),
    entry("selection.invert", "select what is not selected", SELECTION, &[ctrl(Key::I)],
        |_| Some(OverlayAction::Command(Command::Select(Select::Invert)))),
    entry("selection.inputs", "select the neurons that send to the selection", SELECTION, &[],
        |input| partners(input, true, false)),
    entry("selection.outputs", "select the neurons that receive from the selection", SELECTION, &[],
        |input| partners(input, false, true)),
    entry("selection.isolate", "only the selection, or the others too", SELECTION, &[key(Key::I)],
        |_| Some(OverlayAction::Own(Own::Isolate))),
    entry("selection.hide", "hide the selected neurons", SELECTION, &[key(Key::X)],
        |input| on_selection(input, Command::HideSelected)),
    entry("selection.show-all", "hide nothing any more", SELECTION, &[shift(Key::X)],
        |_| Some(OverlayAction::Command(Command::ShowAll))),
    entry("selection.silence", "silence the selected neurons", SELECTION, &[],
        |input| on_selection(input, Command::Silence(true))),
    entry("selection.release", "let silenced neurons go", SELECTION, &[],
        |input| on_selection(input, Command::Silence(false))),
    entry("selection.stimulate", "stimulate the selected neurons: 20 mV for 50 ms", SELECTION, &[],
        |input| on_selection(input, STIMULUS)),
    entry("selection.lesion", "remove the selected neurons", SELECTION, &[key(Key::Delete)],
        |input| (input.telemetry.selection.count > 0).then_some(OverlayAction::Own(Own::Ask(Question::Lesion)))),

    entry("panels.hide", "hide everything but the picture", PANELS, &[key(Key::H)],
        |_| Some(OverlayAction::Own(Own::Hide))),
    entry("panels.parameters", "panel: live parameters and saved views", PANELS, &[key(Key::F2)],
        |_| Some(OverlayAction::Own(Own::Toggle(PanelName::Parameters)))),
    entry("panels.look", "panel: how the picture looks", PANELS, &[key(Key::F3)],
        |_| Some(OverlayAction::Own(Own::Toggle(PanelName::Look)))),
    entry("panels.selection", "panel: selected neurons", PANELS, &[key(Key::F4)],
        |_| Some(OverlayAction::Own(Own::Toggle(PanelName::Selection)))),
    entry("panels.charts", "panel: charts", PANELS, &[key(Key::F5)],
        |_| Some(OverlayAction::Own(Own::Toggle(PanelName::Charts)))),
    entry("panels.charts-png", "save every chart as PNG", PANELS, &[], |_| save_charts(ChartFormat::Png)),
    entry("panels.charts-svg", "save every chart as SVG", PANELS, &[], |_| save_charts(ChartFormat::Svg)),
    entry("panels.charts-csv", "save every chart as CSV", PANELS, &[], |_| save_charts(ChartFormat::Csv)),
    entry("panels.time", "panel: timeline", PANELS, &[key(Key::F6)],
        |_| Some(OverlayAction::Own(Own::Toggle(PanelName::Time)))),
    entry("panels.larger", "larger text", PANELS, &[key(Key::Plus).again(), key(Key::Equals).again()],
        |_| Some(OverlayAction::Own(Own::Larger))),
    entry("panels.smaller", "smaller text", PANELS, &[key(Key::Minus).again()],
        |_| Some(OverlayAction::Own(Own::Smaller))),

    entry("talk.tour", "the scene's tour", TALK, &[key(Key::T)], |_| Some(OverlayAction::Tour))
        .when(When::NotTouring),
    entry("talk.end", "end the tour", TALK, &[shift(Key::T)], |_| Some(OverlayAction::Tour))
        .when(When::Touring),
    entry("talk.next", "next step of the tour", TALK,
        &[key(Key::Space), key(Key::PageDown), key(Key::ArrowRight), key(Key::ArrowDown)],
        |_| Some(OverlayAction::TourKey(TourKey::Next))).when(When::Touring),
    entry("talk.back", "step before", TALK, &[key(Key::PageUp), key(Key::ArrowLeft), key(Key::ArrowUp)],
        |_| Some(OverlayAction::TourKey(TourKey::Previous))).when(When::Touring),
    entry("talk.take", "take the camera, give it back to the tour (a drag takes it too)", TALK, &[key(Key::T)],
        |_| Some(OverlayAction::TourKey(TourKey::TakeOver))).when(When::Touring),
    entry("talk.blank", "dark picture, and back", TALK, &[key(Key::B), key(Key::Period)],
        |_| Some(OverlayAction::TourKey(TourKey::Blank))).when(When::Touring),

    entry("program.palette", "every action by its name", PROGRAM, &[ctrl(Key::P)],
        |_| Some(OverlayAction::Own(Own::Palette))),
    entry("program.help", "this help", PROGRAM, &[key(Key::Questionmark), key(Key::F1)],
        |_| Some(OverlayAction::Own(Own::Help))),
    entry("program.close", "close what is open, leave free flight, let go of the neuron", PROGRAM, &[key(Key::Escape)],
        |_| Some(OverlayAction::Own(Own::Close))),
    entry("program.quit", "quit", PROGRAM, &[ctrl(Key::Q)], |_| Some(OverlayAction::Quit)),
];

/// What the mouse does, and keys that work while they are held: for the help alone.
pub const GESTURES: &[(&str, &str)] = &[
    ("left drag", "turn around the middle"),
    ("right drag", "move sideways (also Shift and left drag)"),
    ("wheel", "nearer, further"),
    ("arrows", "turn; with Shift move sideways, with Ctrl up and down nearer and further"),
    ("two fingers", "turn; with Shift move sideways; pinch or Ctrl: nearer, further"),
    ("W A S D Q E", "fly ahead, left, back, right, down, up"),
    ("Shift", "fly faster"),
    ("click", "pick and select a neuron; with Shift add it, with Ctrl remove it"),
    ("double click", "look at it from near"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_titles_are_unique_and_topics_stand_together() {
        let mut seen = std::collections::HashSet::new();
        for entry in ACTIONS {
            assert!(seen.insert(entry.id) && seen.insert(entry.title), "{} stands twice", entry.id);
        }
        let mut topics: Vec<&str> = ACTIONS.iter().map(|entry| entry.topic).collect();
        topics.dedup();
        let all = topics.len();
        topics.sort_unstable();
        topics.dedup();
        assert_eq!(topics.len(), all, "a topic is torn apart");
    }

    #[test]
    fn no_two_actions_share_a_key_at_the_same_time() {
        for (index, one) in ACTIONS.iter().enumerate() {
            for other in ACTIONS[index + 1..].iter().filter(|other| one.when.overlaps(other.when)) {
                for shortcut in one.keys {
                    let shared = other.keys.iter().any(|k| (k.key, k.modifiers) == (shortcut.key, shortcut.modifiers));
                    assert!(!shared, "{} and {} share {}", one.id, other.id, shortcut.text());
                }
            }
        }
    }

    #[test]
    fn shortcuts_read_as_on_the_keyboard() {
        assert_eq!(ctrl(Key::P).text(), "Ctrl + P");
        assert_eq!(find("panels.larger").map(Entry::keys_text).as_deref(), Some("+ or ="));
        assert_eq!(tooltip("program.quit"), "quit (Ctrl + Q)");
        assert_eq!(alt(Key::Num1).text(), "Alt + 1");
    }
}
