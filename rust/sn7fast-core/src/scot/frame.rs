//! Matching of one month.

use super::{Match, Options, Side};
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::geom::{Repair, Shapes};
use crate::iou::{Pair, pairs};
use crate::matching::{Edge, assign};
use std::collections::HashMap;
use std::ops::Range;

/// What to do with an identifier that comes twice in a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicates {
    /// An error.
    Refuse,
    /// What the reference does: its rows are matched as one, and their IoUs and rewards add up.
    Sum,
}

/// A matched month.
#[derive(Debug)]
pub struct Frame {
    /// Pairs, sorted by the truth's position.
    pub matches: Vec<Match>,
    /// Distinct identifiers of truth and proposal, in order of appearance.
    pub ids: [Vec<i64>; 2],
    /// Rows of truth and proposal.
    pub rows: [usize; 2],
}

const NAMES: [&str; 2] = ["truth", "proposal"];

/// Matches the rows of one month.
pub fn match_month(
    sides: [&Side<'_>; 2],
    rows: [Range<usize>; 2],
    options: &Options,
    cancel: &Cancel,
) -> Result<Frame> {
    let mut lines = [Lines::default(), Lines::default()];
    for k in 0..2 {
        lines[k] = Lines::new(&sides[k].ids[rows[k].clone()]);
        if let (Duplicates::Refuse, Some(id)) = (options.duplicates, lines[k].repeated) {
            let wanted = "every id at most once in a month";
            return Err(Error::argument(NAMES[k], format!("id {id} twice in a month"), wanted));
        }
    }
    let [truth, proposal] =
        [0, 1].map(|k| Shapes::prepare_range(sides[k].footprints, rows[k].clone(), Repair::Scot));
    let pairs = pairs(&truth, &proposal, cancel)?;

    let reward = |pair: &Pair| {
        if pair.iou > options.iou_threshold { options.base_reward + pair.iou } else { 0.0 }
    };
    let mut cells: Vec<Cell> = pairs
        .iter()
        .map(|pair| Cell {
            row: lines[0].of_row[pair.a as usize],
            column: lines[1].of_row[pair.b as usize],
            reward: reward(pair),
            iou: pair.iou,
        })
        .collect();
    if lines.iter().any(|side| side.repeated.is_some()) {
        cells = sum_cells(cells);
    }
    cells.retain(|cell| cell.iou > options.iou_threshold);
    let edges: Vec<Edge> = cells
        .iter()
        .map(|cell| Edge { row: cell.row, column: cell.column, weight: cell.reward })
        .collect();
    let [truth_ids, proposal_ids] = lines.map(|side| side.ids);
    let matches = assign(&edges, [truth_ids.len(), proposal_ids.len()])
        .into_iter()
        .map(|k| Match {
            truth: truth_ids[cells[k].row as usize],
            proposal: proposal_ids[cells[k].column as usize],
            iou: cells[k].iou,
        })
        .collect();
    let ids = [truth_ids, proposal_ids];
    Ok(Frame { matches, ids, rows: rows.map(|range| range.len()) })
}

/// Identifiers as lines of a matrix.
#[derive(Debug, Default)]
struct Lines {
    /// Distinct identifiers in order of appearance.
    ids: Vec<i64>,
    /// For each row its position in `ids`.
    of_row: Vec<u32>,
    /// An identifier that comes more than once.
    repeated: Option<i64>,
}

impl Lines {
    fn new(rows: &[i64]) -> Self {
        let mut sorted = rows.to_vec();
        sorted.sort_unstable();
        let repeated = sorted.windows(2).find(|w| w[0] == w[1]).map(|w| w[0]);
        if repeated.is_none() {
            let of_row = (0..rows.len() as u32).collect();
            return Self { ids: rows.to_vec(), of_row, repeated };
        }
        let mut out = Self { repeated, ..Self::default() };
        let mut line_of = HashMap::new();
        for &id in rows {
            let line = *line_of.entry(id).or_insert_with(|| {
                out.ids.push(id);
                out.ids.len() as u32 - 1
            });
            out.of_row.push(line);
        }
        out
    }
}

/// An entry of the matrix of rewards.
#[derive(Clone, Copy, Debug)]
struct Cell {
    row: u32,
    column: u32,
    reward: f64,
    iou: f64,
}

/// Adds up entries of the same place.
fn sum_cells(mut cells: Vec<Cell>) -> Vec<Cell> {
    cells.sort_by_key(|cell| (cell.row, cell.column));
    let mut sums: Vec<Cell> = Vec::with_capacity(cells.len());
    for cell in cells {
        match sums.last_mut() {
            Some(sum) if (sum.row, sum.column) == (cell.row, cell.column) => {
                sum.reward += cell.reward;
                sum.iou += cell.iou;
            }
            _ => sums.push(cell),
        }
    }
    sums
}
