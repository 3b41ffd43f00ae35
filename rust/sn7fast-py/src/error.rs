//! Errors of the core as the exceptions of `sn7fast.errors`.

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use sn7fast_core::Error;

pyo3::import_exception!(sn7fast.errors, FormatError);
pyo3::import_exception!(sn7fast.errors, GeometryError);
pyo3::import_exception!(sn7fast.errors, InputError);
pyo3::import_exception!(sn7fast.errors, InternalError);

/// The exception for a core error.
pub fn to_python(error: Error) -> PyErr {
    match error {
        Error::Argument { .. } => InputError::new_err(error.to_string()),
        Error::Geometry { .. } | Error::TextGeometry { .. } => {
            GeometryError::new_err(error.to_string())
        }
        Error::Format { .. } => FormatError::new_err(error.to_string()),
        Error::Io(io) => io.into(),
        Error::Cancelled => PyKeyboardInterrupt::new_err(()),
        other => InternalError::new_err(other.to_string()),
    }
}
