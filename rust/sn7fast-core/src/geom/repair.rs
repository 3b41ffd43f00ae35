//! Edges of a footprint whose rings cross or touch themselves.
//!
//! The plane is cut into vertical slabs at every vertex and every crossing. In a slab segments do
//! not cross, so from top to bottom each one either changes whether a point is inside, or does not
//! matter. Those that do are edges of the repaired region; an edge goes on through as many slabs as
//! its segment stays one, so that there are not more edges than pieces of segments.

use super::area::signed_ring_area;
use super::edges::Edge;
use super::segments::{Meeting, Segment, for_each_near_pair, meet};
use crate::footprints::{FootprintRef, Point};

/// What is inside a footprint that covers parts of the plane several times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// What a ray leaves through an odd number of segments: the result of GEOS's `make_valid`.
    EvenOdd,
    /// What outer rings wind around, in the direction of their larger part, more often than holes
    /// do: the result of a zero-width buffer in GEOS. Of a bowtie one wing remains.
    Wound,
}

struct Side {
    left: Point,
    right: Point,
    /// What crossing it downwards adds to the winding number.
    winding: i32,
    /// Where the edge began that it is at the moment, and its sign.
    edge: Option<(Point, f64)>,
}

impl Side {
    /// From this x on it is an edge of this sign, or none; an edge of another kind ends.
    fn become_edge(&mut self, x: f64, sign: Option<f64>, edges: &mut Vec<Edge>) {
        if self.edge.map(|(_, sign)| sign) == sign {
            return;
        }
        let here = [x, self.height(x)];
        if let Some((left, sign)) = self.edge {
            edges.push(Edge { left, right: here, sign });
        }
        self.edge = sign.map(|sign| (here, sign));
    }

    fn height(&self, x: f64) -> f64 {
        Edge { left: self.left, right: self.right, sign: 1.0 }.height(x, 0.0)
    }
}

/// Appends the edges of the region inside.
pub fn push_repaired(footprint: &FootprintRef<'_>, inside: Inside, edges: &mut Vec<Edge>) {
    let mut segments: Vec<Segment> = Vec::new();
    let mut sides = Vec::new();
    for (is_outer, ring) in footprint.rings() {
        let outwards = is_outer == (signed_ring_area(ring) >= 0.0);
        for pair in ring.windows(2).filter(|pair| pair[0] != pair[1]) {
            let (from, to) = (pair[0], pair[1]);
            segments.push([from, to]);
            if from[0] != to[0] {
                let rightwards = from[0] < to[0];
                let (left, right) = if rightwards { (from, to) } else { (to, from) };
                let winding = if outwards == rightwards { -1 } else { 1 };
                sides.push(Side { left, right, winding, edge: None });
            }
        }
    }

    let mut cuts: Vec<f64> = segments.iter().map(|s| s[0][0]).collect();
    for_each_near_pair(&segments, |i, j| {
        if meet(segments[i], segments[j]) == Meeting::Cross {
            cuts.push(crossing_x(segments[i], segments[j]));
        }
        true
    });
    cuts.sort_by(f64::total_cmp);
    cuts.dedup();

    sides.sort_by(|a, b| a.left[0].total_cmp(&b.left[0]));
    let mut coming = sides.into_iter().peekable();
    let mut active: Vec<Side> = Vec::new();
    for pair in cuts.windows(2) {
        let (left, right) = (pair[0], pair[1]);
        end_sides(&mut active, left, edges);
        while let Some(side) = coming.next_if(|side| side.left[0] <= left) {
            active.push(side);
        }
        let mut slab: Vec<(f64, usize)> =
            active.iter().map(|side| side.height(left) + side.height(right)).zip(0..).collect();
        slab.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut count, mut winding, mut was_inside) = (0, 0, false);
        for (_, k) in slab {
            count += 1;
            winding += active[k].winding;
            let is_inside = match inside {
                Inside::EvenOdd => count % 2 == 1,
                Inside::Wound => winding > 0,
            };
            let sign = (is_inside != was_inside).then_some(if is_inside { 1.0 } else { -1.0 });
            active[k].become_edge(left, sign, edges);
            was_inside = is_inside;
        }
    }
    end_sides(&mut active, f64::INFINITY, edges);
}

/// Takes out the sides that end before or at this x.
fn end_sides(active: &mut Vec<Side>, x: f64, edges: &mut Vec<Edge>) {
    active.retain_mut(|side| {
        let goes_on = side.right[0] > x;
        if !goes_on {
            side.become_edge(side.right[0], None, edges);
        }
        goes_on
    });
}

/// x where two segments cross.
fn crossing_x([a, b]: Segment, [c, d]: Segment) -> f64 {
    // Relative to a, so that far-away coordinates keep their digits.
    let r = [b[0] - a[0], b[1] - a[1]];
    let s = [d[0] - c[0], d[1] - c[1]];
    let t = ((c[0] - a[0]) * s[1] - (c[1] - a[1]) * s[0]) / (r[0] * s[1] - r[1] * s[0]);
    a[0] + t * r[0]
}
