//! Binding of `sn7fast_core::collapse`.

use crate::convert::{FootprintsOut, footprints_out};
use crate::cube::{FramesArg, ValidArg, cube, with_cube};
use crate::enter::enter;
use crate::error::{InputError, to_python};
use numpy::{
    IntoPyArray, PyArray1, PyArray2, PyArray3, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2,
    PyReadonlyArray3, PyUntypedArrayMethods,
};
use pyo3::prelude::*;
use sn7fast_core::collapse::{
    Beta, Building, Collapsed, Frame, Params, Seen, Series, collapse, decide, register_parts,
    sample, window,
};

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
    let (columns, confidence) = buildings_out(py, &buildings)?;
    Ok((
        footprints_out(py, rows)?,
        frame_offsets.into_pyarray(py),
        ids.into_pyarray(py),
        columns,
        confidence,
        offsets.concat().into_pyarray(py).reshape([months.len(), 2])?,
    ))
}

/// Of each building first, last, lowest and highest first month and number of observed months, and
/// the confidence.
type BuildingsOut<'py> = (Bound<'py, PyArray2<i64>>, Bound<'py, PyArray1<f64>>);

fn buildings_out<'py>(py: Python<'py>, buildings: &[Building]) -> PyResult<BuildingsOut<'py>> {
    let columns: Vec<[i64; 5]> = buildings
        .iter()
        .map(|b| [b.first, b.last, b.first_range[0], b.first_range[1], b.observed].map(i64::from))
        .collect();
    let confidence: Vec<f64> = buildings.iter().map(|b| b.confidence).collect();
    Ok((
        columns.into_flattened().into_pyarray(py).reshape([buildings.len(), 5])?,
        confidence.into_pyarray(py),
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

/// Rows from which months are registered: first row and number of rows, in pixels of the image.
#[pyfunction]
fn collapse_sample(shape_yx: [usize; 2], scale: usize) -> Vec<[usize; 2]> {
    sample(shape_yx, scale.max(1))
}

/// The rows of a sample, each a cube, of one kind of probability.
#[derive(FromPyObject)]
enum PartsArg<'py> {
    U8(Vec<(Vec<PyReadonlyArray2<'py, u8>>, ValidArg<'py>)>),
    F32(Vec<(Vec<PyReadonlyArray2<'py, f32>>, ValidArg<'py>)>),
}

/// Offset y, x of each month in pixels of the cube, from the rows of a sample.
#[pyfunction]
fn collapse_register<'py>(
    py: Python<'py>,
    parts: PartsArg<'py>,
    scale: usize,
    params: ParamsArg,
    has_hidden: bool,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let params = params.params(0.5)?;
    macro_rules! run {
        ($parts:expr) => {{
            let cubes = $parts
                .iter()
                .map(|(frames, valid)| cube(frames, valid))
                .collect::<PyResult<Vec<_>>>()?;
            enter(py, |cancel| register_parts(&cubes, scale, &params, has_hidden, cancel))?
        }};
    }
    let offsets = match &parts {
        PartsArg::U8(parts) => run!(parts),
        PartsArg::F32(parts) => run!(parts),
    };
    let months = offsets.len();
    offsets.into_flattened().into_pyarray(py).reshape([months, 2])
}

/// Candidates (1 for an old one, row and column of its top), their outlines, sizes and sums.
type WindowOut<'py> = (
    Bound<'py, PyArray2<u32>>,
    FootprintsOut<'py>,
    Bound<'py, PyArray1<u32>>,
    Bound<'py, PyArray3<u32>>,
);

/// The candidates that belong to a window of an area; None if it is too small.
#[pyfunction]
#[allow(clippy::too_many_arguments)]
fn collapse_window<'py>(
    py: Python<'py>,
    frames: FramesArg<'py>,
    valid: ValidArg<'py>,
    scale: usize,
    params: ParamsArg,
    offsets: PyReadonlyArray2<'py, f64>,
    has_hidden: bool,
    origin: [usize; 2],
    core: [usize; 4],
    is_cut: [bool; 4],
) -> PyResult<Option<WindowOut<'py>>> {
    let params = params.params(0.5)?;
    let (offsets, _) = offsets.as_slice()?.as_chunks::<2>();
    let seen = Seen { offsets, has_hidden };
    let frame = Frame { origin, core, is_cut };
    let found = with_cube!(&frames, &valid, |cube| {
        if cube.len() != offsets.len() || !(1..=4).contains(&scale) {
            return Err(InputError::new_err(
                "offsets: wanted one for each month, at a scale 1 to 4",
            ));
        }
        enter(py, |cancel| window(&cube, scale, &params, &seen, &frame, cancel))?
    });
    let Some((candidates, footprints, series)) = found else { return Ok(None) };
    let keys: Vec<[u32; 3]> =
        candidates.iter().map(|c| [u32::from(c.is_old), c.place[0], c.place[1]]).collect();
    let count = keys.len();
    let months = series.months().len();
    let sums = series.months().concat();
    Ok(Some((
        keys.into_flattened().into_pyarray(py).reshape([count, 3])?,
        footprints_out(py, footprints)?,
        series.sizes.into_pyarray(py),
        sums.into_flattened().into_pyarray(py).reshape([months, count, 2])?,
    )))
}

/// Which candidates are buildings, when each stands, and the buildings of each month.
type DecidedOut<'py> = (
    Bound<'py, PyArray1<bool>>,
    Bound<'py, PyArray2<i64>>,
    Bound<'py, PyArray1<f64>>,
    Vec<Bound<'py, PyArray1<u32>>>,
);

/// Judges the candidates of an area by their sizes and sums.
#[pyfunction]
fn collapse_decide<'py>(
    py: Python<'py>,
    sizes: PyReadonlyArray1<'py, u32>,
    sums: PyReadonlyArray3<'py, u32>,
    params: ParamsArg,
    level: f64,
) -> PyResult<DecidedOut<'py>> {
    let params = params.params(level)?;
    let (months, count, two) = (sums.shape()[0], sums.shape()[1], sums.shape()[2]);
    if two != 2 || sizes.shape()[0] != count {
        return Err(InputError::new_err("sums: wanted (months, candidates, 2)"));
    }
    let (pairs, _) = sums.as_slice()?.as_chunks::<2>();
    let by_month = if count == 0 {
        vec![Vec::new(); months]
    } else {
        pairs.chunks_exact(count).map(<[_]>::to_vec).collect()
    };
    let series = Series::new(sizes.as_slice()?.to_vec(), by_month);
    let found = enter(py, |_| Ok(decide(&series, months, &params)))?;
    let (columns, confidence) = buildings_out(py, &found.buildings)?;
    let in_months = found.months.into_iter().map(|ids| ids.into_pyarray(py)).collect();
    Ok((found.keep.into_pyarray(py), columns, confidence, in_months))
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(collapse_check, m)?)?;
    m.add_function(wrap_pyfunction!(collapse_sample, m)?)?;
    m.add_function(wrap_pyfunction!(collapse_register, m)?)?;
    m.add_function(wrap_pyfunction!(collapse_window, m)?)?;
    m.add_function(wrap_pyfunction!(collapse_decide, m)?)?;
    m.add_function(wrap_pyfunction!(collapse_cube, m)?)
}
