//! The tracker with all its rules: follow, drop, fill.

use super::Options;
use super::fill::{Fill, FillSpan, Filling, Ground};
use super::follow::{Followed, Scene, follow};
use super::keep::{Keep, Seen};
use crate::burn::{Looker, Valid};
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::footprints::{Builder, Footprints, FootprintsRef};
use crate::index::Index;
use rayon::prelude::*;

/// All rules.
#[derive(Clone, Debug)]
pub struct Filters {
    /// How to follow, and who founds an identifier.
    pub options: Options,
    /// Which tracks stay.
    pub keep: Keep,
    /// How their gaps are filled.
    pub fill: Fill,
}

/// A stack, and what is known about it.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Of consecutive months, one after the other.
    pub footprints: FootprintsRef<'a>,
    /// Start of each month, and the end of the last.
    pub frame_offsets: &'a [i32],
    /// What clouds leave; `None` if everything is seen.
    pub valid: Option<Valid<'a>>,
    /// How sure the network is of each footprint, from 0 to 1.
    pub scores: Option<&'a [f64]>,
}

/// The rows that are left, in their order, and after those of each month what fills it, by
/// identifier.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// For each row where its footprint is: in the input, or behind it in `parts`.
    pub source: Vec<i64>,
    /// Start of each month.
    pub frame_offsets: Vec<i32>,
    /// Identifiers, with the gaps that dropped ones leave.
    pub ids: Vec<i64>,
    /// IoU with the master, 0 for the founder, NaN for what was filled in.
    pub iou: Vec<f64>,
    /// What is seen of footprints that clouds hide in part.
    pub parts: Footprints,
}

/// Tracks, drops what the rules do not allow and fills gaps.
///
/// # Errors
/// [`Error::Argument`] if `min_iou` is NaN or the sizes of the inputs do not fit;
/// [`Error::Cancelled`].
pub fn filtered(input: Input<'_>, filters: &Filters, cancel: &Cancel) -> Result<Output> {
    let scene = Scene::new(input.footprints, input.frame_offsets)?;
    check(&input, scene.frames.len())?;
    let followed = follow(&scene, &filters.options, cancel)?;
    let mut tracks = Tracks::new(&scene, &followed);
    let months = scene.frames.len();
    let keeps: Vec<bool> = (0..tracks.rows.len())
        .into_par_iter()
        .map(|track| {
            let (rows, at) = (&tracks.rows[track], &tracks.months[track]);
            let (Some(&first), Some(&last)) = (at.first(), at.last()) else { return false };
            let seen = Seen { rows, span: [first, last], months };
            filters.keep.keeps(&seen, &scene.areas, input.scores)
        })
        .collect();
    for (track, keep) in keeps.iter().enumerate() {
        if !keep {
            tracks.rows[track].clear();
            tracks.months[track].clear();
        }
    }
    cancel.check()?;
    let fillings = fill(&input, &scene, &followed, &tracks, &filters.fill)?;
    assemble(&scene, &followed, &keeps, fillings)
}

fn check(input: &Input<'_>, months: usize) -> Result<()> {
    if let Some(valid) = &input.valid {
        valid.check(months)?;
    }
    match input.scores {
        Some(scores) if scores.len() != input.footprints.len() => {
            let wanted = format!("{}, one for each footprint", input.footprints.len());
            Err(Error::argument("scores", scores.len(), wanted))
        }
        _ => Ok(()),
    }
}

/// Footprints and months of each track, in time order.
struct Tracks {
    rows: Vec<Vec<usize>>,
    months: Vec<Vec<usize>>,
}

impl Tracks {
    fn new(scene: &Scene<'_>, followed: &Followed) -> Self {
        let mut rows = vec![Vec::new(); followed.labels.len()];
        let mut months = rows.clone();
        for (month, frame) in scene.frames.iter().enumerate() {
            for row in frame.clone() {
                if let Some(track) = followed.track_of[row] {
                    rows[track as usize].push(row);
                    months[track as usize].push(month);
                }
            }
        }
        Self { rows, months }
    }
}

/// For each month (track, filling), by track.
fn fill(
    input: &Input<'_>,
    scene: &Scene<'_>,
    followed: &Followed,
    tracks: &Tracks,
    rule: &Fill,
) -> Result<Vec<Vec<(usize, Filling)>>> {
    let count = scene.frames.len();
    let mut by_month: Vec<Vec<(usize, Filling)>> = (0..count).map(|_| Vec::new()).collect();
    if rule.span == FillSpan::Nothing {
        return Ok(by_month);
    }
    let mut left = vec![Vec::new(); count];
    for (rows, months) in tracks.rows.iter().zip(&tracks.months) {
        for (&row, &month) in rows.iter().zip(months) {
            left[month].push(row);
        }
    }
    let index = |rows: &Vec<usize>| Index::new(&scene.shapes, rows.iter().copied());
    let clouded = |month| {
        let seen = input.valid.as_ref()?.month(month);
        seen.hides(rule.min_cloud_px.max(1)).then_some(seen)
    };
    let ground = Ground {
        scene,
        left: if rule.only_free { left.par_iter().map(index).collect() } else { Vec::new() },
        clouded: (0..count).into_par_iter().map(clouded).collect(),
    };
    let filled: Vec<Vec<(usize, Filling)>> = (0..tracks.rows.len())
        .into_par_iter()
        .map_init(Looker::default, |looker, track| {
            let (rows, months) = (&tracks.rows[track], &tracks.months[track]);
            rule.fill(&ground, rows, months, followed.masters[track], looker)
        })
        .collect::<Result<_>>()?;
    for (track, fillings) in filled.into_iter().enumerate() {
        for (month, filling) in fillings {
            by_month[month].push((track, filling));
        }
    }
    Ok(by_month)
}

fn assemble(
    scene: &Scene<'_>,
    followed: &Followed,
    keeps: &[bool],
    fillings: Vec<Vec<(usize, Filling)>>,
) -> Result<Output> {
    let count = scene.footprints.len();
    let (mut source, mut ids, mut iou) = (Vec::new(), Vec::new(), Vec::new());
    let (mut frame_offsets, mut parts) = (vec![0], Builder::new());
    let mut part_count = 0;
    for (frame, fillings) in scene.frames.iter().zip(fillings) {
        for row in frame.clone() {
            if let Some(track) = followed.track_of[row].filter(|&track| keeps[track as usize]) {
                source.push(row as i64);
                ids.push(followed.labels[track as usize]);
                iou.push(followed.iou[row]);
            }
        }
        for (track, filling) in fillings {
            ids.push(followed.labels[track]);
            iou.push(f64::NAN);
            source.push(match filling {
                Filling::Row(row) => row as i64,
                Filling::Part(part) => {
                    parts.push(&part.view().get(0));
                    part_count += 1;
                    (count + part_count - 1) as i64
                }
            });
        }
        let end = i32::try_from(source.len()).map_err(|_| {
            Error::argument("stack", format!("{} footprints", source.len()), "fewer; split it")
        })?;
        frame_offsets.push(end);
    }
    Ok(Output { source, frame_offsets, ids, iou, parts: parts.finish()? })
}
