//! Is a footprint a region that is covered once, with an outline that never touches itself?
//!
//! The rules are those of the OGC simple features that GEOS checks: no ring meets itself, rings of
//! one footprint meet in single points at most, holes lie in their outer ring and outside each
//! other, polygons of a multipolygon lie apart ([`nesting`](super::nesting)), and the interior of
//! each polygon hangs together ([`interior`](super::interior)).

use super::bounds::{Bounds, larger, smaller};
use super::interior::interiors_hang_together;
use super::nesting::rings_nest;
use super::segments::{Meeting, Segment, for_each_near_pair, meet};
use crate::footprints::FootprintRef;
use std::cell::Cell;

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
        let rings_touch = Cell::new(false);
        self.segments_allow(&rings_touch)
            && (is_single || rings_nest(footprint))
            && (!rings_touch.get() || interiors_hang_together(footprint))
    }

    /// True if no two segments meet in a way that rings may not. Notes if two rings touch.
    fn segments_allow(&mut self, rings_touch: &Cell<bool>) -> bool {
        let Self { segments, boxes, ring_starts } = self;
        let rings = || ring_starts.windows(2).map(|w| w[0]..w[1]);
        if !rings().all(|ring| turns_everywhere(&segments[ring])) {
            return false;
        }
        let may_meet = |i: usize, j: usize| may_meet(segments, ring_starts, rings_touch, [i, j]);
        if segments.len() > FEW {
            return for_each_near_pair(segments, may_meet);
        }
        boxes.extend(segments.iter().map(|&[a, b]| Bounds {
            min: [smaller(a[0], b[0]), smaller(a[1], b[1])],
            max: [larger(a[0], b[0]), larger(a[1], b[1])],
        }));
        for (i, one) in boxes.iter().enumerate() {
            // On a ring the next segment touches this one; that was looked at.
            let is_same_ring = ring_starts.len() == 2 || !ring_starts.contains(&(i + 1));
            let next = i + 1 + usize::from(is_same_ring);
            for (j, other) in boxes.iter().enumerate().skip(next) {
                if one.touches(other) && !may_meet(i, j) {
                    return false;
                }
            }
        }
        true
    }
}

/// True if no segment of a ring runs back along the one before.
fn turns_everywhere(ring: &[Segment]) -> bool {
    let turns = |one: Segment, next: Segment| {
        let ([a, b], [c, d]) = (one, next);
        // At right angles to the axes: nearly always so, and quick to tell.
        let upright = [a[0] == b[0], c[0] == d[0]];
        let lying = [a[1] == b[1], c[1] == d[1]];
        upright[0] && lying[1] || lying[0] && upright[1] || meet(one, next) == Meeting::Touch
    };
    let closing = ring.last().zip(ring.first()).is_none_or(|(&last, &first)| turns(last, first));
    closing && ring.windows(2).all(|w| turns(w[0], w[1]))
}

/// Whether two segments, i before j, meet as they may. Neighbours on a ring do.
fn may_meet(
    segments: &[Segment],
    ring_starts: &[usize],
    rings_touch: &Cell<bool>,
    [i, j]: [usize; 2],
) -> bool {
    let (start, end) = match *ring_starts {
        [start, end] => (start, end),
        _ => {
            let ring = ring_starts.partition_point(|&start| start <= i);
            (ring_starts[ring - 1], ring_starts[ring])
        }
    };
    if j >= end {
        let meeting = meet(segments[i], segments[j]);
        rings_touch.set(rings_touch.get() || meeting == Meeting::Touch);
        return matches!(meeting, Meeting::Apart | Meeting::Touch);
    }
    let closes = j == end - 1 && i == start;
    j == i + 1 || closes || meet(segments[i], segments[j]) == Meeting::Apart
}
