//! Topology-preserving simplification, with the results of GEOS 3.14.
//!
//! Every ring goes through Douglas-Peucker from its start vertex. A section of the ring is replaced
//! by its chord if no vertex of it is further than the tolerance from the chord, and
//!
//! * enough vertices stay: a ring keeps 4 points, the closing one counted;
//! * the chord meets no other segment of the footprint, in its present state, but at common ends;
//! * no other ring of the footprint lies between section and chord.
//!
//! Otherwise the section is split at its farthest vertex (the first of equally far ones). At last
//! the start vertex goes too, by the same rules. Rings are taken in order; what one of them became
//! is what the next one must not cross. So a valid footprint stays valid, with all of its rings,
//! and every vertex that is kept stays where it was.

mod crossing;
mod index;
mod section;

use crate::Cancel;
use crate::error::{Error, Result};
use crate::footprints::{Builder, Footprints, FootprintsRef};
use rayon::prelude::*;
use section::Simplifier;

/// Footprints simplified in one go by one thread.
const CHUNK: usize = 256;

/// Simplifies each footprint within `tolerance`, a distance in coordinate units.
///
/// Footprints stay in order, rings keep direction and start unless the start vertex goes; then
/// they start at the last vertex that stays. With tolerance 0 only vertices on straight lines go.
///
/// # Errors
/// [`Error::Argument`] if `tolerance` is negative or NaN; [`Error::Cancelled`].
pub fn simplify(
    footprints: FootprintsRef<'_>,
    tolerance: f64,
    cancel: &Cancel,
) -> Result<Footprints> {
    if tolerance.is_nan() || tolerance < 0.0 {
        return Err(Error::argument("tolerance", tolerance, "a distance from 0"));
    }
    let simplify_chunk = |chunk: usize| -> Result<Footprints> {
        cancel.check()?;
        let mut simplifier = Simplifier::new(tolerance);
        let mut out = Builder::new();
        for k in chunk * CHUNK..footprints.len().min((chunk + 1) * CHUNK) {
            simplifier.footprint(&footprints.get(k), &mut out);
        }
        out.finish()
    };
    let count = footprints.len().div_ceil(CHUNK);
    let mut parts: Vec<_> =
        (0..count).into_par_iter().map(simplify_chunk).collect::<Result<_>>()?;
    if parts.len() == 1 {
        return Ok(parts.swap_remove(0));
    }
    let mut out = Builder::new();
    for footprint in parts.iter().flat_map(|part| part.view().iter().collect::<Vec<_>>()) {
        out.push(&footprint);
    }
    out.finish()
}
