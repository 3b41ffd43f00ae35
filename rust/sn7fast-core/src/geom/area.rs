//! Areas by the shoelace formula.
//!
//! The x of the first point is taken off before multiplying, so that far-away coordinates (metres
//! in Web Mercator) keep their digits, and the terms are added in the order that GEOS uses: equal
//! polygons get equal bits here and in shapely, which decides ties in tracking.

use crate::footprints::{FootprintRef, FootprintsRef, Point};

/// Signed area of a closed ring: positive if it runs clockwise in a y-up plot.
pub fn signed_ring_area(ring: &[Point]) -> f64 {
    let Some(&[x0, _]) = ring.first() else { return 0.0 };
    let twice = ring.windows(3).fold(0.0, |sum, w| sum + (w[1][0] - x0) * (w[0][1] - w[2][1]));
    twice / 2.0
}

/// Area of a footprint: outer rings less holes, whatever their direction, polygon by polygon.
pub fn area(footprint: &FootprintRef<'_>) -> f64 {
    footprint.polygons().fold(0.0, |sum, rings| {
        let mut areas = rings.map(|ring| signed_ring_area(ring).abs());
        let outer = areas.next().unwrap_or(0.0);
        sum + areas.fold(outer, |rest, hole| rest - hole)
    })
}

/// Areas of all footprints.
pub fn areas(footprints: FootprintsRef<'_>) -> Vec<f64> {
    footprints.iter().map(|footprint| area(&footprint)).collect()
}
