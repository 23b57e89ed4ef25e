//! A live stream as a source of activity: what another program sends is shown as it arrives. In: batches of spikes.
//! Out: a session. A viewer that falls behind never holds the sender up: what finds no room is counted and left out of
//! the picture (not of a recording), and the picture says so.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use super::error::SessionError;
use super::played::PlayedEngine;
use super::prefetch::{News, Prefetch, Window};
use super::recorded;
use super::session::{Session, SessionOptions};
use crate::engine::Spike;
use crate::model::Network;
use crate::model::scene::Scene;
use crate::recording::{SpikeBatch, StreamInfo};

/// Where the scene of a stream says that it comes from.
pub const LIVE_STREAM: &str = "live stream";
/// Portions of spikes that wait to be shown, and spikes of one at most: together a bound of 134 MB.
const ROOM: usize = 1024;
const PORTION: usize = 1 << 14;

/// What both ends know.
#[derive(Debug, Default)]
struct Known {
    dropped: AtomicU64,
    end: OnceLock<String>,
}

/// The end that a picture is fed from.
#[derive(Clone, Debug)]
pub struct StreamFeed {
    network: Arc<Network>,
    news: Receiver<News>,
    known: Arc<Known>,
}

/// The end that a stream is put into.
#[derive(Debug)]
pub struct StreamInlet {
    network: Arc<Network>,
    news: Sender<News>,
    known: Arc<Known>,
    newest: u64,
}

/// Both ends, for a network of which only populations are known.
#[must_use]
pub fn stream(info: &StreamInfo) -> (StreamInlet, StreamFeed) {
    let network = Arc::new(recorded::network_of_populations(&info.name, info.dt_ms, &info.populations));
    let (sender, news) = bounded(ROOM);
    let known = Arc::new(Known::default());
    let feed = StreamFeed { network: Arc::clone(&network), news, known: Arc::clone(&known) };
    (StreamInlet { network, news: sender, known, newest: 0 }, feed)
}

impl StreamInlet {
    /// The network as far as it is known.
    #[must_use]
    pub const fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// A batch as spikes on the grid of steps; times at 0 count to the first step.
    #[must_use]
    pub fn spikes(&self, batch: &SpikeBatch) -> Vec<Spike> {
        let step = |time_ms: f64| (time_ms / self.network.dt_ms).round().clamp(1.0, f64::from(u32::MAX)) as u32;
        batch.times_ms().iter().zip(batch.neurons()).map(|(&ms, &neuron)| Spike { step: step(ms), neuron }).collect()
    }

    /// Spikes that found no room in the picture so far.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.known.dropped.load(Ordering::Relaxed)
    }

    /// Says why nothing more will come.
    pub fn end(self, reason: String) {
        let _ = self.known.end.set(reason);
    }

    /// Hands spikes to the picture, if there is room. Never waits.
    pub fn show(&mut self, spikes: &[Spike]) {
        for portion in spikes.chunks(PORTION) {
            self.newest = portion.last().map_or(self.newest, |last| self.newest.max(u64::from(last.step)));
            let window = Window { until: self.newest, spikes: portion.to_vec(), ..Window::default() };
            match self.news.try_send(News::Window(0, window)) {
                // Or nobody looks any more.
                Ok(()) | Err(TrySendError::Disconnected(_)) => {}
                Err(TrySendError::Full(_)) => {
                    self.known.dropped.fetch_add(portion.len() as u64, Ordering::Relaxed);
                }
            }
        }
    }
}

impl StreamFeed {
    /// What the viewer must know.
    pub(super) fn notices(&self) -> impl Iterator<Item = String> {
        let dropped = self.known.dropped.load(Ordering::Relaxed);
        let dropped = (dropped > 0).then(|| {
            format!("{dropped} spikes of the stream are not shown: they came faster than the picture took them")
        });
        dropped.into_iter().chain(self.known.end.get().cloned())
    }

    /// The scene that stands for the stream.
    #[must_use]
    pub fn scene(&self) -> Scene {
        let network = &self.network;
        let view = crate::model::scene::ViewScene::around(&network.positions);
        let title = format!("{} (a live stream)", network.name);
        Scene::of_run(&network.name, &title, LIVE_STREAM, [network.dt_ms, 1000.0], view)
    }
}

impl Session {
    /// Shows a stream as it arrives.
    ///
    /// # Errors
    /// None at present; a stream that breaks stands still and says why.
    pub fn open_stream(scene: Scene, feed: &StreamFeed, options: SessionOptions) -> Result<Self, SessionError> {
        let prefetch = Prefetch::fed(feed.news.clone());
        let engine = PlayedEngine::of_stream(Arc::clone(&feed.network), prefetch);
        let mut session = Self::assemble(scene, Arc::clone(&feed.network), Box::new(engine), options);
        session.clock.set_speed(f64::INFINITY);
        session.stream = Some(feed.clone());
        session.refresh();
        Ok(session)
    }
}
