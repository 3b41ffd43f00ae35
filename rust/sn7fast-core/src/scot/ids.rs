//! Identifiers as small numbers, so that what is known of them can stand in arrays.

use std::collections::HashMap;

/// The identifiers of one side, numbered in ascending order.
#[derive(Debug)]
pub struct Numbering {
    /// Identifier of each number, ascending.
    pub ids: Vec<i64>,
    /// Number of each row.
    pub of_row: Vec<u32>,
}

impl Numbering {
    /// Numbers the identifiers of all rows.
    pub fn new(rows: &[i64]) -> Self {
        let lowest = rows.iter().copied().min().unwrap_or(0);
        let highest = rows.iter().copied().max().unwrap_or(0);
        let span = highest.abs_diff(lowest);
        if span < 4 * rows.len() as u64 {
            return Self::dense(rows, lowest, span as usize + 1);
        }
        let mut ids = rows.to_vec();
        ids.sort_unstable();
        ids.dedup();
        let number_of: HashMap<i64, u32> = ids.iter().copied().zip(0..).collect();
        Self { of_row: rows.iter().map(|id| number_of[id]).collect(), ids }
    }

    /// Identifiers close together, as trackers give them: a table instead of a hash map.
    fn dense(rows: &[i64], lowest: i64, span: usize) -> Self {
        let place = |id: i64| id.abs_diff(lowest) as usize;
        let mut number_of = vec![u32::MAX; span];
        for &id in rows {
            number_of[place(id)] = 0;
        }
        let mut ids = Vec::new();
        for (k, number) in number_of.iter_mut().enumerate().filter(|(_, n)| **n == 0) {
            *number = ids.len() as u32;
            ids.push(lowest.wrapping_add(k as i64));
        }
        Self { of_row: rows.iter().map(|&id| number_of[place(id)]).collect(), ids }
    }
}

/// The rows of a month as lines of a matrix: one for each identifier, ascending.
#[derive(Debug)]
pub struct Lines {
    /// Number of the identifier of each line.
    pub numbers: Vec<u32>,
    /// Line of each row.
    pub of_row: Vec<u32>,
}

impl Lines {
    /// Of rows given by the numbers of their identifiers, all below `count`.
    pub fn new(rows: &[u32], count: usize) -> Self {
        const ABSENT: u32 = u32::MAX;
        let mut line_of = vec![ABSENT; count];
        for &number in rows {
            line_of[number as usize] = 0;
        }
        let mut numbers = Vec::with_capacity(rows.len());
        for (number, line) in line_of.iter_mut().enumerate().filter(|(_, line)| **line == 0) {
            *line = numbers.len() as u32;
            numbers.push(number as u32);
        }
        Self { of_row: rows.iter().map(|&number| line_of[number as usize]).collect(), numbers }
    }

    /// True if an identifier has several rows.
    pub fn has_repeated(&self) -> bool {
        self.numbers.len() < self.of_row.len()
    }

    /// Number of an identifier that has several rows.
    pub fn repeated(&self) -> Option<u32> {
        let mut met = vec![false; self.numbers.len()];
        let again = |&&line: &&u32| std::mem::replace(&mut met[line as usize], true);
        self.of_row.iter().find(again).map(|&line| self.numbers[line as usize])
    }
}
