//! Binding of `sn7fast_core::codec` and `sn7fast_core::names`.

use crate::convert::{FootprintsArg, FootprintsOut, footprints_out};
use crate::enter::enter;
use crate::error::to_python;
use crate::files::{Source, read, write};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use sn7fast_core::codec::csv::{
    ReadOptions, Rows, Table, read_csv as read_core, write_csv as write_core,
};
use sn7fast_core::codec::geojson::{self, Collection, Column, NullGeometry, Value};
use sn7fast_core::codec::wkt;
use sn7fast_core::names;
use std::io::Read;
use std::path::PathBuf;

/// Area and month of a file name.
#[pyfunction]
fn parse_name(name: &str) -> PyResult<(String, String)> {
    names::parse_name(name).map(|found| (found.aoi, found.month)).map_err(to_python)
}

type TableOut<'py> = (
    String,
    Vec<String>,
    Bound<'py, PyArray1<i32>>,
    FootprintsOut<'py>,
    Bound<'py, PyArray1<i64>>,
    u64,
);

/// Tables of an SN7 CSV, one for each area.
#[pyfunction]
fn read_csv(
    py: Python<'_>,
    source: Source,
    keep_empty: bool,
    keep_duplicates: bool,
) -> PyResult<Vec<TableOut<'_>>> {
    let options = ReadOptions { keep_empty, keep_duplicates };
    let tables = read(
        py,
        &source,
        |file, cancel| read_core(file, options, cancel),
        |bytes, cancel| read_core(bytes, options, cancel),
    )?;
    let out = |Table { aoi, months, frame_offsets, footprints, ids, empty_rows }| {
        Ok((
            aoi,
            months,
            frame_offsets.into_pyarray(py),
            footprints_out(py, footprints)?,
            ids.into_pyarray(py),
            empty_rows,
        ))
    };
    tables.into_iter().map(out).collect()
}

/// The columns of a stack as they come.
#[derive(FromPyObject)]
struct StackArg<'py>(
    String,
    Vec<String>,
    PyReadonlyArray1<'py, i32>,
    FootprintsArg<'py>,
    PyReadonlyArray1<'py, i64>,
);

impl StackArg<'_> {
    fn rows(&self) -> PyResult<Rows<'_>> {
        let Self(aoi, months, frame_offsets, footprints, ids) = self;
        Ok(Rows {
            aoi,
            months,
            frame_offsets: frame_offsets.as_slice()?,
            footprints: footprints.view("footprints")?,
            ids: ids.as_slice()?,
        })
    }
}

/// Writes an SN7 CSV.
#[pyfunction]
fn write_csv<'py>(
    py: Python<'py>,
    target: Option<PathBuf>,
    stacks: Vec<StackArg<'py>>,
    decimals: Option<u8>,
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let areas = stacks.iter().map(StackArg::rows).collect::<PyResult<Vec<_>>>()?;
    write(py, target, |mut writer, cancel| write_core(&mut writer, &areas, decimals, cancel))
}

