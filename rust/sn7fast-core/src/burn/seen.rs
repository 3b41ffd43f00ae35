//! Which pixels of images are seen, in bytes or in bits.

use crate::{Error, Result};
use std::ops::Range;

/// Rows of images of several months, eight pixels in a byte.
#[derive(Clone, Copy, Debug)]
pub struct BitRows<'a> {
    /// Which row of the image the first row is.
    pub first: usize,
    /// How many rows.
    pub rows: usize,
    /// Months * rows * bytes of a row; a pixel that is seen is 1, the first in the highest bit.
    pub bits: &'a [u8],
}

impl BitRows<'_> {
    fn end(&self) -> usize {
        self.first + self.rows
    }
}

/// Which pixels of the images of several months are seen.
#[derive(Clone, Copy, Debug)]
pub enum Valid<'a> {
    /// All of the image: months * rows * columns values, 0 where nothing is seen.
    Bytes {
        /// The values.
        pixels: &'a [u8],
        /// Rows and columns.
        shape: [usize; 2],
    },
    /// Some rows of the image; all is seen in the others.
    Bits {
        /// From top to bottom.
        bands: &'a [BitRows<'a>],
        /// Of the image.
        columns: usize,
        /// First row, and row after the last, of what is asked for.
        rows: [usize; 2],
    },
}

impl<'a> Valid<'a> {
    /// # Errors
    /// [`Error::Argument`] if there are not as many pixels as there should be, or bands overlap.
    pub fn check(&self, months: usize) -> Result<()> {
        match *self {
            Self::Bytes { pixels, shape: [rows, columns] } => {
                let wanted = rows.checked_mul(columns).and_then(|size| size.checked_mul(months));
                if wanted != Some(pixels.len()) {
                    let got = format!("{} pixels of {rows} x {columns}", pixels.len());
                    return Err(Error::argument("valid", got, format!("{months} months of them")));
                }
            }
            Self::Bits { bands, columns, .. } => {
                let bytes = columns.div_ceil(8);
                let mut above = 0;
                for band in bands {
                    let wanted = band.rows.checked_mul(bytes).and_then(|n| n.checked_mul(months));
                    if wanted != Some(band.bits.len()) || band.first < above {
                        let (first, rows) = (band.first, band.rows);
                        let got = format!("{} bytes from row {first} on", band.bits.len());
                        let wanted = format!("{months} months of {rows} rows of {bytes} bytes");
                        return Err(Error::argument("valid", got, wanted + ", top to bottom"));
                    }
                    above = band.end();
                }
            }
        }
        Ok(())
    }

    /// The image of a month.
    pub fn month(&self, month: usize) -> SeenMonth<'a> {
        SeenMonth { valid: *self, month }
    }
}

/// Which pixels of the image of one month are seen.
#[derive(Clone, Copy, Debug)]
pub struct SeenMonth<'a> {
    valid: Valid<'a>,
    month: usize,
}

impl<'a> SeenMonth<'a> {
    /// Rows of the image that can be asked for.
    pub fn rows(&self) -> Range<usize> {
        match self.valid {
            Valid::Bytes { shape, .. } => 0..shape[0],
            Valid::Bits { rows: [first, end], .. } => first..end,
        }
    }

    /// Columns of the image.
    pub fn columns(&self) -> usize {
        match self.valid {
            Valid::Bytes { shape, .. } => shape[1],
            Valid::Bits { columns, .. } => columns,
        }
    }

    /// True if so many pixels or more are known to be hidden.
    pub fn hides(&self, least: usize) -> bool {
        match self.valid {
            Valid::Bytes { pixels, shape: [rows, columns] } => {
                let size = rows * columns;
                let pixels = &pixels[self.month * size..(self.month + 1) * size];
                pixels.iter().filter(|&&pixel| pixel == 0).count() >= least
            }
            Valid::Bits { bands, columns, .. } => {
                let mut hidden = 0;
                bands.iter().any(|band| {
                    let size = band.rows * columns.div_ceil(8);
                    let bits = &band.bits[self.month * size..(self.month + 1) * size];
                    let seen: usize = bits.iter().map(|byte| byte.count_ones() as usize).sum();
                    // The bits behind the end of a row are 0.
                    hidden += (band.rows * columns).saturating_sub(seen);
                    hidden >= least
                })
            }
        }
    }

    /// Calls `each` with every pixel of a run: its column, and whether it is seen.
    pub fn run(&self, row: usize, columns: Range<usize>, mut each: impl FnMut(usize, bool)) {
        match self.valid {
            Valid::Bytes { pixels, shape: [rows, width] } => {
                let start = (self.month * rows + row) * width;
                let pixels = &pixels[start + columns.start..start + columns.end];
                columns.zip(pixels).for_each(|(column, &pixel)| each(column, pixel != 0));
            }
            Valid::Bits { bands, columns: width, .. } => {
                let band = bands.partition_point(|band| band.end() <= row);
                let Some(band) = bands.get(band).filter(|band| band.first <= row) else {
                    return columns.for_each(|column| each(column, true));
                };
                let bytes = width.div_ceil(8);
                let start = (self.month * band.rows + row - band.first) * bytes;
                let bits = &band.bits[start..start + bytes];
                columns.for_each(|column| {
                    each(column, bits[column / 8] >> (7 - column % 8) & 1 != 0);
                });
            }
        }
    }
}
