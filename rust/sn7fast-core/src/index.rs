//! R-tree over bounding boxes.

use crate::geom::{Bounds, Shapes};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RStarInsertionStrategy, RTree, RTreeParams};

type Entry = GeomWithData<Rectangle<[f64; 2]>, u32>;

/// Wider nodes than rstar's own: half the levels, and boxes of neighbours in a cache line or two.
#[derive(Debug)]
struct Wide;

impl RTreeParams for Wide {
    const MIN_SIZE: usize = 5;
    const MAX_SIZE: usize = 12;
    const REINSERTION_COUNT: usize = 3;
    type DefaultInsertionStrategy = RStarInsertionStrategy;
}

/// Finds shapes by where they are.
#[derive(Debug)]
pub struct Index {
    tree: RTree<Entry, Wide>,
}

impl Index {
    /// Over the given shapes; empty ones are nowhere.
    pub fn new(shapes: &Shapes, members: impl Iterator<Item = usize>) -> Self {
        let entries = members.filter_map(|k| Some(entry(shapes.bounds(k)?, k))).collect::<Vec<_>>();
        Self { tree: RTree::bulk_load_with_params(entries) }
    }

    /// Adds a shape.
    pub fn insert(&mut self, shapes: &Shapes, member: usize) {
        if let Some(bounds) = shapes.bounds(member) {
            self.tree.insert(entry(bounds, member));
        }
    }

    /// All whose box shares a point with this one, in no order.
    pub fn near(&self, bounds: Bounds) -> impl Iterator<Item = usize> {
        let envelope = AABB::from_corners(bounds.min, bounds.max);
        self.tree.locate_in_envelope_intersecting(envelope).map(|entry| entry.data as usize)
    }
}

fn entry(bounds: Bounds, member: usize) -> Entry {
    Entry::new(Rectangle::from_corners(bounds.min, bounds.max), member as u32)
}
