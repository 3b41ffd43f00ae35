//! Footprints made ready for many intersections.

use super::area::area;
use super::bounds::{Bounds, bounds};
use super::edges::{Edge, push_edges, region_area};
use super::overlap::{Region, shared_area};
use super::repair::{Inside, push_repaired};
use super::validity::Checker;
use crate::footprints::{FootprintRef, FootprintsRef};
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
    area: f64,
    /// Its edges, in the list of its chunk.
    first: u32,
    end: u32,
    is_rectilinear: bool,
    is_valid: bool,
}

/// Prepared footprints.
#[derive(Debug)]
pub struct Shapes {
    shapes: Vec<Shape>,
    /// Edges of [`CHUNK`] shapes each.
    edges: Vec<Vec<Edge>>,
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
        Self { shapes: chunks.concat(), edges }
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
        let bounds = shape.bounds?;
        let edges = &self.edges[index / CHUNK][shape.first as usize..shape.end as usize];
        let is_rectilinear = shape.is_rectilinear;
        Some(Region { edges, is_rectilinear, bounds })
    }

    /// Area shared with a shape of another set (or of this one).
    pub fn shared_area(&self, index: usize, others: &Self, other: usize) -> f64 {
        match (self.region(index), others.region(other)) {
            (Some(one), Some(other)) if one.bounds.overlaps(&other.bounds) => {
                shared_area(one, other)
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
    let is_valid = checker.is_valid(footprint);
    let given = area(footprint);
    let (is_rectilinear, area) = if is_valid {
        (push_edges(footprint, edges), given)
    } else {
        let inside = if repair == Repair::ZeroBuffer { Inside::Wound } else { Inside::EvenOdd };
        push_repaired(footprint, inside, edges);
        let repaired = region_area(&edges[first..]);
        (false, if repair == Repair::Scot { given } else { repaired })
    };
    Shape {
        bounds: bounds(footprint),
        area,
        first: first as u32,
        end: edges.len() as u32,
        is_rectilinear,
        is_valid,
    }
}
