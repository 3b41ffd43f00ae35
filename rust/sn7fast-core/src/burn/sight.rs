//! What clouds leave of a footprint.

use super::footprint::Scratch;
use super::seen::SeenMonth;
use crate::footprints::{Builder, FootprintRef, Footprints};
use crate::mask::{self, Bands, polygonize};
use crate::{Cancel, Result};
use std::ops::Range;

/// A window of more pixels than this is never in memory at once.
const MOST_PIXELS: usize = 1 << 20;

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
    /// How much of a footprint is seen in a month.
    ///
    /// # Errors
    /// [`crate::Error::Argument`] if the part that is seen has more points than 32-bit offsets can
    /// count.
    pub fn look(&mut self, footprint: &FootprintRef<'a>, seen: &SeenMonth<'_>) -> Result<Sight> {
        self.runs.clear();
        let runs = &mut self.runs;
        self.scratch.fill(footprint, &seen.rows(), seen.columns(), &mut |row, columns| {
            runs.push((row, columns));
        });
        let (mut all, mut clear) = (0_usize, 0_usize);
        for (row, columns) in &self.runs {
            all += columns.len();
            seen.run(*row, columns.clone(), |_, is_seen| clear += usize::from(is_seen));
        }
        if clear == all {
            return Ok(Sight::Clear);
        }
        if clear == 0 { Ok(Sight::Hidden) } else { self.part(seen, MOST_PIXELS).map(Sight::Partly) }
    }

    /// The pixels of the runs that are seen as one footprint, of windows of at most so many pixels
    /// or one row.
    fn part(&mut self, seen: &SeenMonth<'_>, most: usize) -> Result<Footprints> {
        self.runs.sort_unstable_by_key(|(row, _)| *row);
        let top = self.runs.first().map_or(0, |(row, _)| *row);
        let bottom = self.runs.last().map_or(0, |(row, _)| row + 1);
        let left = self.runs.iter().map(|(_, columns)| columns.start).min().unwrap_or(0);
        let right = self.runs.iter().map(|(_, columns)| columns.end).max().unwrap_or(0);
        let (height, width) = (bottom - top, right - left);
        let options = mask::Options::default();
        let band = (most / width.max(1)).max(1);
        let mut part = if height <= band {
            let mut pixels = vec![0; height * width];
            self.draw(seen, top..bottom, left..right, &mut pixels);
            polygonize(&pixels, [height, width], &options)?
        } else {
            let (mut bands, mut parts) = (Bands::new(width, options)?, Builder::new());
            let mut pixels = vec![0; band * width];
            let mut add = |some: Footprints| {
                let some = some.view();
                (0..some.len()).for_each(|one| parts.push(&some.get(one)));
            };
            for first in (top..bottom).step_by(band) {
                let rows = first..bottom.min(first + band);
                let pixels = &mut pixels[..rows.len() * width];
                pixels.fill(0);
                self.draw(seen, rows, left..right, pixels);
                add(bands.push(pixels, &Cancel::new())?);
            }
            add(bands.end()?);
            parts.finish()?
        };
        for point in &mut part.coords {
            *point = [point[0] + left as f64, point[1] + top as f64];
        }
        // All its polygons are one footprint.
        let polygons = part.polygon_offsets.len() as i32 - 1;
        part.footprint_offsets = (polygons > 1).then(|| vec![0, polygons]);
        Ok(part)
    }

    /// Sets the pixels of a window of zeros that are seen.
    fn draw(
        &self,
        seen: &SeenMonth<'_>,
        rows: Range<usize>,
        window: Range<usize>,
        pixels: &mut [u8],
    ) {
        let first = self.runs.partition_point(|(row, _)| *row < rows.start);
        for (row, columns) in self.runs[first..].iter().take_while(|(row, _)| *row < rows.end) {
            let start = (row - rows.start) * window.len();
            seen.run(*row, columns.clone(), |column, is_seen| {
                pixels[start + column - window.start] |= u8::from(is_seen);
            });
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::seen::{BitRows, Valid};
    use super::*;
    use proptest::prelude::*;

    const COLUMNS: usize = 21;

    /// Bands of these heights; one that is all seen is left out.
    fn packed(rows: &[Vec<u8>], heights: &[usize]) -> Vec<(usize, usize, Vec<u8>)> {
        let (mut bands, mut first) = (Vec::new(), 0);
        for height in heights.iter().copied().chain([rows.len()]) {
            let end = (first + height).min(rows.len());
            let mut bits = Vec::new();
            for row in &rows[first..end] {
                bits.extend(row.chunks(8).map(|eight| {
                    eight.iter().enumerate().fold(0, |byte, (k, pixel)| byte | pixel << (7 - k))
                }));
            }
            if rows[first..end].iter().flatten().any(|&pixel| pixel == 0) {
                bands.push((first, end - first, bits));
            }
            first = end;
        }
        bands
    }

    proptest! {
        #[test]
        fn bits_and_windows_show_what_bytes_show(
            shape in prop::collection::vec(prop::collection::vec(0..4_u8, COLUMNS), 1..24),
            clouds in prop::collection::vec(prop::collection::vec(0..3_u8, COLUMNS), 24),
            heights in prop::collection::vec(0..5_usize, 24),
            most in 1..100_usize,
        ) {
            let rows = shape.len();
            let ground: Vec<u8> = shape.iter().flatten().map(|&value| value.min(1)).collect();
            let footprints = polygonize(&ground, [rows, COLUMNS], &mask::Options::default()).unwrap();
            let valid: Vec<Vec<u8>> =
                clouds[..rows].iter().map(|row| row.iter().map(|&v| v.min(1)).collect()).collect();
            let pixels = valid.concat();
            let bytes = Valid::Bytes { pixels: &pixels, shape: [rows, COLUMNS] };
            let bands = packed(&valid, &heights);
            let bands: Vec<BitRows<'_>> =
                bands.iter().map(|(first, rows, bits)| BitRows { first: *first, rows: *rows, bits }).collect();
            let bits = Valid::Bits { bands: &bands, columns: COLUMNS, rows: [0, rows] };
            bytes.check(1).unwrap();
            bits.check(1).unwrap();
            let (bytes, bits) = (bytes.month(0), bits.month(0));
            let hidden = pixels.iter().filter(|&&pixel| pixel == 0).count();
            for least in [1, hidden.max(1), hidden + 1] {
                prop_assert_eq!(bytes.hides(least), least <= hidden);
                prop_assert_eq!(bits.hides(least), least <= hidden);
            }
            let view = footprints.view();
            let mut looker = Looker::default();
            for one in 0..view.len() {
                let whole = looker.look(&view.get(one), &bytes).unwrap();
                prop_assert_eq!(&looker.look(&view.get(one), &bits).unwrap(), &whole);
                if let Sight::Partly(part) = whole {
                    prop_assert_eq!(looker.part(&bits, most).unwrap(), part);
                }
            }
        }
    }

    #[test]
    fn bits_that_do_not_fit_are_told() {
        let band = |first, rows, bits| BitRows { first, rows, bits };
        let check = |bands: &[BitRows<'_>]| {
            Valid::Bits { bands, columns: 9, rows: [0, 9] }.check(2).is_ok()
        };
        assert!(check(&[band(0, 1, &[0; 4]), band(1, 2, &[0; 8])]));
        assert!(!check(&[band(0, 1, &[0; 3])]));
        assert!(!check(&[band(0, 2, &[0; 8]), band(1, 1, &[0; 4])]));
    }
}
