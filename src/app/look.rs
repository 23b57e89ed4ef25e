//! How a picture looks, as words for the command line: `--look bloom=0.3`. One table of keys, read and written by the
//! same lines; numbers are written so that they read back as they were.

use std::str::FromStr;

use super::error::AppError;
use crate::session::ViewSettings;
use crate::session::view::{Channel, Direction, MapName, Others, PointStyle, Quality, Theme, Transfer, Variable};

/// A setting's name, its present value as a word, and how it takes a word.
struct Key {
    name: &'static str,
    get: fn(&ViewSettings) -> String,
    set: fn(&mut ViewSettings, &str) -> Option<()>,
    /// For mistakes.
    takes: &'static str,
}

macro_rules! plain {
    ($($path:tt).+, $name:literal, $takes:literal) => {
        Key {
            name: $name,
            get: |look| look.$($path).+.to_string(),
            set: |look, word| {
                look.$($path).+ = word.parse().ok()?;
                Some(())
            },
            takes: $takes,
        }
    };
}

macro_rules! channel {
    ($field:ident, $name:literal) => {
        Key {
            name: $name,
            get: |look| channel_words(&look.$field),
            set: |look, word| channel_of(word).map(|channel| look.$field = channel),
            takes: CHANNEL,
        }
    };
}

const KEYS: &[Key] = &[
    Key {
        name: "theme",
        get: |look| if look.theme == Theme::Light { "light" } else { "dark" }.to_owned(),
        set: |look, word| {
            look.theme = match word {
                "light" => Theme::Light,
                "dark" => Theme::Dark,
                _ => return None,
            };
            Some(())
        },
        takes: "dark or light",
    },
    channel!(colour, "colour"),
    channel!(size, "size"),
    channel!(height, "height"),
    Key {
        name: "quality",
        get: |look| match look.quality {
            Quality::Auto => "auto".to_owned(),
            Quality::Pinned(share) => share.to_string(),
        },
        set: |look, word| {
            look.quality = if word == "auto" { Quality::Auto } else { Quality::Pinned(word.parse().ok()?) };
            Some(())
        },
        takes: "auto, or a number from 0 to 1",
    },
    Key {
        name: "clip",
        get: |look| list(look.clip.low.iter().chain(&look.clip.high)),
        set: |look, word| {
            let [a, b, c, d, e, f] = numbers(word)?;
            (look.clip.low, look.clip.high) = ([a, b, c], [d, e, f]);
            Some(())
        },
        takes: "six shares from 0 to 1: the low ends of x, y, z, then the high ends",
    },
    Key {
        name: "others",
        get: |look| look.others.label().to_owned(),
        set: |look, word| {
            look.others = Others::ALL.into_iter().find(|others| others.label() == word)?;
            Some(())
        },
        takes: "shown, dimmed or hidden",
    },
    plain!(floor, "floor", "true or false"),
    plain!(labels, "labels", "true or false"),
    plain!(billboards, "billboards", "true or false"),
    plain!(flash_decay_ms, "flash_decay_ms", "a number"),
    plain!(neuron_radius, "neuron_radius", "a number"),
    plain!(base_brightness, "base_brightness", "a number from 0 to 1"),
    plain!(synapses.sample, "synapses.sample", "true or false"),
    Key {
        name: "synapses.of_selection",
        get: |look| look.synapses.of_selection.label().to_owned(),
        set: |look, word| {
            look.synapses.of_selection = Direction::ALL.into_iter().find(|direction| direction.label() == word)?;
            Some(())
        },
        takes: "none, inputs, outputs, or inputs and outputs",
    },
    plain!(synapses.pulses, "synapses.pulses", "true or false"),
    plain!(synapses.strongest, "synapses.strongest", "true or false"),
    plain!(synapses.most_changed, "synapses.most_changed", "true or false"),
    plain!(synapses.graveyard, "synapses.graveyard", "true or false"),
    plain!(synapses.arcs, "synapses.arcs", "true or false"),
    plain!(synapses.bundled, "synapses.bundled", "a number from 0 to 1"),
    plain!(synapse_budget, "synapse_budget", "a whole number"),
    plain!(synapse_opacity, "synapse_opacity", "a number from 0 to 1"),
    plain!(bloom, "bloom", "a number from 0 to 1"),
    plain!(exposure, "exposure", "a number of stops"),
    plain!(fog, "fog", "a number from 0 to 1"),
    Key {
        name: "points",
        get: |look| {
            match look.points {
                PointStyle::Auto => "auto",
                PointStyle::Quads => "quads",
                PointStyle::Splats => "splats",
            }
            .to_owned()
        },
        set: |look, word| {
            look.points = match word {
                "auto" => PointStyle::Auto,
                "quads" => PointStyle::Quads,
                "splats" => PointStyle::Splats,
                _ => return None,
            };
            Some(())
        },
        takes: "auto, quads or splats",
    },
];

const CHANNEL: &str =
    "a variable like rate, and if wanted /range=low,high /map=viridis /points=x,y,x,y (shares of range and map)";

