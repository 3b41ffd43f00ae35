//! Binding of `sn7fast_core::mask`.

use crate::convert::{FootprintsOut, footprints_out};
use crate::enter::enter;
use crate::error::InputError;
use crate::error::to_python;
use numpy::{
    Element, IntoPyArray, PyArray2, PyArrayMethods, PyReadonlyArray2, PyUntypedArrayMethods,
};
use pyo3::prelude::*;
use sn7fast_core::mask::{Bands, Connectivity, Options, Pixel, polygonize, polygonize_frames};

/// A row-major raster of one of the pixel kinds.
#[derive(FromPyObject)]
enum Mask<'py> {
    U8(PyReadonlyArray2<'py, u8>),
    U16(PyReadonlyArray2<'py, u16>),
    F32(PyReadonlyArray2<'py, f32>),
    F64(PyReadonlyArray2<'py, f64>),
}

/// Rasters of one pixel kind.
#[derive(FromPyObject)]
enum Masks<'py> {
    U8(Vec<PyReadonlyArray2<'py, u8>>),
    U16(Vec<PyReadonlyArray2<'py, u16>>),
    F32(Vec<PyReadonlyArray2<'py, f32>>),
    F64(Vec<PyReadonlyArray2<'py, f64>>),
}

/// Neighbours by their number.
pub fn connectivity(count: u8) -> PyResult<Connectivity> {
    match count {
        4 => Ok(Connectivity::Four),
        8 => Ok(Connectivity::Eight),
        other => Err(InputError::new_err(format!("connectivity: got {other}, wanted 4 or 8"))),
    }
}

fn options(threshold: f64, min_area_px: f64, count: u8) -> PyResult<Options> {
    Ok(Options { threshold, min_area_px, connectivity: connectivity(count)? })
}

fn shape<T: Element>(mask: &PyReadonlyArray2<'_, T>) -> [usize; 2] {
    [mask.shape()[0], mask.shape()[1]]
}

/// Footprints of the foreground of one raster.
#[pyfunction]
#[pyo3(name = "polygonize")]
fn polygonize_one<'py>(
    py: Python<'py>,
    mask: Mask<'py>,
    threshold: f64,
    min_area_px: f64,
    connectivity: u8,
) -> PyResult<FootprintsOut<'py>> {
    let options = options(threshold, min_area_px, connectivity)?;
    fn run<'py, T: Pixel + Element>(
        py: Python<'py>,
        mask: &PyReadonlyArray2<'py, T>,
        options: &Options,
    ) -> PyResult<FootprintsOut<'py>> {
        let (pixels, shape) = (mask.as_slice()?, shape(mask));
        footprints_out(py, enter(py, |_| polygonize(pixels, shape, options))?)
    }
    match &mask {
        Mask::U8(mask) => run(py, mask, &options),
        Mask::U16(mask) => run(py, mask, &options),
        Mask::F32(mask) => run(py, mask, &options),
        Mask::F64(mask) => run(py, mask, &options),
    }
}

/// Footprints of several rasters of one shape and kind.
#[pyfunction]
#[pyo3(name = "polygonize_frames")]
fn polygonize_many<'py>(
    py: Python<'py>,
    masks: Masks<'py>,
    threshold: f64,
    min_area_px: f64,
    connectivity: u8,
) -> PyResult<Vec<FootprintsOut<'py>>> {
    let options = options(threshold, min_area_px, connectivity)?;
    fn run<'py, T: Pixel + Element>(
        py: Python<'py>,
        masks: &[PyReadonlyArray2<'py, T>],
        options: &Options,
    ) -> PyResult<Vec<FootprintsOut<'py>>> {
        let Some(first) = masks.first() else { return Ok(Vec::new()) };
        let shape = shape(first);
        let frames = masks.iter().map(|mask| mask.as_slice()).collect::<Result<Vec<_>, _>>()?;
        let frames = enter(py, |cancel| polygonize_frames(&frames, shape, options, cancel))?;
        frames.into_iter().map(|footprints| footprints_out(py, footprints)).collect()
    }
    match &masks {
        Masks::U8(masks) => run(py, masks, &options),
        Masks::U16(masks) => run(py, masks, &options),
        Masks::F32(masks) => run(py, masks, &options),
        Masks::F64(masks) => run(py, masks, &options),
    }
}

/// A raster that comes in bands of rows, from top to bottom.
#[pyclass]
struct MaskBands {
    /// None after the end.
    bands: Option<Bands>,
    columns: usize,
}

#[pymethods]
impl MaskBands {
    #[new]
    fn new(columns: usize, threshold: f64, min_area_px: f64, connectivity: u8) -> PyResult<Self> {
        let options = options(threshold, min_area_px, connectivity)?;
        let bands = Bands::new(columns, options).map_err(to_python)?;
        Ok(Self { bands: Some(bands), columns })
    }

    /// Footprints that are ready after these rows.
    fn push<'py>(&mut self, py: Python<'py>, mask: Mask<'py>) -> PyResult<FootprintsOut<'py>> {
        let columns = self.columns;
        let bands = self.bands.as_mut().ok_or_else(ended)?;
        fn run<'py, T: Pixel + Element>(
            py: Python<'py>,
            bands: &mut Bands,
            columns: usize,
            mask: &PyReadonlyArray2<'py, T>,
        ) -> PyResult<FootprintsOut<'py>> {
            let (pixels, [rows, found]) = (mask.as_slice()?, shape(mask));
            if found != columns {
                return Err(InputError::new_err(format!(
                    "mask: got a band of {rows} rows x {found} columns, wanted {columns} columns"
                )));
            }
            footprints_out(py, enter(py, |cancel| bands.push(pixels, cancel))?)
        }
        match &mask {
            Mask::U8(mask) => run(py, bands, columns, mask),
            Mask::U16(mask) => run(py, bands, columns, mask),
            Mask::F32(mask) => run(py, bands, columns, mask),
            Mask::F64(mask) => run(py, bands, columns, mask),
        }
    }

    /// Footprints that are left after the last row.
    fn end<'py>(&mut self, py: Python<'py>) -> PyResult<FootprintsOut<'py>> {
        let bands = self.bands.take().ok_or_else(ended)?;
        footprints_out(py, enter(py, |_| bands.end())?)
    }

    /// Boxes of strips of the regions that are not ready: min x, min y, max x, max y.
    fn open_bounds<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<u32>>> {
        let boxes = self.bands.as_ref().map_or_else(Vec::new, Bands::open_bounds);
        let rows = boxes.len();
        boxes.into_flattened().into_pyarray(py).reshape([rows, 4])
    }
}

fn ended() -> PyErr {
    InputError::new_err("mask: got rows after the end, wanted a new start")
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<MaskBands>()?;
    m.add_function(wrap_pyfunction!(polygonize_one, m)?)?;
    m.add_function(wrap_pyfunction!(polygonize_many, m)?)
}
