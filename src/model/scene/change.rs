//! Reading of what changes weights: `plasticity` and `pruning` of a projection. In: the tables. Out: the model's rules.

use super::error::SceneError;
use super::fields::{Fields, Range};
use crate::model::{Plasticity, Pruning, PruningPolicy, Rule};

const PAIR_KEYS: [&str; 6] = ["tau_plus_ms", "tau_minus_ms", "lambda", "alpha", "mu_plus", "mu_minus"];
const DIEHL_COOK_KEYS: [&str; 5] = ["tau_pre_ms", "tau_post1_ms", "tau_post2_ms", "rate_pre", "rate_post"];
const POWER_LAW_KEYS: [&str; 4] = ["tau_pre_ms", "rate", "target_trace", "mu"];
const PRUNING_KEYS: [&str; 18] = [
    "policy",
    "initial_threshold",
    "soft_weight",
    "share_per_period",
    "moment",
    "periods",
    "reinforce",
    "normalise_over",
    "threshold",
    "alpha",
    "beta",
    "cap",
    "every_ms",
    "every_presentations",
    "start_ms",
    "start_presentations",
    "target_compression",
    "floor_per_neuron",
];

const POLICIES: [&str; 6] = ["none", "static", "progressive", "soft", "percentile", "random"];
/// Keys that only some policies have.
const POLICY_KEYS: [(&str, &[&str]); 8] = [
    ("threshold", &["static", "soft"]),
    ("alpha", &["progressive"]),
    ("beta", &["progressive"]),
    ("cap", &["progressive"]),
    ("initial_threshold", &["progressive"]),
    ("reinforce", &["progressive"]),
    ("soft_weight", &["soft"]),
    ("share_per_period", &["percentile", "random"]),
];
/// Share of a training run after which `moment = "end"` prunes: what is left is for learning on, and for labels.
const END_OF_TRAINING: f64 = 0.9;

/// Reads `plasticity = { rule, ... }`.
pub(crate) fn plasticity(parent: &Fields<'_>) -> Result<Option<Plasticity>, SceneError> {
    let Some(node) = parent.get("plasticity") else { return Ok(None) };
    let all: Vec<&str> =
        ["rule", "weight_max"].into_iter().chain(PAIR_KEYS).chain(DIEHL_COOK_KEYS).chain(POWER_LAW_KEYS).collect();
    let path = parent.key("plasticity");
    let fields = Fields::open(node, path.clone(), &all)?;
    let words = ["pair", "diehl-cook", "post-power-law"];
    let rule = fields
        .choice("rule", &words)?
        .ok_or_else(|| fields.missing("rule", format!("give one of {}", words.join(", "))))?;
    let own_keys: &[&str] = match rule {
        "pair" => &PAIR_KEYS,
        "diehl-cook" => &DIEHL_COOK_KEYS,
        _ => &POWER_LAW_KEYS,
    };
    let known: Vec<&str> = ["rule", "weight_max"].iter().chain(own_keys).copied().collect();
    let fields = Fields::open(node, path, &known)?;
    let tau = |key: &str, default: f64| fields.number_or(key, Range::Positive, default);
    let factor = |key: &str, default: f64| fields.number_or(key, Range::NonNegative, default);
    let rule = match rule {
        "pair" => Rule::Pair {
            tau_plus_ms: tau("tau_plus_ms", 20.0)?,
            tau_minus_ms: tau("tau_minus_ms", 20.0)?,
            lambda: factor("lambda", 0.01)?,
            alpha: factor("alpha", 1.0)?,
            mu_plus: factor("mu_plus", 1.0)?,
            mu_minus: factor("mu_minus", 1.0)?,
        },
        "diehl-cook" => Rule::DiehlCook {
            tau_pre_ms: tau("tau_pre_ms", 20.0)?,
            tau_post1_ms: tau("tau_post1_ms", 20.0)?,
            tau_post2_ms: tau("tau_post2_ms", 40.0)?,
            rate_pre: factor("rate_pre", 1e-4)?,
            rate_post: factor("rate_post", 1e-2)?,
        },
        _ => Rule::PostPowerLaw {
            tau_pre_ms: tau("tau_pre_ms", 20.0)?,
            rate: factor("rate", 0.01)?,
            target_trace: fields.number_or("target_trace", Range::Share, 0.4)?,
            mu: factor("mu", 0.2)?,
        },
    };
    Ok(Some(Plasticity { rule, weight_max: fields.number_or("weight_max", Range::Positive, 1.0)? as f32 }))
}

/// Reads `pruning = { policy, ... }`. `images`: how many a training run has, where the scene learns.
pub(crate) fn pruning(parent: &Fields<'_>, images: Option<u32>) -> Result<Option<Pruning>, SceneError> {
    let Some(fields) = parent.table("pruning", &PRUNING_KEYS)? else { return Ok(None) };
    let word = fields.choice("policy", &POLICIES)?.unwrap_or("progressive");
    if word == "none" {
        return Ok(None);
    }
    for (key, own) in POLICY_KEYS {
        if fields.get(key).is_some() && !own.contains(&word) {
            let what = format!("only goes with policy = \"{}\"", own.join("\" or \""));
            return Err(fields.error(key, what, "remove it, or change the policy"));
        }
    }
    let share = |key: &str, default: f64| -> Result<f32, SceneError> {
        Ok(fields.number_or(key, Range::Share, default)? as f32)
    };
    let policy = match word {
        "static" => PruningPolicy::Static { threshold: share("threshold", 0.2)? },
        "soft" => PruningPolicy::Soft { threshold: share("threshold", 0.2)?, weight: share("soft_weight", 0.0)? },
        "percentile" => PruningPolicy::Percentile { share: share("share_per_period", 0.05)? },
        "random" => PruningPolicy::Random { share: share("share_per_period", 0.05)? },
        _ => {
            let alpha = share("alpha", 0.05)?;
            let initial = share("initial_threshold", f64::from(alpha))?;
            PruningPolicy::Progressive { alpha, beta: share("beta", 0.10)?, cap: share("cap", 0.7)?, initial }
        }
    };
    let moment = fields.choice("moment", &["start", "middle", "end"])?;
    if moment.is_some() && fields.get("start_presentations").is_some() {
        let what = "says the same as start_presentations";
        return Err(fields.error("moment", what, "give one of them"));
    }
    let Some(images) = images.or(if moment.is_some() { None } else { Some(0) }) else {
        return Err(fields.error("moment", "the scene does not learn from images", "give start_ms instead"));
    };
    let start_presentations = match moment {
        None | Some("start") => fields.count("start_presentations", 0)?.unwrap_or(0),
        Some("middle") => images / 2,
        Some(_) => (f64::from(images) * END_OF_TRAINING).round() as u32,
    };
    let every_presentations = fields.count("every_presentations", 1)?;
    Ok(Some(Pruning {
        policy,
        every_ms: fields.number("every_ms", Range::Positive)?,
        // A moment of its own is a period, even if no other follows.
        every_presentations: every_presentations.or(moment.map(|_| 1)),
        start_ms: fields.number_or("start_ms", Range::NonNegative, 0.0)?,
        start_presentations,
        target_compression: share("target_compression", 0.75)?,
        floor_per_neuron: fields.count("floor_per_neuron", 0)?.unwrap_or(1),
        periods: fields.count("periods", 1)?.or((moment.is_some() && every_presentations.is_none()).then_some(1)),
        reinforce_first: fields.choice("reinforce", &["after", "before"])? == Some("before"),
        normalise_over_all: fields.choice("normalise_over", &["survivors", "all"])? == Some("all"),
    }))
}
