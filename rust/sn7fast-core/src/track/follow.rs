//! The loop over the months.
//!
//! What each footprint could match is independent of the choices of its own month: candidates are
//! found in parallel, then the turns are taken in order. The same holds for the rules of founding,
//! since nobody sees a master of the same month.

use super::centres::Centres;
use super::found::Founding;
use super::{Master, Options, frame_ranges};
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::footprints::FootprintsRef;
use crate::geom::{Bounds, Repair, Shapes, areas, centroid, intersects};
use crate::index::{Blocks, Found, Index};
use crate::matching::{Candidate, take_best};
use rayon::prelude::*;
use std::ops::Range;

/// What a footprint is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matching {
    /// Every master near it, less those that are taken in this month.
    Overlapping,
    /// The identifiers whose first shapes have the nearest centroids, each by the best IoU with
    /// one of its first shapes. If the best one is taken, the footprint is dropped.
    Nearest {
        /// How many identifiers.
        tracks: usize,
        /// How many shapes of each.
        shapes: usize,
    },
}

/// The footprints of a stack made ready.
pub struct Scene<'a> {
    pub footprints: FootprintsRef<'a>,
    pub shapes: Shapes,
    /// As given, without repair.
    pub areas: Vec<f64>,
    pub frames: Vec<Range<usize>>,
}

impl<'a> Scene<'a> {
    pub fn new(footprints: FootprintsRef<'a>, frame_offsets: &[i32]) -> Result<Self> {
        let frames = frame_ranges("stack", frame_offsets, footprints.len())?;
        let shapes = Shapes::prepare(footprints, Repair::ZeroBuffer);
        Ok(Self { footprints, shapes, areas: areas(footprints), frames })
    }

    /// IoU with another footprint; one whose outline crosses itself has none with anything.
    pub fn iou(&self, member: usize, other: usize) -> f64 {
        if self.shapes.is_valid(other) { self.shapes.iou(member, &self.shapes, other) } else { 0.0 }
    }

    /// True if the two share a point.
    pub fn touch(&self, member: usize, other: usize) -> bool {
        // Of a footprint without area the zero-width buffer leaves nothing that could touch.
        self.shapes.area(member) > 0.0
            && intersects(&self.footprints.get(member), &self.footprints.get(other))
    }
}

/// Which footprint belongs to which track.
pub struct Followed {
    /// `None` for a footprint that was dropped.
    pub track_of: Vec<Option<u32>>,
    pub iou: Vec<f64>,
    /// Identifier of each track, ascending.
    pub labels: Vec<i64>,
    /// For each track the footprint that stands for it in the end.
    pub masters: Vec<usize>,
}

/// # Errors
/// [`Error::Argument`] if `min_iou` is NaN; [`Error::Cancelled`].
pub fn follow(scene: &Scene<'_>, options: &Options, cancel: &Cancel) -> Result<Followed> {
    if options.min_iou.is_nan() {
        return Err(Error::argument("min_iou", "NaN", "a number"));
    }
    let mut frames = scene.frames.clone();
    if options.reverse {
        frames.reverse();
    }
    let ahead = if options.founding.num_ahead_frames > 0 {
        frames.par_iter().map(|frame| Index::new(&scene.shapes, frame.clone())).collect()
    } else {
        Vec::new()
    };
    let count = scene.footprints.len();
    let mut follower = Follower {
        scene,
        options,
        ahead,
        masters: Vec::new(),
        labels: Vec::new(),
        track_of_master: vec![0; count],
        taken: Vec::new(),
        history: Vec::new(),
        index: Index::default(),
        centres: Centres::default(),
        reaches: Vec::new(),
        has_started: false,
        out_tracks: vec![None; count],
        out_iou: vec![0.0; count],
    };
    for (turn, frame) in frames.into_iter().enumerate() {
        cancel.check()?;
        let mut members: Vec<usize> = frame.collect();
        members.sort_by(|&i, &j| scene.areas[j].total_cmp(&scene.areas[i]));
        follower.month(turn, &members, cancel)?;
    }
    let Follower { out_tracks: track_of, out_iou: iou, labels, masters, .. } = follower;
    Ok(Followed { track_of, iou, labels, masters })
}

struct Follower<'a> {
    scene: &'a Scene<'a>,
    options: &'a Options,
    /// The footprints of each month in the order of the turns, if the rules look ahead.
    ahead: Vec<Index>,
    /// For each track the footprint that stands for it.
    masters: Vec<usize>,
    labels: Vec<i64>,
    /// For a footprint that is a master, its track.
    track_of_master: Vec<u32>,
    /// For each track the last month (its turn, from 1) in which it was taken.
    taken: Vec<u32>,
    /// For each track all its footprints, if somebody asks for them.
    history: Vec<Vec<usize>>,
    /// Over the masters.
    index: Index,
    /// Of the first shapes.
    centres: Centres,
    /// For each track a box around the shapes that footprints are compared with.
    reaches: Vec<Option<Bounds>>,
    has_started: bool,
    out_tracks: Vec<Option<u32>>,
    out_iou: Vec<f64>,
}

/// What the footprints of a month may take.
enum Near {
    /// By footprint: masters, with their IoU.
    Masters(Found<f64>),
    /// For each footprint in its turn: the best track.
    Best(Vec<Option<Candidate>>),
}

