//! Which pixels a contour stands for.
//!
//! The original shifts a contour by half a pixel, so that the centre of a pixel is its row and
//! column, shrinks it by a round buffer and takes the pixels on or inside the outline: those whose
//! centre lies inside the contour and no nearer to it than the width of the buffer. That can be
//! seen without building the buffer, and if the shrunken outline falls apart nothing changes.
//!
//! Corners of contours are whole numbers, so no centre comes near a corner, or near an edge along
//! an axis. Sloping edges are looked at one by one.

use crate::burn::Scanner;
use crate::footprints::{FootprintsRef, Point};
use crate::geom::bounds;
use rayon::prelude::*;
use std::ops::Range;

/// Width of the buffer.
const SHRINK: f64 = 0.25;

/// Contours done by one thread at a time.
const CHUNK: usize = 256;

/// Pixels of contours, by rows.
#[derive(Clone, Debug, Default)]
pub struct PixelSets {
    runs: Vec<(u32, Range<u32>)>,
    /// Start of each set in the runs, and the end of the last.
    starts: Vec<usize>,
}

impl PixelSets {
    /// Number of sets.
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// True if there is no set.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rows and columns of a set.
    pub fn runs(&self, set: usize) -> impl Iterator<Item = (usize, Range<usize>)> {
        let runs = &self.runs[self.starts[set]..self.starts[set + 1]];
        runs.iter().map(|(row, run)| (*row as usize, run.start as usize..run.end as usize))
    }

    /// Number of pixels of a set.
    pub fn count(&self, set: usize) -> usize {
        self.runs(set).map(|(_, run)| run.len()).sum()
    }
}

/// The pixels of each contour, inside an image.
pub fn pixel_sets(contours: FootprintsRef<'_>, shape: [usize; 2]) -> PixelSets {
    let chunks: Vec<_> = (0..contours.len().div_ceil(CHUNK))
        .into_par_iter()
        .map(|chunk| {
            let mut patch = Patch::default();
            let (mut runs, mut counts) = (Vec::new(), Vec::new());
            for k in chunk * CHUNK..contours.len().min((chunk + 1) * CHUNK) {
                let before = runs.len();
                let contour = contours.get(k);
                if let Some(around) = bounds(&contour) {
                    let rows = cut(around.min[1], around.max[1], shape[0]);
                    let columns = cut(around.min[0], around.max[0], shape[1]);
                    let rings: Vec<&[Point]> = contour.rings().map(|(_, ring)| ring).collect();
                    patch.draw(&rings, rows, columns);
                    patch.push_runs(&mut runs);
                }
                counts.push(runs.len() - before);
            }
            (runs, counts)
        })
        .collect();
    let mut sets = PixelSets { runs: Vec::new(), starts: vec![0] };
    let mut end = 0;
    for (runs, counts) in chunks {
        sets.runs.extend(runs);
        for count in counts {
            end += count;
            sets.starts.push(end);
        }
    }
    sets
}

/// Rows or columns from `low` to `high`, of which there are `count`.
fn cut(low: f64, high: f64, count: usize) -> Range<usize> {
    // A cast of a negative number gives 0.
    let end = (high.ceil() as usize).min(count);
    (low.floor() as usize).min(end)..end
}

/// Pixels around a contour, 1 where they belong to it.
#[derive(Default)]
struct Patch {
    scanner: Scanner,
    rows: Range<usize>,
    columns: Range<usize>,
    pixels: Vec<u8>,
}

impl Patch {
    fn draw(&mut self, rings: &[&[Point]], rows: Range<usize>, columns: Range<usize>) {
        self.pixels.clear();
        self.pixels.resize(rows.len() * columns.len(), 0);
        (self.rows, self.columns) = (rows, columns);
        let Self { scanner, rows, columns, pixels } = self;
        scanner.fill(rings, rows.clone(), columns.end, &mut |row, run| {
            let start = (row - rows.start) * columns.len();
            let first = run.start.max(columns.start);
            if first < run.end {
                pixels[start + first - columns.start..start + run.end - columns.start].fill(1);
            }
        });
        for edge in rings.iter().flat_map(|ring| ring.windows(2)) {
            if edge[0][0] != edge[1][0] && edge[0][1] != edge[1][1] {
                self.clear_near(edge[0], edge[1]);
            }
        }
    }

    /// Takes out the pixels whose centre is nearer to the edge than the buffer is wide.
    fn clear_near(&mut self, a: Point, b: Point) {
        let Self { rows, columns, pixels, .. } = self;
        let within = |low: f64, high: f64, range: &Range<usize>| {
            // Centres from low to high.
            let start = ((low - 0.5).ceil().max(0.0) as usize).max(range.start);
            let end = (((high - 0.5).floor() + 1.0).max(0.0) as usize).min(range.end);
            start..end.max(start)
        };
        let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
        let half_width = SHRINK * (dx * dx + dy * dy).sqrt() / dy.abs();
        let (low, high) = (a[1].min(b[1]), a[1].max(b[1]));
        for row in within(low - SHRINK, high + SHRINK, rows) {
            let y = row as f64 + 0.5;
            let x = a[0] + (y - a[1]) * dx / dy;
            let left = (x - half_width).max(a[0].min(b[0]) - SHRINK);
            let right = (x + half_width).min(a[0].max(b[0]) + SHRINK);
            for column in within(left, right, columns) {
                let (px, py) = (column as f64 + 0.5 - a[0], y - a[1]);
                let t = ((px * dx + py * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
                let (ex, ey) = (px - t * dx, py - t * dy);
                if ex * ex + ey * ey < SHRINK * SHRINK {
                    pixels[(row - rows.start) * columns.len() + column - columns.start] = 0;
                }
            }
        }
    }

    fn push_runs(&self, runs: &mut Vec<(u32, Range<u32>)>) {
        let first = self.columns.start;
        for (row, line) in
            self.rows.clone().zip(self.pixels.chunks_exact(self.columns.len().max(1)))
        {
            let mut next = 0;
            while let Some(skipped) = line[next..].iter().position(|&pixel| pixel != 0) {
                let start = next + skipped;
                let length = line[start..].iter().position(|&pixel| pixel == 0);
                next = length.map_or(line.len(), |length| start + length);
                runs.push((row as u32, (first + start) as u32..(first + next) as u32));
            }
        }
    }
}
