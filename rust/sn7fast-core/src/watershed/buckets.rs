//! A queue for few levels: a list for each, first in first out.
//!
//! Under the current rules no pixel is pushed above the level that is being taken, so levels are
//! passed once. Within a level the order is that of pushing, which is that of (value, age) but for
//! seeds of equal value: those come in raster order.

/// Pixels with their labels, by level.
#[derive(Debug)]
pub struct Buckets {
    levels: Vec<Vec<(u32, u32)>>,
    level: usize,
    /// Next one of the present level.
    next: usize,
}

impl Buckets {
    /// For depths below `count`.
    pub fn new(count: usize) -> Self {
        Self { levels: vec![Vec::new(); count], level: 0, next: 0 }
    }

    /// Adds a pixel; a depth that has been passed is that of the present level.
    pub fn push(&mut self, depth: u64, pixel: u32, label: u32) {
        self.levels[(depth as usize).max(self.level)].push((pixel, label));
    }

    /// The next pixel and its label.
    pub fn pop(&mut self) -> Option<(u32, u32)> {
        loop {
            let level = self.levels.get_mut(self.level)?;
            if let Some(&waiting) = level.get(self.next) {
                self.next += 1;
                return Some(waiting);
            }
            *level = Vec::new();
            self.level += 1;
            self.next = 0;
        }
    }
}
