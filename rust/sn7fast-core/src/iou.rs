//! IoU of all pairs of footprints that overlap.

use crate::cancel::Cancel;
use crate::error::Result;
use crate::geom::Shapes;
use crate::index::{Blocks, Index, Near};

/// Two footprints that share an area.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Position in the first set.
    pub a: u32,
    /// Position in the second set.
    pub b: u32,
    /// Their IoU, above 0.
    pub iou: f64,
}

/// All pairs of `a` and `b` with an IoU above 0, sorted by (a, b).
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub fn pairs(a: &Shapes, b: &Shapes, cancel: &Cancel) -> Result<Vec<Pair>> {
    let index = Index::new(b, 0..b.len());
    let found = index.near_pairs(&Blocks::new(a, 0..a.len()), cancel, |k, other| {
        let iou = a.iou(k, b, other);
        (iou > 0.0).then_some(iou)
    })?;
    let pair = |near: Near<f64>| Pair { a: near.asked, b: near.member, iou: near.value };
    Ok(found.pairs.into_iter().map(pair).collect())
}
