//! Puts footprints that were read in parts together.

use crate::error::Result;
use crate::footprints::{Footprints, offsets_fit};

/// Appends the footprints of `part` to `out`.
///
/// # Errors
/// [`crate::Error::Argument`] if the points are more than 32-bit offsets can count.
pub(super) fn append(out: &mut Footprints, part: &Footprints) -> Result<()> {
    offsets_fit(out.coords.len() + part.coords.len())?;
    // Empty footprints have no points, so their count is looked at by itself.
    offsets_fit(out.polygon_offsets.len() + part.polygon_offsets.len())?;
    offsets_fit(out.len() + part.len())?;
    if out.footprint_offsets.is_some() || part.footprint_offsets.is_some() {
        let (before, more) = (out.polygon_offsets.len(), part.polygon_offsets.len());
        let offsets = out.footprint_offsets.get_or_insert_with(|| (0..before as i32).collect());
        match &part.footprint_offsets {
            Some(added) => shifted(offsets, added),
            None => offsets.extend(before as i32..(before + more - 1) as i32),
        }
    }
    shifted(&mut out.polygon_offsets, &part.polygon_offsets);
    shifted(&mut out.ring_offsets, &part.ring_offsets);
    out.coords.extend_from_slice(&part.coords);
    Ok(())
}

/// Makes room in `out` for the footprints of `parts`, so that appending them moves nothing twice.
pub(super) fn reserve<'a>(
    out: &mut Footprints,
    parts: impl Iterator<Item = &'a Footprints> + Clone,
) {
    let total = |len: fn(&Footprints) -> usize| parts.clone().map(len).sum();
    out.coords.reserve_exact(total(|part| part.coords.len()));
    out.ring_offsets.reserve_exact(total(|part| part.ring_offsets.len()));
    out.polygon_offsets.reserve_exact(total(|part| part.polygon_offsets.len()));
}

/// Appends offsets behind the first, moved up by the last one that is there.
fn shifted(out: &mut Vec<i32>, part: &[i32]) {
    let base = out.last().copied().unwrap_or(0);
    out.extend(part.iter().skip(1).map(|offset| base + offset));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]
    use super::*;
    use crate::footprints::{Builder, FootprintsRef};
    use proptest::prelude::*;

    /// One footprint for each number: that many polygons, each with as many rings as its position.
    fn footprints(polygon_counts: &[usize]) -> Footprints {
        let mut builder = Builder::new();
        for (k, &count) in polygon_counts.iter().enumerate() {
            for polygon in 0..count {
                for ring in 0..polygon {
                    let x = (k + ring) as f64;
                    builder.ring([[x, 0.0], [x + 1.0, 0.0], [x, 1.0], [x, 0.0]]);
                }
                builder.end_polygon();
            }
            builder.end_footprint();
        }
        builder.finish().expect("few points")
    }

    fn rings(footprints: &Footprints) -> Vec<Vec<Vec<Vec<[f64; 2]>>>> {
        let polygon =
            |rings: &mut dyn Iterator<Item = &[[f64; 2]]>| rings.map(<[_]>::to_vec).collect();
        footprints
            .view()
            .iter()
            .map(|footprint| footprint.polygons().map(|mut rings| polygon(&mut rings)).collect())
            .collect()
    }

    proptest! {
        #[test]
        fn appending_is_listing_one_after_the_other(
            a in prop::collection::vec(0..4usize, 0..6),
            b in prop::collection::vec(0..4usize, 0..6),
        ) {
            let (first, second) = (footprints(&a), footprints(&b));
            let mut joined = first.clone();
            append(&mut joined, &second).expect("few points");
            let Footprints { coords, ring_offsets, polygon_offsets, footprint_offsets } = &joined;
            let offsets = footprint_offsets.as_deref();
            FootprintsRef::try_new("joined", coords, ring_offsets, polygon_offsets, offsets)
                .expect("valid arrays");
            prop_assert_eq!(rings(&joined), [rings(&first), rings(&second)].concat());
        }
    }
}
