//! Binding of `sn7fast_core::codec` and `sn7fast_core::names`.

use crate::error::to_python;
use pyo3::prelude::*;
use sn7fast_core::names;

/// Area and month of a file name.
#[pyfunction]
fn parse_name(name: &str) -> PyResult<(String, String)> {
    names::parse_name(name).map(|found| (found.aoi, found.month)).map_err(to_python)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(parse_name, m)?)
}
