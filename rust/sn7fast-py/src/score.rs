//! Binding of `sn7fast_core::{f1, scot}`.

use crate::convert::FootprintsArg;
use crate::enter::enter;
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use sn7fast_core::f1::{self, Frame};
use sn7fast_core::scot::{self, Counts, Duplicates, Month, MonthScore, Options, Side};

/// Footprints, ids and frame offsets of one side.
#[derive(FromPyObject)]
struct SideArg<'py>(FootprintsArg<'py>, PyReadonlyArray1<'py, i64>, PyReadonlyArray1<'py, i32>);

impl SideArg<'_> {
    fn side<'a>(&'a self, argument: &'static str) -> PyResult<Side<'a>> {
        Ok(Side {
            footprints: self.0.view(argument)?,
            ids: self.1.as_slice()?,
            frame_offsets: self.2.as_slice()?,
        })
    }
}

/// tp, fp, fn.
type CountsOut = (i64, i64, i64);

fn counts_out(counts: Counts) -> CountsOut {
    (counts.tp, counts.fp, counts.fn_)
}

/// Everything about a month: counts, mismatches, change counts, and the pairs as three columns.
type MonthOut<'py> = (
    CountsOut,
    i64,
    CountsOut,
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray1<f64>>,
);

fn month_out<'py>(py: Python<'py>, month: &MonthScore) -> MonthOut<'py> {
    let matches = &month.matches;
    (
        counts_out(month.counts),
        month.mismatches,
        counts_out(month.change),
        matches.iter().map(|pair| pair.truth).collect::<Vec<_>>().into_pyarray(py),
        matches.iter().map(|pair| pair.proposal).collect::<Vec<_>>().into_pyarray(py),
        matches.iter().map(|pair| pair.iou).collect::<Vec<_>>().into_pyarray(py),
    )
}

/// Months, mismatches, tracking counts and score, change counts and score, combined score.
type ScotOut<'py> = (Vec<MonthOut<'py>>, i64, CountsOut, f64, CountsOut, f64, f64);

/// SCOT of one AOI.
#[pyfunction]
#[pyo3(signature = (truth, proposal, months, iou_threshold, base_reward, beta, sum_duplicates))]
#[expect(clippy::too_many_arguments, reason = "the facade holds the defaults")]
fn score_scot<'py>(
    py: Python<'py>,
    truth: SideArg<'py>,
    proposal: SideArg<'py>,
    months: Vec<(Option<usize>, Option<usize>)>,
    iou_threshold: f64,
    base_reward: f64,
    beta: f64,
    sum_duplicates: bool,
) -> PyResult<ScotOut<'py>> {
    let duplicates = if sum_duplicates { Duplicates::Sum } else { Duplicates::Refuse };
    let options = Options { iou_threshold, base_reward, beta, duplicates };
    let (truth, proposal) = (truth.side("truth")?, proposal.side("proposal")?);
    let months: Vec<Month> =
        months.into_iter().map(|(truth, proposal)| Month { truth, proposal }).collect();
    let score = enter(py, |cancel| scot::score(&truth, &proposal, &months, &options, cancel))?;
    Ok((
        score.months.iter().map(|month| month_out(py, month)).collect(),
        score.mismatches,
        counts_out(score.track),
        score.track.f1(),
        counts_out(score.change),
        score.change.f1(),
        score.score,
    ))
}

/// True positives, false positives and false negatives of each frame.
#[pyfunction]
fn count_f1<'py>(
    py: Python<'py>,
    truth: FootprintsArg<'py>,
    proposal: FootprintsArg<'py>,
    frames: Vec<((usize, usize), (usize, usize))>,
    iou_threshold: f64,
) -> PyResult<Vec<(usize, usize, usize)>> {
    let (truth, proposal) = (truth.view("truth")?, proposal.view("proposal")?);
    let frames: Vec<Frame> =
        frames.into_iter().map(|((a, b), (c, d))| Frame { truth: a..b, proposal: c..d }).collect();
    let counts = enter(py, |cancel| f1::count(truth, proposal, &frames, iou_threshold, cancel))?;
    Ok(counts
        .into_iter()
        .map(|c| (c.true_positives, c.false_positives, c.false_negatives))
        .collect())
}

/// IoU and position, row by row.
type IouAndIndex<'py> = (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<i64>>);

/// The legacy evaluator: IoU and matched truth (or -1) of each proposal.
#[pyfunction]
fn evaluate_f1<'py>(
    py: Python<'py>,
    truth: FootprintsArg<'py>,
    proposal: FootprintsArg<'py>,
    order: Vec<usize>,
    min_iou: f64,
) -> PyResult<IouAndIndex<'py>> {
    let (truth, proposal) = (truth.view("truth")?, proposal.view("proposal")?);
    let found = enter(py, |cancel| f1::legacy(truth, proposal, &order, min_iou, cancel))?;
    Ok((found.iou.into_pyarray(py), found.matched.into_pyarray(py)))
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(score_scot, m)?)?;
    m.add_function(wrap_pyfunction!(count_f1, m)?)?;
    m.add_function(wrap_pyfunction!(evaluate_f1, m)?)
}
