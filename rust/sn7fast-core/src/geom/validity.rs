//! Is a footprint a region that is covered once, with an outline that never touches itself?
//!
//! The rules are those of the OGC simple features that GEOS checks: no ring meets itself, rings of
//! one footprint meet in single points at most, holes lie in their outer ring and outside each
//! other, polygons of a multipolygon lie apart. One rule is left out, since no area depends on it:
//! that the interior hangs together (a chain of holes that touch can cut it).

use super::bounds::{Bounds, bounds_of};
use super::segments::{Meeting, Segment, for_each_near_pair, meet};
use crate::footprints::{FootprintRef, Point};

/// Up to this many segments all pairs are looked at directly.
const FEW: usize = 48;

/// True if the footprint is valid. An empty one is.
pub fn is_valid(footprint: &FootprintRef<'_>) -> bool {
    let mut rings = footprint.rings();
    if let (Some((_, ring)), None) = (rings.next(), rings.next())
        && is_rectangle(ring)
    {
        return true;
    }
    let mut segments: Vec<Segment> = Vec::new();
    let mut ring_starts = vec![0];
    for (_, ring) in footprint.rings() {
        let distinct = ring.windows(2).filter(|w| w[0] != w[1]);
        segments.extend(distinct.map(|w| [w[0], w[1]]));
        let start = ring_starts.last().copied().unwrap_or(0);
        if segments.len() < start + 3 {
            return false;
        }
        ring_starts.push(segments.len());
    }
    segments_allow(&segments, &ring_starts) && rings_nest(footprint)
}

/// Four corners with right angles: the most common shape by far.
fn is_rectangle(ring: &[Point]) -> bool {
    let &[a, b, c, d, _] = ring else { return false };
    let upright = a[0] == b[0] && b[1] == c[1] && c[0] == d[0] && d[1] == a[1];
    let lying = a[1] == b[1] && b[0] == c[0] && c[1] == d[1] && d[0] == a[0];
    (upright || lying) && a[0] != c[0] && a[1] != c[1]
}

fn segments_allow(segments: &[Segment], ring_starts: &[usize]) -> bool {
    let single = ring_starts.len() == 2;
    let allowed = |i: usize, j: usize| {
        let ring_of = |k: usize| if single { 1 } else { ring_starts.partition_point(|&s| s <= k) };
        let meeting = meet(segments[i], segments[j]);
        if ring_of(i) != ring_of(j) {
            return matches!(meeting, Meeting::Apart | Meeting::Touch);
        }
        let (first, end) = (ring_starts[ring_of(i) - 1], ring_starts[ring_of(i)]);
        let are_neighbours = j == i + 1 || i == first && j == end - 1;
        match meeting {
            Meeting::Apart => true,
            Meeting::Touch => are_neighbours,
            Meeting::Cross | Meeting::Overlap => false,
        }
    };
    if segments.len() <= FEW {
        (0..segments.len()).all(|i| (i + 1..segments.len()).all(|j| allowed(i, j)))
    } else {
        for_each_near_pair(segments, allowed)
    }
}

/// A ring and its box.
struct Boxed<'a> {
    ring: &'a [Point],
    bounds: Bounds,
}

impl Boxed<'_> {
    fn may_overlap(&self, other: &Self) -> bool {
        self.bounds.overlaps(&other.bounds)
    }
}

/// Rings do not cross here: so each hole must have a point in its outer ring and in no other hole,
/// and polygons must lie outside each other or in each other's holes.
fn rings_nest(footprint: &FootprintRef<'_>) -> bool {
    let boxed = |ring| bounds_of(ring).map(|bounds| Boxed { ring, bounds });
    let polygons: Vec<Vec<Boxed<'_>>> =
        footprint.polygons().map(|rings| rings.filter_map(boxed).collect()).collect();
    let holes_fit = polygons.iter().all(|rings| {
        let Some((outer, holes)) = rings.split_first() else { return true };
        holes.iter().enumerate().all(|(k, hole)| {
            lies_in(hole, outer) != Some(false)
                && holes[..k].iter().all(|other| {
                    !hole.may_overlap(other)
                        || lies_in(hole, other) != Some(true) && lies_in(other, hole) != Some(true)
                })
        })
    });
    holes_fit
        && polygons.iter().enumerate().all(|(k, one)| {
            polygons[..k].iter().all(|other| match (one.first(), other.first()) {
                (Some(a), Some(b)) if a.may_overlap(b) => {
                    lies_apart(a, other) && lies_apart(b, one)
                }
                _ => true,
            })
        })
}

/// True if a ring lies outside a polygon or in one of its holes.
fn lies_apart(ring: &Boxed<'_>, polygon: &[Boxed<'_>]) -> bool {
    let Some((outer, holes)) = polygon.split_first() else { return true };
    lies_in(ring, outer) == Some(false)
        || holes.iter().any(|hole| lies_in(ring, hole) == Some(true))
}

/// Does a ring lie in another, told by its first vertex that is not on it? `None` if all are.
fn lies_in(ring: &Boxed<'_>, other: &Boxed<'_>) -> Option<bool> {
    ring.ring.iter().find_map(|&p| contains(other.ring, p))
}

/// True if the point is inside, false if outside, `None` if on the ring.
fn contains(ring: &[Point], p: Point) -> Option<bool> {
    let mut inside = false;
    for pair in ring.windows(2) {
        let [a, b] = [pair[0], pair[1]];
        if a != b && meet([a, b], [p, p]) != Meeting::Apart {
            return None;
        }
        if (a[1] > p[1]) != (b[1] > p[1]) {
            let x = a[0] + (p[1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0]);
            inside ^= p[0] < x;
        }
    }
    Some(inside)
}
