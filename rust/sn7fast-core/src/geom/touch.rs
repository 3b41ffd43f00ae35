//! Do two footprints share a point?

use super::bounds::bounds;
use super::segments::{Meeting, Segment, meet};
use crate::footprints::FootprintRef;

/// True if the closed outlines share a point. Together with an area above zero, which is there
/// where one lies inside the other, this is GEOS's `intersects`.
pub fn intersects(one: &FootprintRef<'_>, other: &FootprintRef<'_>) -> bool {
    match (bounds(one), bounds(other)) {
        (Some(a), Some(b)) if a.touches(&b) => {}
        _ => return false,
    }
    fn segments<'a>(footprint: &FootprintRef<'a>) -> impl Iterator<Item = Segment> + use<'a> {
        footprint.rings().flat_map(|(_, ring)| ring.windows(2).map(|w| [w[0], w[1]]))
    }
    segments(one).any(|s| segments(other).any(|t| meet(s, t) != Meeting::Apart))
}
