//! A queue by rank: a list for each, first in first out.
//!
//! Under the current rules no pixel waits under a rank above the one that is being taken, so ranks
//! are passed once. Within a rank the order is that of pushing, which is that of age.

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Entry {
    next: u32,
    pixel: u32,
    label: u32,
}

/// Pixels with their labels, by rank.
#[derive(Debug)]
pub struct Fifo {
    /// First and last entry of each rank.
    lists: Vec<[u32; 2]>,
    entries: Vec<Entry>,
    rank: usize,
}

impl Fifo {
    /// For ranks below `count`.
    pub fn new(count: usize) -> Self {
        Self { lists: vec![[NONE; 2]; count], entries: Vec::new(), rank: 0 }
    }

    /// Adds a pixel; a rank that has been passed is the present one.
    pub fn push(&mut self, rank: u32, pixel: u32, label: u32) {
        let number = self.entries.len() as u32;
        self.entries.push(Entry { next: NONE, pixel, label });
        let [first, last] = &mut self.lists[(rank as usize).max(self.rank)];
        match self.entries.get_mut(*last as usize) {
            Some(entry) if *first != NONE => entry.next = number,
            _ => *first = number,
        }
        *last = number;
    }

    /// The next pixel and its label.
    pub fn pop(&mut self) -> Option<(u32, u32)> {
        loop {
            let [first, _] = self.lists.get_mut(self.rank)?;
            if let Some(&Entry { next, pixel, label }) = self.entries.get(*first as usize) {
                *first = next;
                return Some((pixel, label));
            }
            self.rank += 1;
        }
    }
}
