//! Matching of one month.

use super::ids::{Lines, Numbering};
use super::{Options, Side};
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::geom::{Repair, Shapes};
use crate::iou::{Pair, pairs};
use crate::matching::{Edge, assign};
use std::ops::Range;

/// What to do with an identifier that comes twice in a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicates {
    /// An error.
    Refuse,
    /// What the reference does: its rows are matched as one, and their IoUs and rewards add up.
    Sum,
}

/// One side with its identifiers numbered.
#[derive(Debug)]
pub struct Numbered<'a> {
    /// What it is called in errors.
    pub name: &'static str,
    /// The footprints.
    pub side: Side<'a>,
    /// Their identifiers.
    pub numbering: Numbering,
}

impl<'a> Numbered<'a> {
    /// Numbers the identifiers of a side.
    pub fn new(name: &'static str, side: &Side<'a>) -> Self {
        Self { name, side: *side, numbering: Numbering::new(side.ids) }
    }
}

/// A matched month. Identifiers are given by number.
#[derive(Debug)]
pub struct Frame {
    /// Truth, proposal and IoU of the pairs, sorted by the truth's number.
    pub matches: Vec<(u32, u32, f64)>,
    /// Distinct identifiers of truth and proposal, ascending.
    pub numbers: [Vec<u32>; 2],
    /// Rows of truth and proposal.
    pub rows: [usize; 2],
}

/// Matches the rows of one month. The order of rows does not matter, not even for ties.
pub fn match_month(
    [truth, proposal]: [&Numbered<'_>; 2],
    [truth_rows, proposal_rows]: [Range<usize>; 2],
    options: &Options,
    cancel: &Cancel,
) -> Result<Frame> {
    let rows = [truth_rows.len(), proposal_rows.len()];
    let truth_lines = lines(truth, &truth_rows, options)?;
    let proposal_lines = lines(proposal, &proposal_rows, options)?;
    let truth = Shapes::prepare_range(truth.side.footprints, truth_rows, Repair::Scot);
    let proposal = Shapes::prepare_range(proposal.side.footprints, proposal_rows, Repair::Scot);

    let mut cells: Vec<Cell> = pairs(&truth, &proposal, cancel)?
        .iter()
        .map(|pair| Cell {
            row: truth_lines.of_row[pair.a as usize],
            column: proposal_lines.of_row[pair.b as usize],
            reward: reward(pair, options),
            iou: pair.iou,
        })
        .collect();
    cells.sort_unstable_by_key(|cell| (cell.row, cell.column));
    if truth_lines.has_repeated() || proposal_lines.has_repeated() {
        cells = sum_cells(&cells);
    }
    cells.retain(|cell| cell.iou > options.iou_threshold);
    let edges: Vec<Edge> = cells
        .iter()
        .map(|cell| Edge { row: cell.row, column: cell.column, weight: cell.reward })
        .collect();
    let numbers = [truth_lines.numbers, proposal_lines.numbers];
    let matches = assign(&edges, [numbers[0].len(), numbers[1].len()])
        .into_iter()
        .map(|k| {
            let Cell { row, column, iou, .. } = cells[k];
            (numbers[0][row as usize], numbers[1][column as usize], iou)
        })
        .collect();
    Ok(Frame { matches, numbers, rows })
}

fn lines(side: &Numbered<'_>, rows: &Range<usize>, options: &Options) -> Result<Lines> {
    let Numbering { ids, of_row } = &side.numbering;
    let lines = Lines::new(&of_row[rows.clone()], ids.len());
    if options.duplicates == Duplicates::Refuse
        && let Some(number) = lines.repeated()
    {
        let got = format!("id {} twice in a month", ids[number as usize]);
        return Err(Error::argument(side.name, got, "every id at most once in a month"));
    }
    Ok(lines)
}

fn reward(pair: &Pair, options: &Options) -> f64 {
    if pair.iou > options.iou_threshold { options.base_reward + pair.iou } else { 0.0 }
}

/// An entry of the matrix of rewards.
#[derive(Clone, Copy, Debug)]
struct Cell {
    row: u32,
    column: u32,
    reward: f64,
    iou: f64,
}

/// Adds up sorted entries of the same place.
fn sum_cells(cells: &[Cell]) -> Vec<Cell> {
    let same_place = |a: &Cell, b: &Cell| (a.row, a.column) == (b.row, b.column);
    let sum = |group: &[Cell]| Cell {
        reward: group.iter().map(|cell| cell.reward).sum(),
        iou: group.iter().map(|cell| cell.iou).sum(),
        ..group[0]
    };
    cells.chunk_by(same_place).map(sum).collect()
}
