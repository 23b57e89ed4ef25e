//! What one keeps from a run: large pictures in tiles, films at exact times, loops, films through ffmpeg (a stand-in on
//! the search path), commands that make a picture again, and what looking costs.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use serde_json::Value;
use spikescope::gpu::{Gpu, Piece, read_blocking};
use spikescope::model::scene::Scene;
use spikescope::render::{CameraView, Frame, Pose, Renderer, Tile};
use spikescope::session::view::PointStyle;
use spikescope::session::{ActivityBuffers, Session, SessionOptions, ViewSettings};

#[path = "common/adapter.rs"]
mod adapter;
#[path = "common/program.rs"]
mod program;

use adapter::gpu;
use program::{SMALL, program, stderr};

mod tiles {
    use super::*;

    const SIZE: [u32; 2] = [300, 260];

    /// A scene that has run, seen by a renderer.
    struct Stand {
        gpu: Arc<Gpu>,
        renderer: Renderer,
        frame: Frame,
    }

    impl Stand {
        fn new(gpu: &Arc<Gpu>, size: [u32; 2], points: PointStyle) -> Self {
            let scene = Scene::load("digits", &[]).expect("built in");
            let camera = scene.view.camera;
            let mut settings = ViewSettings::from_scene(&scene.view);
            settings.points = points;
            let options = SessionOptions { gpu: Some(Arc::clone(gpu)), ..Default::default() };
            let mut session = Session::open(scene, options).expect("opens");
            session.advance(300).expect("runs");
            let mut renderer = Renderer::new(Arc::clone(gpu), wgpu::TextureFormat::Rgba8Unorm);
            let buffers = ActivityBuffers::new(gpu, &session.activity());
            renderer.load(session.network(), &buffers, &settings);
            let pose = Pose { eye: camera.eye, target: camera.target, fov_degrees: camera.fov_degrees };
            let frame = Frame {
                size,
                camera: CameraView::new(pose, size[0] as f32 / size[1] as f32),
                step: session.step(),
                elapsed_steps: 0,
                dt_ms: session.network().dt_ms,
                settings,
            };
            Self { gpu: Arc::clone(gpu), renderer, frame }
        }

        fn record(&self) -> wgpu::CommandEncoder {
            self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default())
        }

