//! Do rings that cross nowhere lie in each other as the rings of a footprint must?
//!
//! Each hole must lie in its outer ring and in no other hole, polygons outside each other or in
//! each other's holes. One point tells for a whole ring: one that is not on the other ring.
//! A large ring keeps its segments by horizontal bands, since thousands of holes may ask it.

use super::bounds::{Bounds, bounds_of};
use super::segments::{Segment, side};
use super::sweep::for_each_touching_pair;
use crate::footprints::{FootprintRef, Point};

/// Rings with fewer points are looked through as a whole.
const BANDS_FROM: usize = 64;

/// Bands that segments reach over, for each segment, at most and about.
const BANDS_PER_SEGMENT: f64 = 3.0;

/// True if all rings of a footprint nest. They must not cross each other.
pub fn rings_nest(footprint: &FootprintRef<'_>) -> bool {
    let polygons: Vec<Vec<Ring<'_>>> =
        footprint.polygons().map(|rings| rings.filter_map(Ring::new).collect()).collect();
    let parts: Vec<&Vec<Ring<'_>>> = polygons.iter().filter(|rings| !rings.is_empty()).collect();
    let outer: Vec<Bounds> = parts.iter().map(|rings| rings[0].bounds).collect();
    polygons.iter().all(|rings| holes_fit(rings))
        && for_each_touching_pair(&outer, |i, j| {
            !outer[i].overlaps(&outer[j])
                || lies_apart(&parts[i][0], parts[j]) && lies_apart(&parts[j][0], parts[i])
        })
}

/// True if the holes of a polygon lie in its outer ring and outside each other.
fn holes_fit(rings: &[Ring<'_>]) -> bool {
    let Some((outer, holes)) = rings.split_first() else { return true };
    let bounds: Vec<Bounds> = holes.iter().map(|hole| hole.bounds).collect();
    holes.iter().all(|hole| lies_in(hole, outer) != Some(false))
        && for_each_touching_pair(&bounds, |i, j| {
            let (one, other) = (&holes[i], &holes[j]);
            !bounds[i].overlaps(&bounds[j])
                || lies_in(one, other) != Some(true) && lies_in(other, one) != Some(true)
        })
}

/// True if a ring lies outside a polygon or in one of its holes.
fn lies_apart(ring: &Ring<'_>, polygon: &[Ring<'_>]) -> bool {
    let Some((outer, holes)) = polygon.split_first() else { return true };
    lies_in(ring, outer) == Some(false)
        || holes.iter().any(|hole| lies_in(ring, hole) == Some(true))
}

/// Does a ring lie in another? `None` if no point was found that tells.
fn lies_in(ring: &Ring<'_>, other: &Ring<'_>) -> Option<bool> {
    // A pixel in a hole of just its size and a little more may touch the hole with all vertices.
    let vertices = ring.points.iter().copied();
    let between = [0.5, 0.375].into_iter().flat_map(|share| {
        let point = move |k: usize, w: &[Point]| w[0][k] + share * (w[1][k] - w[0][k]);
        ring.points.windows(2).map(move |w| [point(0, w), point(1, w)])
    });
    vertices.chain(between).find_map(|p| other.contains(p))
}

/// A ring, ready for many points.
struct Ring<'a> {
    points: &'a [Point],
    bounds: Bounds,
    bands: Option<Bands>,
}

impl<'a> Ring<'a> {
    fn new(points: &'a [Point]) -> Option<Self> {
        let bounds = bounds_of(points)?;
        let bands = (points.len() >= BANDS_FROM).then(|| Bands::new(points, bounds));
        Some(Self { points, bounds, bands })
    }

    /// True if the point is inside, false if outside, `None` if on the ring.
    fn contains(&self, p: Point) -> Option<bool> {
        let Bounds { min, max } = self.bounds;
        if p[0] < min[0] || p[0] > max[0] || p[1] < min[1] || p[1] > max[1] {
            return Some(false);
        }
        match &self.bands {
            Some(bands) => contains(bands.at(p[1]).iter().copied(), p),
            None => contains(self.points.windows(2).map(|w| [w[0], w[1]]), p),
        }
    }
}

