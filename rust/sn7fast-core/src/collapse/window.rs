//! The collapse of an area that does not fit into memory: windows, then all their candidates.
//!
//! Whether a pixel is built on, and when that began, follows from what is around it within a few
//! pixels. All else happens inside of groups of such pixels that touch, corners included. So a
//! window gives for each group what the whole gives, if the group keeps off the edges where the
//! window was cut by as much as months are moved and pixels look around. A window has a core; a
//! group belongs to the core that holds its first pixel, so cores that share no pixel and cover
//! the area find each group once. If a group that reaches into the core reaches the edge of the
//! window too, the window is too small.
//!
//! Candidates are then put in the order of the whole, new ones first, each kind by the pixels of
//! their tops, and judged together ([`super::decide`]).

use super::months::{Months, Offset};
use super::outlines::outlines;
use super::series::Series;
use super::{Params, Run, register, rise};
use crate::cancel::Cancel;
use crate::cube::{Cube, Probability};
use crate::error::Result;
use crate::footprints::Footprints;
use crate::mask::Connectivity;
use crate::watershed::mask_components;

pub use register::sample;

/// A window of an area, in pixels of the cube.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// Row and column of its first pixel.
    pub origin: [usize; 2],
    /// First row, row after the last, first column and column after the last of the core, counted
    /// in the window.
    pub core: [usize; 4],
    /// Whether the area goes on above, below, left and right.
    pub is_cut: [bool; 4],
}

/// What is known of the whole area.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// By how many pixels of the cube each month lies off: y, x.
    pub offsets: &'a [[f64; 2]],
    /// Some pixel cannot be seen.
    pub has_hidden: bool,
}

/// Where a candidate comes in the order of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// False for what is new.
    pub is_old: bool,
    /// Row and column of its top in the area.
    pub place: [u32; 2],
}

/// Offsets of the months, in pixels of the cube, from the rows that [`sample`] names, each of them
/// as a cube.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub fn register_parts<P: Probability>(
    parts: &[Cube<'_, P>],
    scale: usize,
    params: &Params,
    has_hidden: bool,
    cancel: &Cancel,
) -> Result<Vec<[f64; 2]>> {
    let parts: Vec<_> = parts.iter().map(|part| Months::part(part, scale, has_hidden)).collect();
    let offsets = register::register_parts(&parts, params.max_shift_px, cancel)?;
    Ok(offsets.into_iter().map(Offset::pixels).collect())
}

/// The candidates that belong to a window, with their outlines in pixels of the image and their
/// scores; `None` if the window is too small.
///
/// # Errors
/// [`crate::Error::Argument`] if the window is too large; [`crate::Error::Cancelled`].
pub fn window<P: Probability>(
    cube: &Cube<'_, P>,
    scale: usize,
    params: &Params,
    seen: &Seen<'_>,
    frame: &Frame,
    cancel: &Cancel,
) -> Result<Option<(Vec<Candidate>, Footprints, Series)>> {
    let cube = &Months::part(cube, scale, seen.has_hidden);
    let offsets: Vec<Offset> = seen.offsets.iter().map(|&pixels| Offset::new(pixels)).collect();
    let run = Run { cube, params, offsets: &offsets, cancel };
    let mut rise = run.rise()?;
    if !keep_own(&mut rise, cube.shape(), params, frame, margin(seen.offsets, scale))? {
        return Ok(None);
    }
    let mut found = run.candidates(rise)?;
    let columns = cube.columns as u32;
    let origin = frame.origin.map(|side| side as u32);
    let candidate = |(k, &place): (usize, &u32)| Candidate {
        is_old: k >= found.new_count,
        place: [place / columns + origin[0], place % columns + origin[1]],
    };
    let candidates = found.all.places.iter().enumerate().map(candidate).collect();
    for run in &mut found.all.shapes.runs {
        run.row += origin[0];
        run.start += origin[1];
        run.end += origin[1];
    }
    let footprints = outlines(&found.all.shapes, scale, cancel)?;
    Ok(Some((candidates, footprints, found.all.series)))
}

/// How far from an edge that was cut pixels may differ from those of the whole.
fn margin(offsets: &[[f64; 2]], scale: usize) -> usize {
    let longest = offsets.as_flattened().iter().fold(0.0f64, |most, offset| most.max(offset.abs()));
    // One more pixel for samples between pixels, and one for neighbours.
    longest.ceil() as usize + scale + 2
}

/// Clears the groups of pixels that do not belong to the window. False if it is too small.
fn keep_own(
    rise: &mut rise::Rise,
    shape: [usize; 2],
    params: &Params,
    frame: &Frame,
    margin: usize,
) -> Result<bool> {
    let [rows, columns] = shape;
    // What an outline touches counts from the middle level on.
    let least = ((params.min_mean * 255.0) as u8).min(127);
    let built: Vec<u8> = rise
        .mean
        .iter()
        .zip(&rise.since)
        .map(|(&mean, &since)| u8::from(mean > least || since > 0))
        .collect();
    let groups = mask_components(&built, shape, 0.0, &[], Connectivity::Eight)?;
    let [top, bottom, left, right] = frame.core;
    let mut first = vec![None; groups.count];
    let (mut in_core, mut at_edge) = (vec![false; groups.count], vec![false; groups.count]);
    for run in &groups.runs {
        let (k, row) = (run.label as usize - 1, run.row as usize);
        let (start, end) = (run.start as usize, run.end as usize);
        first[k].get_or_insert([row, start]);
        in_core[k] |= (top..bottom).contains(&row) && start < right && end > left;
        let near = [row < margin, row + margin >= rows, start < margin, end + margin > columns];
        at_edge[k] |= near.into_iter().zip(frame.is_cut).any(|(near, is_cut)| near && is_cut);
    }
    if in_core.iter().zip(&at_edge).any(|(&in_core, &at_edge)| in_core && at_edge) {
        return Ok(false);
    }
    let is_own = |place: Option<[usize; 2]>| {
        place.is_some_and(|[row, column]| {
            (top..bottom).contains(&row) && (left..right).contains(&column)
        })
    };
    let own: Vec<bool> =
        first.into_iter().zip(&at_edge).map(|(place, &cut)| is_own(place) && !cut).collect();
    let mut kept = vec![0u8; built.len()];
    for run in groups.runs.iter().filter(|run| own[run.label as usize - 1]) {
        let start = run.row as usize * columns;
        kept[start + run.start as usize..start + run.end as usize].fill(1);
    }
    for values in [&mut rise.mean, &mut rise.since, &mut rise.is_sure] {
        values.iter_mut().zip(&kept).for_each(|(value, &kept)| *value *= kept);
    }
    Ok(true)
}
