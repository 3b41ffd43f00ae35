//! Answers by counting pixels.

use crate::frames::SIZE;
use std::collections::HashMap;

/// The 4-connected regions of a mask.
#[derive(Debug)]
pub struct Regions {
    /// Region of each pixel, from 1; 0 is background.
    pub label: Vec<usize>,
    /// Pixels of each region; those of the background come first.
    pub pixels: Vec<usize>,
}

/// Floods one region after the other.
pub fn regions(mask: &[u8]) -> Regions {
    let mut label = vec![0; mask.len()];
    let mut pixels = vec![0];
    let mut todo = Vec::new();
    for start in 0..mask.len() {
        if mask[start] == 0 {
            pixels[0] += 1;
        } else if label[start] == 0 {
            let region = pixels.len();
            pixels.push(0);
            label[start] = region;
            todo.push(start);
            while let Some(at) = todo.pop() {
                pixels[region] += 1;
                let (row, column) = (at / SIZE, at % SIZE);
                let near = [
                    (row > 0).then(|| at - SIZE),
                    (row + 1 < SIZE).then_some(at + SIZE),
                    (column > 0).then(|| at - 1),
                    (column + 1 < SIZE).then_some(at + 1),
                ];
                for next in near.into_iter().flatten() {
                    if mask[next] != 0 && label[next] == 0 {
                        label[next] = region;
                        todo.push(next);
                    }
                }
            }
        }
    }
    Regions { label, pixels }
}

/// IoU of all pairs of regions that share a pixel, ascending.
pub fn ious(a: &[u8], b: &[u8]) -> Vec<f64> {
    let (a, b) = (regions(a), regions(b));
    let mut shared = HashMap::new();
    for (&i, &j) in a.label.iter().zip(&b.label) {
        if i > 0 && j > 0 {
            *shared.entry((i, j)).or_insert(0) += 1;
        }
    }
    let mut ious: Vec<f64> = shared
        .into_iter()
        .map(|((i, j), both)| both as f64 / (a.pixels[i] + b.pixels[j] - both) as f64)
        .collect();
    ious.sort_by(f64::total_cmp);
    ious
}
