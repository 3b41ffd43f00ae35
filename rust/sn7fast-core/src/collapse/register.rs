//! Where each month lies against the others.
//!
//! The mean of all months, as they lie at present, is the common picture. A month that lies a
//! little off differs from it by the picture's slope times the displacement (Lucas and Kanade), so
//! least squares over all pixels gives the displacement; this is repeated a few times. How bright
//! a month is, is estimated beside it: a month in which a network finds less is not moved for that.
//!
//! The picture is a sample of the rows, at the scale of the image, slightly blurred, so memory does
//! not grow with the area.

use super::months::{Months, Offset};
use crate::cancel::Cancel;
use crate::cube::Probability;
use crate::error::Result;
use rayon::prelude::*;

/// Rows of a band that count, and around them, for what is moved in.
const ROWS: usize = 48;
const MARGIN: usize = 8;

/// About as many pixels are looked at.
const SAMPLE: usize = 1 << 17;

const ROUNDS: usize = 4;

/// Sums that run side by side, as wide registers add.
const LANES: usize = 16;

/// Longest step of a round, in pixels.
const STEP: f64 = 2.0;

/// How much speaks for a month that is at rest: as much as the outlines of a few buildings. Where
/// there are hardly more, one that is built would look like a move.
const AT_REST: f64 = 8.0;

/// A month that is fainter than this share of the picture tells too little to be moved by more.
const LEAST_GAIN: f64 = 0.2;

/// Offset of each month, in pixels of the cube.
///
/// The middle one of all months is at rest. `longest`: no month moves further along an axis, in
/// pixels of the image; 0 leaves all where they are.
pub fn register<P: Probability>(
    cube: &Months<'_, P>,
    longest: f64,
    cancel: &Cancel,
) -> Result<Vec<Offset>> {
    let rows = sample(cube.shape(), cube.scale);
    let read = |&[first, rows]: &[usize; 2]| Band::read(cube, first, rows);
    let bands = || rows.par_iter().map(read).collect();
    let is_moved = longest > 0.0 && cube.frames > 1;
    settle(if is_moved { bands() } else { Vec::new() }, cube.frames, cube.scale, longest, cancel)
}

