//! R-tree over bounding boxes, asked for many boxes at once.
//!
//! Buildings are small and many, and a tree with a leaf for each spends most of its time on its own
//! nodes. So shapes are first put in Z-order, which keeps neighbours together, and cut into blocks.
//! The tree (rstar) holds the boxes of blocks, questions come as blocks too, and the boxes of two
//! blocks that are near each other are compared one by one.

use crate::cancel::Cancel;
use crate::error::Result;
use crate::geom::{Bounds, Shapes};
use rayon::prelude::*;
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

/// Shapes in a block.
const BLOCK: usize = 16;

/// Blocks that are looked up together.
const CHUNK: usize = 32;

/// Shapes in Z-order; every [`BLOCK`] of them are a block. Empty shapes are left out.
#[derive(Debug, Default)]
pub struct Blocks {
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    bounds: Bounds,
    member: u32,
}

impl Blocks {
    /// Of the given shapes.
    pub fn new(shapes: &Shapes, members: impl Iterator<Item = usize>) -> Self {
        let entry = |member| Some(Entry { bounds: shapes.bounds(member)?, member: member as u32 });
        Self { entries: z_order(members.filter_map(entry).collect()) }
    }
}

/// A block in the tree: its box, and where its entries are.
type Leaf = GeomWithData<Rectangle<[f64; 2]>, (u32, u32)>;

/// Finds shapes by where they are.
#[derive(Debug, Default)]
pub struct Index {
    tree: RTree<Leaf>,
    entries: Vec<Entry>,
}

impl Index {
    /// Over the given shapes.
    pub fn new(shapes: &Shapes, members: impl Iterator<Item = usize>) -> Self {
        let entries = Blocks::new(shapes, members).entries;
        let tree = RTree::bulk_load(leaves(&entries).collect());
        Self { tree, entries }
    }

    /// All members whose box shares a point with this one, in no order.
    pub fn near(&self, bounds: Bounds) -> impl Iterator<Item = usize> {
        self.leaf_entries(bounds)
            .flatten()
            .filter(move |entry| entry.bounds.touches(&bounds))
            .map(|entry| entry.member as usize)
    }

    /// What `judge` makes of each pair (asked, member) whose boxes share a point; pairs for which
    /// it returns `None` are left out.
    ///
    /// # Errors
    /// [`crate::Error::Cancelled`].
    pub fn near_pairs<T: Copy + Send>(
        &self,
        asked: &Blocks,
        cancel: &Cancel,
        judge: impl Fn(usize, usize) -> Option<T> + Sync,
    ) -> Result<Found<T>> {
        let chunks: Vec<Vec<Near<T>>> = asked
            .entries
            .par_chunks(CHUNK * BLOCK)
            .map(|chunk| {
                cancel.check()?;
                let mut found = Vec::with_capacity(2 * chunk.len());
                for block in chunk.chunks(BLOCK) {
                    self.push_near(block, &judge, &mut found);
                }
                Ok(found)
            })
            .collect::<Result<_>>()?;
        Ok(Found::sort(&chunks.concat()))
    }

    fn push_near<T>(
        &self,
        block: &[Entry],
        judge: &impl Fn(usize, usize) -> Option<T>,
        found: &mut Vec<Near<T>>,
    ) {
        let Some(around) = bounds_of(block) else { return };
        let mut close: Vec<Entry> = Vec::with_capacity(BLOCK);
        for entries in self.leaf_entries(around) {
            close.clear();
            close.extend(entries.iter().filter(|other| other.bounds.touches(&around)));
            for one in block {
                for other in close.iter().filter(|other| other.bounds.touches(&one.bounds)) {
                    if let Some(value) = judge(one.member as usize, other.member as usize) {
                        found.push(Near { asked: one.member, member: other.member, value });
                    }
                }
            }
        }
    }

    /// The entries of all blocks whose box shares a point with this one.
    fn leaf_entries(&self, bounds: Bounds) -> impl Iterator<Item = &[Entry]> {
        let envelope = AABB::from_corners(bounds.min, bounds.max);
        self.tree.locate_in_envelope_intersecting(envelope).map(|leaf| {
            let (start, end) = leaf.data;
            &self.entries[start as usize..end as usize]
        })
    }
}

