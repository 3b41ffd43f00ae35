//! Footprints made ready for many intersections.

use super::area::{area, signed_ring_area};
use super::bounds::{Bounds, bounds, larger, smaller};
use super::columns::{self, Columns};
use super::edges::{Edge, push_edges, region_area as area_under};
use super::overlap::{Region, shared_area};
use super::repair::{Inside, push_repaired};
use super::validity::Checker;
use crate::footprints::{FootprintRef, FootprintsRef, Point};
use rayon::prelude::*;
use std::ops::Range;

/// What to do with footprints that are not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// Region and area as GEOS's `make_valid` gives them.
    MakeValid,
    /// As the SCOT metric does: the region of `make_valid`, but the area of the rings as given.
    Scot,
    /// As the baseline tracker and F1 do: region and area of a zero-width buffer.
    ZeroBuffer,
}

/// One prepared footprint.
#[derive(Clone, Copy, Debug)]
struct Shape {
    bounds: Option<Bounds>,
    /// What counts in an IoU.
    area: f64,
    /// Area of the region: it shares no more with any other.
    region_area: f64,
    /// Its edges, in the list of its chunk.
    first: usize,
    end: usize,
    /// For a large one, which of the columns are its own.
    columns: Option<usize>,
    is_rectilinear: bool,
    is_valid: bool,
}

/// Prepared footprints.
#[derive(Debug)]
pub struct Shapes {
    shapes: Vec<Shape>,
    /// Edges of [`CHUNK`] shapes each.
    edges: Vec<Vec<Edge>>,
    /// Edges of the large shapes, by column.
    columns: Vec<Columns>,
}

/// Shapes prepared together.
const CHUNK: usize = 2048;

impl Shapes {
    /// Prepares all footprints, in parallel.
    pub fn prepare(footprints: FootprintsRef<'_>, repair: Repair) -> Self {
        Self::prepare_range(footprints, 0..footprints.len(), repair)
    }

    /// Prepares some consecutive footprints; the first of them gets position 0.
    pub fn prepare_range(
        footprints: FootprintsRef<'_>,
        range: Range<usize>,
        repair: Repair,
    ) -> Self {
        let count = range.len();
        let (chunks, edges): (Vec<Vec<Shape>>, Vec<Vec<Edge>>) = (0..count.div_ceil(CHUNK))
            .into_par_iter()
            .map(|chunk| {
                let members = chunk * CHUNK..count.min((chunk + 1) * CHUNK);
                let mut edges = Vec::with_capacity(6 * members.len());
                let mut checker = Checker::default();
                let shapes: Vec<Shape> = members
                    .map(|k| {
                        prepare(&footprints.get(range.start + k), repair, &mut checker, &mut edges)
                    })
                    .collect();
                (shapes, edges)
            })
            .unzip();
        Self { shapes: chunks.concat(), edges, columns: Vec::new() }.with_columns()
    }

    fn with_columns(mut self) -> Self {
        let is_large = |&k: &usize| self.edges(k).len() >= columns::FROM_EDGES;
        let large: Vec<usize> = (0..self.len()).filter(is_large).collect();
        self.columns = large.par_iter().map(|&k| Columns::new(self.edges(k))).collect();
        for (place, k) in large.into_iter().enumerate() {
            self.shapes[k].columns = Some(place);
        }
        self
    }

    fn edges(&self, index: usize) -> &[Edge] {
        let shape = &self.shapes[index];
        &self.edges[index / CHUNK][shape.first..shape.end]
    }

    /// Number of shapes.
    pub fn len(&self) -> usize {
        self.shapes.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.shapes.is_empty()
    }

    /// Bounding box; `None` if the footprint is empty.
    pub fn bounds(&self, index: usize) -> Option<Bounds> {
        self.shapes[index].bounds
    }

    /// The area that counts in an IoU.
    pub fn area(&self, index: usize) -> f64 {
        self.shapes[index].area
    }

    /// True unless the outline crosses or touches itself.
    pub fn is_valid(&self, index: usize) -> bool {
        self.shapes[index].is_valid
    }

    fn region(&self, index: usize) -> Option<Region<'_>> {
        let shape = &self.shapes[index];
        Some(Region {
            edges: self.edges(index),
            columns: shape.columns.map(|place| &self.columns[place]),
            is_rectilinear: shape.is_rectilinear,
            bounds: shape.bounds?,
        })
    }

    /// Area shared with a shape of another set (or of this one).
    pub fn shared_area(&self, index: usize, others: &Self, other: usize) -> f64 {
        match (self.region(index), others.region(other)) {
            (Some(one), Some(two)) if one.bounds.overlaps(&two.bounds) => {
                // Rounding can make a sum over many edges a little too large.
                let most = self.shapes[index].region_area.min(others.shapes[other].region_area);
                shared_area(one, two).min(most)
            }
            _ => 0.0,
        }
    }

    /// Intersection over union, from 0 to 1; 0 where the union has no area. With
    /// [`Repair::Scot`] an invalid footprint may come out above 1, as in the original.
    pub fn iou(&self, index: usize, others: &Self, other: usize) -> f64 {
        let shared = self.shared_area(index, others, other);
        let union = self.area(index) + others.area(other) - shared;
        if shared > 0.0 && union > 0.0 { shared / union } else { 0.0 }
    }
}

fn prepare(
    footprint: &FootprintRef<'_>,
    repair: Repair,
    checker: &mut Checker,
    edges: &mut Vec<Edge>,
) -> Shape {
    let first = edges.len();
    if let Some(sides) = rectangle(footprint.points()) {
        edges.extend(sides.edges());
        let area = signed_ring_area(footprint.points()).abs();
        return Shape {
            bounds: Some(sides),
            area,
            region_area: area,
            first,
            end: edges.len(),
            columns: None,
            is_rectilinear: true,
            is_valid: true,
        };
    }
    let is_valid = checker.is_valid(footprint);
    let given = area(footprint);
    let (is_rectilinear, region_area) = if is_valid {
        (push_edges(footprint, edges), given)
    } else {
        let inside = if repair == Repair::ZeroBuffer { Inside::Wound } else { Inside::EvenOdd };
        push_repaired(footprint, inside, edges);
        (false, area_under(&edges[first..]))
    };
    Shape {
        bounds: bounds(footprint),
        area: if repair == Repair::Scot { given } else { region_area },
        region_area,
        first,
        end: edges.len(),
        columns: None,
        is_rectilinear,
        is_valid,
    }
}

/// The box of five points that go around an upright rectangle: most buildings in a mask are one,
/// and about it there is nothing to find out. Fewer than eight points are a single ring.
fn rectangle(points: &[Point]) -> Option<Bounds> {
    let &[a, b, c, d, _] = points else { return None };
    let upright = a[0] == b[0] && b[1] == c[1] && c[0] == d[0] && d[1] == a[1];
    let lying = a[1] == b[1] && b[0] == c[0] && c[1] == d[1] && d[0] == a[0];
    let has_area = a[0] != c[0] && a[1] != c[1];
    ((upright || lying) && has_area).then(|| Bounds {
        min: [smaller(a[0], c[0]), smaller(a[1], c[1])],
        max: [larger(a[0], c[0]), larger(a[1], c[1])],
    })
}
