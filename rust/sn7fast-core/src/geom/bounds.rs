//! Bounding boxes.

use crate::footprints::{FootprintRef, Point};

/// Corners of a bounding box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Smallest x and y.
    pub min: Point,
    /// Largest x and y.
    pub max: Point,
}

impl Bounds {
    /// The smallest box around both.
    pub fn union(&self, other: &Self) -> Self {
        let (a, b) = (self, other);
        Self {
            min: [smaller(a.min[0], b.min[0]), smaller(a.min[1], b.min[1])],
            max: [larger(a.max[0], b.max[0]), larger(a.max[1], b.max[1])],
        }
    }

    /// True if the boxes share an area.
    pub fn overlaps(&self, other: &Self) -> bool {
        let (a, b) = (self, other);
        (a.min[0] < b.max[0])
            & (b.min[0] < a.max[0])
            & (a.min[1] < b.max[1])
            & (b.min[1] < a.max[1])
    }

    /// True if the boxes share a point.
    pub fn touches(&self, other: &Self) -> bool {
        let (a, b) = (self, other);
        (a.min[0] <= b.max[0])
            & (b.min[0] <= a.max[0])
            & (a.min[1] <= b.max[1])
            & (b.min[1] <= a.max[1])
    }
}

/// The smaller of two numbers that are not NaN: one instruction, where `f64::min` takes four.
#[inline]
pub(super) fn smaller(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// The larger of two numbers that are not NaN.
#[inline]
pub(super) fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// Bounding box of a footprint; `None` if it is empty.
pub fn bounds(footprint: &FootprintRef<'_>) -> Option<Bounds> {
    bounds_of(footprint.points())
}

/// Bounding box of points; `None` if there are none.
pub(super) fn bounds_of(points: &[Point]) -> Option<Bounds> {
    let (&first, rest) = points.split_first()?;
    let start = Bounds { min: first, max: first };
    Some(rest.iter().fold(start, |b, &[x, y]| Bounds {
        min: [smaller(x, b.min[0]), smaller(y, b.min[1])],
        max: [larger(x, b.max[0]), larger(y, b.max[1])],
    }))
}
