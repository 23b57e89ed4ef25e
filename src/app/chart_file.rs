//! Charts as files: numbers, drawings, pictures. In goes a chart's data, out comes a file under a free name, whole or not
//! at all.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::canvas::{Canvas, FORMAT};
use super::error::AppError;
use super::output::{Notes, free_name, save_picture};
use super::overlay_painter::OverlayPainter;
use crate::gpu::Gpu;
use crate::recording::files::write_text;
use crate::ui::ChartFormat;
use crate::ui::export::{ChartData, Drawing, SIZE};

/// Pixels per point of a chart's picture: sharp on paper and on a projector.
const SCALE: f32 = 2.0;

/// Saves a chart beside `stem` and says where. Waits for the GPU where there is something to paint: call it on a thread
/// of its own.
pub(super) fn save(
    gpu: &Arc<Gpu>,
    chart: &ChartData,
    format: ChartFormat,
    stem: &Path,
    notes: Notes,
) -> Result<PathBuf, AppError> {
    let text = match format {
        ChartFormat::Png => return picture(gpu, &Drawing::of(chart), stem, notes),
        ChartFormat::Svg => (Drawing::of(chart).svg(), "svg"),
        ChartFormat::Csv => (chart.csv(), "csv"),
    };
    let path = free_name(stem, text.1)?;
    write_text(&path, &text.0)?;
    Ok(path)
}

fn picture(gpu: &Arc<Gpu>, drawing: &Drawing, stem: &Path, notes: Notes) -> Result<PathBuf, AppError> {
    let size = SIZE.map(|points| (points * SCALE) as u32);
    let mut painter = OverlayPainter::new(gpu, FORMAT);
    let input = OverlayPainter::untouched_input(size, SCALE, 0.0);
    let painted = painter.run(gpu, input, |ui| {
        let page = egui::Rect::from_min_size(egui::Pos2::ZERO, SIZE.into());
        drawing.paint(&ui.painter().with_clip_rect(page));
    });
    let mut canvas = Canvas::new(gpu, size, FORMAT)?;
    canvas.paint(&mut |encoder, target, tile| painter.draw_tile(gpu, encoder, target, tile, &painted));
    canvas.fetch()?;
    save_picture(stem, size, &canvas.wait_for_shot()?, notes)
}

/// A chart's name as part of a file's.
pub(super) fn file_words(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::export::Layer;

    #[test]
    fn a_chart_becomes_each_kind_of_file() {
        let Ok(gpu) = Gpu::headless(None).map(Arc::new) else {
            eprintln!("skipped: no adapter");
            return;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let points = vec![[0.0, 1.0, 0.5, 2.0], [1.0, 3.0, 2.0, 4.0]];
        let chart = ChartData {
            name: "firing rates".to_owned(),
            subtitle: "test".to_owned(),
            x: ["time".to_owned(), "s".to_owned()],
            y: ["rate".to_owned(), "Hz".to_owned()],
            include_y: vec![0.0],
            layers: vec![Layer::Line { name: "red".to_owned(), colour: [0.8, 0.0, 0.0], points }],
            notes: Vec::new(),
        };
        let stem = folder.path().join(file_words(&chart.name));
        for format in [ChartFormat::Png, ChartFormat::Svg, ChartFormat::Csv] {
            save(&gpu, &chart, format, &stem, Notes::default()).expect("saved");
        }
        let file = std::io::BufReader::new(std::fs::File::open(folder.path().join("firing-rates.png")).expect("there"));
        let mut reader = png::Decoder::new(file).read_info().expect("a PNG");
        let mut rgb = vec![0; reader.output_buffer_size().expect("small")];
        let info = reader.next_frame(&mut rgb).expect("whole");
        assert_eq!((info.width, info.height), (1920, 1080));
        let count = |is: fn(&[u8]) -> bool| rgb.chunks_exact(3).filter(|pixel| is(pixel)).count();
        assert!(count(|p| p == [255; 3]) > 1_500_000, "a white page");
        assert!(count(|p| p[0] > 150 && p[1] < 60 && p[2] < 60) > 2_000, "a red line");
        assert!(count(|p| p.iter().all(|&c| c < 90)) > 1_000, "dark text and axes");
        assert!(folder.path().join("firing-rates.svg").exists() && folder.path().join("firing-rates.csv").exists());
        assert_eq!(std::fs::read_dir(folder.path()).expect("folder").count(), 3, "nothing half-written");
    }
}
