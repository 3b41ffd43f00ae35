//! Files for the codecs of the core: opened here, and named in errors.
//!
//! A source is a path or bytes, a target a path or nothing (then bytes come back). Errors about the
//! text of a file begin with its path.

use crate::enter::enter;
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use sn7fast_core::{Cancel, Error};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// A path, or bytes that stand for a file.
#[derive(FromPyObject)]
pub enum Source {
    Bytes(PyBackedBytes),
    Path(PathBuf),
}

/// A failure of the system, with the path it is about.
struct SystemError(std::io::Error, PathBuf);

impl From<SystemError> for PyErr {
    fn from(SystemError(error, path): SystemError) -> Self {
        let text = error.to_string();
        match error.raw_os_error() {
            // By the number Python picks the subclass, FileNotFoundError for one.
            Some(number) => {
                let reason = text.split(" (os error").next().unwrap_or_default().to_owned();
                PyOSError::new_err((number, reason, path.into_os_string()))
            }
            None => PyOSError::new_err(format!("{}: {text}", path.display())),
        }
    }
}

/// Puts the path before the place in an error about text, and takes system errors out.
fn at_path<T>(
    path: &Path,
    result: sn7fast_core::Result<T>,
) -> sn7fast_core::Result<Result<T, SystemError>> {
    let at = |place| format!("{}: {place}", path.display());
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Error::Io(error)) => Ok(Err(SystemError(error, path.to_owned()))),
        Err(Error::Format { place, problem }) => Err(Error::Format { place: at(place), problem }),
        Err(Error::TextGeometry { place, problem }) => {
            Err(Error::TextGeometry { place: at(place), problem })
        }
        Err(other) => Err(other),
    }
}

/// Runs a reader on a file as it is, or on bytes.
pub fn read<T: Send>(
    py: Python<'_>,
    source: &Source,
    file: impl FnOnce(File, &Cancel) -> sn7fast_core::Result<T> + Send,
    bytes: impl FnOnce(&[u8], &Cancel) -> sn7fast_core::Result<T> + Send,
) -> PyResult<T> {
    let outcome = enter(py, |cancel| match source {
        Source::Bytes(data) => bytes(data, cancel).map(Ok),
        Source::Path(path) => {
            at_path(path, File::open(path).map_err(Error::from).and_then(|f| file(f, cancel)))
        }
    });
    Ok(outcome??)
}

/// Runs a writer on the file that is there, or on memory.
pub fn write<'py>(
    py: Python<'py>,
    target: Option<PathBuf>,
    job: impl FnOnce(&mut dyn Write, &Cancel) -> sn7fast_core::Result<()> + Send,
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let outcome = enter(py, |cancel| {
        let Some(path) = target else {
            let mut bytes = Vec::new();
            return job(&mut bytes, cancel).map(|()| Ok(Some(bytes)));
        };
        let written = File::create(&path).map_err(Error::from).and_then(|file| {
            let mut writer = BufWriter::new(file);
            job(&mut writer, cancel)?;
            Ok(writer.flush()?)
        });
        at_path(&path, written.map(|()| None))
    });
    Ok(outcome??.map(|bytes: Vec<u8>| PyBytes::new(py, &bytes)))
}
