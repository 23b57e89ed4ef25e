//! `spikescope listen`: spikes of another program, shown as they arrive, recorded, or both. In: one Arrow IPC stream
//! over TCP. Out: the window, a recording, and how much came.
//!
//! Receiving and recording have a thread of their own, so that neither the picture nor its rate holds the sender up.

use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::arguments::ListenArguments;
use super::error::AppError;
use super::window::{self, WindowError, WindowOptions};
use super::{Ending, display, interrupt, text};
use crate::recording::{RecordingError, RecordingInfo, RecordingWriter, SpikeStream, StreamListener};
use crate::session::{StreamInlet, stream};

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
    let Some(spikes) = listener.accept(&interrupt::requested)? else { return Ok(Ending::Interrupted) };
    let (inlet, feed) = stream(spikes.info());
    let receiver = receive(spikes, inlet, arguments.record.clone(), shows);
    if shows {
        let options = WindowOptions {
            engine: common.engine.into(),
            adapter: common.adapter.clone(),
            stream: Some(feed),
            should_end: interrupt::requested,
            ..WindowOptions::default()
        };
        let scene = options.stream.as_ref().map(crate::session::StreamFeed::scene);
        if let Some(scene) = scene {
            match window::run(scene, options) {
                Ok(()) => {}
                Err(WindowError::NoDisplay(reason)) => text::tell(quiet, &format!("no window: {reason}")),
                Err(error) => return Err(error.into()),
            }
        }
        if !receiver.is_finished() && arguments.record.is_none() {
            // The window is closed and nothing is recorded: whoever still sends, sends to nobody.
            return Ok(Ending::Done);
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

/// Receives until the sender ends, or somebody ends the program.
fn receive(
    spikes: SpikeStream,
    mut inlet: StreamInlet,
    record: Option<PathBuf>,
    shows: bool,
) -> JoinHandle<Result<ListenReport, RecordingError>> {
    std::thread::spawn(move || {
        let begun = Instant::now();
        let mut report = ListenReport {
            name: spikes.info().name.clone(),
            neurons: spikes.info().neuron_count(),
            recording: record.clone(),
            ..ListenReport::default()
        };
        let mut writer = match &record {
            Some(path) => {
                let info = RecordingInfo { title: format!("{}, received live", report.name), ..Default::default() };
                Some(RecordingWriter::create(path, inlet.network(), info)?)
            }
            None => None,
        };
        let mut failed = None;
        for batch in spikes {
            let batch = match batch {
                Ok(batch) => batch,
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            };
            let found = inlet.spikes(&batch);
            report.spikes += found.len() as u64;
            report.last_ms = batch.times_ms().last().copied().unwrap_or(report.last_ms);
            if let Some(writer) = &mut writer {
                let until = found.last().map_or(0, |spike| u64::from(spike.step));
                writer.write_spikes(&found, until)?;
            }
            if shows {
                inlet.show(found);
            }
            if interrupt::requested() {
                break;
            }
        }
        if let Some(writer) = writer {
            // Whatever ended the stream, what came is kept.
            writer.finish()?;
        }
        report.dropped = inlet.dropped();
        report.received_s = begun.elapsed().as_secs_f64();
        failed.map_or(Ok(report), Err)
    })
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
