//! The surface of the window: its format, its size, and the next texture to draw into, whatever happened to it since
//! the last one.

use std::sync::Arc;

use winit::dpi::PhysicalSize;
use winit::window::Window;

use crate::gpu::{Gpu, GpuError};

use super::{WindowError, report};

/// A window and the surface that shows in it.
pub(super) struct Screen {
    pub(super) window: Arc<Window>,
    instance: wgpu::Instance,
    /// None only between a lost device and the next one.
    surface: Option<wgpu::Surface<'static>>,
    configuration: wgpu::SurfaceConfiguration,
    must_configure: bool,
    /// Pictures until the surface is taken for lost, where a test asks for it.
    lost_after: Option<u32>,
}

/// What there is to draw into now.
pub(super) enum Target {
    /// A texture of the window's size.
    Ready(wgpu::SurfaceTexture),
    /// Nothing this time; the surface was mended, or the driver was late: try again soon.
    Later,
    /// Nothing while the window cannot be seen.
    Hidden,
}

impl Screen {
    /// Opens the adapter that can draw to the window, and sets up its surface.
    pub(super) fn open(
        window: Arc<Window>,
        instance: wgpu::Instance,
        adapter: Option<&str>,
    ) -> Result<(Self, Gpu), WindowError> {
        let (surface, configuration, gpu) = set_up(&window, &instance, adapter)?;
        let screen = Self {
            window,
            instance,
            surface: Some(surface),
            configuration,
            must_configure: true,
            lost_after: report::lose_surface_after(),
        };
        Ok((screen, gpu))
    }

    /// Opens an adapter again after its device was lost, with a new surface on the same window.
    pub(super) fn reopen(&mut self, adapter: Option<&str>) -> Result<Gpu, WindowError> {
        // A window has one surface at a time: the old one goes first.
        self.surface = None;
        let (surface, configuration, gpu) = set_up(&self.window, &self.instance, adapter)?;
        (self.surface, self.configuration, self.must_configure) = (Some(surface), configuration, true);
        Ok(gpu)
    }

    /// The format of its textures.
    pub(super) const fn format(&self) -> wgpu::TextureFormat {
        self.configuration.format
    }

    /// Width and height of the next texture, pixels.
    pub(super) const fn size(&self) -> [u32; 2] {
        [self.configuration.width, self.configuration.height]
    }

    /// Takes on a new size. Zero sizes (a minimised window) change nothing: [`Self::acquire`] then finds nothing.
    pub(super) fn resize(&mut self, gpu: &Gpu, size: PhysicalSize<u32>) {
        let limit = gpu.limits.max_texture_dimension_2d;
        let (width, height) = (size.width.min(limit), size.height.min(limit));
        if width > 0 && height > 0 && [width, height] != self.size() {
            (self.configuration.width, self.configuration.height) = (width, height);
            self.must_configure = true;
        }
    }

    /// The next texture. Blocks at most until the display has shown one.
    pub(super) fn acquire(&mut self, gpu: &Gpu) -> Target {
        let PhysicalSize { width, height } = self.window.inner_size();
        if width == 0 || height == 0 {
            return Target::Hidden;
        }
        self.resize(gpu, PhysicalSize { width, height });
        let must_configure = std::mem::take(&mut self.must_configure);
        let is_lost = self.is_lost_for_a_test();
        let Some(surface) = &self.surface else { return Target::Later };
        if must_configure {
            surface.configure(&gpu.device, &self.configuration);
        }
        let next = if is_lost { wgpu::CurrentSurfaceTexture::Lost } else { surface.get_current_texture() };
        match next {
            wgpu::CurrentSurfaceTexture::Success(texture) => Target::Ready(texture),
            wgpu::CurrentSurfaceTexture::Suboptimal(texture) => {
                self.must_configure = true;
                Target::Ready(texture)
            }
            wgpu::CurrentSurfaceTexture::Outdated => {
                self.must_configure = true;
                Target::Later
            }
            wgpu::CurrentSurfaceTexture::Lost => {
                // With the device still there, a new surface on the same window goes on.
                if let Ok(surface) = self.instance.create_surface(Arc::clone(&self.window)) {
                    self.surface = Some(surface);
                    self.must_configure = true;
                    report::say("surface made anew");
                }
                Target::Later
            }
            wgpu::CurrentSurfaceTexture::Occluded => Target::Hidden,
            wgpu::CurrentSurfaceTexture::Timeout | wgpu::CurrentSurfaceTexture::Validation => Target::Later,
        }
    }

    fn is_lost_for_a_test(&mut self) -> bool {
        match self.lost_after {
            Some(0) => {
                self.lost_after = None;
                true
            }
            Some(left) => {
                self.lost_after = Some(left - 1);
                false
            }
            None => false,
        }
    }
}

/// A surface on the window, how to use it, and the adapter that can draw to it.
fn set_up(
    window: &Arc<Window>,
    instance: &wgpu::Instance,
    adapter: Option<&str>,
) -> Result<(wgpu::Surface<'static>, wgpu::SurfaceConfiguration, Gpu), WindowError> {
    let surface =
        instance.create_surface(Arc::clone(window)).map_err(|error| WindowError::Refused(error.to_string()))?;
    let gpu = Gpu::open(instance.clone(), adapter, Some(&surface))?;
    let PhysicalSize { width, height } = window.inner_size();
    let no_surface = || GpuError::NoSurface { adapter: gpu.info.name.clone() };
    let mut configuration =
        surface.get_default_config(&gpu.adapter, width.max(1), height.max(1)).ok_or_else(no_surface)?;
    // The overlay blends in encoded space, as its toolkit expects; the renderer encodes for such formats.
    let formats = surface.get_capabilities(&gpu.adapter).formats;
    let plain = [wgpu::TextureFormat::Bgra8Unorm, wgpu::TextureFormat::Rgba8Unorm];
    if let Some(&format) = plain.iter().find(|format| formats.contains(format)) {
        configuration.format = format;
    }
    configuration.present_mode = wgpu::PresentMode::AutoVsync;
    Ok((surface, configuration, gpu))
}
