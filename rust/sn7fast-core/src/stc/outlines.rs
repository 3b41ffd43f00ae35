//! Contours as they are given out.

use crate::cancel::Cancel;
use crate::error::Result;
use crate::footprints::{Builder, Footprints, FootprintsRef};
use crate::simplify::simplify;

/// Tolerance of the outlines, in native pixels.
const TOLERANCE: f64 = 0.2;

/// Outlines of all contours, one set after the other: in native pixels, simplified and rounded to
/// a tenth, ties to the even one.
///
/// # Errors
/// [`crate::Error::Argument`] if there are too many points; [`crate::Error::Cancelled`].
pub fn outlines(contours: &[FootprintsRef<'_>], scale: f64, cancel: &Cancel) -> Result<Footprints> {
    let mut all = Builder::new();
    contours.iter().for_each(|set| set.iter().for_each(|contour| all.push(&contour)));
    let mut all = all.finish()?;
    for value in all.coords.iter_mut().flatten() {
        *value /= scale;
    }
    let mut outlines = simplify(all.view(), TOLERANCE, cancel)?;
    for value in outlines.coords.iter_mut().flatten() {
        *value = (*value * 10.0).round_ties_even() / 10.0;
    }
    Ok(outlines)
}
