//! Footprints as ragged arrays, the one form in which geometry moves through the crate.
//!
//! ```text
//! footprint  -> polygons   footprint_offsets  (None: every footprint is one polygon)
//! polygon    -> rings      polygon_offsets    first ring outer, the others holes
//! ring       -> coords     ring_offsets       closed: first point = last point
//! ```
//!
//! All offsets start at 0, never decrease and end at the length of the level below, as in GeoArrow
//! and in `shapely.from_ragged_array`. A polygon without rings is an empty geometry
//! (`POLYGON EMPTY`). Coordinates are x, y; in pixel units x points right and y down, and the pixel
//! in row r, column c covers `[c, c+1] x [r, r+1]`.

use crate::error::{Error, Result};
use std::ops::Range;

/// A point: x, y.
pub type Point = [f64; 2];

/// Largest coordinate taken, in absolute value. Every projected CRS stays far below; above it a
/// double no longer resolves the size of a building well enough for an area.
pub const MAX_ABS_COORD: f64 = 1e9;

/// Owned footprints.
#[derive(Clone, Debug, PartialEq)]
pub struct Footprints {
    /// Points of all rings, one after the other.
    pub coords: Vec<Point>,
    /// Start of each ring in `coords`, and the end of the last one.
    pub ring_offsets: Vec<i32>,
    /// Start of each polygon in the list of rings, and the end of the last one.
    pub polygon_offsets: Vec<i32>,
    /// Start of each footprint in the list of polygons; `None` if each is one polygon.
    pub footprint_offsets: Option<Vec<i32>>,
}

impl Default for Footprints {
    fn default() -> Self {
        Self {
            coords: Vec::new(),
            ring_offsets: vec![0],
            polygon_offsets: vec![0],
            footprint_offsets: None,
        }
    }
}

impl Footprints {
    /// The borrowed form that all functions take.
    pub fn view(&self) -> FootprintsRef<'_> {
        FootprintsRef {
            coords: &self.coords,
            ring_offsets: &self.ring_offsets,
            polygon_offsets: &self.polygon_offsets,
            footprint_offsets: self.footprint_offsets.as_deref(),
        }
    }

    /// Number of footprints.
    pub fn len(&self) -> usize {
        self.view().len()
    }

    /// True if there is no footprint.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Borrowed footprints whose invariants hold (see [`FootprintsRef::try_new`]).
#[derive(Clone, Copy, Debug)]
pub struct FootprintsRef<'a> {
    coords: &'a [Point],
    ring_offsets: &'a [i32],
    polygon_offsets: &'a [i32],
    footprint_offsets: Option<&'a [i32]>,
}

impl<'a> FootprintsRef<'a> {
    /// Checks the arrays and borrows them. `argument` names them in errors.
    ///
    /// # Errors
    /// [`Error::Argument`] if offsets do not start at 0, decrease, or do not end at the length of
    /// the level below; [`Error::Geometry`] for a ring with fewer than 4 points, an unclosed ring,
    /// or a coordinate that is NaN, infinite or beyond [`MAX_ABS_COORD`].
    pub fn try_new(
        argument: &'static str,
        coords: &'a [Point],
        ring_offsets: &'a [i32],
        polygon_offsets: &'a [i32],
        footprint_offsets: Option<&'a [i32]>,
    ) -> Result<Self> {
        check_offsets(argument, "ring_offsets", ring_offsets, coords.len())?;
        check_offsets(argument, "polygon_offsets", polygon_offsets, ring_offsets.len() - 1)?;
        if let Some(offsets) = footprint_offsets {
            check_offsets(argument, "footprint_offsets", offsets, polygon_offsets.len() - 1)?;
        }
        let view = Self { coords, ring_offsets, polygon_offsets, footprint_offsets };
        view.check(argument)?;
        Ok(view)
    }

