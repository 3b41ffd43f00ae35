//! Regions that were found as appearing buildings are not tracked once more.

use super::Params;
use super::grow::push_pieces;
use crate::cancel::Cancel;
use crate::error::Result;
use crate::footprints::{Builder, FootprintsRef};
use crate::geom::{Bounds, Repair, Shapes, area};
use crate::index::{Blocks, Index};

/// Shared area from which on two polygons overlap.
const OVERLAP: f64 = 1e-5;

/// For each region whether it is kept: it is valid, and overlaps no change polygon near it.
///
/// Near is what the original calls so: the sums of the lower and upper ends of the two boxes lie
/// closer than five times the sum of the roots of the areas, by pi. With a margin change polygons
/// are first grown by so many roots of their area. Without, one that is not valid overlaps
/// nothing.
///
/// # Errors
/// [`crate::Error::Argument`] if there are too many points; [`crate::Error::Cancelled`].
pub fn kept_regions(
    regions: FootprintsRef<'_>,
    changes: FootprintsRef<'_>,
    params: &Params,
    cancel: &Cancel,
) -> Result<Vec<bool>> {
    let is_grown = params.margin > 0.0;
    let mut grown = Builder::new();
    for change in changes.iter() {
        push_pieces(&change, params.margin * area(&change).sqrt(), &mut grown);
    }
    let grown = grown.finish()?;
    // Grown ones are made of pieces that overlap; together they are what a buffer is.
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
            let counts = is_near && (is_grown || changes.is_valid(change));
            (counts && regions.shared_area(k, &changes, change) >= OVERLAP).then_some(())
        })?;
    Ok((0..regions.len()).map(|k| regions.is_valid(k) && found.of(k).is_empty()).collect())
}

/// Distance of the sums of the lower and upper ends.
fn distance(a: &Bounds, b: &Bounds) -> f64 {
    let [dx, dy] = [0, 1].map(|k| a.min[k] + a.max[k] - b.min[k] - b.max[k]);
    (dx * dx + dy * dy).sqrt()
}
