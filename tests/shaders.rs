//! Every WGSL source parses, validates, has the entry point its label names, and belongs to some shader.

use std::collections::BTreeSet;
use std::path::Path;

use spikescope::gpu::shader::ShaderSource;
use wgpu::naga;

/// Every table of shaders in the house.
fn all() -> Vec<&'static ShaderSource> {
    [spikescope::engine::gpu::SHADERS, spikescope::render::SHADERS].into_iter().flatten().collect()
}

#[test]
fn every_shader_parses_and_validates() {
    for source in all() {
        let text = source.text();
        let module = naga::front::wgsl::parse_str(&text)
            .unwrap_or_else(|error| panic!("{}: {}", source.label, error.emit_to_string(&text)));
        naga::valid::Validator::new(naga::valid::ValidationFlags::all(), naga::valid::Capabilities::default())
            .validate(&module)
            .unwrap_or_else(|error| panic!("{}: {}", source.label, error.emit_to_string(&text)));
        assert!(!module.entry_points.is_empty(), "{}: no entry point", source.label);
    }
}

#[test]
fn labels_are_unique() {
    let labels: BTreeSet<&str> = all().iter().map(|source| source.label).collect();
    assert_eq!(labels.len(), all().len());
}

#[test]
fn no_wgsl_file_is_left_out() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
    let used: BTreeSet<&str> = all().iter().flat_map(|source| source.parts.iter().map(|(path, _)| *path)).collect();
    let mut orphans = Vec::new();
    for folder in ["common", "engine", "render"] {
        for entry in std::fs::read_dir(root.join(folder)).expect("a folder of shaders") {
            let name = entry.expect("entry").file_name().into_string().expect("utf-8");
            let path = format!("{folder}/{name}");
            if !used.contains(path.as_str()) {
                orphans.push(path);
            }
        }
    }
    assert!(orphans.is_empty(), "no shader uses {orphans:?}");
}

#[test]
fn every_wgsl_file_opens_with_what_it_does() {
    for source in all() {
        for (path, text) in source.parts {
            assert!(text.starts_with("// "), "{path} does not open with //");
        }
    }
}
