//! Spatial collapse: one number for each candidate and month.

use super::pixels::PixelSets;
use crate::cancel::Cancel;
use crate::cube::{Cube, Probability};
use crate::error::Result;
use rayon::prelude::*;

/// What a hidden pixel counts in a mean: enough to make it negative, however many others are seen.
const HIDDEN: f64 = -10_000.0;

/// Whether a candidate of which a part is hidden is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// One hidden pixel hides it for the month, as in the original.
    Month,
    /// Visible pixels tell for all; only without any it is hidden.
    Pixels,
}

/// Scores of candidates: those of one candidate in all months lie together.
///
/// A score is the mean probability over the pixels of the candidate, negative where it is hidden.
/// Without pixels it is NaN.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub fn scores<T: Probability>(
    cube: &Cube<'_, T>,
    sets: &PixelSets,
    hidden: Hidden,
    cancel: &Cancel,
) -> Result<Vec<f32>> {
    let months: Vec<Vec<f32>> = (0..cube.len())
        .into_par_iter()
        .map(|month| {
            cancel.check()?;
            Ok((0..sets.len()).map(|set| score(cube, month, sets, set, hidden)).collect())
        })
        .collect::<Result<_>>()?;
    let months = &months;
    Ok((0..sets.len()).flat_map(|set| months.iter().map(move |scores| scores[set])).collect())
}

fn score<T: Probability>(
    cube: &Cube<'_, T>,
    month: usize,
    sets: &PixelSets,
    set: usize,
    rule: Hidden,
) -> f32 {
    let (mut count, mut hidden, mut sum) = (0, 0, 0.0);
    for (row, run) in sets.runs(set) {
        let line = cube.row(month, row);
        let mut start = run.start;
        for gap in cube.hidden(month, row, run.clone()) {
            sum += T::sum(&line[start..gap.start]);
            hidden += gap.len();
            start = gap.end;
        }
        sum += T::sum(&line[start..run.end]);
        count += run.len();
    }
    let score = match rule {
        Hidden::Pixels if hidden == count && count > 0 => HIDDEN,
        Hidden::Pixels => sum / (count - hidden) as f64,
        Hidden::Month => (sum + HIDDEN * hidden as f64) / count as f64,
    };
    score as f32
}
