//! Which boxes hang together: what has to be looked at at once, and what can be done alone.

use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::mask::Fragments;
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

/// Boxes looked up between two looks at the flag.
const CHUNK: usize = 1024;

/// For each box (min x, min y, max x, max y) the first box of its cluster: two boxes are in one if
/// they are no further apart than `reach` along either axis, touching included, if they are of one
/// thing, or if others lead from one to the other. `thing` says for each box which box of the same
/// thing comes first.
///
/// # Errors
/// [`Error::Argument`] if a number is NaN, there are more boxes than 32 bits can count, or a thing
/// has no box or a later one; [`Error::Cancelled`].
pub fn clusters(
    boxes: &[[f64; 4]],
    thing: &[u32],
    reach: f64,
    cancel: &Cancel,
) -> Result<Vec<u32>> {
    if boxes.len() >= u32::MAX as usize {
        return Err(Error::argument("boxes", boxes.len(), format!("fewer than {}", u32::MAX)));
    }
    if reach.is_nan() || boxes.as_flattened().iter().any(|value| value.is_nan()) {
        return Err(Error::argument("boxes", "NaN", "numbers"));
    }
    if thing.len() != boxes.len() || thing.iter().enumerate().any(|(k, &of)| of as usize > k) {
        let wanted = format!("for each of {} boxes an earlier one or itself", boxes.len());
        return Err(Error::argument("thing", format!("{} numbers", thing.len()), wanted));
    }
    let leaf = |(k, b): (usize, &[f64; 4])| {
        GeomWithData::new(Rectangle::from_corners([b[0], b[1]], [b[2], b[3]]), k as u32)
    };
    let tree = RTree::bulk_load(boxes.iter().enumerate().map(leaf).collect());
    let mut found = Fragments::of(thing);
    for (k, b) in boxes.iter().enumerate() {
        if k % CHUNK == 0 {
            cancel.check()?;
        }
        let (low, high) = ([b[0] - reach, b[1] - reach], [b[2] + reach, b[3] + reach]);
        for near in tree.locate_in_envelope_intersecting(AABB::from_corners(low, high)) {
            let [one, other] = [k as u32, near.data].map(|box_| found.find(box_));
            found.redirect(one.max(other), one.min(other));
        }
    }
    Ok(found.roots())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn chains_of_boxes_that_touch_or_are_near() {
        let boxes = [
            [0., 0., 1., 1.],
            [5., 5., 6., 6.],
            [1., 1., 2., 2.],
            [2., 4., 4., 5.],
            [9., 0., 9., 9.],
        ];
        let of = |thing: [u32; 5], reach| clusters(&boxes, &thing, reach, &Cancel::new());
        let found = |reach| of([0, 1, 2, 3, 4], reach).unwrap();
        assert_eq!(found(0.0), [0, 1, 0, 3, 4]);
        assert_eq!(found(1.0), [0, 1, 0, 1, 4]);
        assert_eq!(found(2.0), [0, 0, 0, 0, 4]);
        assert_eq!(found(3.0), [0, 0, 0, 0, 0]);
        assert_eq!(of([0, 1, 2, 3, 1], 1.0).unwrap(), [0, 1, 0, 1, 1]);
        assert_eq!(of([0, 1, 2, 2, 0], 0.0).unwrap(), [0, 1, 0, 0, 0]);
        assert!(of([0, 1, 2, 4, 4], 0.0).is_err());
        assert!(clusters(&[[f64::NAN; 4]], &[0], 0.0, &Cancel::new()).is_err());
    }
}
