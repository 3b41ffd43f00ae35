//! Rim of buildings: a mask without its erosion, or its dilation without it.

use super::footprint::Scratch;
use super::morphology::{Grid, Square};
use super::shape::Shape;
use crate::error::{Error, Result};
use crate::footprints::FootprintsRef;
use crate::{Cancel, geom};
use std::ops::Range;

/// On which side of the outline the rim lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoundaryType {
    /// On building pixels.
    Inner,
    /// On pixels around the building.
    Outer,
}

impl BoundaryType {
    /// From `inner` or `outer`.
    ///
    /// # Errors
    /// [`Error::Argument`] for any other name.
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "inner" => Ok(Self::Inner),
            "outer" => Ok(Self::Outer),
            _ => {
                Err(Error::argument("boundary_type", format!("{name:?}"), "\"inner\" or \"outer\""))
            }
        }
    }

    /// Rim of a mask of 0 and one other value, with that value.
    pub(super) fn of_mask(self, mask: &Grid, square: Square) -> Result<Vec<u8>> {
        let mut rim = match self {
            Self::Inner => mask.erode(square)?,
            Self::Outer => mask.dilate(square)?,
        };
        for (pixel, set) in rim.pixels.iter_mut().zip(&mask.pixels) {
            *pixel ^= set;
        }
        Ok(rim.pixels)
    }
}

/// Rims of single buildings, all in one image of zeros: touching buildings keep a rim between
/// them, which they have not in a mask in which they are one.
///
/// Each building is drawn into a patch of its own, as much larger than itself as the square
/// reaches, so that beyond the patch there is nothing but the edge of the image.
pub(super) fn boundary_per_building(
    footprints: FootprintsRef<'_>,
    shape: Shape,
    kind: BoundaryType,
    square: Square,
    value: u8,
    cancel: &Cancel,
) -> Result<Vec<u8>> {
    let mut image = shape.zeros(1)?;
    let mut scratch = Scratch::default();
    let mut patch = Grid::default();
    for footprint in footprints.iter() {
        cancel.check()?;
        let Some(bounds) = geom::bounds(&footprint) else { continue };
        let rows = patch_range(bounds.min[1], bounds.max[1], square, shape.rows());
        let cols = patch_range(bounds.min[0], bounds.max[0], square, shape.cols());
        if rows.is_empty() || cols.is_empty() {
            continue;
        }
        patch.cols = cols.len();
        patch.pixels.clear();
        patch.pixels.resize(rows.len() * cols.len(), 0);
        scratch.fill(&footprint, &rows, shape.cols(), &mut |row, run| {
            let start = (row - rows.start) * cols.len();
            patch.pixels[start + run.start - cols.start..start + run.end - cols.start].fill(value);
        });
        let rim = kind.of_mask(&patch, square)?;
        for (row, line) in rows.zip(rim.chunks_exact(cols.len())) {
            let start = row * shape.cols() + cols.start;
            for (pixel, rim) in image[start..].iter_mut().zip(line) {
                *pixel |= rim;
            }
        }
    }
    Ok(image)
}

/// Pixels from the one that holds `low` to the one that holds `high`, grown by what the square
/// reaches, within the image.
fn patch_range(low: f64, high: f64, square: Square, count: usize) -> Range<usize> {
    let margin = square.reach(count)[1];
    // Conversion to an integer stops at 0 and at the largest one.
    let (first, last) = (low as usize, high as usize);
    if high < 0.0 || first >= count {
        return 0..0;
    }
    first.saturating_sub(margin)..last.saturating_add(margin + 1).min(count)
}
