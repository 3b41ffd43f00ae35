//! Footprint F1: how many footprints were found, regardless of identifiers.
//!
//! Two countings exist. [`count`] matches as SCOT does and is what SN7 reports; the
//! legacy evaluator of earlier SpaceNet challenges, [`legacy`], lets proposals choose in order of
//! confidence.

use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::footprints::FootprintsRef;
use crate::geom::{Repair, Shapes};
use crate::index::Index;
use crate::iou::pairs;
use crate::matching::{Candidate, Rule, match_pairs, take_best};
use rayon::prelude::*;
use std::ops::Range;

/// Counts of one frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Matched pairs.
    pub true_positives: usize,
    /// Proposals without a match.
    pub false_positives: usize,
    /// Truth without a match.
    pub false_negatives: usize,
}

/// The truth and the proposal of one month.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Positions of the truth.
    pub truth: Range<usize>,
    /// Positions of the proposals.
    pub proposal: Range<usize>,
}

/// Counts of each frame by optimal matching at IoU above the threshold.
///
/// # Errors
/// [`Error::Argument`] if the threshold is NaN or a frame has rows that are not there;
/// [`Error::Cancelled`].
pub fn count(
    truth: FootprintsRef<'_>,
    proposal: FootprintsRef<'_>,
    frames: &[Frame],
    iou_threshold: f64,
    cancel: &Cancel,
) -> Result<Vec<Counts>> {
    if iou_threshold.is_nan() {
        return Err(Error::argument("iou_threshold", "NaN", "a number"));
    }
    for (name, rows, count) in frames.iter().flat_map(|frame| {
        [("truth", &frame.truth, truth.len()), ("proposal", &frame.proposal, proposal.len())]
    }) {
        if rows.end > count {
            let got = format!("a frame of rows {} to {}", rows.start, rows.end);
            return Err(Error::argument(name, got, format!("rows up to {count}")));
        }
    }
    let one = |frame: &Frame| {
        let a = Shapes::prepare_range(truth, frame.truth.clone(), Repair::Scot);
        let b = Shapes::prepare_range(proposal, frame.proposal.clone(), Repair::Scot);
        let sizes = [a.len(), b.len()];
        let pairs = pairs(&a, &b, cancel)?;
        let tp = match_pairs(&pairs, sizes, iou_threshold, Rule::Optimal).len();
        Ok(Counts {
            true_positives: tp,
            false_positives: sizes[1] - tp,
            false_negatives: sizes[0] - tp,
        })
    };
    frames.par_iter().map(one).collect()
}

/// What the legacy evaluator finds out about a frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Legacy {
    /// For each proposal the IoU of its match, or 0.
    pub iou: Vec<f64>,
    /// For each proposal the truth it took, or -1.
    pub matched: Vec<i64>,
}

/// Lets the proposals choose in the given order: each takes the free truth of highest IoU (the
/// first one wins a tie) if that IoU is above `min_iou`. A truth whose outline crosses itself is
/// never taken; a proposal is repaired by a zero-width buffer.
///
/// # Errors
/// [`Error::Cancelled`].
pub fn legacy(
    truth: FootprintsRef<'_>,
    proposal: FootprintsRef<'_>,
    order: &[usize],
    min_iou: f64,
    cancel: &Cancel,
) -> Result<Legacy> {
    let a = Shapes::prepare(truth, Repair::ZeroBuffer);
    let b = Shapes::prepare(proposal, Repair::ZeroBuffer);
    let index = Index::new(&a, (0..a.len()).filter(|&k| a.is_valid(k)));
    let mut taken = vec![false; a.len()];
    let mut out = Legacy { iou: vec![0.0; b.len()], matched: vec![-1; b.len()] };
    for (turn, &k) in order.iter().enumerate() {
        if turn % 1024 == 0 {
            cancel.check()?;
        }
        let Some(bounds) = b.bounds(k) else { continue };
        let candidates = index
            .near(bounds)
            .map(|other| Candidate { other: other as u32, iou: b.iou(k, &a, other) });
        let best = take_best(candidates, |other| taken[other as usize]);
        if let Some(best) = best.filter(|best| best.iou > 0.0 && best.iou > min_iou) {
            taken[best.other as usize] = true;
            out.iou[k] = best.iou;
            out.matched[k] = i64::from(best.other);
        }
    }
    Ok(out)
}