/// Every setting in which `look` differs from `from`, as `key=value`.
pub(super) fn differences(look: &ViewSettings, from: &ViewSettings) -> Vec<String> {
    let differs = |key: &&Key| (key.get)(look) != (key.get)(from);
    KEYS.iter().filter(differs).map(|key| format!("{}={}", key.name, (key.get)(look))).collect()
}

/// Obeys `--look` in order.
pub(super) fn apply(look: &mut ViewSettings, words: &[String]) -> Result<(), AppError> {
    for text in words {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        let (name, value) = (name.trim(), value.trim());
        let wrong = |what: String| Err(AppError::Mistake(format!("--look {text}: {what}")));
        let Some(key) = KEYS.iter().find(|key| key.name == name) else {
            let known: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
            return wrong(format!("there is no setting {name:?}; there are: {}", known.join(", ")));
        };
        if (key.set)(look, value).is_none() {
            return wrong(format!("{name} takes {}", key.takes));
        }
    }
    Ok(())
}

fn list<'a>(values: impl Iterator<Item = &'a f32>) -> String {
    values.map(f32::to_string).collect::<Vec<_>>().join(",")
}

fn numbers<const N: usize>(word: &str) -> Option<[f32; N]> {
    all_numbers(word)?.try_into().ok()
}

fn all_numbers(word: &str) -> Option<Vec<f32>> {
    word.split(',').map(|number| f32::from_str(number.trim()).ok().filter(|number| number.is_finite())).collect()
}

/// `rate`, or `rate/range=0,50/map=viridis/points=0,0,1,1`.
fn channel_words(channel: &Channel) -> String {
    let (transfer, own) = (&channel.transfer, Channel::of(channel.by).transfer);
    let mut words = channel.by.id().to_owned();
    if let Some(range) = transfer.range.filter(|_| transfer.range != own.range) {
        words.push_str(&format!("/range={}", list(range.iter())));
    }
    if transfer.map != own.map {
        words.push_str(&format!("/map={}", transfer.map.label()));
    }
    if transfer.points != own.points {
        words.push_str(&format!("/points={}", list(transfer.points.iter().flatten())));
    }
    words
}

fn channel_of(words: &str) -> Option<Channel> {
    let mut parts = words.split('/').map(str::trim);
    let mut channel = Channel::of(Variable::from_id(parts.next()?)?);
    for part in parts {
        let Transfer { range, map, points } = &mut channel.transfer;
        match part.split_once('=')? {
            ("range", value) => *range = Some(numbers(value)?),
            ("map", value) => *map = MapName::ALL.into_iter().find(|map| map.label() == value)?,
            ("points", value) => {
                let all = all_numbers(value)?;
                *points = all.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect();
            }
            _ => return None,
        }
    }
    Some(channel)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::view::{Clip, SynapseLayers};

    /// Every setting another than at the start; a new field of the settings does not compile here until it is told.
    fn another() -> ViewSettings {
        let mut colour = Channel::of(Variable::Rate);
        colour.transfer = Transfer {
            range: Some([0.1, 51.3]),
            map: MapName::Inferno,
            points: vec![[0.0, 0.2], [1.0 / 3.0, 0.5], [1.0, 0.9]],
        };
        ViewSettings {
            theme: Theme::Light,
            colour,
            size: Channel::of(Variable::Theta),
            height: Channel::of(Variable::SynapsesLost),
            quality: Quality::Pinned(0.7),
            clip: Clip { low: [0.1, 0.0, 0.25], high: [1.0, 0.5, 1.0] },
            others: Others::Hidden,
            floor: false,
            labels: false,
            billboards: false,
            flash_decay_ms: 12.5,
            neuron_radius: 1.0 / 3.0,
            base_brightness: 0.9,
            synapses: SynapseLayers {
                sample: false,
                of_selection: Direction::Inputs,
                pulses: false,
                strongest: true,
                most_changed: true,
                graveyard: true,
                arcs: false,
                bundled: 0.123,
            },
            synapse_budget: 777,
            synapse_opacity: 0.05,
            bloom: 0.01,
            exposure: -1.5,
            fog: 0.0,
            points: PointStyle::Splats,
        }
    }

    #[test]
    fn every_setting_reads_back_as_it_was() {
        let mut look = ViewSettings::default();
        let words = differences(&another(), &look);
        assert_eq!(words.len(), KEYS.len(), "{words:?}");
        apply(&mut look, &words).expect("its own words");
        assert_eq!(look, another());
        assert!(differences(&look, &another()).is_empty());
    }

    #[test]
    fn mistakes_say_what_there_is() {
        let mut look = ViewSettings::default();
        let error = |look: &mut ViewSettings, text: &str| apply(look, &[text.to_owned()]).expect_err(text).to_string();
        assert!(error(&mut look, "blom=1").contains("bloom"));
        assert!(error(&mut look, "theme=blue").contains("dark or light"));
        assert!(error(&mut look, "colour=rate/map=rainbow").contains("/map="));
        assert!(error(&mut look, "clip=0,1").contains("six"));
        assert!(error(&mut look, "bloom").contains("0 to 1"));
    }
}
