//! Connected components as runs of pixels.
//!
//! A row is cut into runs; a run joins those of the row before that it touches. Components are
//! numbered from 1 in the order of their first pixels, row by row.

use super::{check_shape, is_above};
use crate::error::{Error, Result};
use crate::mask::{Connectivity, Pixel};

/// Consecutive pixels of a row in one component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Row of the image.
    pub row: u32,
    /// First column.
    pub start: u32,
    /// Column behind the last one.
    pub end: u32,
    /// Number of the component, from 1.
    pub label: u32,
}

/// All components of an image.
#[derive(Clone, Debug, Default)]
pub struct Components {
    /// In raster order.
    pub runs: Vec<Run>,
    /// Number of components.
    pub count: usize,
}

impl Components {
    /// Runs of an image of labels, whatever is connected with what; 0 is none.
    ///
    /// # Errors
    /// [`Error::Argument`] if `labels` is not `rows * columns` long or too long.
    pub fn from_labels(labels: &[u32], shape: [usize; 2]) -> Result<Self> {
        check_shape("seeds", labels.len(), shape)?;
        let mut runs = Vec::new();
        for (row, line) in labels.chunks_exact(shape[1].max(1)).enumerate() {
            for (x, &label) in line.iter().enumerate().filter(|(_, label)| **label != 0) {
                extend(&mut runs, row, x, label);
            }
        }
        let count = runs.iter().map(|run| run.label).max().unwrap_or(0);
        if count > i32::MAX as u32 {
            return Err(Error::argument("seeds", count, format!("labels up to {}", i32::MAX)));
        }
        Ok(Self { runs, count: count as usize })
    }

    /// Number of pixels of each component, the first one first.
    pub fn sizes(&self) -> Vec<u32> {
        let mut sizes = vec![0; self.count];
        for run in &self.runs {
            sizes[run.label as usize - 1] += run.end - run.start;
        }
        sizes
    }

    /// Only those components for which `keep(label)` is true, numbered anew in the same order.
    pub fn retain(&mut self, keep: impl Fn(u32) -> bool) {
        let mut count = 0;
        let number = |label| {
            let kept = keep(label);
            count += u32::from(kept);
            if kept { count } else { 0 }
        };
        let numbers: Vec<u32> = (1..=self.count as u32).map(number).collect();
        for run in &mut self.runs {
            run.label = numbers[run.label as usize - 1];
        }
        self.runs.retain(|run| run.label != 0);
        self.count = count as usize;
    }

    /// One label for each pixel, 0 where there is no component.
    pub fn to_labels(&self, [rows, columns]: [usize; 2]) -> Vec<u32> {
        let mut labels = vec![0; rows * columns];
        for run in &self.runs {
            let start = run.row as usize * columns;
            labels[start + run.start as usize..start + run.end as usize].fill(run.label);
        }
        labels
    }
}

/// Components of the pixels above a threshold, together with some other pixels.
///
/// `others` are positions in raster order.
///
/// # Errors
/// [`Error::Argument`] if `values` is not `rows * columns` long or too long.
pub fn mask_components<T: Pixel>(
    values: &[T],
    shape: [usize; 2],
    threshold: f64,
    others: &[u32],
    connectivity: Connectivity,
) -> Result<Components> {
    check_shape("values", values.len(), shape)?;
    let cut = T::cut(threshold);
    let mut others = others.iter().copied().peekable();
    Ok(join(shape, connectivity, |row, runs| {
        let start = row * shape[1];
        let line = &values[start..start + shape[1]];
        for (x, &value) in line.iter().enumerate() {
            let is_other = others.next_if_eq(&((start + x) as u32)).is_some();
            if is_other || is_above(value, cut) {
                extend(runs, row, x, 1);
            }
        }
    }))
}

/// Components of equal labels; 0 is none.
///
/// # Errors
/// [`Error::Argument`] if `labels` is not `rows * columns` long or too long.
pub fn equal_components(
    labels: &[u32],
    shape: [usize; 2],
    connectivity: Connectivity,
) -> Result<Components> {
    check_shape("labels", labels.len(), shape)?;
    Ok(join(shape, connectivity, |row, runs| {
        let line = &labels[row * shape[1]..(row + 1) * shape[1]];
        for (x, &label) in line.iter().enumerate().filter(|(_, label)| **label != 0) {
            extend(runs, row, x, label);
        }
    }))
}

