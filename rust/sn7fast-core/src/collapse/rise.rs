//! What each pixel tells on its own: how often it is built on, and whether that began at some time.
//!
//! For every month k but the first, the mean of a small window before k is compared with the mean
//! from k on; the k of the largest rise is kept. The window (3 x 3 pixels of the image) lets
//! single pixels that come and go at the rim of a building tell nothing.
//!
//! Bands of rows are worked on one by one: a band of all months fits into the cache, the cube does
//! not.

use super::months::{Months, Offset, Reader};
use crate::cancel::Cancel;
use crate::cube::Probability;
use crate::error::Result;
use rayon::prelude::*;

/// A pixel belongs to something new if its window rose by this share of the months...
const WINDOW_RISE: f32 = 0.4;
/// ... and it itself by this one.
const OWN_RISE: f32 = 0.35;

const BAND: usize = 24;

/// One value for each pixel.
#[derive(Debug)]
pub struct Rise {
    /// Mean over the months in which it is seen, 0 to 255.
    pub mean: Vec<u8>,
    /// Mean since the rise of a pixel that belongs to something new, else 0.
    pub since: Vec<u8>,
    /// 1 if the window rose by so much that something new is here.
    pub is_sure: Vec<u8>,
}

/// Looks for rises.
///
/// `least_since`: a new pixel has at least this mean since its rise. `sure`: the rise of a window
/// from which on it is sure.
pub fn rise<P: Probability>(
    cube: &Months<'_, P>,
    offsets: &[Offset],
    least_since: f32,
    sure: f32,
    cancel: &Cancel,
) -> Result<Rise> {
    let pixels = cube.rows * cube.columns;
    let mut out = Rise { mean: vec![0; pixels], since: vec![0; pixels], is_sure: vec![0; pixels] };
    if pixels == 0 {
        return Ok(out);
    }
    let size = BAND * cube.columns;
    out.mean
        .par_chunks_mut(size)
        .zip(out.since.par_chunks_mut(size))
        .zip(out.is_sure.par_chunks_mut(size))
        .enumerate()
        .try_for_each_init(
            || Band::new(cube, offsets),
            |band, (number, ((mean, since), is_sure))| -> Result<()> {
                cancel.check()?;
                band.load(number * BAND, mean.len());
                if cube.has_hidden {
                    band.work::<true>()
                } else {
                    band.work::<false>()
                }
                for (place, mean) in mean.iter_mut().enumerate() {
                    let best = band.best[place];
                    *mean = band.mean(place);
                    is_sure[place] = u8::from(best > sure);
                    let is_new = best > WINDOW_RISE
                        && band.own_rise[place] > OWN_RISE
                        && band.since[place] > least_since;
                    since[place] =
                        if is_new { (band.since[place] * 255.0).round() as u8 } else { 0 };
                }
                Ok(())
            },
        )?;
    Ok(out)
}

/// Buffers for a band of rows.
struct Band<'a, P> {
    cube: Months<'a, P>,
    offsets: &'a [Offset],
    reader: Reader<'a, P>,
    /// Pixels of the band; buffers may be longer.
    pixels: usize,
    /// For each month the rows of the band and a margin at both sides.
    levels: Vec<u8>,
    seen: Vec<u8>,
    sums: [Sums; 2],
    window: Vec<u16>,
    columns: Vec<u16>,
    best: Vec<f32>,
    own_rise: Vec<f32>,
    since: Vec<f32>,
}

/// Levels and months, of pixels and of windows: in all months, and before the one looked at.
#[derive(Default)]
struct Sums {
    own: Vec<f32>,
    own_seen: Vec<f32>,
    window: Vec<f32>,
    window_seen: Vec<f32>,
}

impl Sums {
    fn reset(&mut self, pixels: usize) {
        for sum in [&mut self.own, &mut self.own_seen, &mut self.window, &mut self.window_seen] {
            sum.clear();
            sum.resize(pixels, 0.0);
        }
    }
}

impl<'a, P: Probability> Band<'a, P> {
    fn new(cube: &Months<'a, P>, offsets: &'a [Offset]) -> Self {
        Self {
            cube: *cube,
            offsets,
            reader: cube.reader(),
            pixels: 0,
            levels: Vec::new(),
            seen: Vec::new(),
            sums: Default::default(),
            window: Vec::new(),
            columns: Vec::new(),
            best: Vec::new(),
            own_rise: Vec::new(),
            since: Vec::new(),
        }
    }

    /// Half the side of a window.
    fn radius(&self) -> usize {
        self.cube.scale
    }

    fn month_size(&self) -> usize {
        self.pixels + 2 * self.radius() * self.cube.columns
    }

    /// Reads the band of all months.
    fn load(&mut self, first_row: usize, pixels: usize) {
        let Months { frames, columns, has_hidden, .. } = self.cube;
        self.pixels = pixels;
        let (size, margin) = (self.month_size(), self.radius() as isize);
        self.levels.resize(frames * size, 0);
        self.seen.resize(if has_hidden { frames * size } else { 0 }, 0);
        for frame in 0..frames {
            for (row, start) in (0..size).step_by(columns).enumerate() {
                let place = frame * size + start;
                let seen =
                    if has_hidden { &mut self.seen[place..place + columns] } else { &mut [] };
                let levels = &mut self.levels[place..place + columns];
                let row = first_row as isize + row as isize - margin;
                self.reader.read(frame, self.offsets[frame], row, levels, seen);
            }
        }
    }