/// The same of an area of which only the rows of [`sample`] are there, each as a cube of its own.
pub fn register_parts<P: Probability>(
    parts: &[Months<'_, P>],
    longest: f64,
    cancel: &Cancel,
) -> Result<Vec<Offset>> {
    let Some(&Months { frames, scale, .. }) = parts.first() else { return Ok(Vec::new()) };
    let read = |part: &Months<'_, P>| Band::read(part, 0, part.rows / scale);
    let bands = || parts.par_iter().map(read).collect();
    let is_moved = longest > 0.0 && frames > 1;
    settle(if is_moved { bands() } else { Vec::new() }, frames, scale, longest, cancel)
}

/// Rows that are looked at: first row and number of rows of some bands, in pixels of the image.
pub fn sample(shape: [usize; 2], scale: usize) -> Vec<[usize; 2]> {
    let [rows, columns] = shape.map(|side| side / scale);
    let height = ROWS.min(rows.saturating_sub(2 * MARGIN));
    if height < 4 || columns <= 2 * MARGIN + 4 {
        return Vec::new();
    }
    let places = (rows - 2 * MARGIN) / height;
    let count = (SAMPLE / (height * columns)).clamp(1, places);
    let first = |k: usize| k * (rows - 2 * MARGIN - height) / (count - 1).max(1);
    (0..count).map(|k| [first(k), height + 2 * MARGIN]).collect()
}

fn settle(
    bands: Vec<Band>,
    frames: usize,
    scale: usize,
    longest: f64,
    cancel: &Cancel,
) -> Result<Vec<Offset>> {
    let mut places = vec![[0.0; 2]; frames];
    if bands.is_empty() {
        return Ok(vec![Offset::default(); frames]);
    }
    let limit = longest.min(MARGIN as f64 - 2.0);
    for _ in 0..ROUNDS {
        cancel.check()?;
        let parts: Vec<Vec<Normal>> =
            bands.par_iter().map(|band| band.equations(&places)).collect();
        for (frame, place) in places.iter_mut().enumerate() {
            let mut sum = Normal::default();
            parts.iter().for_each(|part| sum.add(&part[frame]));
            let step = sum.solve();
            for axis in 0..2 {
                place[axis] = (place[axis] + step[axis]).clamp(-limit, limit);
            }
        }
        for axis in 0..2 {
            let middle = median(places.iter().map(|place| place[axis]).collect());
            places.iter_mut().for_each(|place| place[axis] -= middle);
        }
    }
    let scale = scale as f64;
    Ok(places.into_iter().map(|[y, x]| Offset::new([y * scale, x * scale])).collect())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// Some rows of all months, at the scale of the image.
struct Band {
    rows: usize,
    columns: usize,
    /// Levels of each month, blurred.
    months: Vec<Vec<f32>>,
    /// 1 where all that takes part can be seen; empty if all can.
    seen: Vec<Vec<f32>>,
}

impl Band {
    fn read<P: Probability>(cube: &Months<'_, P>, first: usize, rows: usize) -> Self {
        let columns = cube.columns / cube.scale;
        let mut band = Self { rows, columns, months: Vec::new(), seen: Vec::new() };
        let mut reader = cube.reader();
        let mut line = vec![0; cube.columns];
        let mut line_seen = vec![0; cube.columns];
        let area = (cube.scale * cube.scale) as f32;
        for frame in 0..cube.frames {
            let mut levels = vec![0.0f32; rows * columns];
            let mut seen = vec![0.0f32; if cube.has_hidden { rows * columns } else { 0 }];
            for row in 0..rows * cube.scale {
                let from = (first * cube.scale + row) as isize;
                reader.read(frame, Offset::default(), from, &mut line, &mut line_seen);
                let start = row / cube.scale * columns;
                add_blocks(&mut levels[start..start + columns], &line, cube.scale);
                if cube.has_hidden {
                    add_blocks(&mut seen[start..start + columns], &line_seen, cube.scale);
                }
            }
            levels.iter_mut().for_each(|level| *level /= area * 255.0);
            // What is partly hidden is hidden, and so is what the blur would mix with it.
            seen.iter_mut().for_each(|seen| *seen /= area);
            band.months.push(blurred(&levels, columns));
            band.seen.push(blurred(&seen, columns));
        }
        band
    }

    /// What each month says about its displacement.
    fn equations(&self, places: &[[f64; 2]]) -> Vec<Normal> {
        let size = self.rows * self.columns;
        let mut mean = vec![0.0f32; size];
        let mut months = vec![0.0f32; size];
        let moved: Vec<_> =
            places.iter().enumerate().map(|(k, &place)| self.moved(k, place)).collect();
        for (levels, seen) in &moved {
            for (mean, &level) in mean.iter_mut().zip(levels) {
                *mean += level;
            }
            for (months, &seen) in months.iter_mut().zip(seen) {
                *months += seen;
            }
        }
        if !self.has_hidden() {
            months.fill(places.len() as f32);
        }
        for (mean, &months) in mean.iter_mut().zip(&months) {
            *mean /= months.max(1.0);
        }
        let slopes = self.slopes(&mean);
        // Without clouds all months look at the same pixels of the picture.
        let common = self.picture(&mean, &slopes, &[]);
        moved
            .iter()
            .map(|(levels, seen)| {
                let [a, b, c, d, e, f] =
                    if seen.is_empty() { common } else { self.picture(&mean, &slopes, seen) };
                let [down, right] = &slopes;
                // Hidden levels are 0, so they need no further mask.
                let [p, q, r] = [down, right, &mean].map(|one| self.dot(one, levels, &[]));
                Normal([a, b, c, d, e, f, p, q, r])
            })
            .collect()
    }

    fn has_hidden(&self) -> bool {
        self.seen.first().is_some_and(|seen| !seen.is_empty())
    }

    /// Slopes of the picture, down and right.
    fn slopes(&self, mean: &[f32]) -> [Vec<f32>; 2] {
        [self.columns, 1].map(|step| {
            let mut slope = vec![0.0; mean.len()];
            let inner = step..mean.len() - step;
            for (slope, near) in slope[inner].iter_mut().zip(mean.windows(2 * step + 1)) {
                *slope = 0.5 * (near[2 * step] - near[0]);
            }
            slope
        })
    }

    /// Sums of slopes and levels of the picture where a month is seen.
    fn picture(&self, mean: &[f32], [down, right]: &[Vec<f32>; 2], seen: &[f32]) -> [f64; 6] {
        let pairs = [
            (&down[..], &down[..]),
            (down, right),
            (down, mean),
            (right, right),
            (right, mean),
            (mean, mean),
        ];
        pairs.map(|(one, other)| self.dot(one, other, seen))
    }

    /// Sum of products over the pixels that count, in an order that does not change.
    fn dot(&self, one: &[f32], other: &[f32], seen: &[f32]) -> f64 {
        let columns = self.columns;
        let mut sum = 0.0;
        for row in MARGIN..self.rows - MARGIN {
            let line = row * columns + MARGIN..(row + 1) * columns - MARGIN;
            let (one, other) = (&one[line.clone()], &other[line.clone()]);
            let mut lanes = [0.0f32; LANES];
            if seen.is_empty() {
                let pairs = one.chunks_exact(LANES).zip(other.chunks_exact(LANES));
                for (one, other) in pairs {
                    for k in 0..LANES {
                        lanes[k] += one[k] * other[k];
                    }
                }
            } else {
                let seen = seen[line].chunks_exact(LANES);
                let pairs = one.chunks_exact(LANES).zip(other.chunks_exact(LANES)).zip(seen);
                for ((one, other), seen) in pairs {
                    for k in 0..LANES {
                        lanes[k] += one[k] * other[k] * seen[k];
                    }
                }
            }
            sum += lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>();
        }
        sum
    }

    /// A month as it lies with a displacement: levels, 0 where hidden, and 1 where they are seen.
    fn moved(&self, frame: usize, [down, right]: [f64; 2]) -> (Vec<f32>, Vec<f32>) {
        let mut levels = self.shift(&self.months[frame], down, right);
        if self.seen[frame].is_empty() {
            return (levels, Vec::new());
        }
        let mut seen = self.shift(&self.seen[frame], down, right);
        for (level, seen) in levels.iter_mut().zip(&mut seen) {
            *seen = f32::from(u8::from(*seen > 0.999));
            *level *= *seen;
        }
        (levels, seen)
    }

    fn shift(&self, values: &[f32], down: f64, right: f64) -> Vec<f32> {
        let (rows, columns) = (self.rows as isize, self.columns as isize);
        let (whole_y, whole_x) = (down.floor(), right.floor());
        let (part_y, part_x) = ((down - whole_y) as f32, (right - whole_x) as f32);
        let mut out = vec![0.0; values.len()];
        let margin = MARGIN as isize;
        // Displacements are less than the margin: nothing else is looked at.
        for row in 1..rows - 1 {
            let from = (row + whole_y as isize).clamp(0, rows - 2) * columns;
            let start = from + 1.max(margin - 2) + whole_x as isize;
            let length = columns - 2 * 1.max(margin - 2);
            let near = &values[start as usize..(start + length + 1) as usize];
            let far = &values[(start + columns) as usize..(start + columns + length + 1) as usize];
            let to = (row * columns + 1.max(margin - 2)) as usize;
            let out = &mut out[to..to + length as usize];
            for (k, out) in out.iter_mut().enumerate() {
                let upper = near[k] + (near[k + 1] - near[k]) * part_x;
                let lower = far[k] + (far[k + 1] - far[k]) * part_x;
                *out = upper + (lower - upper) * part_y;
            }
        }
        out
    }
}

fn add_blocks(sums: &mut [f32], line: &[u8], scale: usize) {
    for (sum, block) in sums.iter_mut().zip(line.chunks_exact(scale)) {
        *sum += block.iter().map(|&level| f32::from(level)).sum::<f32>();
    }
}

/// Each pixel and its neighbours with weights 1, 2, 1 along both axes; the outermost stay.
fn blurred(values: &[f32], columns: usize) -> Vec<f32> {
    let mut across = values.to_vec();
    for (out, line) in across.chunks_exact_mut(columns).zip(values.chunks_exact(columns)) {
        for (out, near) in out[1..].iter_mut().zip(line.windows(3)) {
            *out = 0.25 * (near[0] + 2.0 * near[1] + near[2]);
        }
    }
    let mut out = across.clone();
    for row in 1..(values.len() / columns).saturating_sub(1) {
        for k in row * columns..(row + 1) * columns {
            out[k] = 0.25 * (across[k - columns] + 2.0 * across[k] + across[k + columns]);
        }
    }
    out
}

/// Sums for least squares: slope down, slope right and level of the picture against a month.
#[derive(Clone, Copy, Debug, Default)]
struct Normal([f64; 9]);

impl Normal {
    fn add(&mut self, other: &Self) {
        for (sum, &value) in self.0.iter_mut().zip(&other.0) {
            *sum += value;
        }
    }

    /// Displacement y, x that the sums speak for; none if they say too little.
    fn solve(&self) -> [f64; 2] {
        let [a, b, c, d, e, f, p, q, r] = self.0;
        let (a, d) = (a + AT_REST, d + AT_REST);
        let det = a * (d * f - e * e) - b * (b * f - c * e) + c * (b * e - c * d);
        // The determinant of sums of products is never negative but by rounding.
        if f <= 0.0 || det <= 1e-9 * a * d * f {
            return [0.0; 2];
        }
        let down = (p * (d * f - e * e) - b * (q * f - e * r) + c * (q * e - d * r)) / det;
        let right = (a * (q * f - e * r) - p * (b * f - c * e) + c * (b * r - q * c)) / det;
        let gain = (a * (d * r - q * e) - b * (b * r - q * c) + p * (b * e - c * d)) / det;
        [down, right].map(|slope| (-slope / gain.max(LEAST_GAIN)).clamp(-STEP, STEP))
    }
}
