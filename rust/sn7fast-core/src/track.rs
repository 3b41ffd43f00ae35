//! Persistent identifiers: the tracker of the SpaceNet 7 baseline.
//!
//! ```text
//! masters = []                                   (identifier = position)
//! for each month:
//!     for each footprint, largest first (ties in input order):
//!         best = the master of an earlier month, not taken this month, of highest IoU
//!                (the lowest identifier wins a tie)
//!         if IoU(best) >= min_iou: take its identifier
//!         else:                    found a new master, visible from the next month on
//! ```
//!
//! The choice is greedy and a master keeps the shape with which it was first seen, so a building
//! that drifts gets a new identifier and one that comes back after months keeps its own.
//!
//! What each footprint could match is independent of the choices of its own month: candidates are
//! found in parallel, then the turns are taken in order.

use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::footprints::FootprintsRef;
use crate::geom::{Repair, Shapes, areas, intersects};
use crate::index::{Blocks, Found, Index};
use crate::matching::{Candidate, take_best};

/// Which shape stands for an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Master {
    /// The one it was first seen with.
    First,
    /// The one of its latest month.
    Latest,
}

/// How to track.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// A footprint takes an identifier if its IoU with the master is at least this. At 0 touching
    /// is enough.
    pub min_iou: f64,
    /// Go from the last month to the first.
    pub reverse: bool,
    /// Which shape stands for an identifier.
    pub master: Master,
}

/// Identifier and IoU of every footprint.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracks {
    /// From 0 without gaps, in the order in which they were founded.
    pub ids: Vec<i64>,
    /// IoU with the master, 0 for the founder of an identifier.
    pub iou: Vec<f64>,
}

/// Tracks the footprints of consecutive months, which lie one after the other.
///
/// # Errors
/// [`Error::Argument`] if `min_iou` is NaN or the offsets do not fit; [`Error::Cancelled`].
pub fn track(
    footprints: FootprintsRef<'_>,
    frame_offsets: &[i32],
    options: &Options,
    cancel: &Cancel,
) -> Result<Tracks> {
    if options.min_iou.is_nan() {
        return Err(Error::argument("min_iou", "NaN", "a number"));
    }
    let frames = frame_ranges("stack", frame_offsets, footprints.len())?;
    let shapes = Shapes::prepare(footprints, Repair::ZeroBuffer);
    let given_areas = areas(footprints);
    let mut tracker = Tracker {
        footprints,
        shapes: &shapes,
        options,
        master_of: Vec::new(),
        id_of: vec![0; footprints.len()],
        taken: Vec::new(),
        index: Index::default(),
        tracks: Tracks { ids: vec![0; footprints.len()], iou: vec![0.0; footprints.len()] },
    };
    let mut order: Vec<usize> = (0..frames.len()).collect();
    if options.reverse {
        order.reverse();
    }
    for (turn, frame) in order.into_iter().enumerate() {
        let mut members: Vec<usize> = frames[frame].clone().collect();
        members.sort_by(|&i, &j| given_areas[j].total_cmp(&given_areas[i]));
        tracker.month(turn as u32 + 1, &members, cancel)?;
    }
    Ok(tracker.tracks)
}

/// Start and end of each frame.
///
/// # Errors
/// [`Error::Argument`] if the offsets do not run from 0 to `count`.
pub fn frame_ranges(
    argument: &'static str,
    frame_offsets: &[i32],
    count: usize,
) -> Result<Vec<std::ops::Range<usize>>> {
    let fits = frame_offsets.first() == Some(&0)
        && frame_offsets.windows(2).all(|w| w[0] <= w[1])
        && frame_offsets.last().map(|&last| last as usize) == Some(count);
    if !fits {
        let got = format!("frame_offsets of {} numbers", frame_offsets.len());
        return Err(Error::argument(argument, got, format!("offsets from 0 to {count}")));
    }
    Ok(frame_offsets.windows(2).map(|w| w[0] as usize..w[1] as usize).collect())
}

struct Tracker<'a> {
    footprints: FootprintsRef<'a>,
    shapes: &'a Shapes,
    options: &'a Options,
    /// For each identifier the footprint that stands for it.
    master_of: Vec<usize>,
    /// For a footprint that is a master, its identifier.
    id_of: Vec<u32>,
    /// For each identifier the last month (its turn, from 1) in which it was taken.
    taken: Vec<u32>,
    /// Over the masters.
    index: Index,
    tracks: Tracks,
}

impl Tracker<'_> {
    fn month(&mut self, turn: u32, members: &[usize], cancel: &Cancel) -> Result<()> {
        let near = self.near_masters(members, cancel)?;
        for &member in members {
            let candidates = near
                .of(member)
                .iter()
                .map(|pair| Candidate { other: self.id_of[pair.member as usize], iou: pair.value });
            let best = take_best(candidates, |id| self.taken[id as usize] == turn);
            let id = match best.filter(|best| best.iou >= self.options.min_iou) {
                Some(Candidate { other: id, iou }) => {
                    self.tracks.iou[member] = iou;
                    if self.options.master == Master::Latest {
                        self.master_of[id as usize] = member;
                    }
                    id
                }
                None => {
                    self.master_of.push(member);
                    self.taken.push(0);
                    self.master_of.len() as u32 - 1
                }
            };
            self.taken[id as usize] = turn;
            self.id_of[member] = id;
            self.tracks.ids[member] = i64::from(id);
        }
        // Built anew each month: the few new masters lie far apart, and as blocks of their own
        // their boxes would be near everything.
        self.index = Index::new(self.shapes, self.master_of.iter().copied());
        Ok(())
    }

    /// All pairs of a footprint and a master that intersect, with their IoU.
    fn near_masters(&self, members: &[usize], cancel: &Cancel) -> Result<Found<f64>> {
        let touching_counts = self.options.min_iou <= 0.0;
        let asked = Blocks::new(self.shapes, members.iter().copied());
        self.index.near_pairs(&asked, cancel, |member, master| {
            // A master whose outline crosses itself has no IoU with anything.
            let iou = if self.shapes.is_valid(master) {
                self.shapes.iou(member, self.shapes, master)
            } else {
                0.0
            };
            let counts = iou > 0.0 || touching_counts && self.touch(member, master);
            counts.then_some(iou)
        })
    }

    fn touch(&self, member: usize, master: usize) -> bool {
        // Of a footprint without area the zero-width buffer leaves nothing that could touch.
        self.shapes.area(member) > 0.0
            && intersects(&self.footprints.get(member), &self.footprints.get(master))
    }
}
