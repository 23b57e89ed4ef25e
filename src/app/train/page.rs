//! A training report as a page that needs nothing beside itself: figures, plots, settings. In: a report. Out: HTML.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::chart;
use super::report::TrainReport;
use crate::app::text::{bytes, count};

/// The look of all pages.
pub(super) const STYLE: &str = "<style>
:root { color-scheme: light; }
body { margin: 0; background: #f3f5f8; color: #20242c; font: 16px/1.5 Helvetica, Arial, sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 21px; margin: 36px 0 12px; }
.sub { color: #606876; margin: 0 0 20px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(180px, 1fr)); gap: 12px; }
.card, figure, .box { background: #fff; border: 1px solid #dde1e8; border-radius: 8px; }
.card { padding: 14px 16px; }
.card b { display: block; font-size: 27px; line-height: 1.2; }
.card span { color: #606876; font-size: 14px; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(500px, 1fr)); gap: 14px; }
figure { margin: 0; padding: 12px; }
figure svg, figure img { display: block; width: 100%; height: auto; }
figure img { image-rendering: pixelated; }
figcaption { color: #606876; font-size: 14px; margin-top: 8px; }
.box { padding: 14px 18px; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 6px 12px 6px 0; border-bottom: 1px solid #e6e9ee; vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
code { font: 14px/1.5 Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.key { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 6px; }
@media (max-width: 560px) { .plots { grid-template-columns: 1fr; } }
</style>";

/// `run.json` becomes `run.html`.
pub(super) fn path_beside(report: &Path) -> PathBuf {
    report.with_extension("html")
}

/// Text inside HTML.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The page.
pub(super) fn of(report: &TrainReport) -> String {
    let mut page = head(&format!("{}: {:.1} %", report.scene, report.test.accuracy_percent));
    let _ = write!(
        page,
        "<h1>{} on {}</h1>\n<p class=\"sub\">{} output neurons, {} images learned, seed {}, {} engine{}; spikescope {}</p>\n",
        escaped(&report.scene),
        escaped(&report.data.name),
        count(report.output_neurons.into()),
        count(report.images),
        report.seed,
        report.engine,
        report.adapter.as_ref().map_or_else(String::new, |adapter| format!(" ({})", escaped(adapter))),
        report.version
    );
    cards(&mut page, report);
    plots(&mut page, report);
    fields(&mut page, report);
    findings(&mut page, report);
    settings(&mut page, report);
    page.push_str("</main></body></html>\n");
    page
}

/// Up to the first heading.
pub(super) fn head(title: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{}</title>\n{STYLE}</head><body><main>\n",
        escaped(title)
    )
}

/// Surviving synapses of all projections that change, %.
pub(super) fn remaining_percent(report: &TrainReport) -> f64 {
    let (left, all) = report.compression.iter().fold((0, 0), |(l, a), c| (l + c.remaining, a + c.synapses));
    100.0 * left as f64 / all.max(1) as f64
}

fn cards(page: &mut String, report: &TrainReport) {
    let bench = &report.neurobench;
    let cards = [
        (
            format!("{:.2} %", report.test.accuracy_percent),
            format!("right of {} test images, plasticity frozen", count(report.test.images)),
        ),
        (format!("{:.1} %", remaining_percent(report)), "of the synapses that can change are left".to_owned()),
        (format!("{:.1}", report.test.output_spikes_per_image), "output spikes per test image".to_owned()),
        (count(bench.effective_accumulates_per_image.round() as u64), "effective accumulates per image".to_owned()),
        (
            format!("≈ {} nJ", count(report.energy.estimate_nj_per_image.round() as u64)),
            format!(
                "per image, estimate for {} at {} pJ per synaptic operation",
                escaped(&report.energy.chip),
                report.energy.pj_per_synaptic_operation
            ),
        ),
        (
            bytes(bench.footprint_bytes),
            format!("footprint; {} with surviving synapses only", bytes(bench.footprint_compacted_bytes)),
        ),
        (format!("{:.3}", bench.connection_sparsity), "connection sparsity (1: no synapse)".to_owned()),
        (format!("{:.5}", bench.activation_sparsity), "activation sparsity (1: no spike)".to_owned()),
    ];
    page.push_str("<div class=\"cards\">\n");
    for (figure, what) in cards {
        let _ = writeln!(page, "<div class=\"card\"><b>{figure}</b><span>{what}</span></div>");
    }
    page.push_str("</div>\n");
}

fn figure(page: &mut String, picture: &str, caption: &str) {
    let _ = writeln!(page, "<figure>{picture}<figcaption>{caption}</figcaption></figure>");
}

fn plots(page: &mut String, report: &TrainReport) {
    let name = if report.history.periods.is_empty() { "unpruned" } else { "pruned" };
    let runs = [(name.to_owned(), report)];
    page.push_str("<h2>Learning</h2>\n<div class=\"plots\">\n");
    let accuracy = chart::lines("running accuracy", "%", true, &runs, |p| p.accuracy_percent);
    figure(page, &accuracy, "While learning: each image is answered before it counts for the labels.");
    figure(page, &chart::confusion(report), "");
    let spikes = chart::lines("output spikes per image", "", true, &runs, |p| Some(p.output_spikes_per_image));
    figure(page, &spikes, "Repeated showings included.");
    let operations =
        chart::lines("effective accumulates per image", "", true, &runs, |p| Some(p.effective_accumulates_per_image));
    figure(page, &operations, "Spikes times the synapses that they still reach; exact.");
    page.push_str("</div>\n<h2>Synapses</h2>\n<div class=\"plots\">\n");
    for entry in &report.compression {
        if let Some(map) = chart::weight_map(report, &entry.projection) {
            figure(page, &map, "");
        }
    }
    let left = chart::lines("synapses remaining", "%", true, &runs, chart::remaining_percent);
    figure(page, &left, "Pruned synapses never come back.");
    let change =
        chart::lines("weight change per image", "share of largest", true, &runs, |p| Some(p.weight_change_per_image));
    figure(page, &change, "Mean distance that a surviving weight has moved since the last point, per image.");
    page.push_str("</div>\n");
}

fn fields(page: &mut String, report: &TrainReport) {
    let Some(fields) = &report.fields else { return };
    page.push_str("<h2>Receptive fields</h2>\n<div class=\"plots\">\n");
    let of = if u32::min(fields.shown, report.output_neurons) < report.output_neurons {
        format!("the first {} of {} neurons", fields.shown, report.output_neurons)
    } else {
        "all neurons".to_owned()
    };
    for (after, when) in [(false, "Before training"), (true, "After training")] {
        if let Some(picture) = chart::fields(fields, after) {
            let scale = fields.scale[usize::from(after)];
            let caption = format!("{when}: {of}, sorted by class; brightest: weight {scale:.2}; grey: pruned.");
            figure(page, &picture, &caption);
        }
    }
    page.push_str("</div>\n");
}

fn findings(page: &mut String, report: &TrainReport) {
    if report.findings.is_empty() {
        return;
    }
    page.push_str("<h2>Findings</h2>\n<div class=\"box\"><table><tr><th class=\"n\">after images</th><th>found</th><th>rule</th></tr>\n");
    for finding in &report.findings {
        let _ = writeln!(
            page,
            "<tr><td class=\"n\">{}</td><td>{}</td><td>{}</td></tr>",
            count(finding.images),
            escaped(&finding.text),
            escaped(&finding.rule)
        );
    }
    page.push_str("</table></div>\n");
}

fn settings(page: &mut String, report: &TrainReport) {
    page.push_str("<h2>How it was made</h2>\n<div class=\"box\"><table>\n");
    let mut row = |what: &str, value: &str| {
        let _ = writeln!(page, "<tr><th>{what}</th><td>{value}</td></tr>");
    };
    row("command", &format!("<code>{}</code>", escaped(&report.command)));
    row("network", &format!("{} neurons, {} synapses", count(report.neurons), count(report.synapses)));
    row(
        "data",
        &format!(
            "{}: {} to learn from, {} to test on, {} x {} pixels, {} classes; encoding {}",
            escaped(&report.data.name),
            count(report.data.train_images),
            count(report.data.test_images),
            report.data.width,
            report.data.height,
            report.data.classes,
            escaped(&report.encoding)
        ),
    );
    row("order of rules", &report.order.iter().map(|rule| escaped(rule)).collect::<Vec<_>>().join("<br>"));
    for settings in &report.pruning {
        let words: Vec<String> = settings
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| {
                escaped(&format!("{key} = {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
            })
            .collect();
        row("pruning", &words.join(", "));
    }
    let t = &report.timings;
    row(
        "speed",
        &format!(
            "{} images learned in {:.1} s ({:.0} images/s), {} tested in {:.1} s ({:.0} images/s)",
            count(t.train_images),
            t.train_s,
            t.train_images_per_s,
            count(report.test.images),
            t.test_s,
            t.test_images_per_s
        ),
    );
    row("energy", &escaped(&report.energy.note));
    row("state", &format!("<code>{}</code>", escaped(&report.state_hash)));
    page.push_str("</table></div>\n");
}
