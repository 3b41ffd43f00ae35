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
    let tree = tree_of(boxes, reach)?;
    if thing.len() != boxes.len() || thing.iter().enumerate().any(|(k, &of)| of as usize > k) {
        let wanted = format!("for each of {} boxes an earlier one or itself", boxes.len());
        return Err(Error::argument("thing", format!("{} numbers", thing.len()), wanted));
    }
    let mut found = Fragments::of(thing);
    for (k, b) in boxes.iter().enumerate() {
        if k % CHUNK == 0 {
            cancel.check()?;
        }
        for near in tree.locate_in_envelope_intersecting(around(b, reach)) {
            let [one, other] = [k as u32, near.data].map(|box_| found.find(box_));
            found.redirect(one.max(other), one.min(other));
        }
    }
    Ok(found.roots())
}

/// For each set of clusters the boxes of those that can be reached from it, itself included, with
/// so many steps from one cluster to another of at most `reach`. `cluster` says for each box which
/// one is the first of its cluster, and `set` which set that is in, the same for all boxes of it;
/// for none `sets` or more.
///
/// # Errors
/// [`Error::Argument`] if a number is NaN, there are more boxes than 32 bits can count, or some box
/// has no cluster or no set; [`Error::Cancelled`].
pub fn within_steps(
    boxes: &[[f64; 4]],
    cluster: &[u32],
    (set, sets): (&[u32], usize),
    reach: f64,
    steps: usize,
    cancel: &Cancel,
) -> Result<Vec<Vec<u32>>> {
    let count = boxes.len();
    let is_known = cluster.iter().all(|&first| (first as usize) < count);
    if cluster.len() != count || set.len() != count || !is_known {
        let got = format!("{} and {} numbers", cluster.len(), set.len());
        return Err(Error::argument("cluster", got, format!("one for each of {count} boxes")));
    }
    let tree = tree_of(boxes, reach)?;
    // The boxes of a cluster lie one after the other.
    let mut rows: Vec<u32> = (0..count as u32).collect();
    rows.sort_by_key(|&row| cluster[row as usize]);
    let mut parts = vec![0..0; count];
    for part in rows.chunk_by(|&a, &b| cluster[a as usize] == cluster[b as usize]) {
        let first = cluster[part[0] as usize] as usize;
        let start = rows.partition_point(|&row| (cluster[row as usize] as usize) < first);
        parts[first] = start..start + part.len();
    }
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); sets];
    for (row, &set) in set.iter().enumerate().filter(|(row, _)| cluster[*row] as usize == *row) {
        if let Some(firsts) = members.get_mut(set as usize) {
            firsts.push(row as u32);
        }
    }
    let mut seen = vec![0; count];
    let mut found = Vec::with_capacity(sets);
    for (k, mut reached) in members.into_iter().enumerate() {
        let stamp = k as u32 + 1;
        reached.iter().for_each(|&first| seen[first as usize] = stamp);
        let mut start = 0;
        for _ in 0..steps {
            let end = reached.len();
            for place in start..end {
                if place % CHUNK == 0 {
                    cancel.check()?;
                }
                for &row in &rows[parts[reached[place] as usize].clone()] {
                    let envelope = around(&boxes[row as usize], reach);
                    for near in tree.locate_in_envelope_intersecting(envelope) {
                        let first = cluster[near.data as usize];
                        if std::mem::replace(&mut seen[first as usize], stamp) != stamp {
                            reached.push(first);
                        }
                    }
                }
            }
            start = end;
        }
        let mut all: Vec<u32> = reached
            .into_iter()
            .flat_map(|first| rows[parts[first as usize].clone()].iter().copied())
            .collect();
        all.sort_unstable();
        found.push(all);
    }
    Ok(found)
}

type Leaf = GeomWithData<Rectangle<[f64; 2]>, u32>;

fn tree_of(boxes: &[[f64; 4]], reach: f64) -> Result<RTree<Leaf>> {
    if boxes.len() >= u32::MAX as usize {
        return Err(Error::argument("boxes", boxes.len(), format!("fewer than {}", u32::MAX)));
    }
    if reach.is_nan() || boxes.as_flattened().iter().any(|value| value.is_nan()) {
        return Err(Error::argument("boxes", "NaN", "numbers"));
    }
    let leaf = |(k, b): (usize, &[f64; 4])| {
        Leaf::new(Rectangle::from_corners([b[0], b[1]], [b[2], b[3]]), k as u32)
    };
    Ok(RTree::bulk_load(boxes.iter().enumerate().map(leaf).collect()))
}

fn around(b: &[f64; 4], reach: f64) -> AABB<[f64; 2]> {
    AABB::from_corners([b[0] - reach, b[1] - reach], [b[2] + reach, b[3] + reach])
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
    #[test]
    fn clusters_within_some_steps() {
        let boxes = [0., 2., 4., 4., 9., 6.].map(|x| [x, 0., x + 1., 1.]);
        let cluster = [0, 1, 2, 2, 2, 5];
        let found = |set: [u32; 6], steps| {
            within_steps(&boxes, &cluster, (&set, 2), 1.0, steps, &Cancel::new()).unwrap()
        };
        let set = [0, 2, 2, 2, 2, 1];
        assert_eq!(found(set, 0), [vec![0], vec![5]]);
        assert_eq!(found(set, 1), [vec![0, 1], vec![2, 3, 4, 5]]);
        assert_eq!(found(set, 2), [vec![0, 1, 2, 3, 4], vec![1, 2, 3, 4, 5]]);
        assert_eq!(found(set, 3), [[0, 1, 2, 3, 4, 5]; 2]);
        assert_eq!(found([7; 6], 3), [[0; 0]; 2]);
    }
}