/// Even-odd rule along a ray to the right, decided exactly. There must be all segments that reach
/// the height of the point.
fn contains(segments: impl Iterator<Item = Segment>, p: Point) -> Option<bool> {
    let mut inside = false;
    for [a, b] in segments {
        let passes = (a[1] > p[1]) != (b[1] > p[1]);
        let lies_level = a[1] == p[1] || b[1] == p[1];
        if a == b || !passes && !lies_level || p[0] > a[0].max(b[0]) {
            continue;
        }
        let turn = side([a, b], p);
        // At its height and on its line; right of its left end it is on the segment.
        if turn == 0.0 && p[0] >= a[0].min(b[0]) {
            return None;
        }
        inside ^= passes && (turn > 0.0) == (b[1] > a[1]);
    }
    Some(inside)
}

/// Segments of a ring by horizontal bands.
struct Bands {
    low: f64,
    per_unit: f64,
    /// Start of each band in the segments, and the end of the last.
    starts: Vec<usize>,
    segments: Vec<Segment>,
}

impl Bands {
    fn new(points: &[Point], bounds: Bounds) -> Self {
        let (low, reach) = (bounds.min[1], bounds.max[1] - bounds.min[1]);
        let count = points.len() as f64;
        let total: f64 = points.windows(2).map(|w| (w[1][1] - w[0][1]).abs()).sum();
        // A flat ring gives NaN, of which the cast makes 0.
        let bands = (count / 4.0).min(BANDS_PER_SEGMENT * count * reach / total) as usize + 1;
        let per_unit = bands as f64 / reach;
        let band = |y: f64| (((y - low) * per_unit) as usize).min(bands - 1);
        let range = |w: &[Point]| band(w[0][1].min(w[1][1]))..band(w[0][1].max(w[1][1])) + 1;

        let mut starts = vec![0; bands + 1];
        for band in points.windows(2).flat_map(range) {
            starts[band + 1] += 1;
        }
        for band in 0..bands {
            starts[band + 1] += starts[band];
        }
        let mut next = starts.clone();
        let mut segments = vec![[[0.0; 2]; 2]; starts[bands]];
        for pair in points.windows(2) {
            for band in range(pair) {
                segments[next[band]] = [pair[0], pair[1]];
                next[band] += 1;
            }
        }
        Self { low, per_unit, starts, segments }
    }

    /// All segments that reach this height, and some others.
    fn at(&self, y: f64) -> &[Segment] {
        let last = self.starts.len() - 2;
        let band = (((y - self.low) * self.per_unit) as usize).min(last);
        &self.segments[self.starts[band]..self.starts[band + 1]]
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::geom::segments::{Meeting, meet};
    use proptest::prelude::*;

    /// A ring of whole corners that goes around `count` times; it may cross itself.
    fn ring(
        count: impl Into<proptest::collection::SizeRange>,
    ) -> impl Strategy<Value = Vec<Point>> {
        let corner = (0..40i32, 0..40i32).prop_map(|(x, y)| [f64::from(x), f64::from(y)]);
        proptest::collection::vec(corner, count).prop_map(|mut points| {
            points.push(points[0]);
            points
        })
    }

    proptest! {
        #[test]
        fn bands_change_nothing(points in ring(BANDS_FROM..200), x in -4..84i32, y in -4..84i32) {
            let p = [f64::from(x) / 2.0, f64::from(y) / 2.0];
            let ring = Ring::new(&points).unwrap();
            prop_assert!(ring.bands.is_some());
            let all = points.windows(2).map(|w| [w[0], w[1]]);
            prop_assert_eq!(ring.contains(p), contains(all.clone(), p));
            let on = all.filter(|s| s[0] != s[1]).any(|s| meet(s, [p, p]) != Meeting::Apart);
            prop_assert_eq!(ring.contains(p).is_none(), on);
        }
    }

    #[test]
    fn a_point_next_to_a_slope_is_on_its_side() {
        // A quotient of the coordinates puts some of these points on the wrong side.
        let (a, b) = ([0.1, 0.1], [0.7, 1.3]);
        let points = [a, [5.0, 0.1], [5.0, 1.3], b, a];
        let ring = Ring::new(&points).unwrap();
        for k in 1..1000 {
            let y = 0.1 + 1.2 * f64::from(k) / 1000.0;
            let middle = 0.1 + (y - 0.1) / 2.0;
            for p in [[middle.next_down(), y], [middle, y], [middle.next_up(), y]] {
                let turn = side([b, a], p);
                let wanted = if turn == 0.0 { None } else { Some(turn > 0.0) };
                assert_eq!(ring.contains(p), wanted, "{p:?}");
            }
        }
    }
}