        /// RGBA of a tile, whole pictures included.
        fn draw(&mut self, tile: &Tile) -> Vec<u8> {
            let extent = wgpu::Extent3d { width: tile.size[0], height: tile.size[1], depth_or_array_layers: 1 };
            let texture = self.gpu.device.create_texture(&wgpu::TextureDescriptor {
                label: None,
                size: extent,
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format: wgpu::TextureFormat::Rgba8Unorm,
                usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
                view_formats: &[],
            });
            let row = (4 * tile.size[0]).next_multiple_of(256);
            let bytes = u64::from(row) * u64::from(tile.size[1]);
            let buffer = self.gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: None,
                size: bytes,
                usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC,
                mapped_at_creation: false,
            });
            let mut encoder = self.record();
            let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
            if *tile == Tile::whole(tile.picture) {
                self.renderer.draw(&mut encoder, &view, &self.frame);
            } else {
                self.renderer.draw_tile(&mut encoder, &view, &self.frame, tile);
            }
            let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(row), rows_per_image: None };
            let to = wgpu::TexelCopyBufferInfo { buffer: &buffer, layout };
            encoder.copy_texture_to_buffer(texture.as_image_copy(), to, extent);
            self.gpu.queue.submit([encoder.finish()]);
            let read = read_blocking(&self.gpu, &[Piece { buffer: &buffer, offset: 0, bytes }]).expect("read back");
            read.chunks(row as usize).flat_map(|line| line[..4 * tile.size[0] as usize].to_vec()).collect()
        }

        fn whole(&mut self) -> Vec<u8> {
            self.draw(&Tile::whole(self.frame.size))
        }

        fn in_tiles(&mut self, side: u32) -> Vec<u8> {
            let tiles = Tile::cut(self.frame.size, side);
            assert!(tiles.len() >= 4);
            for tile in &tiles {
                let mut encoder = self.record();
                self.renderer.collect_glow(&mut encoder, &self.frame, tile);
                self.gpu.queue.submit([encoder.finish()]);
            }
            let mut encoder = self.record();
            self.renderer.spread_glow(&mut encoder);
            self.gpu.queue.submit([encoder.finish()]);
            let width = self.frame.size[0] as usize;
            let mut picture = vec![0; 4 * width * self.frame.size[1] as usize];
            for tile in &tiles {
                let pixels = self.draw(tile);
                let [own_left, own_top] = tile.own_offset().map(|px| px as usize);
                for row in 0..tile.own_size[1] as usize {
                    let from = 4 * ((own_top + row) * tile.size[0] as usize + own_left);
                    let to = 4 * ((tile.own[1] as usize + row) * width + tile.own[0] as usize);
                    let bytes = 4 * tile.own_size[0] as usize;
                    picture[to..to + bytes].copy_from_slice(&pixels[from..from + bytes]);
                }
            }
            picture
        }
    }

    /// Share of bytes that differ, and the largest difference.
    fn difference(a: &[u8], b: &[u8]) -> (f64, u8) {
        assert_eq!(a.len(), b.len());
        let differing = a.iter().zip(b).filter(|(a, b)| a != b).count();
        let most = a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0);
        (differing as f64 / a.len() as f64, most)
    }

    #[test]
    fn a_picture_in_tiles_is_the_picture() {
        let Some(gpu) = gpu() else { return };
        for points in [PointStyle::Splats, PointStyle::Quads] {
            let mut stand = Stand::new(&gpu, SIZE, points);
            let whole = stand.whole();
            assert!(whole.iter().filter(|&&byte| byte > 150 && byte < 255).count() > 500, "there is something to see");
            assert_eq!(whole, stand.whole(), "the same picture twice");
            let (share, most) = difference(&whole, &stand.in_tiles(160));
            // Places on the picture are rounded once per tile: a byte in a thousand may be a step brighter or darker.
            assert!(share < 2e-3 && most <= 3, "{points:?}: {share} of the bytes differ, by up to {most}");
        }
    }

    #[test]
    fn a_picture_larger_than_the_window_is_the_same_picture_with_more_detail() {
        let Some(gpu) = gpu() else { return };
        let mean = |size: [u32; 2]| {
            let mut stand = Stand::new(&gpu, size, PointStyle::Auto);
            let picture = if size[1] > 1080 { stand.in_tiles(1200) } else { stand.whole() };
            let light: f64 = picture.chunks_exact(4).map(|p| f64::from(p[0]) + f64::from(p[1]) + f64::from(p[2])).sum();
            light / f64::from(size[0] * size[1])
        };
        let (small, large) = (mean([1600, 1080]), mean([3200, 2160]));
        assert!((large / small - 1.0).abs() < 0.06, "mean light {small} and {large}");
    }
}

mod films {
    use super::*;

    /// Answers as ffmpeg does: lists encoders, or takes frames and writes what it was told and how much it got.
    const STAND_IN: &str = r#"#!/bin/sh
case "$*" in *-encoders*) echo " V....D libx264  H.264"; echo " V....D libsvtav1  AV1"; exit 0;; esac
for last; do :; done
bytes=$(wc -c)
echo "$* bytes $bytes" > "$last"
"#;

    /// Takes one frame and stops with a complaint.
    const FAILING: &str = r#"#!/bin/sh
