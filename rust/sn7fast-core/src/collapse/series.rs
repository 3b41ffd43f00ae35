//! Scores of buildings through time: how much of each is built on in each month.

use super::months::{Months, Offset};
use crate::cancel::Cancel;
use crate::cube::Probability;
use crate::error::Result;
use crate::watershed::Components;
use rayon::prelude::*;

/// Sums over the pixels of each building.
#[derive(Debug)]
pub struct Series {
    /// Number of pixels of each.
    pub sizes: Vec<u32>,
    /// For each month, for each building: sum of levels of the pixels that are seen, and their
    /// number.
    months: Vec<Vec<[u32; 2]>>,
}

impl Series {
    /// From the sizes and, for each month, the sums of each building.
    pub fn new(sizes: Vec<u32>, months: Vec<Vec<[u32; 2]>>) -> Self {
        Self { sizes, months }
    }

    /// Sums of levels and numbers of pixels, month by month.
    pub fn months(&self) -> &[Vec<[u32; 2]>] {
        &self.months
    }

    /// Reads the cube at the pixels of the buildings.
    pub fn read<P: Probability>(
        cube: &Months<'_, P>,
        offsets: &[Offset],
        buildings: &Components,
        cancel: &Cancel,
    ) -> Result<Self> {
        let month = |frame: usize| {
            cancel.check()?;
            let mut sums = vec![[0u32; 2]; buildings.count];
            let mut reader = cube.reader();
            let mut levels = vec![0u8; cube.columns];
            let mut seen = vec![1u8; cube.columns];
            let mut row = u32::MAX;
            for run in &buildings.runs {
                if run.row != row {
                    row = run.row;
                    reader.read(frame, offsets[frame], row as isize, &mut levels, &mut seen);
                }
                let pixels = run.start as usize..run.end as usize;
                let sum = &mut sums[run.label as usize - 1];
                sum[0] += levels[pixels.clone()].iter().map(|&level| u32::from(level)).sum::<u32>();
                sum[1] += seen[pixels].iter().map(|&seen| u32::from(seen)).sum::<u32>();
            }
            Ok(sums)
        };
        let months = (0..cube.frames).into_par_iter().map(month).collect::<Result<Vec<_>>>()?;
        Ok(Self { sizes: buildings.sizes(), months })
    }

    /// Score from 0 to 1 and share of the pixels that is seen, month by month.
    pub fn of(&self, building: usize) -> impl Iterator<Item = (f64, f64)> + '_ {
        let size = f64::from(self.sizes[building].max(1));
        self.months.iter().map(move |month| {
            let [levels, seen] = month[building];
            let score = f64::from(levels) / (255.0 * f64::from(seen.max(1)));
            (score, f64::from(seen) / size)
        })
    }

    /// The same for some buildings only, in that order.
    pub fn select(&self, buildings: &[u32]) -> Self {
        let pick = |month: &Vec<[u32; 2]>| buildings.iter().map(|&k| month[k as usize]).collect();
        Self {
            sizes: buildings.iter().map(|&k| self.sizes[k as usize]).collect(),
            months: self.months.iter().map(pick).collect(),
        }
    }

    /// Both, one after the other.
    pub fn join(mut self, other: Self) -> Self {
        self.sizes.extend(other.sizes);
        for (month, other) in self.months.iter_mut().zip(other.months) {
            month.extend(other);
        }
        self
    }

    /// Number of buildings.
    pub fn len(&self) -> usize {
        self.sizes.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.sizes.is_empty()
    }
}
