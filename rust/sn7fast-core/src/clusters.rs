//! Which boxes hang together: what has to be looked at at once, and what can be done alone.

use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::mask::Fragments;
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

/// Boxes looked up between two looks at the flag.
const CHUNK: usize = 1024;

/// For each box (min x, min y, max x, max y) the first box of its cluster: two boxes are in one if
/// they are no further apart than `reach` along either axis, touching included, or if others lead
/// from one to the other.
///
/// # Errors
/// [`Error::Argument`] if a number is NaN or there are more boxes than 32 bits can count;
/// [`Error::Cancelled`].
pub fn clusters(boxes: &[[f64; 4]], reach: f64, cancel: &Cancel) -> Result<Vec<u32>> {
    if boxes.len() >= u32::MAX as usize {
        return Err(Error::argument("boxes", boxes.len(), format!("fewer than {}", u32::MAX)));
    }
    if reach.is_nan() || boxes.as_flattened().iter().any(|value| value.is_nan()) {
        return Err(Error::argument("boxes", "NaN", "numbers"));
    }
    let leaf = |(k, b): (usize, &[f64; 4])| {
        GeomWithData::new(Rectangle::from_corners([b[0], b[1]], [b[2], b[3]]), k as u32)
    };
    let tree = RTree::bulk_load(boxes.iter().enumerate().map(leaf).collect());
    let alone: Vec<u32> = (0..boxes.len() as u32).collect();
    let mut found = Fragments::of(&alone);
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
        let found = |reach| clusters(&boxes, reach, &Cancel::new()).unwrap();
        assert_eq!(found(0.0), [0, 1, 0, 3, 4]);
        assert_eq!(found(1.0), [0, 1, 0, 1, 4]);
        assert_eq!(found(2.0), [0, 0, 0, 0, 4]);
        assert_eq!(found(3.0), [0, 0, 0, 0, 0]);
        assert!(clusters(&[[f64::NAN; 4]], 0.0, &Cancel::new()).is_err());
    }
}
