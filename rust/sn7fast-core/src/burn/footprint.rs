//! Footprint mask.

use super::{bands::draw_bands, shape::Shape, spans::Scanner};
use crate::footprints::{FootprintRef, FootprintsRef, Point};
use crate::{Cancel, Result};
use std::ops::Range;

/// What is kept from one footprint to the next.
#[derive(Default)]
pub(super) struct Scratch<'a> {
    scanner: Scanner,
    rings: Vec<&'a [Point]>,
}

impl<'a> Scratch<'a> {
    /// Runs of pixels of all polygons of a footprint, each polygon by itself.
    pub(super) fn fill(
        &mut self,
        footprint: &FootprintRef<'a>,
        rows: &Range<usize>,
        cols: usize,
        emit: &mut impl FnMut(usize, Range<usize>),
    ) {
        for polygon in footprint.polygons() {
            self.rings.clear();
            self.rings.extend(polygon);
            self.scanner.fill(&self.rings, rows.clone(), cols, emit);
        }
    }
}

/// Burns footprints into an image of zeros, row after row: a pixel gets `value` if its centre lies
/// in some footprint.
///
/// The parts of a multipolygon are burnt one by one, so they may overlap, as in GDAL.
///
/// # Errors
/// [`crate::Error::Argument`] if the image does not fit into memory;
/// [`crate::Error::Cancelled`].
pub fn rasterize(
    footprints: FootprintsRef<'_>,
    shape: Shape,
    value: u8,
    cancel: &Cancel,
) -> Result<Vec<u8>> {
    let mut image = shape.zeros(1)?;
    let cols = shape.cols();
    draw_bands(footprints, shape, 0.0, &mut image, cancel, |scratch, footprint, rows, pixels| {
        let scratch: &mut Scratch<'_> = scratch;
        scratch.fill(&footprint, &rows, cols, &mut |row, columns| {
            let start = (row - rows.start) * cols;
            pixels[start + columns.start..start + columns.end].fill(value);
        });
    })?;
    Ok(image)
}
