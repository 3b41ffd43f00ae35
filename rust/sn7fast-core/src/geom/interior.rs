//! Does the interior of each polygon hang together?
//!
//! Rings of a valid polygon touch in single points. Seen as a graph of rings and of points in which
//! they touch, the rings cut the interior in two exactly where the graph has a cycle: a hole that
//! touches the outer ring twice, or a chain of holes from one side of it to the other.

use super::segments::{Meeting, Segment, for_each_near_pair, meet, side};
use crate::footprints::{FootprintRef, Point};
use std::collections::HashMap;

/// True unless touching rings cut the interior of a polygon in two.
pub fn interiors_hang_together(footprint: &FootprintRef<'_>) -> bool {
    footprint.polygons().all(|rings| {
        let mut segments: Vec<Segment> = Vec::new();
        let mut ring_of: Vec<usize> = Vec::new();
        for (number, ring) in rings.enumerate() {
            segments.extend(ring.windows(2).filter(|w| w[0] != w[1]).map(|w| [w[0], w[1]]));
            ring_of.resize(segments.len(), number);
        }
        let mut touches = Vec::new();
        for_each_near_pair(&segments, |i, j| {
            if ring_of[i] != ring_of[j]
                && let Some(point) = touch(segments[i], segments[j])
            {
                touches.push((point, ring_of[i]));
                touches.push((point, ring_of[j]));
            }
            true
        });
        touches.sort_unstable();
        touches.dedup();
        is_forest(&touches, ring_of.last().map_or(0, |last| last + 1))
    })
}

/// The bits of the point in which two segments touch.
fn touch(s: Segment, t: Segment) -> Option<[u64; 2]> {
    // The sum makes one zero of the two.
    let bits = |[x, y]: Point| [(x + 0.0).to_bits(), (y + 0.0).to_bits()];
    if meet(s, t) != Meeting::Touch {
        return None;
    }
    let on = |s: Segment, p: Point| {
        (0..2).all(|k| s[0][k].min(s[1][k]) <= p[k] && p[k] <= s[0][k].max(s[1][k]))
            && side(s, p) == 0.0
    };
    let end = t.into_iter().find(|&p| on(s, p)).or_else(|| s.into_iter().find(|&p| on(t, p)));
    end.map(bits)
}

/// True if the graph of points and rings has no cycle. No (point, ring) may come twice.
fn is_forest(touches: &[([u64; 2], usize)], rings: usize) -> bool {
    let mut parent: Vec<usize> = (0..rings).collect();
    let mut node_of = HashMap::new();
    let find = |parent: &mut Vec<usize>, mut node: usize| {
        while parent[node] != node {
            parent[node] = parent[parent[node]];
            node = parent[node];
        }
        node
    };
    touches.iter().all(|&(point, ring)| {
        let node = *node_of.entry(point).or_insert_with(|| {
            parent.push(parent.len());
            parent.len() - 1
        });
        let (one, other) = (find(&mut parent, node), find(&mut parent, ring));
        parent[one] = other;
        one != other
    })
}
