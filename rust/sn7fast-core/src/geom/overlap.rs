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
//! The work grows with the product of the two numbers of edges. Buildings have ten; edges of large
//! outlines are looked up by [`Columns`], and only pairs that share some x meet.

use super::bounds::{Bounds, larger, smaller};
use super::columns::Columns;
use super::edges::Edge;

/// Share of the summed terms below which an area is what rounding left of them.
const ROUNDING: f64 = 16.0 * f64::EPSILON;

/// A region, as much as the sum needs.
#[derive(Clone, Copy, Debug)]
pub struct Region<'a> {
    /// Its edges.
    pub edges: &'a [Edge],
    /// The same by column, if they are many.
    pub columns: Option<&'a Columns>,
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
    let (few, many) =
        if one.edges.len() <= other.edges.len() { (one, other) } else { (other, one) };
    let is_rectilinear = few.is_rectilinear && many.is_rectilinear;
    let area = match (many.columns, is_rectilinear) {
        (_, true) if few.is_rectangle() && many.is_rectangle() => {
            common_box(few.bounds, many.bounds)
        }
        (None, true) if few.is_rectangle() => inside_box(few.bounds, many.edges),
        (None, true) => rectilinear(one, other),
        (None, false) => sloping(one, other),
        (Some(columns), true) => rectilinear_by_columns(few, many.bottom(), columns),
        (Some(columns), false) => sloping_by_columns(few, many.bottom(), columns),
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
    for e in one.edges.iter().filter(|e| e.left[1] < base) {
        for f in other.edges {
            area += above(e, f, base);
        }
    }
    area
}

fn rectilinear_by_columns(one: Region<'_>, bottom: f64, columns: &Columns) -> f64 {
    let base = smaller(one.bottom(), bottom);
    let mut area = 0.0;
    for e in one.edges.iter().filter(|e| e.left[1] < base) {
        for near in columns.near(e) {
            for f in &near[..near.partition_point(|f| f.left[1] < base)] {
                area += above(e, f, base);
            }
        }
    }
    area
}

/// What a pair of horizontal edges adds to the area.
#[inline]
fn above(e: &Edge, f: &Edge, base: f64) -> f64 {
    let width = smaller(e.right[0], f.right[0]) - larger(e.left[0], f.left[0]);
    let height = base - larger(e.left[1], f.left[1]);
    e.sign * f.sign * larger(width, 0.0) * larger(height, 0.0)
}

fn sloping(one: Region<'_>, other: Region<'_>) -> f64 {
    let mut sum = Sum::new(larger(one.bottom(), other.bottom()));
    for e in one.edges {
        for f in other.edges {
            sum.add(e, f);
        }
    }
    sum.area()
}

fn sloping_by_columns(one: Region<'_>, bottom: f64, columns: &Columns) -> f64 {
    let mut sum = Sum::new(larger(one.bottom(), bottom));
    for e in one.edges {
        for f in columns.near(e).flatten() {
            sum.add(e, f);
        }
    }
    sum.area()
}

/// The sum over pairs of edges of any slope.
struct Sum {
    base: f64,
    area: f64,
    /// Sum of the terms without their signs.
    terms: f64,
}

impl Sum {
    fn new(base: f64) -> Self {
        Self { base, area: 0.0, terms: 0.0 }
    }

    #[inline]
    fn add(&mut self, e: &Edge, f: &Edge) {
        let (left, right) = (larger(e.left[0], f.left[0]), smaller(e.right[0], f.right[0]));
        if left < right {
            let highest = integral_of_maximum(e, f, self.base, left, right);
            self.area -= e.sign * f.sign * highest;
            self.terms += highest.abs();
        }
    }

    fn area(&self) -> f64 {
        // The terms of regions that do not meet cancel but for rounding.
        if self.area > self.terms * ROUNDING { self.area } else { 0.0 }
    }
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