    /// Checks rings and coordinates.
    pub(crate) fn check(&self, argument: &'static str) -> Result<()> {
        let fits = |p: &Point| p[0].abs() <= MAX_ABS_COORD && p[1].abs() <= MAX_ABS_COORD;
        let all_fit = self.coords.iter().fold(true, |ok, p| ok & fits(p));
        let all_closed = self.ring_offsets.windows(2).all(|w| {
            w[1] - w[0] >= 4 && self.coords[w[0] as usize] == self.coords[w[1] as usize - 1]
        });
        if all_fit && all_closed {
            return Ok(());
        }
        for footprint in 0..self.len() {
            for (_, ring) in self.get(footprint).rings() {
                let problem = if ring.len() < 4 {
                    format!("a ring has {} points, wanted at least 4", ring.len())
                } else if let Some([x, y]) = ring.iter().find(|p| !fits(p)) {
                    format!(
                        "coordinate ({x:?}, {y:?}), wanted finite numbers up to \
                         {MAX_ABS_COORD:e} in size"
                    )
                } else if ring.first() != ring.last() {
                    "a ring is not closed, wanted its last point equal to its first".to_owned()
                } else {
                    continue;
                };
                return Err(Error::Geometry { argument, footprint, problem });
            }
        }
        Ok(())
    }

    /// Number of footprints.
    pub fn len(&self) -> usize {
        self.footprint_offsets.unwrap_or(self.polygon_offsets).len() - 1
    }

    /// True if there is no footprint.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All points of all rings.
    pub fn coords(&self) -> &'a [Point] {
        self.coords
    }

    /// Footprint `index`, which must be below [`FootprintsRef::len`].
    pub fn get(&self, index: usize) -> FootprintRef<'a> {
        let polygons = match self.footprint_offsets {
            Some(offsets) => offsets[index] as usize..offsets[index + 1] as usize,
            None => index..index + 1,
        };
        FootprintRef { all: *self, polygons }
    }

    /// All footprints in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = FootprintRef<'a>> + use<'a> {
        let all = *self;
        (0..all.len()).map(move |index| all.get(index))
    }

    fn ring(&self, ring: usize) -> &'a [Point] {
        &self.coords[self.ring_offsets[ring] as usize..self.ring_offsets[ring + 1] as usize]
    }

    /// Owned copy of the footprints with these positions, in this order.
    pub fn select(&self, positions: impl Iterator<Item = usize>) -> Result<Footprints> {
        let mut builder = Builder::new();
        for position in positions {
            builder.push(&self.get(position));
        }
        builder.finish()
    }
}

fn check_offsets(argument: &'static str, name: &str, offsets: &[i32], end: usize) -> Result<()> {
    let ordered = offsets.windows(2).all(|w| w[0] <= w[1]);
    let ends = offsets.first() == Some(&0)
        && offsets.last().and_then(|&last| usize::try_from(last).ok()) == Some(end);
    if ordered && ends {
        return Ok(());
    }
    let got = match (offsets.first(), offsets.last()) {
        (Some(first), Some(last)) => {
            format!("{} {name} from {first} to {last}", offsets.len())
        }
        _ => format!("no {name}"),
    };
    let wanted = format!("numbers that start at 0, never decrease and end at {end}");
    Err(Error::argument(argument, got, wanted))
}

/// One borrowed footprint: one polygon, or several.
#[derive(Clone, Debug)]
pub struct FootprintRef<'a> {
    all: FootprintsRef<'a>,
    polygons: Range<usize>,
}

impl<'a> FootprintRef<'a> {
    /// Number of polygons: 1 unless it is a multipolygon.
    pub fn polygon_count(&self) -> usize {
        self.polygons.len()
    }

    /// The polygons, each as an iterator over its rings, the outer one first.
    pub fn polygons(
        &self,
    ) -> impl ExactSizeIterator<Item = impl ExactSizeIterator<Item = &'a [Point]> + use<'a>> + use<'a>
    {
        let all = self.all;
        self.polygons.clone().map(move |polygon| {
            let rings = all.polygon_offsets[polygon]..all.polygon_offsets[polygon + 1];
            rings.map(move |ring| all.ring(ring as usize))
        })
    }

