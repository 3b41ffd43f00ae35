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
        if ring_starts.len() == 2
            && let Some(is_simple) = rectilinear_is_simple(segments)
        {
            return is_simple;
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

/// Whether a single ring of few segments, upright and lying in turns, never meets itself; `None` for
/// any other ring.
///
/// Each lying segment touches the two upright ones beside it. If there is any other touch, of
/// whatever kind, then some lying segment touches one more: where two lying or two upright segments
/// overlap, the neighbour at an end of one of them touches the other.
fn rectilinear_is_simple(ring: &[Segment]) -> Option<bool> {
    const MOST: usize = FEW / 2;
    let count = ring.len() / 2;
    if ring.len() > FEW || ring.len() % 2 == 1 {
        return None;
    }
    let ([mut x, mut top], mut bottom) = ([[0.0f64; MOST]; 2], [0.0f64; MOST]);
    let first_upright = usize::from(ring[0][0][0] != ring[0][1][0]);
    for (k, pair) in ring.chunks_exact(2).enumerate() {
        let ([a, b], [c, d]) = (pair[first_upright], pair[1 - first_upright]);
        if a[0] != b[0] || c[1] != d[1] {
            return None;
        }
        (x[k], top[k], bottom[k]) = (a[0], smaller(a[1], b[1]), larger(a[1], b[1]));
    }
    let mut touches = 0;
    for lying in ring.iter().skip(1 - first_upright).step_by(2) {
        let (left, right) = (smaller(lying[0][0], lying[1][0]), larger(lying[0][0], lying[1][0]));
        let y = lying[0][1];
        for k in 0..count {
            let meets = (left <= x[k]) & (x[k] <= right) & (top[k] <= y) & (y <= bottom[k]);
            touches += usize::from(meets);
        }
    }
    Some(touches == 2 * count)
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Closed walks on a small grid, a step along x and one along y in turns.
    fn walks() -> impl Strategy<Value = Vec<Segment>> {
        (proptest::collection::vec((0..6i32, 0..6i32), 2..9), any::<bool>()).prop_map(
            |(corners, upright_first)| {
                let mut points = Vec::new();
                for (k, &(x, y)) in corners.iter().enumerate() {
                    let next = corners[(k + 1) % corners.len()];
                    let via = if upright_first { (x, next.1) } else { (next.0, y) };
                    points.extend([(x, y), via]);
                }
                points.push(points[0]);
                let point = |&(x, y): &(i32, i32)| [f64::from(x), f64::from(y)];
                let ends = points.windows(2).filter(|w| w[0] != w[1]);
                ends.map(|w| [point(&w[0]), point(&w[1])]).collect()
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn rectilinear_rings_are_judged_as_by_all_pairs(ring in walks()) {
            if ring.len() < 3 || !turns_everywhere(&ring) {
                return Ok(());
            }
            let starts = [0, ring.len()];
            let touch = Cell::new(false);
            let pairs = (0..ring.len()).flat_map(|i| (i + 1..ring.len()).map(move |j| [i, j]));
            let wanted = pairs.into_iter().all(|pair| may_meet(&ring, &starts, &touch, pair));
            if let Some(is_simple) = rectilinear_is_simple(&ring) {
                prop_assert_eq!(is_simple, wanted);
            }
        }

        #[test]
        fn rings_of_turns_are_judged(ring in walks()) {
            if ring.len() < 4 || !turns_everywhere(&ring) {
                return Ok(());
            }
            let alternates = ring.windows(2).all(|w| {
                (w[0][0][0] == w[0][1][0]) != (w[1][0][0] == w[1][1][0])
            });
            prop_assert_eq!(rectilinear_is_simple(&ring).is_some(), alternates && ring.len() % 2 == 0);
        }
    }
}
