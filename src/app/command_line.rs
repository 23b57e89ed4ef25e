//! Command lines that make a picture again: what was asked for (scene, seed, values set), from where it is seen, how it
//! looks and when. In go the parts, out comes one line for a shell.

use crate::render::Pose;
use crate::session::ViewSettings;

use super::look;

/// What a picture shows.
#[derive(Clone, Debug)]
pub(super) struct Shown<'a> {
    /// Scene as it was named: built-in name or path.
    pub(super) scene: &'a str,
    pub(super) seed: u64,
    /// `--set` of the run.
    pub(super) set: &'a [String],
    /// `auto`, `cpu` or `gpu`: who simulates, since each has its own rounding.
    pub(super) engine: &'a str,
    pub(super) pose: Pose,
    /// How it looks, and how the scene looks by itself.
    pub(super) look: &'a ViewSettings,
    pub(super) scene_look: &'a ViewSettings,
    pub(super) at_ms: f64,
    pub(super) size: [u32; 2],
}

impl Shown<'_> {
    /// The command that renders it as one picture.
    pub(super) fn render_command(&self, out: &str) -> String {
        let mut words = vec!["spikescope".to_owned(), "render".to_owned(), self.scene.to_owned()];
        let mut option = |name: &str, value: String| words.extend([name.to_owned(), value]);
        option("--seed", self.seed.to_string());
        for set in self.set {
            option("--set", set.clone());
        }
        option("--engine", self.engine.to_owned());
        option("--camera", camera_words(&self.pose));
        for look in look::differences(self.look, self.scene_look) {
            option("--look", look);
        }
        option("--at-ms", at_words(self.at_ms));
        option("--frames", "1".to_owned());
        option("--size", format!("{}x{}", self.size[0], self.size[1]));
        option("--out", out.to_owned());
        words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
    }
}

/// The process's own command line.
pub(super) fn of_process() -> String {
    of_words(std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()))
}

/// What was asked for, without where it goes and what is said meanwhile: that changes no picture.
fn of_words(words: impl Iterator<Item = String>) -> String {
    let mut line = "spikescope".to_owned();
    let mut is_value = false;
    for word in words {
        let is_out = word == "--out";
        if !std::mem::replace(&mut is_value, is_out)
            && !is_out
            && !word.starts_with("--out=")
            && word != "--json"
            && word != "--quiet"
        {
            line.push(' ');
            line.push_str(&quoted(&word));
        }
    }
    line
}

/// A pose as `--camera` takes it. Numbers are written so that they read back as they were.
pub(super) fn camera_words(pose: &Pose) -> String {
    let point = |[x, y, z]: [f32; 3]| format!("{x},{y},{z}");
    format!("eye={};target={};fov={}", point(pose.eye), point(pose.target), pose.fov_degrees)
}

/// Reads what [`camera_words`] writes, in any order; `fov` may be left out.
pub(super) fn pose_of_words(text: &str) -> Result<Pose, String> {
    let advice = "write it as \"eye=x,y,z;target=x,y,z;fov=degrees\", or name one of the scene's cameras";
    let (mut eye, mut target, mut fov_degrees) = (None, None, 45.0_f32);
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').ok_or(advice)?;
        let numbers = value.split(',').map(|number| number.trim().parse::<f32>().ok().filter(|n| n.is_finite()));
        let numbers = numbers.collect::<Option<Vec<f32>>>().ok_or(advice)?;
        match (key.trim(), numbers.as_slice()) {
            ("eye", &[x, y, z]) => eye = Some([x, y, z]),
            ("target", &[x, y, z]) => target = Some([x, y, z]),
            ("fov", &[degrees]) if (1.0..=170.0).contains(&degrees) => fov_degrees = degrees,
            _ => return Err(advice.to_owned()),
        }
    }
    match (eye, target) {
        (Some(eye), Some(target)) if eye != target => Ok(Pose { eye, target, fov_degrees }),
        _ => Err(advice.to_owned()),
    }
}

/// To a millionth, which hides that most steps are no binary fractions and is far below any step.
fn at_words(ms: f64) -> String {
    ((ms * 1e6).round() / 1e6).to_string()
}

/// For a POSIX shell; most words stay as they are.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pose_reads_back_to_the_last_bit() {
        let pose =
            Pose { eye: [0.1, -1e-7, 123_456.79], target: [1.0 / 3.0, 2.0, f32::MIN_POSITIVE], fov_degrees: 37.3 };
        assert_eq!(pose_of_words(&camera_words(&pose)), Ok(pose));
        let short = pose_of_words(" target = 0,0,0 ; eye=1,2,3 ").expect("fov may be left out");
        assert_eq!((short.eye, short.fov_degrees), ([1.0, 2.0, 3.0], 45.0));
        for wrong in ["", "eye=1,2,3", "eye=1,2;target=0,0,0", "eye=1,1,1;target=1,1,1", "eye=1,2,x;target=0,0,0"] {
            assert!(pose_of_words(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn where_a_picture_goes_is_no_part_of_what_it_shows() {
        let line = "render cuba --out a.png --quiet --seed 3 --out=b --frames 2".split(' ').map(str::to_owned);
        assert_eq!(of_words(line), "spikescope render cuba --seed 3 --frames 2");
    }

    #[test]
    fn a_command_is_one_line_for_a_shell() {
        let look = ViewSettings { bloom: 0.25, ..ViewSettings::default() };
        let shown = Shown {
            scene: "my scene.toml",
            seed: 7,
            set: &["population.excitatory.size=100".to_owned()],
            engine: "cpu",
            pose: Pose { eye: [1.0, 2.0, 3.0], target: [0.0; 3], fov_degrees: 45.0 },
            look: &look,
            scene_look: &ViewSettings::default(),
            at_ms: 3.0 * 0.1,
            size: [640, 360],
        };
        assert_eq!(
            shown.render_command("it's.png"),
            "spikescope render 'my scene.toml' --seed 7 --set population.excitatory.size=100 --engine cpu --camera \
             'eye=1,2,3;target=0,0,0;fov=45' --look bloom=0.25 --at-ms 0.3 --frames 1 --size 640x360 --out 'it'\\''s.png'"
        );
    }
}
