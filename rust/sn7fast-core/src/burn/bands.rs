//! Rows of an image shared out to threads.
//!
//! Each band of rows is drawn by itself with all footprints that reach it, in their order. A pixel
//! depends on nothing outside its row, so the number of bands cannot show in the result.

use super::{shape::Shape, spans::rows_between};
use crate::footprints::{FootprintRef, FootprintsRef};
use crate::geom::bounds;
use crate::{Cancel, Result};
use rayon::prelude::*;
use std::ops::Range;

/// Below this many points a second thread costs more than it brings.
const PARALLEL_POINTS: usize = 10_000;

/// Calls `draw(scratch, footprint, rows, pixels)` for every footprint and every band of rows that
/// it comes within `reach` of. `pixels` are those of the band, all of `rows`, which are those of
/// the image. `scratch` is kept from one footprint to the next.
pub(super) fn draw_bands<'a, S: Default>(
    footprints: FootprintsRef<'a>,
    shape: Shape,
    reach: f64,
    image: &mut [u8],
    cancel: &Cancel,
    draw: impl Fn(&mut S, FootprintRef<'a>, Range<usize>, &mut [u8]) + Sync,
) -> Result<()> {
    let all = 0..shape.rows();
    let reached: Vec<Range<usize>> = footprints
        .iter()
        .map(|footprint| match bounds(&footprint) {
            Some(b) if touches_columns(&b, reach, shape) => {
                // A row to spare: what is drawn may be off its bounds by a rounding.
                rows_between(b.min[1] - reach - 1.0, b.max[1] + reach + 1.0, &all)
            }
            _ => 0..0,
        })
        .collect();
    let parallel = footprints.coords().len() >= PARALLEL_POINTS;
    let bands = if parallel { rayon::current_num_threads() } else { 1 };
    let band_rows = shape.rows().div_ceil(bands);
    image.par_chunks_mut(band_rows * shape.cols()).enumerate().try_for_each(|(band, pixels)| {
        let start = band * band_rows;
        let rows = start..start + pixels.len() / shape.cols();
        let mut scratch = S::default();
        for (index, reached) in reached.iter().enumerate() {
            if reached.start.max(rows.start) < reached.end.min(rows.end) {
                cancel.check()?;
                draw(&mut scratch, footprints.get(index), rows.clone(), pixels);
            }
        }
        Ok(())
    })
}

fn touches_columns(b: &crate::geom::Bounds, reach: f64, shape: Shape) -> bool {
    b.max[0] + reach >= -1.0 && b.min[0] - reach <= shape.cols() as f64 + 1.0
}
