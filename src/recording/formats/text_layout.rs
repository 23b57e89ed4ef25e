//! What the columns of a text file mean: told by the user, by a header, by the shape of the numbers. In: the first lines.
//! Out: a layout that `text_rows` reads by.

use super::ImportOptions;

/// How the fields of a line are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delimiter {
    /// Any run of spaces and tabs.
    Space,
    /// One of these bytes.
    Byte(u8),
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Id,
    Time,
    /// NEST: whole steps, and what is to be taken off.
    Step,
    Offset,
    Population,
    Source,
    Target,
    Weight,
    Delay,
    /// A membrane value.
    Value,
    Ignore,
}

/// What rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A neuron and a time.
    Spikes,
    /// A neuron, a time, a membrane value.
    Values,
    /// A time, and one membrane value per neuron.
    Traces,
    /// Two neurons, a weight, a delay.
    Synapses,
    /// One value per neuron, a row per step, no time.
    Matrix,
    /// Words or numbers without times or neurons.
    Table,
}

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) delimiter: Delimiter,
    pub(super) roles: Vec<Role>,
    pub(super) names: Vec<String>,
    pub(super) kind: Kind,
    /// Lines before the first row.
    pub(super) header_lines: usize,
    /// Made by NEST's ASCII backend, or by its forerunner (.gdf).
    pub(super) is_nest: bool,
    pub(super) simulator: Option<String>,
    /// `label:` of NEURON's vector files.
    pub(super) label: Option<String>,
}

/// Why no layout could be found.
pub(super) enum Unclear {
    /// It is no table of numbers.
    NotATable(String),
    /// It is one, but the user must say what the columns mean.
    Ask(String),
}

/// Fields of a line.
pub(super) fn fields(line: &str, delimiter: Delimiter) -> impl Iterator<Item = &str> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let text = rest?;
        match delimiter {
            Delimiter::Space => {
                let text = text.trim_start_matches([' ', '\t']);
                if text.is_empty() {
                    rest = None;
                    return None;
                }
                let end = text.find([' ', '\t']).unwrap_or(text.len());
                rest = Some(&text[end..]);
                Some(&text[..end])
            }
            Delimiter::Byte(byte) => {
                // A quoted field ends with its quote.
                let quoted = text.strip_prefix('"').and_then(|inner| inner.find('"')).map_or(0, |quote| quote + 2);
                let end = text[quoted..].find(byte as char).map_or(text.len(), |at| quoted + at);
                rest = text.get(end + 1..);
                Some(text[..end].trim().trim_matches('"'))
            }
        }
    })
}

/// Looks at the first lines; `whole` says that they are the whole file.
pub(super) fn layout(lines: &[&str], extension: &str, options: &ImportOptions) -> Result<Layout, Unclear> {
    let mut layout = Layout {
        delimiter: Delimiter::Space,
        roles: Vec::new(),
        names: Vec::new(),
        kind: Kind::Spikes,
        header_lines: 0,
        is_nest: extension == "gdf",
        simulator: (extension == "gdf").then(|| "NEST 2".to_owned()),
        label: None,
    };
    let mut comment = None;
    let mut first = 0;
    for line in lines {
        let text = line.trim();
        if let Some(words) = text.strip_prefix('#') {
            if let Some(version) = words.trim().strip_prefix("NEST version:") {
                layout.is_nest = true;
                layout.simulator = Some(format!("NEST {}", version.trim()));
            }
            comment = Some(words.trim());
        } else if let Some(label) = text.strip_prefix("label:") {
            layout.label = Some(label.to_owned());
        } else if layout.label.is_some() && first == 1 && text.parse::<u64>().is_ok() {
            // NEURON: the number of rows.
        } else if !text.is_empty() {
            break;
        }
        first += 1;
    }
    let Some(sample) = lines.get(first).copied() else {
        return Err(Unclear::NotATable("it has no line with values".to_owned()));
    };
    layout.delimiter = delimiter_of(sample);
    let numeric =
        |line: &str| fields(line, layout.delimiter).all(|field| field.is_empty() || field.parse::<f64>().is_ok());
    let has_letters = sample.bytes().any(|byte| byte.is_ascii_alphabetic() && !b"eEnNaAiIfF".contains(&byte));
    let mut header: Option<Vec<String>> = None;
    if !numeric(sample) && has_letters {
        header = Some(fields(sample, layout.delimiter).map(str::to_owned).collect());
        first += 1;
    } else if let Some(words) = comment {
        let names: Vec<String> = fields(words, delimiter_of(words)).map(str::to_owned).collect();
        let count = fields(sample, layout.delimiter).filter(|field| !field.is_empty()).count();
        if names.len() == count && names.iter().any(|name| role_of(name) != Role::Ignore) {
            header = Some(names);
        }
    }
    if let Some(told) = &options.columns {
        header = Some(told.clone());
    }
    layout.header_lines = first;
    let body: Vec<&str> =
        lines[first.min(lines.len())..].iter().copied().filter(|line| !line.trim().is_empty()).collect();
    if let Some(names) = header {
        named(&mut layout, names)?;
    } else {
        headerless(&mut layout, &body, extension)?;
    }
    Ok(layout)
}

fn delimiter_of(line: &str) -> Delimiter {
    match line.bytes().find(|byte| b",;".contains(byte)) {
        Some(byte) => Delimiter::Byte(byte),
        None => Delimiter::Space,
    }
}

