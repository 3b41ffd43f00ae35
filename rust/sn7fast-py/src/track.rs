//! Binding of `sn7fast_core::track`.

use crate::convert::{FootprintsArg, FootprintsOut, footprints_out};
use crate::enter::enter;
use crate::error::InputError;
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray3, PyUntypedArrayMethods};
use pyo3::prelude::*;
use sn7fast_core::track::{
    BitRows, Clouds, Fill, FillShape, FillSpan, Filters, Founding, Input, Keep, LateStart, Master,
    Matching, Options, Valid,
};

/// Identifiers and IoU, row by row.
type TracksOut<'py> = (Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<f64>>);

/// Source, frame offsets, identifiers, IoU, parts.
type FilteredOut<'py> = (
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray1<i32>>,
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray1<f64>>,
    FootprintsOut<'py>,
);

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
    let master = one_of("master", master, &[("first", Master::First), ("latest", Master::Latest)])?;
    let options = Options { min_iou, reverse, master, ..Options::BASELINE };
    let (view, offsets) = (footprints.view("stack")?, frame_offsets.as_slice()?);
    let tracks = enter(py, |cancel| sn7fast_core::track::track(view, offsets, &options, cancel))?;
    Ok((tracks.ids.into_pyarray(py), tracks.iou.into_pyarray(py)))
}

/// The attributes of `sn7fast.FilterParams`.
#[derive(FromPyObject)]
struct FilterParams {
    min_iou: f64,
    matching: String,
    nearest_tracks: usize,
    nearest_shapes: usize,
    shape_update_method: String,
    num_ahead_frames: usize,
    min_iou_new_building: f64,
    max_area_occupied: f64,
    search_radius_pixel: f64,
    max_num_intersect_polys: usize,
    min_share: f64,
    late_starts: Vec<(usize, usize, f64)>,
    min_detections: usize,
    min_ratio: f64,
    small_area_px: f64,
    small_min_detections: usize,
    small_min_ratio: f64,
    min_duration: usize,
    fill: String,
    fill_shape: String,
    fill_clouds: String,
    fill_min_detections: usize,
    fill_max_gap: Option<usize>,
    fill_only_free: bool,
    fill_min_cloud_px: usize,
}

impl FilterParams {
    fn filters(self, reverse: bool) -> PyResult<Filters> {
        let nearest =
            Matching::Nearest { tracks: self.nearest_tracks, shapes: self.nearest_shapes };
        let matchings = [("overlapping", Matching::Overlapping), ("nearest", nearest)];
        let masters = [
            ("none", Master::First),
            ("latest", Master::Latest),
            ("median_area", Master::MedianArea),
        ];
        let spans = [
            ("none", FillSpan::Nothing),
            ("between", FillSpan::Between),
            ("to_end", FillSpan::ToEnd),
        ];
        let shapes = [("master", FillShape::Master), ("typical", FillShape::Typical)];
        let clouds = [("clip", Clouds::Clip), ("skip", Clouds::Skip)];
        let late_start = |(months_left, min_detections, above_score)| LateStart {
            months_left,
            min_detections,
            above_score,
        };
        Ok(Filters {
            options: Options {
                min_iou: self.min_iou,
                reverse,
                master: one_of("shape_update_method", &self.shape_update_method, &masters)?,
                matching: one_of("matching", &self.matching, &matchings)?,
                founding: Founding {
                    num_ahead_frames: self.num_ahead_frames,
                    min_iou_new_building: self.min_iou_new_building,
                    max_area_occupied: self.max_area_occupied,
                    search_radius: self.search_radius_pixel,
                    max_num_intersect_polys: self.max_num_intersect_polys,
                },
            },
            keep: Keep {
                min_share: self.min_share,
                late_starts: self.late_starts.into_iter().map(late_start).collect(),
                min_detections: self.min_detections,
                min_ratio: self.min_ratio,
                small_area: self.small_area_px,
                small_min_detections: self.small_min_detections,
                small_min_ratio: self.small_min_ratio,
                min_duration: self.min_duration,
            },
            fill: Fill {
                span: one_of("fill", &self.fill, &spans)?,
                shape: one_of("fill_shape", &self.fill_shape, &shapes)?,
                clouds: one_of("fill_clouds", &self.fill_clouds, &clouds)?,
                min_detections: self.fill_min_detections,
                max_gap: self.fill_max_gap,
                only_free: self.fill_only_free,
                min_cloud_px: self.fill_min_cloud_px,
            },
        })
    }
}

/// Bands of bits, the first row of each beside it; columns; first row and row after the last.
type BitsArg<'py> = (Vec<(usize, PyReadonlyArray3<'py, u8>)>, usize, [usize; 2]);

/// What is seen of all months, in bytes or in bits.
#[derive(FromPyObject)]
enum SeenArg<'py> {
    Bytes(PyReadonlyArray3<'py, u8>),
    Bits(BitsArg<'py>),
}

/// The rows that the filters leave and add.
#[pyfunction]
fn track_filtered<'py>(
    py: Python<'py>,
    footprints: FootprintsArg<'py>,
    frame_offsets: PyReadonlyArray1<'py, i32>,
    params: FilterParams,
    reverse: bool,
    valid: Option<SeenArg<'py>>,
    scores: Option<PyReadonlyArray1<'py, f64>>,
) -> PyResult<FilteredOut<'py>> {
    let filters = params.filters(reverse)?;
    let mut bands = Vec::new();
    if let Some(SeenArg::Bits((given, ..))) = &valid {
        for (first, bits) in given {
            bands.push(BitRows { first: *first, rows: bits.shape()[1], bits: bits.as_slice()? });
        }
    }
    let valid = match &valid {
        Some(SeenArg::Bytes(array)) => {
            let shape = [array.shape()[1], array.shape()[2]];
            Some(Valid::Bytes { pixels: array.as_slice()?, shape })
        }
        &Some(SeenArg::Bits((_, columns, rows))) => {
            Some(Valid::Bits { bands: &bands, columns, rows })
        }
        None => None,
    };
    let input = Input {
        footprints: footprints.view("stack")?,
        frame_offsets: frame_offsets.as_slice()?,
        valid,
        scores: scores.as_ref().map(PyReadonlyArray1::as_slice).transpose()?,
    };
    let out = enter(py, |cancel| sn7fast_core::track::filtered(input, &filters, cancel))?;
    Ok((
        out.source.into_pyarray(py),
        out.frame_offsets.into_pyarray(py),
        out.ids.into_pyarray(py),
        out.iou.into_pyarray(py),
        footprints_out(py, out.parts)?,
    ))
}

/// What stands beside the name.
fn one_of<T: Copy>(argument: &str, got: &str, choices: &[(&str, T)]) -> PyResult<T> {
    choices.iter().find(|(name, _)| *name == got).map(|&(_, value)| value).ok_or_else(|| {
        let names: Vec<String> = choices.iter().map(|(name, _)| format!("{name:?}")).collect();
        InputError::new_err(format!("{argument}: got {got:?}, wanted {}", names.join(" or ")))
    })
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(track, m)?)?;
    m.add_function(wrap_pyfunction!(track_filtered, m)?)
}
