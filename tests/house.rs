//! The house rules that a machine can check: storeys only look down, every file says what it owns, no file grows two
//! jobs' worth of lines.

use std::fs;
use std::path::{Path, PathBuf};

/// From the roof down; folders of one storey share a line and never see each other.
const STOREYS: [&[&str]; 10] = [
    &["app"],
    &["ui", "render"],
    &["session"],
    &["learn"],
    &["analysis"],
    &["recording"],
    &["engine"],
    &["gpu"],
    &["model"],
    &[],
];

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("src is readable").map(|e| e.expect("entry").path()) {
        if entry.is_dir() {
            files.extend(rust_files(&entry));
        } else if entry.extension().is_some_and(|e| e == "rs") {
            files.push(entry);
        }
    }
    files
}

fn storey_of(folder: &str) -> Option<usize> {
    STOREYS.iter().position(|names| names.contains(&folder))
}

#[test]
fn folders_only_use_folders_below() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for file in rust_files(&source) {
        let relative = file.strip_prefix(&source).expect("below src");
        let folder = relative.components().next().expect("not empty").as_os_str().to_string_lossy().into_owned();
        let Some(own) = storey_of(&folder) else { continue };
        let text = fs::read_to_string(&file).expect("utf-8");
        for (number, line) in text.lines().enumerate().filter(|(_, l)| !l.trim_start().starts_with("//")) {
            for used in line.match_indices("crate::").map(|(at, _)| &line[at + 7..]) {
                let name: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if name != folder && storey_of(&name).is_some_and(|other| other <= own) {
                    wrong.push(format!("{}:{}: {folder} uses {name}", relative.display(), number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "folders that look up or sideways:\n{}", wrong.join("\n"));
}

#[test]
fn every_file_opens_with_what_it_owns_and_has_one_job() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wrong = Vec::new();
    for file in rust_files(&root.join("src")).into_iter().chain(rust_files(&root.join("tests"))) {
        let text = fs::read_to_string(&file).expect("utf-8");
        if !text.starts_with("//! ") {
            wrong.push(format!("{}: does not open with //!", file.display()));
        }
        if text.lines().count() > 600 {
            wrong.push(format!("{}: {} lines; split it", file.display(), text.lines().count()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
