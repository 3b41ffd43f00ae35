//! All pairs of boxes that share a point.
//!
//! A line sweeps over x and keeps the boxes that it cuts. They are kept by horizontal bands, so that
//! a new box is compared only with those at its height:
//!
//! ```text
//!   band 0   [a]  [b]            a box that reaches over several bands is in each of them; a pair
//!   band 1   [a]      [c]        counts in the first band that both are in
//! ```

use super::bounds::Bounds;

/// Bands that boxes reach over, for each box, at most and about.
const BANDS_PER_BOX: f64 = 3.0;

/// Calls `found` for every pair of boxes that share a point, each once and the lower position
/// first. Stops when it returns false; returns false then.
pub fn for_each_touching_pair(
    boxes: &[Bounds],
    mut found: impl FnMut(usize, usize) -> bool,
) -> bool {
    let Some(all) = boxes.iter().copied().reduce(|a, b| a.union(&b)) else { return true };
    let (reach, count) = (all.max[1] - all.min[1], boxes.len() as f64);
    let total: f64 = boxes.iter().map(|b| b.max[1] - b.min[1]).sum();
    // Without any height the quotient is NaN or infinite; a cast saturates, and NaN becomes 0.
    let bands = (count / 4.0).min(BANDS_PER_BOX * count * reach / total) as usize + 1;
    let per_unit = bands as f64 / reach;
    let band = |y: f64| (((y - all.min[1]) * per_unit) as usize).min(bands - 1);

    let mut order: Vec<usize> = (0..boxes.len()).collect();
    order.sort_by(|&i, &j| boxes[i].min[0].total_cmp(&boxes[j].min[0]));
    let mut active: Vec<Vec<usize>> = vec![Vec::new(); bands];
    for &k in &order {
        let one = &boxes[k];
        let first = band(one.min[1]);
        for (place, active) in (first..).zip(&mut active[first..=band(one.max[1])]) {
            active.retain(|&other| boxes[other].max[0] >= one.min[0]);
            for &other in active.iter() {
                let is_first_common = place == first.max(band(boxes[other].min[1]));
                if is_first_common
                    && one.touches(&boxes[other])
                    && !found(other.min(k), other.max(k))
                {
                    return false;
                }
            }
            active.push(k);
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn boxes() -> impl Strategy<Value = Vec<Bounds>> {
        // Points, upright and lying lines, and boxes; many of them share a side or a corner.
        let side = prop_oneof![Just(0), 0..3i32, 0..60i32];
        let one = (0..40i32, 0..40i32, side.clone(), side).prop_map(|(x, y, width, height)| {
            let min = [f64::from(x), f64::from(y)];
            Bounds { min, max: [min[0] + f64::from(width), min[1] + f64::from(height)] }
        });
        proptest::collection::vec(one, 0..80)
    }

    proptest! {
        #[test]
        fn finds_what_comparing_all_pairs_finds(boxes in boxes()) {
            let mut found = Vec::new();
            let ended = for_each_touching_pair(&boxes, |i, j| {
                found.push((i, j));
                true
            });
            prop_assert!(ended);
            found.sort_unstable();
            let pairs = (0..boxes.len()).flat_map(|i| (i + 1..boxes.len()).map(move |j| (i, j)));
            let wanted: Vec<_> = pairs.filter(|&(i, j)| boxes[i].touches(&boxes[j])).collect();
            prop_assert_eq!(found, wanted);
        }

        #[test]
        fn stops_when_told(boxes in boxes(), most in 0..20usize) {
            let mut count = 0;
            let ended = for_each_touching_pair(&boxes, |_, _| {
                count += 1;
                count < most
            });
            prop_assert!(ended || count == most.max(1));
        }
    }
}
