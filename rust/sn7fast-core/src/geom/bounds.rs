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
        Self {
            min: [self.min[0].min(other.min[0]), self.min[1].min(other.min[1])],
            max: [self.max[0].max(other.max[0]), self.max[1].max(other.max[1])],
        }
    }

    /// True if the boxes share an area.
    pub fn overlaps(&self, other: &Self) -> bool {
        (0..2).all(|k| self.min[k] < other.max[k] && other.min[k] < self.max[k])
    }

    /// True if the boxes share a point.
    pub fn touches(&self, other: &Self) -> bool {
        (0..2).all(|k| self.min[k] <= other.max[k] && other.min[k] <= self.max[k])
    }
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
        min: [b.min[0].min(x), b.min[1].min(y)],
        max: [b.max[0].max(x), b.max[1].max(y)],
    }))
}
