//! Seeded watershed.
//!
//! ```text
//! all pixels of seeds wait, in raster order
//! while pixels wait: take the highest, the one that has waited longest first
//!     it has a label and is no seed                -> leave it
//!     a neighbour has another label than came here -> it becomes a dividing line
//!     otherwise                                    -> it takes the label
//!     its neighbours without a label wait, in the order up, left, right, down, with the label
//! ```
//!
//! Without dividing lines a neighbour takes the label at once and then waits.
//!
//! State is one number a pixel, with a column and two rows around the image that are never part of
//! it, so that no neighbour has to be looked for at the edges.

use super::components::Components;
use super::fifo::Fifo;
use super::heap::Heap;
use super::ranks::Ranks;
use super::{Level, Rules, check_shape, is_above};
use crate::cancel::Cancel;
use crate::error::Result;

/// State of pixels that take no part: below the floor, beyond the image, dividing lines.
const OUTSIDE: u32 = u32::MAX;

/// Marks the label of a pixel that waits as that of a seed.
const SEED: u32 = 1 << 31;

/// Pixels taken between two looks at the cancel flag.
const CHECK_EVERY: u32 = 1 << 16;

/// What a flood leaves: a label for each pixel.
#[derive(Clone, Debug)]
pub struct Labels {
    state: Vec<u32>,
    rows: usize,
    columns: usize,
}

impl Labels {
    fn new<T: Level>(values: &[T], [rows, columns]: [usize; 2], floor: f64) -> Self {
        let cut = T::cut(floor);
        let pitch = columns + 1;
        let mut state = vec![OUTSIDE; (rows + 2) * pitch + 1];
        let lines = state[pitch + 1..].chunks_exact_mut(pitch);
        for (line, values) in lines.zip(values.chunks_exact(columns.max(1))) {
            for (state, &value) in line.iter_mut().zip(values) {
                *state = if is_above(value, cut) { 0 } else { OUTSIDE };
            }
        }
        Self { state, rows, columns }
    }

    /// Place in the state of a pixel of the image.
    fn place(&self, pixel: u32) -> usize {
        let pixel = pixel as usize;
        pixel + pixel / self.columns + self.columns + 2
    }

    /// Up, left, right, down: place and position in the image.
    fn neighbours(&self, place: usize, pixel: u32) -> [(usize, u32); 4] {
        let (pitch, columns) = (self.columns + 1, self.columns as u32);
        // Beyond the image the position means nothing, and the place is outside.
        [
            (place - pitch, pixel.wrapping_sub(columns)),
            (place - 1, pixel.wrapping_sub(1)),
            (place + 1, pixel + 1),
            (place + pitch, pixel + columns),
        ]
    }

    /// Gives the pixels of a seed their label. Those below the floor get none.
    fn plant(&mut self, seeds: &Components, mut planted: impl FnMut(u32, u32)) {
        for run in &seeds.runs {
            let start = run.row * self.columns as u32;
            for pixel in start + run.start..start + run.end {
                let place = self.place(pixel);
                if self.state[place] == 0 {
                    self.state[place] = run.label;
                    planted(pixel, run.label);
                }
            }
        }
    }

    /// True if a pixel that got this label has a neighbour with another one.
    fn divides(&self, place: usize, label: u32) -> bool {
        let pitch = self.columns + 1;
        [place - pitch, place - 1, place + 1, place + pitch].into_iter().any(|near| {
            let state = self.state[near];
            state != 0 && state != OUTSIDE && state != label
        })
    }

    /// Labels of a row as they are kept; what is no label is 0 or above `i32::MAX`.
    fn line(&self, row: usize) -> &[u32] {
        let start = (row + 1) * (self.columns + 1) + 1;
        &self.state[start..start + self.columns]
    }

    /// One label for each pixel, 0 where there is none.
    pub fn to_vec(&self) -> Vec<u32> {
        let label = |&state: &u32| if state == OUTSIDE { 0 } else { state };
        (0..self.rows).flat_map(|row| self.line(row).iter().map(label)).collect()
    }

    /// 1 for each pixel that has a label.
    pub fn to_mask(&self) -> Vec<u8> {
        let mut mask = Vec::with_capacity(self.rows * self.columns);
        for row in 0..self.rows {
            mask.extend(self.line(row).iter().map(|&state| u8::from(state.wrapping_add(1) > 1)));
        }
        mask
    }
}

/// Which of the pixels that wait comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As in scikit-image, under either rules.
    Exact(Rules),
    /// The same under the current rules in time that grows with the number of pixels alone. Seeds
    /// of equal value go in raster order, where scikit-image has an order that follows from its
    /// heap; nothing else differs.
    Raster,
}

/// How to flood.
#[derive(Clone, Copy, Debug)]
pub struct Flood {
    /// Only pixels with a value above it take part.
    pub floor: f64,
    /// Keep labels apart by lines of pixels without one.
    pub lines: bool,
    /// Which pixel comes first.
    pub order: Order,
}

