//! Choosing an adapter and opening it: in goes a name (or nothing) and maybe a surface, out comes a device with every
//! limit and optional feature that spikescope can use, or one readable message.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// When this environment variable is set, tests fail instead of skipping where there is no adapter.
pub const REQUIRE_GPU_VARIABLE: &str = "SPIKESCOPE_REQUIRE_GPU";

/// Features used where an adapter has them; each has a fallback.
const WISHED_FEATURES: wgpu::Features = wgpu::Features::TIMESTAMP_QUERY.union(wgpu::Features::SUBGROUP);

/// An opened adapter.
pub struct Gpu {
    /// Made the adapter and the surfaces.
    pub instance: wgpu::Instance,
    /// The adapter.
    pub adapter: wgpu::Adapter,
    /// The device.
    pub device: wgpu::Device,
    /// Its only queue.
    pub queue: wgpu::Queue,
    /// Name, driver, kind.
    pub info: wgpu::AdapterInfo,
    /// What was granted.
    pub limits: wgpu::Limits,
    /// What was granted.
    pub features: wgpu::Features,
    faults: Arc<Faults>,
}

#[derive(Default)]
struct Faults {
    lost: AtomicBool,
    first: Mutex<Option<String>>,
}

/// Why no adapter could be opened.
#[derive(Debug, thiserror::Error)]
pub enum GpuError {
    /// Nothing there.
    #[error(
        "no graphics adapter was found; install a Vulkan driver (without a GPU: Mesa's software driver, package \
         mesa-vulkan-drivers) and run `spikescope doctor`"
    )]
    NoAdapter,
    /// The name fits nothing.
    #[error("no adapter's name contains {wanted:?}; there are: {}", available.join(", "))]
    NoSuchAdapter {
        /// As given.
        wanted: String,
        /// Names.
        available: Vec<String>,
    },
    /// It is there but cannot draw to this window.
    #[error("the adapter {adapter:?} cannot draw to this window; try another one with --adapter")]
    NoSurface {
        /// Name.
        adapter: String,
    },
    /// The driver refused.
    #[error("the adapter {adapter:?} could not be opened: {reason}")]
    Refused {
        /// Name.
        adapter: String,
        /// The driver's words.
        reason: String,
    },
}

impl Gpu {
    /// An instance for headless work.
    #[must_use]
    pub fn headless_instance() -> wgpu::Instance {
        wgpu::Instance::new(instance_descriptor(wgpu::InstanceDescriptor::new_without_display_handle()))
    }

    /// An instance that can make surfaces for windows of this display.
    #[must_use]
    pub fn window_instance(display: Box<dyn wgpu::wgt::WgpuHasDisplayHandle>) -> wgpu::Instance {
        wgpu::Instance::new(instance_descriptor(wgpu::InstanceDescriptor::new_with_display_handle(display)))
    }

    /// Opens an adapter without a window.
    ///
    /// # Errors
    /// See [`GpuError`].
    pub fn headless(adapter_name: Option<&str>) -> Result<Self, GpuError> {
        Self::open(Self::headless_instance(), adapter_name, None)
    }

    /// Opens the adapter whose name contains `adapter_name` (case does not matter); without a name the fastest kind:
    /// discrete, integrated, virtual, software. With a surface, only adapters that can present to it count.
    ///
    /// # Errors
    /// See [`GpuError`].
    pub fn open(
        instance: wgpu::Instance,
        adapter_name: Option<&str>,
        surface: Option<&wgpu::Surface<'_>>,
    ) -> Result<Self, GpuError> {
        let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()));
        if adapters.is_empty() {
            return Err(GpuError::NoAdapter);
        }
        let available: Vec<String> = adapters.iter().map(|a| a.get_info().name).collect();
        let mut candidates: Vec<wgpu::Adapter> = adapters
            .into_iter()
            .filter(|a| adapter_name.is_none_or(|name| a.get_info().name.to_lowercase().contains(&name.to_lowercase())))
            .collect();
        candidates.sort_by_key(|a| speed_rank(a.get_info().device_type));
        if candidates.is_empty() {
            return Err(GpuError::NoSuchAdapter { wanted: adapter_name.unwrap_or_default().to_owned(), available });
        }
        let first = candidates[0].get_info().name;
        let adapter = candidates
            .into_iter()
            .find(|a| surface.is_none_or(|s| a.is_surface_supported(s)))
            .ok_or(GpuError::NoSurface { adapter: first })?;
        let info = adapter.get_info();
        let features = adapter.features() & WISHED_FEATURES;
        let limits = adapter.limits();
        let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor {
            label: Some("spikescope"),
            required_features: features,
            required_limits: limits.clone(),
            memory_hints: wgpu::MemoryHints::Performance,
            ..Default::default()
        }))
        .map_err(|error| GpuError::Refused { adapter: info.name.clone(), reason: error.to_string() })?;
        let faults = Arc::new(Faults::default());
        let on_error = Arc::clone(&faults);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| on_error.note(error.to_string())));
        let on_loss = Arc::clone(&faults);
        device.set_device_lost_callback(move |reason, message| {
            on_loss.lost.store(true, Ordering::Release);
            on_loss.note(format!("{reason:?}: {message}"));
        });
        Ok(Self { instance, adapter, device, queue, info, limits, features, faults })
    }

    /// True when the adapter runs on the CPU, where cheaper ways to draw are chosen.
    #[must_use]
    pub fn is_software(&self) -> bool {
        self.info.device_type == wgpu::DeviceType::Cpu
    }

    /// The first error that the driver or the validation reported outside any call, once. A lost device stays lost.
    #[must_use]
    pub fn take_fault(&self) -> Option<String> {
        self.faults.first.lock().ok()?.take()
    }

    /// True once the device is gone.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.faults.lost.load(Ordering::Acquire)
    }

    /// Blocks until everything submitted has run.
    ///
    /// # Errors
    /// The driver's words when the device is lost or hangs for a minute.
    pub fn wait(&self) -> Result<(), String> {
        self.device
            .poll(wgpu::PollType::Wait { submission_index: None, timeout: Some(std::time::Duration::from_secs(60)) })
            .map(|_| ())
            .map_err(|error| error.to_string())
    }
}

impl Faults {
    fn note(&self, message: String) {
        if let Ok(mut first) = self.first.lock() {
            first.get_or_insert(message);
        }
    }
}

/// Indirect-call validation would add a dispatch to each of ours; we use no indirect calls. OpenGL is left out even where
/// it is compiled in: what it can do is not enough, and asking for it makes some drivers write to stderr.
fn instance_descriptor(mut descriptor: wgpu::InstanceDescriptor) -> wgpu::InstanceDescriptor {
    descriptor.backends = wgpu::Backends::PRIMARY;
    descriptor.flags.remove(wgpu::InstanceFlags::VALIDATION_INDIRECT_CALL);
    descriptor
}

const fn speed_rank(kind: wgpu::DeviceType) -> u8 {
    match kind {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    }
}