impl Follower<'_> {
    fn month(&mut self, turn: usize, members: &[usize], cancel: &Cancel) -> Result<()> {
        let near = match self.options.matching {
            Matching::Overlapping => Near::Masters(self.near_masters(members, cancel)?),
            Matching::Nearest { tracks, shapes } => {
                Near::Best(self.nearest_tracks(members, tracks, shapes))
            }
        };
        let stamp = turn as u32 + 1;
        let mut founders = Vec::new();
        for (k, &member) in members.iter().enumerate() {
            let best = match &near {
                Near::Masters(found) => {
                    let candidates = found.of(member).iter().map(|pair| Candidate {
                        other: self.track_of_master[pair.member as usize],
                        iou: pair.value,
                    });
                    take_best(candidates, |track| self.taken[track as usize] == stamp)
                }
                Near::Best(best) => best[k],
            };
            match best.filter(|best| best.iou >= self.options.min_iou) {
                Some(best) if self.taken[best.other as usize] == stamp => {}
                Some(best) => self.join(member, best, stamp),
                None => founders.push(member),
            }
        }
        self.found(turn, &founders);
        // Built anew each month: the few new masters lie far apart, and as blocks of their own
        // their boxes would be near everything.
        self.index = Index::new(&self.scene.shapes, self.masters.iter().copied());
        self.has_started |= !members.is_empty();
        Ok(())
    }

    fn join(&mut self, member: usize, Candidate { other: track, iou }: Candidate, stamp: u32) {
        let place = track as usize;
        self.out_iou[member] = iou;
        self.out_tracks[member] = Some(track);
        self.taken[place] = stamp;
        if let Matching::Nearest { shapes, .. } = self.options.matching
            && self.history[place].len() < shapes
        {
            let bounds = [self.reaches[place], self.scene.shapes.bounds(member)];
            self.reaches[place] = bounds.into_iter().flatten().reduce(|a, b| a.union(&b));
        }
        if self.keeps_history() {
            self.history[place].push(member);
        }
        let takes_over = match self.options.master {
            Master::First => false,
            Master::Latest => true,
            Master::MedianArea => {
                let off = |row: usize| self.scene.areas[row];
                let middle = median(self.history[place].iter().map(|&row| off(row)).collect());
                (middle - off(member)).abs() < (middle - off(self.masters[place])).abs()
            }
        };
        if takes_over {
            self.masters[place] = member;
            self.track_of_master[member] = track;
        }
    }

    /// New tracks for those of the founders that the rules allow.
    fn found(&mut self, turn: usize, founders: &[usize]) {
        let Founding { num_ahead_frames, .. } = self.options.founding;
        let next = (turn + 1).min(self.ahead.len());
        let ahead =
            &self.ahead[next..(next.saturating_add(num_ahead_frames)).min(self.ahead.len())];
        let allows =
            |&member: &usize| self.options.founding.allows(self.scene, member, &self.index, ahead);
        let allowed: Vec<bool> = if self.options.founding.is_any() {
            vec![true; founders.len()]
        } else {
            founders.par_iter().map(allows).collect()
        };
        let first = self.labels.last().map_or(0, |last| last + 1);
        let mut label = first;
        for (&member, allowed) in founders.iter().zip(allowed) {
            if allowed {
                let track = self.masters.len() as u32;
                self.masters.push(member);
                self.labels.push(label);
                self.taken.push(turn as u32 + 1);
                self.track_of_master[member] = track;
                self.out_tracks[member] = Some(track);
                if self.keeps_history() {
                    self.history.push(vec![member]);
                }
                if let Matching::Nearest { .. } = self.options.matching {
                    self.centres.push(centroid(&self.scene.footprints.get(member)), track);
                    self.reaches.push(self.scene.shapes.bounds(member));
                }
            }
            // In the first month the original numbers before it drops.
            label += i64::from(allowed || !self.has_started);
        }
        self.centres.settle();
    }

    fn keeps_history(&self) -> bool {
        self.options.master == Master::MedianArea
            || matches!(self.options.matching, Matching::Nearest { .. })
    }

    /// All pairs of a footprint and a master that intersect, with their IoU.
    fn near_masters(&self, members: &[usize], cancel: &Cancel) -> Result<Found<f64>> {
        let touching_counts = self.options.min_iou <= 0.0;
        let asked = Blocks::new(&self.scene.shapes, members.iter().copied());
        self.index.near_pairs(&asked, cancel, |member, master| {
            let iou = self.scene.iou(member, master);
            let counts = iou > 0.0 || touching_counts && self.scene.touch(member, master);
            counts.then_some(iou)
        })
    }

    fn nearest_tracks(
        &self,
        members: &[usize],
        tracks: usize,
        shapes: usize,
    ) -> Vec<Option<Candidate>> {
        let best = |&member: &usize| {
            let centre = centroid(&self.scene.footprints.get(member))?;
            let bounds = self.scene.shapes.bounds(member)?;
            let candidates = self.centres.nearest(centre, tracks).into_iter().filter_map(|track| {
                self.reaches[track as usize].filter(|reach| reach.overlaps(&bounds))?;
                let siblings = self.history[track as usize].iter().take(shapes);
                let iou = siblings.map(|&row| self.scene.iou(member, row)).fold(0.0, f64::max);
                (iou > 0.0).then_some(Candidate { other: track, iou })
            });
            take_best(candidates, |_| false)
        };
        members.par_iter().map(best).collect()
    }
}

/// Middle of some numbers, the mean of the two middle ones if they are even in number; NaN of none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match (values.get(values.len().wrapping_sub(1) / 2), values.get(values.len() / 2)) {
        (Some(low), Some(high)) => (low + high) / 2.0,
        _ => f64::NAN,
    }
}
