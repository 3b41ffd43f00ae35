//! Persistent identifiers: the tracker of the SpaceNet 7 baseline, and filters around it.
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
//! The competition's better trackers are this one with rules put around it, each of which is a
//! module here and can be used alone:
//!
//! ```text
//! centres    the identifiers nearest to a point
//! follow     the loop above; which shape stands for an identifier; what is compared with what
//! found      what a footprint needs to found an identifier
//! keep       what an identifier needs to stay
//! fill       footprints for months in which an identifier was not seen
//! filtered   all of them, one after the other
//! ```

mod centres;
mod fill;
mod filtered;
mod follow;
mod found;
mod keep;

pub use crate::burn::{BitRows, Valid};
pub use fill::{Clouds, Fill, FillShape, FillSpan};
pub use filtered::{Filters, Input, Output, filtered};
pub use follow::Matching;
pub use found::Founding;
pub use keep::{Keep, LateStart};

use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::footprints::FootprintsRef;

/// Which shape stands for an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Master {
    /// The one it was first seen with.
    First,
    /// The one of its latest month.
    Latest,
    /// A new one takes over if its area is nearer to the median of all areas so far.
    MedianArea,
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
    /// What is compared with what.
    pub matching: Matching,
    /// What it takes to found an identifier.
    pub founding: Founding,
}

impl Options {
    /// The tracker of the SpaceNet 7 baseline.
    pub const BASELINE: Self = Self {
        min_iou: 0.25,
        reverse: false,
        master: Master::First,
        matching: Matching::Overlapping,
        founding: Founding::ANY,
    };
}

/// Identifier and IoU of every footprint.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracks {
    /// From 0, in the order in which they were founded; -1 for a footprint that was dropped.
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
    let scene = follow::Scene::new(footprints, frame_offsets)?;
    let followed = follow::follow(&scene, options, cancel)?;
    let id = |track: Option<u32>| track.map_or(-1, |track| followed.labels[track as usize]);
    let ids = followed.track_of.iter().map(|&track| id(track)).collect();
    Ok(Tracks { ids, iou: followed.iou })
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
