//! Area shared by two regions given as edges.
//!
//! With e over the edges of one region and f over those of the other, s their signs, and Y below
//! both regions,
//!
//! ```text
//! area = sum_e sum_f  s_e s_f  integral over the common x of  Y - max(y_e(x), y_f(x))
//! ```
//!
//! For rectilinear regions the integral is (common width) * (Y - max(y_e, y_f)): products and sums
//! of whole numbers, so exact. There Y may even lie at the lower end of the upper region, if
//! negative heights count 0, and many pairs vanish. If one of them is a rectangle, as most buildings
//! in a mask are, the sum runs over the edges of the other alone.
//!
//! The work grows with the product of the two numbers of edges. Buildings have ten; for large
//! outlines both regions are cut into vertical strips first, and only edges of one strip meet.

use super::bounds::{Bounds, larger, smaller};
use super::edges::Edge;

/// Products of edge counts from which on strips pay.
const STRIPS_FROM: usize = 1 << 13;

/// Share of the summed terms below which an area is what rounding left of them.
const ROUNDING: f64 = 16.0 * f64::EPSILON;

/// A region, as much as the sum needs.
#[derive(Clone, Copy, Debug)]
pub struct Region<'a> {
    /// Its edges.
    pub edges: &'a [Edge],
    /// True if all of them are horizontal.
    pub is_rectilinear: bool,
    /// Its bounding box.
    pub bounds: Bounds,
}

impl Region<'_> {
    /// A valid rectilinear region with two horizontal edges is its own box.
    fn is_rectangle(&self) -> bool {
        self.is_rectilinear && self.edges.len() == 2
    }

    fn bottom(&self) -> f64 {
        self.bounds.max[1]
    }
}

/// Area shared by two regions; never negative.
pub fn shared_area(one: Region<'_>, other: Region<'_>) -> f64 {
    let area = if one.edges.len() * other.edges.len() >= STRIPS_FROM {
        by_strips(one, other)
    } else if one.is_rectilinear && other.is_rectilinear {
        match (one.is_rectangle(), other.is_rectangle()) {
            (true, true) => common_box(one.bounds, other.bounds),
            (true, false) => inside_box(one.bounds, other.edges),
            (false, true) => inside_box(other.bounds, one.edges),
            (false, false) => rectilinear(one, other),
        }
    } else {
        let base = larger(one.bottom(), other.bottom());
        sloping(one.edges.iter(), other.edges, base, [f64::NEG_INFINITY, f64::INFINITY])
    };
    area.max(0.0)
}

fn common_box(a: Bounds, b: Bounds) -> f64 {
    let side = |k: usize| smaller(a.max[k], b.max[k]) - larger(a.min[k], b.min[k]);
    larger(side(0), 0.0) * larger(side(1), 0.0)
}

/// Area of a rectilinear region inside a box: its edges, clamped to the box.
fn inside_box(around: Bounds, edges: &[Edge]) -> f64 {
    let ([left, top], [right, bottom]) = (around.min, around.max);
    let below = |edge: &Edge| {
        let width = smaller(edge.right[0], right) - larger(edge.left[0], left);
        let height = bottom - larger(edge.left[1], top);
        edge.sign * larger(width, 0.0) * larger(height, 0.0)
    };
    edges.iter().map(below).sum()
}

fn rectilinear(one: Region<'_>, other: Region<'_>) -> f64 {
    let base = smaller(one.bottom(), other.bottom());
    let mut area = 0.0;
    for e in one.edges {
        if e.left[1] >= base {
            continue;
        }
        for f in other.edges {
            let width = smaller(e.right[0], f.right[0]) - larger(e.left[0], f.left[0]);
            let height = base - larger(e.left[1], f.left[1]);
            area += e.sign * f.sign * larger(width, 0.0) * larger(height, 0.0);
        }
    }
    area
}

fn sloping<'a>(
    one: impl Iterator<Item = &'a Edge>,
    other: &[Edge],
    base: f64,
    [from, to]: [f64; 2],
) -> f64 {
    let (mut area, mut terms) = (0.0, 0.0);
    for e in one {
        let (e_left, e_right) = (larger(e.left[0], from), smaller(e.right[0], to));
        for f in other {
            let (left, right) = (larger(e_left, f.left[0]), smaller(e_right, f.right[0]));
            if left < right {
                let highest = integral_of_maximum(e, f, base, left, right);
                area -= e.sign * f.sign * highest;
                terms += highest.abs();
            }
        }
    }
    // The terms of regions that do not meet cancel but for rounding.
    if area > terms * ROUNDING { area } else { 0.0 }
}

/// Integral from left to right of the larger of two linear functions.
fn integral_of_maximum(e: &Edge, f: &Edge, base: f64, left: f64, right: f64) -> f64 {
    let width = right - left;
    let (e1, e2) = (e.height(left, base), e.height(right, base));
    let (f1, f2) = (f.height(left, base), f.height(right, base));
    let (d1, d2) = (e1 - f1, e2 - f2);
    if (d1 > 0.0) == (d2 > 0.0) || d1 == 0.0 || d2 == 0.0 {
        return width * (e1.max(f1) + e2.max(f2)) / 2.0;
    }
    // They cross: up to there one is larger, from there on the other.
    let t = d1 / (d1 - d2);
    let crossing = e1 + t * (e2 - e1);
    let before = t * (e1.max(f1) + crossing);
    let after = (1.0 - t) * (crossing + e2.max(f2));
    width * (before + after) / 2.0
}

fn by_strips(one: Region<'_>, other: Region<'_>) -> f64 {
    let reach = |edges: &[Edge]| {
        let start = [f64::INFINITY, f64::NEG_INFINITY];
        edges.iter().fold(start, |[a, b], e| [a.min(e.left[0]), b.max(e.right[0])])
    };
    let ([a1, b1], [a2, b2]) = (reach(one.edges), reach(other.edges));
    let (left, right) = (a1.max(a2), b1.min(b2));
    if left >= right {
        return 0.0;
    }
    let count = (one.edges.len() + other.edges.len()) / 16 + 1;
    let width = (right - left) / count as f64;
    let boundary = |k: usize| if k == count { right } else { left + k as f64 * width };
    let sort = |edges: &[Edge]| {
        let mut strips = vec![Vec::new(); count];
        for edge in edges.iter().filter(|e| e.left[0] < right && e.right[0] > left) {
            // One strip more on each side makes up for rounding; what does not reach in adds 0.
            let strip = |x: f64| ((x - left) / width).clamp(0.0, count as f64) as usize;
            let first = strip(edge.left[0]).saturating_sub(1);
            let last = (strip(edge.right[0]) + 1).min(count - 1);
            for strip in &mut strips[first..=last] {
                strip.push(*edge);
            }
        }
        strips
    };
    let base = larger(one.bottom(), other.bottom());
    let (ones, others) = (sort(one.edges), sort(other.edges));
    let strip = |(k, (one, other)): (usize, (&Vec<Edge>, &Vec<Edge>))| {
        sloping(one.iter(), other, base, [boundary(k), boundary(k + 1)])
    };
    ones.iter().zip(&others).enumerate().map(strip).sum()
}
