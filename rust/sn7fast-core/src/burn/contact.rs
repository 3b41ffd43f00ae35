//! Contact mask: gaps between buildings that are near each other.

use super::bands::draw_bands;
use super::buffer::RingBuffer;
use super::shape::Shape;
use super::spans::{Scanner, rows_between};
use crate::footprints::{FootprintRef, FootprintsRef, Point};
use crate::geom::{Bounds, bounds};
use crate::{Cancel, Result};
use std::ops::Range;

/// Draws the buffer of one footprint; keeps its memory from one to the next.
#[derive(Default)]
struct Buffered<'a> {
    scanner: Scanner,
    buffer: RingBuffer,
    rings: Vec<&'a [Point]>,
    /// The pixels around the footprint: 1 in its buffer.
    patch: Vec<u8>,
}

impl<'a> Buffered<'a> {
    /// Adds 1 to the pixels of the buffer, up to 2. `pixels` are those of `rows`.
    fn count(
        &mut self,
        footprint: &FootprintRef<'a>,
        distance: f64,
        rows: &Range<usize>,
        shape: Shape,
        pixels: &mut [u8],
    ) {
        let Self { scanner, buffer, rings, patch } = self;
        let Some(Bounds { min, max }) = bounds(footprint) else { return };
        let around = |low: f64, high: f64, within: &Range<usize>| {
            rows_between(low - distance - 1.0, high + distance + 1.0, within)
        };
        let (rows_here, cols_here) =
            (around(min[1], max[1], rows), around(min[0], max[0], &(0..shape.cols())));
        if rows_here.is_empty() || cols_here.is_empty() {
            return;
        }
        patch.clear();
        patch.resize(rows_here.len() * cols_here.len(), 0);
        let mut draw = |row: usize, run: Range<usize>| {
            let start = (row - rows_here.start) * cols_here.len();
            patch[start + run.start - cols_here.start..start + run.end - cols_here.start].fill(1);
        };
        for polygon in footprint.polygons() {
            rings.clear();
            rings.extend(polygon);
            scanner.fill(rings, rows_here.clone(), cols_here.end, &mut draw);
            for (k, ring) in rings.iter().enumerate() {
                buffer.pieces(ring, k == 0, distance, &mut |piece| {
                    scanner.fill_convex(piece, rows_here.clone(), cols_here.end, &mut draw);
                });
            }
        }
        for (row, line) in rows_here.zip(patch.chunks_exact(cols_here.len())) {
            let start = (row - rows.start) * shape.cols() + cols_here.start;
            for (count, &one) in pixels[start..].iter_mut().zip(line) {
                *count = (*count + one).min(2);
            }
        }
    }
}

/// Burns pixels whose centre lies within `distance` of two footprints or more and in no footprint;
/// `footprint_mask` shows the latter.
pub(super) fn contact_mask(
    footprints: FootprintsRef<'_>,
    shape: Shape,
    distance: f64,
    footprint_mask: &[u8],
    value: u8,
    cancel: &Cancel,
) -> Result<Vec<u8>> {
    let mut image = shape.zeros(1)?;
    if distance == 0.0 {
        // Without a buffer only footprints themselves can overlap, and they are left out.
        return Ok(image);
    }
    draw_bands(footprints, shape, distance, &mut image, cancel, |scratch, one, rows, pixels| {
        let scratch: &mut Buffered<'_> = scratch;
        scratch.count(&one, distance, &rows, shape, pixels);
    })?;
    for (pixel, &inside) in image.iter_mut().zip(footprint_mask) {
        *pixel = if *pixel == 2 && inside == 0 { value } else { 0 };
    }
    Ok(image)
}
