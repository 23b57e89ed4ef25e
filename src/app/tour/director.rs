//! Does what a tour asks for: cues in, commands to the session and changes of looks out. The same in a talk and in a film.

use crate::engine::{Change, EngineError};
use crate::model::Network;
use crate::model::scene::{TourAction, TourNeuron, TourSelection};
use crate::session::command::Select;
use crate::session::selection::How;
use crate::session::view::Others;
use crate::session::{Command, Mark, Session, SessionError, ViewSettings};
use crate::ui::Comparison;

use super::figures::Figures;
use super::player::{Cue, Reached};

/// The states that steps began with are kept for going back as long as each takes no more than this, bytes.
const BEGINNING_MAX: u64 = 8 << 20;

/// See the module.
#[derive(Default)]
pub(in crate::app) struct Director {
    marks: Vec<(String, Mark, Figures)>,
    /// How each step began; empty in a film, which never goes back.
    beginnings: Vec<Beginning>,
    keeps_beginnings: bool,
    /// The chart that is shown large.
    pub(in crate::app) chart: Option<String>,
    compared: Option<String>,
}

struct Beginning {
    mark: Option<Mark>,
    settings: ViewSettings,
    chart: Option<String>,
    compared: Option<String>,
    speed: f64,
    is_playing: bool,
}

impl Director {
    /// A card stands at the side of the picture.
    pub(in crate::app) const fn shows_card(&self) -> bool {
        self.chart.is_some() || self.compared.is_some()
    }

    /// For a talk, in which somebody may want to go back.
    pub(in crate::app) fn of_talk() -> Self {
        Self { keeps_beginnings: true, ..Self::default() }
    }

    /// For a film.
    pub(in crate::app) fn of_film() -> Self {
        Self::default()
    }

    /// What the player asks of the run.
    pub(in crate::app) fn reached(session: &Session) -> Reached {
        let telemetry = session.telemetry();
        let picked = telemetry.picked.as_ref().map(|picked| picked.neuron as usize);
        Reached {
            time_ms: session.step() as f64 * session.network().dt_ms,
            presentations: session.protocol().map_or(0, crate::learn::Protocol::presentations),
            picked: picked.and_then(|neuron| session.network().positions.get(neuron).copied()),
        }
    }

    /// Does one thing.
    ///
    /// # Errors
    /// A lost device; a moment that cannot be returned to.
    pub(in crate::app) fn obey(
        &mut self,
        cue: &Cue,
        session: &mut Session,
        settings: &mut ViewSettings,
    ) -> Result<(), SessionError> {
        match cue {
            Cue::Begin { step, again: true } => self.begin_again(*step, session, settings),
            Cue::Begin { .. } if !self.keeps_beginnings => Ok(()),
            Cue::Begin { step, .. } => {
                let mark = if session.mark_bytes() <= BEGINNING_MAX { Some(session.mark()?) } else { None };
                let telemetry = session.telemetry();
                self.beginnings.truncate(*step);
                self.beginnings.push(Beginning {
                    mark,
                    settings: settings.clone(),
                    chart: self.chart.clone(),
                    compared: self.compared.clone(),
                    speed: telemetry.speed,
                    is_playing: telemetry.playing,
                });
                Ok(())
            }
            Cue::StartOver => {
                session.apply(Command::Pick(None));
                session.apply(Command::Select(Select::Clear));
                session.apply(Command::Reset);
                (self.chart, self.compared) = (None, None);
                self.marks.clear();
                *settings = ViewSettings::from_scene(&session.scene().view);
                if let Some(speed) = session.scene().view.look.speed {
                    session.apply(Command::Speed(speed));
                }
                session.apply(Command::Play);
                Ok(())
            }
            Cue::Act(action) => self.act(action, session, settings),
        }
    }

    fn begin_again(
        &mut self,
        step: usize,
        session: &mut Session,
        settings: &mut ViewSettings,
    ) -> Result<(), SessionError> {
        let Some(beginning) = self.beginnings.get(step) else { return Ok(()) };
        if let Some(mark) = &beginning.mark {
            session.return_to_mark(mark)?;
        }
        *settings = beginning.settings.clone();
        (self.chart, self.compared) = (beginning.chart.clone(), beginning.compared.clone());
        session.apply(Command::Speed(beginning.speed));
        session.apply(if beginning.is_playing { Command::Play } else { Command::Pause });
        Ok(())
    }

    fn act(
        &mut self,
        action: &TourAction,
        session: &mut Session,
        settings: &mut ViewSettings,
    ) -> Result<(), SessionError> {
        match action {
            TourAction::Mark(name) => {
                let mark = session.mark()?;
                self.marks.retain(|(known, ..)| known != name);
                self.marks.push((name.clone(), mark, Figures::of(session.telemetry())));
            }
            TourAction::ReturnTo(name) => {
                if let Some((_, mark, _)) = self.marks.iter().find(|(known, ..)| known == name) {
                    session.return_to_mark(mark)?;
                }
            }
            TourAction::Look(look) => settings.apply(look),
            TourAction::Isolate(on) => settings.others = if *on { Others::Hidden } else { Others::default() },
            TourAction::Chart(name) => self.chart.clone_from(name),
            TourAction::Compare(name) => self.compared.clone_from(name),
            TourAction::Pick(neuron) => {
                let neuron = match neuron {
                    Some(neuron) => find(neuron, session)?,
                    None => None,
                };
                session.apply(Command::Pick(neuron));
            }
            _ => {
                for command in commands(action, &session.network().clone()) {
                    session.apply(command);
                }
            }
        }
        Ok(())
    }

