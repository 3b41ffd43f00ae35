//! Masks to footprints: one polygon for each connected region, with its holes.
//!
//! A raster is swept once, line by line, on rows packed to one bit a pixel:
//!
//! 1. [`bits`] packs a row: foreground is what lies above the threshold.
//! 2. [`outline`] compares each row with the one before. Where a vertical or horizontal pixel edge
//!    ends there is a corner; corners are linked to rings as they are met. In the same sweep runs
//!    of pixels get fragment numbers, and fragments that turn out to be one region are joined.
//! 3. [`regions`] resolves fragments to regions, drops the small ones before any polygon is built
//!    and puts the others in order.
//! 4. [`emit`] walks the rings of the regions that are left.
//!
//! A raster that does not fit into memory comes band by band ([`bands`]).
//!
//! The cost is one pass over the pixels (packed, 64 at a time) and a few nanoseconds a corner.

mod bands;
mod bits;
mod emit;
mod fragments;
mod outline;
mod regions;

pub use bands::Bands;
pub use bits::{Cut, Pixel};
pub(crate) use fragments::Fragments;

use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::footprints::Footprints;
use outline::{Corner, Outline};
use rayon::prelude::*;
use std::cell::Cell;

/// Most rows or columns of a raster.
const LARGEST: usize = i32::MAX as usize - 1;

/// Which pixels are neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connectivity {
    /// Pixels that share an edge. Every region is one polygon.
    Four,
    /// Pixels that share an edge or a corner. Parts of a region that meet in corners only become
    /// the polygons of one multipolygon, so that the geometry stays valid.
    Eight,
}

/// How to turn pixels into footprints.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Pixels with a value above it are foreground; NaN never is.
    pub threshold: f64,
    /// Regions with fewer pixels are dropped. Holes do not count.
    pub min_area_px: f64,
    /// Which pixels are neighbours.
    pub connectivity: Connectivity,
}

impl Default for Options {
    fn default() -> Self {
        Self { threshold: 0.0, min_area_px: 0.0, connectivity: Connectivity::Four }
    }
}

impl Options {
    fn check(&self) -> Result<()> {
        if self.threshold.is_nan() {
            return Err(Error::argument("threshold", "NaN", "a number"));
        }
        if self.min_area_px.is_nan() {
            return Err(Error::argument("min_area_px", "NaN", "a number of pixels"));
        }
        Ok(())
    }
}

/// Footprints of the foreground regions of a raster, row-major, in pixel coordinates.
///
/// The ring order is that of GDAL's polygonizer: the outer ring starts at the left end of its top
/// edge and runs down first; holes start at the left end of their top edge and run right first;
/// only corners are vertices. No ring touches itself: where the outline of a region would, the
/// loop is a hole that touches the outer ring in one point. Footprints are sorted by the row of
/// their last pixel, then by fragment number (see [`fragments`]).
///
/// # Errors
/// [`Error::Argument`] if `pixels` is not `rows * columns` long, the threshold or the area is NaN,
/// or the result has more points than 32-bit offsets can count.
pub fn polygonize<T: Pixel>(
    pixels: &[T],
    shape: [usize; 2],
    options: &Options,
) -> Result<Footprints> {
    let [rows, columns] = shape;
    if rows > LARGEST || columns > LARGEST || rows.checked_mul(columns) != Some(pixels.len()) {
        let got = format!("{} pixels for a shape of {rows} x {columns}", pixels.len());
        return Err(Error::argument("mask", got, "rows * columns pixels"));
    }
    options.check()?;
    if pixels.is_empty() {
        return Ok(Footprints::default());
    }
    let mut outline = Outline::new(columns, CORNERS.take());
    for row in pixels.chunks_exact(columns) {
        outline.read(row, T::cut(options.threshold))?;
    }
    outline.end()?;
    let regions = regions::Regions::resolve(&mut outline, options);
    let footprints = emit::footprints(&mut outline, &regions);
    if outline.corners.len() <= MOST_CORNERS_KEPT {
        CORNERS.set(outline.corners);
    }
    footprints
}

// A stack has many frames of about the same size. Fresh memory for each would cost more than a
// third of the time, in page faults.
thread_local! {
    static CORNERS: Cell<Vec<Corner>> = const { Cell::new(Vec::new()) };
}

/// 16 MiB a thread.
const MOST_CORNERS_KEPT: usize = 1 << 20;

/// Footprints of several rasters of one shape, in parallel.
///
/// # Errors
/// Those of [`polygonize`], and [`Error::Cancelled`].
pub fn polygonize_frames<T: Pixel>(
    frames: &[&[T]],
    shape: [usize; 2],
    options: &Options,
    cancel: &Cancel,
) -> Result<Vec<Footprints>> {
    frames
        .par_iter()
        .map(|pixels| {
            cancel.check()?;
            polygonize(pixels, shape, options)
        })
        .collect()
}