/// Adds a pixel to the last run, or begins a new one.
fn extend(runs: &mut Vec<Run>, row: usize, x: usize, label: u32) {
    let (row, x) = (row as u32, x as u32);
    match runs.last_mut() {
        Some(last) if last.row == row && last.end == x && last.label == label => last.end += 1,
        _ => runs.push(Run { row, start: x, end: x + 1, label }),
    }
}

/// Joins runs of equal labels; `cut_row` adds those of a row.
fn join(
    [rows, _]: [usize; 2],
    connectivity: Connectivity,
    mut cut_row: impl FnMut(usize, &mut Vec<Run>),
) -> Components {
    // Runs that meet in a corner only: one ends where the other starts.
    let reach = u32::from(connectivity == Connectivity::Eight);
    let mut runs: Vec<Run> = Vec::new();
    // A run that belongs to the same component and comes earlier, or the run itself.
    let mut parents: Vec<u32> = Vec::new();
    let mut above = 0..0;
    for row in 0..rows {
        let first = runs.len();
        cut_row(row, &mut runs);
        parents.extend(first as u32..runs.len() as u32);
        let mut near = above.start;
        for k in first..runs.len() {
            let run = runs[k];
            while near < above.end && runs[near].end + reach <= run.start {
                near += 1;
            }
            let mut other = near;
            while other < above.end && runs[other].start < run.end + reach {
                if runs[other].label == run.label {
                    unite(&mut parents, k as u32, other as u32);
                }
                other += 1;
            }
        }
        above = first..runs.len();
    }
    let mut count = 0;
    for k in 0..runs.len() {
        let root = find(&mut parents, k as u32) as usize;
        runs[k].label = if root == k {
            count += 1;
            count
        } else {
            runs[root].label
        };
    }
    Components { runs, count: count as usize }
}

fn find(parents: &mut [u32], mut run: u32) -> u32 {
    while parents[run as usize] != run {
        let above = parents[parents[run as usize] as usize];
        parents[run as usize] = above;
        run = above;
    }
    run
}

/// The earlier of the two roots stands for both.
fn unite(parents: &mut [u32], one: u32, other: u32) {
    let (one, other) = (find(parents, one), find(parents, other));
    parents[one.max(other) as usize] = one.min(other);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const U: [u8; 15] = [
        1, 0, 1, 0, 1, //
        1, 0, 1, 0, 0, //
        1, 1, 1, 0, 1,
    ];

    #[test]
    fn numbers_follow_first_pixels() {
        let four = mask_components(&U, [3, 5], 0.0, &[], Connectivity::Four).unwrap();
        assert_eq!(four.count, 3);
        assert_eq!(four.to_labels([3, 5]), [1, 0, 1, 0, 2, 1, 0, 1, 0, 0, 1, 1, 1, 0, 3]);
        assert_eq!(four.sizes(), [7, 1, 1]);
        let more = mask_components(&U, [3, 5], 0.0, &[8], Connectivity::Eight).unwrap();
        assert_eq!(more.count, 1);
    }

    #[test]
    fn runs_behind_a_long_one_are_met() {
        // The first run below ends before the second one above begins, but for the corner.
        let labels = [7, 7, 7, 0, 7, 7, 0, 0, 7, 0];
        let eight = equal_components(&labels, [2, 5], Connectivity::Eight).unwrap();
        assert_eq!(eight.to_labels([2, 5]), [1, 1, 1, 0, 1, 1, 0, 0, 1, 0]);
        let apart = equal_components(&[1, 2, 2, 1], [2, 2], Connectivity::Eight).unwrap();
        assert_eq!(apart.to_labels([2, 2]), [1, 2, 2, 1]);
    }

    #[test]
    fn retain_numbers_anew() {
        let mut found = mask_components(&U, [3, 5], 0.0, &[], Connectivity::Four).unwrap();
        found.retain(|label| label != 2);
        assert_eq!(found.to_labels([3, 5]), [1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 1, 1, 0, 2]);
    }
}