/// By the names that simulators and their users give.
fn role_of(name: &str) -> Role {
    let lower = name.trim().to_ascii_lowercase();
    let word = lower.trim_end_matches(']').trim_end_matches(')');
    let stem = word.split(['(', '[', ' ']).next().unwrap_or_default();
    let stem =
        ["_ms", "_s", "_us", "_mv", "_pa", "_us"].iter().find_map(|unit| stem.strip_suffix(unit)).unwrap_or(stem);
    match stem {
        "time" | "times" | "t" | "timestamp" | "timestamps" | "spike_time" | "spike_times" | "spiketime" | "spkt" => {
            Role::Time
        }
        "time_step" => Role::Step,
        "time_offset" => Role::Offset,
        "sender" | "senders" | "neuron" | "neurons" | "neuron_id" | "id" | "ids" | "gid" | "gids" | "index"
        | "cell" | "cell_id" | "node_id" | "node_ids" | "unit" | "unit_id" | "spkid" | "n" | "idx" | "addr" => Role::Id,
        "population" | "populations" | "pop" | "layer" | "group" => Role::Population,
        "source" | "sources" | "pre" | "source_id" | "pregid" | "i" => Role::Source,
        "target" | "targets" | "post" | "target_id" | "postgid" | "j" => Role::Target,
        "weight" | "weights" | "w" | "strength" => Role::Weight,
        "delay" | "delays" => Role::Delay,
        "v" | "v_m" | "vm" | "voltage" | "potential" | "membrane" => Role::Value,
        _ => Role::Ignore,
    }
}

fn named(layout: &mut Layout, names: Vec<String>) -> Result<(), Unclear> {
    let mut roles: Vec<Role> = names.iter().map(|name| role_of(name)).collect();
    let has = |roles: &[Role], role| roles.contains(&role);
    // Brian's `i` is a neuron where there is no `j`.
    if !has(&roles, Role::Target) {
        for role in &mut roles {
            if *role == Role::Source {
                *role = Role::Id;
            }
        }
    }
    // Only the first of each.
    for index in 0..roles.len() {
        if roles[index] != Role::Ignore && roles[..index].contains(&roles[index]) {
            roles[index] = Role::Ignore;
        }
    }
    let timed = has(&roles, Role::Time) || has(&roles, Role::Step);
    layout.kind = if has(&roles, Role::Source) && has(&roles, Role::Target) {
        Kind::Synapses
    } else if timed && has(&roles, Role::Id) {
        if has(&roles, Role::Value) { Kind::Values } else { Kind::Spikes }
    } else if timed {
        for role in &mut roles {
            if !matches!(role, Role::Time | Role::Step | Role::Offset) {
                *role = Role::Value;
            }
        }
        Kind::Traces
    } else {
        Kind::Table
    };
    if layout.kind == Kind::Table {
        return Err(Unclear::Ask(format!("which of its columns ({}) holds times and which neurons", names.join(", "))));
    }
    layout.roles = roles;
    layout.names = names;
    Ok(())
}

/// No names: in pairs, neurons are the whole numbers that come again; of more columns, the first is time when it grows.
fn headerless(layout: &mut Layout, body: &[&str], extension: &str) -> Result<(), Unclear> {
    let rows: Vec<Vec<f64>> = body
        .iter()
        .take(2000)
        .map(|line| {
            fields(line, layout.delimiter)
                .filter(|field| !field.is_empty())
                .map(|field| field.parse().unwrap_or(f64::NAN))
                .collect()
        })
        .collect();
    let width = rows.first().map_or(0, Vec::len);
    let column = |at: usize| rows.iter().filter_map(move |row| row.get(at).copied());
    if width == 0 || column(0).chain(column(width - 1)).any(f64::is_nan) {
        return Err(Unclear::NotATable("its lines are words, not numbers".to_owned()));
    }
    let grows = |at: usize| column(at).zip(column(at).skip(1)).all(|(before, after)| before <= after);
    let strictly = |at: usize| column(at).zip(column(at).skip(1)).all(|(before, after)| before < after);
    let whole = |at: usize| column(at).all(|value| value.fract() == 0.0 && value >= 0.0);
    layout.names = (1..=width).map(|number| format!("column {number}")).collect();
    if width == 2 {
        let id_first = match (whole(0), whole(1)) {
            _ if extension == "gdf" => true,
            (true, false) => true,
            (false, true) => false,
            (true, true) if grows(0) != grows(1) => grows(1),
            (false, false) if strictly(0) => {
                layout.kind = Kind::Traces;
                layout.roles = vec![Role::Time, Role::Value];
                return Ok(());
            }
            _ => {
                return Err(Unclear::Ask("which of its two columns holds times and which neurons".to_owned()));
            }
        };
        layout.roles = if id_first { vec![Role::Id, Role::Time] } else { vec![Role::Time, Role::Id] };
        layout.kind = Kind::Spikes;
        return Ok(());
    }
    if width > 2 && rows.len() > 2 && strictly(0) && column(0).all(|time| time >= 0.0) {
        layout.kind = Kind::Traces;
        layout.roles = std::iter::once(Role::Time).chain(std::iter::repeat_n(Role::Value, width - 1)).collect();
        return Ok(());
    }
    layout.kind = Kind::Matrix;
    layout.roles = vec![Role::Value; width];
    Ok(())
}
