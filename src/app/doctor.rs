//! `spikescope doctor`: what this machine offers, and what to install if something is missing.

use serde::Serialize;

use super::error::AppError;
use super::text;
use crate::gpu::Gpu;

/// Everything that is looked at, in the order it is told.
#[derive(Serialize)]
struct Diagnosis {
    version: &'static str,
    adapters: Vec<Adapter>,
    /// `"wayland"`, `"x11"`, the system's own, or none.
    display: Option<&'static str>,
    /// Number, name and size of each display that a window can fill.
    displays: Vec<String>,
    /// What keeps the screen awake during a talk.
    keeps_awake: Vec<&'static str>,
    cpu_threads: usize,
    memory_bytes: Option<u64>,
    memory_available_bytes: Option<u64>,
    /// What keeps something from working, and what to do.
    advice: Vec<String>,
}

#[derive(Serialize)]
struct Adapter {
    name: String,
    kind: &'static str,
    backend: String,
    driver: String,
    /// Used when no `--adapter` is given.
    chosen: bool,
    timestamps: bool,
    subgroups: bool,
    largest_buffer_bytes: u64,
    largest_storage_binding_bytes: u64,
    storage_buffers_per_stage: u32,
    workgroup_invocations: u32,
    workgroups_per_dimension: u32,
    workgroup_memory_bytes: u32,
    largest_texture: u32,
}

/// Looks and tells.
pub(super) fn run(json: bool) -> Result<(), AppError> {
    let diagnosis = diagnose();
    if json { text::print_json(&diagnosis) } else { text::print(&describe(&diagnosis)) }
}

fn diagnose() -> Diagnosis {
    let instance = Gpu::headless_instance();
    let found = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()));
    let mut adapters: Vec<Adapter> = found.iter().map(describe_adapter).collect();
    if let Ok(gpu) = Gpu::headless(None)
        && let Some(chosen) = adapters.iter_mut().find(|a| a.name == gpu.info.name)
    {
        chosen.chosen = true;
    }
    let display = super::display::found();
    let (memory_bytes, memory_available_bytes) = memory();
    let advice = advice(&adapters, display);
    Diagnosis {
        version: env!("CARGO_PKG_VERSION"),
        adapters,
        display,
        displays: if display.is_some() { super::window::displays::list() } else { Vec::new() },
        keeps_awake: super::window::awake::installed(),
        cpu_threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        memory_bytes,
        memory_available_bytes,
        advice,
    }
}

fn describe_adapter(adapter: &wgpu::Adapter) -> Adapter {
    let (info, limits, features) = (adapter.get_info(), adapter.limits(), adapter.features());
    let driver = [info.driver, info.driver_info].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
    Adapter {
        name: info.name,
        kind: kind_name(info.device_type),
        backend: info.backend.to_string(),
        driver: driver.join(" "),
        chosen: false,
        timestamps: features.contains(wgpu::Features::TIMESTAMP_QUERY),
        subgroups: features.contains(wgpu::Features::SUBGROUP),
        largest_buffer_bytes: limits.max_buffer_size,
        largest_storage_binding_bytes: limits.max_storage_buffer_binding_size,
        storage_buffers_per_stage: limits.max_storage_buffers_per_shader_stage,
        workgroup_invocations: limits.max_compute_invocations_per_workgroup,
        workgroups_per_dimension: limits.max_compute_workgroups_per_dimension,
        workgroup_memory_bytes: limits.max_compute_workgroup_storage_size,
        largest_texture: limits.max_texture_dimension_2d,
    }
}

const fn kind_name(kind: wgpu::DeviceType) -> &'static str {
    match kind {
        wgpu::DeviceType::DiscreteGpu => "discrete GPU",
        wgpu::DeviceType::IntegratedGpu => "integrated GPU",
        wgpu::DeviceType::VirtualGpu => "virtual GPU",
        wgpu::DeviceType::Cpu => "software",
        wgpu::DeviceType::Other => "other",
    }
}

