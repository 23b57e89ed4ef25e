//! Reading of `[[tour]]`. In: the list of steps. Out: [`TourStep`]s, every name in them checked against the scene, so that
//! a talk finds nothing out on stage.

use super::error::{SceneError, suggest};
use super::fields::{Fields, Range, count};
use super::tour::{CameraMove, Moment, TimedAction, TourAction, TourNeuron, TourSelection, TourStep};
use super::tree::{Node, Value};
use super::view::{CHARTS, LOOK_KEYS, Poses, look};
use crate::model::Receptor;

/// What the names in a tour are checked against.
pub(crate) struct Cast<'a> {
    /// Names and sizes of the populations.
    pub(crate) populations: Vec<(&'a str, u32)>,
    /// Names of the projections, and whether they have a pruning policy.
    pub(crate) projections: Vec<(&'a str, bool)>,
    /// Images are shown.
    pub(crate) learns: bool,
}

const STEP_KEYS: [&str; 11] = [
    "camera",
    "follow",
    "turn_degrees",
    "move_s",
    "hold_s",
    "wait",
    "until_ms",
    "until_presentation",
    "caption",
    "detail",
    "actions",
];

/// Every action's first key, and the keys that may go with it beside `at_s`.
const ACTIONS: [(&str, &[&str]); 21] = [
    ("learning", &[]),
    ("threshold", &["projection"]),
    ("prune", &[]),
    ("pruning_schedule", &[]),
    ("speed", &[]),
    ("play", &[]),
    ("mark", &[]),
    ("return_to", &[]),
    ("pick", &["population", "class"]),
    ("select", &[]),
    ("isolate", &[]),
    ("silence", &[]),
    ("stimulate_mv", &["duration_ms"]),
    ("lesion", &[]),
    ("undo", &[]),
    ("gain", &["receptor", "population"]),
    ("background_hz", &["population"]),
    ("drive_mv", &["population"]),
    ("look", &[]),
    ("chart", &[]),
    ("compare", &[]),
];

/// Reads `[[tour]]`.
pub(crate) fn read(root: &Fields<'_>, poses: &Poses<'_>, cast: &Cast<'_>) -> Result<Vec<TourStep>, SceneError> {
    let mut reader = Reader { poses, cast, marks: Vec::new() };
    let nodes = root.list("tour")?.unwrap_or_default();
    nodes.iter().enumerate().map(|(index, node)| reader.step(node, &format!("tour.{index}"))).collect()
}

struct Reader<'a> {
    poses: &'a Poses<'a>,
    cast: &'a Cast<'a>,
    /// Moments remembered by the steps read so far.
    marks: Vec<String>,
}

