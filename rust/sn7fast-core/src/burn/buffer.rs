//! A footprint's round buffer as a union of simple pieces, for burning.
//!
//! What lies within a distance of a polygon is the polygon itself, a rectangle on the outer side
//! of every edge, and a sector of a circle at every corner that turns towards the inside. No
//! outline of the union is needed to fill its pixels. Sectors are polygons with the vertices that
//! GEOS puts on a buffer with 16 segments per quarter circle, and neighbouring pieces share their
//! edges to the last bit, so that no pixel falls between them.

use crate::footprints::Point;
use crate::geom::signed_ring_area;
use std::f64::consts::{FRAC_PI_2, TAU};

const SEGMENTS_PER_QUARTER: f64 = 16.0;

/// Makes the pieces; keeps its memory from one ring to the next.
#[derive(Debug, Default)]
pub struct RingBuffer {
    corners: Vec<Point>,
    /// Offset vector of the edge that starts at each corner.
    offsets: Vec<Point>,
    piece: Vec<Point>,
}

impl RingBuffer {
    /// Calls `emit` with each rectangle and sector of a closed ring, as closed convex rings.
    ///
    /// The side of the pieces follows from the ring's direction; where a ring crosses itself, and
    /// so has no outer side, parts of it are not buffered.
    pub fn pieces(
        &mut self,
        ring: &[Point],
        is_outer: bool,
        distance: f64,
        emit: &mut impl FnMut(&[Point]),
    ) {
        self.corners.clear();
        self.corners.extend_from_slice(ring);
        self.corners.dedup();
        self.corners.pop();
        let count = self.corners.len();
        if count < 2 {
            return;
        }
        // Seen with y up, the outside of a clockwise outer ring is on the left.
        let left = if (signed_ring_area(ring) > 0.0) == is_outer { 1.0 } else { -1.0 };
        self.offsets.clear();
        for (k, &a) in self.corners.iter().enumerate() {
            self.offsets.push(offset(a, self.corners[(k + 1) % count], left * distance));
        }
        for k in 0..count {
            let next = (k + 1) % count;
            let (a, b, across) = (self.corners[k], self.corners[next], self.offsets[k]);
            self.piece.clear();
            self.piece.extend([a, b, sum(b, across), sum(a, across), a]);
            emit(&self.piece);
            if turns_inwards(across, self.offsets[next], left) {
                sector(&mut self.piece, b, across, self.offsets[next], left, distance);
                emit(&self.piece);
            }
        }
    }
}

fn sum(a: Point, b: Point) -> Point {
    [a[0] + b[0], a[1] + b[1]]
}

/// What leads from edge a-b to its parallel at this distance on the left.
fn offset(a: Point, b: Point, distance: f64) -> Point {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let length = (dx * dx + dy * dy).sqrt();
    [-(distance * dy / length), distance * dx / length]
}

/// True if the ring turns away from its outer side, or straight back, between edges with these
/// offsets: then there is a gap between their rectangles.
fn turns_inwards(from: Point, to: Point, left: f64) -> bool {
    let cross = from[0] * to[1] - from[1] * to[0];
    let along = from[0] * to[0] + from[1] * to[1];
    if cross == 0.0 { along < 0.0 } else { cross * left < 0.0 }
}

/// The sector about `center` between two offsets, as a closed ring.
fn sector(ring: &mut Vec<Point>, center: Point, from: Point, to: Point, left: f64, radius: f64) {
    let start = from[1].atan2(from[0]);
    let mut turn = to[1].atan2(to[0]) - start;
    // With the outside on the left the sector runs clockwise: its angle is negative.
    if turn * left >= 0.0 {
        turn -= left * TAU;
    }
    let steps = (turn.abs() / (FRAC_PI_2 / SEGMENTS_PER_QUARTER) + 0.5) as usize;
    ring.clear();
    ring.extend([center, sum(center, from)]);
    for k in 1..steps {
        let (sin, cos) = (start + turn * k as f64 / steps as f64).sin_cos();
        ring.push([center[0] + radius * cos, center[1] + radius * sin]);
    }
    ring.extend([sum(center, to), center]);
}
