//! Charts of training runs as SVG: lines from the program's own chart drawing; maps of weights over time, of answers
//! and of receptive fields drawn here. In: reports. Out: text for a page.

use std::fmt::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::report::{Fields, TrainReport};
use crate::learn::HistoryPoint;
use crate::ui::export::{ChartData, Drawing, Layer};

/// Colours of runs on a white page, told apart by people of every colour vision (Okabe and Ito 2008).
pub(super) const COLOURS: [[f32; 3]; 7] = [
    [0.0, 0.447, 0.698],
    [0.835, 0.369, 0.0],
    [0.0, 0.62, 0.451],
    [0.8, 0.475, 0.655],
    [0.337, 0.706, 0.914],
    [0.902, 0.624, 0.0],
    [0.25, 0.25, 0.25],
];

/// A value of a history's point.
pub(super) type Value = fn(&HistoryPoint) -> Option<f64>;

/// A line per run over images shown.
pub(super) fn lines(name: &str, unit: &str, from_zero: bool, runs: &[(String, &TrainReport)], value: Value) -> String {
    let layers = runs.iter().enumerate().map(|(index, (label, report))| {
        let point = |point: &HistoryPoint| value(point).map(|y| [point.images as f64, y, y, y]);
        let points = report.history.points.iter().filter_map(point).collect();
        Layer::Line { name: label.clone(), colour: COLOURS[index % COLOURS.len()], points }
    });
    let mut layers: Vec<Layer> = layers.collect();
    if let ([(_, report)], Some(first)) = (runs, runs[0].1.history.periods.first()) {
        let name = format!("pruning begins ({} periods)", report.history.periods.len());
        layers.push(Layer::Level { name, x: first.images as f64 });
    }
    let chart = ChartData {
        name: name.to_owned(),
        subtitle: String::new(),
        x: ["images shown".to_owned(), String::new()],
        y: [name.to_owned(), unit.to_owned()],
        include_y: if from_zero { vec![0.0] } else { Vec::new() },
        layers,
        notes: Vec::new(),
    };
    // As wide as its place on the page.
    Drawing::of(&chart).svg().replacen("width=\"960\" height=\"540\" ", "", 1)
}

/// Share of synapses left in all projections that change, %.
pub(super) fn remaining_percent(point: &HistoryPoint) -> Option<f64> {
    let (left, total) = point.projections.iter().fold((0, 0), |(left, total), p| (left + p.remaining, total + p.total));
    (total > 0).then(|| 100.0 * left as f64 / total as f64)
}

