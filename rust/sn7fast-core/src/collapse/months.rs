//! The pixels of an area through time, read as if all months lay in one place.

use crate::cube::{Cube, Probability};
use crate::error::{Error, Result};

/// Displacements are rounded to this part of a pixel.
const STEPS: f64 = 16.0;

/// Weight of a whole pixel in a sample between pixels.
const ONE: u32 = 256;

/// By how much a month lies off: what is seen at `whole + part` belongs to 0. y, x.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offset {
    whole: [i32; 2],
    /// From 0 below [`ONE`].
    part: [u32; 2],
}

impl Offset {
    /// From a displacement in pixels of the cube.
    pub fn new(displacement: [f64; 2]) -> Self {
        let steps = displacement.map(|value| (value * STEPS).round());
        let whole = steps.map(|steps| (steps / STEPS).floor());
        let part = |axis: usize| ((steps[axis] / STEPS - whole[axis]) * f64::from(ONE)) as u32;
        Self { whole: whole.map(|whole| whole as i32), part: [part(0), part(1)] }
    }

    /// The displacement in pixels of the cube.
    pub fn pixels(self) -> [f64; 2] {
        let part = self.part.map(|part| f64::from(part) / f64::from(ONE));
        [f64::from(self.whole[0]) + part[0], f64::from(self.whole[1]) + part[1]]
    }
}

/// A cube, and what the collapse must know of it.
#[derive(Clone, Copy, Debug)]
pub struct Months<'a, P> {
    cube: &'a Cube<'a, P>,
    /// Number of months.
    pub frames: usize,
    /// Rows of a month.
    pub rows: usize,
    /// Columns of a month.
    pub columns: usize,
    /// Pixels along one pixel of the image that the probabilities were made of.
    pub scale: usize,
    /// Some pixels cannot be seen.
    pub has_hidden: bool,
}

impl<'a, P: Probability> Months<'a, P> {
    /// Looks at all values once.
    ///
    /// # Errors
    /// [`Error::Argument`] if an image is too large, the scale is none from 1 to 4, or a value cannot
    /// be a probability.
    pub fn try_new(cube: &'a Cube<'a, P>, scale: usize) -> Result<Self> {
        let [rows, columns] = cube.shape();
        if rows * columns >= 1 << 30 {
            let got = format!("{rows} x {columns} pixels");
            return Err(Error::argument("cube", got, "fewer than 2^30; split the area"));
        }
        if !(1..=4).contains(&scale) {
            return Err(Error::argument("scale", scale, "1, 2, 3 or 4"));
        }
        let has_hidden = P::check(cube.frames())? || cube.has_masks();
        Ok(Self { cube, frames: cube.len(), rows, columns, scale, has_hidden })
    }

    /// A part of a cube whose values were looked at. `has_hidden`: of the whole.
    pub fn part(cube: &'a Cube<'a, P>, scale: usize, has_hidden: bool) -> Self {
        let [rows, columns] = cube.shape();
        Self { cube, frames: cube.len(), rows, columns, scale, has_hidden }
    }

    /// Rows and columns.
    pub fn shape(&self) -> [usize; 2] {
        [self.rows, self.columns]
    }

    fn inside(&self, row: isize) -> usize {
        row.clamp(0, self.rows as isize - 1) as usize
    }

    /// A row of a month, whether or not it can be seen; a row beyond the image is that at its edge.
    fn row(&self, frame: usize, row: isize) -> &'a [P] {
        self.cube.row(frame, self.inside(row))
    }

    /// Reader of moved rows.
    pub fn reader(&self) -> Reader<'a, P> {
        Reader { cube: *self, blend: Vec::new(), seen: Vec::new() }
    }
}

/// Reads rows of months as if they lay in place.
pub struct Reader<'a, P> {
    cube: Months<'a, P>,
    /// A row between two rows, with a margin at both ends.
    blend: Vec<u16>,
    seen: Vec<u8>,
}

