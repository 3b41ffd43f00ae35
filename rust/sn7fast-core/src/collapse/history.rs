//! When a building came and went: the likeliest history of a row of scores.
//!
//! While it stands, a network finds a building in a month with some chance, which differs from
//! building to building; while it does not stand, it finds something there with another, lower one.
//! Neither chance is known, only how such chances are spread (Beta distributions). So the
//! probability of the scores, given the month in which the building came and the one before which
//! it went, needs no threshold: the scores on either side are weighed against both kinds of chance.
//! A building that is found in every second month is one that always stood, not one that came late;
//! and that anything is built at all in these few years is unlikely from the start.
//!
//! Months in which the place is hidden say nothing, those in which a part is seen say as much.

use super::beta::{Beta, Counts, PARTS, Table};

/// Scores below and above these shares of the area are as good as nothing and everything: the rim
/// of a building comes and goes.
const EMPTY: f64 = 0.2;
const FULL: f64 = 0.8;

/// Histories less likely than the likeliest by this, as a logarithm, do not count.
const NEGLIGIBLE: f64 = 30.0;

/// What is known before the scores are.
#[derive(Clone, Copy, Debug)]
pub struct Prior {
    /// How often something is found where nothing stands.
    pub absent: Beta,
    /// How often a standing building is found.
    pub present: Beta,
    /// Chance that there never is a building.
    pub never: f64,
    /// Chance that a building is built in a given month but the first.
    pub birth: f64,
    /// Chance that it is pulled down in a given month; 0 if that is out of the question.
    pub death: f64,
}

/// Months in which a building stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// It stands from this month on...
    pub first: usize,
    /// ... and no longer in this one; `first` if it never did.
    pub end: usize,
}

/// What is known after.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct History {
    /// The likeliest months.
    pub span: Span,
    /// Interval that holds the first month with the probability asked for.
    pub first_range: [usize; 2],
    /// Probability that `span.first` is the first month, if there ever is a building.
    pub confidence: f64,
}

impl Span {
    /// True if there is no building.
    pub fn is_never(&self) -> bool {
        self.first == self.end
    }
}

/// Weighs histories of a number of months.
#[derive(Debug)]
pub struct Judge {
    months: usize,
    prior: Prior,
    absent: Table,
    present: Table,
}

/// Counts of all months before each, and of all.
pub fn running_counts(scores: impl Iterator<Item = (f64, f64)>) -> Vec<Counts> {
    let mut sum = Counts::default();
    let mut running = vec![sum];
    for (score, seen) in scores {
        let weight = (seen.clamp(0.0, 1.0) * f64::from(PARTS)).round();
        let share = ((score - EMPTY) / (FULL - EMPTY)).clamp(0.0, 1.0);
        let found = (share * weight).round() as u32;
        sum = sum + Counts { found, missed: weight as u32 - found };
        running.push(sum);
    }
    running
}

impl Judge {
    /// For rows of so many months.
    pub fn new(prior: Prior, months: usize) -> Self {
        let (absent, present) =
            (Table::new(prior.absent, months), Table::new(prior.present, months));
        Self { months, prior, absent, present }
    }

    /// The likeliest first month and the one before which it ends; see [`History`].
    ///
    /// `running`: see [`running_counts`].
    pub fn likeliest(&self, running: &[Counts]) -> Span {
        let (_, span) = self.weigh(running, |_, _| {});
        span
    }

    /// The likeliest history, and the interval of first months of probability `level`.
    pub fn judge(&self, running: &[Counts], level: f64) -> History {
        let mut weights = Vec::with_capacity(self.months * (self.months + 1) / 2);
        let (_, span) = self.weigh(running, |first, weight| weights.push((first, weight)));
        // If there is a building, as what is asked is when it came.
        let highest = weights.iter().fold(f64::NEG_INFINITY, |high, &(_, weight)| high.max(weight));
        let mut shares = vec![0.0; self.months];
        for (first, weight) in weights {
            if weight > highest - NEGLIGIBLE {
                shares[first] += (weight - highest).exp();
            }
        }
        let whole: f64 = shares.iter().sum();
        shares.iter_mut().for_each(|share| *share /= whole);
        let first_range = interval(&shares, span.first, level);
        History { span, first_range, confidence: shares[span.first] }
    }

