//! Contact mask: gaps between buildings that are near each other.

use super::bands::draw_bands;
use super::buffer::RingBuffer;
use super::{shape::Shape, spans::Scanner};
use crate::footprints::{FootprintRef, FootprintsRef, Point};
use crate::{Cancel, Result};
use std::ops::Range;

/// The runs of one footprint's buffer; keeps its memory from one to the next.
#[derive(Default)]
struct Buffered<'a> {
    scanner: Scanner,
    buffer: RingBuffer,
    rings: Vec<&'a [Point]>,
    /// (row, first column, column after the last), overlapping each other.
    runs: Vec<(u32, u32, u32)>,
}

impl<'a> Buffered<'a> {
    /// Calls `emit` for runs that together make the buffer, each pixel once.
    fn fill(
        &mut self,
        footprint: &FootprintRef<'a>,
        distance: f64,
        rows: &Range<usize>,
        cols: usize,
        mut emit: impl FnMut(usize, Range<usize>),
    ) {
        let Self { scanner, buffer, rings, runs } = self;
        runs.clear();
        let mut keep = |row: usize, run: Range<usize>| {
            runs.push((row as u32, run.start as u32, run.end as u32))
        };
        for polygon in footprint.polygons() {
            rings.clear();
            rings.extend(polygon);
            scanner.fill(rings, rows.clone(), cols, &mut keep);
            for (k, ring) in rings.iter().enumerate() {
                buffer.pieces(ring, k == 0, distance, &mut |piece| {
                    scanner.fill(&[piece], rows.clone(), cols, &mut keep);
                });
            }
        }
        runs.sort_unstable();
        let (mut row, mut filled_to) = (u32::MAX, 0);
        for &(r, from, to) in runs.iter() {
            if r != row {
                (row, filled_to) = (r, 0);
            }
            if to > filled_to {
                emit(r as usize, from.max(filled_to) as usize..to as usize);
                filled_to = to;
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
    let cols = shape.cols();
    if distance == 0.0 {
        // Without a buffer only footprints themselves can overlap, and they are left out.
        return Ok(image);
    }
    draw_bands(footprints, shape, distance, &mut image, cancel, |scratch, one, rows, pixels| {
        let scratch: &mut Buffered<'_> = scratch;
        scratch.fill(&one, distance, &rows, cols, |row, run| {
            let start = (row - rows.start) * cols;
            for near in &mut pixels[start + run.start..start + run.end] {
                // 0, 1, or 2 for two and more.
                *near += u8::from(*near < 2);
            }
        });
    })?;
    for (pixel, &inside) in image.iter_mut().zip(footprint_mask) {
        *pixel = if *pixel == 2 && inside == 0 { value } else { 0 };
    }
    Ok(image)
}
