//! Binding of `sn7fast_core::burn` and `sn7fast_core::simplify`.

use crate::convert::{FootprintsArg, FootprintsOut, footprints_out};
use crate::enter::enter;
use crate::error::to_python;
use numpy::{IntoPyArray, PyArray2, PyArray3, PyArrayMethods};
use pyo3::prelude::*;
use sn7fast_core::Result;
use sn7fast_core::burn::{self, BoundaryType, Channel, Shape, TrainingMask};
use sn7fast_core::simplify;

/// Footprint mask.
#[pyfunction]
fn rasterize<'py>(
    py: Python<'py>,
    footprints: FootprintsArg<'py>,
    shape_yx: [usize; 2],
    value: u8,
) -> PyResult<Bound<'py, PyArray2<u8>>> {
    let view = footprints.view("footprints")?;
    let shape = Shape::try_new(shape_yx).map_err(to_python)?;
    let pixels = enter(py, |cancel| burn::rasterize(view, shape, value, cancel))?;
    pixels.into_pyarray(py).reshape(shape_yx)
}

/// Footprint, boundary and contact masks.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // mirrors the Python function
fn training_mask<'py>(
    py: Python<'py>,
    footprints: FootprintsArg<'py>,
    shape_yx: [usize; 2],
    channels: Vec<String>,
    boundary_width: usize,
    boundary_type: &str,
    contact_spacing_px: f64,
    per_building_boundary: bool,
    value: u8,
) -> PyResult<Bound<'py, PyArray3<u8>>> {
    let view = footprints.view("footprints")?;
    let names = channels.iter().map(|name| Channel::from_name(name));
    let mask = TrainingMask {
        shape: Shape::try_new(shape_yx).map_err(to_python)?,
        channels: names.collect::<Result<_>>().map_err(to_python)?,
        boundary_width,
        boundary_type: BoundaryType::from_name(boundary_type).map_err(to_python)?,
        per_building_boundary,
        contact_spacing_px,
        value,
    };
    let pixels = enter(py, |cancel| burn::training_mask(view, &mask, cancel))?;
    pixels.into_pyarray(py).reshape([shape_yx[0], shape_yx[1], channels.len()])
}

/// Topology-preserving simplification.
#[pyfunction(name = "simplify")]
fn simplify_footprints<'py>(
    py: Python<'py>,
    footprints: FootprintsArg<'py>,
    tolerance: f64,
) -> PyResult<FootprintsOut<'py>> {
    let view = footprints.view("footprints")?;
    let simplified = enter(py, |cancel| simplify::simplify(view, tolerance, cancel))?;
    footprints_out(py, simplified)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(rasterize, m)?)?;
    m.add_function(wrap_pyfunction!(training_mask, m)?)?;
    m.add_function(wrap_pyfunction!(simplify_footprints, m)?)
}
