//! Training and testing by the number of images, without a window. In: how many. Out: a session that has learned, or
//! the answers of a frozen network.

use std::sync::Arc;

use super::error::SessionError;
use super::session::Session;
use crate::engine::Change;
use crate::learn::{Confusion, DataSet, Protocol};

/// How a frozen network answered images that it has not learned from.
#[derive(Clone, Debug, PartialEq)]
pub struct TestReport {
    /// Images shown.
    pub images: u64,
    /// Percent answered right.
    pub accuracy_percent: f64,
    /// All answers.
    pub confusion: Confusion,
}

impl Session {
    /// Images kept apart for testing; none without a learning protocol.
    #[must_use]
    pub const fn test_images(&self) -> Option<&Arc<DataSet>> {
        self.test_images.as_ref()
    }

    /// Shows `images` more images, learning. `progress` gets the presentations done in this call after each one, and
    /// stops the run by returning false.
    ///
    /// # Errors
    /// The scene has no learning protocol; a lost device.
    pub fn train(&mut self, images: u64, progress: &mut dyn FnMut(u64) -> bool) -> Result<(), SessionError> {
        let Some(first) = self.protocol.as_ref().map(Protocol::presentations) else {
            return Err(SessionError::NoLearning(self.scene.name.clone()));
        };
        let mut done = 0;
        let mut running = true;
        while running && done < images {
            self.run_exactly(u32::MAX, &mut |session| {
                let now = session.protocol.as_ref().map_or(0, Protocol::presentations) - first;
                if now > done {
                    done = now;
                    running = progress(done);
                }
                running && done < images
            })?;
        }
        self.advance(0)
    }

    /// Shows the first `images` of the images kept apart (or of `data`) with learning off, labels fixed and nothing
    /// normalised or pruned. Weights, thresholds and labels are the same afterwards; the image that was being learned
    /// is shown again from its beginning.
    ///
    /// # Errors
    /// The scene has no learning protocol, or the images another size; a lost device.
    pub fn test(
        &mut self,
        data: Option<Arc<DataSet>>,
        images: u64,
        progress: &mut dyn FnMut(u64) -> bool,
    ) -> Result<TestReport, SessionError> {
        let name = self.scene.name.clone();
        let no_learning = || SessionError::NoLearning(name.clone());
        let data = data.or_else(|| self.test_images.clone()).ok_or_else(no_learning)?;
        let protocol = self.protocol.as_ref().ok_or_else(no_learning)?;
        let was_learning = protocol.learning();
        let images = images.min(data.len() as u64);
        let testing = protocol.for_testing(data)?;
        self.settle()?;
        self.engine.change(&Change::Learning(false))?;
        self.engine.rest()?;
        let Some(training) = self.protocol.replace(testing) else { return Err(no_learning()) };
        let outcome = self.train(images, progress);
        let tested = self.protocol.replace(training);
        self.engine.rest()?;
        self.engine.change(&Change::Learning(was_learning))?;
        if let Some(protocol) = &mut self.protocol {
            protocol.restart_showing();
        }
        outcome?;
        let confusion = tested.map_or_else(|| Confusion::new(0), |p| p.score().confusion().clone());
        Ok(TestReport { images: confusion.total(), accuracy_percent: confusion.accuracy_percent(), confusion })
    }
}
