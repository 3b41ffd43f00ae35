//! Takes points, rings and polygons as a reader meets them, and makes footprints of them.

use super::problem::{Parsed, Problem};
use crate::error::Result;
use crate::footprints::{Builder, Footprints, MAX_ABS_COORD, Point};

/// A [`Builder`] that checks rings, and for which a geometry of nothing but empty polygons is one
/// empty polygon. After a [`Problem`] it must not be used any more.
#[derive(Debug, Default)]
pub(super) struct Sink {
    builder: Builder,
    /// The ring in the making.
    ring: Vec<Point>,
    rings_in_polygon: usize,
    polygons_in_footprint: usize,
    /// Empty polygons of the footprint in the making that are not yet in the builder.
    held: usize,
}

impl Sink {
    pub(super) fn new() -> Self {
        Self::default()
    }

    #[inline]
    pub(super) fn point(&mut self, point: Point) {
        self.ring.push(point);
    }

    /// Checks and ends the ring.
    pub(super) fn end_ring(&mut self) -> Parsed<()> {
        check_ring(&self.ring)?;
        // Rings go to the polygon that is not ended: those held back have to be ended before.
        self.release();
        self.builder.ring(self.ring.drain(..));
        self.rings_in_polygon += 1;
        Ok(())
    }

    /// Ends the polygon; without rings it is an empty one.
    pub(super) fn end_polygon(&mut self) {
        if self.rings_in_polygon == 0 {
            self.held += 1;
            return;
        }
        self.builder.end_polygon();
        self.rings_in_polygon = 0;
        self.polygons_in_footprint += 1;
    }

    fn release(&mut self) {
        for _ in 0..std::mem::take(&mut self.held) {
            self.builder.end_polygon();
        }
    }

    /// True if the footprint in the making has no ring.
    pub(super) fn is_empty_so_far(&self) -> bool {
        self.polygons_in_footprint == 0
    }

    /// Leaves out the footprint in the making, which must be empty so far.
    pub(super) fn drop_empty(&mut self) {
        self.held = 0;
    }

    /// Ends the footprint.
    pub(super) fn end_footprint(&mut self) {
        if self.polygons_in_footprint == 0 {
            self.held = 1;
        }
        self.release();
        self.builder.end_footprint();
        self.polygons_in_footprint = 0;
    }

    /// The footprints.
    ///
    /// # Errors
    /// [`crate::Error::Argument`] if the points are more than 32-bit offsets can count.
    pub(super) fn finish(self) -> Result<Footprints> {
        self.builder.finish()
    }
}

/// Checks that a ring is closed, has 4 points and no coordinate that is NaN, infinite or huge.
fn check_ring(points: &[Point]) -> Parsed<()> {
    let fits = |p: &Point| p[0].abs() <= MAX_ABS_COORD && p[1].abs() <= MAX_ABS_COORD;
    if points.iter().fold(true, |ok, p| ok & fits(p))
        && points.len() >= 4
        && points.first() == points.last()
    {
        return Ok(());
    }
    if let Some([x, y]) = points.iter().find(|p| !fits(p)) {
        return Err(Problem::geometry(
            format_args!("the coordinate ({x:?}, {y:?})"),
            &format!("finite numbers up to {MAX_ABS_COORD:e} in size"),
        ));
    }
    if points.len() < 4 {
        return Err(Problem::geometry(
            format_args!("a ring of {} points", points.len()),
            "at least 4, the last equal to the first",
        ));
    }
    let (first, last) = (points[0], points[points.len() - 1]);
    Err(Problem::geometry(
        format_args!(
            "a ring that is not closed, from ({}, {}) to ({}, {})",
            first[0], first[1], last[0], last[1]
        ),
        "its last point equal to its first",
    ))
}
