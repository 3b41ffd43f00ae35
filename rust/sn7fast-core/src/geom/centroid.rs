//! Centroid of a footprint.

use super::segments::Segment;
use crate::footprints::{FootprintRef, Point};

/// Centre of mass of the region, of the outlines if it has no area; `None` if it is empty.
pub fn centroid(footprint: &FootprintRef<'_>) -> Option<Point> {
    let &origin = footprint.points().first()?;
    let (mut area, mut moment) = (0.0, [0.0; 2]);
    for (is_outer, ring) in footprint.rings() {
        let (mut twice, mut sums) = (0.0, [0.0; 2]);
        for [a, b] in seen_from(origin, ring) {
            let cross = a[0] * b[1] - b[0] * a[1];
            twice += cross;
            sums = [sums[0] + cross * (a[0] + b[0]), sums[1] + cross * (a[1] + b[1])];
        }
        // Holes count against the outer rings, whichever way either runs.
        let sign = if (twice > 0.0) == is_outer { 1.0 } else { -1.0 };
        area += sign * 3.0 * twice;
        moment = [moment[0] + sign * sums[0], moment[1] + sign * sums[1]];
    }
    if area == 0.0 {
        return Some(middle_of_outlines(footprint, origin));
    }
    Some([origin[0] + moment[0] / area, origin[1] + moment[1] / area])
}

fn middle_of_outlines(footprint: &FootprintRef<'_>, origin: Point) -> Point {
    let (mut twice, mut moment) = (0.0, [0.0; 2]);
    for (_, ring) in footprint.rings() {
        for [a, b] in seen_from(origin, ring) {
            let length = (b[0] - a[0]).hypot(b[1] - a[1]);
            twice += 2.0 * length;
            moment = [moment[0] + length * (a[0] + b[0]), moment[1] + length * (a[1] + b[1])];
        }
    }
    if twice == 0.0 { origin } else { [0, 1].map(|k| origin[k] + moment[k] / twice) }
}

/// The segments of a ring with the origin moved, which keeps the digits of far-away coordinates.
fn seen_from(origin: Point, ring: &[Point]) -> impl Iterator<Item = Segment> {
    ring.windows(2).map(move |w| [w[0], w[1]].map(|p| [p[0] - origin[0], p[1] - origin[1]]))
}
