//! R-tree over bounding boxes.
//!
//! Buildings are small and many, and a tree with a leaf for each spends most of its time on its own
//! nodes. So shapes are first put in Z-order, which keeps neighbours together, and cut into blocks;
//! the tree (rstar) holds the boxes of the blocks, and the boxes in a block are compared one after
//! the other.

use crate::geom::{Bounds, Shapes};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};
use std::ops::Range;

/// Finds shapes by where they are.
#[derive(Debug, Default)]
pub struct Index {
    /// Boxes of the blocks; their data is the range of their entries.
    tree: RTree<GeomWithData<Rectangle<[f64; 2]>, (u32, u32)>>,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    bounds: Bounds,
    member: u32,
}

/// Shapes in a block.
const BLOCK: usize = 12;

impl Index {
    /// Over the given shapes; empty ones are nowhere.
    pub fn new(shapes: &Shapes, members: impl Iterator<Item = usize>) -> Self {
        let entry = |member| Some(Entry { bounds: shapes.bounds(member)?, member: member as u32 });
        let entries = z_order(members.filter_map(entry).collect());
        let blocks = (0..entries.len())
            .step_by(BLOCK)
            .filter_map(|start| block(&entries, start..entries.len().min(start + BLOCK)))
            .collect();
        Self { tree: RTree::bulk_load(blocks), entries }
    }

    /// Adds shapes.
    pub fn extend(&mut self, shapes: &Shapes, members: impl Iterator<Item = usize>) {
        let more = Self::new(shapes, members);
        let start = self.entries.len();
        self.entries.extend(more.entries);
        for first in (start..self.entries.len()).step_by(BLOCK) {
            let range = first..self.entries.len().min(first + BLOCK);
            if let Some(block) = block(&self.entries, range) {
                self.tree.insert(block);
            }
        }
    }

    /// All whose box shares a point with this one, in no order.
    pub fn near(&self, bounds: Bounds) -> impl Iterator<Item = usize> {
        let envelope = AABB::from_corners(bounds.min, bounds.max);
        self.tree.locate_in_envelope_intersecting(envelope).flat_map(move |block| {
            let (start, end) = block.data;
            let entries = self.entries[start as usize..end as usize].iter();
            entries.filter(move |e| e.bounds.touches(&bounds)).map(|e| e.member as usize)
        })
    }
}

fn block(
    entries: &[Entry],
    range: Range<usize>,
) -> Option<GeomWithData<Rectangle<[f64; 2]>, (u32, u32)>> {
    let all = entries[range.clone()].iter().map(|entry| entry.bounds).reduce(|a, b| a.union(&b))?;
    let data = (range.start as u32, range.end as u32);
    Some(GeomWithData::new(Rectangle::from_corners(all.min, all.max), data))
}

/// Sorts by the Z-order of the centres on a grid of 65,536 x 65,536 over all of them.
fn z_order(entries: Vec<Entry>) -> Vec<Entry> {
    let Some(all) = entries.iter().map(|entry| entry.bounds).reduce(|a, b| a.union(&b)) else {
        return entries;
    };
    let cell = |entry: &Entry, axis: usize| {
        let (low, high) = (2.0 * all.min[axis], 2.0 * all.max[axis]);
        let centre = entry.bounds.min[axis] + entry.bounds.max[axis];
        // A cast saturates, and an extent of 0 gives NaN, which becomes 0.
        ((centre - low) / (high - low) * 65_535.0) as u16
    };
    let mut order: Vec<(u32, u32)> = entries
        .iter()
        .enumerate()
        .map(|(k, entry)| (spread(cell(entry, 0)) | spread(cell(entry, 1)) << 1, k as u32))
        .collect();
    order.sort_unstable();
    order.into_iter().map(|(_, k)| entries[k as usize]).collect()
}

/// Puts a zero bit behind every bit.
fn spread(value: u16) -> u32 {
    let mut bits = u32::from(value);
    for (shift, mask) in [(8, 0x00ff_00ff), (4, 0x0f0f_0f0f), (2, 0x3333_3333), (1, 0x5555_5555)] {
        bits = (bits | bits << shift) & mask;
    }
    bits
}
