//! Touching buildings taken apart.
//!
//! Pixels are taken from the highest level down, joining the basins they touch. Two basins that
//! meet stay apart if each has enough pixels and a top that is high enough above the level where
//! they meet: even a gap that a network sees in few months only is one that no single building
//! would show. Otherwise the one with the lower top becomes part of the other.
//!
//! What is near the top of a basin is the seed of one building; a flood from the seeds then shares
//! out the slopes, down to a part of the top.

use super::neighbours;
use crate::cancel::Cancel;
use crate::error::Result;
use crate::watershed::{Components, Flood, Order, flood};

/// How to take apart.
#[derive(Clone, Copy, Debug)]
pub struct Split {
    /// A top is at least this much higher than the level at which two basins meet.
    pub depth: u8,
    /// A basin has at least as many pixels.
    pub core: u32,
    /// A pixel belongs to a building if it is higher than this share of the top.
    pub share: f64,
}

/// State of a pixel: its parent, or for the top of a basin its size.
#[derive(Clone, Copy)]
struct Node(u32);

impl Node {
    const NONE: Self = Self(u32::MAX);
    /// Marks a top; the bit after it a basin that does not become part of another.
    const TOP: u32 = 1 << 31;
    const STAYS: u32 = 1 << 30;

    fn is_top(self) -> bool {
        self.0 & Self::TOP != 0
    }

    fn stays(self) -> bool {
        self.0 & Self::STAYS != 0
    }

    fn size(self) -> u32 {
        self.0 & (Self::STAYS - 1)
    }
}

/// Labels of buildings, from 1 in raster order of their tops, and the pixel of each top. Levels of
/// 0 take no part; those that belong to no building are set to 0.
pub fn split(
    levels: &mut [u8],
    shape: [usize; 2],
    options: &Split,
    cancel: &Cancel,
) -> Result<(Components, Vec<u32>)> {
    let mut nodes = basins(levels, shape, options);
    let places = number(&mut nodes, levels, options);
    cancel.check()?;
    let seeds: Vec<u32> = nodes.iter().map(|node| node.0).collect();
    drop(nodes);
    let seeds = Components::from_labels(&seeds, shape)?;
    let rules = Flood { floor: 0.0, lines: false, order: Order::Raster };
    let labels = flood(levels, shape, &seeds, &rules, cancel)?.to_vec();
    let mut found = Components::from_labels(&labels, shape)?;
    found.count = places.len();
    Ok((found, places))
}

fn basins(levels: &[u8], shape: [usize; 2], options: &Split) -> Vec<Node> {
    let mut nodes = vec![Node::NONE; levels.len()];
    for pixel in by_level(levels) {
        let pixel = pixel as usize;
        let level = levels[pixel];
        nodes[pixel] = Node(Node::TOP | 1);
        let mut own = pixel;
        for near in neighbours(pixel, shape) {
            if nodes[near].0 == u32::MAX {
                continue;
            }
            let other = top(&mut nodes, near);
            if other == own {
                continue;
            }
            let rises = |k: usize| {
                let node = nodes[k];
                node.stays() || node.size() >= options.core && levels[k] - level >= options.depth
            };
            if rises(own) && rises(other) {
                nodes[own].0 |= Node::STAYS;
                nodes[other].0 |= Node::STAYS;
                continue;
            }
            // The higher top stands for both, the first one of equals; one that stays goes first.
            let rank = |k: usize| (nodes[k].stays(), levels[k]);
            let (kept, lost) = if rank(other) >= rank(own) { (other, own) } else { (own, other) };
            nodes[kept].0 += nodes[lost].size();
            nodes[lost] = Node(kept as u32);
            own = kept;
        }
    }
    nodes
}

/// Pixels above 0, the highest first, in raster order within a level.
fn by_level(levels: &[u8]) -> Vec<u32> {
    let mut starts = [0usize; 257];
    for &level in levels {
        starts[usize::from(255 - level) + 1] += 1;
    }
    for k in 1..starts.len() {
        starts[k] += starts[k - 1];
    }
    let mut order = vec![0; starts[255]];
    for (pixel, &level) in levels.iter().enumerate().filter(|(_, level)| **level > 0) {
        let place = &mut starts[usize::from(255 - level)];
        order[*place] = pixel as u32;
        *place += 1;
    }
    order
}

/// Top of the basin of a pixel.
fn top(nodes: &mut [Node], mut pixel: usize) -> usize {
    while !nodes[pixel].is_top() {
        let parent = nodes[pixel].0 as usize;
        if !nodes[parent].is_top() {
            nodes[pixel] = nodes[parent];
        }
        pixel = parent;
    }
    pixel
}

/// Numbers the basins; leaves the number where a pixel is near the top and 0 elsewhere, and takes
/// the levels that are too low. Returns the tops.
fn number(nodes: &mut [Node], levels: &mut [u8], options: &Split) -> Vec<u32> {
    let tops: Vec<u32> = (0..nodes.len())
        .map(|pixel| if nodes[pixel].0 == u32::MAX { u32::MAX } else { top(nodes, pixel) as u32 })
        .collect();
    let mut places = Vec::new();
    let heights: Vec<u8> = levels.to_vec();
    // A top comes before or after its pixels: first all tops get their numbers.
    for (pixel, &top) in tops.iter().enumerate() {
        if top as usize == pixel {
            places.push(top);
            nodes[pixel] = Node(places.len() as u32);
        }
    }
    let numbers: Vec<u32> = nodes.iter().map(|node| node.0).collect();
    for (pixel, &top) in tops.iter().enumerate() {
        nodes[pixel] = Node(0);
        if top == u32::MAX {
            continue;
        }
        let height = heights[top as usize];
        let level = heights[pixel];
        let lowest = f64::from(height) * options.share;
        if f64::from(level) <= lowest {
            levels[pixel] = 0;
        } else if level >= height.saturating_sub(options.depth) {
            nodes[pixel] = Node(numbers[top as usize]);
        }
    }
    places
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn labels(row: &[u8], options: &Split) -> Vec<u32> {
        let mut levels = row.to_vec();
        let shape = [1, row.len()];
        split(&mut levels, shape, options, &Cancel::new()).unwrap().0.to_labels(shape)
    }

    const OPTIONS: Split = Split { depth: 20, core: 2, share: 0.5 };

    #[test]
    fn a_gap_divides_if_it_is_deep_and_both_sides_are_wide() {
        let deep = [0, 250, 250, 200, 240, 240, 0];
        assert_eq!(labels(&deep, &OPTIONS)[1..3], [1, 1]);
        assert_eq!(labels(&deep, &OPTIONS)[4..6], [2, 2]);
        assert_eq!(labels(&deep, &Split { depth: 60, ..OPTIONS }), [0, 1, 1, 1, 1, 1, 0]);
        assert_eq!(labels(&deep, &Split { core: 3, ..OPTIONS }), [0, 1, 1, 1, 1, 1, 0]);
    }

    #[test]
    fn slopes_end_at_a_share_of_the_top() {
        assert_eq!(labels(&[90, 101, 200, 200, 150, 99], &OPTIONS), [0, 1, 1, 1, 1, 0]);
        assert_eq!(labels(&[0, 0], &OPTIONS), [0, 0]);
    }
}
