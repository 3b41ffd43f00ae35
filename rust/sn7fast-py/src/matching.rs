//! Binding of `sn7fast_core::{iou, matching}`.

use crate::convert::FootprintsArg;
use crate::enter::enter;
use crate::error::InputError;
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;
use sn7fast_core::geom::{Repair, Shapes};
use sn7fast_core::iou::{Pair, pairs};
use sn7fast_core::matching::{Rule, match_pairs};

/// Positions in the first set, positions in the second, IoU.
type PairsOut<'py> =
    (Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<f64>>);

fn pairs_out<'py>(py: Python<'py>, pairs: &[Pair]) -> PairsOut<'py> {
    let column = |of: fn(&Pair) -> u32| {
        pairs.iter().map(|pair| i64::from(of(pair))).collect::<Vec<_>>().into_pyarray(py)
    };
    let iou: Vec<f64> = pairs.iter().map(|pair| pair.iou).collect();
    (column(|pair| pair.a), column(|pair| pair.b), iou.into_pyarray(py))
}

/// All pairs that overlap, with their IoU.
#[pyfunction]
fn iou_pairs<'py>(
    py: Python<'py>,
    a: FootprintsArg<'py>,
    b: FootprintsArg<'py>,
) -> PyResult<PairsOut<'py>> {
    let (a, b) = (a.view("a")?, b.view("b")?);
    let found = enter(py, |cancel| {
        let (a, b) = (Shapes::prepare(a, Repair::MakeValid), Shapes::prepare(b, Repair::MakeValid));
        pairs(&a, &b, cancel)
    })?;
    Ok(pairs_out(py, &found))
}

/// Pairs with an IoU above the threshold that exclude no other.
#[pyfunction]
fn match_footprints<'py>(
    py: Python<'py>,
    a: FootprintsArg<'py>,
    b: FootprintsArg<'py>,
    iou_threshold: f64,
    rule: &str,
) -> PyResult<PairsOut<'py>> {
    let rule = match rule {
        "optimal" => Rule::Optimal,
        "greedy" => Rule::Greedy,
        other => {
            let message = format!("rule: got {other:?}, wanted \"optimal\" or \"greedy\"");
            return Err(InputError::new_err(message));
        }
    };
    if iou_threshold.is_nan() {
        return Err(InputError::new_err("iou_threshold: got NaN, wanted a number"));
    }
    let (a, b) = (a.view("a")?, b.view("b")?);
    let found = enter(py, |cancel| {
        let (a, b) = (Shapes::prepare(a, Repair::MakeValid), Shapes::prepare(b, Repair::MakeValid));
        let sizes = [a.len(), b.len()];
        Ok(match_pairs(&pairs(&a, &b, cancel)?, sizes, iou_threshold, rule))
    })?;
    Ok(pairs_out(py, &found))
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(iou_pairs, m)?)?;
    m.add_function(wrap_pyfunction!(match_footprints, m)?)
}
