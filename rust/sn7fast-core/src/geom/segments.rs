//! How two segments meet, decided exactly.

use super::bounds::{Bounds, larger, smaller};
use super::sweep::for_each_touching_pair;
use crate::footprints::Point;
use robust::{Coord, orient2d};

/// What two segments have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meeting {
    /// Nothing.
    Apart,
    /// One point that is an end of at least one of them.
    Touch,
    /// One point inside both.
    Cross,
    /// A stretch of positive length.
    Overlap,
}

/// A segment that is not a point.
pub type Segment = [Point; 2];

/// Positive if the point is left of the segment in a y-up plot, 0 on its line.
pub fn side(s: Segment, p: Point) -> f64 {
    let coord = |[x, y]: Point| Coord { x, y };
    orient2d(coord(s[0]), coord(s[1]), coord(p))
}

fn boxes_touch(s: Segment, t: Segment) -> bool {
    (0..2).all(|k| {
        s[0][k].max(s[1][k]) >= t[0][k].min(t[1][k]) && t[0][k].max(t[1][k]) >= s[0][k].min(s[1][k])
    })
}

/// How `s` and `t` meet.
pub fn meet(s: Segment, t: Segment) -> Meeting {
    if !boxes_touch(s, t) {
        return Meeting::Apart;
    }
    let [t1, t2] = t.map(|p| side(s, p));
    if t1 > 0.0 && t2 > 0.0 || t1 < 0.0 && t2 < 0.0 {
        return Meeting::Apart;
    }
    let [s1, s2] = s.map(|p| side(t, p));
    if s1 > 0.0 && s2 > 0.0 || s1 < 0.0 && s2 < 0.0 {
        return Meeting::Apart;
    }
    if t1 == 0.0 && t2 == 0.0 {
        // On one line: compare along the axis in which the first is longer.
        let k = usize::from((s[1][0] - s[0][0]).abs() < (s[1][1] - s[0][1]).abs());
        let from = s[0][k].min(s[1][k]).max(t[0][k].min(t[1][k]));
        let to = s[0][k].max(s[1][k]).min(t[0][k].max(t[1][k]));
        return if from < to { Meeting::Overlap } else { Meeting::Touch };
    }
    if t1 == 0.0 || t2 == 0.0 || s1 == 0.0 || s2 == 0.0 { Meeting::Touch } else { Meeting::Cross }
}

/// Calls `found` for every pair of segments whose boxes share a point, each once and the lower
/// position first. Stops when it returns false; returns false then.
pub fn for_each_near_pair(segments: &[Segment], found: impl FnMut(usize, usize) -> bool) -> bool {
    let boxes: Vec<Bounds> = segments.iter().map(|&s| box_of(s)).collect();
    for_each_touching_pair(&boxes, found)
}

fn box_of([a, b]: Segment) -> Bounds {
    Bounds {
        min: [smaller(a[0], b[0]), smaller(a[1], b[1])],
        max: [larger(a[0], b[0]), larger(a[1], b[1])],
    }
}
