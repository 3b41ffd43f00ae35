//! Regions that were found as appearing buildings are not tracked once more.

use super::Params;
use crate::burn::RingBuffer;
use crate::cancel::Cancel;
use crate::error::Result;
use crate::footprints::{Builder, Footprints, FootprintsRef};
use crate::geom::{Bounds, Repair, Shapes, area};
use crate::index::{Blocks, Index};

/// Shared area from which on two polygons overlap.
const OVERLAP: f64 = 1e-5;

/// For each region whether it is kept: it is valid, and overlaps no change polygon near it.
///
/// Near is what the original calls so: the sums of the lower and upper ends of the two boxes lie
/// closer than five times the sum of the roots of the areas, by pi. With a margin change polygons
/// are first grown by so many roots of their area.
///
/// # Errors
/// [`crate::Error::Argument`] if there are too many points; [`crate::Error::Cancelled`].
pub fn kept_regions(
    regions: FootprintsRef<'_>,
    changes: FootprintsRef<'_>,
    params: &Params,
    cancel: &Cancel,
) -> Result<Vec<bool>> {
    let grown = grow(changes, params.margin)?;
    let changes = Shapes::prepare(grown.view(), Repair::ZeroBuffer);
    let regions = Shapes::prepare(regions, Repair::ZeroBuffer);
    let index = Index::new(&changes, 0..changes.len());
    let found =
        index.near_pairs(&Blocks::new(&regions, 0..regions.len()), cancel, |k, change| {
            let is_near = match (regions.bounds(k), changes.bounds(change)) {
                (Some(a), Some(b)) => {
                    let reach = regions.area(k).sqrt() + changes.area(change).sqrt();
                    distance(&a, &b) < 5.0 * reach / std::f64::consts::PI
                }
                _ => false,
            };
            (is_near && regions.shared_area(k, &changes, change) >= OVERLAP).then_some(())
        })?;
    Ok((0..regions.len()).map(|k| regions.is_valid(k) && found.of(k).is_empty()).collect())
}

/// Distance of the sums of the lower and upper ends.
fn distance(a: &Bounds, b: &Bounds) -> f64 {
    let [dx, dy] = [0, 1].map(|k| a.min[k] + a.max[k] - b.min[k] - b.max[k]);
    (dx * dx + dy * dy).sqrt()
}

/// Polygons with their round buffers, as a polygon and the pieces around it.
fn grow(polygons: FootprintsRef<'_>, margin: f64) -> Result<Footprints> {
    let mut out = Builder::new();
    let mut buffer = RingBuffer::default();
    for footprint in polygons.iter() {
        for rings in footprint.polygons() {
            rings.for_each(|ring| out.ring(ring.iter().copied()));
            out.end_polygon();
        }
        let width = margin * area(&footprint).sqrt();
        if width > 0.0 {
            for (is_outer, ring) in footprint.rings() {
                buffer.pieces(ring, is_outer, width, &mut |piece| {
                    out.ring(piece.iter().copied());
                    out.end_polygon();
                });
            }
        }
        out.end_footprint();
    }
    out.finish()
}