    /// The two moments that are compared, while they are.
    pub(in crate::app) fn comparison(&self, session: &Session) -> Option<Comparison> {
        let name = self.compared.as_ref()?;
        let (_, _, before) = self.marks.iter().find(|(known, ..)| known == name)?;
        Some(before.beside(&Figures::of(session.telemetry()), name))
    }
}

/// What a session has to be told.
fn commands(action: &TourAction, network: &Network) -> Vec<Command> {
    let change = |change| vec![Command::Change(change)];
    match action {
        TourAction::Learning(on) => change(Change::Learning(*on)),
        TourAction::Threshold { projection, share } => pruned(network, projection.as_deref())
            .map(|projection| Command::Change(Change::PruningThreshold { projection, threshold: *share }))
            .collect(),
        TourAction::Prune { projection } => pruned(network, projection.as_deref()).map(Command::Prune).collect(),
        TourAction::PruningSchedule(on) => vec![Command::PruningSchedule(*on)],
        TourAction::Speed(speed) => vec![Command::Speed(*speed)],
        TourAction::Play(true) => vec![Command::Play],
        TourAction::Play(false) => vec![Command::Pause],
        TourAction::Select(selection) => vec![Command::Select(select(selection, network))],
        TourAction::Silence(on) => vec![Command::Silence(*on)],
        TourAction::Stimulate { mv, duration_ms } => {
            vec![Command::Stimulate { mv: *mv, duration_ms: *duration_ms }]
        }
        TourAction::Lesion => vec![Command::Lesion],
        TourAction::Undo => vec![Command::Undo],
        TourAction::Gain { population, receptor, factor } => cells(network, population.as_deref())
            .map(|population| Change::ReceptorGain { population, receptor: *receptor, factor: *factor })
            .map(Command::Change)
            .collect(),
        TourAction::BackgroundRate { population, rate_hz } => cells(network, population.as_deref())
            .filter(|&index| matches!(&network.populations[index].cell, crate::model::Cell::Lif(lif) if lif.background.is_some()))
            .map(|population| Command::Change(Change::BackgroundRate { population, rate_hz: *rate_hz }))
            .collect(),
        TourAction::Drive { population, drive_mv } => cells(network, Some(population))
            .map(|population| Command::Change(Change::Drive { population, drive_mv: *drive_mv }))
            .collect(),
        // Done by the director itself.
        TourAction::Mark(_)
        | TourAction::ReturnTo(_)
        | TourAction::Look(_)
        | TourAction::Isolate(_)
        | TourAction::Chart(_)
        | TourAction::Compare(_)
        | TourAction::Pick(_) => Vec::new(),
    }
}

/// The projections of this name that are pruned; all that are, without a name.
fn pruned(network: &Network, name: Option<&str>) -> impl Iterator<Item = usize> {
    let is_meant = move |known: &str| name.is_none_or(|name| known.split(": ").next() == Some(name));
    let found = network.projections.iter().enumerate();
    found.filter(move |(_, p)| p.pruning.is_some() && is_meant(&p.name)).map(|(index, _)| index)
}

/// The population of this name; all that have cells, without a name.
fn cells(network: &Network, name: Option<&str>) -> impl Iterator<Item = usize> {
    let is_cell = |cell: &crate::model::Cell| matches!(cell, crate::model::Cell::Lif(_));
    let found = network.populations.iter().enumerate();
    found.filter(move |(_, p)| is_cell(&p.cell) && name.is_none_or(|name| p.name == name)).map(|(index, _)| index)
}

fn select(selection: &TourSelection, network: &Network) -> Select {
    let how = How::Replace;
    let population = |name: &str| network.population_named(name);
    match selection {
        TourSelection::Nothing => Select::Clear,
        TourSelection::Everything => Select::All,
        TourSelection::Class(class) => Select::Class { class: *class, how },
        TourSelection::Population(name) => {
            population(name).map_or(Select::Clear, |index| Select::Population { index, how })
        }
        TourSelection::Neurons { population: name, indices } => {
            let first = population(name).map_or(0, |index| network.populations[index].first);
            Select::Neurons { ids: indices.iter().map(|index| first + index).collect(), how }
        }
    }
}

/// The neuron that is meant, as the run is now.
fn find(neuron: &TourNeuron, session: &mut Session) -> Result<Option<u32>, SessionError> {
    let network = session.network().clone();
    let among = |name: &str| {
        let population = network.population_named(name).map(|index| &network.populations[index]);
        population.map_or(0..0, |p| p.first..p.first + p.size)
    };
    Ok(match neuron {
        TourNeuron::Index { population, index } => among(population).nth(*index as usize),
        TourNeuron::MostActive { population } => most_active(session, among(population))?,
        TourNeuron::OfClass(class) => {
            let output = session.protocol().map(|protocol| network.populations[protocol.output()].first);
            let assigned = session.telemetry().learning.as_ref().map(|l| l.assigned.clone()).unwrap_or_default();
            let known = assigned.iter().enumerate().filter(|(_, known)| **known == Some(*class));
            let ids: Vec<u32> = known.filter_map(|(index, _)| Some(output? + index as u32)).collect();
            most_active(session, ids.into_iter())?
        }
    })
}

/// The one with most spikes so far; of several, the first.
fn most_active(session: &mut Session, among: impl Iterator<Item = u32>) -> Result<Option<u32>, EngineError> {
    let counts = session.engine().checkpoint()?.spike_counts;
    let count = |neuron: &u32| counts.get(*neuron as usize).copied().unwrap_or(0);
    Ok(among.max_by_key(|neuron| (count(neuron), std::cmp::Reverse(*neuron))))
}
