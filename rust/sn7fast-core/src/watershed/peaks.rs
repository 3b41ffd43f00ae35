//! Local maxima.
//!
//! A pixel above the floor, not in the frame of one pixel around the image, is a peak if no pixel
//! in the square window about it is higher (equal ones all count). Nearly all pixels are done for
//! by one look: at the higher pixel that their left neighbour found, or at the next pixel. What is
//! left is compared with the whole window; inside a plateau only with the column that is new.

use super::{Level, Rules, check_shape, is_above};
use crate::error::{Error, Result};
use crate::mask::Cut;
use rayon::prelude::*;

/// What to look for.
#[derive(Clone, Copy, Debug)]
pub struct Peaks {
    /// Pixels with a value above it take part, as peaks and as neighbours.
    pub floor: f64,
    /// Peaks above it may be left out: a caller that takes all these pixels for seeds anyway does
    /// not need to know which of them are peaks.
    pub ceiling: Option<f64>,
    /// Rows and columns of the window on each side of its centre.
    pub distance: usize,
    /// Under the rules of 2020 pixels of the frame take part as neighbours. Under the current ones
    /// there are no peaks if every pixel that could be one is one, but for those that no cross of
    /// five pixels above the floor covers.
    pub rules: Rules,
}

/// Positions of all peaks, in raster order.
///
/// The lowest value of the image is no peak, and an image of one value has none.
///
/// # Errors
/// [`Error::Argument`] if `values` is not `rows * columns` long or too long, or the distance is
/// above 32,767.
pub fn peaks<T: Level>(values: &[T], shape: [usize; 2], peaks: &Peaks) -> Result<Vec<u32>> {
    check_shape("values", values.len(), shape)?;
    let farthest = i16::MAX as usize;
    if peaks.distance > farthest {
        let wanted = format!("a whole number up to {farthest}");
        return Err(Error::argument("distance", peaks.distance, wanted));
    }
    let Some(lowest) = lowest(values) else { return Ok(Vec::new()) };
    let (mut found, mut has_others) = find(values, shape, peaks, lowest, peaks.ceiling);
    if peaks.rules == Rules::Current && peaks.distance > 0 && !has_others {
        if peaks.ceiling.is_some() {
            (found, has_others) = find(values, shape, peaks, lowest, None);
        }
        if !has_others {
            let view = View::new(values, shape, peaks);
            found.retain(|&k| !view.is_in_cross(k as usize / shape[1], k as usize % shape[1]));
        }
    }
    Ok(found)
}

/// The lowest value; `None` if there is no other.
fn lowest<T: Level>(values: &[T]) -> Option<T> {
    let first = *values.first()?;
    let smaller = |a: T, b: T| if b < a { b } else { a };
    let lowest = values.par_chunks(1 << 16).map(|part| part.iter().copied().fold(first, smaller));
    let lowest = lowest.reduce(|| first, smaller);
    values.par_chunks(1 << 16).any(|part| part.iter().any(|&v| v > lowest)).then_some(lowest)
}

/// Peaks, and whether some pixel that could have been one is none.
fn find<T: Level>(
    values: &[T],
    shape: [usize; 2],
    peaks: &Peaks,
    lowest: T,
    ceiling: Option<f64>,
) -> (Vec<u32>, bool) {
    let view = View::new(values, shape, peaks);
    let top = ceiling.map(T::cut);
    let rows: Vec<(Vec<u32>, bool)> = (1..shape[0].max(1) - 1)
        .into_par_iter()
        .with_min_len(16)
        .map(|y| view.row(y, lowest, top))
        .collect();
    let has_others = rows.iter().any(|(_, has_others)| *has_others);
    (rows.into_iter().flat_map(|(found, _)| found).collect(), has_others)
}

/// The pixels that take part.
struct View<'a, T> {
    values: &'a [T],
    columns: usize,
    cut: Cut<T>,
    distance: usize,
    /// First and last row and column that take part as neighbours.
    neighbours: [usize; 4],
}