/// Floods an image from the seeds, highest pixels first.
///
/// With [`Order::Exact`] the result is that of scikit-image's `watershed(-values, seeds,
/// mask=values > floor, watershed_line=lines)`. Seeds must not share an edge.
///
/// # Errors
/// [`crate::Error::Argument`] if `values` is not `rows * columns` long or too long;
/// [`crate::Error::Cancelled`].
pub fn flood<T: Level>(
    values: &[T],
    shape: [usize; 2],
    seeds: &Components,
    flood: &Flood,
    cancel: &Cancel,
) -> Result<Labels> {
    check_shape("values", values.len(), shape)?;
    let mut labels = Labels::new(values, shape, flood.floor);
    let ranks = Ranks::new(values, flood.floor);
    match flood.order {
        Order::Exact(rules) => exact(&mut labels, &ranks, seeds, flood.lines, rules, cancel)?,
        Order::Raster => raster(&mut labels, &ranks, seeds, flood.lines, cancel)?,
    }
    Ok(labels)
}

fn exact(
    labels: &mut Labels,
    ranks: &Ranks,
    seeds: &Components,
    lines: bool,
    rules: Rules,
    cancel: &Cancel,
) -> Result<()> {
    // Pixel and label of each entry by its number.
    let mut waiting: Vec<(u32, u32)> = Vec::new();
    labels.plant(seeds, |pixel, label| waiting.push((pixel, label)));
    let seed_count = waiting.len() as u32;
    let mut heap = Heap::new(seed_count);
    for (number, &(pixel, _)) in waiting.iter().enumerate() {
        heap.push(ranks.of[pixel as usize], number as u32);
    }
    let is_current = rules == Rules::Current;
    let mut countdown = CHECK_EVERY;
    while let Some((rank, number)) = heap.pop() {
        tick(&mut countdown, cancel)?;
        let (pixel, label) = waiting[number as usize];
        let place = labels.place(pixel);
        if lines && number >= seed_count && !labels.take(place, label, is_current) {
            continue;
        }
        labels.for_each_free(place, pixel, label, lines, |near| {
            let own = ranks.of[near as usize];
            heap.push(if is_current { own.max(rank) } else { own }, waiting.len() as u32);
            waiting.push((near, label));
        });
    }
    Ok(())
}

fn raster(
    labels: &mut Labels,
    ranks: &Ranks,
    seeds: &Components,
    lines: bool,
    cancel: &Cancel,
) -> Result<()> {
    let mut fifo = Fifo::new(ranks.count);
    let mut planted = Vec::new();
    labels.plant(seeds, |pixel, label| planted.push((pixel, label)));
    for (pixel, label) in planted {
        // Pixels inside a seed have nobody to hand their label to.
        let around = labels.neighbours(labels.place(pixel), pixel);
        if around.into_iter().any(|(near, _)| labels.state[near] == 0) {
            fifo.push(ranks.of[pixel as usize], pixel, label | SEED);
        }
    }
    let mut countdown = CHECK_EVERY;
    while let Some((pixel, marked)) = fifo.pop() {
        tick(&mut countdown, cancel)?;
        let (place, label) = (labels.place(pixel), marked & !SEED);
        if lines && label == marked && !labels.take(place, label, true) {
            continue;
        }
        labels.for_each_free(place, pixel, label, lines, |near| {
            fifo.push(ranks.of[near as usize], near, label);
        });
    }
    Ok(())
}

fn tick(countdown: &mut u32, cancel: &Cancel) -> Result<()> {
    *countdown -= 1;
    if *countdown == 0 {
        *countdown = CHECK_EVERY;
        cancel.check()?;
    }
    Ok(())
}

impl Labels {
    /// Takes a pixel that waited: it gets the label or becomes a line. False if nothing is to be
    /// handed on from it.
    fn take(&mut self, place: usize, label: u32, lines_hand_on: bool) -> bool {
        if self.state[place] != 0 {
            return false;
        }
        let divides = self.divides(place, label);
        self.state[place] = if divides { OUTSIDE } else { label };
        !divides || lines_hand_on
    }

    /// Calls `wait` for each neighbour without a label; without lines it gets the label.
    fn for_each_free(
        &mut self,
        place: usize,
        pixel: u32,
        label: u32,
        lines: bool,
        mut wait: impl FnMut(u32),
    ) {
        for (near, position) in self.neighbours(place, pixel) {
            if self.state[near] == 0 {
                if !lines {
                    self.state[near] = label;
                }
                wait(position);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::mask::Connectivity;
    use crate::watershed::mask_components;

    const ROW: [u8; 9] = [0, 9, 5, 4, 3, 6, 8, 2, 0];

    fn run(lines: bool, by_raster: bool) -> Vec<u32> {
        let seeds = mask_components(&ROW, [1, 9], 7.0, &[], Connectivity::Four).unwrap();
        let cancel = Cancel::new();
        let order = if by_raster { Order::Raster } else { Order::Exact(Rules::Current) };
        let options = Flood { floor: 1.0, lines, order };
        flood(&ROW, [1, 9], &seeds, &options, &cancel).unwrap().to_vec()
    }

    #[test]
    fn a_valley_is_divided() {
        for by_raster in [false, true] {
            assert_eq!(run(true, by_raster), [0, 1, 1, 1, 0, 2, 2, 2, 0]);
            let whole = run(false, by_raster);
            assert!(whole[1..8].iter().all(|&label| label != 0));
            assert_eq!((whole[0], whole[3], whole[5], whole[8]), (0, 1, 2, 0));
        }
    }

    #[test]
    fn an_empty_image_has_no_labels() {
        let none = Components::default();
        let options = Flood { floor: 0.0, lines: true, order: Order::Exact(Rules::Of2020) };
        let labels = flood::<u8>(&[], [0, 5], &none, &options, &Cancel::new());
        assert!(labels.unwrap().to_mask().is_empty());
    }
}
