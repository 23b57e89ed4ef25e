//! Shader sources put together from parts. WGSL does not care about the order of declarations, so a shader is a list
//! of parts (structs, functions, one kernel or draw) joined at load: no preprocessor.

/// One shader: a label and the WGSL files that it is made of.
#[derive(Clone, Copy, Debug)]
pub struct ShaderSource {
    /// Stem of the main part, with its folder: `engine.integrate`.
    pub label: &'static str,
    /// (file name, text), the main part last.
    pub parts: &'static [(&'static str, &'static str)],
}

impl ShaderSource {
    /// The whole text.
    #[must_use]
    pub fn text(&self) -> String {
        self.parts.iter().map(|(_, text)| *text).collect::<Vec<_>>().join("\n")
    }

    /// Compiles it. A mistake in a shader is a mistake of this program: it goes to the device's error sink, and
    /// `tests/shaders.rs` parses and validates every source.
    #[must_use]
    pub fn module(&self, device: &wgpu::Device) -> wgpu::ShaderModule {
        device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(self.label),
            source: wgpu::ShaderSource::Wgsl(self.text().into()),
        })
    }
}
