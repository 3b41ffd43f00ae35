//! Temporal collapse: one image out of all months.

use crate::cancel::Cancel;
use crate::cube::{Cube, Probability};
use crate::error::Result;
use rayon::prelude::*;

/// Rows that one thread does at a time.
const ROWS: usize = 16;

/// Mean of each pixel over the months in which it is visible and above `threshold`; 0 where there
/// is none.
///
/// Frames are read once, row by row; sums are 32-bit floats in the order of months, as in the
/// original, whose equal and unequal pixels these therefore are.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub fn temporal_mean<T: Probability>(
    cube: &Cube<'_, T>,
    threshold: f64,
    cancel: &Cancel,
) -> Result<Vec<f64>> {
    let [rows, columns] = cube.shape();
    let threshold = threshold as f32;
    let mut mean = vec![0.0; rows * columns];
    let band = ROWS * columns.max(1);
    mean.par_chunks_mut(band).enumerate().try_for_each(|(band, mean)| {
        cancel.check()?;
        let mut sums = vec![(0f32, 0f32); columns];
        for (k, mean) in mean.chunks_exact_mut(columns).enumerate() {
            sums.fill((0.0, 0.0));
            for month in 0..cube.len() {
                add(cube, month, band * ROWS + k, threshold, &mut sums);
            }
            for (mean, &(sum, count)) in mean.iter_mut().zip(&sums) {
                *mean = f64::from(sum) / f64::from(count.max(1.0));
            }
        }
        Result::Ok(())
    })?;
    Ok(mean)
}

/// Adds a row of a month to sums and counts.
fn add<T: Probability>(
    cube: &Cube<'_, T>,
    month: usize,
    row: usize,
    threshold: f32,
    sums: &mut [(f32, f32)],
) {
    let line = cube.row(month, row);
    let mut add = |start: usize, end: usize| {
        for ((sum, count), &value) in sums[start..end].iter_mut().zip(&line[start..end]) {
            let value = value.value();
            let is_above = value > threshold;
            *sum += if is_above { value } else { 0.0 };
            *count += if is_above { 1.0 } else { 0.0 };
        }
    };
    let mut start = 0;
    for hidden in cube.hidden(month, row, 0..line.len()) {
        add(start, hidden.start);
        start = hidden.end;
    }
    add(start, line.len());
}