impl Reader<'_> {
    fn step(&mut self, node: &Node, path: &str) -> Result<TourStep, SceneError> {
        let fields = Fields::open(node, path, &STEP_KEYS)?;
        let camera = self.camera(&fields)?;
        let move_s = fields.number_or("move_s", Range::NonNegative, if camera.pose.is_some() { 3.0 } else { 0.0 })?;
        let hold_s = fields.number_or("hold_s", Range::NonNegative, 3.0)?;
        let step = TourStep {
            camera,
            move_s: move_s as f32,
            hold_s: hold_s as f32,
            waits_for_key: fields.choice("wait", &["key"])?.is_some(),
            until: self.until(&fields)?,
            caption: fields.text("caption")?,
            detail: fields.text("detail")?,
            actions: self.actions(&fields, move_s + hold_s)?,
        };
        if step.detail.is_some() && step.caption.is_none() {
            return Err(fields.error("detail", "stands under a caption, and there is none", "call it `caption`"));
        }
        Ok(step)
    }

    fn camera(&self, fields: &Fields<'_>) -> Result<CameraMove, SceneError> {
        let pose = match fields.get("camera") {
            None => None,
            Some(Node { value: Value::String(name), .. }) => Some(self.poses.named(name).ok_or_else(|| {
                fields.error("camera", format!("there is no camera `{name}`"), suggest(name, self.poses.names()))
            })?),
            Some(node) => Some(self.poses.read(node, &fields.key("camera"))?),
        };
        Ok(CameraMove {
            pose,
            follows_picked: fields.choice("follow", &["picked"])?.is_some(),
            turn_degrees: fields.number_or("turn_degrees", Range::Any, 0.0)? as f32,
        })
    }

    fn until(&self, fields: &Fields<'_>) -> Result<Option<Moment>, SceneError> {
        let time = fields.number("until_ms", Range::NonNegative)?.map(Moment::Time);
        let presentation = fields.count("until_presentation", 1)?.map(|count| Moment::Presentation(u64::from(count)));
        if presentation.is_some() && !self.cast.learns {
            return Err(fields.error("until_presentation", "the scene shows no images", "use until_ms"));
        }
        if time.is_some() && presentation.is_some() {
            return Err(fields.error("until_presentation", "cannot stand beside `until_ms`", "remove one of them"));
        }
        Ok(time.or(presentation))
    }

    fn actions(&mut self, fields: &Fields<'_>, lasts_s: f64) -> Result<Vec<TimedAction>, SceneError> {
        let mut actions = Vec::new();
        for (index, node) in fields.list("actions")?.unwrap_or_default().iter().enumerate() {
            actions.push(self.timed(node, &format!("{}.{index}", fields.key("actions")), lasts_s)?);
        }
        actions.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
        Ok(actions)
    }

    fn timed(&mut self, node: &Node, path: &str, lasts_s: f64) -> Result<TimedAction, SceneError> {
        let verbs = ACTIONS.iter().map(|(verb, _)| *verb);
        let all: Vec<&str> =
            verbs.clone().chain(ACTIONS.iter().flat_map(|(_, own)| own.iter().copied())).chain(["at_s"]).collect();
        let fields = Fields::open(node, path, &all)?;
        let mut given = ACTIONS.iter().filter(|(verb, _)| fields.get(verb).is_some());
        let Some((verb, own)) = given.next() else {
            let what = "says nothing to do";
            return Err(SceneError::new(
                &node.place,
                path,
                what,
                format!("give one of {}", verbs.collect::<Vec<_>>().join(", ")),
            ));
        };
        if let Some((other, _)) = given.next() {
            return Err(fields.error(other, format!("cannot stand beside `{verb}`"), "write two actions"));
        }
        let known: Vec<&str> = [*verb, "at_s"].into_iter().chain(own.iter().copied()).collect();
        let fields = Fields::open(node, path, &known)?;
        let at_s = fields.number_or("at_s", Range::NonNegative, 0.0)?;
        if at_s > lasts_s {
            let what = format!("is {at_s} s, but the step takes {lasts_s} s");
            return Err(fields.error("at_s", what, "make hold_s longer"));
        }
        Ok(TimedAction { at_s: at_s as f32, action: self.action(verb, &fields)? })
    }

    fn action(&mut self, verb: &str, fields: &Fields<'_>) -> Result<TourAction, SceneError> {
        Ok(match verb {
            "learning" => TourAction::Learning(flag(fields, verb)?),
            "threshold" => TourAction::Threshold {
                projection: self.pruned(fields, "projection")?,
                share: fields.required(verb, Range::Share)? as f32,
            },
            "prune" => TourAction::Prune { projection: self.pruned(fields, verb)? },
            "pruning_schedule" => TourAction::PruningSchedule(flag(fields, verb)?),
            "speed" => TourAction::Speed(fields.required(verb, Range::Positive)?),
            "play" => TourAction::Play(flag(fields, verb)?),
            "mark" => {
                let name = fields.required_text(verb, "")?;
                self.marks.push(name.clone());
                TourAction::Mark(name)
            }
            "return_to" => TourAction::ReturnTo(self.marked(fields, verb)?),
            "pick" => TourAction::Pick(self.neuron(fields)?),
            "select" => TourAction::Select(self.selection(fields)?),
            "isolate" => TourAction::Isolate(flag(fields, verb)?),
            "silence" => TourAction::Silence(flag(fields, verb)?),
            "stimulate_mv" => TourAction::Stimulate {
                mv: fields.required(verb, Range::Any)? as f32,
                duration_ms: fields.number_or("duration_ms", Range::Positive, 10.0)? as f32,
            },
            "lesion" => only_true(fields, verb, TourAction::Lesion)?,
            "undo" => only_true(fields, verb, TourAction::Undo)?,
            "gain" => TourAction::Gain {
                population: self.population(fields)?,
                receptor: match fields.choice("receptor", &["excitatory", "inhibitory"])? {
                    Some("excitatory") => Receptor::Excitatory,
                    Some(_) => Receptor::Inhibitory,
                    None => return Err(fields.missing("receptor", "give \"excitatory\" or \"inhibitory\"")),
                },
                factor: fields.required(verb, Range::NonNegative)? as f32,
            },
            "background_hz" => TourAction::BackgroundRate {
                population: self.population(fields)?,
                rate_hz: fields.required(verb, Range::NonNegative)?,
            },
            "drive_mv" => TourAction::Drive {
                population: self.needed_population(fields)?,
                drive_mv: fields.required(verb, Range::Any)?,
            },
            "look" => match fields.table(verb, LOOK_KEYS)? {
                Some(table) => TourAction::Look(Box::new(look(&table)?)),
                None => return Err(fields.missing(verb, "give looks as in [view]")),
            },
            "chart" => TourAction::Chart(or_none(fields, verb, |name| {
                CHARTS
                    .contains(&name)
                    .then_some(())
                    .ok_or_else(|| (format!("there is no chart `{name}`"), suggest(name, CHARTS)))
            })?),
            _ => match fields.text(verb)?.as_deref() {
                Some("none") => TourAction::Compare(None),
                _ => TourAction::Compare(Some(self.marked(fields, verb)?)),
            },
        })
    }

    /// A projection with a pruning policy; none for `"all"` or nothing.
    fn pruned(&self, fields: &Fields<'_>, key: &str) -> Result<Option<String>, SceneError> {
        let known: Vec<&str> =
            self.cast.projections.iter().filter(|(_, pruned)| *pruned).map(|(name, _)| *name).collect();
        if known.is_empty() {
            let advice = "give a projection a [projection.NAME.pruning]";
            return Err(fields.error(key, "no projection of the scene has a pruning policy", advice));
        }
        match fields.text(key)? {
            None => Ok(None),
            Some(all) if all == "all" => Ok(None),
            Some(name) if known.contains(&name.as_str()) => Ok(Some(name)),
            Some(name) => {
                let is_there = self.cast.projections.iter().any(|(known, _)| *known == name);
                let what = if is_there { "has no pruning policy" } else { "is no projection" };
                Err(fields.error(key, format!("`{name}` {what}"), suggest(&name, known)))
            }
        }
    }

    fn marked(&self, fields: &Fields<'_>, key: &str) -> Result<String, SceneError> {
        let name = fields.required_text(key, "name a mark")?;
        if self.marks.contains(&name) {
            return Ok(name);
        }
        let advice = if self.marks.is_empty() {
            format!("remember it in an earlier step with {{ mark = \"{name}\" }}")
        } else {
            suggest(&name, self.marks.iter().map(String::as_str).collect::<Vec<_>>())
        };
        Err(fields.error(key, format!("nothing was marked as `{name}` before"), advice))
    }

    fn population(&self, fields: &Fields<'_>) -> Result<Option<String>, SceneError> {
        let Some(name) = fields.text("population")? else { return Ok(None) };
        self.size_of(fields, "population", &name).map(|_| Some(name))
    }

    fn needed_population(&self, fields: &Fields<'_>) -> Result<String, SceneError> {
        self.population(fields)?.ok_or_else(|| fields.missing("population", "name a population"))
    }

    fn size_of(&self, fields: &Fields<'_>, key: &str, name: &str) -> Result<u32, SceneError> {
        let known = self.cast.populations.iter().map(|(name, _)| *name);
        let found = self.cast.populations.iter().find(|(known, _)| *known == name);
        found.map(|(_, size)| *size).ok_or_else(|| {
            let advice = suggest(name, known.collect::<Vec<_>>());
            fields.error(key, format!("there is no population `{name}`"), advice)
        })
    }

    fn class(&self, fields: &Fields<'_>) -> Result<u8, SceneError> {
        let class = fields.count("class", 0)?.ok_or_else(|| fields.missing("class", "give a class, 0 to 255"))?;
        if !self.cast.learns {
            return Err(fields.error("class", "the scene shows no images, so no neuron has a class", ""));
        }
        u8::try_from(class).map_err(|_| fields.error("class", format!("must be 0 to 255, not {class}"), ""))
    }

    fn neuron(&self, fields: &Fields<'_>) -> Result<Option<TourNeuron>, SceneError> {
        let node = fields.get("pick");
        if let Some(Node { value: Value::Integer(_), .. }) = node {
            let population = self.needed_population(fields)?;
            let index = fields.count("pick", 0)?.unwrap_or(0);
            let size = self.size_of(fields, "population", &population)?;
            if index >= size {
                let what = format!("is {index}, but `{population}` has {size} neurons");
                return Err(fields.error("pick", what, "count from 0"));
            }
            return Ok(Some(TourNeuron::Index { population, index }));
        }
        Ok(match fields.choice("pick", &["most-active", "class", "none"])? {
            Some("most-active") => Some(TourNeuron::MostActive { population: self.needed_population(fields)? }),
            Some("class") => Some(TourNeuron::OfClass(self.class(fields)?)),
            _ => None,
        })
    }

    fn selection(&self, fields: &Fields<'_>) -> Result<TourSelection, SceneError> {
        let Some(node) = fields.get("select") else { return Ok(TourSelection::Nothing) };
        if matches!(node.value, Value::String(_)) {
            let is_all = fields.choice("select", &["all", "none"])? == Some("all");
            return Ok(if is_all { TourSelection::Everything } else { TourSelection::Nothing });
        }
        let table = Fields::open(node, fields.key("select"), &["population", "class", "neurons"])?;
        if table.get("class").is_some() {
            return Ok(TourSelection::Class(self.class(&table)?));
        }
        let population = self.needed_population(&table)?;
        let Some(items) = table.list("neurons")? else { return Ok(TourSelection::Population(population)) };
        let size = self.size_of(&table, "population", &population)?;
        let mut indices = Vec::with_capacity(items.len());
        for item in items {
            let index = count(item, &table.key("neurons"), 0)?;
            if index >= size {
                let what = format!("holds {index}, but `{population}` has {size} neurons");
                return Err(SceneError::new(&item.place, table.key("neurons"), what, "count from 0"));
            }
            indices.push(index);
        }
        Ok(TourSelection::Neurons { population, indices })
    }
}