    /// Weighs every history; the logarithm of the probability of the likeliest, and what it is.
    fn weigh(&self, running: &[Counts], mut each: impl FnMut(usize, f64)) -> (f64, Span) {
        let months = self.months;
        let all = running[months];
        let Prior { never, birth, death, .. } = self.prior;
        let (exists, born, died) = ((1.0 - never).ln(), birth.ln(), death.ln());
        let mut best = (never.ln() + self.absent.ln(all), Span { first: 0, end: 0 });
        for first in 0..months {
            let came = exists + if first > 0 { born } else { 0.0 };
            let earliest = if death > 0.0 { first + 1 } else { months };
            for end in earliest..=months {
                let went = if end < months { died } else { 0.0 };
                let stood = running[end] - running[first];
                let weight = came + went + self.present.ln(stood) + self.absent.ln(all - stood);
                // Of equal ones the later: then a building comes when it is first seen.
                if weight >= best.0 {
                    best = (weight, Span { first, end });
                }
                each(first, weight);
            }
        }
        best
    }
}

/// Run of months around `first` whose share is nearest to `level`: grown month by month towards the
/// likelier side. Months are few: a run that holds `level` at least would mostly hold far more.
fn interval(shares: &[f64], first: usize, level: f64) -> [usize; 2] {
    let (mut low, mut high) = (first, first);
    let mut sum = shares[first];
    while sum < level {
        let before = if low > 0 { shares[low - 1] } else { -1.0 };
        let after = shares.get(high + 1).copied().unwrap_or(-1.0);
        let next = before.max(after);
        if next < 0.0 || sum + next - level > level - sum {
            break;
        }
        if before > after {
            low -= 1;
            sum += before;
        } else {
            high += 1;
            sum += after;
        }
    }
    [low, high]
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIOR: Prior = Prior {
        absent: Beta { a: 0.5, b: 8.0 },
        present: Beta { a: 8.0, b: 1.5 },
        never: 0.3,
        birth: 0.02,
        death: 0.0005,
    };

    fn judged(scores: &[f64], seen: &[f64]) -> History {
        let rows = scores.iter().copied().zip(seen.iter().copied());
        Judge::new(PRIOR, scores.len()).judge(&running_counts(rows), 0.8)
    }

    #[test]
    fn a_clear_rise_is_dated_to_the_month() {
        let scores: Vec<f64> = (0..12).map(|k| if k < 5 { 0.0 } else { 1.0 }).collect();
        let history = judged(&scores, &[1.0; 12]);
        assert_eq!(history.span, Span { first: 5, end: 12 });
        assert!(history.first_range == [5, 5] && history.confidence > 0.8);
    }

    #[test]
    fn hidden_months_widen_the_range() {
        let scores: Vec<f64> = (0..12).map(|k| if k < 7 { 0.0 } else { 1.0 }).collect();
        let seen: Vec<f64> = (0..12).map(|k| if (4..7).contains(&k) { 0.0 } else { 1.0 }).collect();
        let history = judged(&scores, &seen);
        assert_eq!(history.span.first, 7);
        assert!(history.first_range[0] <= 5 && history.first_range[1] == 7);
        assert!(history.confidence < 0.4);
    }

    #[test]
    fn nothing_is_never_and_shares_sum_up() {
        assert!(judged(&[0.0; 8], &[1.0; 8]).span.is_never());
        assert!(judged(&[1.0; 8], &[0.0; 8]).span.first == 0);
        let always = judged(&[1.0; 8], &[1.0; 8]);
        assert_eq!(always.span, Span { first: 0, end: 8 });
        assert!(always.confidence > 0.95 && always.confidence <= 1.0);
    }

    #[test]
    fn the_range_has_the_share_nearest_to_what_is_asked_for() {
        assert_eq!(interval(&[0.1, 0.6, 0.3], 1, 0.8), [1, 2]);
        assert_eq!(interval(&[0.1, 0.75, 0.15], 1, 0.8), [1, 1]);
        assert_eq!(interval(&[0.4, 0.4, 0.2], 0, 0.8), [0, 1]);
    }
}
