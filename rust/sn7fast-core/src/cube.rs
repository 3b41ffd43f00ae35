//! Building probabilities of one AOI in several months, borrowed frame by frame.

use crate::error::{Error, Result};
use rayon::prelude::*;
use std::ops::Range;

/// A kind of probability.
pub trait Probability: Copy + Send + Sync {
    /// From 0 to 1.
    fn value(self) -> f32;
    /// Sum of the values.
    fn sum(values: &[Self]) -> f64;
    /// From 0 to 255; 0 for NaN.
    fn level(self) -> u8;
    /// False for NaN.
    fn is_known(self) -> bool;
    /// Whether all values can be probabilities, and whether some are unknown.
    ///
    /// # Errors
    /// [`Error::Argument`] for a value that cannot be one.
    fn check(frames: &[&[Self]]) -> Result<bool>;
}

impl Probability for u8 {
    fn value(self) -> f32 {
        f32::from(self) / 255.0
    }

    fn sum(values: &[Self]) -> f64 {
        values.iter().map(|&value| u64::from(value)).sum::<u64>() as f64 / 255.0
    }

    fn level(self) -> u8 {
        self
    }

    fn is_known(self) -> bool {
        true
    }

    fn check(frames: &[&[Self]]) -> Result<bool> {
        let most = frames.par_iter().map(|frame| frame.iter().fold(0, |m, &v| m.max(v)));
        if most.max() == Some(1) {
            let wanted = "0 to 255; multiply a mask of 0 and 1 by 255";
            return Err(Error::argument("prob", "uint8 with no value above 1", wanted));
        }
        Ok(false)
    }
}

impl Probability for f32 {
    fn value(self) -> f32 {
        self
    }

    fn sum(values: &[Self]) -> f64 {
        values.iter().map(|&value| f64::from(value)).sum()
    }

    fn level(self) -> u8 {
        // The cast saturates, and NaN becomes 0.
        (self * 255.0 + 0.5) as u8
    }

    fn is_known(self) -> bool {
        !self.is_nan()
    }

    fn check(frames: &[&[Self]]) -> Result<bool> {
        let look = |frame: &&[f32]| {
            let outside = frame
                .iter()
                .copied()
                .find(|value| !(0.0..=1.0).contains(value) && value.is_known());
            (outside, frame.iter().any(|value| value.is_nan()))
        };
        let parts: Vec<_> = frames.par_iter().map(look).collect();
        if let Some(value) = parts.iter().find_map(|part| part.0) {
            return Err(Error::argument("prob", value, "probabilities from 0 to 1"));
        }
        Ok(parts.iter().any(|part| part.1))
    }
}

/// Frames of one shape, and which of their pixels are visible.
#[derive(Clone, Debug)]
pub struct Cube<'a, T> {
    frames: Vec<&'a [T]>,
    /// Masks, and how many rows and columns of a frame one of their pixels stands for.
    valid: Option<(Vec<&'a [bool]>, usize)>,
    shape: [usize; 2],
}

impl<'a, T: Probability> Cube<'a, T> {
    /// Frames row-major of `shape`; without masks all is visible.
    ///
    /// Masks have the shape of the frames divided by the number that comes with them: each of
    /// their pixels, true where the ground can be seen, stands for as many rows and columns.
    ///
    /// # Errors
    /// [`Error::Argument`] if there is no frame, or numbers and shapes do not fit together.
    pub fn try_new(
        frames: Vec<&'a [T]>,
        valid: Option<(Vec<&'a [bool]>, usize)>,
        shape: [usize; 2],
    ) -> Result<Self> {
        let [rows, columns] = shape;
        let pixels = rows.checked_mul(columns);
        if frames.is_empty() {
            return Err(Error::argument("cube", "no frames", "at least one month"));
        }
        if let Some(frame) = frames.iter().find(|frame| Some(frame.len()) != pixels) {
            let got = format!("a frame of {} pixels", frame.len());
            return Err(Error::argument("cube", got, format!("{rows} x {columns}")));
        }
        if let Some((masks, scale)) = &valid {
            let scale = (*scale).max(1);
            let fits = rows.is_multiple_of(scale)
                && columns.is_multiple_of(scale)
                && masks.len() == frames.len()
                && masks.iter().all(|mask| mask.len() == (rows / scale) * (columns / scale));
            if !fits {
                let got = format!("{} masks at 1/{scale} of {rows} x {columns}", masks.len());
                let wanted = format!("{} masks that cover the frames", frames.len());
                return Err(Error::argument("valid", got, wanted));
            }
        }
        let valid = valid.map(|(masks, scale)| (masks, scale.max(1)));
        Ok(Self { frames, valid, shape })
    }

    /// Rows and columns.
    pub fn shape(&self) -> [usize; 2] {
        self.shape
    }

    /// Number of months.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// True if there is no month, which cannot be.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// The months.
    pub fn frames(&self) -> &[&'a [T]] {
        &self.frames
    }

    /// False if all is visible.
    pub fn has_masks(&self) -> bool {
        self.valid.is_some()
    }

    /// What a row of a month has of the mask (nothing without one), and how many columns each of its
    /// values stands for.
    pub fn mask_row(&self, month: usize, row: usize) -> (&'a [bool], usize) {
        match &self.valid {
            None => (&[], 1),
            Some((masks, scale)) => {
                let width = self.shape[1] / scale;
                (&masks[month][row / scale * width..(row / scale + 1) * width], *scale)
            }
        }
    }

    /// A row of a month.
    pub fn row(&self, month: usize, row: usize) -> &'a [T] {
        let columns = self.shape[1];
        &self.frames[month][row * columns..(row + 1) * columns]
    }

    /// The hidden runs of some columns of a row of a month, in order.
    pub fn hidden(
        &self,
        month: usize,
        row: usize,
        columns: Range<usize>,
    ) -> impl Iterator<Item = Range<usize>> + use<'a, T> {
        let (line, scale) = self.mask_row(month, row);
        let end = columns.end.div_ceil(scale).min(line.len());
        let mut next = (columns.start / scale).min(end);
        let runs = std::iter::from_fn(move || {
            next += line[next..end].iter().position(|valid| !valid)?;
            let start = next;
            next += line[next..end].iter().position(|valid| *valid).unwrap_or(end - next);
            Some((start * scale).max(columns.start)..(next * scale).min(columns.end))
        });
        runs.filter(|run| !run.is_empty())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn hidden_runs_are_cut_to_the_columns() {
        let valid = [true, false, false, true, false];
        let frame = [0u8; 15 * 3];
        let cube = Cube::try_new(vec![&frame[..]], Some((vec![&valid[..]], 3)), [3, 15]).unwrap();
        let runs =
            |columns| cube.hidden(0, 2, columns).map(|r| (r.start, r.end)).collect::<Vec<_>>();
        assert_eq!(runs(0..15), [(3, 9), (12, 15)]);
        assert_eq!(runs(4..8), [(4, 8)]);
        assert_eq!(runs(8..13), [(8, 9), (12, 13)]);
        assert!(runs(9..12).is_empty() && runs(5..5).is_empty());
    }

    #[test]
    fn a_cube_needs_frames_that_fit() {
        assert!(Cube::<u8>::try_new(vec![], None, [3, 3]).is_err());
        let frame = [0u8; 9];
        assert!(Cube::try_new(vec![&frame[..]], None, [3, 4]).is_err());
        assert!(Cube::try_new(vec![&frame[..]], Some((vec![&[true; 4]], 2)), [3, 3]).is_err());
    }
}
