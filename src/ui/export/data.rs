//! What a chart holds, and as CSV. Numbers are written so that they read back as they were.

use crate::analysis::Series;
use crate::engine::HISTOGRAM_BINS;
use crate::session::Telemetry;
use crate::session::telemetry::ProjectionTelemetry;

/// A chart as data.
#[derive(Clone, Debug, PartialEq)]
pub struct ChartData {
    /// Its name; the accessible name of the panel's chart is `chart: ` and this.
    pub name: String,
    /// The scene and what else places it.
    pub subtitle: String,
    /// Name and unit of the horizontal axis.
    pub x: [String; 2],
    /// Name and unit of the vertical axis.
    pub y: [String; 2],
    /// Values that the vertical axis always shows.
    pub include_y: Vec<f64>,
    /// What is drawn.
    pub layers: Vec<Layer>,
    /// What is left out, merged or sampled.
    pub notes: Vec<String>,
}

/// One thing in a chart.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// A series: mean, least and greatest value at each time.
    Line {
        /// For the legend.
        name: String,
        /// sRGB, 0 to 1.
        colour: [f32; 3],
        /// Horizontal place, mean, least, greatest.
        points: Vec<[f64; 4]>,
    },
    /// Marks, one each.
    Marks {
        /// For the legend.
        name: String,
        /// sRGB, 0 to 1.
        colour: [f32; 3],
        /// Places.
        points: Vec<[f64; 2]>,
    },
    /// A histogram.
    Bars {
        /// For the legend.
        name: String,
        /// sRGB, 0 to 1.
        colour: [f32; 3],
        /// From, to, height.
        bars: Vec<[f64; 3]>,
    },
    /// An upright line.
    Level {
        /// For the legend.
        name: String,
        /// Where.
        x: f64,
    },
}

/// Names of the charts that these measurements fill.
#[must_use]
pub fn chart_names(telemetry: &Telemetry) -> Vec<String> {
    let fixed = [
        "firing rates",
        "raster",
        "mean membrane value",
        "mean weight",
        "synapses remaining",
        "pruning threshold",
        "accuracy",
        "membrane of the neuron",
    ];
    let weights = telemetry.projections.iter().filter(|p| p.now.is_some()).map(|p| format!("weights of {}", p.name));
    let all = fixed.into_iter().map(str::to_owned).chain(weights);
    all.filter(|name| chart(telemetry, name).is_some()).collect()
}

/// The chart of this name, where there is anything in it.
#[must_use]
pub fn chart(telemetry: &Telemetry, name: &str) -> Option<ChartData> {
    let populations = &telemetry.populations;
    let changing = || telemetry.projections.iter().filter(|p| p.now.is_some());
    let pruned = || changing().filter(|p| p.is_pruned);
    let mut chart = ChartData {
        name: name.to_owned(),
        subtitle: format!(
            "{}, seed {}, {} steps of {} ms",
            telemetry.scene, telemetry.seed, telemetry.step, telemetry.dt_ms
        ),
        x: ["time".to_owned(), "s".to_owned()],
        y: [name.to_owned(), String::new()],
        include_y: vec![0.0],
        layers: Vec::new(),
        notes: Vec::new(),
    };
    let unit = |chart: &mut ChartData, what: &str, unit: &str| chart.y = [what.to_owned(), unit.to_owned()];
    match name {
        "firing rates" => {
            unit(&mut chart, "rate", "Hz");
            populations.iter().for_each(|p| chart.add_series(&p.name, p.colour, &p.rate_hz, 0.0));
        }
        "mean membrane value" => {
            unit(&mut chart, "membrane value", "mV");
            chart.include_y.clear();
            let cells = populations.iter().filter(|p| !p.is_source);
            cells.for_each(|p| chart.add_series(&p.name, p.colour, &p.membrane_mv, p.v_rest_mv));
        }
        "mean weight" => {
            unit(&mut chart, "weight", "");
            chart.add_projections(telemetry, changing(), |p| &p.weight_mean);
        }
        "synapses remaining" => {
            unit(&mut chart, "remaining", "%");
            chart.include_y.push(100.0);
            chart.add_projections(telemetry, pruned(), |p| &p.remaining_percent);
        }
        "pruning threshold" => {
            unit(&mut chart, "threshold", "of the largest weight");
            chart.add_projections(telemetry, pruned(), |p| &p.threshold);
        }
        "accuracy" => {
            let learning = telemetry.learning.as_ref()?;
            unit(&mut chart, "right answers", "%");
            chart.x = ["presentations".to_owned(), String::new()];
            chart.include_y.push(100.0);
            chart.add_series("accuracy", [0.24, 0.72, 0.55], &learning.accuracy_percent, 0.0);
            chart.notes.push(format!("over the last {} presentations", learning.accuracy_window));
        }
        "membrane of the neuron" => {
            let picked = telemetry.picked.as_ref()?;
            unit(&mut chart, "membrane value", "mV");
            chart.include_y.clear();
            let colour = populations.get(picked.population).map_or([0.3; 3], |p| p.colour);
            chart.add_series(&format!("neuron {}", picked.neuron), colour, &picked.membrane_mv, 0.0);
        }
        "raster" => chart.add_raster(telemetry)?,
        _ => {
            let projection = changing().find(|p| name.strip_prefix("weights of ") == Some(p.name.as_str()))?;
            chart.add_histogram(telemetry, projection)?;
        }
    }
    chart.layers.retain(|layer| !layer.is_empty());
    (!chart.layers.is_empty()).then_some(chart)
}

