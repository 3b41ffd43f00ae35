//! Erosion and dilation by a square.
//!
//! A square is a row of pixels by a column of pixels, so one pass over rows and one over columns
//! do. A window of length w is made of windows of length 1, 2, 4, ...: the one of length 2p at i is
//! the one of length p at i joined with the one at i + p, and the last step overlaps. That takes
//! log2(w) sweeps without a branch, in place, since a sweep reads only at i and to the right of it.

use crate::error::{Error, Result};

/// Values joined at a time.
const BLOCK: usize = 1024;

/// A square on its pixel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Square {
    width: usize,
}

impl Square {
    /// A square of side `width`, at least 1. An even one reaches one pixel further after its pixel
    /// (larger row, larger column) than before it.
    pub(super) fn new(width: usize) -> Self {
        Self { width: width.max(1) }
    }

    /// Pixels before and after its own that matter on an axis of `count` pixels: with `count` on
    /// either side the square covers the whole axis.
    pub(super) fn reach(self, count: usize) -> [usize; 2] {
        [((self.width - 1) / 2).min(count), (self.width / 2).min(count)]
    }
}

/// Pixels in rows of `cols`.
#[derive(Debug, Default)]
pub(super) struct Grid {
    pub(super) pixels: Vec<u8>,
    pub(super) cols: usize,
}

impl Grid {
    fn rows(&self) -> usize {
        self.pixels.len() / self.cols.max(1)
    }

    /// Erosion of a mask of 0 and one other value: a pixel stays if all in its square are set.
    /// Outside, the mask goes on as in a mirror that stands on the edge of the image.
    pub(super) fn erode(&self, square: Square) -> Result<Self> {
        self.sweep(square, |a, b| a & b)
    }

    /// Dilation: a pixel is set if one in its square is. Outside as for [`Grid::erode`].
    pub(super) fn dilate(&self, square: Square) -> Result<Self> {
        self.sweep(square, |a, b| a | b)
    }

    fn sweep(&self, square: Square, join: impl Fn(u8, u8) -> u8 + Copy) -> Result<Self> {
        let (rows, cols) = (self.rows(), self.cols);
        let [above, below] = square.reach(rows);
        let [left, right] = square.reach(cols);
        let padded_rows = above + rows + below;
        let mut out = Vec::new();
        if out.try_reserve_exact(padded_rows.saturating_mul(cols)).is_err() {
            let got = format!("({rows}, {cols})");
            return Err(Error::argument("shape_yx", got, "an image that fits into memory"));
        }
        let mut line = vec![0; left + cols + right];
        let mut block = [0; BLOCK];
        for k in 0..padded_rows {
            let row = mirrored(k, above, rows);
            if k >= above + rows {
                // The mirror image below repeats rows that are swept already.
                out.extend_from_within((above + row) * cols..(above + row + 1) * cols);
                continue;
            }
            let source = &self.pixels[row * cols..][..cols];
            line[left..left + cols].copy_from_slice(source);
            for c in (0..left).chain(left + cols..line.len()) {
                line[c] = source[mirrored(c, left, cols)];
            }
            join_windows(&mut line, 1, left + 1 + right, &mut block, join);
            out.extend_from_slice(&line[..cols]);
        }
        join_windows(&mut out, cols, above + 1 + below, &mut block, join);
        out.truncate(rows * cols);
        Ok(Self { pixels: out, cols })
    }
}

/// Joins each item with the `width - 1` after it; items are `step` values apart.
///
/// `block` takes a copy of what comes later, so many values at a time: then nothing overlaps, and
/// the compiler can join many values in one instruction.
fn join_windows(
    values: &mut [u8],
    step: usize,
    width: usize,
    block: &mut [u8; BLOCK],
    join: impl Fn(u8, u8) -> u8,
) {
    let mut length = 1;
    while length < width {
        let shift = length.min(width - length);
        let distance = shift * step;
        let count = values.len().saturating_sub(distance);
        for start in (0..count).step_by(BLOCK) {
            let end = count.min(start + BLOCK);
            let later = &mut block[..end - start];
            later.copy_from_slice(&values[start + distance..end + distance]);
            for (value, &other) in values[start..end].iter_mut().zip(&*later) {
                *value = join(*value, other);
            }
        }
        length += shift;
    }
}

/// Item of `0..count` that shows at place `k` of a list with `before` mirrored items in front and
/// mirrored items behind: 1 0 | 0 1 2 | 2 1. At most `count` items are mirrored on either side.
fn mirrored(k: usize, before: usize, count: usize) -> usize {
    match k.checked_sub(before) {
        None => before - 1 - k,
        Some(k) if k < count => k,
        Some(k) => 2 * count - 1 - k,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Window by window, pixel by pixel.
    fn naive(grid: &Grid, width: usize, all: bool) -> Vec<u8> {
        let (rows, cols) = (grid.rows() as i64, grid.cols as i64);
        let fold = |k: i64, n: i64| {
            let k = k.rem_euclid(2 * n);
            if k < n { k } else { 2 * n - 1 - k }
        };
        let (low, high) = (-((width as i64 - 1) / 2), width as i64 / 2);
        let pixel = |r: i64, c: i64| grid.pixels[(fold(r, rows) * cols + fold(c, cols)) as usize];
        let mut out = Vec::new();
        for r in 0..rows {
            for c in 0..cols {
                let mut window =
                    (low..=high).flat_map(|y| (low..=high).map(move |x| pixel(r + y, c + x)));
                let set = if all { window.all(|p| p > 0) } else { window.any(|p| p > 0) };
                out.push(u8::from(set));
            }
        }
        out
    }

    proptest! {
        #[test]
        fn sweeps_equal_windows(
            rows in 1..9usize, cols in 1..9usize, width in 1..22usize,
            bits in proptest::collection::vec(prop_oneof![Just(0u8), Just(1), Just(1)], 81),
        ) {
            let grid = Grid { pixels: bits[..rows * cols].to_vec(), cols };
            let square = Square::new(width);
            prop_assert_eq!(grid.erode(square).unwrap().pixels, naive(&grid, width, true));
            prop_assert_eq!(grid.dilate(square).unwrap().pixels, naive(&grid, width, false));
        }
    }
}
