//! Binding of `sn7fast_core::watershed`.

use crate::enter::enter;
use crate::mask;
use numpy::{
    Element, IntoPyArray, PyArray2, PyArrayMethods, PyReadonlyArray2, PyUntypedArrayMethods,
};
use pyo3::prelude::*;
use sn7fast_core::watershed::{
    Components, Flood, Level, Order, Peaks, Rules, equal_components, flood, peaks,
};

/// A row-major raster of one of the kinds that can be flooded.
#[derive(FromPyObject)]
enum Values<'py> {
    U8(PyReadonlyArray2<'py, u8>),
    U16(PyReadonlyArray2<'py, u16>),
    F32(PyReadonlyArray2<'py, f32>),
    F64(PyReadonlyArray2<'py, f64>),
}

fn shape<T: Element>(array: &PyReadonlyArray2<'_, T>) -> [usize; 2] {
    [array.shape()[0], array.shape()[1]]
}

/// The rules by what Python says.
pub fn rules(current: bool) -> Rules {
    if current { Rules::Current } else { Rules::Of2020 }
}

/// Local maxima.
#[pyfunction]
fn find_peaks<'py>(
    py: Python<'py>,
    values: Values<'py>,
    floor: f64,
    distance: usize,
    current_rules: bool,
    ceiling: Option<f64>,
) -> PyResult<Bound<'py, PyArray2<bool>>> {
    let options = Peaks { floor, ceiling, distance, rules: rules(current_rules) };
    fn run<'py, T: Level + Element>(
        py: Python<'py>,
        values: &PyReadonlyArray2<'py, T>,
        options: &Peaks,
    ) -> PyResult<Bound<'py, PyArray2<bool>>> {
        let (pixels, shape) = (values.as_slice()?, shape(values));
        let found = enter(py, |_| peaks(pixels, shape, options))?;
        let mut out = vec![false; pixels.len()];
        for pixel in found {
            out[pixel as usize] = true;
        }
        out.into_pyarray(py).reshape(shape)
    }
    match &values {
        Values::U8(values) => run(py, values, &options),
        Values::U16(values) => run(py, values, &options),
        Values::F32(values) => run(py, values, &options),
        Values::F64(values) => run(py, values, &options),
    }
}

/// Components of equal labels.
#[pyfunction]
fn label_components<'py>(
    py: Python<'py>,
    labels: PyReadonlyArray2<'py, u32>,
    connectivity: u8,
) -> PyResult<Bound<'py, PyArray2<u32>>> {
    let connectivity = mask::connectivity(connectivity)?;
    let (pixels, shape) = (labels.as_slice()?, shape(&labels));
    let found = enter(py, |_| Ok(equal_components(pixels, shape, connectivity)?.to_labels(shape)))?;
    found.into_pyarray(py).reshape(shape)
}

/// Seeded watershed.
#[pyfunction]
fn watershed<'py>(
    py: Python<'py>,
    values: Values<'py>,
    seeds: PyReadonlyArray2<'py, u32>,
    floor: f64,
    lines: bool,
    current_rules: bool,
    raster_order: bool,
) -> PyResult<Bound<'py, PyArray2<u32>>> {
    let order = if raster_order { Order::Raster } else { Order::Exact(rules(current_rules)) };
    let options = Flood { floor, lines, order };
    fn run<'py, T: Level + Element>(
        py: Python<'py>,
        values: &PyReadonlyArray2<'py, T>,
        seeds: &PyReadonlyArray2<'py, u32>,
        options: &Flood,
    ) -> PyResult<Bound<'py, PyArray2<u32>>> {
        let (pixels, seeds, shape) = (values.as_slice()?, seeds.as_slice()?, shape(values));
        let labels = enter(py, |cancel| {
            let seeds = Components::from_labels(seeds, shape)?;
            Ok(flood(pixels, shape, &seeds, options, cancel)?.to_vec())
        })?;
        labels.into_pyarray(py).reshape(shape)
    }
    match &values {
        Values::U8(values) => run(py, values, &seeds, &options),
        Values::U16(values) => run(py, values, &seeds, &options),
        Values::F32(values) => run(py, values, &seeds, &options),
        Values::F64(values) => run(py, values, &seeds, &options),
    }
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(find_peaks, m)?)?;
    m.add_function(wrap_pyfunction!(label_components, m)?)?;
    m.add_function(wrap_pyfunction!(watershed, m)?)
}
