//! A binary heap whose ties come out in the order in which scikit-image's do.
//!
//! Entries are ordered by rank and age. Only seeds, all of age 0, can be equal in both, and how
//! they come out depends on where every entry lies in the array. So the array is kept as there:
//! a new entry rises while it is strictly less than its parent; when the root is taken the last
//! entry moves there and sinks, to the right if the right child is strictly less than the left.
//!
//! An entry is 8 bytes, `rank << 32 | number`: seeds are numbered first, other entries go on
//! counting, which is their age. Seeds of one rank count as equal ([`Heap::floor`]).
//!
//! Sinking is done from below: the hole goes down to a leaf along the smaller children, then the
//! entry rises from there. Ranks along that way never fall, so it ends in the same place, and
//! since the last entry is nearly always among the greatest, half of the comparisons are saved.

use std::hint::black_box;

/// The heap.
#[derive(Debug)]
pub struct Heap {
    /// The children of k are 2k and 2k + 1; at 0 there is none.
    entries: Vec<u64>,
    seeds: u32,
}

impl Heap {
    /// Empty, for entries of which the numbers below `seeds` are seeds.
    pub fn new(seeds: u32) -> Self {
        let mut entries = Vec::with_capacity(seeds as usize + 1);
        entries.push(0);
        Self { entries, seeds }
    }

    /// What is strictly less than an entry is below this: below the entry itself, unless it is a
    /// seed; then, since the order of seeds does not count, below all seeds of its rank.
    #[inline]
    fn floor(&self, entry: u64) -> u64 {
        if (entry as u32) < self.seeds { entry >> 32 << 32 } else { entry }
    }

    /// Adds an entry.
    pub fn push(&mut self, rank: u32, number: u32) {
        let entry = u64::from(rank) << 32 | u64::from(number);
        let mut hole = self.entries.len();
        self.entries.push(entry);
        while hole > 1 {
            let parent = self.entries[hole / 2];
            if entry >= self.floor(parent) {
                break;
            }
            self.entries[hole] = parent;
            hole /= 2;
        }
        self.entries[hole] = entry;
    }

    /// Takes out the least entry: rank and number.
    pub fn pop(&mut self) -> Option<(u32, u32)> {
        let split = |entry: u64| ((entry >> 32) as u32, entry as u32);
        let count = self.entries.len() - 1;
        let least = *self.entries.get(1)?;
        let last = self.entries.pop()?;
        if count == 1 {
            return Some(split(last));
        }
        let (mut hole, mut touched) = (1, 0);
        while let Some(&[left, right]) = self.entries.get(2 * hole..2 * hole + 2) {
            // Below, most time goes by waiting for memory: the eight entries three levels down,
            // of which one is needed soon, are one line of cache.
            touched |= self.entries.get(8 * hole).map_or(0, |&entry| entry);
            let goes_right = right < self.floor(left);
            self.entries[hole] = if goes_right { right } else { left };
            hole = 2 * hole + usize::from(goes_right);
        }
        black_box(touched);
        if let Some(&left) = self.entries.get(2 * hole) {
            self.entries[hole] = left;
            hole *= 2;
        }
        // An entry that sinks stays above its equals.
        let floor = self.floor(last);
        while hole > 1 {
            let parent = self.entries[hole / 2];
            if parent < floor {
                break;
            }
            self.entries[hole] = parent;
            hole /= 2;
        }
        self.entries[hole] = last;
        Some(split(least))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same by the book: swap down from the root. Entries are (rank, age) and the number.
    #[derive(Default)]
    struct Plain(Vec<((u32, u32), u32)>);

    impl Plain {
        fn push(&mut self, key: (u32, u32), number: u32) {
            self.0.push((key, number));
            let mut k = self.0.len() - 1;
            while k > 0 && self.0[k].0 < self.0[(k - 1) / 2].0 {
                self.0.swap(k, (k - 1) / 2);
                k = (k - 1) / 2;
            }
        }

        fn pop(&mut self) -> Option<u32> {
            let last = self.0.len().checked_sub(1)?;
            self.0.swap(0, last);
            let least = self.0.pop();
            let mut k = 0;
            loop {
                let mut smallest = k;
                for child in [2 * k + 1, 2 * k + 2] {
                    if child < self.0.len() && self.0[child].0 < self.0[smallest].0 {
                        smallest = child;
                    }
                }
                if smallest == k {
                    return least.map(|(_, number)| number);
                }
                self.0.swap(k, smallest);
                k = smallest;
            }
        }
    }

    proptest! {
        #[test]
        fn entries_lie_as_in_a_plain_heap(
            ranks in proptest::collection::vec(0..4u32, 1..100),
            steps in proptest::collection::vec((0..4u32, any::<bool>()), 0..200),
        ) {
            let seeds = ranks.len() as u32;
            let (mut heap, mut plain) = (Heap::new(seeds), Plain::default());
            for (number, &rank) in ranks.iter().enumerate() {
                heap.push(rank, number as u32);
                plain.push((rank, 0), number as u32);
            }
            for (k, (rank, takes)) in (1..).zip(steps) {
                heap.push(rank, seeds + k);
                plain.push((rank, k), seeds + k);
                for _ in 0..2 * u32::from(takes) {
                    prop_assert_eq!(heap.pop().map(|(_, number)| number), plain.pop());
                }
                let numbers = plain.0.iter().map(|(_, number)| *number);
                prop_assert!(heap.entries[1..].iter().map(|&entry| entry as u32).eq(numbers));
            }
        }
    }
}
