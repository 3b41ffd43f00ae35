//! A region as a sum of half-planes cut to strips.
//!
//! Every edge that is not vertical stands for the part of the plane below it (larger y) between
//! its ends, counted +1 where the region begins below the edge and -1 where it ends:
//!
//! ```text
//!   +-----+  edge +1        1 inside = (+1 of all below the top edge)
//!   |     |                          + (-1 of all below the bottom edge)
//!   +-----+  edge -1
//! ```
//!
//! Vertical edges cover nothing and are left out.

use super::area::signed_ring_area;
use super::bounds::Bounds;
use crate::footprints::{FootprintRef, Point};

/// An edge with what lies below it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// Left end.
    pub left: Point,
    /// Right end.
    pub right: Point,
    /// +1 or -1, see the module.
    pub sign: f64,
}

impl Edge {
    /// y on the edge's line at `x`, less `base`.
    pub fn height(&self, x: f64, base: f64) -> f64 {
        let [x1, y1] = self.left;
        let [x2, y2] = self.right;
        if y1 == y2 || x == x1 {
            y1 - base
        } else if x == x2 {
            y2 - base
        } else {
            (y1 - base) + (x - x1) * ((y2 - y1) / (x2 - x1))
        }
    }
}

impl Bounds {
    /// Edges of the box as a region.
    pub(super) fn edges(&self) -> [Edge; 2] {
        let ([left, top], [right, bottom]) = (self.min, self.max);
        [(top, 1.0), (bottom, -1.0)].map(|(y, sign)| Edge {
            left: [left, y],
            right: [right, y],
            sign,
        })
    }
}

/// Appends the edges of a valid footprint. Returns true if all are horizontal: then, and with
/// vertical edges between them, sums over pairs of edges are exact for whole coordinates.
pub fn push_edges(footprint: &FootprintRef<'_>, edges: &mut Vec<Edge>) -> bool {
    let mut rectilinear = true;
    for (is_outer, ring) in footprint.rings() {
        let outwards = is_outer == (signed_ring_area(ring) > 0.0);
        for pair in ring.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            if from[0] == to[0] {
                continue;
            }
            rectilinear &= from[1] == to[1];
            let rightwards = from[0] < to[0];
            let (left, right) = if rightwards { (from, to) } else { (to, from) };
            let sign = if outwards == rightwards { -1.0 } else { 1.0 };
            edges.push(Edge { left, right, sign });
        }
    }
    rectilinear
}

/// Area of the region that the edges stand for.
pub fn region_area(edges: &[Edge]) -> f64 {
    let Some(first) = edges.first() else { return 0.0 };
    let base = first.left[1];
    let below = |edge: &Edge| {
        let middle = ((edge.left[1] - base) + (edge.right[1] - base)) / 2.0;
        -edge.sign * (edge.right[0] - edge.left[0]) * middle
    };
    edges.iter().map(below).sum()
}
