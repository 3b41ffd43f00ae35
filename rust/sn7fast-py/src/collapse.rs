//! Binding of `sn7fast_core::collapse`.

use crate::convert::{FootprintsOut, footprints_out};
use crate::cube::{FramesArg, ValidArg, with_cube};
use crate::enter::enter;
use crate::error::{InputError, to_python};
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use sn7fast_core::collapse::{Beta, Collapsed, Params, collapse};

/// The attributes of a `CollapseParams`.
#[derive(FromPyObject)]
struct ParamsArg {
    max_shift_px: f64,
    min_mean: f64,
    min_mean_new: f64,
    min_rise: f64,
    min_gap: f64,
    min_core_px: f64,
    outline: f64,
    min_area_px: f64,
    min_months: usize,
    max_contact: f64,
    birth: f64,
    death: f64,
    never: f64,
    absent: (f64, f64),
    present: (f64, f64),
    adapt: f64,
    hidden: String,
}

impl ParamsArg {
    fn params(&self, level: f64) -> PyResult<Params> {
        let beta = |(a, b): (f64, f64)| Beta { a, b };
        let drop_hidden = match self.hidden.as_str() {
            "drop" => true,
            "keep" => false,
            other => {
                let message = format!("hidden: got {other:?}, wanted \"drop\" or \"keep\"");
                return Err(InputError::new_err(message));
            }
        };
        Ok(Params {
            max_shift_px: self.max_shift_px,
            min_mean: self.min_mean,
            min_mean_new: self.min_mean_new,
            min_rise: self.min_rise,
            min_gap: self.min_gap,
            min_core_px: self.min_core_px,
            outline: self.outline,
            min_area_px: self.min_area_px,
            min_months: self.min_months,
            max_contact: self.max_contact,
            birth: self.birth,
            death: self.death,
            never: self.never,
            absent: beta(self.absent),
            present: beta(self.present),
            adapt: self.adapt,
            level,
            drop_hidden,
        })
    }
}

/// Rows of all months and where each month starts, the building of each row; of each building
/// first, last, lowest and highest first month and number of observed months, and the confidence;
/// the offset y, x of each month.
type CollapsedOut<'py> = (
    FootprintsOut<'py>,
    Bound<'py, PyArray1<i32>>,
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray2<i64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray2<f64>>,
);

fn out(py: Python<'_>, found: Collapsed) -> PyResult<CollapsedOut<'_>> {
    let Collapsed { footprints, buildings, months, offsets } = found;
    let mut frame_offsets = vec![0i32];
    let mut end = 0;
    for month in &months {
        end += month.len() as i32;
        frame_offsets.push(end);
    }
    let ids: Vec<i64> = months.iter().flatten().map(|&id| i64::from(id)).collect();
    let rows = enter(py, |_| footprints.view().select(ids.iter().map(|&id| id as usize)))?;
    let columns: Vec<[i64; 5]> = buildings
        .iter()
        .map(|b| [b.first, b.last, b.first_range[0], b.first_range[1], b.observed].map(i64::from))
        .collect();
    let confidence: Vec<f64> = buildings.iter().map(|b| b.confidence).collect();
    Ok((
        footprints_out(py, rows)?,
        frame_offsets.into_pyarray(py),
        ids.into_pyarray(py),
        columns.into_flattened().into_pyarray(py).reshape([buildings.len(), 5])?,
        confidence.into_pyarray(py),
        offsets.concat().into_pyarray(py).reshape([months.len(), 2])?,
    ))
}

/// Raises what is wrong with parameters.
#[pyfunction]
fn collapse_check(params: ParamsArg) -> PyResult<()> {
    params.params(0.5)?.check().map_err(to_python)
}

/// Buildings of a cube and the months in which they stand.
#[pyfunction]
#[pyo3(name = "collapse")]
fn collapse_cube<'py>(
    py: Python<'py>,
    frames: FramesArg<'py>,
    valid: ValidArg<'py>,
    scale: usize,
    params: ParamsArg,
    level: f64,
) -> PyResult<CollapsedOut<'py>> {
    let params = params.params(level)?;
    let found = with_cube!(&frames, &valid, |cube| {
        enter(py, |cancel| collapse(&cube, scale, &params, cancel))?
    });
    out(py, found)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(collapse_check, m)?)?;
    m.add_function(wrap_pyfunction!(collapse_cube, m)?)
}
