//! Cubes across the border: a list of frames, and one of masks.

use crate::error::{InputError, to_python};
use numpy::{Element, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use sn7fast_core::cube::{Cube, Probability};

/// Frames of one kind of probability.
#[derive(FromPyObject)]
pub enum FramesArg<'py> {
    /// 0 to 255.
    U8(Vec<PyReadonlyArray2<'py, u8>>),
    /// 0 to 1.
    F32(Vec<PyReadonlyArray2<'py, f32>>),
}

/// One mask a frame, or none: true where the ground can be seen.
pub type ValidArg<'py> = Option<Vec<PyReadonlyArray2<'py, bool>>>;

/// Borrows frames and masks. How much finer frames are than masks is seen from their shapes.
pub fn cube<'a, T: Probability + Element>(
    frames: &'a [PyReadonlyArray2<'_, T>],
    valid: &'a ValidArg<'_>,
) -> PyResult<Cube<'a, T>> {
    let shape = frames.first().map_or([0, 0], |frame| [frame.shape()[0], frame.shape()[1]]);
    if let Some(frame) = frames.iter().find(|frame| frame.shape() != shape) {
        let (got, wanted) = (frame.shape(), shape);
        return Err(InputError::new_err(format!("cube: got shape {got:?}, wanted {wanted:?}")));
    }
    let pixels = frames.iter().map(|frame| frame.as_slice()).collect::<Result<Vec<_>, _>>()?;
    let masks = match valid {
        None => None,
        Some(masks) => {
            let rows = masks.first().map_or(0, |mask| mask.shape()[0]);
            let scale = shape[0].checked_div(rows).unwrap_or(1);
            Some((masks.iter().map(|mask| mask.as_slice()).collect::<Result<_, _>>()?, scale))
        }
    };
    Cube::try_new(pixels, masks, shape).map_err(to_python)
}

/// Runs the same expression for either kind of frames.
macro_rules! with_cube {
    ($frames:expr, $valid:expr, |$cube:ident| $body:expr) => {
        match $frames {
            $crate::cube::FramesArg::U8(frames) => {
                let $cube = $crate::cube::cube(frames, $valid)?;
                $body
            }
            $crate::cube::FramesArg::F32(frames) => {
                let $cube = $crate::cube::cube(frames, $valid)?;
                $body
            }
        }
    };
}

pub(crate) use with_cube;
