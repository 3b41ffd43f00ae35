//! SCOT, the SpaceNet Change and Object Tracking metric, of one AOI.
//!
//! Van Etten et al., "The Multi-Temporal Urban Development SpaceNet Dataset", CVPR 2021. Three
//! steps: `frame` matches the two sides month by month, `tally` goes through the months in order
//! and counts switched identifiers and new buildings, and the counts make the scores here.

mod frame;
mod ids;
mod tally;

pub use frame::Duplicates;

use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::footprints::FootprintsRef;
use crate::track::frame_ranges;
use frame::Numbered;
use rayon::prelude::*;
use std::ops::Range;
use tally::{MonthCounts, count_months};

/// One side: identified footprints, month after month.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// All footprints.
    pub footprints: FootprintsRef<'a>,
    /// Identifier of each.
    pub ids: &'a [i64],
    /// Start of each month, and the end of the last.
    pub frame_offsets: &'a [i32],
}

/// How to score.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// A pair counts if its IoU is above this.
    pub iou_threshold: f64,
    /// Added to the IoU of each pair when matching: large, so that the number of pairs comes first.
    pub base_reward: f64,
    /// Weight of the tracking score in the combined one.
    pub beta: f64,
    /// What to do with an identifier that comes twice in a month.
    pub duplicates: Duplicates,
}

impl Default for Options {
    fn default() -> Self {
        Self { iou_threshold: 0.25, base_reward: 100.0, beta: 2.0, duplicates: Duplicates::Refuse }
    }
}

/// A scored month: which frame of either side, if it has one.
#[derive(Clone, Copy, Debug)]
pub struct Month {
    /// Frame of the truth.
    pub truth: Option<usize>,
    /// Frame of the proposal.
    pub proposal: Option<usize>,
}

/// Counts of true positives, false positives and false negatives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Right ones.
    pub tp: i64,
    /// Proposals that are wrong.
    pub fp: i64,
    /// Truth that was missed.
    pub fn_: i64,
}

impl Counts {
    /// tp / (tp + (fp + fn) / 2); 0 if there is nothing at all.
    pub fn f1(&self) -> f64 {
        let weight = self.tp as f64 + (self.fp + self.fn_) as f64 / 2.0;
        if weight > 0.0 { self.tp as f64 / weight } else { 0.0 }
    }

    fn add(&mut self, other: Self) {
        self.tp += other.tp;
        self.fp += other.fp;
        self.fn_ += other.fn_;
    }
}

/// A matched pair of a month.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match {
    /// Identifier in the truth.
    pub truth: i64,
    /// Identifier in the proposal.
    pub proposal: i64,
    /// Their IoU.
    pub iou: f64,
}

/// What one month contributes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MonthScore {
    /// The pairs, sorted by the truth's identifier.
    pub matches: Vec<Match>,
    /// Footprints matched and not.
    pub counts: Counts,
    /// Pairs in which an identifier changed its partner.
    pub mismatches: i64,
    /// New buildings found, invented and missed; zero in the first month.
    pub change: Counts,
}

/// The score of an AOI with everything it was made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Month by month.
    pub months: Vec<MonthScore>,
    /// Sum of mismatches.
    pub mismatches: i64,
    /// Matches, each mismatch moved from tp to both fp and fn.
    pub track: Counts,
    /// Sum over the months from the second on.
    pub change: Counts,
    /// Weighted harmonic mean of the two.
    pub score: f64,
}

/// Scores one AOI.
///
/// # Errors
/// [`Error::Argument`] if arrays do not fit, an option is NaN, `beta` or `base_reward` not from 0 to
/// 1e9, a month has a frame that is not there, or an identifier comes twice in a month (unless duplicates are summed); [`Error::Cancelled`].
pub fn score(
    truth: &Side<'_>,
    proposal: &Side<'_>,
    months: &[Month],
    options: &Options,
    cancel: &Cancel,
) -> Result<Score> {
    if options.iou_threshold.is_nan() {
        return Err(Error::argument("iou_threshold", "NaN", "a number"));
    }
    for (name, value) in [("beta", options.beta), ("base_reward", options.base_reward)] {
        // Sums over an AOI must stay finite.
        if !(0.0..=1e9).contains(&value) {
            return Err(Error::argument(name, value, "a number from 0 to 1e9"));
        }
    }
    let truth_frames = frames("truth", truth)?;
    let proposal_frames = frames("proposal", proposal)?;
    let rows = |frames: &[Range<usize>], frame: Option<usize>| match frame {
        None => Ok(0..0),
        Some(k) => frames.get(k).cloned().ok_or_else(|| {
            Error::argument("months", format!("frame {k}"), format!("below {}", frames.len()))
        }),
    };
    let sides = [Numbered::new("truth", truth), Numbered::new("proposal", proposal)];
    let frames: Vec<frame::Frame> = months
        .par_iter()
        .map(|month| {
            cancel.check()?;
            let rows = [rows(&truth_frames, month.truth)?, rows(&proposal_frames, month.proposal)?];
            frame::match_month([&sides[0], &sides[1]], rows, options, cancel)
        })
        .collect::<Result<_>>()?;
    let [truth_ids, proposal_ids] = sides.map(|side| side.numbering.ids);
    let months: Vec<MonthScore> = count_months(&frames, [truth_ids.len(), proposal_ids.len()])
        .into_iter()
        .zip(frames)
        .map(|(MonthCounts { counts, mismatches, change }, frame)| {
            let matched = |(g, p, iou): (u32, u32, f64)| Match {
                truth: truth_ids[g as usize],
                proposal: proposal_ids[p as usize],
                iou,
            };
            let matches = frame.matches.into_iter().map(matched).collect();
            MonthScore { matches, counts, mismatches, change }
        })
        .collect();

    let mismatches: i64 = months.iter().map(|month| month.mismatches).sum();
    let (mut track, mut change) = (Counts::default(), Counts::default());
    for month in &months {
        track.add(month.counts);
        change.add(month.change);
    }
    track.add(Counts { tp: -mismatches, fp: mismatches, fn_: mismatches });
    let (c, t) = (change.f1(), track.f1());
    let weight = options.beta * options.beta;
    let denominator = weight * c + t;
    let score = if denominator > 0.0 { (1.0 + weight) * c * t / denominator } else { 0.0 };
    Ok(Score { months, mismatches, track, change, score })
}

fn frames(argument: &'static str, side: &Side<'_>) -> Result<Vec<Range<usize>>> {
    let count = side.footprints.len();
    if side.ids.len() != count {
        let got = format!("{} ids for {count} footprints", side.ids.len());
        return Err(Error::argument(argument, got, "one id for each footprint"));
    }
    frame_ranges(argument, side.frame_offsets, count)
}
