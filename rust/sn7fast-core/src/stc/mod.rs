//! Spatio-temporal collapse of the SpaceNet 7 winner (lxastro0): STC-1 and STC-2.
//!
//! ```text
//! cube -> mean            one image: what is seen in the months in which something is seen
//!      -> regions         peaks, watershed, outlines: candidates whose shape never changes
//!      -> pixels, series  one score for each candidate and month
//!      -> change          which of them appear, and when; which were always there
//!      -> overlap         candidates of the second pass that the first one has are dropped
//!      -> outlines        native pixels, rounded
//! ```
//!
//! What the original does is kept, with the published thresholds as parameters, but for these:
//! labels are wide unless asked for in 8 bits; without a building that appears the others are
//! returned; and a contour that falls apart when it is shrunk keeps all its parts.

mod change;
mod grow;
mod mean;
mod outlines;
mod overlap;
mod params;
mod pixels;
mod regions;
mod series;

pub use change::{largest_rise, months_of_change, months_of_track};
pub use mean::temporal_mean;
pub use outlines::outlines;
pub use overlap::kept_regions;
pub use params::{Params, Variant};
pub use pixels::{PixelSets, pixel_sets};
pub use regions::{Regions, regions};
pub use series::{Hidden, scores};

use crate::cancel::Cancel;
use crate::cube::{Cube, Probability};
use crate::error::{Error, Result};
use crate::footprints::{Footprints, FootprintsRef};

/// Tracked buildings, month after month.
#[derive(Clone, Debug)]
pub struct Buildings {
    /// Those of all months, in native pixels.
    pub footprints: Footprints,
    /// Start of each month, and the end of the last.
    pub frame_offsets: Vec<i32>,
    /// Identifier of each footprint: buildings that appear first, then the others. Buildings that
    /// are shown in no month leave a gap.
    pub ids: Vec<i64>,
}

/// Collapses a cube whose pixels are `scale` times as fine as those of the result.
///
/// # Errors
/// Those of [`Params::check`]; [`Error::Argument`] if an image has too many pixels or the result
/// too many points; [`Error::Cancelled`].
pub fn collapse<T: Probability>(
    cube: &Cube<'_, T>,
    scale: f64,
    params: &Params,
    cancel: &Cancel,
) -> Result<Buildings> {
    params.check()?;
    let mean = temporal_mean(cube, params.thres1, cancel)?;
    let find = |high, low| regions(&mean, cube.shape(), high, low, params, cancel);
    let of_change = || find(params.thres2_h1, params.thres2_l1);
    let of_track = || find(params.thres2_h2, params.thres2_l2);
    let (first, second) = match params.variant {
        Variant::Stc1 => (of_change()?, None),
        Variant::Stc2 => {
            let (first, second) = rayon::join(of_change, of_track);
            (first?, Some(second?))
        }
    };
    drop(mean);

    let months = cube.len();
    let series = |contours: FootprintsRef<'_>| {
        scores(cube, &pixel_sets(contours, cube.shape()), params.hidden, cancel)
    };
    let of_first = series(first.contours.view())?;
    let appears = |scores: &[f32]| largest_rise(scores).is_some_and(|rise| rise > params.thres3_d);
    let (mut changed, mut others) = (Vec::new(), Vec::new());
    for (k, scores) in of_first.chunks_exact(months).enumerate() {
        if appears(scores) { changed.push(k) } else { others.push(k) }
    }
    let row = |k: usize| &of_first[k * months..(k + 1) * months];
    let mut shown: Vec<Vec<bool>> =
        changed.iter().map(|&k| months_of_change(row(k), params)).collect();
    let mut contours = vec![first.contours.view().select(changed.iter().copied())?];
    match second {
        None => {
            shown.extend(others.iter().map(|&k| months_of_track(row(k), params)));
            contours.push(first.contours.view().select(others.into_iter())?);
        }
        Some(second) => {
            let polygons = first.polygons.view().select(changed.iter().copied())?;
            let kept = kept_regions(second.polygons.view(), polygons.view(), params, cancel)?;
            let kept = (0..kept.len()).filter(|&k| kept[k]);
            let tracked = second.contours.view().select(kept)?;
            let of_second = series(tracked.view())?;
            shown.extend(of_second.chunks_exact(months).map(|row| months_of_track(row, params)));
            contours.push(tracked);
        }
    }
    let contours: Vec<FootprintsRef<'_>> = contours.iter().map(Footprints::view).collect();
    let shapes = outlines(&contours, scale, cancel)?;
    spread(shapes.view(), &shown, months)
}

/// The same shape under the same identifier in all months in which a building is shown.
fn spread(shapes: FootprintsRef<'_>, shown: &[Vec<bool>], months: usize) -> Result<Buildings> {
    let mut ids = Vec::new();
    let mut frame_offsets = vec![0];
    for month in 0..months {
        ids.extend((0..shown.len()).filter(|&k| shown[k][month]).map(|k| k as i64));
        frame_offsets.push(i32::try_from(ids.len()).map_err(|_| {
            Error::argument("cube", format!("{} footprints", ids.len()), "fewer than 2^31")
        })?);
    }
    let footprints = shapes.select(ids.iter().map(|&id| id as usize))?;
    Ok(Buildings { footprints, frame_offsets, ids })
}
