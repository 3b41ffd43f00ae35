//! Regions grown by a round buffer, as GEOS builds it with 16 segments per quarter circle.
//!
//! The curve at the wanted distance runs along the outer ring: an edge beside each edge, an arc
//! around each corner that turns outwards; edges that meet before a corner that turns inwards end
//! where they cross. It touches or crosses itself where a gap closes. So it is cut at all such
//! points into chains, and the outermost way along them is the grown outline. Gaps that closed
//! around something leave no hole: only outlines are wanted.
//!
//! Where a ring starts decides what simplifying leaves of it, so this is as in GEOS too: a search
//! through the graph of chains begins at the lowest point (x, then y) at which chains end, and the
//! ring starts with the first chain found that is part of it.

use crate::burn::RingBuffer;
use crate::error::Result;
use crate::footprints::{Builder, FootprintRef, Footprints, Point};
use crate::geom::{Meeting, Repair, Segment, Shapes, for_each_near_pair, meet, side};
use std::cmp::Ordering;
use std::f64::consts::{FRAC_PI_2, TAU};

const SEGMENTS_PER_QUARTER: f64 = 16.0;

/// A footprint and the pieces of its round buffer, as one footprint that overlaps itself: what its
/// outer rings wind around is the grown region.
pub fn push_pieces(footprint: &FootprintRef<'_>, width: f64, out: &mut Builder) {
    for rings in footprint.polygons() {
        rings.for_each(|ring| out.ring(ring.iter().copied()));
        out.end_polygon();
    }
    if width > 0.0 {
        let mut buffer = RingBuffer::default();
        for (is_outer, ring) in footprint.rings() {
            buffer.pieces(ring, is_outer, width, &mut |piece| {
                out.ring(piece.iter().copied());
                out.end_polygon();
            });
        }
    }
    out.end_footprint();
}

/// Outlines of the polygons grown by `width`, those whose area is at least `min_area`.
///
/// # Errors
/// [`crate::Error::Argument`] if there are too many points.
pub fn grown_outlines(polygons: &Footprints, width: f64, min_area: f64) -> Result<Footprints> {
    let mut pieces = Builder::new();
    polygons.view().iter().for_each(|polygon| push_pieces(&polygon, width, &mut pieces));
    let pieces = pieces.finish()?;
    let regions = Shapes::prepare(pieces.view(), Repair::ZeroBuffer);
    let mut out = Builder::new();
    for (k, polygon) in polygons.view().iter().enumerate() {
        if regions.area(k) < min_area {
            continue;
        }
        if let Some((_, ring)) = polygon.rings().next() {
            out.ring(outline(&curve(ring, width)));
            out.end_polygon();
            out.end_footprint();
        }
    }
    out.finish()
}

/// The curve on the left of a closed ring, without its closing point; y points up.
fn curve(ring: &[Point], width: f64) -> Vec<Point> {
    let corners = &ring[..ring.len() - 1];
    let count = corners.len();
    let mut curve: Vec<Point> = Vec::new();
    let mut push = |point: Point| {
        let near = |last: &Point| {
            let [dx, dy] = [last[0] - point[0], last[1] - point[1]];
            (dx * dx + dy * dy).sqrt() < width * 1e-6
        };
        if !curve.last().is_some_and(near) {
            curve.push([point[0] + 0.0, point[1] + 0.0]);
        }
    };
    for k in 0..count {
        let [a, b, c] = [corners[(k + count - 1) % count], corners[k], corners[(k + 1) % count]];
        let (before, after) = (beside([a, b], width), beside([b, c], width));
        if side([a, b], c) < 0.0 {
            push(before[1]);
            arc(b, before[1], after[0], width, &mut push);
            push(after[0]);
        } else if let Some(point) = common_point(before, after) {
            push(point);
        } else {
            // The edges are too short to meet: back near the corner, and on.
            const SHARE: f64 = 80.0;
            let closer = |p: Point| [0, 1].map(|k| (SHARE * p[k] + b[k]) / (SHARE + 1.0));
            [before[1], closer(before[1]), closer(after[0]), after[0]]
                .into_iter()
                .for_each(&mut push);
        }
    }
    if curve.len() > 1 && curve.first() == curve.last() {
        curve.pop();
    }
    curve
}