impl ChartData {
    /// Time series have times in ms, which charts show in seconds; series over presentations stay as they are.
    fn add_series(&mut self, name: &str, colour: [f32; 3], series: &Series, offset: f64) {
        let scale = if self.x[1] == "s" { 1e3 } else { 1.0 };
        let points = series.points().map(|p| [p.time_ms / scale, p.mean + offset, p.min + offset, p.max + offset]);
        self.layers.push(Layer::Line { name: name.to_owned(), colour, points: points.collect() });
        let merged = series.values_per_point();
        if merged > 1 {
            self.notes.push(format!("{name}: each point is the mean of {merged} values; band: least and greatest"));
        }
    }

    fn add_projections<'a>(
        &mut self,
        telemetry: &Telemetry,
        projections: impl Iterator<Item = &'a ProjectionTelemetry>,
        series: fn(&ProjectionTelemetry) -> &Series,
    ) {
        for (index, projection) in projections.enumerate() {
            let colour = telemetry.populations.get(projection.source).map_or([0.3; 3], |p| p.colour);
            // Projections from one population are told apart by brightness.
            let factor = [1.0, 0.7, 0.5][index % 3];
            self.add_series(&projection.name, colour.map(|c| c * factor), series(projection), 0.0);
        }
    }

    fn add_raster(&mut self, telemetry: &Telemetry) -> Option<()> {
        let raster = &telemetry.raster;
        let population = telemetry.populations.get(raster.population)?;
        self.y = [format!("neuron of {}", population.name), String::new()];
        self.include_y.push(f64::from(population.size));
        let place = |spike: &crate::engine::Spike| {
            let neuron = spike.neuron.saturating_sub(population.first);
            [f64::from(spike.step) * telemetry.dt_ms / 1e3, f64::from(neuron)]
        };
        let points = raster.spikes.iter().map(place).collect();
        self.layers.push(Layer::Marks { name: population.name.clone(), colour: population.colour, points });
        if raster.stride > 1 {
            self.notes.push(format!("one neuron of {} is shown", raster.stride));
        }
        if raster.lost > 0 {
            self.notes.push(format!("{} spikes were lost before they could be shown", raster.lost));
        }
        Some(())
    }

    fn add_histogram(&mut self, telemetry: &Telemetry, projection: &ProjectionTelemetry) -> Option<()> {
        let now = projection.now.as_ref()?;
        self.x = ["weight".to_owned(), String::new()];
        self.y = ["synapses".to_owned(), String::new()];
        let width = f64::from(projection.weight_max) / HISTOGRAM_BINS as f64;
        let bar = |(bin, count): (usize, &u32)| [bin as f64 * width, (bin + 1) as f64 * width, f64::from(*count)];
        let bars = now.histogram.iter().enumerate().map(bar).collect();
        let colour = telemetry.populations.get(projection.source).map_or([0.3; 3], |p| p.colour);
        self.layers.push(Layer::Bars { name: projection.name.clone(), colour, bars });
        if now.threshold > 0.0 {
            let x = f64::from(now.threshold) * f64::from(projection.weight_max);
            self.layers.push(Layer::Level { name: "next pruning period takes what is left of this".to_owned(), x });
        }
        self.notes.push(format!("{} of {} synapses left", now.remaining, now.total));
        Some(())
    }

    /// As a table with a head: one row per point, mark or bar.
    #[must_use]
    pub fn csv(&self) -> String {
        let head = |axis: &[String; 2]| match axis[1].as_str() {
            "" => column(&axis[0]),
            "%" => format!("{}_percent", column(&axis[0])),
            unit => format!("{}_{}", column(&axis[0]), column(unit)),
        };
        let (x, y) = (head(&self.x), head(&self.y));
        let mut text = match self.layers.first() {
            Some(Layer::Line { .. }) | None => format!("series,{x},{y}_mean,{y}_min,{y}_max\n"),
            Some(Layer::Marks { .. }) => format!("series,{x},neuron\n"),
            Some(Layer::Bars { .. } | Layer::Level { .. }) => format!("series,{x}_from,{x}_to,{y}\n"),
        };
        for layer in &self.layers {
            match layer {
                Layer::Line { name, points, .. } => push_rows(&mut text, name, points),
                Layer::Marks { name, points, .. } => push_rows(&mut text, name, points),
                Layer::Bars { name, bars, .. } => push_rows(&mut text, name, bars),
                Layer::Level { .. } => {}
            }
        }
        text
    }
}

