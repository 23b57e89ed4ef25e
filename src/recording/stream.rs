//! Spikes as another program makes them: one Arrow IPC stream over TCP, as `pyarrow.ipc.new_stream` writes it. In: an
//! address to listen on. Out: what the sender says of its network, then batches of spikes.
//!
//! The schema has the columns `time_ms` (64-bit floating point, ascending) and `neuron` (integers), and this metadata:
//!
//! | key | value |
//! |---|---|
//! | `dt_ms` | step of the simulation, ms |
//! | `populations` | `[{"name": "excitatory", "size": 800}, ...]` as JSON, in the order of neuron ids |
//! | `name` | what is simulated; optional |
//! | `token` | the token that the listener asks for; only where it does |

use std::io::BufReader;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use arrow_ipc::reader::StreamReader;
use arrow_schema::DataType;
use serde::Deserialize;

use super::RecordingError;
use super::batches::SpikeBatch;

/// A sender has this long to say what it sends.
const PATIENCE: Duration = Duration::from_secs(10);
/// Neurons of a stream at most: every one takes room before the first spike.
const NEURONS_MAX: u64 = 100_000_000;

/// What a sender says of its network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamInfo {
    /// What is simulated.
    pub name: String,
    /// Step, ms.
    pub dt_ms: f64,
    /// Names and sizes, in the order of neuron ids.
    pub populations: Vec<(String, u32)>,
}

impl StreamInfo {
    /// Neurons.
    #[must_use]
    pub fn neuron_count(&self) -> u32 {
        self.populations.iter().map(|population| population.1).sum()
    }
}

/// Waits for senders.
#[derive(Debug)]
pub struct StreamListener {
    listener: TcpListener,
    token: Option<String>,
}

impl StreamListener {
    /// Listens on an address. Anything but loopback needs a token, which senders must know.
    ///
    /// # Errors
    /// The system refused, or the token is missing.
    pub fn bind(address: SocketAddr, token: Option<String>) -> Result<Self, RecordingError> {
        if !address.ip().is_loopback() && token.as_deref().unwrap_or_default().is_empty() {
            return Err(RecordingError::Stream(format!(
                "{address} can be reached from other machines, so senders must know a token: set one with --token"
            )));
        }
        let listener = TcpListener::bind(address)
            .map_err(|error| RecordingError::Stream(format!("cannot listen on {address}: {error}")))?;
        Ok(Self { listener, token })
    }

    /// Where it listens; port 0 has become a real one.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> Result<SocketAddr, RecordingError> {
        self.listener.local_addr().map_err(|error| RecordingError::Stream(error.to_string()))
    }

    /// Waits for a sender. Whoever sends something else, or does not know the token, is turned away, and `turned_away`
    /// hears why. `should_end` is asked a few times a second; none: it said so.
    ///
    /// # Errors
    /// What the system refused.
    pub fn accept(
        &self,
        should_end: &dyn Fn() -> bool,
        turned_away: &mut dyn FnMut(&RecordingError),
    ) -> Result<Option<SpikeStream>, RecordingError> {
        let system = |error: std::io::Error| RecordingError::Stream(format!("no sender could be heard: {error}"));
        self.listener.set_nonblocking(true).map_err(system)?;
        loop {
            match self.listener.accept() {
                Ok((socket, sender)) => {
                    socket.set_nonblocking(false).map_err(system)?;
                    match SpikeStream::begin(socket, sender, self.token.as_deref()) {
                        Ok(stream) => return Ok(Some(stream)),
                        Err(reason) => turned_away(&reason),
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    if should_end() {
                        return Ok(None);
                    }
                    std::thread::sleep(Duration::from_millis(50));
                }
                Err(error) => return Err(system(error)),
            }
        }
    }
}

/// One sender's spikes. Ends when the sender closes the stream.
pub struct SpikeStream {
    reader: StreamReader<BufReader<TcpStream>>,
    info: StreamInfo,
    place: PathBuf,
    after_ms: f64,
    has_ended: bool,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    size: u32,
}