/// The segment on the left at this distance.
fn beside([a, b]: Segment, width: f64) -> Segment {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let length = (dx * dx + dy * dy).sqrt();
    let (ux, uy) = (width * dx / length, width * dy / length);
    [[a[0] - uy, a[1] + ux], [b[0] - uy, b[1] + ux]]
}

/// Vertices between two points of a circle, clockwise.
fn arc(center: Point, from: Point, to: Point, radius: f64, push: &mut impl FnMut(Point)) {
    let angle = |p: Point| (p[1] - center[1]).atan2(p[0] - center[0]);
    let (mut start, end) = (angle(from), angle(to));
    if start <= end {
        start += TAU;
    }
    let steps = ((start - end) / (FRAC_PI_2 / SEGMENTS_PER_QUARTER) + 0.5) as usize;
    for k in 1..steps {
        let (sin, cos) = (start - (start - end) / steps as f64 * k as f64).sin_cos();
        push([center[0] + radius * cos, center[1] + radius * sin]);
    }
}

/// Where two segments cross or touch.
fn common_point(s: Segment, t: Segment) -> Option<Point> {
    match meet(s, t) {
        Meeting::Apart => None,
        Meeting::Cross => Some(crossing(s, t)),
        _ => [s[1], t[0], s[0], t[1]].into_iter().find(|&p| lies_on(p, s) && lies_on(p, t)),
    }
}

fn crossing([a, b]: Segment, [c, d]: Segment) -> Point {
    let r = [b[0] - a[0], b[1] - a[1]];
    let s = [d[0] - c[0], d[1] - c[1]];
    let t = ((c[0] - a[0]) * s[1] - (c[1] - a[1]) * s[0]) / (r[0] * s[1] - r[1] * s[0]);
    [a[0] + t * r[0], a[1] + t * r[1]]
}

fn lies_on(p: Point, s: Segment) -> bool {
    let is_between = |k: usize| s[0][k].min(s[1][k]) <= p[k] && p[k] <= s[0][k].max(s[1][k]);
    is_between(0) && is_between(1) && side(s, p) == 0.0
}

fn order(a: &Point, b: &Point) -> Ordering {
    a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1]))
}

/// The outermost way around a curve that runs clockwise, closed.
fn outline(curve: &[Point]) -> Vec<Point> {
    let graph = Graph::new(curve);
    let shell = graph.shell();
    let first = graph.first_of(&shell).unwrap_or(0);
    let mut ring: Vec<Point> = Vec::new();
    for k in 0..shell.len() {
        let points = graph.points(shell[(first + k) % shell.len()]);
        ring.extend(&points[..points.len() - 1]);
    }
    ring.extend(ring.first().copied());
    ring
}

/// One of the two ways along a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Way {
    chain: usize,
    is_reversed: bool,
}

/// Chains between the points at which a curve meets itself.
struct Graph {
    /// Sorted by x, then y.
    nodes: Vec<Point>,
    /// Points from node to node. None comes twice, in whatever direction.
    chains: Vec<Vec<Point>>,
    /// For each node the ways that leave it, counter-clockwise from the right.
    stars: Vec<Vec<Way>>,
}