    /// Sums up the months, then looks for the largest rise.
    fn work<const HIDDEN: bool>(&mut self) {
        let pixels = self.pixels;
        for sums in &mut self.sums {
            sums.reset(pixels);
        }
        for frame in 0..self.cube.frames {
            self.add::<HIDDEN>(frame, 0);
        }
        for best in [&mut self.best, &mut self.own_rise, &mut self.since] {
            best.clear();
            best.resize(pixels, -1.0);
        }
        for frame in 1..self.cube.frames {
            self.add::<HIDDEN>(frame - 1, 1);
            self.compare::<HIDDEN>(frame);
        }
    }

    /// Adds a month to the sums.
    fn add<const HIDDEN: bool>(&mut self, frame: usize, which: usize) {
        let (size, columns, radius) = (self.month_size(), self.cube.columns, self.radius());
        let inner = frame * size + radius * columns;
        let sums = &mut self.sums[which];
        let month = &self.levels[frame * size..(frame + 1) * size];
        add_bytes(&mut sums.own, &self.levels[inner..inner + self.pixels]);
        add_windows(&mut sums.window, month, columns, radius, &mut self.window, &mut self.columns);
        if HIDDEN {
            let month = &self.seen[frame * size..(frame + 1) * size];
            add_bytes(&mut sums.own_seen, &self.seen[inner..inner + self.pixels]);
            let seen = &mut sums.window_seen;
            add_windows(seen, month, columns, radius, &mut self.window, &mut self.columns);
        }
    }

    /// Compares the months before one with the others.
    fn compare<const HIDDEN: bool>(&mut self, frame: usize) {
        let pixels = self.pixels;
        let [all, before] = &self.sums;
        let area = ((2 * self.radius() + 1) * (2 * self.radius() + 1)) as f32;
        // All buffers are as long: the compiler then needs no checks in the loop.
        let (all_own, own) = (&all.own[..pixels], &before.own[..pixels]);
        let (all_window, window) = (&all.window[..pixels], &before.window[..pixels]);
        let (best, since) = (&mut self.best[..pixels], &mut self.since[..pixels]);
        let own_rise = &mut self.own_rise[..pixels];
        if HIDDEN {
            let (all_own_seen, own_seen) = (&all.own_seen[..pixels], &before.own_seen[..pixels]);
            let (all_seen, seen) = (&all.window_seen[..pixels], &before.window_seen[..pixels]);
            // Half a month of a whole window on either side, or nothing can be said.
            let least = 0.5 * area;
            for k in 0..pixels {
                let (n0, n1) = (seen[k], all_seen[k] - seen[k]);
                let (m0, m1) = (own_seen[k], all_own_seen[k] - own_seen[k]);
                let rise =
                    ((all_window[k] - window[k]) / n1.max(1.0) - window[k] / n0.max(1.0)) / 255.0;
                let now = (all_own[k] - own[k]) / (255.0 * m1.max(1.0));
                let was = own[k] / (255.0 * m0.max(1.0));
                let better = (n0 > least) & (n1 > least) & (rise > best[k]);
                best[k] = if better { rise } else { best[k] };
                since[k] = if better { now } else { since[k] };
                own_rise[k] = if better { now - was } else { own_rise[k] };
            }
        } else {
            let (earlier, later) = (frame as f32, (self.cube.frames - frame) as f32);
            let (w0, w1) = (1.0 / (255.0 * earlier), 1.0 / (255.0 * later));
            let (a0, a1) = (w0 / area, w1 / area);
            for k in 0..pixels {
                let rise = (all_window[k] - window[k]) * a1 - window[k] * a0;
                let now = (all_own[k] - own[k]) * w1;
                let was = own[k] * w0;
                let better = rise > best[k];
                best[k] = if better { rise } else { best[k] };
                since[k] = if better { now } else { since[k] };
                own_rise[k] = if better { now - was } else { own_rise[k] };
            }
        }
    }

    fn mean(&self, place: usize) -> u8 {
        let sums = &self.sums[0];
        let months =
            if self.cube.has_hidden { sums.own_seen[place] } else { self.cube.frames as f32 };
        (sums.own[place] / months.max(1.0)).round() as u8
    }
}

fn add_bytes(sums: &mut [f32], values: &[u8]) {
    for (sum, &value) in sums.iter_mut().zip(values) {
        *sum += f32::from(value);
    }
}

/// Adds to each pixel the sum of its window. `month` has `radius` rows more at both sides.
fn add_windows(
    sums: &mut [f32],
    month: &[u8],
    columns: usize,
    radius: usize,
    window: &mut Vec<u16>,
    column_sums: &mut Vec<u16>,
) {
    // Sums of up to 9 x 9 bytes fit into 16 bits.
    column_sums.clear();
    column_sums.resize(columns + 2 * radius, 0);
    window.resize(columns, 0);
    let row_of = |row: usize| &month[row * columns..(row + 1) * columns];
    for row in 0..2 * radius {
        for (sum, &value) in column_sums[radius..].iter_mut().zip(row_of(row)) {
            *sum += u16::from(value);
        }
    }
    for (row, sums) in sums.chunks_exact_mut(columns).enumerate() {
        let inner = &mut column_sums[radius..radius + columns];
        for (sum, &value) in inner.iter_mut().zip(row_of(row + 2 * radius)) {
            *sum += u16::from(value);
        }
        let (first, last) = (inner[0], inner[columns - 1]);
        column_sums[..radius].fill(first);
        column_sums[radius + columns..].fill(last);
        window.copy_from_slice(&column_sums[..columns]);
        for shift in 1..=2 * radius {
            for (window, &sum) in window.iter_mut().zip(&column_sums[shift..shift + columns]) {
                *window += sum;
            }
        }
        for (sum, &window) in sums.iter_mut().zip(&*window) {
            *sum += f32::from(window);
        }
        for (sum, &value) in column_sums[radius..].iter_mut().zip(row_of(row)) {
            *sum -= u16::from(value);
        }
    }
}
