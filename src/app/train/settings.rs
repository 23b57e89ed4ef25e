//! From options to a scene: `--data`, `--images` and `--prune` become values of the scene, as `--set` would set them, so
//! that there is one place where each is checked.

use crate::app::arguments::TrainArguments;
use crate::app::error::AppError;
use crate::model::scene::Scene;

/// Pruning periods of a training run when nobody says otherwise.
const PERIODS: u32 = 80;
const POLICIES: [&str; 6] = ["none", "static", "progressive", "soft", "percentile", "random"];

/// The scene with all options worked in.
pub(super) fn scene(arguments: &TrainArguments) -> Result<Scene, AppError> {
    let mut set = Vec::new();
    if let Some(data) = &arguments.data {
        set.push(format!("learning.data={data}"));
    }
    if let Some(images) = arguments.images {
        set.push(format!("learning.images={images}"));
    }
    // Last, so that what was set by hand wins over what an option brings along.
    let with =
        |more: &[String]| -> Vec<String> { set.iter().chain(more).chain(&arguments.common.set).cloned().collect() };
    let scene = Scene::load(&arguments.scene, &with(&[]))?;
    let (Some(prune), Some(learning)) = (&arguments.prune, &scene.learning) else { return Ok(scene) };
    let table = pruning_table(prune, learning.images)?;
    let plastic: Vec<String> = scene
        .projections()
        .iter()
        .filter(|projection| projection.plasticity.is_some())
        .map(|projection| projection.name.split(": ").next().unwrap_or_default().to_owned())
        .collect();
    if plastic.is_empty() {
        let what = format!("--prune {prune}: no projection of {} learns, so there is nothing to prune", scene.name);
        return Err(AppError::Mistake(what));
    }
    let overrides: Vec<String> = plastic.iter().map(|name| format!("projection.{name}.pruning={table}")).collect();
    Ok(Scene::load(&arguments.scene, &with(&overrides))?)
}

/// `progressive:alpha=0.05,moment=middle` as an inline table.
fn pruning_table(text: &str, images: u32) -> Result<String, AppError> {
    let (policy, rest) = text.split_once(':').unwrap_or((text, ""));
    let policy = policy.trim();
    if !POLICIES.contains(&policy) {
        return Err(AppError::Mistake(format!(
            "--prune {text}: there is no policy `{policy}`; known: {}",
            POLICIES.join(", ")
        )));
    }
    let mut entries = vec![format!("policy = \"{policy}\"")];
    let mut keys = Vec::new();
    for pair in rest.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let Some((key, value)) = pair.split_once('=').map(|(key, value)| (key.trim(), value.trim())) else {
            let what = format!("--prune {text}: `{pair}` has no `=`; write policy:key=value,key=value");
            return Err(AppError::Mistake(what));
        };
        let is_word = value.chars().all(|c| c.is_ascii_alphabetic() || c == '-') && value != "true" && value != "false";
        entries.push(if is_word { format!("{key} = \"{value}\"") } else { format!("{key} = {value}") });
        keys.push(key.to_owned());
    }
    let given = |key: &str| keys.iter().any(|k| k == key);
    if policy != "none" {
        if !["moment", "start_presentations", "start_ms", "every_ms"].iter().any(|key| given(key)) {
            entries.push("moment = \"middle\"".to_owned());
        }
        if policy != "static" && !given("every_presentations") && !given("every_ms") {
            entries.push(format!("every_presentations = {}", (images / PERIODS).max(1)));
        }
    }
    Ok(format!("{{ {} }}", entries.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_and_its_settings_become_a_table() {
        let table = |text: &str| pruning_table(text, 40_000).expect("sound");
        assert_eq!(table("none"), "{ policy = \"none\" }");
        assert_eq!(table("static"), "{ policy = \"static\", moment = \"middle\" }");
        assert_eq!(
            table("progressive:alpha=0.01,moment=end"),
            "{ policy = \"progressive\", alpha = 0.01, moment = \"end\", every_presentations = 500 }"
        );
        assert!(pruning_table("progresive", 10).expect_err("unknown").to_string().contains("known: none, static"));
        assert!(pruning_table("static:threshold", 10).is_err());
    }
}