/// Total and available memory, bytes, where the system tells.
fn memory() -> (Option<u64>, Option<u64>) {
    let table = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let field = |name: &str| {
        let line = table.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
    };
    (field("MemTotal:"), field("MemAvailable:"))
}

fn advice(adapters: &[Adapter], display: Option<&'static str>) -> Vec<String> {
    let mut advice = Vec::new();
    if adapters.is_empty() {
        advice.push(format!(
            "No graphics adapter was found, so nothing can be drawn and only `simulate` and `bench` work, on the CPU. \
             With a GPU, install its Vulkan driver. Without one, install the Vulkan loader and Mesa's software \
             driver: {}",
            PACKAGES_VULKAN
        ));
    } else if adapters.iter().all(|a| a.kind == "software") {
        advice.push(format!(
            "Only a software adapter was found: everything works, slowly. If this machine has a GPU, install its \
             Vulkan driver: the vendor's, or Mesa's. {PACKAGES_VULKAN}"
        ));
    }
    if display.is_some() && super::window::awake::installed().is_empty() && cfg!(unix) {
        advice.push(super::window::awake::ADVICE.to_owned());
    }
    if display.is_none() {
        advice.push(format!(
            "No display was found (neither WAYLAND_DISPLAY nor DISPLAY is set): use `spikescope render`, or show the \
             window on a virtual one with `xvfb-run spikescope`. {PACKAGES_DISPLAY}"
        ));
    }
    advice
}

const PACKAGES_VULKAN: &str = "apt install libvulkan1 mesa-vulkan-drivers; dnf install vulkan-loader \
                               mesa-vulkan-drivers; pacman -S vulkan-icd-loader vulkan-swrast";
const PACKAGES_DISPLAY: &str = "(apt install xvfb; dnf install xorg-x11-server-Xvfb; pacman -S xorg-server-xvfb)";

fn describe(diagnosis: &Diagnosis) -> String {
    let mut lines = vec![format!("spikescope {}", diagnosis.version), String::new(), "Adapters".to_owned()];
    for a in &diagnosis.adapters {
        let chosen = if a.chosen { "  (used unless --adapter says otherwise)" } else { "" };
        lines.push(format!("  {}{chosen}", a.name));
        lines.push(format!("    {}, {}, driver {}", a.kind, a.backend, a.driver));
        lines.push(format!(
            "    largest buffer {}, storage binding {}, {} storage buffers per stage",
            text::bytes(a.largest_buffer_bytes),
            text::bytes(a.largest_storage_binding_bytes),
            a.storage_buffers_per_stage
        ));
        lines.push(format!(
            "    workgroup of {} invocations and {}, {} workgroups a dimension, textures to {} px",
            a.workgroup_invocations,
            text::bytes(u64::from(a.workgroup_memory_bytes)),
            a.workgroups_per_dimension,
            a.largest_texture
        ));
        let yes_no = |yes: bool| if yes { "yes" } else { "no" };
        lines.push(format!("    timestamps {}, subgroups {}", yes_no(a.timestamps), yes_no(a.subgroups)));
    }
    if diagnosis.adapters.is_empty() {
        lines.push("  none".to_owned());
    }
    lines.push(String::new());
    lines.push(format!("Display   {}", diagnosis.display.unwrap_or("none")));
    lines.extend(diagnosis.displays.iter().map(|display| format!("          {display}")));
    if !diagnosis.keeps_awake.is_empty() {
        lines.push(format!("          kept awake during a talk by {}", diagnosis.keeps_awake.join(", ")));
    }
    let known = |bytes: Option<u64>| bytes.map_or_else(|| "unknown".to_owned(), text::bytes);
    lines.push(format!(
        "Memory    {}, of which {} available",
        known(diagnosis.memory_bytes),
        known(diagnosis.memory_available_bytes)
    ));
    lines.push(format!("CPU       {} threads", diagnosis.cpu_threads));
    for advice in &diagnosis.advice {
        lines.push(String::new());
        lines.push(advice.clone());
    }
    lines.push(String::new());
    lines.join("\n")
}
