//! Footprints across the border: four numpy arrays in, four out.
//!
//! Python passes `(coords, ring_offsets, polygon_offsets, footprint_offsets | None)`. They are
//! borrowed, not copied; the caller must not write to them while a call runs.

use crate::error::to_python;
use crate::{enter::enter, error::InputError};
use numpy::{
    IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2,
    PyUntypedArrayMethods,
};
use pyo3::prelude::*;
use sn7fast_core::clusters::{clusters, within_steps};
use sn7fast_core::geom::{self, Bounds};
use sn7fast_core::{Footprints, FootprintsRef};

/// The four arrays as they come.
#[derive(FromPyObject)]
pub struct FootprintsArg<'py>(
    PyReadonlyArray2<'py, f64>,
    PyReadonlyArray1<'py, i32>,
    PyReadonlyArray1<'py, i32>,
    Option<PyReadonlyArray1<'py, i32>>,
);

/// The four arrays as they go.
pub type FootprintsOut<'py> = (
    Bound<'py, PyArray2<f64>>,
    Bound<'py, PyArray1<i32>>,
    Bound<'py, PyArray1<i32>>,
    Option<Bound<'py, PyArray1<i32>>>,
);

impl FootprintsArg<'_> {
    /// Borrows and checks the arrays; `argument` names them in errors.
    pub fn view<'a>(&'a self, argument: &'static str) -> PyResult<FootprintsRef<'a>> {
        let strided =
            || InputError::new_err(format!("{argument}: got strided arrays, wanted C order"));
        if self.0.shape()[1] != 2 {
            let columns = self.0.shape()[1];
            return Err(InputError::new_err(format!(
                "{argument}: got coords with {columns} columns, wanted 2 (x, y)"
            )));
        }
        let offsets =
            |array: &'a PyReadonlyArray1<'_, i32>| array.as_slice().map_err(|_| strided());
        let (coords, _) = self.0.as_slice().map_err(|_| strided())?.as_chunks::<2>();
        let (rings, polygons) = (offsets(&self.1)?, offsets(&self.2)?);
        let footprints = self.3.as_ref().map(offsets).transpose()?;
        FootprintsRef::try_new(argument, coords, rings, polygons, footprints).map_err(to_python)
    }
}

/// Hands owned footprints to numpy without a copy.
pub fn footprints_out<'py>(
    py: Python<'py>,
    footprints: Footprints,
) -> PyResult<FootprintsOut<'py>> {
    let rows = footprints.coords.len();
    let coords = footprints.coords.into_flattened().into_pyarray(py).reshape([rows, 2])?;
    Ok((
        coords,
        footprints.ring_offsets.into_pyarray(py),
        footprints.polygon_offsets.into_pyarray(py),
        footprints.footprint_offsets.map(|offsets| offsets.into_pyarray(py)),
    ))
}

/// Checks footprint arrays; raises what is wrong with them.
#[pyfunction]
fn check_footprints(footprints: FootprintsArg<'_>) -> PyResult<()> {
    footprints.view("footprints").map(|_| ())
}

/// Footprints at the given positions, in that order.
#[pyfunction]
fn select_footprints<'py>(
    py: Python<'py>,
    footprints: FootprintsArg<'py>,
    positions: PyReadonlyArray1<'py, i64>,
) -> PyResult<FootprintsOut<'py>> {
    let view = footprints.view("footprints")?;
    let positions = positions.as_slice()?;
    let count = view.len();
    if let Some(bad) = positions.iter().find(|&&k| k < 0 || k as usize >= count) {
        return Err(InputError::new_err(format!(
            "positions: got {bad}, wanted numbers from 0 below {count}"
        )));
    }
    let selected = enter(py, |_| view.select(positions.iter().map(|&k| k as usize)))?;
    footprints_out(py, selected)
}

/// Areas of all footprints.
#[pyfunction]
fn areas<'py>(
    py: Python<'py>,
    footprints: FootprintsArg<'py>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    Ok(geom::areas(footprints.view("footprints")?).into_pyarray(py))
}

/// Bounding boxes of all footprints.
#[pyfunction]
fn bounds<'py>(
    py: Python<'py>,
    footprints: FootprintsArg<'py>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let view = footprints.view("footprints")?;
    let row = |footprint| match geom::bounds(&footprint) {
        Some(Bounds { min, max }) => [min[0], min[1], max[0], max[1]],
        None => [f64::NAN; 4],
    };
    let rows: Vec<[f64; 4]> = view.iter().map(row).collect();
    rows.into_flattened().into_pyarray(py).reshape([view.len(), 4])
}

/// For each box the first one of its cluster.
#[pyfunction]
fn cluster_boxes<'py>(
    py: Python<'py>,
    boxes: PyReadonlyArray2<'py, f64>,
    thing: PyReadonlyArray1<'py, u32>,
    reach: f64,
) -> PyResult<Bound<'py, PyArray1<u32>>> {
    let columns = boxes.shape()[1];
    if columns != 4 {
        return Err(InputError::new_err(format!("boxes: got {columns} columns, wanted 4")));
    }
    let (boxes, _) = boxes.as_slice()?.as_chunks::<4>();
    let thing = thing.as_slice()?;
    Ok(enter(py, |cancel| clusters(boxes, thing, reach, cancel))?.into_pyarray(py))
}

/// For each set of clusters the boxes that so many steps reach.
#[pyfunction]
fn boxes_within_steps<'py>(
    py: Python<'py>,
    boxes: PyReadonlyArray2<'py, f64>,
    cluster: PyReadonlyArray1<'py, u32>,
    set: PyReadonlyArray1<'py, u32>,
    sets: usize,
    reach: f64,
    steps: usize,
) -> PyResult<Vec<Bound<'py, PyArray1<u32>>>> {
    let columns = boxes.shape()[1];
    if columns != 4 {
        return Err(InputError::new_err(format!("boxes: got {columns} columns, wanted 4")));
    }
    let (boxes, _) = boxes.as_slice()?.as_chunks::<4>();
    let (cluster, set) = (cluster.as_slice()?, (set.as_slice()?, sets));
    let run = |cancel: &_| within_steps(boxes, cluster, set, reach, steps, cancel);
    Ok(enter(py, run)?.into_iter().map(|rows| rows.into_pyarray(py)).collect())
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(check_footprints, m)?)?;
    m.add_function(wrap_pyfunction!(select_footprints, m)?)?;
    m.add_function(wrap_pyfunction!(cluster_boxes, m)?)?;
    m.add_function(wrap_pyfunction!(boxes_within_steps, m)?)?;
    m.add_function(wrap_pyfunction!(areas, m)?)?;
    m.add_function(wrap_pyfunction!(bounds, m)?)
}
