//! Values as whole numbers: how many different higher values take part.
//!
//! A flood only compares values, and numbers of 32 bits leave room for the rest of a heap's key in
//! 64. Values are dealt out to about as many buckets as there are pixels, by their place in the
//! range, so that nearly all are in order before anything is sorted.

use super::{Level, is_above};

/// Ranks of an image.
#[derive(Debug)]
pub struct Ranks {
    /// For each pixel above the floor its rank, 0 for the highest.
    pub of: Vec<u32>,
    /// Number of ranks.
    pub count: usize,
}

impl Ranks {
    /// Ranks of the pixels above the floor.
    pub fn new<T: Level>(values: &[T], floor: f64) -> Self {
        if let Some(levels) = T::LEVELS {
            return Self { of: values.iter().map(|v| v.depth() as u32).collect(), count: levels };
        }
        let cut = T::cut(floor);
        let mut pixels: Vec<(u64, u32)> = values
            .iter()
            .enumerate()
            .filter(|(_, value)| is_above(**value, cut))
            .map(|(k, value)| (value.depth(), k as u32))
            .collect();
        sort(&mut pixels);
        let mut of = vec![0; values.len()];
        let mut count = 0;
        for equal in pixels.chunk_by(|a, b| a.0 == b.0) {
            for &(_, pixel) in equal {
                of[pixel as usize] = count;
            }
            count += 1;
        }
        Self { of, count: count as usize }
    }
}

/// Sorts by depth; the order of equal ones is open.
fn sort(pixels: &mut Vec<(u64, u32)>) {
    let low = pixels.iter().map(|p| p.0).min().unwrap_or(0);
    let high = pixels.iter().map(|p| p.0).max().unwrap_or(0);
    let wanted_bits = usize::BITS - pixels.len().leading_zeros();
    let shift = (u64::BITS - (high - low).leading_zeros()).saturating_sub(wanted_bits);
    let bucket = |depth: u64| ((depth - low) >> shift) as usize;
    let mut starts = vec![0u32; bucket(high) + 2];
    for p in &*pixels {
        starts[bucket(p.0) + 1] += 1;
    }
    for k in 1..starts.len() {
        starts[k] += starts[k - 1];
    }
    let mut next = starts.clone();
    let mut sorted = vec![(0, 0); pixels.len()];
    for &p in &*pixels {
        let next = &mut next[bucket(p.0)];
        sorted[*next as usize] = p;
        *next += 1;
    }
    for range in starts.windows(2).filter(|w| w[1] - w[0] > 1) {
        sorted[range[0] as usize..range[1] as usize].sort_unstable_by_key(|p| p.0);
    }
    *pixels = sorted;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ranks_count_higher_values(
            values in proptest::collection::vec(-20..20i32, 0..300), floor in -25..25i32,
        ) {
            let values: Vec<f64> = values.into_iter().map(|v| f64::from(v) / 7.0).collect();
            let floor = f64::from(floor) / 7.0;
            let ranks = Ranks::new(&values, floor);
            let mut above: Vec<f64> = values.iter().copied().filter(|&v| v > floor).collect();
            above.sort_by(|a, b| b.total_cmp(a));
            above.dedup();
            prop_assert_eq!(ranks.count, above.len());
            for (&value, &rank) in values.iter().zip(&ranks.of) {
                prop_assert!(value <= floor || above[rank as usize] == value);
            }
        }
    }
}
