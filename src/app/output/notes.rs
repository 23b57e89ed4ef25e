//! What a picture knows of itself: scene, seed, simulated time and the command that makes it again, as text inside PNG
//! files and films. No wall-clock time: the same run gives the same bytes.

/// Of a film, or of a picture, which is its frame 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::app) struct Notes {
    /// The scene's name.
    pub(in crate::app) scene: String,
    /// What the run began with.
    pub(in crate::app) seed: u64,
    /// Simulated time of frame 0, ms.
    pub(in crate::app) first_ms: f64,
    /// Simulated time from one frame to the next, ms.
    pub(in crate::app) frame_ms: f64,
    /// A command line that makes it again.
    pub(in crate::app) command: String,
}

impl Notes {
    /// Simulated time that a frame shows, ms, where all frames are of one length.
    pub(in crate::app) fn time_ms(&self, index: u64) -> f64 {
        rounded(self.first_ms + index as f64 * self.frame_ms)
    }

    /// Keyword and text of every note on a frame of this time. PNG knows some keywords, which come first.
    pub(super) fn of_frame(&self, time_ms: f64) -> Vec<(&'static str, String)> {
        vec![
            ("Title", self.scene.clone()),
            ("Software", format!("spikescope {}", env!("CARGO_PKG_VERSION"))),
            ("Scene", self.scene.clone()),
            ("Seed", self.seed.to_string()),
            ("Simulated time", format!("{} ms", rounded(time_ms))),
            ("Command", self.command.clone()),
        ]
    }
}

/// To a millionth, which hides that most steps are no binary fractions.
fn rounded(ms: f64) -> f64 {
    (ms * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_whole_numbers_of_steps_without_noise() {
        let notes = Notes { frame_ms: 33.0 * 0.1, ..Notes::default() };
        assert_eq!((notes.time_ms(0), notes.time_ms(3), notes.time_ms(1000)), (0.0, 9.9, 3300.0));
    }
}