/// Weights over time: a column per point, darker where more synapses are, with T as a line.
pub(super) fn weight_map(report: &TrainReport, projection: &str) -> Option<String> {
    let points: Vec<_> = report
        .history
        .points
        .iter()
        .filter_map(|point| Some((point.images, point.projections.iter().find(|p| p.projection == projection)?)))
        .collect();
    let bins = points.first()?.1.histogram.len();
    let most = points.iter().flat_map(|(_, p)| p.histogram.iter()).copied().max().filter(|&most| most > 0)?;
    let last = points.last()?.0 as f64;
    let [width, height, left, top] = [860.0, 380.0, 72.0, 56.0];
    let mut svg = open(960, 540, "weights over time");
    let column = width / points.len() as f64;
    let row = height / bins as f64;
    for (k, (_, p)) in points.iter().enumerate() {
        for (bin, &count) in p.histogram.iter().enumerate().filter(|(_, count)| **count > 0) {
            // A logarithm: one synapse in a bin can still be seen beside ten thousand.
            let share = f64::from(count).ln_1p() / f64::from(most).ln_1p();
            let (x, y) = (left + k as f64 * column, top + height - (bin + 1) as f64 * row);
            let fill = ramp(share);
            let _ = write!(
                svg,
                "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{:.2}\" height=\"{:.2}\" fill=\"{fill}\"/>",
                column + 0.3,
                row + 0.3
            );
        }
    }
    if points.iter().any(|(_, p)| p.threshold > 0.0) {
        let _ = write!(svg, "<polyline fill=\"none\" stroke=\"#d4380d\" stroke-width=\"2\" points=\"");
        for (k, (_, p)) in points.iter().enumerate() {
            let y = top + height - p.threshold.clamp(0.0, 1.0) * height;
            let _ = write!(svg, "{:.1},{y:.1} ", left + (k as f64 + 0.5) * column);
        }
        svg.push_str("\"/>");
    }
    frame(&mut svg, [left, top, width, height]);
    for mark in 0..=4 {
        let share = f64::from(mark) / 4.0;
        label(&mut svg, [left - 8.0, top + height * (1.0 - share)], "end", 12, &format!("{share}"));
        let images = (last * share).round() as u64;
        label(&mut svg, [left + width * share, top + height + 16.0], "middle", 12, &crate::app::text::count(images));
    }
    label(&mut svg, [left, 26.0], "start", 18, &format!("Weights of {projection} over time"));
    label(&mut svg, [left + width * 0.5, top + height + 40.0], "middle", 14, "images shown");
    label(&mut svg, [left - 56.0, top - 14.0], "start", 14, "weight (share of the largest)");
    let words = format!("darker: more synapses, logarithmic, at most {most} in a cell; red line: T of the next period");
    label(&mut svg, [left, top + height + 64.0], "start", 12, &words);
    svg.push_str("</svg>\n");
    Some(svg)
}

/// Answers by class shown.
pub(super) fn confusion(report: &TrainReport) -> String {
    let rows = &report.test.confusion;
    let classes = rows.len();
    let cell = (400.0 / (classes + 1).max(1) as f64).min(48.0);
    let [left, top] = [110.0, 84.0];
    let mut svg = open(640, 540, "confusion");
    label(&mut svg, [24.0, 26.0], "start", 18, "Answers in the test");
    label(&mut svg, [left, 56.0], "start", 14, "answered");
    label(&mut svg, [24.0, top + 14.0], "start", 14, "shown");
    for (shown, row) in rows.iter().enumerate() {
        let all = row.iter().sum::<u64>().max(1) as f64;
        let y = top + shown as f64 * cell;
        label(&mut svg, [left - 10.0, y + cell * 0.5], "end", 13, &shown.to_string());
        for (answered, &count) in row.iter().enumerate() {
            let x = left + answered as f64 * cell + if answered == classes { 8.0 } else { 0.0 };
            let share = count as f64 / all;
            let fill = if shown == answered {
                blend(share, [0, 114, 178])
            } else {
                blend((share * 4.0).min(1.0), [213, 94, 0])
            };
            let _ = write!(
                svg,
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{fill}\"><title>{shown} shown, \
                 {} answered: {count}</title></rect>",
                cell - 1.0,
                cell - 1.0,
                if answered == classes { "none".to_owned() } else { answered.to_string() }
            );
            if count > 0 && classes <= 12 {
                let ink = if (shown == answered && share > 0.45) || (shown != answered && share > 0.15) {
                    "#fff"
                } else {
                    "#20242c"
                };
                let _ = write!(
                    svg,
                    "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"11\" text-anchor=\"middle\" dominant-baseline=\"central\" \
                     fill=\"{ink}\">{count}</text>",
                    x + cell * 0.5,
                    y + cell * 0.5
                );
            }
        }
    }
    for answered in 0..=classes {
        let text = if answered == classes { "none".to_owned() } else { answered.to_string() };
        let x = left + (answered as f64 + 0.5) * cell + if answered == classes { 8.0 } else { 0.0 };
        label(&mut svg, [x, top - 10.0], "middle", 13, &text);
    }
    let bottom = top + classes as f64 * cell;
    label(&mut svg, [left, bottom + 22.0], "start", 12, "blue: share of the class that was answered right;");
    label(&mut svg, [left, bottom + 40.0], "start", 12, "orange: mistakes, four times as strong");
    svg.push_str("</svg>\n");
    svg
}