impl Layer {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Line { points, .. } => points.is_empty(),
            Self::Marks { points, .. } => points.is_empty(),
            Self::Bars { bars, .. } => bars.is_empty(),
            Self::Level { .. } => false,
        }
    }
}

fn push_rows<const N: usize>(text: &mut String, name: &str, rows: &[[f64; N]]) {
    let name = cell(name);
    for row in rows {
        text.push_str(&name);
        for value in row {
            text.push(',');
            text.push_str(&value.to_string());
        }
        text.push('\n');
    }
}

/// A name as people and programs like the heads of columns.
fn column(words: &str) -> String {
    words.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect::<Vec<_>>().join("_")
}

/// RFC 4180.
fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
pub(in crate::ui::export) mod tests {
    use super::*;
    use crate::session::telemetry::PopulationTelemetry;

    pub(in crate::ui::export) fn telemetry() -> Telemetry {
        let mut populations = Vec::new();
        for (index, name) in ["in", "a, \"b\" & <c>"].into_iter().enumerate() {
            let mut rate_hz = Series::new(64);
            for k in 0..200 {
                rate_hz.push(f64::from(k) * 10.0, f64::from(k % 17) / 3.0 + index as f64);
            }
            populations.push(PopulationTelemetry {
                name: name.to_owned(),
                first: 0,
                size: 10,
                colour: [1.0, 0.9, 0.2],
                is_source: index == 0,
                shape: None,
                rate_hz,
                membrane_mv: Series::default(),
                v_rest_mv: -65.0,
                threshold_mv: 13.0,
            });
        }
        Telemetry { scene: "test".to_owned(), dt_ms: 0.5, step: 4000, populations, ..Telemetry::default() }
    }

    #[test]
    fn the_table_holds_the_series_to_the_last_bit() {
        let telemetry = telemetry();
        let text = chart(&telemetry, "firing rates").expect("there are rates").csv();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("series,time_s,rate_hz_mean,rate_hz_min,rate_hz_max"));
        for population in &telemetry.populations {
            for point in population.rate_hz.points() {
                let line = lines.next().expect("a row per point");
                let values: Vec<f64> = line.rsplitn(5, ',').take(4).map(|v| v.parse().expect("a number")).collect();
                assert_eq!(values, [point.max, point.min, point.mean, point.time_ms / 1e3]);
            }
        }
        assert_eq!(lines.next(), None);
        assert!(text.contains("\"a, \"\"b\"\" & <c>\","), "names are quoted");
    }

    #[test]
    fn charts_without_anything_in_them_are_not_offered() {
        assert_eq!(chart_names(&telemetry()), ["firing rates"]);
        assert!(chart(&telemetry(), "raster").is_none() && chart(&telemetry(), "weights of nothing").is_none());
        assert!(chart_names(&Telemetry::default()).is_empty());
    }

    #[test]
    fn merged_points_are_told() {
        let chart = chart(&telemetry(), "firing rates").expect("there are rates");
        assert!(chart.notes.iter().any(|note| note.contains("mean of 4 values")), "{:?}", chart.notes);
    }
}
