//! Counting through the months: switched identifiers and new buildings.
//!
//! * A pair is a mismatch if the last earlier pair of either identifier had another partner,
//!   however long ago; months in which one was not matched are passed over.
//! * An identifier is new if no earlier month has it, matched or not. From the second month on a
//!   pair of two new ones is a change found; a new one without a new partner is one missed or
//!   invented.

use super::frame::Frame;
use super::{Counts, MonthScore};
use std::collections::HashMap;

/// What is known of an identifier.
#[derive(Clone, Copy, Debug, Default)]
struct History {
    /// Month in which it came first, from 1; 0 if it has not come.
    first_month: usize,
    /// Last month in which it was matched, from 1; 0 if never.
    matched_month: usize,
    /// Its partner then, as a number of the other side.
    partner: u32,
}

/// Identifiers of one side, numbered.
#[derive(Debug, Default)]
struct Histories {
    number_of: HashMap<i64, u32>,
    histories: Vec<History>,
}

impl Histories {
    fn number(&mut self, id: i64) -> u32 {
        let next = self.histories.len() as u32;
        let number = *self.number_of.entry(id).or_insert(next);
        if number == next {
            self.histories.push(History::default());
        }
        number
    }

    fn get(&mut self, number: u32) -> &mut History {
        &mut self.histories[number as usize]
    }
}

/// Counts the months in order.
pub fn count_months(frames: Vec<Frame>) -> Vec<MonthScore> {
    let mut truth = Histories::default();
    let mut proposal = Histories::default();
    frames
        .into_iter()
        .enumerate()
        .map(|(k, frame)| count_month(k + 1, frame, &mut truth, &mut proposal))
        .collect()
}

fn count_month(
    month: usize,
    frame: Frame,
    truth: &mut Histories,
    proposal: &mut Histories,
) -> MonthScore {
    let [truth_new, proposal_new] = [(&frame.ids[0], &mut *truth), (&frame.ids[1], &mut *proposal)]
        .map(|(ids, side)| meet(ids, side, month));
    let (mut mismatches, mut both_new) = (0, 0);
    for pair in &frame.matches {
        let numbers = [truth.number(pair.truth), proposal.number(pair.proposal)];
        let (g, p) = (truth.get(numbers[0]), proposal.get(numbers[1]));
        let switched = g.matched_month > 0 && g.partner != numbers[1]
            || p.matched_month > 0 && p.partner != numbers[0];
        mismatches += i64::from(switched);
        both_new += i64::from(g.first_month == month && p.first_month == month);
        (g.matched_month, g.partner) = (month, numbers[1]);
        (p.matched_month, p.partner) = (month, numbers[0]);
    }
    let tp = frame.matches.len() as i64;
    let counts = Counts { tp, fp: frame.rows[1] as i64 - tp, fn_: frame.rows[0] as i64 - tp };
    // New ones that are not in a pair of two new ones are wrong, matched or not.
    let change = if month == 1 {
        Counts::default()
    } else {
        Counts { tp: both_new, fp: proposal_new - both_new, fn_: truth_new - both_new }
    };
    MonthScore { matches: frame.matches, counts, mismatches, change }
}

/// Notes the identifiers of a month and returns how many of them are new.
fn meet(ids: &[i64], side: &mut Histories, month: usize) -> i64 {
    let mut new = 0;
    for &id in ids {
        let number = side.number(id);
        let history = side.get(number);
        if history.first_month == 0 {
            history.first_month = month;
            new += 1;
        }
    }
    new
}