/// What the pixel on the left was.
#[derive(Clone, Copy)]
enum Left {
    /// None that could be a peak.
    Nothing,
    /// A peak.
    Peak,
    /// Lower than the pixel in this row and column.
    Below(usize, usize),
}

impl<'a, T: Level> View<'a, T> {
    fn new(values: &'a [T], [rows, columns]: [usize; 2], peaks: &Peaks) -> Self {
        let frame = usize::from(peaks.rules == Rules::Current);
        let last = |n: usize| n.saturating_sub(1 + frame);
        Self {
            values,
            columns,
            cut: T::cut(peaks.floor),
            distance: peaks.distance,
            neighbours: [frame, last(rows), frame, last(columns)],
        }
    }

    fn at(&self, y: usize, x: usize) -> T {
        self.values[y * self.columns + x]
    }

    fn row(&self, y: usize, lowest: T, top: Option<Cut<T>>) -> (Vec<u32>, bool) {
        let (mut found, mut has_others) = (Vec::new(), false);
        let mut left = Left::Nothing;
        for x in 1..self.columns.max(1) - 1 {
            let value = self.at(y, x);
            let is_candidate = is_above(value, self.cut)
                && value > lowest
                && !top.is_some_and(|top| is_above(value, top));
            if !is_candidate {
                left = Left::Nothing;
                continue;
            }
            left = self.judge(y, x, value, left);
            if matches!(left, Left::Peak) {
                found.push((y * self.columns + x) as u32);
            } else {
                has_others = true;
            }
        }
        (found, has_others)
    }

    fn judge(&self, y: usize, x: usize, value: T, left: Left) -> Left {
        let d = self.distance;
        if let Left::Below(row, column) = left
            && column + d >= x
            && self.at(row, column) > value
        {
            return left;
        }
        let [top, bottom, first, last] = self.neighbours;
        let rows = y.saturating_sub(d).max(top)..(y + d).min(bottom) + 1;
        let reach = (x + d).min(last);
        if d > 0 && x < last && self.at(y, x + 1) > value {
            return Left::Below(y, x + 1);
        }
        let is_new_column_only = matches!(left, Left::Peak) && self.at(y, x - 1) == value;
        let start = if is_new_column_only { reach } else { x.saturating_sub(d).max(first) };
        // From the middle outwards: what is higher is likely to be near.
        let below = y.saturating_sub(rows.start).max(rows.end - 1 - y);
        for step in 0..=below {
            for row in [y.wrapping_sub(step), y + step] {
                if !rows.contains(&row) {
                    continue;
                }
                let line = &self.values[row * self.columns + start..=row * self.columns + reach];
                if let Some(k) = line.iter().position(|&other| other > value) {
                    return Left::Below(row, start + k);
                }
            }
        }
        Left::Peak
    }

    fn takes_part(&self, y: usize, x: usize) -> bool {
        let [top, bottom, first, last] = self.neighbours;
        (top..=bottom).contains(&y)
            && (first..=last).contains(&x)
            && is_above(self.at(y, x), self.cut)
    }

    /// True if the pixel and its four neighbours take part.
    fn is_cross(&self, y: usize, x: usize) -> bool {
        cross(y, x).into_iter().all(|(y, x)| self.takes_part(y, x))
    }

    /// True if the pixel is one of the five of such a cross.
    fn is_in_cross(&self, y: usize, x: usize) -> bool {
        cross(y, x).into_iter().any(|(y, x)| self.is_cross(y, x))
    }
}

/// A pixel and its four neighbours; what is above row 0 or left of column 0 lies far away.
fn cross(y: usize, x: usize) -> [(usize, usize); 5] {
    [(y, x), (y.wrapping_sub(1), x), (y + 1, x), (y, x.wrapping_sub(1)), (y, x + 1)]
}
