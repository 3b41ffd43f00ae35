//! A binary heap whose ties come out in the order in which scikit-image's do.
//!
//! Entries are ordered by (depth, age). Only seeds, all of age 0, can be equal in both, and how
//! they come out depends on where every entry lies in the array. So the array is kept as there:
//! a new entry rises while it is strictly less than its parent; when the root is taken the last
//! entry moves there and sinks, to the right if the right child is strictly less than the left.
//!
//! Sinking is done from below: the hole goes down to a leaf along the smaller children, then the
//! entry rises from there. Depths along that way never fall, so it ends in the same place, and
//! since the last entry is nearly always among the greatest, half of the comparisons are saved.

/// A pixel that waits for its turn.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// See [`super::Level::depth`].
    pub depth: u64,
    /// 0 for seeds, then counting up.
    pub age: u32,
    /// Position in the image.
    pub pixel: u32,
}

impl Entry {
    fn is_less(&self, other: &Self) -> bool {
        let key = |entry: &Self| u128::from(entry.depth) << 32 | u128::from(entry.age);
        key(self) < key(other)
    }
}

/// The heap.
#[derive(Debug, Default)]
pub struct Heap(Vec<Entry>);

impl Heap {
    /// Adds an entry.
    pub fn push(&mut self, entry: Entry) {
        self.0.push(entry);
        self.rise(self.0.len() - 1, entry);
    }

    /// Takes out the least entry.
    pub fn pop(&mut self) -> Option<Entry> {
        let last = self.0.pop()?;
        let Some(&least) = self.0.first() else { return Some(last) };
        let count = self.0.len();
        let mut hole = 0;
        loop {
            let left = 2 * hole + 1;
            if left >= count {
                break;
            }
            let right = left + 1;
            let goes_right = right < count && self.0[right].is_less(&self.0[left]);
            let child = left + usize::from(goes_right);
            self.0[hole] = self.0[child];
            hole = child;
        }
        self.settle(hole, last);
        Some(least)
    }

    /// Moves `entry` up from `hole` while it is strictly less than its parent.
    fn rise(&mut self, mut hole: usize, entry: Entry) {
        while hole > 0 {
            let parent = (hole - 1) / 2;
            if !entry.is_less(&self.0[parent]) {
                break;
            }
            self.0[hole] = self.0[parent];
            hole = parent;
        }
        self.0[hole] = entry;
    }

    /// Moves `entry` up from `hole` while its parent is not less: an entry that sinks stays above
    /// its equals.
    fn settle(&mut self, mut hole: usize, entry: Entry) {
        while hole > 0 {
            let parent = (hole - 1) / 2;
            if self.0[parent].is_less(&entry) {
                break;
            }
            self.0[hole] = self.0[parent];
            hole = parent;
        }
        self.0[hole] = entry;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same by the book: swap down from the root.
    #[derive(Default)]
    struct Plain(Vec<Entry>);

    impl Plain {
        fn push(&mut self, entry: Entry) {
            self.0.push(entry);
            let mut k = self.0.len() - 1;
            while k > 0 && self.0[k].is_less(&self.0[(k - 1) / 2]) {
                self.0.swap(k, (k - 1) / 2);
                k = (k - 1) / 2;
            }
        }

        fn pop(&mut self) -> Option<Entry> {
            let last = self.0.len().checked_sub(1)?;
            self.0.swap(0, last);
            let least = self.0.pop();
            let mut k = 0;
            loop {
                let mut smallest = k;
                for child in [2 * k + 1, 2 * k + 2] {
                    if child < self.0.len() && self.0[child].is_less(&self.0[smallest]) {
                        smallest = child;
                    }
                }
                if smallest == k {
                    return least;
                }
                self.0.swap(k, smallest);
                k = smallest;
            }
        }
    }

    proptest! {
        #[test]
        fn entries_lie_as_in_a_plain_heap(
            steps in proptest::collection::vec((0..4u64, 0..2u32, any::<bool>()), 0..200),
        ) {
            let (mut heap, mut plain) = (Heap::default(), Plain::default());
            for (pixel, (depth, age, takes)) in steps.into_iter().enumerate() {
                let entry = Entry { depth, age, pixel: pixel as u32 };
                heap.push(entry);
                plain.push(entry);
                if takes {
                    prop_assert_eq!(heap.pop().unwrap().pixel, plain.pop().unwrap().pixel);
                }
                let pixels = |entries: &[Entry]| -> Vec<u32> {
                    entries.iter().map(|entry| entry.pixel).collect()
                };
                prop_assert_eq!(pixels(&heap.0), pixels(&plain.0));
            }
        }
    }
}
