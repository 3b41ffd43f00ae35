//! Parameters of the collapse.

use super::beta::Beta;
use super::history::Prior;
use crate::error::{Error, Result};

/// How to collapse.
#[derive(Clone, Copy, Debug)]
pub struct Params {
    /// No month is moved further than this along an axis, in pixels of the image; 0 moves none.
    pub max_shift_px: f64,
    /// A pixel that always stood belongs to a building if its mean is above this.
    pub min_mean: f64,
    /// A pixel of a new building has at least this mean since it began.
    pub min_mean_new: f64,
    /// The mean around some pixel of a new building rises by more than this.
    pub min_rise: f64,
    /// Two buildings that touch are apart if the mean between them is lower than that of both by
    /// this.
    pub min_gap: f64,
    /// Each of them has this many pixels, of the image, above the gap.
    pub min_core_px: f64,
    /// A building reaches down to this share of its highest mean.
    pub outline: f64,
    /// Smaller buildings are dropped; pixels of the image.
    pub min_area_px: f64,
    /// A building is seen in at least as many months of its history.
    pub min_months: usize,
    /// What is new but touches older buildings along more than this share of its outline is taken
    /// for a change of those.
    pub max_contact: f64,
    /// Chances before the scores are looked at; see [`super::history`].
    pub birth: f64,
    /// As `birth`.
    pub death: f64,
    /// As `birth`.
    pub never: f64,
    /// How often something is found where nothing stands.
    pub absent: Beta,
    /// How often a standing building is found.
    pub present: Beta,
    /// How far these two go from what is given (0) to what this cube shows (1).
    pub adapt: f64,
    /// Probability with which the range of first months holds the right one.
    pub level: f64,
    /// Leave a building out of months in which less than half of it is seen.
    pub drop_hidden: bool,
}

impl Params {
    /// Checks all values.
    ///
    /// # Errors
    /// [`Error::Argument`] for a value out of range; names it.
    pub fn check(&self) -> Result<()> {
        let shares = [
            ("min_mean", self.min_mean),
            ("min_mean_new", self.min_mean_new),
            ("min_rise", self.min_rise),
            ("min_gap", self.min_gap),
            ("outline", self.outline),
            ("max_contact", self.max_contact),
            ("adapt", self.adapt),
        ];
        if let Some((name, value)) = shares.into_iter().find(|(_, v)| !(0.0..=1.0).contains(v)) {
            return Err(Error::argument(name, value, "a number from 0 to 1"));
        }
        let chances = [("birth", self.birth), ("never", self.never), ("level", self.level)];
        if let Some((name, value)) = chances.into_iter().find(|(_, v)| !(*v > 0.0 && *v < 1.0)) {
            return Err(Error::argument(name, value, "a number between 0 and 1"));
        }
        if !(0.0..1.0).contains(&self.death) {
            return Err(Error::argument("death", self.death, "a number from 0 below 1"));
        }
        let sizes = [
            ("max_shift_px", self.max_shift_px),
            ("min_core_px", self.min_core_px),
            ("min_area_px", self.min_area_px),
        ];
        if let Some((name, value)) = sizes.into_iter().find(|(_, v)| !(0.0..=1e6).contains(v)) {
            return Err(Error::argument(name, value, "a number from 0 to 1e6"));
        }
        for (name, Beta { a, b }) in [("absent", self.absent), ("present", self.present)] {
            if !(a > 0.0 && b > 0.0 && a <= 1e6 && b <= 1e6) {
                return Err(Error::argument(name, format!("{a}, {b}"), "two numbers above 0"));
            }
        }
        Ok(())
    }

    /// What is known before the scores are.
    pub(super) fn prior(&self) -> Prior {
        let Self { absent, present, never, birth, death, .. } = *self;
        Prior { absent, present, never, birth, death }
    }
}
