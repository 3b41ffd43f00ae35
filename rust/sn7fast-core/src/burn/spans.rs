//! Polygons to runs of pixels by the pixel-centre rule of GDAL 3.
//!
//! The centre line of pixel row r is y = r + 0.5. An edge crosses it if
//! `y_low <= r + 0.5 < y_high`, at some x, and `floor(x + 0.5)` is the first column whose centre
//! lies right of x or on it. The crossings of a row are sorted, and between the members of each
//! pair the columns are filled. So a centre on a left edge is out, on a right edge in, on a top
//! edge in, on a bottom edge out, and polygons that share an edge share no pixel.
//!
//! One thing more, for the sake of the same pixels: GDAL turns every ring clockwise (y up), holes
//! too, and fills horizontal edges that run through centres towards smaller x. On an outer ring
//! those are top edges, whose centres are in anyway. But the top edge of a hole is filled thereby,
//! and so are some edges of rings that cross themselves.
//!
//! Every edge is cut to the wanted rows before anything is computed, and crossings are cut to the
//! columns of the image, which keeps their parity: coordinates may be as large as they like. A ring
//! is closed, so each row has an even number of crossings, and one sort of (row, column) keys puts
//! the pairs of all rows side by side.

use crate::footprints::Point;
use crate::geom::signed_ring_area;
use std::ops::Range;

/// Most crossings held at once (32 MB); a polygon with more is filled in parts.
const MAX_CROSSINGS: usize = 1 << 22;

/// Fills polygons; keeps its memory from one to the next.
#[derive(Debug, Default)]
pub struct Scanner {
    /// row << 32 | column.
    crossings: Vec<u64>,
    /// Smallest and largest crossing of each row of a convex ring.
    extremes: Vec<[u32; 2]>,
}

impl Scanner {
    /// Calls `emit(row, columns)` for each run of pixels of a polygon within `rows` and below
    /// column `cols`: even-odd over all its closed rings. Runs are never empty but may overlap.
    pub fn fill(
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
            let mut push = |row, column| self.crossings.push((row as u64) << 32 | column as u64);
            cross_rows(edge[0], edge[1], &rows, cols, &mut push);
        }
        for ring in rings {
            fill_horizontal_edges(ring, &rows, cols, emit);
        }
        self.crossings.sort_unstable();
        for pair in self.crossings.chunks_exact(2) {
            let (from, to) = (pair[0] as u32 as usize, pair[1] as u32 as usize);
            if from < to {
                emit((pair[0] >> 32) as usize, from..to);
            }
        }
    }

    /// The same for one convex ring, which crosses each row in two places at most: no sort.
    pub fn fill_convex(
        &mut self,
        ring: &[Point],
        rows: Range<usize>,
        cols: usize,
        emit: &mut impl FnMut(usize, Range<usize>),
    ) {
        let (low, high) = ring
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), p| (l.min(p[1]), h.max(p[1])));
        let rows = rows_between(low, high, &rows);
        self.extremes.clear();
        self.extremes.resize(rows.len(), [u32::MAX, 0]);
        for edge in ring.windows(2) {
            cross_rows(edge[0], edge[1], &rows, cols, &mut |row, column| {
                let [from, to] = &mut self.extremes[row - rows.start];
                *from = column.min(*from);
                *to = column.max(*to);
            });
        }
        for (row, &[from, to]) in rows.zip(&self.extremes) {
            if from < to {
                emit(row, from as usize..to as usize);
            }
        }
    }
}

/// Calls `emit(row, column)` where an edge crosses the centre line of one of `rows`, with the first
/// column right of it, from 0 to `cols`.
fn cross_rows(
    a: Point,
    b: Point,
    rows: &Range<usize>,
    cols: usize,
    emit: &mut impl FnMut(usize, u32),
) {
    let (low, high) = if a[1] < b[1] { (a, b) } else { (b, a) };
    let crossed = rows_between(low[1], high[1], rows);
    if low[0] == high[0] {
        let column = column_right_of(low[0], cols);
        crossed.for_each(|row| emit(row, column));
        return;
    }
    for row in crossed {
        let y = row as f64 + 0.5;
        // The order of these operations is GDAL's: it decides centres that lie on an edge.
        let x = (y - low[1]) * (high[0] - low[0]) / (high[1] - low[1]) + low[0];
        emit(row, column_right_of(x, cols));
    }
}

/// Fills the edges of a ring that run along a centre line in the direction that GDAL fills.
fn fill_horizontal_edges(
    ring: &[Point],
    rows: &Range<usize>,
    cols: usize,
    emit: &mut impl FnMut(usize, Range<usize>),
) {
    let mut clockwise = None;
    for edge in ring.windows(2) {
        let [a, b] = [edge[0], edge[1]];
        let row = a[1] - 0.5;
        if a[1] != b[1] || a[0] == b[0] || row != row as i64 as f64 {
            continue;
        }
        let (first, last) = (rows.start as f64, rows.end as f64);
        let leftwards = b[0] < a[0];
        if first <= row
            && row < last
            && leftwards == *clockwise.get_or_insert_with(|| is_clockwise(ring))
        {
            let (low, high) = if leftwards { (b, a) } else { (a, b) };
            let run =
                column_right_of(low[0], cols) as usize..column_right_of(high[0], cols) as usize;
            if !run.is_empty() {
                emit(row as usize, run);
            }
        }
    }
}

/// Direction of a ring (y up) as GDAL sees it: by the turn at its lowest vertex, the rightmost one
/// if there are several, and by its area only where that vertex comes twice or is doubled.
///
/// The two can differ where a ring crosses itself.
fn is_clockwise(ring: &[Point]) -> bool {
    const NEAR: f64 = 1e-5;
    let corners = &ring[..ring.len() - 1];
    let (mut lowest, mut is_plain) = (0, true);
    for (k, p) in corners.iter().enumerate().skip(1) {
        let pivot = corners[lowest];
        if p[1] < pivot[1] || (p[1] == pivot[1] && p[0] > pivot[0]) {
            (lowest, is_plain) = (k, true);
        } else if *p == pivot {
            is_plain = false;
        }
    }
    let from_lowest = |k: usize| {
        let (p, pivot) = (corners[k % corners.len()], corners[lowest]);
        [p[0] - pivot[0], p[1] - pivot[1]]
    };
    let [before, after] = [from_lowest(lowest + corners.len() - 1), from_lowest(lowest + 1)];
    is_plain &= [before, after].iter().all(|d| d[0].abs() >= NEAR || d[1].abs() >= NEAR);
    let turn = after[0] * before[1] - before[0] * after[1];
    if is_plain && turn != 0.0 { turn < 0.0 } else { signed_ring_area(ring) > 0.0 }
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
fn column_right_of(x: f64, cols: usize) -> u32 {
    // Conversion cuts towards 0, and that is floor for what is not cut off at 0.
    ((x + 0.5) as i64).clamp(0, cols as i64) as u32
}

/// `f64::ceil` without the call that it is on machines before SSE 4.1.
fn ceil(value: f64) -> i64 {
    let cut = value as i64;
    cut + i64::from(value > cut as f64)
}
