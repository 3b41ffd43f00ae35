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

/// What is known after.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct History {
    /// It stands from this month on...
    pub first: usize,
    /// ... and no longer in this one; `first` if it never did.
    pub end: usize,
    /// Interval that holds the first month with the probability asked for.
    pub first_range: [usize; 2],
    /// Probability that `first` is the first month, if there ever is a building.
    pub confidence: f64,
}

impl History {
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

    /// The likeliest history, and an interval that holds the first month with probability `level`.
    /// `running`: see [`running_counts`].
    pub fn judge(&self, running: &[Counts], level: f64) -> History {
        let months = self.months;
        let all = running[months];
        let Prior { never, birth, death, .. } = self.prior;
        let mut best = (never.ln() + self.absent.ln(all), 0, 0);
        // For each first month: logarithm of the sum over all last ones.
        let mut by_first = vec![f64::NEG_INFINITY; months];
        for (first, total) in by_first.iter_mut().enumerate() {
            let came = (1.0 - never).ln() + if first > 0 { birth.ln() } else { 0.0 };
            let earliest = if death > 0.0 { first + 1 } else { months };
            for end in earliest..=months {
                let went = if end < months { death.ln() } else { 0.0 };
                let stood = running[end] - running[first];
                let weight = came + went + self.present.ln(stood) + self.absent.ln(all - stood);
                // Of equal ones the later: then a building comes when it is first seen.
                if weight >= best.0 {
                    best = (weight, first, end);
                }
                *total = ln_sum(*total, weight);
            }
        }
        let (_, first, end) = best;
        let whole = by_first.iter().copied().fold(f64::NEG_INFINITY, ln_sum);
        let shares: Vec<f64> = by_first.iter().map(|weight| (weight - whole).exp()).collect();
        History {
            first,
            end,
            first_range: interval(&shares, first, level),
            confidence: shares.get(first).copied().unwrap_or(0.0),
        }
    }
}

/// Logarithm of the sum of two numbers given by their logarithms.
fn ln_sum(one: f64, other: f64) -> f64 {
    let (high, low) = if one > other { (one, other) } else { (other, one) };
    if low == f64::NEG_INFINITY || high - low > 40.0 {
        high
    } else {
        high + (low - high).exp().ln_1p()
    }
}

/// Shortest run of months around `first` that holds the share `level`: grown month by month towards
/// the likelier side.
fn interval(shares: &[f64], first: usize, level: f64) -> [usize; 2] {
    let (mut low, mut high) = (first, first);
    let mut sum = shares[first];
    while sum < level {
        let before = if low > 0 { shares[low - 1] } else { -1.0 };
        let after = shares.get(high + 1).copied().unwrap_or(-1.0);
        if before < 0.0 && after < 0.0 {
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