/// Receptive fields as one picture: neurons sorted by class; pruned synapses stand out.
pub(super) fn fields(fields: &Fields, after: bool) -> Option<String> {
    let levels = STANDARD.decode(if after { &fields.after } else { &fields.before }).ok()?;
    let (width, height, shown) = (fields.width as usize, fields.height as usize, fields.shown as usize);
    if shown == 0 || levels.len() != width * height * shown {
        return None;
    }
    let columns = (shown as f64).sqrt().ceil() as usize;
    let rows = shown.div_ceil(columns);
    let scale = (900 / (columns * (width + 1))).clamp(1, 6);
    let (cell_w, cell_h) = (width * scale + 2, height * scale + 2);
    let size = [columns * cell_w, rows * cell_h];
    let mut order: Vec<usize> = (0..shown).collect();
    order.sort_by_key(|&neuron| (fields.classes.get(neuron).copied().flatten().map_or(u16::MAX, u16::from), neuron));
    let mut rgb = vec![0xff; 3 * size[0] * size[1]];
    for (place, &neuron) in order.iter().enumerate() {
        let (x0, y0) = (place % columns * cell_w, place / columns * cell_h);
        for y in 0..height * scale {
            for x in 0..width * scale {
                let level = levels[neuron * width * height + y / scale * width + x / scale];
                let at = 3 * ((y0 + y) * size[0] + x0 + x);
                rgb[at..at + 3].copy_from_slice(&field_colour(level));
            }
        }
    }
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, size[0] as u32, size[1] as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().ok()?.write_image_data(&rgb).ok()?;
    let alt = if after { "receptive fields after training" } else { "receptive fields before training" };
    Some(format!("<img alt=\"{alt}\" src=\"data:image/png;base64,{}\">", STANDARD.encode(png)))
}

/// Dark blue to yellow; pruned: light.
fn field_colour(level: u8) -> [u8; 3] {
    if level == 255 {
        return [0xe4, 0xe7, 0xee];
    }
    let stops =
        [[13.0, 16.0, 40.0], [64.0, 28.0, 108.0], [170.0, 50.0, 90.0], [240.0, 120.0, 40.0], [252.0, 240.0, 160.0]];
    let place = f64::from(level) / 254.0 * (stops.len() - 1) as f64;
    let left = (place as usize).min(stops.len() - 2);
    let share = place - left as f64;
    [0, 1, 2].map(|c: usize| (stops[left][c] + (stops[left + 1][c] - stops[left][c]) * share) as u8)
}

fn ramp(share: f64) -> String {
    let [from, to] = [[232.0, 240.0, 250.0], [8.0, 48.0, 107.0]];
    let [r, g, b] = [0, 1, 2].map(|c: usize| (from[c] + (to[c] - from[c]) * share) as u8);
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn blend(share: f64, colour: [u8; 3]) -> String {
    let [r, g, b] = colour.map(|c| (246.0 + (f64::from(c) - 246.0) * share.clamp(0.0, 1.0)) as u8);
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn open(width: u32, height: u32, title: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"Helvetica, Arial, \
         sans-serif\">\n<title>{title}</title><rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n"
    )
}

fn frame(svg: &mut String, [x, y, width, height]: [f64; 4]) {
    let _ =
        write!(svg, "<path d=\"M{x} {y}v{height}h{width}\" fill=\"none\" stroke=\"#20242c\" stroke-width=\"1.2\"/>");
}

fn label(svg: &mut String, [x, y]: [f64; 2], anchor: &str, size: u32, text: &str) {
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" text-anchor=\"{anchor}\" dominant-baseline=\"central\" \
         fill=\"#20242c\">{}</text>",
        super::page::escaped(text)
    );
}
