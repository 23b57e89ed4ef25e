//! `spikescope listen`: spikes of another program, shown as they arrive, recorded, or both. In: one Arrow IPC stream
//! over TCP. Out: the window, a recording, and how much came.
//!
//! Receiving and recording have threads of their own, so that neither the picture nor its rate holds the sender up.

use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use serde::Serialize;

use super::arguments::ListenArguments;
use super::error::AppError;
use super::window::{self, WindowError, WindowOptions};
use super::{Ending, display, interrupt, text};
use crate::recording::{
    RecordingError, RecordingInfo, RecordingWriter, SpikeBatch, SpikeStream, StreamInfo, StreamListener,
};
use crate::session::{StreamInlet, stream};

/// Batches between the socket and the recording.
const WAITING: usize = 16;
/// How often a silent stream is looked after: what came is flushed, and an interrupt is heard.
const LOOK: Duration = Duration::from_millis(200);

/// What came, and what became of it.
#[derive(Clone, Debug, Default, Serialize)]
struct ListenReport {
    name: String,
    neurons: u32,
    spikes: u64,
    last_ms: f64,
    /// Spikes that found no room in the picture.
    dropped: u64,
    received_s: f64,
    recording: Option<PathBuf>,
}

/// Listens, receives one sender, reports.
pub(super) fn run(arguments: &ListenArguments) -> Result<Ending, AppError> {
    let common = &arguments.common;
    let quiet = common.quiet || arguments.json;
    if let Some(path) = &arguments.record {
        RecordingWriter::check_place(path)?;
    }
    let shows = !arguments.no_window && !arguments.json && display::found().is_some();
    if !shows && arguments.record.is_none() && !arguments.json {
        return Err(AppError::Mistake(
            "there is no display to show a stream on, so it must be recorded: add --record FOLDER".to_owned(),
        ));
    }
    let listener = StreamListener::bind(arguments.address, arguments.token.clone())?;
    text::tell(quiet, &format!("listening on {}; waiting for a sender", listener.address()?));
    let mut turned_away = |reason: &RecordingError| text::tell(common.quiet, &format!("turned away: {reason}"));
    let Some(spikes) = listener.accept(&interrupt::requested, &mut turned_away)? else {
        return Ok(Ending::Interrupted);
    };
    let (inlet, feed) = stream(spikes.info());
    let receiver = receive(spikes, inlet, arguments.record.clone(), shows);
    if shows {
        let scene = feed.scene();
        let options = WindowOptions {
            engine: common.engine.into(),
            adapter: common.adapter.clone(),
            stream: Some(feed),
            should_end: interrupt::requested,
            ..WindowOptions::default()
        };
        match window::run(scene, options) {
            Ok(()) => {}
            Err(WindowError::NoDisplay(reason)) if arguments.record.is_some() => {
                text::tell(quiet, &format!("no window: {reason}"));
            }
            Err(error) => return Err(error.into()),
        }
        if !receiver.is_finished() {
            if arguments.record.is_none() {
                // The window is closed and nothing is recorded: whoever still sends, sends to nobody.
                return Ok(if interrupt::requested() { Ending::Interrupted } else { Ending::Done });
            }
            text::tell(quiet, "the window is closed; recording goes on until the sender ends, or Ctrl-C");
        }
    }
    while !receiver.is_finished() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let report = receiver
        .join()
        .map_err(|_| AppError::Failure("the thread that receives the stream has stopped".to_owned()))??;
    text::tell(quiet, &summary(&report));
    if arguments.json {
        text::print_json(&report)?;
    }
    Ok(if interrupt::requested() { Ending::Interrupted } else { Ending::Done })
}

/// Receives until the sender ends, or somebody ends the program. One thread hears the sender, who may be silent for as
/// long as it likes; the other, which this returns, records and shows meanwhile.
fn receive(
    stream: SpikeStream,
    inlet: StreamInlet,
    record: Option<PathBuf>,
    shows: bool,
) -> JoinHandle<Result<ListenReport, RecordingError>> {
    let (sender, batches) = bounded(WAITING);
    let info = stream.info().clone();
    std::thread::spawn(move || {
        for batch in stream {
            if sender.send(batch).is_err() {
                break;
            }
        }
    });
    std::thread::spawn(move || {
        let taken = Taking { inlet, shows, record }.take(&info, &batches);
        // Whoever still sends may notice that nobody listens.
        drop(batches);
        taken
    })
}

/// What becomes of the batches.
struct Taking {
    inlet: StreamInlet,
    shows: bool,
    record: Option<PathBuf>,
}

type Batches = Receiver<Result<SpikeBatch, RecordingError>>;

impl Taking {
    /// Takes batches until there are no more; whatever ends them, what came is kept.
    fn take(mut self, info: &StreamInfo, batches: &Batches) -> Result<ListenReport, RecordingError> {
        let begun = Instant::now();
        let mut report = ListenReport {
            name: info.name.clone(),
            neurons: info.neuron_count(),
            recording: self.record.clone(),
            ..ListenReport::default()
        };
        let ended = self.record_and_show(batches, &mut report);
        report.dropped = self.inlet.dropped();
        report.received_s = begun.elapsed().as_secs_f64();
        self.inlet.end(match &ended {
            Ok(()) => format!("the stream has ended at {:.1} ms", report.last_ms),
            Err(reason) => format!("the stream has broken off: {reason}"),
        });
        ended.map(|()| report)
    }

    fn record_and_show(&mut self, batches: &Batches, report: &mut ListenReport) -> Result<(), RecordingError> {
        let mut writer = match &self.record {
            Some(path) => {
                let info = RecordingInfo { title: format!("{}, received live", report.name), ..Default::default() };
                Some(RecordingWriter::create(path, self.inlet.network(), info)?)
            }
            None => None,
        };
        let mut ended = Ok(());
        while !interrupt::requested() {
            match batches.recv_timeout(LOOK) {
                Ok(Ok(batch)) => {
                    let spikes = self.inlet.spikes(&batch);
                    report.spikes += spikes.len() as u64;
                    report.last_ms = batch.times_ms().last().copied().unwrap_or(report.last_ms);
                    if let Some(writer) = &mut writer {
                        writer.write_spikes(&spikes, 0)?;
                    }
                    if self.shows {
                        self.inlet.show(&spikes);
                    }
                }
                Ok(Err(reason)) => {
                    ended = Err(reason);
                    break;
                }
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(writer) = &mut writer {
                        writer.flush_if_due()?;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        writer.map_or(Ok(()), RecordingWriter::finish)?;
        ended
    }
}

fn summary(report: &ListenReport) -> String {
    let place = report.recording.as_ref().map_or_else(String::new, |path| format!(", recorded in {}", path.display()));
    let dropped = match report.dropped {
        0 => String::new(),
        count => format!("; {} were not shown, since the picture was behind", text::count(count)),
    };
    format!(
        "{}: {} spikes of {} neurons up to {:.1} ms in {:.1} s{place}{dropped}",
        report.name,
        text::count(report.spikes),
        text::count(u64::from(report.neurons)),
        report.last_ms,
        report.received_s
    )
}
