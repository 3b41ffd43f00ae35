//! Binding of `sn7fast_core::stc`. Beside the whole there are its steps, for tests and search.

use crate::choice::choice;
use crate::convert::{FootprintsArg, FootprintsOut, footprints_out};
use crate::cube::{FramesArg, ValidArg, with_cube};
use crate::enter::enter;
use crate::error::to_python;
use numpy::{
    IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2, PyUntypedArrayMethods,
};
use pyo3::prelude::*;
use sn7fast_core::stc::{self, Hidden, Params, Variant};
use sn7fast_core::watershed::Rules;

type Vector<'py, T> = Bound<'py, PyArray1<T>>;
type Matrix<'py, T> = Bound<'py, PyArray2<T>>;

/// The attributes of `sn7fast.StcParams`.
#[derive(FromPyObject)]
struct ParamsArg {
    variant: String,
    rules: String,
    hidden: String,
    labels_8bit: bool,
    thres1: f64,
    thres2_h1: f64,
    thres2_l1: f64,
    thres2_h2: f64,
    thres2_l2: f64,
    thres3_1: f64,
    thres3_s: f64,
    thres3_d: f64,
    thres3_i: f64,
    thres3_m: f64,
    margin: f64,
    distance: usize,
    min_area: f64,
    polygon_buffer: f64,
}

impl ParamsArg {
    fn params(&self) -> PyResult<Params> {
        let variants = [("stc1", Variant::Stc1), ("stc2", Variant::Stc2)];
        let rules = [("current", Rules::Current), ("2020", Rules::Of2020)];
        let hidden = [("month", Hidden::Month), ("pixels", Hidden::Pixels)];
        let params = Params {
            variant: choice("variant", &self.variant, &variants)?,
            rules: choice("rules", &self.rules, &rules)?,
            hidden: choice("hidden", &self.hidden, &hidden)?,
            labels_8bit: self.labels_8bit,
            thres1: self.thres1,
            thres2_h1: self.thres2_h1,
            thres2_l1: self.thres2_l1,
            thres2_h2: self.thres2_h2,
            thres2_l2: self.thres2_l2,
            thres3_1: self.thres3_1,
            thres3_s: self.thres3_s,
            thres3_d: self.thres3_d,
            thres3_i: self.thres3_i,
            thres3_m: self.thres3_m,
            margin: self.margin,
            distance: self.distance,
            min_area: self.min_area,
            polygon_buffer: self.polygon_buffer,
        };
        params.check().map_err(to_python)?;
        Ok(params)
    }
}

/// Checks parameters; raises what is wrong with them.
#[pyfunction]
fn stc_check(params: ParamsArg) -> PyResult<()> {
    params.params().map(|_| ())
}

/// Buildings of a cube: footprints, start of each month, identifiers.
#[pyfunction]
#[pyo3(name = "stc")]
fn collapse<'py>(
    py: Python<'py>,
    frames: FramesArg<'py>,
    valid: ValidArg<'py>,
    scale: f64,
    params: ParamsArg,
) -> PyResult<(FootprintsOut<'py>, Vector<'py, i32>, Vector<'py, i64>)> {
    let params = params.params()?;
    let found = with_cube!(&frames, &valid, |cube| {
        enter(py, |cancel| stc::collapse(&cube, scale, &params, cancel))?
    });
    Ok((
        footprints_out(py, found.footprints)?,
        found.frame_offsets.into_pyarray(py),
        found.ids.into_pyarray(py),
    ))
}

/// Temporal mean.
#[pyfunction]
fn stc_mean<'py>(
    py: Python<'py>,
    frames: FramesArg<'py>,
    valid: ValidArg<'py>,
    threshold: f64,
) -> PyResult<Matrix<'py, f64>> {
    with_cube!(&frames, &valid, |cube| {
        let mean = enter(py, |cancel| stc::temporal_mean(&cube, threshold, cancel))?;
        mean.into_pyarray(py).reshape(cube.shape())
    })
}

