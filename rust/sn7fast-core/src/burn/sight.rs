//! What clouds leave of a footprint.

use super::footprint::Scratch;
use crate::footprints::{FootprintRef, Footprints};
use crate::mask::{self, polygonize};
use crate::{Error, Result};
use std::ops::Range;

/// How much of a footprint is seen.
#[derive(Clone, Debug, PartialEq)]
pub enum Sight {
    /// All of it, or it has no pixel.
    Clear,
    /// Only this part: one footprint along the edges of pixels.
    Partly(Footprints),
    /// Nothing.
    Hidden,
}

/// Looks at footprints in one image after the other; keeps its memory.
#[derive(Default)]
pub struct Looker<'a> {
    scratch: Scratch<'a>,
    runs: Vec<(usize, Range<usize>)>,
}

impl<'a> Looker<'a> {
    /// How much of a footprint is seen where `valid` (rows * columns values, of which the first row
    /// is row `top` of the image) is not 0.
    ///
    /// # Errors
    /// [`Error::Argument`] if `valid` has not as many pixels as the shape says.
    pub fn look(
        &mut self,
        footprint: &FootprintRef<'a>,
        valid: &[u8],
        [rows, cols]: [usize; 2],
        top: usize,
    ) -> Result<Sight> {
        if rows.checked_mul(cols) != Some(valid.len()) {
            let got = format!("{} pixels for a shape of {rows} x {cols}", valid.len());
            return Err(Error::argument("valid", got, "rows * columns pixels"));
        }
        self.runs.clear();
        let runs = &mut self.runs;
        self.scratch.fill(footprint, &(top..top + rows), cols, &mut |row, columns| {
            runs.push((row - top, columns));
        });
        let (mut all, mut seen) = (0, 0);
        for (row, columns) in &self.runs {
            let pixels = &valid[row * cols + columns.start..row * cols + columns.end];
            all += pixels.len();
            seen += pixels.iter().filter(|&&pixel| pixel != 0).count();
        }
        if seen == all {
            return Ok(Sight::Clear);
        }
        if seen == 0 { Ok(Sight::Hidden) } else { self.part(valid, cols, top).map(Sight::Partly) }
    }

    /// The valid pixels of the runs as one footprint.
    fn part(&self, valid: &[u8], cols: usize, first_row: usize) -> Result<Footprints> {
        let window = self.runs.iter().fold(None, |window, (row, columns)| {
            let [top, bottom, left, right] =
                window.unwrap_or([*row, row + 1, columns.start, columns.end]);
            let (top, bottom) = (top.min(*row), bottom.max(row + 1));
            Some([top, bottom, left.min(columns.start), right.max(columns.end)])
        });
        let [top, bottom, left, right] = window.unwrap_or([0; 4]);
        let shape = [bottom - top, right - left];
        let mut pixels = vec![0_u8; shape[0] * shape[1]];
        for (row, columns) in &self.runs {
            for column in columns.clone() {
                let place = (row - top) * shape[1] + column - left;
                pixels[place] = u8::from(valid[row * cols + column] != 0);
            }
        }
        let mut part = polygonize(&pixels, shape, &mask::Options::default())?;
        for point in &mut part.coords {
            *point = [point[0] + left as f64, point[1] + (first_row + top) as f64];
        }
        // All its polygons are one footprint.
        let polygons = part.polygon_offsets.len() as i32 - 1;
        part.footprint_offsets = (polygons > 1).then(|| vec![0, polygons]);
        Ok(part)
    }
}
