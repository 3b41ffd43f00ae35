//! Binding of `sn7fast_core::track`.

use crate::convert::FootprintsArg;
use crate::enter::enter;
use crate::error::InputError;
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use sn7fast_core::track::{Master, Options};

/// Identifiers and IoU, row by row.
type TracksOut<'py> = (Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<f64>>);

/// Identifiers and IoU of the footprints of consecutive months.
#[pyfunction]
fn track<'py>(
    py: Python<'py>,
    footprints: FootprintsArg<'py>,
    frame_offsets: PyReadonlyArray1<'py, i32>,
    min_iou: f64,
    reverse: bool,
    master: &str,
) -> PyResult<TracksOut<'py>> {
    let master = match master {
        "first" => Master::First,
        "latest" => Master::Latest,
        other => {
            let message = format!("master: got {other:?}, wanted \"first\" or \"latest\"");
            return Err(InputError::new_err(message));
        }
    };
    let options = Options { min_iou, reverse, master };
    let (view, offsets) = (footprints.view("stack")?, frame_offsets.as_slice()?);
    let tracks = enter(py, |cancel| sn7fast_core::track::track(view, offsets, &options, cancel))?;
    Ok((tracks.ids.into_pyarray(py), tracks.iou.into_pyarray(py)))
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(track, m)?)
}
