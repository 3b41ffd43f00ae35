//! What a track needs to stay.

use super::follow::median;

/// The rules; each can be switched off. Months count in time order, whichever way was tracked.
#[derive(Clone, Debug)]
pub struct Keep {
    /// Least share of all months in which it was detected, rounded down to whole months; 0 for off.
    pub min_share: f64,
    /// Tracks that start late and stay although they miss `min_share`.
    pub late_starts: Vec<LateStart>,
    /// A track that starts after the first month needs that many detections.
    pub min_detections: usize,
    /// And that share of the months from its start to the end of the stack.
    pub min_ratio: f64,
    /// With a smaller median area the next two count instead; 0 for off.
    pub small_area: f64,
    /// As `min_detections`, for small ones.
    pub small_min_detections: usize,
    /// As `min_ratio`, for small ones.
    pub small_min_ratio: f64,
    /// Least number of months from the first to the last detection, both counted.
    pub min_duration: usize,
}

/// A track that starts when that many months are left, its own included, needs so many detections
/// and a higher median score than this.
#[derive(Clone, Copy, Debug)]
pub struct LateStart {
    /// Months from its start to the end of the stack.
    pub months_left: usize,
    /// Least number of detections.
    pub min_detections: usize,
    /// The score must be higher; without scores it does not count.
    pub above_score: f64,
}

/// A track as the rules see it.
pub struct Seen<'a> {
    /// Its footprints, in time order.
    pub rows: &'a [usize],
    /// Months of the first and of the last, from 0.
    pub span: [usize; 2],
    /// Number of months of the stack.
    pub months: usize,
}

impl Keep {
    /// True if the track stays.
    pub fn keeps(&self, track: &Seen<'_>, areas: &[f64], scores: Option<&[f64]>) -> bool {
        let ([start, end], count) = (track.span, track.rows.len());
        let left = track.months - start;
        let share = (self.min_share * track.months as f64) as usize;
        if count < share && !self.is_late_start(track, left, scores) {
            return false;
        }
        if end - start + 1 < self.min_duration {
            return false;
        }
        if start == 0 {
            return true;
        }
        let is_small = self.small_area > 0.0
            && median(track.rows.iter().map(|&row| areas[row]).collect()) < self.small_area;
        let (detections, ratio) = if is_small {
            (self.small_min_detections, self.small_min_ratio)
        } else {
            (self.min_detections, self.min_ratio)
        };
        count >= detections && count as f64 / left as f64 >= ratio
    }

    fn is_late_start(&self, track: &Seen<'_>, left: usize, scores: Option<&[f64]>) -> bool {
        let score =
            scores.map(|scores| median(track.rows.iter().map(|&row| scores[row]).collect()));
        self.late_starts.iter().any(|rule| {
            rule.months_left == left
                && track.rows.len() >= rule.min_detections
                && score.is_none_or(|score| score > rule.above_score)
        })
    }
}