type CollectionOut<'py> = (FootprintsOut<'py>, Vec<(String, Bound<'py, PyAny>)>, Option<String>);

fn column_out(py: Python<'_>, column: Column) -> PyResult<Bound<'_, PyAny>> {
    let object = |value: Value| match value {
        Value::Null => Ok(py.None().into_bound(py)),
        Value::Bool(value) => value.into_bound_py_any(py),
        Value::Int(value) => value.into_bound_py_any(py),
        Value::Float(value) => value.into_bound_py_any(py),
        Value::Text(value) => value.into_bound_py_any(py),
    };
    Ok(match column {
        Column::Int(values) => values.into_pyarray(py).into_any(),
        Column::Float(values) => values.into_pyarray(py).into_any(),
        Column::Bool(values) => values.into_pyarray(py).into_any(),
        Column::Mixed(values) => {
            let values = values.into_iter().map(object).collect::<PyResult<Vec<_>>>()?;
            PyList::new(py, values)?.into_any()
        }
    })
}

/// Features of a GeoJSON file: footprints, columns by name, `crs`.
#[pyfunction]
fn read_geojson(
    py: Python<'_>,
    source: Source,
    columns: Option<Vec<String>>,
    skip_null_geometry: bool,
) -> PyResult<CollectionOut<'_>> {
    let null_geometry = if skip_null_geometry { NullGeometry::Skip } else { NullGeometry::Error };
    let options = geojson::ReadOptions { columns, null_geometry };
    let Collection { footprints, columns, crs } = read(
        py,
        &source,
        |mut file, cancel| {
            let mut text = Vec::new();
            file.read_to_end(&mut text)?;
            geojson::read_geojson(&text, &options, cancel)
        },
        |bytes, cancel| geojson::read_geojson(bytes, &options, cancel),
    )?;
    let column = |(name, column)| Ok((name, column_out(py, column)?));
    let columns = columns.into_iter().map(column).collect::<PyResult<Vec<_>>>()?;
    Ok((footprints_out(py, footprints)?, columns, crs))
}

/// A column as it comes: an array of one type, or a list.
#[derive(FromPyObject)]
enum ColumnArg<'py> {
    Int(PyReadonlyArray1<'py, i64>),
    Float(PyReadonlyArray1<'py, f64>),
    Bool(PyReadonlyArray1<'py, bool>),
    Mixed(Vec<Option<ValueArg>>),
}

/// A value of a list. The order matters: a bool is an int, and an int makes a float.
#[derive(FromPyObject)]
enum ValueArg {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
}

impl From<ValueArg> for Value {
    fn from(value: ValueArg) -> Self {
        match value {
            ValueArg::Bool(value) => Self::Bool(value),
            ValueArg::Int(value) => Self::Int(value),
            ValueArg::Float(value) => Self::Float(value),
            ValueArg::Text(value) => Self::Text(value),
        }
    }
}

impl ColumnArg<'_> {
    fn into_column(self) -> PyResult<Column> {
        Ok(match self {
            Self::Int(values) => Column::Int(values.as_slice()?.to_vec()),
            Self::Float(values) => Column::Float(values.as_slice()?.to_vec()),
            Self::Bool(values) => Column::Bool(values.as_slice()?.to_vec()),
            Self::Mixed(values) => {
                let value = |value: Option<ValueArg>| value.map_or(Value::Null, Value::from);
                Column::Mixed(values.into_iter().map(value).collect())
            }
        })
    }
}

/// Writes a GeoJSON feature collection.
#[pyfunction]
fn write_geojson<'py>(
    py: Python<'py>,
    target: Option<PathBuf>,
    footprints: FootprintsArg<'py>,
    columns: Vec<(String, ColumnArg<'py>)>,
    crs: Option<String>,
    decimals: Option<u8>,
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let view = footprints.view("footprints")?;
    let column = |(name, column): (String, ColumnArg<'_>)| Ok((name, column.into_column()?));
    let columns = columns.into_iter().map(column).collect::<PyResult<Vec<_>>>()?;
    write(py, target, |mut writer, cancel| {
        geojson::write_geojson(&mut writer, view, &columns, crs.as_deref(), decimals, cancel)
    })
}

/// Footprints from well-known text.
#[pyfunction]
fn read_wkt(py: Python<'_>, texts: Vec<String>) -> PyResult<FootprintsOut<'_>> {
    let footprints = enter(py, |_| wkt::read_wkt(texts.iter().map(String::as_str)))?;
    footprints_out(py, footprints)
}

/// Well-known text of each footprint.
#[pyfunction]
fn write_wkt(
    py: Python<'_>,
    footprints: FootprintsArg<'_>,
    decimals: Option<u8>,
) -> PyResult<Vec<String>> {
    let view = footprints.view("footprints")?;
    enter(py, |_| wkt::write_wkt(view, decimals))
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(parse_name, m)?)?;
    m.add_function(wrap_pyfunction!(read_csv, m)?)?;
    m.add_function(wrap_pyfunction!(write_csv, m)?)?;
    m.add_function(wrap_pyfunction!(read_geojson, m)?)?;
    m.add_function(wrap_pyfunction!(write_geojson, m)?)?;
    m.add_function(wrap_pyfunction!(read_wkt, m)?)?;
    m.add_function(wrap_pyfunction!(write_wkt, m)?)
}