impl Graph {
    fn new(curve: &[Point]) -> Self {
        let count = curve.len();
        let segments: Vec<Segment> =
            (0..count).map(|k| [curve[k], curve[(k + 1) % count]]).collect();
        let mut cuts: Vec<Vec<Point>> = vec![Vec::new(); count];
        let mut nodes = vec![curve[0]];
        for_each_near_pair(&segments, |i, j| {
            let meeting = meet(segments[i], segments[j]);
            let is_next = j == i + 1 || i == 0 && j == count - 1;
            if meeting == Meeting::Apart || meeting == Meeting::Touch && is_next {
                return true;
            }
            let mut found = Vec::new();
            if meeting == Meeting::Cross {
                found.push(crossing(segments[i], segments[j]));
            }
            found.extend(segments[j].into_iter().filter(|&p| lies_on(p, segments[i])));
            found.extend(segments[i].into_iter().filter(|&p| lies_on(p, segments[j])));
            for point in found {
                cuts[i].push(point);
                cuts[j].push(point);
                nodes.push(point);
            }
            true
        });
        nodes.sort_by(order);
        nodes.dedup();

        let mut chains: Vec<Vec<Point>> = Vec::new();
        let mut chain = vec![curve[0]];
        for (segment, mut cuts) in segments.into_iter().zip(cuts) {
            let along = |p: &Point| (p[0] - segment[0][0]).abs() + (p[1] - segment[0][1]).abs();
            cuts.sort_by(|a, b| along(a).total_cmp(&along(b)));
            for point in cuts.into_iter().chain([segment[1]]) {
                if chain.last() == Some(&point) {
                    continue;
                }
                chain.push(point);
                if nodes.binary_search_by(|node| order(node, &point)).is_ok() {
                    chains.push(std::mem::replace(&mut chain, vec![point]));
                }
            }
        }
        let mut unique: Vec<Vec<Point>> = Vec::new();
        for chain in chains {
            let is_back = |other: &Vec<Point>| other.iter().rev().eq(&chain);
            if !unique.iter().any(|other| *other == chain || is_back(other)) {
                unique.push(chain);
            }
        }
        let mut graph = Self { stars: vec![Vec::new(); nodes.len()], nodes, chains: unique };
        for chain in 0..graph.chains.len() {
            for is_reversed in [false, true] {
                let way = Way { chain, is_reversed };
                let from = graph.node(graph.points(way)[0]);
                graph.stars[from].push(way);
            }
        }
        let mut stars = std::mem::take(&mut graph.stars);
        for star in &mut stars {
            star.sort_by(|&a, &b| graph.angle(a).total_cmp(&graph.angle(b)));
        }
        graph.stars = stars;
        graph
    }

    fn points(&self, way: Way) -> Vec<Point> {
        let mut points = self.chains[way.chain].clone();
        if way.is_reversed {
            points.reverse();
        }
        points
    }

    fn node(&self, point: Point) -> usize {
        self.nodes.partition_point(|node| order(node, &point) == Ordering::Less)
    }

    fn end(&self, way: Way) -> usize {
        let chain = &self.chains[way.chain];
        self.node(if way.is_reversed { chain[0] } else { chain[chain.len() - 1] })
    }

    /// Direction in which a way leaves its node, from 0 below one turn.
    fn angle(&self, way: Way) -> f64 {
        let points = self.points(way);
        (points[1][1] - points[0][1]).atan2(points[1][0] - points[0][0]).rem_euclid(TAU)
    }

    /// The outermost ways around, clockwise.
    fn shell(&self) -> Vec<Way> {
        // The leftmost point lies outermost, and the curve runs clockwise there.
        let leftmost = |chain: &Vec<Point>| chain.iter().copied().min_by(order);
        let start = (0..self.chains.len()).min_by(|&a, &b| {
            match (leftmost(&self.chains[a]), leftmost(&self.chains[b])) {
                (Some(a), Some(b)) => order(&a, &b),
                _ => Ordering::Equal,
            }
        });
        let Some(chain) = start else { return Vec::new() };
        let first = Way { chain, is_reversed: false };
        let (mut way, mut shell) = (first, Vec::new());
        // No way can be taken twice: the bound is for curves that are not what they should be.
        for _ in 0..2 * self.chains.len() {
            shell.push(way);
            let back = Way { chain: way.chain, is_reversed: !way.is_reversed };
            let star = &self.stars[self.end(way)];
            let place = star.iter().position(|&other| other == back).unwrap_or(0);
            way = star[(place + star.len() - 1) % star.len()];
            if way == first {
                break;
            }
        }
        shell
    }

    /// The position in the shell at which GEOS starts.
    fn first_of(&self, shell: &[Way]) -> Option<usize> {
        let mut is_seen = vec![false; self.nodes.len()];
        let mut stack = vec![0];
        while let Some(node) = stack.pop() {
            is_seen[node] = true;
            for &way in &self.stars[node] {
                if let Some(place) = shell.iter().position(|&other| other == way) {
                    return Some(place);
                }
                if !is_seen[self.end(way)] {
                    stack.push(self.end(way));
                }
            }
        }
        None
    }
}