    /// All rings in order, each with true if it is an outer one.
    pub fn rings(&self) -> Rings<'a> {
        let all = self.all;
        let ring = all.polygon_offsets[self.polygons.start] as usize;
        let end = all.polygon_offsets[self.polygons.end] as usize;
        Rings { all, polygon: self.polygons.start, ring, end }
    }

    /// All points of all rings: they lie one after the other.
    pub fn points(&self) -> &'a [Point] {
        let all = self.all;
        let first = all.polygon_offsets[self.polygons.start] as usize;
        let last = all.polygon_offsets[self.polygons.end] as usize;
        &all.coords[all.ring_offsets[first] as usize..all.ring_offsets[last] as usize]
    }
}

/// Rings of a footprint, see [`FootprintRef::rings`].
#[derive(Clone, Debug)]
pub struct Rings<'a> {
    all: FootprintsRef<'a>,
    polygon: usize,
    ring: usize,
    end: usize,
}

impl<'a> Iterator for Rings<'a> {
    type Item = (bool, &'a [Point]);

    fn next(&mut self) -> Option<Self::Item> {
        if self.ring == self.end {
            return None;
        }
        let offsets = self.all.polygon_offsets;
        // Empty polygons have no rings and are passed over.
        while offsets[self.polygon + 1] as usize <= self.ring {
            self.polygon += 1;
        }
        let is_outer = offsets[self.polygon] as usize == self.ring;
        self.ring += 1;
        Some((is_outer, self.all.ring(self.ring - 1)))
    }
}

/// Puts footprints together one by one: rings, then [`Builder::end_polygon`], then
/// [`Builder::end_footprint`].
#[derive(Debug, Default)]
pub struct Builder {
    out: Footprints,
    ended: i32,
}

impl Builder {
    /// An empty builder.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a copy of `footprint`.
    pub fn push(&mut self, footprint: &FootprintRef<'_>) {
        for rings in footprint.polygons() {
            for ring in rings {
                self.ring(ring.iter().copied());
            }
            self.end_polygon();
        }
        self.end_footprint();
    }

    /// Adds a ring to the polygon in the making. The points must close the ring.
    pub fn ring(&mut self, points: impl IntoIterator<Item = Point>) {
        self.out.coords.extend(points);
        self.out.ring_offsets.push(self.out.coords.len() as i32);
    }

    /// Ends the polygon in the making; without rings it is an empty one.
    pub fn end_polygon(&mut self) {
        self.out.polygon_offsets.push(self.out.ring_offsets.len() as i32 - 1);
    }

    /// Ends the footprint in the making.
    pub fn end_footprint(&mut self) {
        let polygons = self.out.polygon_offsets.len() as i32 - 1;
        self.ended += 1;
        match &mut self.out.footprint_offsets {
            Some(offsets) => offsets.push(polygons),
            // Up to here every footprint was one polygon; now it has to be written down.
            None if polygons != self.ended => {
                self.out.footprint_offsets = Some((0..self.ended).chain([polygons]).collect());
            }
            None => {}
        }
    }

    /// Number of points so far.
    pub fn point_count(&self) -> usize {
        self.out.coords.len()
    }

    /// The footprints.
    ///
    /// # Errors
    /// [`Error::Argument`] if there are more points or polygons than 32-bit offsets can count.
    pub fn finish(self) -> Result<Footprints> {
        offsets_fit(self.out.coords.len().max(self.out.polygon_offsets.len()))?;
        Ok(self.out)
    }
}

/// The offsets are 32 bits wide: more points than that are refused, never wrapped.
pub(crate) fn offsets_fit(points: usize) -> Result<()> {
    if points <= i32::MAX as usize {
        return Ok(());
    }
    let wanted = format!("at most {} points in one set; split the input", i32::MAX);
    Err(Error::argument("footprints", format!("{points} points"), wanted))
}
