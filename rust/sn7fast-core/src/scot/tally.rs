//! Counting through the months: switched identifiers and new buildings.
//!
//! * A pair is a mismatch if the last earlier pair of either identifier had another partner,
//!   however long ago; months in which one was not matched are passed over.
//! * An identifier is new if no earlier month has it, matched or not. From the second month on a
//!   pair of two new ones is a change found; a new one without a new partner is one missed or
//!   invented.

use super::Counts;
use super::frame::Frame;

/// What one month counts.
#[derive(Clone, Copy, Debug)]
pub struct MonthCounts {
    /// Footprints matched and not.
    pub counts: Counts,
    /// Pairs in which an identifier changed its partner.
    pub mismatches: i64,
    /// New buildings.
    pub change: Counts,
}

/// What is known of an identifier.
#[derive(Clone, Copy, Debug, Default)]
struct History {
    /// Month in which it came first, from 1; 0 if it has not come.
    first_month: u32,
    /// Its partner when it was last matched.
    partner: Option<u32>,
}

/// Counts the months in order; `sizes` are the numbers of identifiers of truth and proposal.
pub fn count_months(frames: &[Frame], sizes: [usize; 2]) -> Vec<MonthCounts> {
    let mut histories = sizes.map(|size| vec![History::default(); size]);
    (1..).zip(frames).map(|(month, frame)| count_month(month, frame, &mut histories)).collect()
}

fn count_month(month: u32, frame: &Frame, histories: &mut [Vec<History>; 2]) -> MonthCounts {
    let [truth, proposal] = histories;
    let truth_new = meet(&frame.numbers[0], truth, month);
    let proposal_new = meet(&frame.numbers[1], proposal, month);
    let (mut mismatches, mut both_new) = (0, 0);
    for &(g, p, _) in &frame.matches {
        let (truth, proposal) = (&mut truth[g as usize], &mut proposal[p as usize]);
        let stays = |last: Option<u32>, partner| last.is_none_or(|last| last == partner);
        let switched = !stays(truth.partner, p) || !stays(proposal.partner, g);
        mismatches += i64::from(switched);
        both_new += i64::from(truth.first_month == month && proposal.first_month == month);
        (truth.partner, proposal.partner) = (Some(p), Some(g));
    }
    let tp = frame.matches.len() as i64;
    let [truth_rows, proposal_rows] = frame.rows.map(|rows| rows as i64);
    // New ones that are not in a pair of two new ones are wrong, matched or not.
    let change = if month == 1 {
        Counts::default()
    } else {
        Counts { tp: both_new, fp: proposal_new - both_new, fn_: truth_new - both_new }
    };
    let counts = Counts { tp, fp: proposal_rows - tp, fn_: truth_rows - tp };
    MonthCounts { counts, mismatches, change }
}

/// Notes the identifiers of a month and returns how many of them are new.
fn meet(numbers: &[u32], histories: &mut [History], month: u32) -> i64 {
    let mut new = 0;
    for &number in numbers {
        let history = &mut histories[number as usize];
        if history.first_month == 0 {
            history.first_month = month;
            new += 1;
        }
    }
    new
}
