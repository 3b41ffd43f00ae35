//! Polygons to runs of pixels by the pixel-centre rule of GDAL 3.
//!
//! The centre line of pixel row r is y = r + 0.5. An edge crosses it if
//! `y_low <= r + 0.5 < y_high`, at some x, and `floor(x + 0.5)` is the first column whose centre
//! lies right of x or on it. The crossings of a row are sorted, and between the members of each
//! pair the columns are filled. So a centre on a left edge is out, on a right edge in, on a top
//! edge in, on a bottom edge out, and polygons that share an edge share no pixel.
//!
//! Every edge is cut to the wanted rows before anything is computed, and crossings are cut to the
//! columns of the image, which keeps their parity: coordinates may be as large as they like. A ring
//! is closed, so each row has an even number of crossings, and one sort of (row, column) keys puts
//! the pairs of all rows side by side.

use crate::footprints::Point;
use std::ops::Range;

/// Most crossings held at once (32 MB); a polygon with more is filled in parts.
const MAX_CROSSINGS: usize = 1 << 22;

/// Fills polygons; keeps its memory from one to the next.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    /// row << 32 | column.
    crossings: Vec<u64>,
}

impl Scanner {
    /// Calls `emit(row, columns)` for each run of pixels of a polygon within `rows` and below
    /// column `cols`: even-odd over all its closed rings, runs in order and never empty.
    pub(super) fn fill(
        &mut self,
        rings: &[&[Point]],
        rows: Range<usize>,
        cols: usize,
        emit: &mut impl FnMut(usize, Range<usize>),
    ) {
        let points: usize = rings.iter().map(|ring| ring.len()).sum();
        if points.saturating_mul(rows.len()) > MAX_CROSSINGS
            && rows.len() > 1
            && count_crossings(rings, &rows) > MAX_CROSSINGS
        {
            let middle = rows.start + rows.len() / 2;
            self.fill(rings, rows.start..middle, cols, emit);
            self.fill(rings, middle..rows.end, cols, emit);
            return;
        }
        self.crossings.clear();
        for edge in rings.iter().flat_map(|ring| ring.windows(2)) {
            self.add_edge(edge[0], edge[1], &rows, cols);
        }
        self.crossings.sort_unstable();
        for pair in self.crossings.chunks_exact(2) {
            let (from, to) = (pair[0] as u32 as usize, pair[1] as u32 as usize);
            if from < to {
                emit((pair[0] >> 32) as usize, from..to);
            }
        }
    }

    fn add_edge(&mut self, a: Point, b: Point, rows: &Range<usize>, cols: usize) {
        let (low, high) = if a[1] < b[1] { (a, b) } else { (b, a) };
        let crossed = rows_between(low[1], high[1], rows);
        if low[0] == high[0] {
            let column = column_right_of(low[0], cols);
            self.crossings.extend(crossed.map(|row| (row as u64) << 32 | column));
            return;
        }
        for row in crossed {
            let y = row as f64 + 0.5;
            // The order of these operations is GDAL's: it decides centres that lie on an edge.
            let x = (y - low[1]) * (high[0] - low[0]) / (high[1] - low[1]) + low[0];
            self.crossings.push((row as u64) << 32 | column_right_of(x, cols));
        }
    }
}

/// Those of `rows` whose centre line is at `low` or beyond it, and before `high`.
pub(super) fn rows_between(low: f64, high: f64, rows: &Range<usize>) -> Range<usize> {
    let first_from = |y: f64| (ceil(y - 0.5).max(0) as usize).clamp(rows.start, rows.end);
    first_from(low)..first_from(high)
}

fn count_crossings(rings: &[&[Point]], rows: &Range<usize>) -> usize {
    let edges = rings.iter().flat_map(|ring| ring.windows(2));
    edges
        .map(|e| rows_between(e[0][1].min(e[1][1]), e[0][1].max(e[1][1]), rows).len())
        .fold(0, usize::saturating_add)
}

/// First column whose centre is at x or right of it, from 0 to `cols`.
fn column_right_of(x: f64, cols: usize) -> u64 {
    let shifted = x + 0.5;
    // Conversion cuts towards 0, and that is floor for what is not cut off at 0.
    (shifted as i64).clamp(0, cols as i64) as u64
}

/// `f64::ceil` without the call that it is on machines before SSE 4.1.
fn ceil(value: f64) -> i64 {
    let cut = value as i64;
    cut + i64::from(value > cut as f64)
}
