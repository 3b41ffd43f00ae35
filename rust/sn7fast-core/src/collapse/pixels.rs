//! Means of the pixels of buildings over the months in which each stands.

use super::history::Span;
use super::months::{Months, Offset};
use super::neighbours;
use crate::cancel::Cancel;
use crate::cube::Probability;
use crate::error::Result;
use crate::watershed::{Components, Run};
use rayon::prelude::*;

const BAND: usize = 32;

/// Mean level of each pixel of a building over the months of its span in which the pixel is
/// seen; 0 elsewhere, and for buildings that never stood.
pub fn means_while_standing<P: Probability>(
    cube: &Months<'_, P>,
    offsets: &[Offset],
    buildings: &Components,
    spans: &[Span],
    cancel: &Cancel,
) -> Result<Vec<u8>> {
    let columns = cube.columns;
    let mut means = vec![0u8; cube.rows * columns];
    if means.is_empty() {
        return Ok(means);
    }
    means.par_chunks_mut(BAND * columns).enumerate().try_for_each(
        |(band, means)| -> Result<()> {
            cancel.check()?;
            let first_row = (band * BAND) as u32;
            let runs = between(&buildings.runs, first_row, first_row + BAND as u32);
            if runs.is_empty() {
                return Ok(());
            }
            let mut sums = vec![[0u32; 2]; means.len()];
            let mut reader = cube.reader();
            let mut levels = vec![0u8; columns];
            let mut seen = vec![1u8; columns];
            for (frame, &offset) in offsets.iter().enumerate() {
                let mut row = u32::MAX;
                for run in runs {
                    let Span { first, end } = spans[run.label as usize - 1];
                    if !(first..end).contains(&frame) {
                        continue;
                    }
                    if run.row != row {
                        row = run.row;
                        reader.read(frame, offset, row as isize, &mut levels, &mut seen);
                    }
                    let start = (row - first_row) as usize * columns;
                    for x in run.start as usize..run.end as usize {
                        let sum = &mut sums[start + x];
                        sum[0] += u32::from(levels[x]);
                        sum[1] += u32::from(seen[x]);
                    }
                }
            }
            for (mean, [levels, months]) in means.iter_mut().zip(sums) {
                *mean = ((levels + months / 2) / months.max(1)) as u8;
            }
            Ok(())
        },
    )?;
    Ok(means)
}

/// Runs of the rows from `first` to before `end`.
fn between(runs: &[Run], first: u32, end: u32) -> &[Run] {
    let start = runs.partition_point(|run| run.row < first);
    let stop = runs.partition_point(|run| run.row < end);
    &runs[start..stop]
}

/// For each building the share of its outline along which it touches a pixel that `is_other`.
pub fn contact(
    buildings: &Components,
    shape: [usize; 2],
    is_other: impl Fn(usize) -> bool,
) -> Vec<f64> {
    let labels = buildings.to_labels(shape);
    let mut sides = vec![[0u32; 2]; buildings.count];
    for run in &buildings.runs {
        let side = &mut sides[run.label as usize - 1];
        let start = run.row as usize * shape[1];
        for pixel in start + run.start as usize..start + run.end as usize {
            for near in neighbours(pixel, shape).filter(|&near| labels[near] != run.label) {
                side[0] += 1;
                side[1] += u32::from(is_other(near));
            }
        }
    }
    sides.into_iter().map(|[all, touching]| f64::from(touching) / f64::from(all.max(1))).collect()
}
