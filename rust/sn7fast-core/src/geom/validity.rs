//! Is a footprint a region that is covered once, with an outline that never touches itself?
//!
//! The rules are those of the OGC simple features that GEOS checks: no ring meets itself, rings of
//! one footprint meet in single points at most, holes lie in their outer ring and outside each
//! other, polygons of a multipolygon lie apart. One rule is left out, since no area depends on it:
//! that the interior hangs together (a chain of holes that touch can cut it).

use super::bounds::{Bounds, bounds_of};
use super::segments::{Meeting, Segment, for_each_near_pair, meet};
use crate::footprints::{FootprintRef, Point};

/// True if the footprint is valid. An empty one is.
pub fn is_valid(footprint: &FootprintRef<'_>) -> bool {
    Checker::default().is_valid(footprint)
}

/// Checks footprints one after the other with the same memory.
#[derive(Debug, Default)]
pub struct Checker {
    segments: Vec<Segment>,
    boxes: Vec<Bounds>,
    /// Start of each ring in the segments, and the end of the last.
    ring_starts: Vec<usize>,
}

/// Up to this many segments all pairs are looked at directly.
const FEW: usize = 64;

impl Checker {
    /// True if the footprint is valid. An empty one is.
    pub fn is_valid(&mut self, footprint: &FootprintRef<'_>) -> bool {
        self.segments.clear();
        self.boxes.clear();
        self.ring_starts.clear();
        self.ring_starts.push(0);
        for (_, ring) in footprint.rings() {
            let start = self.segments.len();
            let distinct = ring.windows(2).filter(|w| w[0] != w[1]);
            self.segments.extend(distinct.map(|w| [w[0], w[1]]));
            if self.segments.len() < start + 3 {
                return false;
            }
            self.ring_starts.push(self.segments.len());
        }
        let is_single = self.ring_starts.len() <= 2;
        if is_single && is_rectangle(&self.segments) {
            return true;
        }
        self.segments_allow() && (is_single || rings_nest(footprint))
    }

    /// True if no two segments meet in a way that rings may not.
    fn segments_allow(&mut self) -> bool {
        let Self { segments, boxes, ring_starts } = self;
        let allowed = |i: usize, j: usize| may_meet(segments, ring_starts, i, j);
        if segments.len() > FEW {
            return for_each_near_pair(segments, allowed);
        }
        boxes.extend(segments.iter().map(|&[a, b]| Bounds {
            min: [a[0].min(b[0]), a[1].min(b[1])],
            max: [a[0].max(b[0]), a[1].max(b[1])],
        }));
        boxes.iter().enumerate().all(|(i, one)| {
            let near = |(_, other): &(usize, &Bounds)| one.touches(other);
            boxes.iter().enumerate().skip(i + 1).filter(near).all(|(j, _)| allowed(i, j))
        })
    }
}

/// Four sides at right angles: the most common shape by far.
fn is_rectangle(segments: &[Segment]) -> bool {
    let &[[a, _], [b, _], [c, _], [d, _]] = segments else { return false };
    let upright = a[0] == b[0] && b[1] == c[1] && c[0] == d[0] && d[1] == a[1];
    let lying = a[1] == b[1] && b[0] == c[0] && c[1] == d[1] && d[0] == a[0];
    (upright || lying) && a[0] != c[0] && a[1] != c[1]
}

/// Whether two segments, i before j, meet as they may.
fn may_meet(segments: &[Segment], ring_starts: &[usize], i: usize, j: usize) -> bool {
    let ring_of = |k: usize| ring_starts.partition_point(|&start| start <= k);
    let (one, other) = (ring_of(i), ring_of(j));
    let (first, end) = (ring_starts[one - 1], ring_starts[one]);
    if one != other {
        return matches!(meet(segments[i], segments[j]), Meeting::Apart | Meeting::Touch);
    }
    let are_neighbours = j == i + 1 || i == first && j == end - 1;
    if are_neighbours {
        // They share an end: the question is whether one runs back along the other.
        return turns_on(segments[i], segments[j])
            || meet(segments[i], segments[j]) == Meeting::Touch;
    }
    meet(segments[i], segments[j]) == Meeting::Apart
}

/// True for an upright and a lying segment, which cannot run along each other.
fn turns_on([a, b]: Segment, [c, d]: Segment) -> bool {
    a[0] == b[0] && c[1] == d[1] || a[1] == b[1] && c[0] == d[0]
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
