//! Binding of `sn7fast_core::separate`.

use crate::choice::choice;
use crate::convert::{FootprintsOut, footprints_out};
use crate::enter::enter;
use crate::error::{InputError, to_python};
use crate::mask::connectivity;
use numpy::{Element, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use sn7fast_core::cube::Probability;
use sn7fast_core::separate::{Field, Separation, separate};

/// The attributes of `sn7fast.SeparateParams`.
#[derive(FromPyObject)]
struct ParamsArg {
    boundary_weight: f64,
    contact_weight: f64,
    seed_threshold: f64,
    seed_connectivity: u8,
    min_seed_px: f64,
    field: String,
    mask_threshold: f64,
    lines: bool,
    min_area_px: f64,
}

impl ParamsArg {
    fn separation(&self) -> PyResult<Separation> {
        let fields = [("score", Field::Score), ("body", Field::Body)];
        let separation = Separation {
            boundary_weight: self.boundary_weight,
            contact_weight: self.contact_weight,
            seed_threshold: self.seed_threshold,
            seed_connectivity: connectivity(self.seed_connectivity)?,
            min_seed_px: self.min_seed_px,
            field: choice("field", &self.field, &fields)?,
            mask_threshold: self.mask_threshold,
            lines: self.lines,
            min_area_px: self.min_area_px,
        };
        separation.check().map_err(to_python)?;
        Ok(separation)
    }
}

type Channel<'py, T> = PyReadonlyArray2<'py, T>;

/// Body, boundary and contact of one kind.
#[derive(FromPyObject)]
enum Channels<'py> {
    U8((Channel<'py, u8>, Option<Channel<'py, u8>>, Option<Channel<'py, u8>>)),
    F32((Channel<'py, f32>, Option<Channel<'py, f32>>, Option<Channel<'py, f32>>)),
}

/// Checks parameters; raises what is wrong with them.
#[pyfunction]
fn separate_check(params: ParamsArg) -> PyResult<()> {
    params.separation().map(|_| ())
}

/// Footprints of one frame.
#[pyfunction]
#[pyo3(name = "separate")]
fn separate_one<'py>(
    py: Python<'py>,
    channels: Channels<'py>,
    params: ParamsArg,
) -> PyResult<FootprintsOut<'py>> {
    let options = params.separation()?;
    fn run<'py, T: Probability + Element>(
        py: Python<'py>,
        body: &Channel<'py, T>,
        others: [Option<&Channel<'py, T>>; 2],
        options: &Separation,
    ) -> PyResult<FootprintsOut<'py>> {
        let shape = [body.shape()[0], body.shape()[1]];
        for (name, other) in ["boundary", "contact"].iter().zip(others) {
            if let Some(got) = other.map(|other| other.shape()).filter(|got| *got != shape) {
                let text = format!("{name}: got shape {got:?}, wanted {shape:?}");
                return Err(InputError::new_err(text));
            }
        }
        let body = body.as_slice()?;
        let [boundary, contact] = others.map(|other| other.map(|array| array.as_slice()));
        let (boundary, contact) = (boundary.transpose()?, contact.transpose()?);
        let found = enter(py, |cancel| separate(body, boundary, contact, shape, options, cancel))?;
        footprints_out(py, found)
    }
    match &channels {
        Channels::U8((body, a, b)) => run(py, body, [a.as_ref(), b.as_ref()], &options),
        Channels::F32((body, a, b)) => run(py, body, [a.as_ref(), b.as_ref()], &options),
    }
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(separate_check, m)?)?;
    m.add_function(wrap_pyfunction!(separate_one, m)?)
}
