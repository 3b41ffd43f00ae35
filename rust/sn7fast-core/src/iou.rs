//! IoU of all pairs of footprints that overlap.

use crate::cancel::Cancel;
use crate::error::Result;
use crate::geom::Shapes;
use crate::index::Index;
use rayon::prelude::*;

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

/// Footprints looked up together.
const CHUNK: usize = 512;

/// All pairs of `a` and `b` with an IoU above 0, sorted by (a, b).
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub fn pairs(a: &Shapes, b: &Shapes, cancel: &Cancel) -> Result<Vec<Pair>> {
    let index = Index::new(b, 0..b.len());
    let chunks: Vec<Vec<Pair>> = (0..a.len().div_ceil(CHUNK))
        .into_par_iter()
        .map(|chunk| {
            cancel.check()?;
            let mut found = Vec::with_capacity(2 * CHUNK);
            for k in chunk * CHUNK..a.len().min((chunk + 1) * CHUNK) {
                push_pairs(a, k, b, &index, &mut found);
            }
            Ok(found)
        })
        .collect::<Result<_>>()?;
    Ok(chunks.concat())
}

/// Appends the pairs of one footprint, sorted by the other.
fn push_pairs(a: &Shapes, k: usize, b: &Shapes, index: &Index, found: &mut Vec<Pair>) {
    let Some(bounds) = a.bounds(k) else { return };
    let first = found.len();
    for other in index.near(bounds) {
        let iou = a.iou(k, b, other);
        if iou > 0.0 {
            found.push(Pair { a: k as u32, b: other as u32, iou });
        }
    }
    found[first..].sort_unstable_by_key(|pair| pair.b);
}