case "$*" in *-encoders*) echo " V....D libx264  H.264"; exit 0;; esac
for last; do :; done
echo half > "$last"
head -c 1000 > /dev/null
echo "[libx264 @ 0x1] the disk is full of stars" >&2
exit 1
"#;

    /// Runs in `folder` with only these programs on the search path.
    fn run(folder: &Path, ffmpeg: Option<&str>, arguments: &[&str]) -> Output {
        fs::write(folder.join("small.toml"), SMALL).expect("scene");
        let tools = folder.join("tools");
        fs::create_dir_all(&tools).expect("a folder");
        if let Some(script) = ffmpeg {
            fs::write(tools.join("ffmpeg"), script).expect("a script");
            fs::set_permissions(tools.join("ffmpeg"), fs::Permissions::from_mode(0o755)).expect("may be run");
        }
        let path =
            if ffmpeg.is_some() { format!("{}:/usr/bin:/bin", tools.display()) } else { tools.display().to_string() };
        program().env("PATH", path).current_dir(folder).args(arguments).output().expect("runs")
    }

    const FEW: [&str; 6] = ["--frames", "4", "--size", "70x40", "--steps-per-frame", "40"];

    fn render(folder: &Path, ffmpeg: Option<&str>, out: &str, more: &[&str]) -> Output {
        run(folder, ffmpeg, &[&["render", "small.toml", "--out", out], &FEW[..], more].concat())
    }

    fn pixels(path: &Path) -> (Vec<u8>, Vec<(String, String)>) {
        let file = std::io::BufReader::new(fs::File::open(path).expect("there"));
        let mut reader = png::Decoder::new(file).read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("small")];
        reader.next_frame(&mut pixels).expect("whole");
        let texts = reader.info().utf8_text.iter();
        let notes = texts.map(|text| (text.keyword.clone(), text.get_text().expect("readable"))).collect();
        (pixels, notes)
    }

    #[test]
    fn frame_k_shows_k_steps_per_frame_exactly_and_later_films_join() {
        if gpu().is_none() {
            return;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let output = render(folder.path(), None, "all", &[]);
        assert!(output.status.success(), "{}", stderr(&output));
        for k in 0..4 {
            let (film, notes) = pixels(&folder.path().join(format!("all/frame_{k:06}.png")));
            let time = format!("{} ms", f64::from(k) * 4.0);
            assert!(notes.contains(&("Simulated time".to_owned(), time.clone())), "{k}: {notes:?}");
            // The same moment as a picture of its own.
            let (at, out) = (format!("{}", f64::from(k) * 4.0), format!("{k}.png"));
            let alone = ["render", "small.toml", "--at-ms", &at, "--frames", "1", "--size", "70x40", "--out", &out];
            let output = run(folder.path(), None, &alone);
            assert!(output.status.success(), "{}", stderr(&output));
            let (single, _) = pixels(&folder.path().join(out));
            assert_eq!(film, single, "frame {k}");
        }
        assert_ne!(pixels(&folder.path().join("0.png")).0, pixels(&folder.path().join("3.png")).0);
    }

    #[test]
    fn a_loop_holds_the_frames_of_the_folder() {
        if gpu().is_none() {
            return;
        }
        let folder = tempfile::tempdir().expect("a folder");
        for out in ["frames", "loop.apng"] {
            let output = render(folder.path(), None, out, &[]);
            assert!(output.status.success(), "{}", stderr(&output));
        }
        let file = std::io::BufReader::new(fs::File::open(folder.path().join("loop.apng")).expect("there"));
        let mut reader = png::Decoder::new(file).read_info().expect("a PNG");
        assert_eq!(reader.info().animation_control.expect("animated").num_frames, 4);
        for k in 0..4 {
            let mut frame = vec![0; reader.output_buffer_size().expect("small")];
            reader.next_frame(&mut frame).expect("a frame");
            assert_eq!(frame, pixels(&folder.path().join(format!("frames/frame_{k:06}.png"))).0, "frame {k}");
        }
        let output = run(folder.path(), None, &["render", "small.toml", "--out", "x.png", "--frames", "601"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("600"), "{}", stderr(&output));
    }

    #[test]
    fn without_ffmpeg_a_film_is_a_mistake_with_advice() {
        let folder = tempfile::tempdir().expect("a folder");
        let output = render(folder.path(), None, "film.mp4", &[]);
        let said = stderr(&output);
        // Without an adapter that is the first mistake.
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(gpu().is_none() || (said.contains("ffmpeg is not installed") && said.contains(".y4m")), "{said}");
        assert!(!folder.path().join("film.mp4").exists() && !folder.path().join("film.mp4.partial").exists());
    }

    #[test]
    fn ffmpeg_gets_every_frame_and_the_film_its_name_at_the_end() {
        if gpu().is_none() {
            return;
        }
        let folder = tempfile::tempdir().expect("a folder");
        for (out, codec, muxer) in [("film.mp4", "libx264", "-f mp4"), ("film.webm", "libsvtav1", "-f webm")] {
            let output = render(folder.path(), Some(STAND_IN), out, &["--fps", "29.97"]);
            assert!(output.status.success(), "{}", stderr(&output));
            let told = fs::read_to_string(folder.path().join(out)).expect("a film");
            let wanted = [codec, muxer, "-s 70x40", "-r 2997/100", "rgb24", "title=small", "bytes 33600"];
            for part in wanted {
                assert!(told.contains(part), "{part} in {told}");
            }
            assert!(!folder.path().join(format!("{out}.partial")).exists());
        }
        let odd = ["render", "small.toml", "--out", "odd.mp4", "--frames", "1", "--size", "71x40"];
        let output = run(folder.path(), Some(STAND_IN), &odd);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("even"), "{}", stderr(&output));
    }

    #[test]
    fn a_failing_ffmpeg_is_quoted_and_leaves_nothing_behind() {
        if gpu().is_none() {
            return;
        }
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("film.mp4"), "an older film").expect("written");
        let output = render(folder.path(), Some(FAILING), "film.mp4", &[]);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains("the disk is full of stars"), "{}", stderr(&output));
        assert_eq!(fs::read_to_string(folder.path().join("film.mp4")).expect("still there"), "an older film");
        assert!(!folder.path().join("film.mp4.partial").exists());
        // And an encoder that is not there.
        let output = render(folder.path(), Some(FAILING), "film.webm", &[]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("libsvtav1"), "{}", stderr(&output));
    }

    #[test]
    fn the_command_in_a_picture_makes_it_again() {
        if gpu().is_none() {
            return;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let view = [
            "render",
            "small.toml",
            "--seed",
            "9",
            "--set",
            "population.excitatory.size=99",
            "--camera",
            "eye=9,4,20;target=0,0.5,0;fov=38.5",
            "--look",
            "bloom=0.1",
            "--look",
            "colour=membrane/map=inferno",
            "--at-ms",
            "7.3",
            "--frames",
            "1",
            "--size",
            "90x60",
        ];
        let output = run(folder.path(), None, &[&view[..], &["--out", "first.png"]].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        let (first, notes) = pixels(&folder.path().join("first.png"));
        let command = &notes.iter().find(|(key, _)| key == "Command").expect("a command").1;
        // As a shell would read it.
        let words = std::process::Command::new("sh")
            .args(["-c", &format!("for word in {command}; do echo \"$word\"; done")])
            .output()
            .expect("a shell");
        let words = String::from_utf8(words.stdout).expect("text");
        let words: Vec<&str> = words.lines().collect();
        assert_eq!((words[0], &words[1..]), ("spikescope", &view[..]));
        let output = run(folder.path(), None, &[&words[1..], &["--out", "second.png"]].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(pixels(&folder.path().join("second.png")).0, first);
        let other = run(folder.path(), None, &[&words[1..], &["--look", "bloom=0.9", "--out", "third.png"]].concat());
        assert!(other.status.success(), "{}", stderr(&other));
        assert_ne!(pixels(&folder.path().join("third.png")).0, first);
    }

    #[test]
    fn looking_has_a_price_and_a_name() {
        if gpu().is_none() {
            return;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let few = ["--duration-ms", "5", "--warm-up-ms", "1", "--repetitions", "2"];
        let output = run(folder.path(), None, &[&["bench", "small.toml", "--with-view", "--json"], &few[..]].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        let runs: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let price = &runs[0]["with_view"];
        assert!(price["price_percent"].is_f64() && price["wall_s"].as_f64().expect("s") > 0.0, "{price}");
        assert_eq!(price["size"], serde_json::json!([1920, 1080]));
        assert!(price["pictures"].as_u64().expect("a count") >= 1 && price["adapter"].is_string());
    }
}
