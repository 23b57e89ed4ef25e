//! `spikescope compare`: training reports side by side. In: report files. Out: one page.

use std::fmt::Write;
use std::path::Path;

use super::report::{FORMAT, TrainReport};
use super::{chart, page};
use crate::app::arguments::CompareArguments;
use crate::app::error::AppError;
use crate::app::text::{self, count};
use crate::recording::files::write_text;

/// Reads the reports, writes the page.
pub(in crate::app) fn run(arguments: &CompareArguments) -> Result<(), AppError> {
    super::check_folder(&arguments.out)?;
    let reports: Vec<TrainReport> = arguments.reports.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
    let names =
        arguments.reports.iter().map(|path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned());
    let runs: Vec<(String, &TrainReport)> = names.zip(&reports).collect();
    write_text(&arguments.out, &of(&runs))?;
    text::tell(arguments.quiet, &format!("{} runs compared in {}", runs.len(), arguments.out.display()));
    Ok(())
}

fn read(path: &Path) -> Result<TrainReport, AppError> {
    let wrong = |what: String| AppError::Mistake(format!("{}: {what}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| wrong(format!("cannot be read: {error}; check the path")))?;
    let report: TrainReport = serde_json::from_slice(&bytes).map_err(|error| {
        wrong(format!("is no report of `spikescope train`: {error}; give a file that --report wrote"))
    })?;
    if report.format != FORMAT {
        return Err(wrong(format!("is no report of `spikescope train` but of {:?}", report.format)));
    }
    Ok(report)
}

fn of(runs: &[(String, &TrainReport)]) -> String {
    let mut html = page::head("Training runs compared");
    let _ = writeln!(html, "<h1>{} training runs side by side</h1>", runs.len());
    html.push_str("<p class=\"sub\">Accuracy on test images with plasticity frozen; energy is an estimate for the chip named.</p>\n");
    table(&mut html, runs);
    html.push_str("<h2>Courses</h2>\n<div class=\"plots\">\n");
    let mut add = |svg: String| {
        let _ = writeln!(html, "<figure>{svg}</figure>");
    };
    add(chart::lines("running accuracy", "%", true, runs, |p| p.accuracy_percent));
    add(chart::lines("synapses remaining", "%", true, runs, chart::remaining_percent));
    let threshold: chart::Value = |p| p.projections.iter().map(|p| p.threshold).reduce(f64::max);
    add(chart::lines("pruning threshold T", "", true, runs, threshold));
    add(chart::lines("output spikes per image", "", true, runs, |p| Some(p.output_spikes_per_image)));
    add(chart::lines("effective accumulates per image", "", true, runs, |p| Some(p.effective_accumulates_per_image)));
    add(chart::lines("weight change per image", "share of largest", true, runs, |p| Some(p.weight_change_per_image)));
    html.push_str("</div>\n<h2>Receptive fields after training</h2>\n<div class=\"plots\">\n");
    for (name, report) in runs {
        if let Some(picture) = report.fields.as_ref().and_then(|fields| chart::fields(fields, true)) {
            let _ = writeln!(html, "<figure>{picture}<figcaption>{}</figcaption></figure>", page::escaped(name));
        }
    }
    html.push_str("</div>\n<h2>Answers</h2>\n<div class=\"plots\">\n");
    for (name, report) in runs {
        let caption = page::escaped(name);
        let _ = writeln!(html, "<figure>{}<figcaption>{caption}</figcaption></figure>", chart::confusion(report));
    }
    html.push_str("</div>\n</main></body></html>\n");
    html
}

fn table(html: &mut String, runs: &[(String, &TrainReport)]) {
    html.push_str(
        "<div class=\"box\"><table><tr><th>run</th><th>scene</th><th class=\"n\">neurons</th><th class=\"n\">seed</th>\
         <th>pruning</th><th class=\"n\">images</th><th class=\"n\">accuracy %</th><th class=\"n\">left %</th>\
         <th class=\"n\">spikes/image</th><th class=\"n\">accumulates/image</th><th class=\"n\">≈ nJ/image</th>\
         <th class=\"n\">images/s</th></tr>\n",
    );
    for (index, (name, report)) in runs.iter().enumerate() {
        let [r, g, b] = chart::COLOURS[index % chart::COLOURS.len()].map(|c| (c * 255.0) as u8);
        let policy = report
            .pruning
            .first()
            .and_then(|settings| settings.get("policy")?.as_str())
            .map_or_else(|| "none".to_owned(), page::escaped);
        let _ = writeln!(
            html,
            "<tr><td><span class=\"key\" style=\"background:#{r:02x}{g:02x}{b:02x}\"></span>{}</td><td>{}</td>\
             <td class=\"n\">{}</td><td class=\"n\">{}</td><td>{policy}</td><td class=\"n\">{}</td>\
             <td class=\"n\"><b>{:.2}</b></td><td class=\"n\">{:.1}</td><td class=\"n\">{:.1}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{:.0} ({})</td><td class=\"n\">{:.0}</td></tr>",
            page::escaped(name),
            page::escaped(&report.scene),
            report.output_neurons,
            report.seed,
            count(report.images),
            report.test.accuracy_percent,
            page::remaining_percent(report),
            report.test.output_spikes_per_image,
            count(report.neurobench.effective_accumulates_per_image.round() as u64),
            report.energy.estimate_nj_per_image,
            page::escaped(&report.energy.chip),
            report.timings.train_images_per_s
        );
    }
    html.push_str("</table></div>\n");
}