impl<P: Probability> Reader<'_, P> {
    /// Levels of a row of a moved month, 0 where something hidden takes part, and 1 in `seen` where
    /// nothing does. `seen` is left alone if the cube has nothing hidden.
    pub fn read(
        &mut self,
        frame: usize,
        offset: Offset,
        row: isize,
        levels: &mut [u8],
        seen: &mut [u8],
    ) {
        let Offset { whole: [down, right], part: [part_y, part_x] } = offset;
        let cube = self.cube;
        // A row beyond the image repeats that at the edge, moved or not.
        let row = row.clamp(0, cube.rows as isize - 1) + down as isize;
        let (one, other) = (cube.row(frame, row), cube.row(frame, row + 1));
        let margin = right.unsigned_abs() as usize + 1;
        let columns = cube.columns;
        self.blend.resize(columns + 2 * margin, 0);
        let inner = &mut self.blend[margin..margin + columns];
        if part_y == 0 {
            for (blend, one) in inner.iter_mut().zip(one) {
                *blend = u16::from(one.level()) * ONE as u16;
            }
        } else {
            let (weight, rest) = (part_y as u16, (ONE - part_y) as u16);
            for ((blend, one), other) in inner.iter_mut().zip(one).zip(other) {
                *blend = u16::from(one.level()) * rest + u16::from(other.level()) * weight;
            }
        }
        extend_edges(&mut self.blend, margin);
        let start = (margin as isize + right as isize) as usize;
        let near = &self.blend[start..start + columns];
        if part_x == 0 {
            for (level, &near) in levels.iter_mut().zip(near) {
                *level = ((u32::from(near) + ONE / 2) / ONE) as u8;
            }
        } else {
            let (weight, rest) = (part_x, ONE - part_x);
            let far = &self.blend[start + 1..=start + columns];
            for ((level, &near), &far) in levels.iter_mut().zip(near).zip(far) {
                let sum = u32::from(near) * rest + u32::from(far) * weight;
                *level = ((sum + ONE * ONE / 2) / (ONE * ONE)) as u8;
            }
        }
        if cube.has_hidden {
            self.read_seen(frame, offset, row, seen);
            for (level, &seen) in levels.iter_mut().zip(&*seen) {
                *level *= seen;
            }
        }
    }

    fn read_seen(&mut self, frame: usize, offset: Offset, row: isize, seen: &mut [u8]) {
        let cube = self.cube;
        let columns = cube.columns;
        let right = offset.whole[1];
        let margin = right.unsigned_abs() as usize + 1;
        self.seen.resize(columns + 2 * margin, 0);
        let inner = &mut self.seen[margin..margin + columns];
        inner.fill(1);
        for row in if offset.part[0] == 0 { row..=row } else { row..=row + 1 } {
            for (seen, value) in inner.iter_mut().zip(cube.row(frame, row)) {
                *seen &= u8::from(value.is_known());
            }
            let (valid, scale) = cube.cube.mask_row(frame, cube.inside(row));
            if valid.iter().all(|&valid| valid) {
                continue;
            }
            if scale == 1 {
                // One loop over bytes, which the compiler makes wide.
                inner.iter_mut().zip(valid).for_each(|(seen, &valid)| *seen &= u8::from(valid));
                continue;
            }
            for (seen, &valid) in inner.chunks_mut(scale).zip(valid) {
                seen.iter_mut().for_each(|seen| *seen &= u8::from(valid));
            }
        }
        extend_edges(&mut self.seen, margin);
        let start = (margin as isize + right as isize) as usize;
        seen.copy_from_slice(&self.seen[start..start + columns]);
        if offset.part[1] != 0 {
            for (seen, &far) in seen.iter_mut().zip(&self.seen[start + 1..]) {
                *seen &= far;
            }
        }
    }
}

/// Fills both margins with the value beside them.
fn extend_edges<V: Copy>(row: &mut [V], margin: usize) {
    let end = row.len() - margin;
    if end > margin {
        let (first, last) = (row[margin], row[end - 1]);
        row[..margin].fill(first);
        row[end..].fill(last);
    }
}