/// A pair found by [`Index::near_pairs`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near<T> {
    /// Which shape was asked for.
    pub asked: u32,
    /// Which shape of the index is near.
    pub member: u32,
    /// What the judge made of them.
    pub value: T,
}

/// All pairs found, sorted by the asked shape, then by the member.
#[derive(Debug)]
pub struct Found<T> {
    /// The pairs.
    pub pairs: Vec<Near<T>>,
    /// The lowest asked shape that has a pair.
    lowest: u32,
    /// Start of the pairs of each asked shape from the lowest on, and the end.
    starts: Vec<u32>,
}

impl<T: Copy> Found<T> {
    /// Counts pairs by asked shape and puts each in its place: they come in Z-order, and there
    /// are only a few of each.
    fn sort(unsorted: &[Near<T>]) -> Self {
        let lowest = unsorted.iter().map(|near| near.asked).min().unwrap_or(0);
        let highest = unsorted.iter().map(|near| near.asked).max().unwrap_or(0);
        let place = |near: &Near<T>| (near.asked - lowest) as usize;
        let mut starts = vec![0; (highest - lowest) as usize + 2];
        for near in unsorted {
            starts[place(near) + 1] += 1;
        }
        for k in 1..starts.len() {
            starts[k] += starts[k - 1];
        }
        let mut next = starts.clone();
        let mut pairs = unsorted.to_vec();
        for near in unsorted {
            let next = &mut next[place(near)];
            pairs[*next as usize] = *near;
            *next += 1;
        }
        for range in starts.windows(2) {
            pairs[range[0] as usize..range[1] as usize].sort_unstable_by_key(|near| near.member);
        }
        Self { pairs, lowest, starts }
    }

    /// The pairs of one asked shape.
    pub fn of(&self, asked: usize) -> &[Near<T>] {
        let range = asked
            .checked_sub(self.lowest as usize)
            .and_then(|k| Some(*self.starts.get(k)? as usize..*self.starts.get(k + 1)? as usize));
        range.map_or(&[], |range| &self.pairs[range])
    }
}

/// A leaf for each block.
fn leaves(entries: &[Entry]) -> impl Iterator<Item = Leaf> {
    entries.chunks(BLOCK).enumerate().filter_map(|(k, block)| {
        let first = (k * BLOCK) as u32;
        let around = bounds_of(block)?;
        let data = (first, first + block.len() as u32);
        Some(Leaf::new(Rectangle::from_corners(around.min, around.max), data))
    })
}

fn bounds_of(entries: &[Entry]) -> Option<Bounds> {
    entries.iter().map(|entry| entry.bounds).reduce(|a, b| a.union(&b))
}

/// Sorts by the Z-order of the centres on a grid of 65,536 x 65,536 over all of them.
fn z_order(entries: Vec<Entry>) -> Vec<Entry> {
    let Some(all) = bounds_of(&entries) else { return entries };
    let cell = |entry: &Entry, axis: usize| {
        let (low, high) = (2.0 * all.min[axis], 2.0 * all.max[axis]);
        let centre = entry.bounds.min[axis] + entry.bounds.max[axis];
        // A cast saturates, and an extent of 0 gives NaN, which becomes 0.
        ((centre - low) / (high - low) * 65_535.0) as u16
    };
    // The code above, the position below: one number to sort by.
    let mut order: Vec<u64> = entries
        .iter()
        .enumerate()
        .map(|(k, entry)| (spread(cell(entry, 0)) | spread(cell(entry, 1)) << 1) << 32 | k as u64)
        .collect();
    order.sort_unstable();
    order.into_iter().map(|code| entries[code as u32 as usize]).collect()
}

/// Puts a zero bit behind every bit.
fn spread(value: u16) -> u64 {
    let mut bits = u64::from(value);
    for (shift, mask) in [(8, 0x00ff_00ff), (4, 0x0f0f_0f0f), (2, 0x3333_3333), (1, 0x5555_5555)] {
        bits = (bits | bits << shift) & mask;
    }
    bits
}
