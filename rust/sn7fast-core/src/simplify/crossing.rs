//! Exact predicates on segments.

use crate::footprints::Point;
use robust::{Coord, orient2d};
use std::cmp::Ordering;

/// A segment by its ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Segment(pub(super) Point, pub(super) Point);

/// A box by its smallest and largest corner.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rect {
    pub(super) min: Point,
    pub(super) max: Point,
}

impl Rect {
    /// The smallest box around some points; for none a box that touches nothing.
    pub(super) fn around(points: &[Point]) -> Self {
        let none = Self { min: [f64::INFINITY; 2], max: [f64::NEG_INFINITY; 2] };
        points.iter().fold(none, |r, p| Self {
            min: [r.min[0].min(p[0]), r.min[1].min(p[1])],
            max: [r.max[0].max(p[0]), r.max[1].max(p[1])],
        })
    }

    /// True if the boxes share a point.
    pub(super) fn touches(&self, other: &Self) -> bool {
        (0..2).all(|k| self.min[k] <= other.max[k] && other.min[k] <= self.max[k])
    }

    /// True if the point lies in the box or on its rim.
    pub(super) fn contains(&self, p: Point) -> bool {
        (0..2).all(|k| self.min[k] <= p[k] && p[k] <= self.max[k])
    }
}

impl Segment {
    pub(super) fn rect(&self) -> Rect {
        Rect::around(&[self.0, self.1])
    }

    fn has_end(&self, p: Point) -> bool {
        self.0 == p || self.1 == p
    }

    /// Side of the line on which p lies.
    fn side(&self, p: Point) -> Ordering {
        let [a, b, c] = [self.0, self.1, p].map(|[x, y]| Coord { x, y });
        orient2d(a, b, c).partial_cmp(&0.0).unwrap_or(Ordering::Equal)
    }

    /// Distance of p from the nearest point of the segment.
    ///
    /// The order of these operations is that of GEOS: it decides which of two vertices is farther.
    pub(super) fn distance(&self, p: Point) -> f64 {
        let Self(a, b) = *self;
        let from =
            |q: Point| ((p[0] - q[0]) * (p[0] - q[0]) + (p[1] - q[1]) * (p[1] - q[1])).sqrt();
        if a == b {
            return from(a);
        }
        let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
        let squared = dx * dx + dy * dy;
        let along = ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / squared;
        if along <= 0.0 {
            return from(a);
        }
        if along >= 1.0 {
            return from(b);
        }
        let across = ((a[1] - p[1]) * dx - (a[0] - p[0]) * dy) / squared;
        across.abs() * squared.sqrt()
    }

    /// True if the point lies on the line through the segment.
    pub(super) fn is_in_line_with(&self, p: Point) -> bool {
        self.side(p) == Ordering::Equal
    }

    /// True if the segments are the same, or share a point that is not an end of both.
    pub(super) fn conflicts(&self, other: &Self) -> bool {
        if !self.rect().touches(&other.rect()) {
            return false;
        }
        if self.has_end(other.0)
            && self.has_end(other.1)
            && other.has_end(self.0)
            && other.has_end(self.1)
        {
            return true;
        }
        let sides =
            [self.side(other.0), self.side(other.1), other.side(self.0), other.side(self.1)];
        let apart = |a: Ordering, b: Ordering| a == b && a != Ordering::Equal;
        if apart(sides[0], sides[1]) || apart(sides[2], sides[3]) {
            return false;
        }
        if sides == [Ordering::Equal; 4] {
            let inside = |of: &Self, p: Point| of.rect().contains(p) && !of.has_end(p);
            return inside(self, other.0)
                || inside(self, other.1)
                || inside(other, self.0)
                || inside(other, self.1);
        }
        if sides.contains(&Ordering::Equal) {
            // They touch in one point, which is an end of one of them.
            return !(self.has_end(other.0) || self.has_end(other.1));
        }
        true
    }
}

/// True if a ray from p to the right crosses the path through `points` an odd number of times.
pub(super) fn is_crossed_oddly(points: &[Point], p: Point) -> bool {
    let crosses = |edge: &&[Point]| {
        let (a, b) = (edge[0], edge[1]);
        if (a[1] > p[1]) == (b[1] > p[1]) || b == p {
            return false;
        }
        let (low, high) = if a[1] < b[1] { (a, b) } else { (b, a) };
        // Seen along an upward edge, the ray comes from the left.
        Segment(low, high).side(p) == Ordering::Greater
    };
    points.windows(2).filter(crosses).count() % 2 == 1
}