/// Simulated time per wall time; infinity is allowed.
pub(super) fn speed(fields: &Fields<'_>, key: &str) -> Result<Option<f64>, SceneError> {
    match fields.get(key).map(|node| &node.value) {
        Some(Value::Float(speed)) if *speed == f64::INFINITY => Ok(Some(f64::INFINITY)),
        _ => fields.number(key, Range::Positive),
    }
}

fn flag(fields: &Fields<'_>, key: &str) -> Result<bool, SceneError> {
    Ok(fields.flag(key)?.unwrap_or_default())
}

fn only_true(fields: &Fields<'_>, key: &str, action: TourAction) -> Result<TourAction, SceneError> {
    if flag(fields, key)? {
        return Ok(action);
    }
    Err(fields.error(key, "can only be true", "leave it out where it should not happen"))
}

/// A name that `check` knows, or `"none"`.
fn or_none(
    fields: &Fields<'_>,
    key: &str,
    check: impl Fn(&str) -> Result<(), (String, String)>,
) -> Result<Option<String>, SceneError> {
    match fields.required_text(key, "give a name, or \"none\"")? {
        none if none == "none" => Ok(None),
        name => match check(&name) {
            Ok(()) => Ok(Some(name)),
            Err((what, advice)) => Err(fields.error(key, what, advice)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::Scene;
    use super::*;

    const SCENE: &str = r#"
dt_ms = 0.5
[population.input]
size = "data"
cell = "image"
[population.excitatory]
size = 10
cell = "lif"
synapse = "current"
v_rest_mv = -65
v_reset_mv = -65
v_threshold_mv = -50
tau_membrane_ms = 20
tau_excitatory_ms = 5
tau_inhibitory_ms = 5
[projection.features]
source = "input"
target = "excitatory"
rule = "all-to-all"
weight = 0.1
plasticity = { rule = "pair" }
pruning = { policy = "static" }
[projection.plain]
source = "excitatory"
target = ["excitatory"]
rule = "all-but-self"
weight = 0.1
[learning]
[view.cameras]
near = { distance = 1 }
"#;

    fn tour(steps: &str) -> Result<Vec<TourStep>, String> {
        let scene = Scene::from_toml(&format!("{SCENE}{steps}"), "talk.toml", &[]);
        scene.map(|scene| scene.view.tour).map_err(|error| error.to_string())
    }

    fn action(text: &str) -> Result<TimedAction, String> {
        Ok(tour(&format!("[[tour]]\nhold_s = 5\nactions = [{text}]"))?.remove(0).actions.remove(0))
    }

    #[test]
    fn a_step_has_its_defaults() {
        let steps =
            tour("[[tour]]\ncamera = \"near\"\n[[tour]]\nfollow = \"picked\"\nwait = \"key\"\n").expect("valid");
        assert_eq!((steps[0].move_s, steps[0].hold_s, steps[0].waits_for_key), (3.0, 3.0, false));
        assert!(steps[0].camera.pose.is_some() && !steps[0].camera.follows_picked);
        assert_eq!((steps[1].camera.pose, steps[1].move_s), (None, 0.0), "nothing to move to takes no time");
        assert!(steps[1].camera.follows_picked && steps[1].waits_for_key);
    }

    #[test]
    fn every_action_is_read() {
        let named = |name: &str| Some(name.to_owned());
        for (text, expected) in [
            ("{ learning = false }", TourAction::Learning(false)),
            ("{ threshold = 0.25 }", TourAction::Threshold { projection: None, share: 0.25 }),
            ("{ prune = \"features\" }", TourAction::Prune { projection: named("features") }),
            ("{ prune = \"all\" }", TourAction::Prune { projection: None }),
            ("{ pruning_schedule = true }", TourAction::PruningSchedule(true)),
            ("{ speed = 4 }", TourAction::Speed(4.0)),
            ("{ play = false }", TourAction::Play(false)),
            ("{ mark = \"a\" }, { return_to = \"a\" }", TourAction::Mark("a".to_owned())),
            ("{ pick = \"none\" }", TourAction::Pick(None)),
            ("{ pick = \"class\", class = 3 }", TourAction::Pick(Some(TourNeuron::OfClass(3)))),
            ("{ select = \"all\" }", TourAction::Select(TourSelection::Everything)),
            (
                "{ select = { population = \"excitatory\", neurons = [1, 9] } }",
                TourAction::Select(TourSelection::Neurons { population: "excitatory".to_owned(), indices: vec![1, 9] }),
            ),
            ("{ isolate = true }", TourAction::Isolate(true)),
            ("{ silence = true }", TourAction::Silence(true)),
            ("{ stimulate_mv = 20 }", TourAction::Stimulate { mv: 20.0, duration_ms: 10.0 }),
            ("{ lesion = true }", TourAction::Lesion),
            ("{ undo = true }", TourAction::Undo),
            (
                "{ gain = 0, receptor = \"inhibitory\" }",
                TourAction::Gain { population: None, receptor: Receptor::Inhibitory, factor: 0.0 },
            ),
            ("{ background_hz = 5 }", TourAction::BackgroundRate { population: None, rate_hz: 5.0 }),
            (
                "{ drive_mv = -1, population = \"excitatory\" }",
                TourAction::Drive { population: "excitatory".to_owned(), drive_mv: -1.0 },
            ),
            ("{ chart = \"rate\" }", TourAction::Chart(named("rate"))),
            ("{ chart = \"none\" }", TourAction::Chart(None)),
            ("{ compare = \"none\" }", TourAction::Compare(None)),
        ] {
            assert_eq!(action(text).map(|timed| timed.action), Ok(expected), "{text}");
        }
        let look = action("{ look = { colour_by = \"rate\" }, at_s = 2 }").expect("valid");
        let TourAction::Look(scene) = look.action else { panic!("a look") };
        assert_eq!((scene.colour_by.as_deref(), look.at_s), (Some("rate"), 2.0));
    }

    #[test]
    fn actions_follow_each_other_in_time() {
        let steps = tour(
            "[[tour]]\nactions = [{ play = false, at_s = 2 }, { play = true, at_s = 1 }, { speed = 2, at_s = 2 }]",
        );
        let times: Vec<f32> = steps.expect("valid")[0].actions.iter().map(|timed| timed.at_s).collect();
        assert_eq!(times, [1.0, 2.0, 2.0]);
    }

    #[test]
    fn mistakes_are_explained() {
        for (text, parts) in [
            ("{ lerning = true }", ["talk.toml:", "did you mean `learning`?"]),
            ("{ at_s = 1 }", ["says nothing to do", "give one of learning"]),
            ("{ learning = true, play = true }", ["cannot stand beside", "write two actions"]),
            ("{ learning = true, population = \"excitatory\" }", ["population: unknown key", ""]),
            ("{ learning = 1 }", ["must be true or false", ""]),
            ("{ prune = \"featurs\" }", ["`featurs` is no projection", "did you mean `features`?"]),
            ("{ prune = \"plain\" }", ["`plain` has no pruning policy", ""]),
            ("{ threshold = 2 }", ["between 0 and 1", ""]),
            ("{ return_to = \"trained\" }", ["nothing was marked as `trained` before", "mark = \"trained\""]),
            ("{ mark = \"trained\" }, { compare = \"traind\" }", ["marked as `traind`", "did you mean `trained`?"]),
            ("{ pick = 10, population = \"excitatory\" }", ["is 10, but `excitatory` has 10 neurons", "from 0"]),
            ("{ pick = 1 }", ["population: is missing", ""]),
            ("{ pick = \"most-activ\" }", ["did you mean `most-active`?", ""]),
            ("{ select = { population = \"exitatory\" } }", ["there is no population `exitatory`", "did you mean"]),
            ("{ gain = 0 }", ["receptor: is missing", ""]),
            ("{ chart = \"accurcy\" }", ["there is no chart `accurcy`", "did you mean `accuracy`?"]),
            ("{ look = { speed = 3 } }", ["speed: unknown key", ""]),
            ("{ play = true, at_s = 9 }", ["is 9 s, but the step takes 5 s", "hold_s"]),
            ("{ undo = false }", ["can only be true", ""]),
        ] {
            let error = action(text).expect_err(text);
            assert!(parts.iter().all(|part| error.contains(part)), "{text}: {error}");
        }
        for (step, part) in [
            ("camera = \"neer\"", "there is no camera `neer`; did you mean `near`?"),
            ("follow = \"me\"", "\"me\" is none of picked"),
            ("wait = \"mouse\"", "is none of key"),
            ("detail = \"x\"", "stands under a caption"),
            ("until_ms = 3\nuntil_presentation = 3", "cannot stand beside `until_ms`"),
            ("captoin = \"x\"", "did you mean `caption`?"),
        ] {
            let error = tour(&format!("[[tour]]\n{step}\n")).expect_err(step);
            assert!(error.contains(part), "{step}: {error}");
        }
    }
}
