//! From a series of scores to the months in which a building stands.

use super::Params;

/// Largest rise of the mean score from the months up to some month to those after it, over the
/// months in which the candidate is visible; `None` if these are fewer than two.
pub fn largest_rise(scores: &[f32]) -> Option<f64> {
    let visible: Vec<f64> =
        scores.iter().filter(|&&score| score >= 0.0).map(|&score| f64::from(score)).collect();
    let total: f64 = visible.iter().sum();
    let (mut before, mut largest) = (0.0, None);
    for (k, score) in visible.iter().enumerate().take(visible.len().saturating_sub(1)) {
        before += score;
        let after = (total - before) / (visible.len() - k - 1) as f64;
        let rise = after - before / (k + 1) as f64;
        largest = Some(largest.map_or(rise, |largest: f64| largest.max(rise)));
    }
    largest
}

/// Months of a building that appears: from the first month in which its score is large enough
/// on, all in which it is not hidden and above the least score.
pub fn months_of_change(scores: &[f32], params: &Params) -> Vec<bool> {
    let highest = scores.iter().fold(f32::NEG_INFINITY, |a, &b| a.max(b));
    let mut stands = false;
    let is_month = |(month, &score): (usize, &f32)| {
        let score = f64::from(score);
        let starts = !stands
            && (score > params.thres3_s * f64::from(highest)
                || month == 0 && score > params.thres3_1);
        stands |= starts;
        starts || stands && score > params.thres3_i
    };
    scores.iter().enumerate().map(is_month).collect()
}

/// Months of a building that was always there: all in which it is visible, or none if its mean
/// score over them is too low.
pub fn months_of_track(scores: &[f32], params: &Params) -> Vec<bool> {
    let visible = || scores.iter().filter(|&&score| score >= 0.0);
    let mean = visible().map(|&score| f64::from(score)).sum::<f64>() / visible().count() as f64;
    let stands = mean > params.thres3_m;
    scores.iter().map(|&score| stands && score >= 0.0).collect()
}
