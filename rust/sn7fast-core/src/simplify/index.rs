//! Boxes in a grid of cells, to find those near a box without looking at all of them.

use super::crossing::Rect;

/// Up to here it is quicker to look at all items.
const PLAIN: usize = 48;

/// Finds numbered items by their boxes; items may be added at any time.
#[derive(Debug, Default)]
pub(super) struct BoxIndex {
    /// 0 columns: no grid, every item is near.
    shape: [usize; 2],
    origin: [f64; 2],
    /// Cells per coordinate unit.
    scale: [f64; 2],
    cells: Vec<Vec<u32>>,
    plain: Vec<u32>,
}

impl BoxIndex {
    /// Empties the index and makes it fit for about `count` items within `extent`.
    pub(super) fn reset(&mut self, count: usize, extent: Rect) {
        self.plain.clear();
        self.shape = [0, 0];
        if count <= PLAIN {
            return;
        }
        let side = (count as f64).sqrt().min(1024.0).ceil();
        for k in 0..2 {
            let length = extent.max[k] - extent.min[k];
            self.origin[k] = extent.min[k];
            self.scale[k] = if length > 0.0 { side / length } else { 0.0 };
            self.shape[k] = side as usize;
        }
        self.cells.iter_mut().for_each(Vec::clear);
        self.cells.resize_with(self.shape[0] * self.shape[1], Vec::new);
    }

    pub(super) fn add(&mut self, item: u32, rect: Rect) {
        if self.shape[0] == 0 {
            self.plain.push(item);
            return;
        }
        let [first, last] = [self.cell(rect.min), self.cell(rect.max)];
        for y in first[1]..=last[1] {
            for x in first[0]..=last[0] {
                self.cells[y * self.shape[0] + x].push(item);
            }
        }
    }

    /// True if `test` holds for an item near the box; it may see one item several times.
    pub(super) fn any(&self, rect: Rect, mut test: impl FnMut(usize) -> bool) -> bool {
        if self.shape[0] == 0 {
            return self.plain.iter().any(|&item| test(item as usize));
        }
        let [first, last] = [self.cell(rect.min), self.cell(rect.max)];
        (first[1]..=last[1]).any(|y| {
            let row = &self.cells[y * self.shape[0]..][first[0]..=last[0]];
            row.iter().flatten().any(|&item| test(item as usize))
        })
    }

    /// Cell of a point, or the nearest cell.
    fn cell(&self, p: [f64; 2]) -> [usize; 2] {
        [0, 1].map(|k| {
            let place = (p[k] - self.origin[k]) * self.scale[k];
            // Conversion to an integer stops at 0.
            (place as usize).min(self.shape[k] - 1)
        })
    }
}