/// Polygons of the regions of a mean image, and their contours.
#[pyfunction]
fn stc_regions<'py>(
    py: Python<'py>,
    mean: PyReadonlyArray2<'py, f64>,
    high: f64,
    low: f64,
    params: ParamsArg,
) -> PyResult<(FootprintsOut<'py>, FootprintsOut<'py>)> {
    let (params, shape) = (params.params()?, [mean.shape()[0], mean.shape()[1]]);
    let pixels = mean.as_slice()?;
    let found = enter(py, |cancel| stc::regions(pixels, shape, high, low, &params, cancel))?;
    Ok((footprints_out(py, found.polygons)?, footprints_out(py, found.contours)?))
}

/// Number of pixels of each contour, and its score in each month.
#[pyfunction]
fn stc_series<'py>(
    py: Python<'py>,
    frames: FramesArg<'py>,
    valid: ValidArg<'py>,
    contours: FootprintsArg<'py>,
    params: ParamsArg,
) -> PyResult<(Vector<'py, i64>, Matrix<'py, f32>)> {
    let (view, params) = (contours.view("contours")?, params.params()?);
    with_cube!(&frames, &valid, |cube| {
        let (counts, scores) = enter(py, |cancel| {
            let sets = stc::pixel_sets(view, cube.shape());
            let counts: Vec<i64> = (0..sets.len()).map(|set| sets.count(set) as i64).collect();
            Ok((counts, stc::scores(&cube, &sets, params.hidden, cancel)?))
        })?;
        let scores = scores.into_pyarray(py).reshape([view.len(), cube.len()])?;
        Ok((counts.into_pyarray(py), scores))
    })
}

/// For each series whether the building appears, and the months in which it is shown then; or,
/// with `tracked`, the months of one that was always there.
#[pyfunction]
fn stc_months<'py>(
    py: Python<'py>,
    scores: PyReadonlyArray2<'py, f32>,
    tracked: bool,
    params: ParamsArg,
) -> PyResult<(Vector<'py, bool>, Matrix<'py, bool>)> {
    let (params, shape) = (params.params()?, [scores.shape()[0], scores.shape()[1]]);
    let rows = || scores.as_slice().map(|all| all.chunks_exact(shape[1].max(1)));
    let appears = |row: &[f32]| stc::largest_rise(row).is_some_and(|rise| rise > params.thres3_d);
    let months = |row: &[f32]| {
        if tracked {
            stc::months_of_track(row, &params)
        } else {
            stc::months_of_change(row, &params)
        }
    };
    let changes: Vec<bool> = rows()?.map(appears).collect();
    let shown: Vec<bool> = rows()?.flat_map(months).collect();
    Ok((changes.into_pyarray(py), shown.into_pyarray(py).reshape(shape)?))
}

/// Which regions are kept beside the buildings that appear.
#[pyfunction]
fn stc_kept<'py>(
    py: Python<'py>,
    regions: FootprintsArg<'py>,
    changes: FootprintsArg<'py>,
    params: ParamsArg,
) -> PyResult<Vector<'py, bool>> {
    let (regions, changes) = (regions.view("regions")?, changes.view("changes")?);
    let params = params.params()?;
    let kept = enter(py, |cancel| stc::kept_regions(regions, changes, &params, cancel))?;
    Ok(kept.into_pyarray(py))
}

/// Contours as they are given out.
#[pyfunction]
fn stc_outlines<'py>(
    py: Python<'py>,
    contours: FootprintsArg<'py>,
    scale: f64,
) -> PyResult<FootprintsOut<'py>> {
    let contours = [contours.view("contours")?];
    footprints_out(py, enter(py, |cancel| stc::outlines(&contours, scale, cancel))?)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(stc_check, m)?)?;
    m.add_function(wrap_pyfunction!(collapse, m)?)?;
    m.add_function(wrap_pyfunction!(stc_mean, m)?)?;
    m.add_function(wrap_pyfunction!(stc_regions, m)?)?;
    m.add_function(wrap_pyfunction!(stc_series, m)?)?;
    m.add_function(wrap_pyfunction!(stc_months, m)?)?;
    m.add_function(wrap_pyfunction!(stc_kept, m)?)?;
    m.add_function(wrap_pyfunction!(stc_outlines, m)?)
}
