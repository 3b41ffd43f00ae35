//! Rasters larger than memory: the sweep goes on from band to band.
//!
//! A region is ready once no vertical edge of it leads on below the last line. It is then written
//! and forgotten; of the others only the corners stay. Nothing is cut at a seam and nothing has to
//! be put together: each region is the one that a sweep over the whole raster finds, corner by
//! corner.
//!
//! Regions are ordered by their last row, and those of one band end before those of the next; the
//! numbers of fragments that stay keep their order. So the footprints of all bands, one after the
//! other, are those of the whole raster in the same order.

use super::bits::Pixel;
use super::emit;
use super::outline::Outline;
use super::regions::Regions;
use super::{LARGEST, Options};
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::footprints::Footprints;
use std::collections::BTreeMap;

/// Rows of a box of [`Bands::open_bounds`].
const STRIP: u32 = 32;

/// A raster that comes in bands of rows, from top to bottom.
#[derive(Debug)]
pub struct Bands {
    outline: Outline,
    columns: usize,
    options: Options,
}

impl Bands {
    /// Of a raster with that many columns.
    ///
    /// # Errors
    /// [`Error::Argument`] if there are too many columns, or the threshold or the area is NaN.
    pub fn new(columns: usize, options: Options) -> Result<Self> {
        if columns > LARGEST {
            return Err(Error::argument("columns", columns, format!("at most {LARGEST}")));
        }
        options.check()?;
        Ok(Self { outline: Outline::new(columns, Vec::new()), columns, options })
    }

    /// The footprints that are ready after these rows, which lie one after the other.
    ///
    /// # Errors
    /// [`Error::Argument`] if the pixels are no whole rows, there are too many rows, or what is not
    /// ready has more corners than 32 bits can count; [`Error::Cancelled`].
    pub fn push<T: Pixel>(&mut self, pixels: &[T], cancel: &Cancel) -> Result<Footprints> {
        if self.columns == 0 {
            return Ok(Footprints::default());
        }
        let rows = pixels.len() / self.columns;
        if !pixels.len().is_multiple_of(self.columns) || self.outline.rows() + rows > LARGEST {
            let got = format!("{} pixels", pixels.len());
            let wanted = format!("rows of {} pixels, {LARGEST} in all", self.columns);
            return Err(Error::argument("mask", got, wanted));
        }
        let cut = T::cut(self.options.threshold);
        for (k, row) in pixels.chunks_exact(self.columns).enumerate() {
            if k % 64 == 0 {
                cancel.check()?;
            }
            self.outline.read(row, cut)?;
        }
        self.ready()
    }

    /// The footprints that are left after the last row.
    ///
    /// # Errors
    /// [`Error::Argument`] if the result has more points than 32-bit offsets can count.
    pub fn end(mut self) -> Result<Footprints> {
        self.outline.end()?;
        self.ready()
    }

    /// Boxes around what is known of the regions that are not ready: min x, min y, max x, max y. A
    /// region has one for each [`STRIP`] of rows, so that boxes stay near it however it winds.
    pub fn open_bounds(&self) -> Vec<[u32; 4]> {
        let mut boxes = BTreeMap::new();
        let mut add = |fragment: u32, x: u32, top: u32, bottom: u32| {
            for strip in top / STRIP..bottom.div_ceil(STRIP) {
                let (top, bottom) = (top.max(strip * STRIP), bottom.min((strip + 1) * STRIP));
                let around = boxes.entry((fragment, strip)).or_insert([x, top, x, bottom]);
                *around =
                    [around[0].min(x), around[1].min(top), around[2].max(x), around[3].max(bottom)];
            }
        };
        // Each row of a region lies between two vertical edges of it.
        let corners = &self.outline.corners[..self.outline.count];
        for corner in corners {
            let next = corners[corner.next as usize];
            if next.x == corner.x {
                add(corner.fragment, corner.x, next.y.min(corner.y), next.y.max(corner.y));
            }
        }
        for corner in self.outline.open_corners() {
            add(corner.fragment, corner.x, corner.y, self.outline.rows() as u32);
        }
        boxes.into_values().collect()
    }

    fn ready(&mut self) -> Result<Footprints> {
        let regions = Regions::resolve(&mut self.outline, &self.options);
        let footprints = emit::footprints(&mut self.outline, &regions);
        self.outline.keep_live(&regions.root, &regions.is_live);
        footprints
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::{Connectivity, polygonize};
    use super::*;
    use crate::footprints::FootprintRef;
    use proptest::prelude::*;

    /// Points of the rings of the polygons of each footprint.
    fn points(found: &Footprints) -> Vec<Vec<Vec<Vec<[f64; 2]>>>> {
        let view = found.view();
        let polygons = |footprint: FootprintRef<'_>| {
            footprint.polygons().map(|rings| rings.map(<[_]>::to_vec).collect()).collect()
        };
        view.iter().map(polygons).collect()
    }

    proptest! {
        #[test]
        fn bands_give_what_the_whole_gives(
            rows in prop::collection::vec(prop::collection::vec(0..2_u8, 9), 0..24),
            heights in prop::collection::vec(0..5_usize, 24),
            eight in any::<bool>(), least in 0..6_i32,
        ) {
            let connectivity = if eight { Connectivity::Eight } else { Connectivity::Four };
            let options = Options { connectivity, min_area_px: f64::from(least), threshold: 0.0 };
            let pixels: Vec<u8> = rows.concat();
            let whole = polygonize(&pixels, [rows.len(), 9], &options).unwrap();
            let (mut bands, mut at) = (Bands::new(9, options).unwrap(), 0);
            let mut found = Vec::new();
            let cancel = Cancel::new();
            for height in heights.into_iter().chain([rows.len()]) {
                let end = (at + height).min(rows.len());
                found.extend(points(&bands.push(&pixels[at * 9..end * 9], &cancel).unwrap()));
                at = end;
            }
            found.extend(points(&bands.end().unwrap()));
            prop_assert_eq!(found, points(&whole));
        }
    }
}