impl SpikeStream {
    fn begin(socket: TcpStream, sender: SocketAddr, token: Option<&str>) -> Result<Self, RecordingError> {
        let place = PathBuf::from(format!("the stream from {sender}"));
        let wrong = |reason: String| RecordingError::Stream(format!("{}: {reason}", place.display()));
        socket.set_read_timeout(Some(PATIENCE)).map_err(|error| wrong(error.to_string()))?;
        let handle = socket.try_clone().map_err(|error| wrong(error.to_string()))?;
        let reader = guarded(|| StreamReader::try_new(BufReader::new(socket), None))
            .map_err(|reason| wrong(format!("it is no Arrow IPC stream: {reason}")))?;
        // A simulation may be silent for as long as it likes.
        handle.set_read_timeout(None).map_err(|error| wrong(error.to_string()))?;
        let schema = reader.schema();
        let said = |key: &str| schema.metadata().get(key).map(String::as_str);
        if token.is_some() && said("token") != token {
            return Err(wrong(
                "it does not know the token; pass the listener's --token in the schema's metadata".into(),
            ));
        }
        let dt_ms = said("dt_ms").and_then(|text| text.trim().parse::<f64>().ok());
        let Some(dt_ms) = dt_ms.filter(|dt| (1e-4..=100.0).contains(dt)) else {
            return Err(wrong("the schema's metadata must give `dt_ms`, a step between 0.0001 and 100 ms".into()));
        };
        let listed: Vec<Named> = said("populations")
            .ok_or_else(|| "it is missing".to_owned())
            .and_then(|text| serde_json::from_str(text).map_err(|error| error.to_string()))
            .map_err(|reason| {
                let example = r#"[{"name": "excitatory", "size": 800}]"#;
                wrong(format!("the schema's metadata must give `populations` like {example}: {reason}"))
            })?;
        let neurons: u64 = listed.iter().map(|population| u64::from(population.size)).sum();
        if neurons == 0 || neurons > NEURONS_MAX {
            return Err(wrong(format!("its populations have {neurons} neurons; 1 to {NEURONS_MAX} can be shown")));
        }
        for (name, fits) in [
            ("time_ms", (|kind| *kind == DataType::Float64) as fn(&DataType) -> bool),
            ("neuron", DataType::is_integer),
        ] {
            if !schema.column_with_name(name).is_some_and(|(_, field)| fits(field.data_type())) {
                return Err(wrong("it needs the columns `time_ms` (float64) and `neuron` (integers)".into()));
            }
        }
        let populations = listed.into_iter().map(|population| (population.name, population.size)).collect();
        let name = said("name").filter(|name| !name.is_empty()).unwrap_or("stream").to_owned();
        let info = StreamInfo { name, dt_ms, populations };
        Ok(Self { reader, info, place, after_ms: f64::NEG_INFINITY, has_ended: false })
    }

    /// What it says of its network.
    #[must_use]
    pub const fn info(&self) -> &StreamInfo {
        &self.info
    }

    fn next_batch(&mut self) -> Result<Option<SpikeBatch>, RecordingError> {
        let wrong = |place: &Path, reason: String| RecordingError::Stream(format!("{}: {reason}", place.display()));
        let batch = guarded(|| self.reader.next().transpose()).map_err(|reason| wrong(&self.place, reason))?;
        let Some(batch) = batch else { return Ok(None) };
        let batch = SpikeBatch::take(&batch, &self.place, self.info.neuron_count()).map_err(|error| match error {
            RecordingError::Damaged { reason, .. } => wrong(&self.place, reason),
            other => other,
        })?;
        for &at in batch.times_ms() {
            if !at.is_finite() || at < self.after_ms {
                return Err(wrong(
                    &self.place,
                    format!("times must be numbers in ascending order, but {at} ms came after {} ms", self.after_ms),
                ));
            }
            self.after_ms = at;
        }
        Ok(Some(batch))
    }
}

impl Iterator for SpikeStream {
    type Item = Result<SpikeBatch, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let next = self.next_batch().transpose();
        self.has_ended = !matches!(next, Some(Ok(_)));
        next
    }
}

/// What a broken stream makes the reader do, be it an error or a panic, becomes words.
fn guarded<T>(read: impl FnOnce() -> Result<T, arrow_schema::ArrowError>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("its messages contradict each other".to_owned()),
    }
}
