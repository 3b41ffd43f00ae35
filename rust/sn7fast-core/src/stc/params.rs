//! Parameters, under the names that they have in the winner's code.

use crate::error::{Error, Result};
use crate::stc::Hidden;
use crate::watershed::{Order, Rules};

/// How often candidates are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Once: those that do not appear are tracked.
    Stc1,
    /// Twice: once for buildings that appear, once with other thresholds for those that were
    /// always there.
    Stc2,
}

/// All parameters. Areas and distances are in pixels of the probabilities.
#[derive(Clone, Copy, Debug)]
pub struct Params {
    /// How often candidates are made.
    pub variant: Variant,
    /// Whose watershed and peaks.
    pub rules: Rules,
    /// What hides a candidate.
    pub hidden: Hidden,
    /// Lose every 256th region, as the original does.
    pub labels_8bit: bool,
    /// Probabilities above it enter the temporal mean.
    pub thres1: f64,
    /// Means above it are seeds of appearing buildings.
    pub thres2_h1: f64,
    /// Means above it are part of appearing buildings.
    pub thres2_l1: f64,
    /// Means above it are seeds of buildings that were always there.
    pub thres2_h2: f64,
    /// Means above it are part of buildings that were always there.
    pub thres2_l2: f64,
    /// A building that appears stands from the first month on if its score there is above it.
    pub thres3_1: f64,
    /// A building stands from the first month on in which its score is above this share of its
    /// highest one.
    pub thres3_s: f64,
    /// Rise of the mean score above which a candidate is a building that appears.
    pub thres3_d: f64,
    /// Score above which a building that has appeared is shown in a month.
    pub thres3_i: f64,
    /// Mean score above which a building that does not appear is there.
    pub thres3_m: f64,
    /// Growth of appearing buildings before others that overlap them are dropped, in roots of
    /// their area.
    pub margin: f64,
    /// Reach of a peak, in rows and columns.
    pub distance: usize,
    /// Smallest area of a region.
    pub min_area: f64,
    /// Growth of regions.
    pub polygon_buffer: f64,
}

impl Params {
    /// # Errors
    /// [`Error::Argument`] for a number that is negative or NaN, or a lower threshold of the
    /// candidates that is above the upper one.
    pub fn check(&self) -> Result<()> {
        let numbers = [
            ("thres1", self.thres1),
            ("thres2_h1", self.thres2_h1),
            ("thres2_l1", self.thres2_l1),
            ("thres2_h2", self.thres2_h2),
            ("thres2_l2", self.thres2_l2),
            ("thres3_1", self.thres3_1),
            ("thres3_s", self.thres3_s),
            ("thres3_d", self.thres3_d),
            ("thres3_i", self.thres3_i),
            ("thres3_m", self.thres3_m),
            ("margin", self.margin),
            ("min_area", self.min_area),
            ("polygon_buffer", self.polygon_buffer),
        ];
        for (name, number) in numbers {
            if !(number >= 0.0 && number.is_finite()) {
                return Err(Error::argument(name, number, "a number from 0"));
            }
        }
        for (name, high, low_name, low) in [
            ("thres2_h1", self.thres2_h1, "thres2_l1", self.thres2_l1),
            ("thres2_h2", self.thres2_h2, "thres2_l2", self.thres2_l2),
        ] {
            if high < low {
                let wanted = format!("at least {low_name}, which is {low}");
                return Err(Error::argument(name, high, wanted));
            }
        }
        Ok(())
    }

    /// Order of the watershed.
    pub(super) fn order(&self) -> Order {
        Order::Exact(self.rules)
    }
}
